internal import CZstd

/// A zstd decoder, freed with its owner.
@safe private struct ZstdDecoder: ~Copyable {
    private let handle: OpaquePointer

    private init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { _ = unsafe ZSTD_freeDCtx(handle) }

    static func make() throws(DecompressionError) -> ZstdDecoder {
        guard let handle = unsafe ZSTD_createDCtx() else {
            throw DecompressionError(method: .zstd, reason: "out of memory")
        }
        let decoder = unsafe ZstdDecoder(owning: handle)
        let exponent = Decompression.largestWindowByteCount.trailingZeroBitCount
        try check(
            unsafe ZSTD_DCtx_setParameter(handle, ZSTD_d_windowLogMax, CInt(exponent)))
        return decoder
    }

    /// Decodes until the block ends, `output` is full, or nothing moves.
    ///
    /// - Returns: the bytes written, and whether a frame's end was reached with all input used.
    func decode(
        _ block: [UInt8], into output: inout [UInt8]
    ) throws(DecompressionError) -> (count: Int, isAtEnd: Bool) {
        let (count, result, isAtEnd) = unsafe block.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                var input = unsafe ZSTD_inBuffer(
                    src: source.baseAddress, size: source.count, pos: 0)
                var written = unsafe ZSTD_outBuffer(
                    dst: target.baseAddress, size: target.count, pos: 0)
                while true {
                    let before = unsafe (input.pos, written.pos)
                    let result = unsafe ZSTD_decompressStream(handle, &written, &input)
                    if ZSTD_isError(result) != 0 { return unsafe (written.pos, result, false) }
                    let isAtEnd = unsafe result == 0 && input.pos == input.size
                    let isStuck = unsafe before == (input.pos, written.pos)
                    if unsafe isAtEnd || isStuck || written.pos == written.size {
                        return unsafe (written.pos, result, isAtEnd)
                    }
                }
            }
        }
        try Self.check(result)
        return (count, isAtEnd)
    }

    static func check(_ result: Int) throws(DecompressionError) {
        guard ZSTD_isError(result) != 0 else { return }
        throw DecompressionError(
            method: .zstd, reason: unsafe String(cString: ZSTD_getErrorName(result)))
    }
}

extension Decompression {
    static func decompressZstd(
        _ block: [UInt8], limit: Int
    ) throws(DecompressionError) -> Output {
        // The declared size is a hint: the frame may lie, and may have none.
        let declared = unsafe block.withUnsafeBytes {
            unsafe ZSTD_getFrameContentSize($0.baseAddress, $0.count)
        }
        if declared <= UInt64(limit) {
            // The whole frame at once needs no window beside the output.
            var output = [UInt8](repeating: 0, count: Int(declared))
            let result = unsafe block.withUnsafeBytes { source in
                unsafe output.withUnsafeMutableBytes { target in
                    unsafe ZSTD_decompress(
                        target.baseAddress, target.count, source.baseAddress, source.count)
                }
            }
            try ZstdDecoder.check(result)
            return Output(bytes: Array(output.prefix(result)), isWhole: true)
        }
        let decoder = try ZstdDecoder.make()
        // One byte more than allowed tells a block that just fits from a longer one.
        var output = [UInt8](repeating: 0, count: limit + 1)
        let (count, isAtEnd) = try decoder.decode(block, into: &output)
        guard count <= limit else {
            output.removeLast(count - limit)
            return Output(bytes: output, isWhole: false)
        }
        guard isAtEnd else {
            throw DecompressionError(method: .zstd, reason: "the block ends too early")
        }
        output.removeLast(output.count - count)
        return Output(bytes: output, isWhole: true)
    }
}
