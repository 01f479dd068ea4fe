/// How the blocks of a bundle are compressed: each for itself, so that each can be read alone.
public enum BlockFormat: String, Hashable, Sendable, CaseIterable {
    /// Blocks of one xz stream. Source: The .xz File Format 1.2.1.
    case xz
    /// Zstandard frames with a seek table behind them. Source: RFC 8878; zstd
    /// `contrib/seekable_format/zstd_seekable_compression_format.md` 0.1.0.
    case zstd
    /// The bytes themselves.
    case none
}

/// What guards the bytes of a block against damage.
public enum BlockCheck: String, Hashable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// CRC32 of the uncompressed bytes.
    case crc32
    /// CRC64 of the uncompressed bytes.
    case crc64
    /// SHA-256 of the uncompressed bytes.
    case sha256
    /// What the header of the zstd frame says: XXH64, or nothing.
    case frame
}
