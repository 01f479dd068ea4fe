public import DiagModel

/// What the superblock of a member of a Linux software RAID (md) says of the array and of itself.
///
/// Sectors are of 512 bytes. Source: Linux 6.12, include/uapi/linux/raid/md_p.h; the words are
/// those of mdadm(8) 4.2, `--examine`.
public struct MDSuperblock: Codable, Hashable, Sendable {
    /// What a member is for.
    public enum Role: Codable, Hashable, Sendable {
        /// It holds the data of this slot, from 0.
        case active(Int)
        /// It waits to take the place of another.
        case spare
        /// It was thrown out.
        case faulty
        /// It holds the journal of the array.
        case journal

        /// `active 0`, `spare`, `faulty` or `journal`.
        public var text: String {
            switch self {
            case .active(let slot): "active \(slot)"
            case .spare: "spare"
            case .faulty: "faulty"
            case .journal: "journal"
            }
        }

        /// Reads the text.
        public init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            switch text {
            case "spare": self = .spare
            case "faulty": self = .faulty
            case "journal": self = .journal
            default:
                let words = text.split(separator: " ")
                guard words.count == 2, words[0] == "active", let slot = Int(words[1]) else {
                    throw DecodingError.dataCorrupted(
                        .init(codingPath: decoder.codingPath, debugDescription: "not a role"))
                }
                self = .active(slot)
            }
        }

        /// Writes the text.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    /// `0.90`, `1.0`, `1.1` or `1.2`, as far as the place tells; `1` where it does not.
    public var metadataVersion: String
    /// Where the superblock begins, in bytes from the start of the device.
    public var offset: UInt64
    /// Whether the checksum is right.
    public var isChecksumValid: Bool
    /// The array, as four groups of eight hexadecimal digits.
    public var arrayUUID: String
    /// This member; only from version 1 on.
    public var deviceUUID: String?
    /// The array's name, often after the name of its host; only from version 1 on.
    public var arrayName: String?
    /// The number of /dev/mdN that it was made for; only of version 0.90.
    public var preferredMinor: UInt32?
    /// When the array was made; none for a time that is not possible.
    public var creationTime: Timestamp?
    /// When the superblock was last written; none for a time that is not possible.
    public var updateTime: Timestamp?
    /// `raid1`, `raid5`, `linear` and the like; `level N` for one that we do not know.
    public var level: String
    /// How the data is spread, as the level has it.
    public var layout: UInt32
    /// The layout in words, where there are any: `left-symmetric`, `near=2`.
    public var layoutName: String?
    /// Bytes of a chunk; 0 for levels that have none.
    public var chunkByteCount: UInt64
    /// How many slots the array has.
    public var raidDisks: UInt32
    /// What of each member the array uses, in sectors; 0 for levels without redundancy.
    public var usedSectorCount: UInt64
    /// This member's number in the array.
    public var deviceNumber: UInt32?
    /// What this member is for.
    public var role: Role?
    /// The roles of all members, by device number.
    public var deviceRoles: [Role]
    /// For each slot `A` when a member is there, `.` when it is missing, `R` while it is replaced.
    public var arrayState: String
    /// How often the superblock has changed; members that are behind were thrown out.
    public var events: UInt64
    /// Whether the array was stopped in good order, or is idle: else it was being written.
    public var isClean: Bool
    /// How far the first synchronisation came, in sectors; none when it is done.
    public var resyncOffset: UInt64?
    /// How far this member's recovery came, in sectors; none when it is done.
    public var recoveryOffset: UInt64?
    /// How far a change of shape came, in sectors; none while there is none.
    public var reshapePosition: UInt64?
    /// The level after a change of shape.
    public var newLevel: String?
    /// How many slots a change of shape adds.
    public var deltaDisks: Int32?
    /// The layout after a change of shape.
    public var newLayout: UInt32?
    /// Bytes of a chunk after a change of shape.
    public var newChunkByteCount: UInt64?
    /// Where the array's data begins on this member, in sectors.
    public var dataOffset: UInt64?
    /// How many sectors of this member are for the array's data.
    public var dataSize: UInt64?
    /// Where the superblock says it stands, in sectors.
    public var superOffset: UInt64?
    /// Where the write-intent bitmap begins, in sectors after the superblock.
    public var bitmapOffset: Int32?
    /// Where the list of bad blocks begins, in sectors after the superblock.
    public var badBlockLogOffset: Int32?
    /// How many sectors the list of bad blocks may take.
    public var badBlockLogSectorCount: UInt16?
    /// How many read errors were corrected by writing again.
    public var correctedReadErrors: UInt32?
    /// The features that the version 1 superblock names, in the kernel's words.
    public var features: [String]
    /// `write-mostly`, `failfast`.
    public var deviceFlags: [String]
    /// How many members were working, of version 0.90.
    public var workingDisks: UInt32?
    /// How many members had failed, of version 0.90.
    public var failedDisks: UInt32?
    /// How many members were spare, of version 0.90.
    public var spareDisks: UInt32?

    /// The number of slots without a member.
    public var missingSlotCount: Int { arrayState.utf8.count { $0 == 0x2E } }

    /// What a level's number stands for. Source: mdadm 4.2, maps.c.
    static func levelName(_ level: UInt32) -> String {
        switch Int32(bitPattern: level) {
        case -10: "container"
        case -5: "faulty"
        case -4: "multipath"
        case -1: "linear"
        case let number where (0...99).contains(number): "raid\(number)"
        case let number: "level \(number)"
        }
    }

    /// What a layout stands for. Source: mdadm 4.2, maps.c; Linux 6.12, drivers/md/raid10.c.
    static func layoutName(_ layout: UInt32, level: UInt32) -> String? {
        let raid5 = ["left-asymmetric", "right-asymmetric", "left-symmetric", "right-symmetric"]
        switch level {
        case 5, 6:
            let words = raid5 + ["parity-first", "parity-last"]
            if layout < words.count { return words[Int(layout)] }
            guard level == 6 else { return nil }
            return switch layout {
            case 8: "ddf-zero-restart"
            case 9: "ddf-N-restart"
            case 10: "ddf-N-continue"
            case 16...19: raid5[Int(layout) - 16] + "-6"
            case 20: "parity-first-6"
            default: nil
            }
        case 10:
            var words = [String]()
            let far = layout >> 8 & 0xFF
            if layout & 0xFF != 1 || far == 1 { words.append("near=\(layout & 0xFF)") }
            if far > 1 {
                words.append((layout & 0x10000 != 0 ? "offset=" : "far=") + String(far))
            }
            return words.joined(separator: ", ")
        default: return nil
        }
    }

    /// A letter for each slot.
    static func state(of roles: [Role], slotCount: Int) -> String {
        var counts = [Int](repeating: 0, count: slotCount)
        for case .active(let slot) in roles where slot < slotCount { counts[slot] += 1 }
        return counts.map { $0 == 0 ? "." : $0 == 1 ? "A" : "R" }.joined()
    }

    /// Sixteen bytes as mdadm writes a UUID.
    static func uuidText(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 4)
            .map { Hexadecimal.string(bytes[$0..<min($0 + 4, bytes.count)]) }
            .joined(separator: ":")
    }

    /// A time of whole seconds; `nil` beyond the year 9999 or for 0.
    static func time(seconds: UInt64, microseconds: UInt64 = 0) -> Timestamp? {
        guard seconds > 0, seconds <= 253_402_300_799, microseconds < 1_000_000 else { return nil }
        return Timestamp(
            microsecondsSince1970: Int64(seconds) * 1_000_000 + Int64(microseconds))
    }
}
