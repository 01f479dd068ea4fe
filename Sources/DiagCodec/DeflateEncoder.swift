internal import CZlib

/// Makes deflate streams in parts that stand for themselves: for one thread.
///
/// No part refers to bytes of another, so parts of one stream can be made side by side, in any
/// order and by several encoders; one after the other they are one stream. Source: RFC 1951.
@safe public final class DeflateEncoder {
    private let stream: UnsafeMutablePointer<z_stream>

    /// Bytes of memory of its state. Source: zconf.h, "The memory requirements for deflate".
    public static let memoryByteCount = 1 << (15 + 2) + 1 << (8 + 9)

    /// An encoder of `level` 1, fast, to 9, strong.
    public init(level: Int) throws(BlockCodecError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe deflateInit2_(
            stream, CInt(min(max(level, 1), 9)), Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            unsafe stream.deallocate()
            throw BlockCodecError("start the deflate encoder", "zlib status \(status)")
        }
        unsafe self.stream = stream
    }

    deinit {
        _ = unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// One part of a stream, which ends at a whole byte; the stream ends with it when it `isLast`.
    ///
    /// - Throws: ``BlockCodecError`` when zlib cannot go on.
    public func encode(_ bytes: Span<UInt8>, isLast: Bool) throws(BlockCodecError) -> [UInt8] {
        guard unsafe deflateReset(stream) == Z_OK, bytes.count <= Int(UInt32.max) else {
            throw BlockCodecError("deflate", "zlib cannot begin")
        }
        // The end of a part that is not the last takes up to six bytes more.
        let room = unsafe Int(deflateBound(stream, UInt(bytes.count))) + 16
        var isWhole = false
        let made = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            unsafe bytes.withUnsafeBufferPointer { source in
                // zlib does not write to its input; the type is from before const.
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = buffer.baseAddress
                unsafe stream.pointee.avail_out = UInt32(clamping: room)
                let status = unsafe deflate(stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
                let rest = unsafe (stream.pointee.avail_in, stream.pointee.avail_out)
                isWhole = rest.0 == 0 && rest.1 > 0 && status == (isLast ? Z_STREAM_END : Z_OK)
            }
            count = unsafe room - Int(stream.pointee.avail_out)
        }
        guard isWhole else {
            throw BlockCodecError("deflate", "zlib gave no whole part")
        }
        return made
    }
}
