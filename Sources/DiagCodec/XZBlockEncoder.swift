internal import CLzma

/// Makes xz blocks with one LZMA2 filter, CRC64, and both sizes in the header.
///
/// With the sizes in the header `xz -d -T0` and pixz decode the blocks side by side.
/// Source: The .xz File Format 1.2.1, section 3; lzma/block.h of liblzma 5.4, which says how room
/// for the sizes is kept before they are known.
@safe final class XZBlockEncoder: BlockEncoderEngine {
    /// `LZMA_FILTER_LZMA2` of lzma/lzma12.h, a macro that Swift does not see.
    private static let lzma2: lzma_vli = 0x21
    /// Bytes beside the data: the header (at most 32 with one filter), padding and CRC64.
    private static let frameByteCount = 64

    private let stream: UnsafeMutablePointer<lzma_stream>
    private let options: UnsafeMutablePointer<lzma_options_lzma>
    private let filters: UnsafeMutablePointer<lzma_filter>
    private let block: UnsafeMutablePointer<lzma_block>
    private let room: UnsafeMutableBufferPointer<UInt8>

    init(_ configuration: BlockConfiguration) throws(BlockCodecError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        unsafe options = .allocate(capacity: 1)
        unsafe options.initialize(to: lzma_options_lzma())
        unsafe filters = .allocate(capacity: 2)
        unsafe filters.initialize(to: lzma_filter(id: Self.lzma2, options: options))
        unsafe (filters + 1).initialize(to: lzma_filter(id: lzma_vli.max, options: nil))
        unsafe block = .allocate(capacity: 1)
        unsafe block.initialize(to: lzma_block())
        unsafe room = .allocate(capacity: configuration.blockByteCount + Self.frameByteCount)
        // lzma_lzma_preset() answers true when it does not know the preset.
        guard unsafe lzma_lzma_preset(options, UInt32(configuration.level)) == 0 else {
            throw BlockCodecError("start the xz encoder", xz: LZMA_OPTIONS_ERROR)
        }
        unsafe options.pointee.dict_size = UInt32(configuration.dictionaryByteCount)
        // What liblzma lacks and what memory lacks shows here, before the first block.
        prepareBlock(byteCount: 1)
        try start()
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
        unsafe options.deallocate()
        unsafe filters.deallocate()
        unsafe block.deallocate()
        unsafe room.deallocate()
    }

    func compress(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock {
        prepareBlock(byteCount: bytes.count)
        try start()
        let headerByteCount = unsafe Int(block.pointee.header_size)
        // Data that is not smaller than `bytes` finds no room or is seen below.
        let space = bytes.count + 11
        let (status, written) = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe stream.pointee.next_in = input.baseAddress
            unsafe stream.pointee.avail_in = input.count
            unsafe stream.pointee.next_out = room.baseAddress.map { unsafe $0 + headerByteCount }
            unsafe stream.pointee.avail_out = space
            var status = LZMA_OK
            while unsafe status == LZMA_OK && stream.pointee.avail_out > 0 {
                status = unsafe lzma_code(stream, LZMA_FINISH)
            }
            let written = unsafe space - stream.pointee.avail_out
            unsafe stream.pointee.next_in = nil
            unsafe stream.pointee.avail_in = 0
            unsafe stream.pointee.next_out = nil
            unsafe stream.pointee.avail_out = 0
            return (status, written)
        }
        guard status == LZMA_STREAM_END else {
            guard status == LZMA_OK else {
                throw BlockCodecError("compress an xz block", xz: status)
            }
            return try store(bytes)
        }
        guard unsafe block.pointee.compressed_size < lzma_vli(bytes.count) else {
            return try store(bytes)
        }
        let encoded = unsafe lzma_block_header_encode(block, room.baseAddress)
        guard encoded == LZMA_OK else {
            throw BlockCodecError("write an xz block's header", xz: encoded)
        }
        return unsafe CompressedBlock(
            bytes: Array(UnsafeBufferPointer(rebasing: room[..<(headerByteCount + written)])),
            uncompressedByteCount: bytes.count,
            listedByteCount: Int(lzma_block_unpadded_size(block)), isStored: false)
    }

    func store(_ bytes: Span<UInt8>) throws(BlockCodecError) -> CompressedBlock {
        prepareBlock(byteCount: bytes.count)
        var status = LZMA_OK
        let stored = unsafe bytes.withUnsafeBufferPointer { input in
            unsafe [UInt8](
                unsafeUninitializedCapacity: lzma_block_buffer_bound(input.count)
            ) { target, count in
                status = unsafe lzma_block_uncomp_encode(
                    block, input.baseAddress, input.count, target.baseAddress, &count,
                    target.count)
            }
        }
        guard status == LZMA_OK else { throw BlockCodecError("store an xz block", xz: status) }
        return unsafe CompressedBlock(
            bytes: stored, uncompressedByteCount: bytes.count,
            listedByteCount: Int(lzma_block_unpadded_size(block)), isStored: true)
    }

    /// Describes a block of `byteCount` bytes whose compressed size is not known yet.
    private func prepareBlock(byteCount: Int) {
        unsafe block.pointee = lzma_block()
        unsafe block.pointee.check = LZMA_CHECK_CRC64
        unsafe block.pointee.filters = filters
        // The largest that is accepted: so much room is kept for it in the header.
        unsafe block.pointee.compressed_size = lzma_vli(byteCount)
        unsafe block.pointee.uncompressed_size = lzma_vli(byteCount)
    }

    /// Makes the stream ready for the block; from the second time on with the memory it has.
    private func start() throws(BlockCodecError) {
        var status = unsafe lzma_block_header_size(block)
        if status == LZMA_OK { status = unsafe lzma_block_encoder(stream, block) }
        guard status == LZMA_OK else {
            throw BlockCodecError("start the xz encoder", xz: status)
        }
    }

    /// Bytes of the dictionary of a preset. Source: `xz --help`'s table, from liblzma itself.
    static func dictionaryByteCount(level: Int) -> Int {
        var options = unsafe lzma_options_lzma()
        let preset = UInt32(min(max(level, 0), 9))
        guard unsafe lzma_lzma_preset(&options, preset) == 0 else { return 1 << 20 }
        return unsafe Int(options.dict_size)
    }

    static func memoryByteCount(_ configuration: BlockConfiguration) -> Int {
        var options = unsafe lzma_options_lzma()
        _ = unsafe lzma_lzma_preset(&options, UInt32(configuration.level))
        unsafe options.dict_size = UInt32(configuration.dictionaryByteCount)
        let used = unsafe withUnsafeMutablePointer(to: &options) { options in
            let filters = unsafe [
                lzma_filter(id: lzma2, options: options),
                lzma_filter(id: lzma_vli.max, options: nil),
            ]
            return unsafe lzma_raw_encoder_memusage(filters)
        }
        let (sum, overflow) = Int(clamping: used).addingReportingOverflow(
            configuration.blockByteCount + frameByteCount)
        return overflow ? .max : sum
    }
}
