/// The superblock of XFS.
///
/// Source: Linux 6.12, fs/xfs/libxfs/xfs_format.h (`struct xfs_dsb`); big-endian but for the
/// checksum.
public struct XFSSuperblock: Codable, Hashable, Sendable {
    /// Where to read: a sector, of which the largest has 32 KiB; 4096 bytes serve every disk.
    public static let region = (offset: UInt64(0), count: 4096)

    /// The UUID that people see.
    public let uuid: String?
    /// The UUID in the metadata, where the other one was changed later.
    public let metadataUUID: String?
    /// The label; `nil` when it is empty.
    public let label: String?
    /// The version of the format: 4 or 5.
    public let version: UInt16
    /// Bytes of a block.
    public let blockByteCount: UInt32
    /// Bytes of a sector, which blkid(8) gives as `BLOCK_SIZE`.
    public let sectorByteCount: UInt16
    /// Bytes of an inode.
    public let inodeByteCount: UInt16
    /// Blocks of data.
    public let dataBlockCount: UInt64
    /// Blocks on the realtime device.
    public let realtimeBlockCount: UInt64
    /// How many allocation groups there are.
    public let allocationGroupCount: UInt32
    /// Blocks of an allocation group.
    public let allocationGroupBlockCount: UInt32
    /// Blocks of the log.
    public let logBlockCount: UInt32
    /// The first block of the log; 0 when it is on another device.
    public let logStart: UInt64
    /// Whether the log is on the same device.
    public let isLogInternal: Bool
    /// Inodes that exist, as the superblock says; written when it is unmounted.
    public let inodeCount: UInt64
    /// Free inodes of these.
    public let freeInodeCount: UInt64
    /// Free blocks, likewise.
    public let freeDataBlockCount: UInt64
    /// Blocks of a stripe unit; 0 for none.
    public let stripeUnitBlockCount: UInt32
    /// Blocks of a whole stripe; 0 for none.
    public let stripeWidthBlockCount: UInt32
    /// The features of version 5, in the words of xfs_info(8).
    public let features: [String]
    /// Whether mkfs or growfs was interrupted.
    public let isInProgress: Bool
    /// Whether xfs_repair(8) has to run before it can be mounted.
    public let needsRepair: Bool
    /// Whether the checksum is right; `nil` for version 4, and when the sector is not whole.
    public let isChecksumValid: Bool?

    /// The size that blkid(8) gives as `FSSIZE`: the data without an internal log.
    public var byteCount: UInt64 {
        let log = isLogInternal ? UInt64(logBlockCount) : 0
        guard dataBlockCount >= log else { return 0 }
        let (bytes, overflows) = (dataBlockCount - log).multipliedReportingOverflow(
            by: UInt64(blockByteCount))
        return overflows ? .max : bytes
    }

    /// Reads the sector at the start of the device.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        let magic: UInt32 = try bytes.bigEndian(at: 0, field: "sb_magicnum")
        guard magic == 0x5846_5342 else {  // XFSB
            throw .invalid(field: "sb_magicnum", offset: 0, value: UInt64(magic))
        }
        try bytes.check(512, at: 0, field: "superblock")
        blockByteCount = try bytes.bigEndian(at: 4, field: "sb_blocksize")
        guard blockByteCount.nonzeroBitCount == 1, (512...65536).contains(blockByteCount) else {
            throw .invalid(field: "sb_blocksize", offset: 4, value: UInt64(blockByteCount))
        }
        let versionNumber: UInt16 = try bytes.bigEndian(at: 100, field: "sb_versionnum")
        version = versionNumber & 0xF
        sectorByteCount = try bytes.bigEndian(at: 102, field: "sb_sectsize")
        guard sectorByteCount.nonzeroBitCount == 1, (512...32768).contains(sectorByteCount) else {
            throw .invalid(field: "sb_sectsize", offset: 102, value: UInt64(sectorByteCount))
        }
        inodeByteCount = try bytes.bigEndian(at: 104, field: "sb_inodesize")
        dataBlockCount = try bytes.bigEndian(at: 8, field: "sb_dblocks")
        realtimeBlockCount = try bytes.bigEndian(at: 16, field: "sb_rblocks")
        uuid = FileSystemText.uuid(try bytes.bytes(16, at: 32, field: "sb_uuid"))
        logStart = try bytes.bigEndian(at: 48, field: "sb_logstart")
        isLogInternal = logStart != 0
        allocationGroupBlockCount = try bytes.bigEndian(at: 84, field: "sb_agblocks")
        allocationGroupCount = try bytes.bigEndian(at: 88, field: "sb_agcount")
        logBlockCount = try bytes.bigEndian(at: 96, field: "sb_logblocks")
        let name = try bytes.text(12, at: 108, field: "sb_fname")
        label = name.isEmpty ? nil : name
        isInProgress = try bytes.bigEndian(UInt8.self, at: 126, field: "sb_inprogress") != 0
        inodeCount = try bytes.bigEndian(at: 128, field: "sb_icount")
        freeInodeCount = try bytes.bigEndian(at: 136, field: "sb_ifree")
        freeDataBlockCount = try bytes.bigEndian(at: 144, field: "sb_fdblocks")
        stripeUnitBlockCount = try bytes.bigEndian(at: 184, field: "sb_unit")
        stripeWidthBlockCount = try bytes.bigEndian(at: 188, field: "sb_width")
        guard version == 5 else {
            metadataUUID = nil
            features = []
            needsRepair = false
            isChecksumValid = nil
            return
        }
        let readOnly: UInt32 = try bytes.bigEndian(at: 212, field: "sb_features_ro_compat")
        let incompatible: UInt32 = try bytes.bigEndian(at: 216, field: "sb_features_incompat")
        let log: UInt32 = try bytes.bigEndian(at: 220, field: "sb_features_log_incompat")
        features =
            ["crc"]
            + FileSystemText.names(
                of: UInt64(readOnly),
                [0: "finobt", 1: "rmapbt", 2: "reflink", 3: "inobtcount"], unknown: "ro_compat")
            + FileSystemText.names(
                of: UInt64(incompatible),
                [
                    0: "ftype", 1: "sparse", 2: "meta_uuid", 3: "bigtime", 4: "needsrepair",
                    5: "nrext64", 6: "exchange", 7: "parent", 8: "metadir",
                ], unknown: "incompat")
            + FileSystemText.names(
                of: UInt64(log), [0: "logged-xattrs"], unknown: "log_incompat")
        needsRepair = incompatible & 0x10 != 0
        metadataUUID =
            incompatible & 0x4 != 0
            ? FileSystemText.uuid(try bytes.bytes(16, at: 248, field: "sb_meta_uuid")) : nil
        let length = Int(sectorByteCount)
        if bytes.count >= length {
            let checksum: UInt32 = try bytes.littleEndian(at: 224, field: "sb_crc")
            var covered = try bytes.bytes(length, at: 0, field: "superblock")
            for index in 224..<228 { covered[index] = 0 }
            isChecksumValid = ~FileSystemChecksum.crc32c(covered) == checksum
        } else {
            isChecksumValid = nil
        }
    }
}
