internal import CZstd

/// Makes zstd frames with content size and checksum. Source: RFC 8878, section 3.1.1.
@safe final class ZstdBlockEncoder: BlockEncoderEngine {
    private let context: OpaquePointer
    private let room: UnsafeMutableBufferPointer<UInt8>
    private let level: CInt
    /// The level at which libzstd looks for a match once in 128 KiB: what does not compress
    /// becomes raw blocks, and the checksum is made by the library.
    private let storingLevel = ZSTD_minCLevel()

    init(_ configuration: BlockConfiguration) throws(BlockCodecError) {
        guard let context = unsafe ZSTD_createCCtx() else {
            throw BlockCodecError("start the zstd encoder", "out of memory")
        }
        unsafe self.context = context
        level = CInt(configuration.level)
        unsafe room = .allocate(capacity: ZSTD_compressBound(configuration.blockByteCount))
        try set(ZSTD_c_checksumFlag, 1)
        try set(ZSTD_c_contentSizeFlag, 1)
        let exponent = Self.windowExponent(configuration)
        if exponent != 0 { try set(ZSTD_c_windowLog, CInt(exponent)) }
    }

    deinit {
        _ = unsafe ZSTD_freeCCtx(context)
        unsafe room.deallocate()
    }

    func compress(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock {
        try set(ZSTD_c_compressionLevel, level)
        let count = unsafe encode(bytes, into: room)
        guard ZSTD_isError(count) == 0 else {
            throw BlockCodecError("compress a zstd frame", zstd: count)
        }
        let frame = unsafe Array(UnsafeBufferPointer(rebasing: room[..<count]))
        return CompressedBlock(
            bytes: frame, uncompressedByteCount: bytes.count, listedByteCount: count,
            isStored: count >= bytes.count)
    }

    func store(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock {
        try set(ZSTD_c_compressionLevel, storingLevel)
        var result = 0
        let frame = unsafe [UInt8](
            unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)
        ) { target, count in
            result = unsafe encode(bytes, into: target)
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else {
            throw BlockCodecError("store a zstd frame", zstd: result)
        }
        return CompressedBlock(
            bytes: frame, uncompressedByteCount: bytes.count, listedByteCount: frame.count,
            isStored: true)
    }

    private func encode(
        _ bytes: Span<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        unsafe bytes.withUnsafeBufferPointer { input in
            unsafe ZSTD_compress2(
                context, target.baseAddress, target.count, input.baseAddress, input.count)
        }
    }

    private func set(_ parameter: ZSTD_cParameter, _ value: CInt) throws(BlockCodecError) {
        let result = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
        guard ZSTD_isError(result) == 0 else {
            throw BlockCodecError("set up the zstd encoder", zstd: result)
        }
    }

    /// The window as a power of two where it is to be smaller than the level's own; otherwise 0.
    ///
    /// A larger one than the level has would only cost memory.
    private static func windowExponent(_ configuration: BlockConfiguration) -> UInt32 {
        let own = diag_zstd_parameters(
            CInt(configuration.level), 0, configuration.blockByteCount)
        let wanted = Int.bitWidth - 1 - configuration.dictionaryByteCount.leadingZeroBitCount
        // An own window that is larger than a block covers all of it.
        guard configuration.dictionaryByteCount < configuration.blockByteCount,
            wanted < Int(own.windowLog)
        else { return 0 }
        return UInt32(wanted)
    }

    static func memoryByteCount(_ configuration: BlockConfiguration) -> Int {
        let blockByteCount = configuration.blockByteCount
        let context = diag_zstd_context_size(
            CInt(configuration.level), windowExponent(configuration), blockByteCount)
        return context + ZSTD_compressBound(blockByteCount)
    }
}
