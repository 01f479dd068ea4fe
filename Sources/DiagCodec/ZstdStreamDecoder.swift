internal import CZstd

/// Takes the compression off one Zstandard frame.
@safe struct ZstdStreamDecoder: ~Copyable {
    /// The largest window that a frame may ask for: `zstd -19 --long=27`, as dracut may use it.
    static let windowExponent: CInt = 27

    private let handle: OpaquePointer
    private(set) var hasEnded = false

    private init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { _ = unsafe ZSTD_freeDCtx(handle) }

    /// A decoder at the start of a frame.
    static func start() throws(StreamDecompressor.Failure) -> ZstdStreamDecoder {
        guard let handle = unsafe ZSTD_createDCtx() else {
            throw .init(method: .zstd, reason: "out of memory")
        }
        let decoder = unsafe ZstdStreamDecoder(owning: handle)
        try check(unsafe ZSTD_DCtx_setParameter(handle, ZSTD_d_windowLogMax, windowExponent))
        return decoder
    }

    /// Decompresses until `input` is used up, `output` is full, or the frame ends.
    mutating func decode(
        _ input: Span<UInt8>, into output: inout [UInt8]
    ) throws(StreamDecompressor.Failure) -> (consumed: Int, produced: Int) {
        let (consumed, produced, result) = unsafe input.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var from = unsafe ZSTD_inBuffer(
                    src: UnsafeRawPointer(source.baseAddress), size: source.count, pos: 0)
                var to = unsafe ZSTD_outBuffer(
                    dst: UnsafeMutableRawPointer(target.baseAddress), size: target.count, pos: 0)
                let result = unsafe ZSTD_decompressStream(handle, &to, &from)
                return unsafe (from.pos, to.pos, result)
            }
        }
        try Self.check(result)
        if result == 0 { hasEnded = true }
        return (consumed, produced)
    }

    private static func check(_ result: Int) throws(StreamDecompressor.Failure) {
        guard ZSTD_isError(result) != 0 else { return }
        throw .init(method: .zstd, reason: unsafe String(cString: ZSTD_getErrorName(result)))
    }
}
