/// One field of a journal entry, decompressed: `NAME=value`.
///
/// Source of the names: systemd.journal-fields(7).
public struct JournalField: Sendable {
    /// The fields that a line of text shows.
    public enum Role: UInt8, Sendable {
        /// `MESSAGE`
        case message
        /// `PRIORITY`
        case priority
        /// `SYSLOG_IDENTIFIER`
        case identifier
        /// `_COMM`
        case command
        /// `SYSLOG_PID`
        case syslogProcess
        /// `_PID`
        case process
        /// `_HOSTNAME`
        case host
        /// `_BOOT_ID`, which the export format writes from the entry itself
        case boot
        /// Any other
        case other

        /// The role of the field whose stored bytes begin so.
        public init(of payload: [UInt8]) {
            let candidates: [(String.UTF8View, Role)]
            switch payload.first {
            case 0x4D: candidates = Self.namesWithM
            case 0x50: candidates = Self.namesWithP
            case 0x53: candidates = Self.namesWithS
            case 0x5F: candidates = Self.namesWithUnderscore
            default:
                self = .other
                return
            }
            for (name, role) in candidates where payload.starts(with: name) {
                self = role
                return
            }
            self = .other
        }

        private static let namesWithM = [("MESSAGE=".utf8, Role.message)]
        private static let namesWithP = [("PRIORITY=".utf8, Role.priority)]
        private static let namesWithS = [
            ("SYSLOG_IDENTIFIER=".utf8, Role.identifier), ("SYSLOG_PID=".utf8, .syslogProcess),
        ]
        private static let namesWithUnderscore = [
            ("_HOSTNAME=".utf8, Role.host), ("_PID=".utf8, .process), ("_COMM=".utf8, .command),
            ("_BOOT_ID=".utf8, .boot),
        ]
    }

    /// What a line of text uses it for.
    public let role: Role
    /// `NAME=value`; the start of it when the rest was left out.
    public let bytes: [UInt8]
    /// Whether ``bytes`` is all of the field.
    public let isWhole: Bool

    /// A field with its stored bytes.
    public init(_ bytes: [UInt8], isWhole: Bool = true) {
        role = Role(of: bytes)
        self.bytes = bytes
        self.isWhole = isWhole
    }

    /// The value behind the first `=`; empty when there is none.
    public var value: ArraySlice<UInt8> {
        guard let equals = bytes.firstIndex(of: 0x3D) else { return [] }
        return bytes[(equals + 1)...]
    }
}
