internal import CLzma

/// What stands before and behind the blocks of a file, so that its own tools read it.
///
/// For xz the stream header, the index and the footer; for zstd a seek table in a skippable frame,
/// which other decoders pass over; for none nothing. A block costs at most 18 bytes of memory.
public struct BlockContainer: Sendable {
    /// How the blocks are compressed.
    public let format: BlockFormat
    /// What the file begins with.
    public let head: [UInt8]
    /// How many blocks there are.
    public private(set) var blockCount = 0
    /// Bytes of the file up to here: where the next block, or the tail, begins.
    public private(set) var byteCount: Int64
    /// How many bytes the blocks stand for.
    public private(set) var uncompressedByteCount: Int64 = 0
    /// The blocks' records as they will stand in the tail.
    private var records = [UInt8]()

    /// The most frames that a seek table may list. Source: zstd_seekable.h, ZSTD_SEEKABLE_MAXFRAMES.
    static let largestFrameCount = 0x800_0000

    /// A container without blocks.
    public init(_ format: BlockFormat) throws(BlockCodecError) {
        self.format = format
        head = format == .xz ? try Self.streamHeader() : []
        byteCount = Int64(head.count)
    }

    /// Lists `block`, whose bytes come next in the file.
    public mutating func append(_ block: CompressedBlock) throws(BlockCodecError) {
        switch format {
        case .xz:
            records.appendVariableLength(UInt64(block.listedByteCount))
            records.appendVariableLength(UInt64(block.uncompressedByteCount))
        case .zstd:
            guard blockCount < Self.largestFrameCount,
                let compressed = UInt32(exactly: block.listedByteCount),
                let uncompressed = UInt32(exactly: block.uncompressedByteCount)
            else {
                throw BlockCodecError("list a zstd frame", "a seek table cannot hold it")
            }
            records.appendLittleEndian(compressed)
            records.appendLittleEndian(uncompressed)
        case .none: break
        }
        blockCount += 1
        byteCount += Int64(block.bytes.count)
        uncompressedByteCount += Int64(block.uncompressedByteCount)
    }

    /// What the file ends with, behind the last block.
    public func tail() throws(BlockCodecError) -> [UInt8] {
        switch format {
        case .xz: try xzIndexAndFooter()
        case .zstd: seekTable()
        case .none: []
        }
    }

    /// The index and the footer. Source: The .xz File Format 1.2.1, sections 4 and 2.1.2.
    private func xzIndexAndFooter() throws(BlockCodecError) -> [UInt8] {
        var bytes: [UInt8] = [0]
        bytes.reserveCapacity(records.count + 32)
        bytes.appendVariableLength(UInt64(blockCount))
        bytes += records
        bytes += repeatElement(0, count: -bytes.count & 3)
        bytes.appendLittleEndian(unsafe lzma_crc32(bytes, bytes.count, 0))
        var flags = Self.flags(backwardByteCount: lzma_vli(bytes.count))
        var footer = [UInt8](repeating: 0, count: Int(LZMA_STREAM_HEADER_SIZE))
        let status = unsafe lzma_stream_footer_encode(&flags, &footer)
        guard status == LZMA_OK else { throw BlockCodecError("write an xz footer", xz: status) }
        return bytes + footer
    }

    private func seekTable() -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(records.count + 17)
        bytes.appendLittleEndian(ZstdSeekTableReader.frameMagic)
        bytes.appendLittleEndian(UInt32(records.count + ZstdSeekTableReader.footerByteCount))
        bytes += records
        bytes.appendLittleEndian(UInt32(blockCount))
        bytes.append(0)  // No checksums here: the frames have their own.
        bytes.appendLittleEndian(ZstdSeekTableReader.footerMagic)
        return bytes
    }

    private static func streamHeader() throws(BlockCodecError) -> [UInt8] {
        var flags = flags(backwardByteCount: lzma_vli.max)
        var header = [UInt8](repeating: 0, count: Int(LZMA_STREAM_HEADER_SIZE))
        let status = unsafe lzma_stream_header_encode(&flags, &header)
        guard status == LZMA_OK else { throw BlockCodecError("write an xz header", xz: status) }
        return header
    }

    private static func flags(backwardByteCount: lzma_vli) -> lzma_stream_flags {
        var flags = lzma_stream_flags()
        flags.check = LZMA_CHECK_CRC64
        flags.backward_size = backwardByteCount
        return flags
    }
}

extension [UInt8] {
    /// Seven bits a byte, the lowest first. Source: The .xz File Format 1.2.1, section 1.2.
    fileprivate mutating func appendVariableLength(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        append(UInt8(truncatingIfNeeded: value))
    }

    fileprivate mutating func appendLittleEndian(_ value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }
}
