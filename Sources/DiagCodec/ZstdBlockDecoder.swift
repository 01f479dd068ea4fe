internal import CZstd

/// Decodes zstd frames. Source: RFC 8878, section 3.1.1.
@safe final class ZstdBlockDecoder: BlockDecoderEngine {
    /// `ZSTD_FRAMEHEADERSIZE_MAX`: more is never needed to know the content size.
    private static let headerByteCount = 18

    private let context: OpaquePointer
    private var hasEnded = false

    init() throws(BlockCodecError) {
        guard let context = unsafe ZSTD_createDCtx() else {
            throw BlockCodecError("start the zstd decoder", "out of memory")
        }
        unsafe self.context = context
        let exponent = CInt(BlockDecoder.largestDictionaryByteCount.trailingZeroBitCount)
        let result = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, exponent)
        guard ZSTD_isError(result) == 0 else {
            throw BlockCodecError("start the zstd decoder", zstd: result)
        }
    }

    deinit { _ = unsafe ZSTD_freeDCtx(context) }

    func start(_ claim: BlockTable.Block, _ input: inout BlockInput) throws {
        hasEnded = false
        _ = unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        try input.fill()
        let header = input.prefix(Self.headerByteCount)
        guard header.count >= 4, header.littleEndian32(at: 0) == ZstdSeekTableReader.zstdMagic
        else { throw input.error(.damaged, "no frame begins where it is listed") }
        let own = unsafe ZSTD_getFrameContentSize(header, header.count)
        // Minus one: the header does not say; minus two: it is damaged or cut.
        guard own != UInt64.max - 1 else { throw input.error(.damaged, "its header is damaged") }
        guard own == UInt64.max || own == UInt64(claim.uncompressedByteCount) else {
            throw input.error(
                .damaged,
                "its header says \(own) bytes, and the seek table "
                    + "\(claim.uncompressedByteCount)")
        }
    }

    func decode(
        _ input: inout BlockInput, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws -> Int {
        var made = 0
        while made < target.count, !hasEnded {
            try input.fill()
            let rest = unsafe UnsafeMutableBufferPointer(rebasing: target[made...])
            let (result, isStuck, count) = input.use { bytes in
                unsafe bytes.withUnsafeBufferPointer { source in
                    var from = unsafe ZSTD_inBuffer(
                        src: UnsafeRawPointer(source.baseAddress), size: source.count, pos: 0)
                    var to = unsafe ZSTD_outBuffer(
                        dst: UnsafeMutableRawPointer(rest.baseAddress), size: rest.count, pos: 0)
                    let result = unsafe ZSTD_decompressStream(context, &to, &from)
                    let isStuck = unsafe from.pos == 0 && to.pos == 0
                    return unsafe ((result, isStuck, to.pos), used: from.pos)
                }
            }
            made += count
            guard ZSTD_isError(result) == 0 else { throw Self.failure(result, input) }
            if result == 0 {
                hasEnded = true
            } else if isStuck {
                throw input.error(.damaged, "its frame has no end where the block ends")
            }
        }
        return made
    }

    private static func failure(_ result: Int, _ input: BlockInput) -> BlockFormatError {
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_frameParameter_windowTooLarge:
            input.error(
                .tooLarge,
                "it needs a window of more than \(BlockDecoder.largestDictionaryByteCount) bytes")
        case ZSTD_error_memory_allocation: input.error(.tooLarge, "out of memory")
        default: input.error(.damaged, unsafe String(cString: ZSTD_getErrorName(result)))
        }
    }
}
