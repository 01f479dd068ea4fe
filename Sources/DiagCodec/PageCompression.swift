/// How single pages of memory are compressed: each for itself, so that each can be read alone.
public enum PageCompression: Hashable, Sendable, CaseIterable {
    /// One Zstandard frame. Source: RFC 8878.
    case zstd
    /// One zlib stream. Source: RFC 1950.
    case zlib
    /// One LZO1X block. Only decompressed here: older dumps have it.
    case lzo
    /// One snappy block. Only decompressed here.
    case snappy
}

/// A page that could not be compressed or decompressed.
public struct PageCodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// What is wrong.
    public init(_ description: String) { self.description = description }
}
