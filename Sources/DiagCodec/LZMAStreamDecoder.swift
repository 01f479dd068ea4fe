internal import CLzma

/// Takes the compression off an `.xz` or `.lzma` file, in bounded memory whatever the file asks for.
///
/// Source: The .xz File Format 1.2.1; lzma-file-format.txt of XZ Utils 5.4 for the older one.
@safe public struct LZMAStreamDecoder: ~Copyable {
    /// How the file is laid out.
    public enum Format: Hashable, Sendable {
        /// One `.xz` stream or several, with padding between and behind them.
        case xz
        /// One `.lzma` stream, which has neither checks nor an index.
        case lzma
    }

    /// What stopped the decoder.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What liblzma said, in words.
        public let description: String
        /// Whether the file may be sound, but asks for more memory than is given.
        public let isAboutMemory: Bool
    }

    /// Bytes of memory that a file may ask for: preset 9, the largest, takes 65 MiB.
    public static let memoryByteLimit: UInt64 = 128 << 20

    /// `LZMA_CONCATENATED` of lzma/container.h, a macro that Swift does not see.
    private static let concatenated: UInt32 = 0x08

    private let stream: UnsafeMutablePointer<lzma_stream>
    /// Whether the proper end of the stream was met.
    public private(set) var hasEnded = false
    /// How many compressed bytes were used.
    public var consumedByteCount: Int64 { Int64(clamping: unsafe stream.pointee.total_in) }

    private init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
    }

    /// The format of a file that begins so; `nil` for another one. Thirteen bytes are enough.
    public static func format(of bytes: [UInt8]) -> Format? {
        if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) { return .xz }
        // The format has no magic number. Properties and dictionary size are what every encoder
        // writes, and the uncompressed size is unknown or below 256 GiB.
        guard bytes.count >= 13, bytes[0] == 0x5D || bytes[0] == 0x5E,
            bytes[1] == 0, bytes[2] == 0 || bytes[2] & (bytes[2] - 1) == 0,
            bytes[2] != 0 || bytes[3] != 0 || bytes[4] != 0
        else { return nil }
        let isUnknown = bytes[5..<13].allSatisfy { $0 == 0xFF }
        return isUnknown || bytes[10..<13].allSatisfy { $0 == 0 } ? .lzma : nil
    }

    /// A decoder at the start of a file.
    public static func start(_ format: Format) throws(Failure) -> LZMAStreamDecoder {
        let decoder = LZMAStreamDecoder()
        let status =
            switch format {
            case .xz:
                unsafe lzma_stream_decoder(
                    decoder.stream, memoryByteLimit, concatenated)
            case .lzma: unsafe lzma_alone_decoder(decoder.stream, memoryByteLimit)
            }
        guard status == LZMA_OK else { throw failure(status) }
        return decoder
    }

    /// Decompresses until `input` is used up, `output` is full, or the stream ends.
    ///
    /// `isLast` says that nothing comes behind `input`.
    ///
    /// - Returns: how many bytes of `input` were used, and of `output` written. Nothing of either
    ///   with `isLast` means the end.
    /// - Throws: ``Failure`` for damage, a stream that is cut, or one that asks for more memory
    ///   than ``memoryByteLimit``. What was written before is lost then.
    public mutating func decode(
        _ input: Span<UInt8>, isLast: Bool, into output: inout [UInt8]
    ) throws(Failure) -> (consumed: Int, produced: Int) {
        guard !hasEnded else { return (0, 0) }
        let (status, left, room) = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = source.count
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = target.count
                var status = LZMA_OK
                while unsafe status == LZMA_OK && stream.pointee.avail_out > 0
                    && (stream.pointee.avail_in > 0 || isLast)
                {
                    // With LZMA_FINISH the second call without progress is LZMA_BUF_ERROR.
                    status = unsafe lzma_code(stream, isLast ? LZMA_FINISH : LZMA_RUN)
                }
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
                return unsafe (status, stream.pointee.avail_in, stream.pointee.avail_out)
            }
        }
        if status == LZMA_STREAM_END { hasEnded = true }
        guard status == LZMA_OK || status == LZMA_STREAM_END else { throw Self.failure(status) }
        return (input.count - left, output.count - room)
    }

    private static func failure(_ status: lzma_ret) -> Failure {
        let reason =
            switch status {
            case LZMA_MEM_ERROR: "out of memory"
            case LZMA_MEMLIMIT_ERROR: "needs a larger dictionary than is given"
            case LZMA_FORMAT_ERROR: "something else than xz or lzma data stands here"
            case LZMA_OPTIONS_ERROR: "unsupported options"
            case LZMA_DATA_ERROR: "the compressed data is damaged"
            case LZMA_BUF_ERROR: "the compressed data ends too early"
            default: "liblzma status \(status.rawValue)"
            }
        return Failure(
            description: reason,
            isAboutMemory: status == LZMA_MEMLIMIT_ERROR || status == LZMA_MEM_ERROR)
    }
}
