internal import DiagModel

/// How each NFS mount is used and how its server answers.
///
/// Source: /proc/PID/mountstats; `nfs_show_stats`, fs/nfs/super.c, `rpc_clnt_show_stats`,
/// net/sunrpc/stats.c, and `print_stats` of net/sunrpc/xprtsock.c of Linux 6.12.
public struct NFSMountStatistics: Codable, Hashable, Sendable {
    /// One mount.
    public struct Mount: Codable, Hashable, Sendable {
        /// What is mounted, `server:/path`; secrets in it masked.
        public var source: String
        /// Where it is mounted.
        public var mountPoint: String
        /// `nfs` or `nfs4`.
        public var type: String
        /// The mount options, with secrets masked.
        public var options: String?
        /// Seconds since it was mounted.
        public var ageSeconds: UInt64?
        /// Bytes that were asked of the server, by reads.
        public var serverReadBytes: UInt64?
        /// Bytes that were sent to the server, by writes.
        public var serverWrittenBytes: UInt64?
        /// Its connections.
        public var transports: [Transport] = []
        /// What was asked of the server, by operation; those that were never used are left out.
        public var operations: [Operation] = []
    }

    /// One connection to the server.
    public struct Transport: Codable, Hashable, Sendable {
        /// `tcp`, `udp`, `rdma` or `local`.
        public var type: String
        /// How often a connection was made.
        public var connectCount: UInt64?
        /// Seconds since it was used.
        public var idleSeconds: UInt64?
        /// Requests sent.
        public var sendCount: UInt64
        /// Replies received.
        public var receiveCount: UInt64
        /// Replies to no request that is known.
        public var badTransactionCount: UInt64
    }

    /// The counters of one operation.
    public struct Operation: Codable, Hashable, Sendable {
        /// For example `READ`.
        public var name: String
        /// Requests.
        public var operationCount: UInt64
        /// How often requests were sent: more than requests when some were sent again.
        public var transmissionCount: UInt64
        /// Major timeouts: the server did not answer any of a round of repetitions.
        public var majorTimeoutCount: UInt64
        /// Bytes sent.
        public var sentBytes: UInt64
        /// Bytes received.
        public var receivedBytes: UInt64
        /// Milliseconds that requests waited to be sent, together.
        public var queueMilliseconds: UInt64
        /// Milliseconds until the server answered, together.
        public var roundTripMilliseconds: UInt64
        /// Milliseconds of the requests as a whole, together.
        public var executionMilliseconds: UInt64
        /// Requests that ended with an error, from Linux 5.3 on.
        public var errorCount: UInt64?
    }

    /// The NFS mounts, in the kernel's order.
    public let mounts: [Mount]
    /// The numbers, from 1, of the lines that are not what the format says.
    public let unreadableLines: [Int]

    /// Reads the text of a mountstats file; other mounts are passed over.
    public init(parsing bytes: [UInt8]) {
        var mounts = [Mount]()
        var unreadable = [Int]()
        var current: Mount?
        TableText.forEachLine(of: bytes) { number, line in
            let fields = TableText.fields(line)
            guard let first = fields.first else { return }
            if first.elementsEqual("device".utf8) || first.elementsEqual("no".utf8) {
                if let mount = current { mounts.append(mount) }
                current = Self.mount(fields)
            } else if current != nil, !Self.read(fields, line, into: &current) {
                unreadable.append(number)
            }
        }
        if let mount = current { mounts.append(mount) }
        self.mounts = mounts
        unreadableLines = unreadable
    }

    /// `device SOURCE mounted on PLACE with fstype TYPE statvers=N`.
    private static func mount(_ fields: [ArraySlice<UInt8>]) -> Mount? {
        guard fields.count >= 8, fields[6].elementsEqual("fstype".utf8) else { return nil }
        let type = text(fields[7])
        guard type == "nfs" || type == "nfs4" else { return nil }
        return Mount(
            source: MountOptionSecrets.masking(text(fields[1])), mountPoint: text(fields[4]),
            type: type)
    }

    private static func read(
        _ fields: [ArraySlice<UInt8>], _ line: ArraySlice<UInt8>, into mount: inout Mount?
    ) -> Bool {
        let name = text(fields[0])
        switch name {
        case "opts:":
            let rest = TableText.trimmed(line[fields[0].endIndex...])
            mount?.options = MountOptionSecrets.masking(UntrustedText.escapingForPath(rest))
        case "age:":
            guard fields.count == 2, let age: UInt64 = TableText.integer(fields[1]) else {
                return false
            }
            mount?.ageSeconds = age
        case "bytes:":
            guard let values = numbers(fields[1...]), values.count >= 6 else { return false }
            mount?.serverReadBytes = values[4]
            mount?.serverWrittenBytes = values[5]
        case "xprt:":
            guard fields.count >= 2, let transport = transport(fields) else { return false }
            mount?.transports.append(transport)
        case "impl_id:", "caps:", "nfsv4:", "sec:", "events:", "fsc:", "RPC", "per-op", "pnfs:":
            break
        default:
            guard name.hasSuffix(":"), let values = numbers(fields[1...]), values.count >= 8 else {
                return !name.hasSuffix(":")
            }
            guard values[0] > 0 || values[1] > 0 else { return true }
            mount?.operations.append(
                Operation(
                    name: String(name.dropLast()), operationCount: values[0],
                    transmissionCount: values[1], majorTimeoutCount: values[2],
                    sentBytes: values[3], receivedBytes: values[4], queueMilliseconds: values[5],
                    roundTripMilliseconds: values[6], executionMilliseconds: values[7],
                    errorCount: values.count > 8 ? values[8] : nil))
        }
        return true
    }

    /// The order of the numbers is that of each transport: only udp does not connect.
    private static func transport(_ fields: [ArraySlice<UInt8>]) -> Transport? {
        guard let values = numbers(fields[2...]) else { return nil }
        let type = text(fields[1])
        if type == "udp" {
            guard values.count >= 5 else { return nil }
            return Transport(
                type: type, sendCount: values[2], receiveCount: values[3],
                badTransactionCount: values[4])
        }
        // A local socket has no port at the front.
        let start = type == "local" ? 0 : 1
        guard values.count >= start + 7 else { return nil }
        return Transport(
            type: type, connectCount: values[start + 1], idleSeconds: values[start + 3],
            sendCount: values[start + 4], receiveCount: values[start + 5],
            badTransactionCount: values[start + 6])
    }

    private static func numbers(_ fields: ArraySlice<ArraySlice<UInt8>>) -> [UInt64]? {
        guard fields.count <= 64 else { return nil }
        var values = [UInt64]()
        for field in fields {
            guard let value: UInt64 = TableText.integer(field) else { return nil }
            values.append(value)
        }
        return values
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        UntrustedText.escapingForPath(TableText.unescapingOctal(field))
    }
}
