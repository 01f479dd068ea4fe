/// Decompresses one whole block that is held in memory, into bounded memory.
///
/// For blocks of a few megabytes at most, such as the fields of a journal file. Streams and
/// archives have their own readers.
public enum Decompression {
    /// How the block is compressed.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// One or more Zstandard frames. Source: RFC 8878.
        case zstd
        /// One `.xz` stream. Source: The .xz File Format 1.2.1.
        case xz
        /// One LZ4 block without a frame, whose decompressed size the caller knows.
        /// Source: lz4 `doc/lz4_Block_format.md`.
        case lz4Block
    }

    /// What a block held.
    public struct Output: Hashable, Sendable {
        /// The decompressed bytes, at most as many as were allowed.
        public let bytes: [UInt8]
        /// Whether these are all bytes that the block holds.
        public let isWhole: Bool
    }

    /// The largest window or dictionary that is given to a block, in bytes.
    static let largestWindowByteCount = 8 << 20

    /// Gives the first bytes that `block` stands for.
    ///
    /// - Parameters:
    ///   - block: the whole compressed block.
    ///   - method: how it is compressed.
    ///   - limit: how many bytes to give at most; memory of this size and one window is used.
    ///   - byteCount: how many bytes the block stands for; needed for ``Method/lz4Block`` and
    ///     not looked at otherwise.
    /// - Returns: at most `limit` bytes, and whether they are all.
    /// - Throws: when the block is damaged, ends too early, or needs a larger window than 8 MiB.
    public static func decompress(
        _ block: [UInt8], _ method: Method, limit: Int, byteCount: UInt64 = 0
    ) throws(DecompressionError) -> Output {
        let limit = max(0, limit)
        return switch method {
        case .zstd: try decompressZstd(block, limit: limit)
        case .xz: try decompressXz(block, limit: limit)
        case .lz4Block: try decompressLz4(block, limit: limit, byteCount: byteCount)
        }
    }
}

/// A block that could not be decompressed.
public struct DecompressionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// How it was said to be compressed.
    public let method: Decompression.Method
    /// What the library said.
    public let reason: String

    /// For example `zstd: Data corruption detected`.
    public var description: String { "\(method.rawValue): \(reason)" }
}
