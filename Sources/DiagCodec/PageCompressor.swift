internal import CZlib
internal import CZstd

/// Compresses page after page with one state: for one thread.
///
/// No memory is taken after it was made: zstd takes its own with the first page, so that is
/// compressed at once.
@safe public final class PageCompressor {
    private let zstd: OpaquePointer?
    private let zlib: UnsafeMutablePointer<z_stream>?
    /// The bytes that a page of this size may need at most while it is compressed.
    public let roomByteCount: Int
    /// Bytes of memory of its state.
    public let memoryByteCount: Int

    /// zstd's first level without Huffman codes: of pages of 4 KiB of a kernel, level 1 takes 1.4
    /// times as long (1.8 in an emulated guest) and makes them a seventh smaller (zstd 1.5.4).
    private static let zstdLevel: CInt = -1

    /// A compressor with zstd level -1 or zlib level 1 for pages of `pageByteCount` bytes.
    public init(_ method: PageCompression, pageByteCount: Int) throws(PageCodecError) {
        switch method {
        case .zstd:
            guard let context = unsafe ZSTD_createCCtx() else {
                throw PageCodecError("zstd: out of memory")
            }
            _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.zstdLevel)
            _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
            let roomByteCount = ZSTD_compressBound(pageByteCount)
            let page = [UInt8](repeating: 0x5A, count: pageByteCount)
            var room = [UInt8](repeating: 0, count: roomByteCount)
            let count = unsafe page.withUnsafeBytes { page in
                unsafe room.withUnsafeMutableBytes { room in
                    unsafe ZSTD_compress2(
                        context, room.baseAddress, room.count, page.baseAddress, page.count)
                }
            }
            guard ZSTD_isError(count) == 0 else {
                _ = unsafe ZSTD_freeCCtx(context)
                throw PageCodecError("zstd: out of memory")
            }
            unsafe zstd = context
            unsafe zlib = nil
            self.roomByteCount = roomByteCount
            memoryByteCount = unsafe ZSTD_sizeof_CCtx(context)
        case .zlib:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: z_stream())
            // A window as large as the page, and a small hash table: resetting the state costs a
            // fourth of the time with zlib's defaults. A page's symbols still fit one block.
            let exponent = min(15, max(9, pageByteCount.trailingZeroBitCount))
            let level = min(8, max(6, exponent - 5))
            // Source: zconf.h, "The memory requirements for deflate".
            memoryByteCount = 1 << (exponent + 2) + 1 << (level + 9)
            let status = unsafe deflateInit2_(
                stream, 1, Z_DEFLATED, CInt(exponent), CInt(level),
                Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
            guard status == Z_OK else {
                unsafe stream.deallocate()
                throw PageCodecError("zlib: status \(status)")
            }
            unsafe zlib = stream
            unsafe zstd = nil
            roomByteCount = unsafe Int(deflateBound(stream, UInt(pageByteCount)))
        case .lzo, .snappy:
            throw PageCodecError("pages are not compressed with \(method)")
        }
    }

    deinit {
        if let zstd = unsafe zstd { _ = unsafe ZSTD_freeCCtx(zstd) }
        if let zlib = unsafe zlib {
            _ = unsafe deflateEnd(zlib)
            unsafe zlib.deallocate()
        }
    }

    /// Compresses `page` into the start of `room`.
    ///
    /// - Returns: how many bytes it took; 0 when it did not get smaller than the page, or there was
    ///   no room: then the page is to be stored as it is.
    public func compress(
        _ page: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) -> Int {
        if let context = unsafe zstd {
            let count = unsafe ZSTD_compress2(
                context, room.baseAddress, room.count, page.baseAddress, page.count)
            return ZSTD_isError(count) == 0 && count < page.count ? count : 0
        }
        guard let stream = unsafe zlib, unsafe deflateReset(stream) == Z_OK else { return 0 }
        // zlib does not write to its input; the type is from before const.
        unsafe stream.pointee.next_in = UnsafeMutablePointer(
            mutating: page.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe stream.pointee.avail_in = UInt32(truncatingIfNeeded: page.count)
        unsafe stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.pointee.avail_out = UInt32(clamping: room.count)
        guard unsafe deflate(stream, Z_FINISH) == Z_STREAM_END else { return 0 }
        let count = unsafe Int(stream.pointee.total_out)
        return count < page.count ? count : 0
    }
}
