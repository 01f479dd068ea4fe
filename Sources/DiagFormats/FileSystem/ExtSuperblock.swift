public import DiagModel

/// The superblock of ext2, ext3 or ext4: what `dumpe2fs -h` shows.
///
/// Source: Linux 6.12, fs/ext4/ext4.h (`struct ext4_super_block`), little-endian. The salt for
/// encryption passwords is not taken.
public struct ExtSuperblock: Codable, Hashable, Sendable {
    /// Where to read.
    public static let region = (offset: UInt64(1024), count: 1024)

    /// An error that the kernel recorded.
    public struct RecordedError: Codable, Hashable, Sendable {
        /// When it happened.
        public let time: Timestamp?
        /// The kernel's function that noticed it.
        public let function: String
        /// The line in the kernel's source.
        public let line: UInt32
        /// The inode it concerns; 0 for none.
        public let inode: UInt32
        /// The block it concerns; 0 for none.
        public let block: UInt64
        /// The kernel's code of the cause, as ext4.h numbers them (2 is EIO, 3 ENOMEM, 4
        /// EFSBADCRC, 5 EFSCORRUPTED); 0 for unknown.
        public let code: UInt8
    }

    /// `ext2`, `ext3`, `ext4`, or `jbd` for a journal on a device of its own, as blkid(8) says.
    public let type: String
    /// Revision and its minor number, as blkid(8) gives `VERSION`: `1.0`.
    public let version: String
    /// The UUID; `nil` when it is zero.
    public let uuid: String?
    /// The label; `nil` when it is empty.
    public let label: String?
    /// Where it was mounted last; `nil` when that is empty.
    public let lastMountedOn: String?
    /// The feature words, by the names of e2fsprogs, in their order.
    public let features: [String]
    /// `clean`, `not clean`, each perhaps `with errors`: the words of dumpe2fs(8).
    public let state: String
    /// What the kernel does after an error: `continue`, `remount-ro`, `panic`.
    public let errorsBehavior: String
    /// Inodes, used and free.
    public let inodeCount: UInt32
    /// Blocks, used and free.
    public let blockCount: UInt64
    /// Blocks that are kept for root.
    public let reservedBlockCount: UInt64
    /// Free blocks, as the superblock says; a mounted file system writes that late.
    public let freeBlockCount: UInt64
    /// Free inodes, likewise.
    public let freeInodeCount: UInt32
    /// Bytes of a block.
    public let blockByteCount: UInt32
    /// Blocks of a group.
    public let blocksPerGroup: UInt32
    /// Bytes of an inode.
    public let inodeByteCount: UInt16
    /// When it was made.
    public let created: Timestamp?
    /// When it was mounted last.
    public let lastMounted: Timestamp?
    /// When it was written last.
    public let lastWritten: Timestamp?
    /// When it was checked last.
    public let lastChecked: Timestamp?
    /// Seconds between checks; 0 for never.
    public let checkIntervalSeconds: UInt32
    /// How often it was mounted since the last check.
    public let mountCount: UInt16
    /// After how many mounts it is checked; -1 for never.
    public let maximumMountCount: Int16
    /// KiB written since it was made.
    public let lifetimeWriteKibibytes: UInt64
    /// How many errors the kernel recorded since the last check.
    public let errorCount: UInt32
    /// The first of these errors.
    public let firstError: RecordedError?
    /// The last of these errors.
    public let lastError: RecordedError?
    /// The inode of its journal; 0 for none.
    public let journalInode: UInt32
    /// The UUID of the device with its journal, where it is not inside.
    public let journalUUID: String?
    /// `crc32c` where the superblock has a checksum.
    public let checksumType: String?
    /// Whether that checksum is right; `nil` without one.
    public let isChecksumValid: Bool?

    /// Its size in bytes.
    public var byteCount: UInt64 {
        let (bytes, overflows) = blockCount.multipliedReportingOverflow(by: UInt64(blockByteCount))
        return overflows ? .max : bytes
    }

    /// Reads the 1024 bytes of a superblock.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        func u16(_ at: Int, _ field: String) throws(FormatError) -> UInt16 {
            try bytes.littleEndian(at: at, field: field)
        }
        func u32(_ at: Int, _ field: String) throws(FormatError) -> UInt32 {
            try bytes.littleEndian(at: at, field: field)
        }
        func u8(_ at: Int, _ field: String) throws(FormatError) -> UInt8 {
            try bytes.littleEndian(at: at, field: field)
        }
        let magic = try u16(0x38, "s_magic")
        guard magic == 0xEF53 else {
            throw .invalid(field: "s_magic", offset: 0x38, value: UInt64(magic))
        }
        try bytes.check(1024, at: 0, field: "superblock")
        let shift = try u32(0x18, "s_log_block_size")
        guard shift <= 6 else {
            throw .invalid(field: "s_log_block_size", offset: 0x18, value: UInt64(shift))
        }
        blockByteCount = 1024 << shift
        let revision = try u32(0x4C, "s_rev_level")
        version = "\(revision).\(try u16(0x3E, "s_minor_rev_level"))"
        let isDynamic = revision > 0
        let compatible = isDynamic ? try u32(0x5C, "s_feature_compat") : 0
        let incompatible = isDynamic ? try u32(0x60, "s_feature_incompat") : 0
        let readOnly = isDynamic ? try u32(0x64, "s_feature_ro_compat") : 0
        type = ExtFeatures.type(
            compatible: compatible, incompatible: incompatible, readOnly: readOnly,
            flags: try u32(0x160, "s_flags"))
        features = ExtFeatures.names(
            compatible: compatible, incompatible: incompatible, readOnly: readOnly)
        let is64Bit = incompatible & 0x80 != 0
        func wide(_ low: Int, _ high: Int, _ field: String) throws(FormatError) -> UInt64 {
            UInt64(try u32(low, field)) | (is64Bit ? UInt64(try u32(high, field)) << 32 : 0)
        }
        func time(_ at: Int, _ high: Int, _ field: String) throws(FormatError) -> Timestamp? {
            LVMVolumeGroup.time(
                FileSystemText.seconds(try u32(at, field), high: try u8(high, field)))
        }
        func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
        uuid = FileSystemText.uuid(try bytes.bytes(16, at: 0x68, field: "s_uuid"))
        label = nonEmpty(try bytes.text(16, at: 0x78, field: "s_volume_name"))
        lastMountedOn = nonEmpty(try bytes.text(64, at: 0x88, field: "s_last_mounted"))
        let stateBits = try u16(0x3A, "s_state")
        state =
            (stateBits & 1 != 0 ? "clean" : "not clean")
            + (stateBits & 2 != 0 ? " with errors" : "")
        errorsBehavior =
            switch try u16(0x3C, "s_errors") {
            case 1: "continue"
            case 2: "remount-ro"
            case 3: "panic"
            default: "unknown"
            }
        inodeCount = try u32(0, "s_inodes_count")
        blockCount = try wide(4, 0x150, "s_blocks_count")
        reservedBlockCount = try wide(8, 0x154, "s_r_blocks_count")
        freeBlockCount = try wide(0xC, 0x158, "s_free_blocks_count")
        freeInodeCount = try u32(0x10, "s_free_inodes_count")
        blocksPerGroup = try u32(0x20, "s_blocks_per_group")
        inodeByteCount = isDynamic ? try u16(0x58, "s_inode_size") : 128
        lastMounted = try time(0x2C, 0x275, "s_mtime")
        lastWritten = try time(0x30, 0x274, "s_wtime")
        lastChecked = try time(0x40, 0x277, "s_lastcheck")
        created = try time(0x108, 0x276, "s_mkfs_time")
        checkIntervalSeconds = try u32(0x44, "s_checkinterval")
        mountCount = try u16(0x34, "s_mnt_count")
        maximumMountCount = Int16(bitPattern: try u16(0x36, "s_max_mnt_count"))
        lifetimeWriteKibibytes = try bytes.littleEndian(at: 0x178, field: "s_kbytes_written")
        journalInode = try u32(0xE0, "s_journal_inum")
        journalUUID =
            journalInode == 0
            ? FileSystemText.uuid(try bytes.bytes(16, at: 0xD0, field: "s_journal_uuid")) : nil
        errorCount = try u32(0x194, "s_error_count")
        if errorCount > 0 {
            firstError = RecordedError(
                time: try time(0x198, 0x278, "s_first_error_time"),
                function: try bytes.text(32, at: 0x1A8, field: "s_first_error_func"),
                line: try u32(0x1C8, "s_first_error_line"),
                inode: try u32(0x19C, "s_first_error_ino"),
                block: try bytes.littleEndian(at: 0x1A0, field: "s_first_error_block"),
                code: try u8(0x27A, "s_first_error_errcode"))
            lastError = RecordedError(
                time: try time(0x1CC, 0x279, "s_last_error_time"),
                function: try bytes.text(32, at: 0x1E0, field: "s_last_error_func"),
                line: try u32(0x1D4, "s_last_error_line"),
                inode: try u32(0x1D0, "s_last_error_ino"),
                block: try bytes.littleEndian(at: 0x1D8, field: "s_last_error_block"),
                code: try u8(0x27B, "s_last_error_errcode"))
        } else {
            firstError = nil
            lastError = nil
        }
        if readOnly & 0x400 != 0 {
            let checksum = try u32(0x3FC, "s_checksum")
            checksumType = try u8(0x175, "s_checksum_type") == 1 ? "crc32c" : "unknown"
            isChecksumValid =
                FileSystemChecksum.crc32c(try bytes.bytes(0x3FC, at: 0, field: "superblock"))
                == checksum
        } else {
            checksumType = nil
            isChecksumValid = nil
        }
    }
}

/// The feature words of ext2, ext3 and ext4.
///
/// Source: e2fsprogs 1.47, lib/e2p/feature.c for the names; libblkid of util-linux 2.38,
/// superblocks/ext.c for the type.
enum ExtFeatures {
    static func names(compatible: UInt32, incompatible: UInt32, readOnly: UInt32) -> [String] {
        FileSystemText.names(
            of: UInt64(compatible),
            [
                0: "dir_prealloc", 1: "imagic_inodes", 2: "has_journal", 3: "ext_attr",
                4: "resize_inode", 5: "dir_index", 6: "lazy_bg", 8: "snapshot_bitmap",
                9: "sparse_super2", 10: "fast_commit", 11: "stable_inodes", 12: "orphan_file",
            ], unknown: "FEATURE_C")
            + FileSystemText.names(
                of: UInt64(incompatible),
                [
                    0: "compression", 1: "filetype", 2: "needs_recovery", 3: "journal_dev",
                    4: "meta_bg", 6: "extent", 7: "64bit", 8: "mmp", 9: "flex_bg",
                    10: "ea_inode", 12: "dirdata", 13: "metadata_csum_seed", 14: "large_dir",
                    15: "inline_data", 16: "encrypt", 17: "casefold",
                ], unknown: "FEATURE_I")
            + FileSystemText.names(
                of: UInt64(readOnly),
                [
                    0: "sparse_super", 1: "large_file", 3: "huge_file", 4: "uninit_bg",
                    5: "dir_nlink", 6: "extra_isize", 7: "snapshot", 8: "quota", 9: "bigalloc",
                    10: "metadata_csum", 11: "replica", 12: "read-only", 13: "project",
                    14: "shared_blocks", 15: "verity", 16: "orphan_present",
                ], unknown: "FEATURE_R")
    }

    static func type(
        compatible: UInt32, incompatible: UInt32, readOnly: UInt32, flags: UInt32
    ) -> String {
        if incompatible & 0x8 != 0 { return "jbd" }
        // What ext3 knows: sparse_super, large_file, btree_dir; filetype, recover, meta_bg.
        if readOnly & ~0x7 != 0 || incompatible & ~0x16 != 0 {
            return flags & 0x4 != 0 ? "ext4dev" : "ext4"
        }
        return compatible & 0x4 != 0 ? "ext3" : "ext2"
    }
}
