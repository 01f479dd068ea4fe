/// The boot sector of NTFS, and its volume record.
///
/// Source: Linux 6.12, fs/ntfs3/ntfs.h (`struct NTFS_BOOT`, `struct MFT_REC`). Little-endian.
public struct NTFSBootSector: Codable, Hashable, Sendable {
    /// Where to read.
    public static let region = (offset: UInt64(0), count: 512)

    /// The serial number in 16 upper-case digits, as blkid(8) gives it; `nil` when it is zero.
    public let uuid: String?
    /// Bytes of a sector.
    public let sectorByteCount: Int
    /// Bytes of a cluster.
    public let clusterByteCount: Int
    /// Bytes of the whole volume.
    public let byteCount: UInt64
    /// Where the record `$Volume` stands, in bytes from the start.
    public let volumeRecordOffset: UInt64
    /// Bytes of a record.
    public let recordByteCount: Int

    /// Reads the first sector.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(512, at: 0, field: "boot sector")
        guard try bytes.bytes(8, at: 3, field: "system_id").elementsEqual("NTFS    ".utf8) else {
            throw .invalid(
                field: "system_id", offset: 3,
                value: try bytes.littleEndian(at: 3, field: "system_id"))
        }
        let sector = Int(try bytes.littleEndian(UInt16.self, at: 11, field: "bytes_per_sector"))
        let factor = try bytes.littleEndian(UInt8.self, at: 13, field: "sectors_per_clusters")
        // Above 0x80 it is the negative of a power of two.
        let perCluster = factor <= 0x80 ? Int(factor) : 1 << min(20, 256 - Int(factor))
        guard sector.nonzeroBitCount == 1, (256...4096).contains(sector),
            perCluster.nonzeroBitCount == 1, sector * perCluster <= 2 << 20
        else { throw .invalid(field: "bytes_per_sector", offset: 11, value: UInt64(sector)) }
        sectorByteCount = sector
        clusterByteCount = sector * perCluster
        let sectors: UInt64 = try bytes.littleEndian(at: 40, field: "sectors_per_volume")
        let (size, overflows) = sectors.multipliedReportingOverflow(by: UInt64(sector))
        byteCount = overflows ? .max : size
        let serial: UInt64 = try bytes.littleEndian(at: 72, field: "serial_num")
        uuid = serial == 0 ? nil : Hexadecimal.padded(serial, 16)
        let size8 = try bytes.littleEndian(UInt8.self, at: 64, field: "record_size")
        let record = size8 < 0x80 ? Int(size8) * clusterByteCount : 1 << min(20, 256 - Int(size8))
        guard (256...65536).contains(record) else {
            throw .invalid(field: "record_size", offset: 64, value: UInt64(size8))
        }
        recordByteCount = record
        let table: UInt64 = try bytes.littleEndian(at: 48, field: "mft_clst")
        let (start, exceeds) = table.multipliedReportingOverflow(by: UInt64(clusterByteCount))
        guard !exceeds, start <= UInt64(Int64.max) - 3 * 65536 else {
            throw .invalid(field: "mft_clst", offset: 48, value: table)
        }
        volumeRecordOffset = start + 3 * UInt64(record)
    }

    /// What the record `$Volume` says of the file system.
    public struct Volume: Codable, Hashable, Sendable {
        /// The label; `nil` when it is empty.
        public let label: String?
        /// The version of NTFS, for example `3.1`.
        public let version: String?
        /// Whether it has to be checked.
        public let isDirty: Bool

        /// Reads the record.
        public init(parsing bytes: Span<UInt8>) throws(FormatError) {
            guard try bytes.bytes(4, at: 0, field: "record sign").elementsEqual("FILE".utf8) else {
                throw .invalid(
                    field: "record sign", offset: 0,
                    value: UInt64(try bytes.littleEndian(UInt32.self, at: 0, field: "sign")))
            }
            var at = Int(try bytes.littleEndian(UInt16.self, at: 20, field: "attr_off"))
            var label: String?
            var version: String?
            var isDirty = false
            while true {
                let type: UInt32 = try bytes.littleEndian(at: at, field: "attribute type")
                if type == 0xFFFF_FFFF { break }
                let size: UInt32 = try bytes.littleEndian(at: at + 4, field: "attribute size")
                let isResident =
                    try bytes.littleEndian(UInt8.self, at: at + 8, field: "non_res") == 0
                guard size >= 16, let length = Int(exactly: size), length <= bytes.count else {
                    throw .invalid(field: "attribute size", offset: at + 4, value: UInt64(size))
                }
                if isResident, type == 0x60 || type == 0x70 {
                    let count: UInt32 = try bytes.littleEndian(at: at + 16, field: "data_size")
                    let place: UInt16 = try bytes.littleEndian(at: at + 20, field: "data_off")
                    let start = at + Int(place)
                    if type == 0x60 {
                        let text = FileSystemText.utf16(
                            bytes, at: start, count: min(128, Int(count) / 2))
                        label = text.isEmpty ? nil : text
                    } else if count >= 12 {
                        let major: UInt8 = try bytes.littleEndian(at: start + 8, field: "major")
                        let minor: UInt8 = try bytes.littleEndian(at: start + 9, field: "minor")
                        version = "\(major).\(minor)"
                        let flags: UInt16 = try bytes.littleEndian(at: start + 10, field: "flags")
                        isDirty = flags & 1 != 0
                    }
                }
                at += length
            }
            self.label = label
            self.version = version
            self.isDirty = isDirty
        }
    }
}
