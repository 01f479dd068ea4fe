/// Takes the compression off a stream of any length, piece by piece, in bounded memory.
public final class StreamDecompressor {
    /// How the stream is compressed.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// One member of RFC 1952.
        case gzip
        /// One `.xz` stream or several.
        case xz
        /// One `.lzma` stream.
        case lzma
        /// One Zstandard frame of RFC 8878.
        case zstd
        /// The legacy frame of LZ4: blocks of at most 8 MiB.
        /// Source: lz4 `doc/lz4_Frame_format.md`, "Legacy frame".
        case lz4Legacy
    }

    /// A stream that could not be decompressed.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// How it was said to be compressed.
        public let method: Method
        /// What the library said.
        public let reason: String

        /// For example `gzip: invalid block type`.
        public var description: String { "\(method.rawValue): \(reason)" }
    }

    /// How the stream is compressed.
    public let method: Method
    /// Whether the end of the stream was met; what follows in the input is not part of it.
    public private(set) var hasEnded = false

    private var gzip: GzipStreamDecoder?
    private var lzma: LZMAStreamDecoder?
    private var zstd: ZstdStreamDecoder?
    private var lz4: LZ4LegacyDecoder?

    /// A decoder at the start of a stream.
    public init(_ method: Method) throws(Failure) {
        self.method = method
        switch method {
        case .gzip: gzip = try GzipStreamDecoder.start()
        case .zstd: zstd = try ZstdStreamDecoder.start()
        case .lz4Legacy: lz4 = LZ4LegacyDecoder()
        case .xz, .lzma:
            do throws(LZMAStreamDecoder.Failure) {
                lzma = try LZMAStreamDecoder.start(method == .xz ? .xz : .lzma)
            } catch {
                throw Failure(method: method, reason: error.description)
            }
        }
    }

    /// Decompresses until `input` is used up, `output` is full, or the stream ends.
    ///
    /// `isLast` says that nothing comes behind `input`.
    ///
    /// - Returns: how many bytes of `input` were used, and of `output` written. Nothing of either
    ///   with `isLast` and without ``hasEnded`` means that the stream is cut.
    public func decode(
        _ input: Span<UInt8>, isLast: Bool, into output: inout [UInt8]
    ) throws(Failure) -> (consumed: Int, produced: Int) {
        guard !hasEnded else { return (0, 0) }
        var result = (consumed: 0, produced: 0)
        switch method {
        case .gzip:
            result = try gzip?.decode(input, into: &output) ?? result
            hasEnded = gzip?.hasEnded ?? true
        case .zstd:
            result = try zstd?.decode(input, into: &output) ?? result
            hasEnded = zstd?.hasEnded ?? true
        case .lz4Legacy:
            result = try lz4?.decode(input, isLast: isLast, into: &output) ?? result
            hasEnded = lz4?.hasEnded ?? true
        case .xz, .lzma:
            do throws(LZMAStreamDecoder.Failure) {
                result = try lzma?.decode(input, isLast: isLast, into: &output) ?? result
            } catch {
                throw Failure(method: method, reason: error.description)
            }
            hasEnded = lzma?.hasEnded ?? true
        }
        return result
    }
}
