/// How a part of an initramfs is compressed, told by its first bytes.
///
/// Source: Linux 6.12, lib/decompress.c `compressed_formats`; lz4 `doc/lz4_Frame_format.md`.
public enum InitramfsCompression: String, Codable, Hashable, Sendable, CaseIterable {
    /// RFC 1952.
    case gzip
    /// The .xz File Format.
    case xz
    /// The older form of LZMA, `.lzma`.
    case lzma
    /// RFC 8878.
    case zstd
    /// The legacy frame, as `lz4 -l` writes it; the kernel reads no other.
    case lz4
    /// bzip2, which this program does not decompress.
    case bzip2
    /// lzop, which this program does not decompress.
    case lzo

    /// The compression of what begins with `bytes`; `nil` for something else. Six are enough.
    public init?(of bytes: Span<UInt8>) {
        func starts(_ magic: [UInt8]) -> Bool {
            guard bytes.count >= magic.count else { return false }
            for (index, byte) in magic.enumerated() where bytes[index] != byte { return false }
            return true
        }
        if starts([0x1F, 0x8B]) || starts([0x1F, 0x9E]) {
            self = .gzip
        } else if starts([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) {
            self = .xz
        } else if starts([0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstd
        } else if starts([0x02, 0x21, 0x4C, 0x18]) {
            self = .lz4
        } else if starts([0x5D, 0, 0]) {
            self = .lzma
        } else if starts([0x42, 0x5A, 0x68]) {
            self = .bzip2
        } else if starts([0x89, 0x4C, 0x5A]) {
            self = .lzo
        } else {
            return nil
        }
    }
}
