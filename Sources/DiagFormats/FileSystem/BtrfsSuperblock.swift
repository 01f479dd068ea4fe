/// The superblock of btrfs on one of its devices.
///
/// Source: Linux 6.12, include/uapi/linux/btrfs_tree.h (`struct btrfs_super_block`,
/// `struct btrfs_dev_item`), little-endian; the names of features as in /sys/fs/btrfs/features.
public struct BtrfsSuperblock: Codable, Hashable, Sendable {
    /// Where to read.
    public static let region = (offset: UInt64(64 << 10), count: 4096)
    /// Where its copies are, on devices that are large enough.
    public static let mirrorRegions = [
        (offset: UInt64(64 << 20), count: 4096), (offset: UInt64(256 << 30), count: 4096),
    ]

    /// The file system's UUID.
    public let uuid: String?
    /// The UUID in the metadata, where the other one was changed later.
    public let metadataUUID: String?
    /// The label; `nil` when it is empty.
    public let label: String?
    /// Where this copy stands on the device, in bytes.
    public let offset: UInt64
    /// Counts the transactions; the highest is the newest.
    public let generation: UInt64
    /// Bytes of all devices together.
    public let totalByteCount: UInt64
    /// Bytes that are used.
    public let usedByteCount: UInt64
    /// How many devices it has.
    public let deviceCount: UInt64
    /// Bytes of a sector.
    public let sectorByteCount: UInt32
    /// Bytes of a node of metadata.
    public let nodeByteCount: UInt32
    /// `crc32c`, `xxhash64`, `sha256` or `blake2b`.
    public let checksumType: String
    /// Whether the checksum is right; `nil` for the types that are not computed here.
    public let isChecksumValid: Bool?
    /// Its features, in the words of the kernel.
    public let features: [String]
    /// Whether a log tree waits to be replayed.
    public let hasLogTree: Bool
    /// This device's number in the file system.
    public let deviceID: UInt64
    /// This device's own UUID, which blkid(8) gives as `UUID_SUB`.
    public let deviceUUID: String?
    /// Bytes of this device.
    public let deviceByteCount: UInt64
    /// Bytes of this device that are given to chunks.
    public let deviceUsedByteCount: UInt64

    /// Reads the 4096 bytes of a superblock.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let magic: UInt64 = try bytes.littleEndian(at: 64, field: "magic")
        guard magic == 0x4D5F_5366_5248_425F else {  // _BHRfS_M
            throw .invalid(field: "magic", offset: 64, value: magic)
        }
        try bytes.check(4096, at: 0, field: "superblock")
        uuid = FileSystemText.uuid(try bytes.bytes(16, at: 32, field: "fsid"))
        offset = try bytes.littleEndian(at: 48, field: "bytenr")
        generation = try bytes.littleEndian(at: 72, field: "generation")
        hasLogTree = try bytes.littleEndian(UInt64.self, at: 96, field: "log_root") != 0
        totalByteCount = try bytes.littleEndian(at: 112, field: "total_bytes")
        usedByteCount = try bytes.littleEndian(at: 120, field: "bytes_used")
        deviceCount = try bytes.littleEndian(at: 136, field: "num_devices")
        sectorByteCount = try bytes.littleEndian(at: 144, field: "sectorsize")
        nodeByteCount = try bytes.littleEndian(at: 148, field: "nodesize")
        let readOnly: UInt64 = try bytes.littleEndian(at: 180, field: "compat_ro_flags")
        let incompatible: UInt64 = try bytes.littleEndian(at: 188, field: "incompat_flags")
        features =
            FileSystemText.names(
                of: incompatible,
                [
                    0: "mixed_backref", 1: "default_subvol", 2: "mixed_groups",
                    3: "compress_lzo", 4: "compress_zstd", 5: "big_metadata",
                    6: "extended_iref", 7: "raid56", 8: "skinny_metadata", 9: "no_holes",
                    10: "metadata_uuid", 11: "raid1c34", 12: "zoned", 13: "extent_tree_v2",
                    14: "raid_stripe_tree", 16: "simple_quota",
                ], unknown: "incompat:")
            + FileSystemText.names(
                of: readOnly,
                [
                    0: "free_space_tree", 1: "free_space_tree_valid", 2: "verity",
                    3: "block_group_tree",
                ], unknown: "compat_ro:")
        let type: UInt16 = try bytes.littleEndian(at: 196, field: "csum_type")
        let types = ["crc32c", "xxhash64", "sha256", "blake2b"]
        checksumType = Int(type) < types.count ? types[Int(type)] : "unknown"
        if type == 0 {
            let checksum: UInt32 = try bytes.littleEndian(at: 0, field: "csum")
            let covered = try bytes.bytes(4064, at: 32, field: "superblock")
            isChecksumValid = ~FileSystemChecksum.crc32c(covered) == checksum
        } else {
            isChecksumValid = nil
        }
        let item = 201
        deviceID = try bytes.littleEndian(at: item, field: "dev_item devid")
        deviceByteCount = try bytes.littleEndian(at: item + 8, field: "dev_item total_bytes")
        deviceUsedByteCount = try bytes.littleEndian(at: item + 16, field: "dev_item bytes_used")
        deviceUUID = FileSystemText.uuid(
            try bytes.bytes(16, at: item + 66, field: "dev_item uuid"))
        let name = try bytes.text(256, at: 299, field: "label")
        label = name.isEmpty ? nil : name
        metadataUUID =
            incompatible & 1 << 10 != 0
            ? FileSystemText.uuid(try bytes.bytes(16, at: 571, field: "metadata_uuid")) : nil
    }
}
