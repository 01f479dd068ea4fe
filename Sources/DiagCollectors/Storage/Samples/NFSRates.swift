internal import DiagFormats

/// What an NFS mount has done since it was mounted, over all its operations.
struct NFSCounters: Hashable {
    /// Operations, transmissions, major timeouts, bytes sent, bytes received, milliseconds from
    /// the request to its end.
    var values: [UInt64]

    /// The sums over the operations of `mount`.
    init(_ mount: NFSMountStatistics.Mount) {
        func sum(_ member: KeyPath<NFSMountStatistics.Operation, UInt64>) -> UInt64 {
            mount.operations.reduce(0) { $0 &+ $1[keyPath: member] }
        }
        values = [
            sum(\.operationCount), sum(\.transmissionCount), sum(\.majorTimeoutCount),
            sum(\.sentBytes), sum(\.receivedBytes), sum(\.executionMilliseconds),
        ]
    }
}

/// What an NFS mount did over the time of a run.
struct NFSRates: Codable, Hashable {
    /// Where it is mounted.
    var mountPoint: String
    /// Operations that ended each second.
    var operationsPerSecond: Double
    /// Transmissions beyond one for each operation.
    var retransmissions: UInt64
    /// Operations that the server did not answer for a whole major timeout.
    var majorTimeouts: UInt64
    /// Bytes sent each second.
    var sentBytesPerSecond: Double
    /// Bytes received each second.
    var receivedBytesPerSecond: Double
    /// Milliseconds that an operation took on average; none when there was none.
    var operationMilliseconds: Double?

    /// The rates between two readings, `seconds` apart.
    init(mountPoint: String, from first: NFSCounters, to last: NFSCounters, seconds: Double) {
        self.mountPoint = mountPoint
        func growth(_ index: Int) -> UInt64 {
            let (low, high) = (first.values[index], last.values[index])
            return high >= low ? high - low : 0
        }
        func perSecond(_ value: UInt64) -> Double {
            (Double(value) / max(seconds, 1e-6) * 1000).rounded() / 1000
        }
        operationsPerSecond = perSecond(growth(0))
        retransmissions = growth(1) > growth(0) ? growth(1) - growth(0) : 0
        majorTimeouts = growth(2)
        sentBytesPerSecond = perSecond(growth(3))
        receivedBytesPerSecond = perSecond(growth(4))
        let count = growth(0)
        operationMilliseconds =
            count > 0 ? (Double(growth(5)) / Double(count) * 1000).rounded() / 1000 : nil
    }
}
