internal import CLzma

/// One xz stream whose blocks hold LZMA2 chunks of uncompressed bytes, checked by CRC64.
///
/// Source: The .xz File Format 1.1.0, sections 2.1 (stream), 3 (block), 4 (index); liblzma makes
/// each part, this type puts them in order.
@safe struct XZStoredStream: ~Copyable {
    /// Uncompressed bytes of one block; also the memory this costs, twice.
    private static let blockByteCount = 1 << 20

    private let index: OpaquePointer
    private var pending = [UInt8]()
    private var encoded: [UInt8]

    private init(owning index: OpaquePointer) {
        unsafe self.index = index
        pending.reserveCapacity(Self.blockByteCount)
        encoded = [UInt8](
            repeating: 0, count: lzma_block_buffer_bound(Self.blockByteCount))
    }

    deinit { unsafe lzma_index_end(index, nil) }

    /// A stream whose header `output` gets.
    static func start(_ output: XZStreamEncoder.Output) throws -> XZStoredStream {
        guard let index = unsafe lzma_index_init(nil) else {
            throw XZError("start a stored xz stream", LZMA_MEM_ERROR)
        }
        let stream = unsafe XZStoredStream(owning: index)
        var flags = Self.flags(indexByteCount: lzma_vli.max)
        var header = [UInt8](repeating: 0, count: Int(LZMA_STREAM_HEADER_SIZE))
        try check(
            unsafe lzma_stream_header_encode(&flags, &header), "write a stored xz stream's header")
        try output(header.span)
        return stream
    }

    /// Takes `bytes` in; `output` gets each block as it fills.
    mutating func write(_ bytes: Span<UInt8>, to output: XZStreamEncoder.Output) throws {
        var offset = 0
        while offset < bytes.count {
            let count = min(bytes.count - offset, Self.blockByteCount - pending.count)
            unsafe bytes.extracting(offset..<offset + count).withUnsafeBufferPointer {
                unsafe pending.append(contentsOf: $0)
            }
            offset += count
            if pending.count == Self.blockByteCount { try flush(output) }
        }
    }

    /// Writes the last block, the index and the footer.
    mutating func finish(_ output: XZStreamEncoder.Output) throws {
        try flush(output)
        var written = 0
        var bytes = [UInt8](repeating: 0, count: Int(unsafe lzma_index_size(index)))
        try Self.check(
            unsafe lzma_index_buffer_encode(index, &bytes, &written, bytes.count),
            "write a stored xz stream's index")
        try output(bytes.span)
        var flags = Self.flags(indexByteCount: unsafe lzma_index_size(index))
        var footer = [UInt8](repeating: 0, count: Int(LZMA_STREAM_HEADER_SIZE))
        try Self.check(
            unsafe lzma_stream_footer_encode(&flags, &footer), "write a stored xz stream's footer")
        try output(footer.span)
    }

    private mutating func flush(_ output: XZStreamEncoder.Output) throws {
        guard !pending.isEmpty else { return }
        var block = unsafe lzma_block()
        unsafe block.version = 0
        unsafe block.check = LZMA_CHECK_CRC64
        var written = 0
        try Self.check(
            unsafe lzma_block_uncomp_encode(
                &block, pending, pending.count, &encoded, &written, encoded.count),
            "store an xz block")
        try Self.check(
            unsafe lzma_index_append(
                index, nil, lzma_block_unpadded_size(&block), lzma_vli(pending.count)),
            "list an xz block")
        pending.removeAll(keepingCapacity: true)
        try output(encoded.span.extracting(..<written))
    }

    private static func flags(indexByteCount: lzma_vli) -> lzma_stream_flags {
        var flags = lzma_stream_flags()
        flags.version = 0
        flags.check = LZMA_CHECK_CRC64
        flags.backward_size = indexByteCount
        return flags
    }

    private static func check(_ status: lzma_ret, _ operation: String) throws {
        guard status == LZMA_OK else { throw XZError(operation, status) }
    }
}
