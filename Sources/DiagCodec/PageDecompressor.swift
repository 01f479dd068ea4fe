internal import CZlib
internal import CZstd

/// Decompresses page after page with one state: for one thread. The bytes may be damaged.
@safe public final class PageDecompressor {
    private let zstd: OpaquePointer
    private let zlib: UnsafeMutablePointer<z_stream>

    /// A decompressor of all methods that there are.
    public init() throws(PageCodecError) {
        guard let context = unsafe ZSTD_createDCtx() else {
            throw PageCodecError("zstd: out of memory")
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit_(
            stream, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            unsafe stream.deallocate()
            _ = unsafe ZSTD_freeDCtx(context)
            throw PageCodecError("zlib: status \(status)")
        }
        unsafe zstd = context
        unsafe zlib = stream
    }

    deinit {
        _ = unsafe ZSTD_freeDCtx(zstd)
        _ = unsafe inflateEnd(zlib)
        unsafe zlib.deallocate()
    }

    /// Decompresses `bytes`, which stand for exactly as many bytes as `page` has.
    public func decompress(
        _ bytes: UnsafeRawBufferPointer, _ method: PageCompression,
        into page: UnsafeMutableRawBufferPointer
    ) throws(PageCodecError) {
        switch method {
        case .zstd:
            let count = unsafe ZSTD_decompressDCtx(
                zstd, page.baseAddress, page.count, bytes.baseAddress, bytes.count)
            guard ZSTD_isError(count) == 0 else {
                throw PageCodecError(
                    "zstd: \(unsafe String(cString: ZSTD_getErrorName(count)))")
            }
            try check(count, page.count, "zstd")
        case .zlib:
            guard unsafe inflateReset(zlib) == Z_OK else { throw PageCodecError("zlib: no state") }
            unsafe zlib.pointee.next_in = UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe zlib.pointee.avail_in = UInt32(clamping: bytes.count)
            unsafe zlib.pointee.next_out = page.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe zlib.pointee.avail_out = UInt32(clamping: page.count)
            let status = unsafe inflate(zlib, Z_FINISH)
            guard status == Z_STREAM_END else {
                throw PageCodecError("zlib: the data is damaged (status \(status))")
            }
            try unsafe check(Int(zlib.pointee.total_out), page.count, "zlib")
        case .lzo:
            try unsafe check(LZOBlock.decompress(bytes, into: page), page.count, "lzo")
        case .snappy:
            try unsafe check(SnappyBlock.decompress(bytes, into: page), page.count, "snappy")
        }
    }

    private func check(_ count: Int, _ expected: Int, _ name: String) throws(PageCodecError) {
        guard count == expected else {
            throw PageCodecError("\(name): gives \(count) bytes instead of \(expected)")
        }
    }
}
