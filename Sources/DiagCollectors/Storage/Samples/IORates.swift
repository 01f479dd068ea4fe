internal import DiagModel

/// What the block devices did over the time of a run: `io-rates.json`.
///
/// Source: Documentation/admin-guide/iostats.rst of Linux 6.12; sectors are of 512 bytes.
struct IORates: Codable, Hashable {
    /// What one device did.
    struct Device: Codable, Hashable {
        /// The kernel's name.
        var name: String
        /// Reads completed each second.
        var readsPerSecond: Double
        /// Writes completed each second.
        var writesPerSecond: Double
        /// Bytes read each second.
        var readBytesPerSecond: Double
        /// Bytes written each second.
        var writtenBytesPerSecond: Double
        /// Milliseconds that a read took on average; none when there was none.
        var readMilliseconds: Double?
        /// Milliseconds that a write took on average; none when there was none.
        var writeMilliseconds: Double?
        /// Requests in the queue and at the device, on average.
        var queueDepth: Double
        /// How much of the time at least one request was at work.
        var busyPercent: Double
        /// Requests not yet answered when the last sample was taken.
        var inFlight: UInt64
    }

    /// `diagbundle.io-rates/1`.
    var schema = "diagbundle.io-rates/1"
    /// When the first sample was taken.
    var started: Timestamp
    /// Seconds from the first sample to the last.
    var seconds: Double
    /// How many samples were taken.
    var sampleCount: Int
    /// The devices in the order of their names.
    var devices: [Device]
    /// The NFS mounts in the order of their mount points; none on a host without.
    var mounts: [NFSRates]?

    /// The rates between two readings of /proc/diskstats, `seconds` apart, by device name.
    init(
        started: Timestamp, seconds: Double, sampleCount: Int, from first: [String: [UInt64]],
        to last: [String: [UInt64]],
        mounts: [(mountPoint: String, first: NFSCounters, last: NFSCounters)] = []
    ) {
        self.started = started
        self.seconds = (seconds * 1e6).rounded() / 1e6
        self.sampleCount = sampleCount
        let rates = mounts.map {
            NFSRates(mountPoint: $0.mountPoint, from: $0.first, to: $0.last, seconds: seconds)
        }.sorted { $0.mountPoint < $1.mountPoint }
        self.mounts = rates.isEmpty ? nil : rates
        devices = last.compactMap { name, counters in
            guard let before = first[name], before.count >= 11, counters.count >= 11 else {
                return nil
            }
            /// A counter's growth; those of milliseconds are of 32 bits and begin anew.
            func growth(_ index: Int) -> Double {
                let (low, high) = (before[index], counters[index])
                if high >= low { return Double(high - low) }
                return low <= UInt64(UInt32.max) ? Double(high &+ (1 << 32) &- low) : 0
            }
            func perSecond(_ value: Double) -> Double {
                (value / max(seconds, 1e-6) * 1000).rounded() / 1000
            }
            func average(_ total: Double, _ count: Double) -> Double? {
                count > 0 ? (total / count * 1000).rounded() / 1000 : nil
            }
            return Device(
                name: name, readsPerSecond: perSecond(growth(0)),
                writesPerSecond: perSecond(growth(4)),
                readBytesPerSecond: perSecond(growth(2) * 512),
                writtenBytesPerSecond: perSecond(growth(6) * 512),
                readMilliseconds: average(growth(3), growth(0)),
                writeMilliseconds: average(growth(7), growth(4)),
                queueDepth: perSecond(growth(10) / 1000),
                busyPercent: min(100, perSecond(growth(9) / 10)), inFlight: counters[8])
        }.sorted { NaturalOrder.precedes($0.name, $1.name) }
    }

    /// What `topology.json` says of a device: its rates, by their names here.
    func facts(of device: Device) -> [String: JSONValue] {
        var facts: [String: JSONValue] = [
            "readsPerSecond": .number(device.readsPerSecond),
            "writesPerSecond": .number(device.writesPerSecond),
            "readBytesPerSecond": .number(device.readBytesPerSecond),
            "writtenBytesPerSecond": .number(device.writtenBytesPerSecond),
            "queueDepth": .number(device.queueDepth),
            "busyPercent": .number(device.busyPercent),
            "inFlight": .integer(device.inFlight),
        ]
        facts["readMilliseconds"] = device.readMilliseconds.map { .number($0) }
        facts["writeMilliseconds"] = device.writeMilliseconds.map { .number($0) }
        return facts
    }
}
