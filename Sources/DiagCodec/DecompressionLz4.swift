internal import CLz4

extension Decompression {
    static func decompressLz4(
        _ block: [UInt8], limit: Int, byteCount: UInt64
    ) throws(DecompressionError) -> Output {
        // LZ4 cannot make more than 255 bytes of one, so a larger size is a lie.
        let most = UInt64(block.count).multipliedReportingOverflow(by: 255)
        guard !most.overflow, byteCount <= most.partialValue else {
            throw DecompressionError(
                method: .lz4Block, reason: "\(block.count) bytes cannot stand for \(byteCount)")
        }
        guard let sourceCount = CInt(exactly: block.count),
            let wanted = CInt(exactly: min(UInt64(limit), byteCount))
        else { throw DecompressionError(method: .lz4Block, reason: "the block is too large") }
        let isWhole = byteCount <= UInt64(limit)
        var output = [UInt8](repeating: 0, count: Int(wanted))
        let result = unsafe block.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBytes { target in
                let from = unsafe source.baseAddress?.assumingMemoryBound(to: CChar.self)
                let to = unsafe target.baseAddress?.assumingMemoryBound(to: CChar.self)
                return if isWhole {
                    unsafe LZ4_decompress_safe(from, to, sourceCount, wanted)
                } else {
                    unsafe LZ4_decompress_safe_partial(from, to, sourceCount, wanted, wanted)
                }
            }
        }
        guard result >= 0 else {
            throw DecompressionError(method: .lz4Block, reason: "the data is damaged")
        }
        guard result == wanted else {
            throw DecompressionError(
                method: .lz4Block, reason: "gives \(result) bytes instead of \(wanted)")
        }
        return Output(bytes: output, isWhole: isWhole)
    }
}
