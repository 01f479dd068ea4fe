internal import CLzma

/// Decodes xz blocks. Source: The .xz File Format 1.2.1, section 3; lzma/block.h of liblzma 5.4.
@safe final class XZBlockDecoder: BlockDecoderEngine {
    private static let filterCount = Int(LZMA_FILTERS_MAX) + 1

    private let stream: UnsafeMutablePointer<lzma_stream>
    private let filters: UnsafeMutablePointer<lzma_filter>
    private let block: UnsafeMutablePointer<lzma_block>
    private var hasEnded = false

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        unsafe filters = .allocate(capacity: Self.filterCount)
        unsafe filters.initialize(
            repeating: lzma_filter(id: lzma_vli.max, options: nil), count: Self.filterCount)
        unsafe block = .allocate(capacity: 1)
        unsafe block.initialize(to: lzma_block())
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe diag_lzma_free_options(filters)
        unsafe stream.deallocate()
        unsafe filters.deallocate()
        unsafe block.deallocate()
    }

    func start(_ claim: BlockTable.Block, _ input: inout BlockInput) throws {
        hasEnded = false
        try readHeader(claim, &input)
        defer { unsafe diag_lzma_free_options(filters) }
        try boundDictionary(claim, input)
        let status = unsafe lzma_block_decoder(stream, block)
        guard status == LZMA_OK else { throw Self.failure(status, input) }
        // The decoder has its own copy of the options, and reads the filters no more.
    }

    func decode(
        _ input: inout BlockInput, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws -> Int {
        var made = 0
        while made < target.count, !hasEnded {
            try input.fill()
            let rest = unsafe UnsafeMutableBufferPointer(rebasing: target[made...])
            let (status, hadInput, count) = input.use { bytes in
                unsafe bytes.withUnsafeBufferPointer { source in
                    unsafe stream.pointee.next_in = source.baseAddress
                    unsafe stream.pointee.avail_in = source.count
                    unsafe stream.pointee.next_out = rest.baseAddress
                    unsafe stream.pointee.avail_out = rest.count
                    let status = unsafe lzma_code(stream, LZMA_RUN)
                    let used = unsafe source.count - stream.pointee.avail_in
                    let count = unsafe rest.count - stream.pointee.avail_out
                    unsafe stream.pointee.next_in = nil
                    unsafe stream.pointee.avail_in = 0
                    unsafe stream.pointee.next_out = nil
                    unsafe stream.pointee.avail_out = 0
                    return ((status, source.count > 0, count), used: used)
                }
            }
            made += count
            switch status {
            case LZMA_STREAM_END: hasEnded = true
            case LZMA_OK where hadInput || count > 0: break
            case LZMA_OK, LZMA_BUF_ERROR:
                throw input.error(.damaged, "its data has no end where the block ends")
            default: throw Self.failure(status, input)
            }
        }
        return made
    }

    /// Decodes the header, whose sizes must be those of `claim` where it has them.
    private func readHeader(_ claim: BlockTable.Block, _ input: inout BlockInput) throws {
        try input.fill()
        // Source: section 3.1.1. A zero would be the start of an index.
        let headerByteCount = input.prefix(1).first.map { (Int($0) + 1) * 4 } ?? 4
        guard headerByteCount > 4 else {
            throw input.error(.damaged, "the index begins where it is listed")
        }
        let header = input.prefix(headerByteCount)
        guard header.count == headerByteCount else {
            throw input.error(.damaged, "it ends within its header")
        }
        unsafe block.pointee = lzma_block()
        unsafe block.pointee.header_size = UInt32(headerByteCount)
        unsafe block.pointee.check = Self.check(claim.check)
        unsafe block.pointee.filters = filters
        var status = unsafe lzma_block_header_decode(block, nil, header)
        guard status == LZMA_OK else { throw Self.failure(status, input, "its header: ") }
        let own = unsafe block.pointee.uncompressed_size
        status = unsafe lzma_block_compressed_size(block, lzma_vli(claim.listedByteCount))
        guard status == LZMA_OK, own == lzma_vli.max || own == lzma_vli(claim.uncompressedByteCount)
        else {
            unsafe diag_lzma_free_options(filters)
            throw input.error(.damaged, "its header has other sizes than the index")
        }
        unsafe block.pointee.uncompressed_size = lzma_vli(claim.uncompressedByteCount)
        input.use { _ in ((), used: headerByteCount) }
    }

    /// Gives the dictionary no more memory than the block has bytes, and refuses what is left when
    /// that is too much: no distance can be larger than what came before.
    private func boundDictionary(_ claim: BlockTable.Block, _ input: BlockInput) throws {
        let asked = Int64(unsafe diag_lzma2_dictionary(filters))
        // Blocks of about one size get one size, so that the memory can be used again.
        let exponent = Int64.bitWidth - (claim.uncompressedByteCount - 1).leadingZeroBitCount
        let enough = Int64(1) << Int64(min(max(exponent, 16), 62))
        let needed = min(asked, enough)
        guard needed <= Int64(BlockDecoder.largestDictionaryByteCount) else {
            throw input.error(
                .tooLarge,
                "it needs a dictionary of \(needed) bytes, and "
                    + "\(BlockDecoder.largestDictionaryByteCount) are given")
        }
        unsafe diag_lzma2_set_dictionary(filters, UInt32(needed))
    }

    private static func check(_ check: BlockCheck) -> lzma_check {
        switch check {
        case .none, .frame: LZMA_CHECK_NONE
        case .crc32: LZMA_CHECK_CRC32
        case .crc64: LZMA_CHECK_CRC64
        case .sha256: LZMA_CHECK_SHA256
        }
    }

    private static func failure(
        _ status: lzma_ret, _ input: BlockInput, _ part: String = ""
    ) -> BlockFormatError {
        switch status {
        case LZMA_DATA_ERROR:
            input.error(.damaged, part + "the data, its check or its sizes are wrong")
        case LZMA_OPTIONS_ERROR:
            input.error(.unsupported, part + "it has unknown filters or options")
        case LZMA_MEM_ERROR: input.error(.tooLarge, part + "out of memory")
        default: input.error(.damaged, part + "liblzma status \(status.rawValue)")
        }
    }
}
