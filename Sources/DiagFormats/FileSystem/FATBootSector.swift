/// The boot sector of a FAT file system.
///
/// Source: Microsoft, FAT32 File System Specification 1.03; which sectors count as FAT as in
/// libblkid of util-linux 2.38, superblocks/vfat.c. Little-endian.
public struct FATBootSector: Codable, Hashable, Sendable {
    /// Where to read.
    public static let region = (offset: UInt64(0), count: 512)

    /// `FAT12`, `FAT16` or `FAT32`.
    public let version: String
    /// The serial number as blkid(8) writes it, `12AB-34CD`; `nil` when it is zero.
    public let uuid: String?
    /// The label in the boot sector; `nil` when it is empty or `NO NAME`.
    public let bootLabel: String?
    /// Bytes of a sector.
    public let sectorByteCount: Int
    /// Bytes of a cluster.
    public let clusterByteCount: Int
    /// How many clusters there are.
    public let clusterCount: Int
    /// Bytes of the whole file system.
    public let byteCount: UInt64
    /// Whether it was not unmounted.
    public let isDirty: Bool
    /// Where its root directory begins, in bytes, and how much of it to read for its label.
    public let rootDirectoryOffset: UInt64
    /// How many bytes of the root directory to read: a cluster at most.
    public let rootDirectoryByteCount: Int

    /// Reads the first sector.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "boot sector")
        let mark: UInt16 = try bytes.littleEndian(at: 510, field: "boot sector signature")
        guard mark == 0xAA55 else {
            throw .invalid(field: "boot sector signature", offset: 510, value: UInt64(mark))
        }
        func u8(_ at: Int) throws(FormatError) -> Int {
            Int(try bytes.littleEndian(UInt8.self, at: at, field: "boot sector"))
        }
        func u16(_ at: Int) throws(FormatError) -> Int {
            Int(try bytes.littleEndian(UInt16.self, at: at, field: "boot sector"))
        }
        func u32(_ at: Int) throws(FormatError) -> Int {
            Int(try bytes.littleEndian(UInt32.self, at: at, field: "boot sector"))
        }
        let isFAT16 = try bytes.text(5, at: 54, field: "BS_FilSysType").hasPrefix("FAT")
        let isFAT32 = try bytes.text(5, at: 82, field: "BS_FilSysType").hasPrefix("FAT32")
        sectorByteCount = try u16(11)
        let sectorsPerCluster = try u8(13)
        let reserved = try u16(14)
        let tables = try u8(16)
        let media = try u8(21)
        guard isFAT16 || isFAT32, [512, 1024, 2048, 4096].contains(sectorByteCount),
            sectorsPerCluster.nonzeroBitCount == 1, reserved > 0, tables > 0,
            media >= 0xF8 || media == 0xF0
        else {
            throw .invalid(field: "BPB", offset: 11, value: UInt64(sectorByteCount))
        }
        let entries = try u16(17)
        let tableSectors = try u16(22) == 0 ? try u32(36) : try u16(22)
        let sectors = try u16(19) == 0 ? try u32(32) : try u16(19)
        let directorySectors = (entries * 32 + sectorByteCount - 1) / sectorByteCount
        let start = reserved + tables * tableSectors
        guard sectors > start + directorySectors else {
            throw .invalid(field: "BPB_TotSec", offset: 32, value: UInt64(sectors))
        }
        clusterByteCount = sectorByteCount * sectorsPerCluster
        clusterCount = (sectors - start - directorySectors) / sectorsPerCluster
        byteCount = UInt64(sectors) * UInt64(sectorByteCount)
        let isLarge = try u16(22) == 0
        version = isLarge ? "FAT32" : clusterCount > 0xFF4 ? "FAT16" : "FAT12"
        let extended = isLarge ? 64 : 36
        isDirty = try u8(extended + 1) & 1 != 0
        let serial = try u32(extended + 3)
        let digits = Array(Hexadecimal.padded(serial, 8).utf8)
        uuid =
            serial == 0
            ? nil
            : String(decoding: digits[..<4], as: UTF8.self) + "-"
                + String(decoding: digits[4...], as: UTF8.self)
        let name = try bytes.text(11, at: extended + 7, field: "BS_VolLab")
        bootLabel = name.isEmpty || name == "NO NAME" ? nil : name
        if isLarge {
            let root = max(2, try u32(44)) - 2
            rootDirectoryOffset =
                UInt64(start) * UInt64(sectorByteCount) + UInt64(root) * UInt64(clusterByteCount)
            rootDirectoryByteCount = clusterByteCount
        } else {
            rootDirectoryOffset = UInt64(start) * UInt64(sectorByteCount)
            rootDirectoryByteCount = min(entries * 32, 64 << 10)
        }
    }

    /// The label that stands in a part of the root directory; `nil` when none does.
    public static func label(inRootDirectory bytes: Span<UInt8>) -> String? {
        var at = 0
        while at <= bytes.count - 32 {
            let first = bytes[at]
            let attributes = bytes[at + 11]
            if first == 0 { return nil }
            if first != 0xE5, attributes & 0x3F != 0x0F, attributes & 0x18 == 0x08 {
                guard let name = try? bytes.text(11, at: at, field: "DIR_Name") else { return nil }
                return name.isEmpty ? nil : name
            }
            at += 32
        }
        return nil
    }
}

/// The boot sector of an exFAT file system.
///
/// Source: Microsoft, exFAT file system specification, section 3.1. Little-endian.
public struct ExFATBootSector: Codable, Hashable, Sendable {
    /// Where to read.
    public static let region = (offset: UInt64(0), count: 512)

    /// The revision, as blkid(8) gives `VERSION`: `1.0`.
    public let version: String
    /// The serial number as blkid(8) writes it; `nil` when it is zero.
    public let uuid: String?
    /// Bytes of a sector.
    public let sectorByteCount: Int
    /// Bytes of a cluster.
    public let clusterByteCount: Int
    /// How many clusters there are.
    public let clusterCount: UInt32
    /// Bytes of the whole volume.
    public let byteCount: UInt64
    /// Whether it was not unmounted.
    public let isDirty: Bool
    /// Whether a read or write of the medium failed.
    public let hasMediaFailure: Bool
    /// Where its root directory begins, in bytes.
    public let rootDirectoryOffset: UInt64

    /// Reads the first sector.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "boot sector")
        guard try bytes.bytes(8, at: 3, field: "FileSystemName").elementsEqual("EXFAT   ".utf8)
        else {
            throw .invalid(
                field: "FileSystemName", offset: 3,
                value: try bytes.littleEndian(at: 3, field: "FileSystemName"))
        }
        let sectorShift: UInt8 = try bytes.littleEndian(at: 108, field: "BytesPerSectorShift")
        let clusterShift: UInt8 = try bytes.littleEndian(at: 109, field: "SectorsPerClusterShift")
        guard (9...12).contains(sectorShift), clusterShift <= 25 - sectorShift else {
            throw .invalid(
                field: "BytesPerSectorShift", offset: 108, value: UInt64(sectorShift))
        }
        sectorByteCount = 1 << Int(sectorShift)
        clusterByteCount = sectorByteCount << Int(clusterShift)
        let sectors: UInt64 = try bytes.littleEndian(at: 72, field: "VolumeLength")
        let (size, overflows) = sectors.multipliedReportingOverflow(by: UInt64(sectorByteCount))
        byteCount = overflows ? .max : size
        let heap: UInt32 = try bytes.littleEndian(at: 88, field: "ClusterHeapOffset")
        clusterCount = try bytes.littleEndian(at: 92, field: "ClusterCount")
        let root: UInt32 = try bytes.littleEndian(at: 96, field: "FirstClusterOfRootDirectory")
        rootDirectoryOffset =
            UInt64(heap) * UInt64(sectorByteCount)
            + UInt64(max(2, root) - 2) * UInt64(clusterByteCount)
        let serial: UInt32 = try bytes.littleEndian(at: 100, field: "VolumeSerialNumber")
        let digits = Hexadecimal.padded(serial, 8)
        uuid = serial == 0 ? nil : String(digits.prefix(4)) + "-" + String(digits.suffix(4))
        let minor: UInt8 = try bytes.littleEndian(at: 104, field: "FileSystemRevision")
        let major: UInt8 = try bytes.littleEndian(at: 105, field: "FileSystemRevision")
        version = "\(major).\(minor)"
        let flags: UInt16 = try bytes.littleEndian(at: 106, field: "VolumeFlags")
        isDirty = flags & 2 != 0
        hasMediaFailure = flags & 4 != 0
    }

    /// The label that stands in a part of the root directory; `nil` when none does.
    public static func label(inRootDirectory bytes: Span<UInt8>) -> String? {
        var at = 0
        while at <= bytes.count - 32, bytes[at] != 0 {
            if bytes[at] == 0x83 {
                let count = min(11, Int(bytes[at + 1]))
                let label = FileSystemText.utf16(bytes, at: at + 2, count: count)
                return label.isEmpty ? nil : label
            }
            at += 32
        }
        return nil
    }
}
