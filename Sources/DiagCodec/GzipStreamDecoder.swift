internal import CZlib

/// Takes the compression off one gzip member. Source: RFC 1952, by zlib.
@safe struct GzipStreamDecoder: ~Copyable {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var hasEnded = false

    private init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
    }

    deinit {
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// A decoder at the start of a member.
    static func start() throws(StreamDecompressor.Failure) -> GzipStreamDecoder {
        let decoder = GzipStreamDecoder()
        let status = unsafe diag_inflate_gzip_init(decoder.stream)
        guard status == Z_OK else { throw failure(status, nil) }
        return decoder
    }

    /// Decompresses until `input` is used up, `output` is full, or the member ends.
    mutating func decode(
        _ input: Span<UInt8>, into output: inout [UInt8]
    ) throws(StreamDecompressor.Failure) -> (consumed: Int, produced: Int) {
        let limit = Int(UInt32.max)
        let (status, left, room, offered, space) = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                let offered = min(source.count, limit)
                let space = min(target.count, limit)
                // zlib does not write to its input; the type is from before const.
                unsafe stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(offered)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(space)
                let status = unsafe inflate(stream, Z_NO_FLUSH)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
                return unsafe (
                    status, Int(stream.pointee.avail_in), Int(stream.pointee.avail_out), offered,
                    space
                )
            }
        }
        if status == Z_STREAM_END { hasEnded = true }
        // Z_BUF_ERROR: nothing could move, which is no damage.
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
            throw Self.failure(status, unsafe stream.pointee.msg.map { unsafe String(cString: $0) })
        }
        return (offered - left, space - room)
    }

    private static func failure(
        _ status: CInt, _ message: String?
    ) -> StreamDecompressor.Failure {
        let reason =
            switch status {
            case Z_MEM_ERROR: "out of memory"
            case Z_NEED_DICT: "needs a dictionary"
            default: message ?? "zlib status \(status)"
            }
        return .init(method: .gzip, reason: reason)
    }
}
