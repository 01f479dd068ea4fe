internal import DiagModel

/// What the superblocks of the smaller formats say of themselves.
///
/// Each function takes the bytes that ``regions`` names and gives `nil` when they are of another
/// format, or cut short. Sources are with each.
public enum SmallSuperblocks {
    /// Where each format is to be read.
    public static let regions: [String: (offset: UInt64, count: Int)] = [
        "squashfs": (0, 96), "erofs": (1024, 128), "f2fs": (1024, 2048),
        "nilfs2": (1024, 1024), "jfs": (32768, 184), "reiserfs": (65536, 204),
        "bcachefs": (4096, 256), "iso9660": (32768, 16384),
    ]

    /// The file system of the type `type` in `bytes`.
    public static func parse(_ type: String, _ bytes: Span<UInt8>) -> FileSystemMetadata? {
        do throws(FormatError) {
            switch type {
            case "squashfs": return try squashfs(bytes)
            case "erofs": return try erofs(bytes)
            case "f2fs": return try f2fs(bytes)
            case "nilfs2": return try nilfs2(bytes)
            case "jfs": return try jfs(bytes)
            case "reiserfs": return try reiserfs(bytes)
            case "bcachefs": return try bcachefs(bytes)
            case "iso9660": return try iso9660(bytes)
            default: return nil
            }
        } catch {
            return nil
        }
    }

    /// Source: Linux 6.12, fs/squashfs/squashfs_fs.h.
    private static func squashfs(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        let magic: UInt32 = try bytes.littleEndian(at: 0, field: "s_magic")
        guard magic == 0x7371_7368 else { return nil }
        let major: UInt16 = try bytes.littleEndian(at: 28, field: "s_major")
        let minor: UInt16 = try bytes.littleEndian(at: 30, field: "s_minor")
        var file = FileSystemMetadata(type: "squashfs")
        file.version = "\(major).\(minor)"
        file.blockByteCount = try number(bytes, 12)
        file.byteCount = try bytes.littleEndian(at: 40, field: "bytes_used")
        file.created = LVMVolumeGroup.time(
            Int64(try bytes.littleEndian(UInt32.self, at: 8, field: "mkfs_time")))
        return file
    }

    /// Source: Linux 6.12, fs/erofs/erofs_fs.h.
    private static func erofs(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        guard try number(bytes, 0) == 0xE0F5_E1E2 else { return nil }
        let shift: UInt8 = try bytes.littleEndian(at: 12, field: "blkszbits")
        guard (9...16).contains(shift) else { return nil }
        var file = FileSystemMetadata(type: "erofs")
        file.blockByteCount = 1 << UInt64(shift)
        file.byteCount = try number(bytes, 36) << UInt64(shift)
        file.uuid = FileSystemText.uuid(try bytes.bytes(16, at: 48, field: "uuid"))
        file.label = nonEmpty(try bytes.text(16, at: 64, field: "volume_name"))
        return file
    }

    /// Source: Linux 6.12, include/linux/f2fs_fs.h.
    private static func f2fs(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        guard try number(bytes, 0) == 0xF2F5_2010 else { return nil }
        let major: UInt16 = try bytes.littleEndian(at: 4, field: "major_ver")
        let minor: UInt16 = try bytes.littleEndian(at: 6, field: "minor_ver")
        let shift = try number(bytes, 16)
        guard (9...16).contains(shift) else { return nil }
        var file = FileSystemMetadata(type: "f2fs")
        file.version = "\(major).\(minor)"
        file.blockByteCount = 1 << shift
        let blocks: UInt64 = try bytes.littleEndian(at: 36, field: "block_count")
        file.byteCount = product(blocks, 1 << shift)
        file.uuid = FileSystemText.uuid(try bytes.bytes(16, at: 108, field: "uuid"))
        file.label = nonEmpty(FileSystemText.utf16(bytes, at: 124, count: 512))
        return file
    }

    /// Source: Linux 6.12, include/uapi/linux/nilfs2_ondisk.h.
    private static func nilfs2(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        let magic: UInt16 = try bytes.littleEndian(at: 6, field: "s_magic")
        let shift = try number(bytes, 20)
        guard magic == 0x3434, shift <= 6 else { return nil }
        var file = FileSystemMetadata(type: "nilfs2")
        file.version = String(try number(bytes, 0))
        file.blockByteCount = 1024 << shift
        file.byteCount = try bytes.littleEndian(at: 32, field: "s_dev_size")
        let state: UInt16 = try bytes.littleEndian(at: 116, field: "s_state")
        file.state =
            (state & 1 != 0 ? "clean" : "not clean") + (state & 2 != 0 ? " with errors" : "")
        file.uuid = FileSystemText.uuid(try bytes.bytes(16, at: 152, field: "s_uuid"))
        file.label = nonEmpty(try bytes.text(80, at: 168, field: "s_volume_name"))
        return file
    }

    /// Source: Linux 6.12, fs/jfs/jfs_superblock.h.
    private static func jfs(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        guard try bytes.bytes(4, at: 0, field: "s_magic").elementsEqual("JFS1".utf8) else {
            return nil
        }
        var file = FileSystemMetadata(type: "jfs")
        file.blockByteCount = try number(bytes, 16)
        let blocks: UInt64 = try bytes.littleEndian(at: 8, field: "s_size")
        // In blocks of the device, whose size stands in s_pbsize.
        file.byteCount = product(blocks, try number(bytes, 24))
        file.state =
            switch try number(bytes, 40) {
            case 0: "clean"
            case 1: "mounted"
            case 2: "dirty"
            case 4: "log replay failed"
            default: "unknown"
            }
        file.uuid = FileSystemText.uuid(try bytes.bytes(16, at: 136, field: "s_uuid"))
        file.label = nonEmpty(try bytes.text(16, at: 152, field: "s_label"))
        return file
    }

    /// Source: Linux 6.12, fs/reiserfs/reiserfs.h.
    private static func reiserfs(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        let versions = ["ReIsErFs": "3.5", "ReIsEr2Fs": "3.6", "ReIsEr3Fs": "JR"]
        guard let version = versions[try bytes.text(10, at: 52, field: "s_magic")] else {
            return nil
        }
        var file = FileSystemMetadata(type: "reiserfs")
        file.version = version
        let size: UInt16 = try bytes.littleEndian(at: 44, field: "s_blocksize")
        file.blockByteCount = UInt64(size)
        file.byteCount = product(try number(bytes, 0), UInt64(size))
        let state: UInt16 = try bytes.littleEndian(at: 50, field: "s_umount_state")
        file.state = state == 1 ? "clean" : "not clean"
        if version != "3.5" {
            file.uuid = FileSystemText.uuid(try bytes.bytes(16, at: 84, field: "s_uuid"))
            file.label = nonEmpty(try bytes.text(16, at: 100, field: "s_label"))
        }
        return file
    }

    /// Source: Linux 6.12, fs/bcachefs/bcachefs_format.h (`struct bch_sb`).
    private static func bcachefs(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        let magic = FileSystemText.uuid(try bytes.bytes(16, at: 24, field: "magic"))
        guard
            magic == "c68573f6-66ce-90a9-d96a-60cf803df7ef"
                || magic == "c68573f6-4e1a-45ca-8265-f57f48ba6d81"
        else { return nil }
        var file = FileSystemMetadata(type: "bcachefs")
        file.version = String(try bytes.littleEndian(UInt16.self, at: 16, field: "version"))
        file.uuid = FileSystemText.uuid(try bytes.bytes(16, at: 56, field: "user_uuid"))
        file.label = nonEmpty(try bytes.text(32, at: 72, field: "label"))
        let sectors: UInt16 = try bytes.littleEndian(at: 120, field: "block_size")
        file.blockByteCount = UInt64(sectors) * 512
        return file
    }

    /// Source: ECMA-119, sections 8.4 and 8.5: volume descriptors from the 16th block on.
    private static func iso9660(_ bytes: Span<UInt8>) throws(FormatError) -> FileSystemMetadata? {
        var file: FileSystemMetadata?
        for at in stride(from: 0, through: bytes.count - 2048, by: 2048) {
            guard try bytes.bytes(5, at: at + 1, field: "identifier").elementsEqual("CD001".utf8)
            else { break }
            let type: UInt8 = try bytes.littleEndian(at: at, field: "descriptor type")
            if type == 255 { break }
            if type == 1, file == nil {
                var found = FileSystemMetadata(type: "iso9660")
                found.label = nonEmpty(try bytes.text(32, at: at + 40, field: "volume identifier"))
                let block: UInt16 = try bytes.littleEndian(at: at + 128, field: "block size")
                found.blockByteCount = UInt64(block)
                found.byteCount = product(try number(bytes, at + 80), UInt64(block))
                for place in [830, 813] where found.uuid == nil {
                    found.uuid = date(try bytes.bytes(17, at: at + place, field: "date"))
                }
                file = found
            } else if type == 2, file != nil {
                let escape = try bytes.bytes(3, at: at + 88, field: "escape sequences")
                if [0x40, 0x43, 0x45].contains(escape[2]), escape.starts(with: "%/".utf8) {
                    file?.version = "Joliet Extension"
                }
            }
        }
        return file
    }

    /// `YYYY-MM-DD-hh-mm-ss-cc`, as blkid(8) makes a UUID of a date; `nil` for a date of zeros.
    private static func date(_ bytes: [UInt8]) -> String? {
        let digits = bytes.prefix(16)
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.contains(where: { $0 != 0x30 })
        else { return nil }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<12, 12..<14, 14..<16]
            .map { String(decoding: bytes[$0], as: UTF8.self) }.joined(separator: "-")
    }

    private static func number(_ bytes: Span<UInt8>, _ at: Int) throws(FormatError) -> UInt64 {
        UInt64(try bytes.littleEndian(UInt32.self, at: at, field: "superblock"))
    }

    private static func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (product, overflows) = left.multipliedReportingOverflow(by: right)
        return overflows ? .max : product
    }

    private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}
