internal import CLzma

/// Finds the blocks of a damaged file by what stands in them, from its start on, without its table.
///
/// An xz block is found when its header has a right CRC32 and both sizes, a zstd frame when its
/// header has the content size and its blocks end within the file. What cannot be read is passed
/// over. Source: The .xz File Format 1.2.1, section 3.1; RFC 8878, sections 3.1.1 and 3.1.2.
public struct BlockScanner {
    /// A block that may be one.
    public struct Found: Hashable, Sendable {
        /// What its header claims; it belongs to nothing among the uncompressed bytes.
        public let block: BlockTable.Block
        /// Whether it follows the block before it, so that none is missing between them.
        public let isAdjacent: Bool
    }

    /// How the blocks are compressed: xz or zstd.
    public let format: BlockFormat
    private var window: SourceWindow
    private let byteCount: Int64
    private let check: BlockCheck
    /// Where the next block is looked for.
    private var position: Int64
    /// Where the last block ended, if it could be trusted.
    private var trustedEnd: Int64

    /// A scanner at the start of `source`, or at `offset`, where a block is expected; `nil` for a
    /// format that has no blocks of its own.
    public init?(_ format: BlockFormat, _ source: BlockSource, from offset: Int64? = nil) {
        guard format != .none else { return nil }
        self.format = format
        window = SourceWindow(source)
        byteCount = source.byteCount
        position = offset ?? (format == .xz ? XZIndexReader.edgeByteCount : 0)
        trustedEnd = position
        var check = BlockCheck.frame
        if format == .xz {
            // Ours is CRC64; the flags have a CRC32 of their own.
            check = .crc64
            if let header = window.bytes(at: 0, count: 12) {
                var flags = lzma_stream_flags()
                if unsafe lzma_stream_header_decode(&flags, header) == LZMA_OK {
                    check = (try? XZIndexReader.check(of: flags, at: 0)) ?? .crc64
                }
            }
        }
        self.check = check
    }

    /// The format that the first or the last bytes of `source` show; `nil` for neither.
    public static func format(of source: BlockSource) -> BlockFormat? {
        var window = SourceWindow(source)
        let magic = window.bytes(at: 0, count: Int(min(6, source.byteCount))) ?? []
        if magic == XZIndexReader.magic { return .xz }
        if magic.count >= 4, magic.littleEndian32(at: 0) == ZstdSeekTableReader.zstdMagic {
            return .zstd
        }
        guard source.byteCount >= 12,
            let end = window.bytes(at: source.byteCount - 4, count: 4)
        else { return nil }
        if end[2] == 0x59, end[3] == 0x5A { return .xz }  // YZ
        return end.littleEndian32(at: 0) == ZstdSeekTableReader.footerMagic ? .zstd : nil
    }

    /// Whether most blocks of `table` begin where it says, with the sizes that it says.
    public static func agrees(_ table: BlockTable, with source: BlockSource) -> Bool {
        guard var scanner = BlockScanner(table.format, source) else { return true }
        let count = (0..<table.count).count { scanner.begins(table[$0]) }
        return count * 2 >= table.count
    }

    /// Whether a header stands where `block` begins, with the size that its table has where it has
    /// one itself.
    public mutating func begins(_ block: BlockTable.Block) -> Bool {
        if format == .zstd {
            let magic = window.bytes(at: block.offset, count: 4)
            return magic?.littleEndian32(at: 0) == ZstdSeekTableReader.zstdMagic
        }
        guard let header = xzHeader(at: block.offset) else { return false }
        return header.uncompressed ?? block.uncompressedByteCount == block.uncompressedByteCount
    }

    /// The next block; `nil` when none is left. Tell of each whether it was one, before the next.
    public mutating func next() -> Found? {
        let expected = position == trustedEnd
        let start = position
        var isFirst = true
        while position < byteCount {
            if let block = format == .xz ? xzBlock(at: position) : zstdBlock(at: position) {
                return Found(
                    block: block, isAdjacent: expected && (isFirst || isBetween(start)))
            }
            isFirst = false
            position = step(from: position)
        }
        return nil
    }

    /// Says that `block` was whole.
    public mutating func pass(_ block: BlockTable.Block) {
        position = block.offset + block.byteCount
        trustedEnd = position
    }

    /// Says that `block` was not; whether its end could be trusted all the same, since something
    /// stands there that may follow a block.
    public mutating func fail(_ block: BlockTable.Block) -> Bool {
        let end = block.offset + block.byteCount
        position = end
        if mayFollowBlock(at: end) {
            trustedEnd = end
            return true
        }
        position = step(from: block.offset)
        trustedEnd = -1
        return false
    }

    // MARK: - Both formats

    /// The next place to look at: xz blocks begin at multiples of four.
    private mutating func step(from place: Int64) -> Int64 {
        if format == .xz {
            let aligned = (place + 4) & ~3
            return window.isReadable(at: aligned)
                ? aligned : (window.nextReadable(after: aligned) + 3) & ~3
        }
        guard let found = window.firstZstdMagic(after: place) else { return byteCount }
        return found
    }

    private mutating func mayFollowBlock(at place: Int64) -> Bool {
        if place == byteCount { return format == .zstd }
        if format == .xz {
            return xzHeader(at: place) != nil || window.bytes(at: place, count: 1) == [0]
        }
        guard let magic = window.bytes(at: place, count: 4) else { return false }
        let number = magic.littleEndian32(at: 0)
        return number == ZstdSeekTableReader.zstdMagic || Self.isSkippable(number)
    }

    /// Whether only what stands between two blocks lies from `start` to here: the end of a stream
    /// of xz and the header of the next. Skippable frames of zstd are passed over with the frame.
    private mutating func isBetween(_ start: Int64) -> Bool {
        guard format == .xz else { return false }
        guard window.bytes(at: start, count: 1) == [0],
            position - start >= 12,
            let magic = window.bytes(at: position - 12, count: 6)
        else { return false }
        return magic == XZIndexReader.magic
    }

    // MARK: - xz

    private mutating func xzHeader(
        at place: Int64
    ) -> (byteCount: Int, compressed: Int64?, uncompressed: Int64?)? {
        guard let start = window.bytes(at: place, count: 2), start[0] != 0, start[1] & 0x3C == 0
        else { return nil }
        let headerByteCount = (Int(start[0]) + 1) * 4
        guard let header = window.bytes(at: place, count: headerByteCount) else { return nil }
        let stored = header.littleEndian32(at: headerByteCount - 4)
        guard unsafe lzma_crc32(header, headerByteCount - 4, 0) == stored else { return nil }
        var rest = header[2..<headerByteCount - 4]
        var sizes: [Int64?] = [nil, nil]
        for (index, flag) in [UInt8(0x40), 0x80].enumerated() where start[1] & flag != 0 {
            guard let value = Self.integer(&rest), value > 0 else { return nil }
            sizes[index] = value
        }
        return (headerByteCount, sizes[0], sizes[1])
    }

    private mutating func xzBlock(at place: Int64) -> BlockTable.Block? {
        // Both sizes, or none of ours: that is looked at before a header is read.
        guard let start = window.bytes(at: place, count: 2), start[1] & 0xC0 == 0xC0,
            let header = xzHeader(at: place), let compressed = header.compressed,
            let uncompressed = header.uncompressed
        else { return nil }
        let beside = Int64(header.byteCount + Self.byteCount(of: check))
        guard compressed <= byteCount - place - beside else { return nil }
        let listed = compressed + beside
        return BlockTable.Block(
            offset: place, byteCount: XZIndexReader.padded(listed), listedByteCount: listed,
            uncompressedOffset: 0, uncompressedByteCount: uncompressed, check: check)
    }

    /// Seven bits a byte, the lowest first, nine bytes at most.
    private static func integer(_ bytes: inout ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= Int64(byte & 0x7F) << Int64(shift)
            if byte & 0x80 == 0 { return value }
        }
        return nil
    }

    private static func byteCount(of check: BlockCheck) -> Int {
        switch check {
        case .none, .frame: 0
        case .crc32: 4
        case .crc64: 8
        case .sha256: 32
        }
    }

    // MARK: - zstd

    private static func isSkippable(_ magic: UInt32) -> Bool { magic & ~0xF == 0x184D_2A50 }

    /// The frame at `place`, behind the skippable ones there.
    private mutating func zstdBlock(at start: Int64) -> BlockTable.Block? {
        var place = start
        while let head = window.bytes(at: place, count: 8),
            Self.isSkippable(head.littleEndian32(at: 0))
        {
            place += 8 + Int64(head.littleEndian32(at: 4))
        }
        guard let head = window.bytes(at: place, count: 5),
            head.littleEndian32(at: 0) == ZstdSeekTableReader.zstdMagic, head[4] & 0x08 == 0
        else { return nil }
        let isSingle = head[4] & 0x20 != 0
        let sizeFlag = Int(head[4] >> 6)
        let sizeByteCount = sizeFlag == 0 ? (isSingle ? 1 : 0) : 1 << sizeFlag
        let before = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][Int(head[4] & 3)]
        guard sizeByteCount > 0,
            let field = window.bytes(at: place + Int64(before), count: sizeByteCount)
        else { return nil }
        var size = field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        if sizeFlag == 1 { size += 256 }
        guard size > 0, let uncompressed = Int64(exactly: size) else { return nil }
        var end = place + Int64(before + sizeByteCount)
        while true {
            guard let block = window.bytes(at: end, count: 3) else { return nil }
            let number = Int64(block[0]) | Int64(block[1]) << 8 | Int64(block[2]) << 16
            guard number >> 1 & 3 != 3 else { return nil }
            end += 3 + (number >> 1 & 3 == 1 ? 1 : number >> 3)
            if number & 1 != 0 { break }
        }
        if head[4] & 0x04 != 0 { end += 4 }
        guard end <= byteCount else { return nil }
        position = place
        return BlockTable.Block(
            offset: place, byteCount: end - place, listedByteCount: end - place,
            uncompressedOffset: 0, uncompressedByteCount: uncompressed, check: .frame)
    }
}
