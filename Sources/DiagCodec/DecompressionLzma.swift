internal import CLzma

extension Decompression {
    static func decompressXz(_ block: [UInt8], limit: Int) throws(DecompressionError) -> Output {
        var stream = unsafe lzma_stream()
        // The decoder's own state comes on top of the dictionary.
        let memoryLimit = UInt64(largestWindowByteCount + (1 << 20))
        let status = unsafe lzma_stream_decoder(&stream, memoryLimit, 0)
        guard status == LZMA_OK else { throw lzmaError(status) }
        defer { unsafe lzma_end(&stream) }

        var output = [UInt8](repeating: 0, count: limit + 1)
        let (result, count) = unsafe block.withUnsafeBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = source.count
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = target.count
                var result = LZMA_OK
                // With LZMA_FINISH the second call without progress is LZMA_BUF_ERROR.
                while unsafe result == LZMA_OK && stream.avail_out > 0 {
                    result = unsafe lzma_code(&stream, LZMA_FINISH)
                }
                let count = unsafe target.count - stream.avail_out
                unsafe stream.next_in = nil
                unsafe stream.next_out = nil
                return (result, count)
            }
        }
        if count > limit {
            output.removeLast(count - limit)
            return Output(bytes: output, isWhole: false)
        }
        guard result == LZMA_STREAM_END else { throw lzmaError(result) }
        output.removeLast(output.count - count)
        return Output(bytes: output, isWhole: true)
    }

    private static func lzmaError(_ status: lzma_ret) -> DecompressionError {
        let reason =
            switch status {
            case LZMA_MEM_ERROR: "out of memory"
            case LZMA_MEMLIMIT_ERROR: "needs a larger dictionary than is given"
            case LZMA_FORMAT_ERROR: "not an xz stream"
            case LZMA_OPTIONS_ERROR: "unsupported options"
            case LZMA_DATA_ERROR: "the data is damaged"
            case LZMA_BUF_ERROR: "the block ends too early"
            default: "liblzma status \(status.rawValue)"
            }
        return DecompressionError(method: .xz, reason: reason)
    }
}
