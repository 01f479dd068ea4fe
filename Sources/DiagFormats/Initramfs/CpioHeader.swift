/// The header of one member of a cpio archive in the "new ASCII" form.
///
/// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst: a magic of six
/// characters, 13 fields of eight hexadecimal digits, then the name and the content, each filled up
/// to a multiple of four bytes.
public struct CpioHeader: Codable, Hashable, Sendable {
    /// Bytes of every header.
    public static let byteCount = 110
    /// A longer name ends the archive; the kernel's limit is PATH_MAX.
    public static let nameByteLimit = 4096

    /// File type and permissions, as stat(2) has them.
    public let mode: UInt32
    /// How many names the file has.
    public let linkCount: UInt32
    /// When its content changed, in seconds since 1970.
    public let modifiedSeconds: UInt32
    /// Bytes of its content; for a symbolic link, of its target.
    public let fileByteCount: UInt32
    /// Bytes of its name with the zero byte at its end.
    public let nameByteCount: UInt32
    /// The number of the inode, which further names of one file share.
    public let inode: UInt32

    /// Reads a header from the first ``byteCount`` bytes.
    ///
    /// - Throws: ``FormatError`` for another magic than `070701` and `070702`, for what is no
    ///   hexadecimal digit, and for a name without bytes or too long.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        try bytes.check(Self.byteCount, at: 0, field: "cpio header")
        guard Self.isMagic(bytes) else {
            throw .invalid(field: "c_magic", offset: 0, value: UInt64(bytes[5]))
        }
        inode = try Self.field(0, "c_ino", bytes)
        mode = try Self.field(1, "c_mode", bytes)
        linkCount = try Self.field(4, "c_nlink", bytes)
        modifiedSeconds = try Self.field(5, "c_mtime", bytes)
        fileByteCount = try Self.field(6, "c_filesize", bytes)
        nameByteCount = try Self.field(11, "c_namesize", bytes)
        guard nameByteCount > 0, nameByteCount <= UInt32(Self.nameByteLimit) else {
            throw .invalid(field: "c_namesize", offset: 94, value: UInt64(nameByteCount))
        }
    }

    /// Whether a header may begin with these bytes.
    static func isMagic(_ bytes: Span<UInt8>) -> Bool {
        let magic: [UInt8] = [0x30, 0x37, 0x30, 0x37, 0x30]
        guard bytes.count >= 6 else { return false }
        for (index, byte) in magic.enumerated() where bytes[index] != byte { return false }
        return bytes[5] == 0x31 || bytes[5] == 0x32
    }

    private static func field(
        _ index: Int, _ name: String, _ bytes: Span<UInt8>
    ) throws(FormatError) -> UInt32 {
        var value: UInt32 = 0
        for at in (6 + index * 8)..<(14 + index * 8) {
            let byte = bytes[at]
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x37
            case 0x61...0x66: digit = byte - 0x57
            default: throw .invalid(field: name, offset: at, value: UInt64(byte))
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
