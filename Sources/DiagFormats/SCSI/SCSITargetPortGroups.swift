/// Which ways to a logical unit are good: REPORT TARGET PORT GROUPS. Source: SPC-6, section 6.37.
public struct SCSITargetPortGroups: Codable, Hashable, Sendable {
    /// How a group of ports can be used.
    public enum AccessState: String, Codable, Hashable, Sendable, CaseIterable {
        /// The best ways.
        case activeOptimized
        /// Ways that work, but slower.
        case activeNonOptimized
        /// Ways that take over only when told to.
        case standby
        /// Ways that do not work for now.
        case unavailable
        /// Some blocks are better here, some there.
        case blockDependent
        /// Ways of a part that is gone.
        case offline
        /// Changing from one state to another.
        case transitioning
        /// A value that the standard reserves.
        case reserved

        init(code: UInt8) {
            self =
                switch code {
                case 0: .activeOptimized
                case 1: .activeNonOptimized
                case 2: .standby
                case 3: .unavailable
                case 4: .blockDependent
                case 14: .offline
                case 15: .transitioning
                default: .reserved
                }
        }
    }

    /// One group of ports.
    public struct Group: Codable, Hashable, Sendable {
        /// Its number.
        public let targetPortGroup: UInt16
        /// How it can be used.
        public let asymmetricAccessState: AccessState
        /// Whether the device prefers it.
        public let isPreferred: Bool
        /// Why it is in that state: 0 not told, 1 by command, 2 by the device itself.
        public let statusCode: UInt8
        /// The numbers of its ports, from 1.
        public let relativeTargetPorts: [UInt16]
    }

    /// The groups, in the device's order.
    public let groups: [Group]

    /// Reads the answer with the four bytes of its length.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let length = try bytes.bigEndian(UInt32.self, at: 0, field: "RETURN DATA LENGTH")
        guard let count = Int(exactly: length), count <= bytes.count - 4 else {
            throw .truncated(field: "port groups", offset: 4, needed: Int(clamping: length))
        }
        var groups = [Group]()
        var offset = 4
        while offset < 4 + count {
            let state = try bytes.byte(at: offset, field: "ASYMMETRIC ACCESS STATE")
            var ports = [UInt16]()
            for index in 0..<Int(try bytes.byte(at: offset + 7, field: "PORT COUNT")) {
                ports.append(
                    try bytes.bigEndian(at: offset + 10 + 4 * index, field: "RELATIVE PORT"))
            }
            groups.append(
                Group(
                    targetPortGroup: try bytes.bigEndian(at: offset + 2, field: "PORT GROUP"),
                    asymmetricAccessState: AccessState(code: state & 0xF),
                    isPreferred: state & 0x80 != 0,
                    statusCode: try bytes.byte(at: offset + 5, field: "STATUS CODE"),
                    relativeTargetPorts: ports))
            offset += 8 + 4 * ports.count
        }
        self.groups = groups
    }
}
