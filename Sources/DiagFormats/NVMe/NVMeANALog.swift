/// How well this controller reaches the namespaces, by groups.
///
/// Source: NVM Express Base Specification 2.0c, section 5.16.1.13, figures 219 and 220: log 0Ch, a
/// header of 16 bytes, then for each group 32 bytes and four for each namespace.
public struct NVMeANALog: Codable, Hashable, Sendable {
    /// How well a group is reached through this controller.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// 1h: the best way.
        case optimized
        /// 2h: a way that costs more.
        case nonOptimized
        /// 3h: not now.
        case inaccessible
        /// 4h: never again.
        case persistentLoss
        /// Fh: about to change.
        case change
        /// Any other value.
        case unknown

        init(_ value: UInt8) {
            self =
                switch value & 0xF {
                case 1: .optimized
                case 2: .nonOptimized
                case 3: .inaccessible
                case 4: .persistentLoss
                case 0xF: .change
                default: .unknown
                }
        }
    }

    /// One group.
    public struct Group: Codable, Hashable, Sendable {
        /// Its number (ANAGRPID).
        public let identifier: UInt32
        /// Counts its changes.
        public let changeCount: UInt64
        /// How well it is reached.
        public let state: State
        /// Its namespaces.
        public let namespaces: [UInt32]
    }

    /// Counts the changes of the whole log.
    public let changeCount: UInt64
    /// How many groups the log has.
    public let groupCount: UInt16
    /// The groups that are whole in what was read.
    public let groups: [Group]
    /// Whether the bytes end before the last group.
    public let isTruncated: Bool

    /// Reads the header and what there is of the groups.
    ///
    /// - Throws: ``FormatError`` when the header is cut.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(16, at: 0, field: "Asymmetric Namespace Access")
        changeCount = try bytes.littleEndian(at: 0, field: "change count")
        groupCount = try bytes.littleEndian(at: 8, field: "number of ANA group descriptors")
        var groups = [Group]()
        var at = 16
        while groups.count < Int(groupCount), bytes.count - at >= 32 {
            let count: UInt32 = try bytes.littleEndian(at: at + 4, field: "number of NSIDs")
            guard let count = Int(exactly: count), count <= (bytes.count - at - 32) / 4 else {
                break
            }
            var namespaces = [UInt32]()
            for index in 0..<count {
                namespaces.append(try bytes.littleEndian(at: at + 32 + index * 4, field: "NSID"))
            }
            groups.append(
                Group(
                    identifier: try bytes.littleEndian(at: at, field: "ANAGRPID"),
                    changeCount: try bytes.littleEndian(at: at + 8, field: "change count"),
                    state: State(bytes[at + 16]), namespaces: namespaces))
            at += 32 + count * 4
        }
        self.groups = groups
        isTruncated = groups.count < Int(groupCount)
    }
}
