internal import CLzma

/// Finds the blocks of an xz file by its footers and indexes, from its end to its start.
///
/// Source: The .xz File Format 1.2.1, sections 2 (streams and padding) and 4 (index).
struct XZIndexReader {
    static let magic: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
    /// Bytes of a stream's header, and of its footer.
    static let edgeByteCount: Int64 = 12
    /// The least of an index: indicator, number of records, padding, CRC32.
    private static let leastIndexByteCount: Int64 = 8
    /// Padding behind streams that is passed over; more is no bundle.
    private static let largestPaddingByteCount: Int64 = 64 << 20

    private let source: BlockSource
    private let blockLimit: Int
    private var streamCount = 0
    /// Those found up to now, the last of the file first.
    private var found = [BlockTable.Extent]()

    init(_ source: BlockSource, blockLimit: Int) {
        self.source = source
        self.blockLimit = blockLimit
    }

    /// A block's size in the file, by its size in the index, which is below 2^63 - 4.
    static func padded(_ byteCount: Int64) -> Int64 { (byteCount + 3) & ~3 }

    /// All blocks in the order of the file.
    mutating func extents() throws -> [BlockTable.Extent] {
        guard source.byteCount & 3 == 0 else {
            throw BlockFormatError(
                .damaged, "xz file", at: source.byteCount,
                "the size is no multiple of four: it is cut, or something else follows")
        }
        var end = source.byteCount
        while end > 0 {
            end = try readStream(endingAt: streamEnd(before: end))
            streamCount += 1
            guard streamCount <= blockLimit else {
                throw BlockFormatError(
                    .tooLarge, "xz stream", at: end, "there are more than \(blockLimit) streams")
            }
        }
        found.reverse()
        return found
    }

    /// Where the last stream ends before `end`, without the zeros behind it.
    private func streamEnd(before end: Int64) throws -> Int64 {
        var position = end
        while position > 0, end - position <= Self.largestPaddingByteCount {
            // Most files have none: the first look is at four bytes.
            let count = Int(min(position, position == end ? 4 : 64 << 10))
            let bytes = try source.bytes(
                at: position - Int64(count), count: count, of: "xz stream padding")
            if let last = bytes.lastIndex(where: { $0 != 0 }) {
                return position - Int64(count) + Int64(last / 4 * 4 + 4)
            }
            position -= Int64(count)
        }
        throw BlockFormatError(
            .damaged, "xz stream padding", at: position,
            "no stream ends before \(end - position) bytes of zeros")
    }

    /// Reads the stream that ends at `end`, blocks last first, and gives where it begins.
    private mutating func readStream(endingAt end: Int64) throws -> Int64 {
        let footerOffset = end - Self.edgeByteCount
        let footer = try source.bytes(
            at: footerOffset, count: Int(Self.edgeByteCount), of: "xz footer")
        var flags = lzma_stream_flags()
        try check(
            unsafe lzma_stream_footer_decode(&flags, footer), "xz footer", at: footerOffset)
        guard let indexByteCount = Int64(exactly: flags.backward_size),
            indexByteCount >= Self.leastIndexByteCount,
            indexByteCount <= footerOffset - Self.edgeByteCount
        else {
            throw BlockFormatError(
                .damaged, "xz footer", at: footerOffset,
                "the index of \(flags.backward_size) bytes does not fit before it")
        }
        let kind = try Self.check(of: flags, at: footerOffset)
        let indexOffset = footerOffset - indexByteCount
        let first = found.count
        let blocksByteCount = try readIndex(
            at: indexOffset, byteCount: indexByteCount, available: indexOffset - Self.edgeByteCount,
            check: kind)
        let headerOffset = indexOffset - blocksByteCount - Self.edgeByteCount
        try readHeader(at: headerOffset, expecting: flags)
        var offset = headerOffset + Self.edgeByteCount
        for position in first..<found.count {
            found[position].offset = offset
            offset += Self.padded(found[position].listedByteCount)
        }
        found[first...].reverse()
        return headerOffset
    }

    private func readHeader(at offset: Int64, expecting footer: lzma_stream_flags) throws {
        let bytes = try source.bytes(
            at: offset, count: Int(Self.edgeByteCount), of: "xz stream header")
        var flags = lzma_stream_flags()
        try check(unsafe lzma_stream_header_decode(&flags, bytes), "xz stream header", at: offset)
        guard flags.version == footer.version, flags.check == footer.check else {
            throw BlockFormatError(
                .damaged, "xz stream header", at: offset, "it differs from the stream's footer")
        }
    }

    /// Appends the blocks of an index in its order, without their places, and gives the bytes that
    /// they take in the file: at most the `available` ones before it, the stream's header apart.
    private mutating func readIndex(
        at offset: Int64, byteCount: Int64, available: Int64, check: BlockCheck
    ) throws -> Int64 {
        var bytes = XZIndexBytes(source, from: offset, byteCount: byteCount - 4)
        guard try bytes.next() == 0 else {
            throw BlockFormatError(.damaged, "xz index", at: offset, "none stands here")
        }
        let count = try bytes.integer()
        // A record has two bytes at least.
        guard count <= bytes.leftByteCount / 2 else {
            throw BlockFormatError(
                .damaged, "xz index", at: offset,
                "it claims \(count) blocks in \(byteCount) bytes")
        }
        guard count <= blockLimit - found.count else {
            throw BlockFormatError(
                .tooLarge, "xz index", at: offset, "there are more than \(blockLimit) blocks")
        }
        found.reserveCapacity(found.count + Int(count))
        var sum: Int64 = 0
        for _ in 0..<count {
            let place = bytes.offset
            let listed = try bytes.integer()
            let uncompressed = try bytes.integer()
            // Source: section 4.3: the least that an Unpadded Size can be.
            guard listed >= 5, listed <= available - sum,
                Self.padded(listed) <= available - sum
            else {
                throw BlockFormatError(
                    .damaged, "xz index", at: place,
                    "a block of \(listed) bytes does not fit into the \(available - sum) that are "
                        + "left")
            }
            guard uncompressed > 0 else {
                throw BlockFormatError(
                    .unsupported, "xz index", at: place, "it lists a block of 0 bytes")
            }
            sum += Self.padded(listed)
            found.append(
                .init(
                    offset: 0, listedByteCount: listed, uncompressedByteCount: uncompressed,
                    check: check))
        }
        try bytes.finish()
        return sum
    }

    static func check(
        of flags: lzma_stream_flags, at offset: Int64
    ) throws -> BlockCheck {
        switch flags.check {
        case LZMA_CHECK_NONE: .none
        case LZMA_CHECK_CRC32: .crc32
        case LZMA_CHECK_CRC64: .crc64
        case LZMA_CHECK_SHA256: .sha256
        default:
            throw BlockFormatError(
                .unsupported, "xz footer", at: offset,
                "its blocks have a check of kind \(flags.check.rawValue)")
        }
    }

    private func check(_ status: lzma_ret, _ what: String, at offset: Int64) throws {
        switch status {
        case LZMA_OK: break
        case LZMA_FORMAT_ERROR:
            throw BlockFormatError(
                .damaged, what, at: offset,
                "none stands here: the file is cut, or holds something else too")
        case LZMA_DATA_ERROR:
            throw BlockFormatError(.damaged, what, at: offset, "its checksum is wrong")
        case LZMA_OPTIONS_ERROR:
            throw BlockFormatError(.unsupported, what, at: offset, "it has unknown flags")
        default:
            throw BlockFormatError(.damaged, what, at: offset, "liblzma status \(status.rawValue)")
        }
    }
}
