/// The first sector of a disk with an MBR partition table, or one of its extended boot records.
///
/// Source: UEFI Specification 2.10, section 5.2; Linux 6.12, block/partitions/msdos.c.
public struct MasterBootRecord: Codable, Hashable, Sendable {
    /// One of the four entries.
    public struct Entry: Codable, Hashable, Sendable {
        /// Its position, from 1.
        public var number: Int
        /// 0x80 for the partition that is started from, else 0.
        public var bootIndicator: UInt8
        /// What the partition is for; 0 for an entry that is not used.
        public var type: UInt8
        /// Its first sector: of a record in a chain, from that record or the chain's start on.
        public var startingLBA: UInt32
        /// Its sectors.
        public var sizeInLBA: UInt32

        /// Whether it stands for a partition.
        public var isUsed: Bool { type != 0 && sizeInLBA != 0 }
        /// Whether it holds further records: types 5, 0xF and 0x85.
        public var isExtended: Bool { isUsed && [0x05, 0x0F, 0x85].contains(type) }
    }

    /// The disk's identifier.
    public var uniqueMBRDiskSignature: UInt32
    /// The four entries, used or not.
    public var partitionRecord: [Entry]
    /// Whether the sector is the first one of a FAT, exFAT, NTFS or BitLocker volume, whose program
    /// stands where the entries would.
    public var isFileSystemBootSector: Bool

    /// Reads the first 512 bytes of a disk or of an extended boot record.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let signature: UInt16 = try bytes.littleEndian(at: 510, field: "Signature")
        guard signature == 0xAA55 else {
            throw .invalid(field: "Signature", offset: 510, value: UInt64(signature))
        }
        uniqueMBRDiskSignature = try bytes.littleEndian(at: 440, field: "UniqueMBRDiskSignature")
        var entries = [Entry]()
        for index in 0..<4 {
            let at = 446 + index * 16
            entries.append(
                Entry(
                    number: index + 1,
                    bootIndicator: try bytes.littleEndian(at: at, field: "BootIndicator"),
                    type: try bytes.littleEndian(at: at + 4, field: "OSType"),
                    startingLBA: try bytes.littleEndian(at: at + 8, field: "StartingLBA"),
                    sizeInLBA: try bytes.littleEndian(at: at + 12, field: "SizeInLBA")))
        }
        partitionRecord = entries
        let names = [
            (3, "NTFS    "), (3, "EXFAT   "), (3, "-FVE-FS-"), (54, "FAT1"), (82, "FAT32"),
        ]
        isFileSystemBootSector = names.contains { offset, name in
            name.utf8.enumerated().allSatisfy { bytes[offset + $0.offset] == $0.element }
        }
    }

    /// Whether it is there to protect a GUID partition table: an entry of type 0xEE.
    public var isProtective: Bool { partitionRecord.contains { $0.type == 0xEE } }

    /// Whether it protects a GUID partition table and has partitions of its own beside that.
    public var isHybrid: Bool {
        isProtective && partitionRecord.contains { $0.isUsed && $0.type != 0xEE }
    }

    /// Whether it can be a partition table at all: indicators are 0 or 0x80, and no file system
    /// begins here.
    public var isPlausible: Bool {
        !isFileSystemBootSector
            && partitionRecord.allSatisfy { $0.bootIndicator == 0 || $0.bootIndicator == 0x80 }
    }
}
