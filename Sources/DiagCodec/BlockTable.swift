/// Where the blocks of a file lie, and what they claim to hold.
///
/// The blocks do not overlap, none is empty, and with what stands around them they fill the file
/// exactly. What is in them is still a claim, which ``BlockDecoder`` checks.
public struct BlockTable: Sendable {
    /// One block.
    public struct Block: Hashable, Sendable {
        /// Where it begins in the file.
        public let offset: Int64
        /// Its bytes in the file, padding included.
        public let byteCount: Int64
        /// The same as the container lists it: for xz without padding.
        public let listedByteCount: Int64
        /// Where its bytes belong among the uncompressed ones.
        public let uncompressedOffset: Int64
        /// How many bytes it claims to stand for; at least 1.
        public let uncompressedByteCount: Int64
        /// What guards them.
        public let check: BlockCheck
    }

    /// One block as a reader of a format finds it, in the order of the file.
    struct Extent {
        var offset: Int64
        var listedByteCount: Int64
        var uncompressedByteCount: Int64
        var check: BlockCheck
    }

    /// Blocks, and streams of xz, that a table has at most: 40 MiB of memory.
    public static let largestBlockCount = 1 << 20

    /// How the blocks are compressed.
    public let format: BlockFormat
    /// How many bytes they claim to stand for.
    public let uncompressedByteCount: Int64
    private let extents: [Extent]
    /// Where each block's bytes begin among the uncompressed ones.
    private let starts: [Int64]

    /// - Throws: ``BlockFormatError`` when the sizes pass 2^63.
    init(_ format: BlockFormat, _ extents: [Extent]) throws {
        var starts = [Int64]()
        starts.reserveCapacity(extents.count)
        var sum: Int64 = 0
        for extent in extents {
            starts.append(sum)
            let (next, overflow) = sum.addingReportingOverflow(extent.uncompressedByteCount)
            guard !overflow else {
                throw BlockFormatError(
                    .damaged, "\(format.rawValue) block", at: extent.offset,
                    "the blocks up to it claim more than 2^63 bytes")
            }
            sum = next
        }
        self.format = format
        self.extents = extents
        self.starts = starts
        uncompressedByteCount = sum
    }

    /// Reads the table of `source`, in memory that the number of blocks bounds.
    ///
    /// - Returns: `nil` when the file is neither xz nor zstd, or is zstd without a seek table: it is
    ///   to be read from start to end.
    /// - Throws: ``BlockFormatError``, or what the source throws.
    public static func read(
        _ source: BlockSource, blockLimit: Int = largestBlockCount
    ) throws -> BlockTable? {
        let magic = try source.bytes(
            at: 0, count: Int(min(6, source.byteCount)), of: "start of the file")
        if magic == XZIndexReader.magic {
            var reader = XZIndexReader(source, blockLimit: blockLimit)
            return try BlockTable(.xz, reader.extents())
        }
        guard magic.count >= 4 else { return nil }
        let number = magic.littleEndian32(at: 0)
        // A bundle without any block begins with its seek table.
        guard number == ZstdSeekTableReader.zstdMagic || number == ZstdSeekTableReader.frameMagic,
            let extents = try ZstdSeekTableReader(source, blockLimit: blockLimit).extents()
        else { return nil }
        return try BlockTable(.zstd, extents)
    }

    /// The table of a file that is not compressed: it has blocks of `blockByteCount` bytes, or larger
    /// ones where the file would have too many.
    public static func plain(byteCount: Int64, blockByteCount: Int = 1 << 20) -> BlockTable {
        let byteCount = max(0, byteCount)
        let step = max(Int64(max(1, blockByteCount)), byteCount / Int64(largestBlockCount) + 1)
        let count = byteCount / step + (byteCount % step == 0 ? 0 : 1)
        return BlockTable(plainOf: byteCount, starts: (0..<count).map { $0 * step }, step: step)
    }

    private init(plainOf byteCount: Int64, starts: [Int64], step: Int64) {
        format = .none
        uncompressedByteCount = byteCount
        self.starts = starts
        extents = starts.map { start in
            let count = min(step, byteCount - start)
            return Extent(
                offset: start, listedByteCount: count, uncompressedByteCount: count, check: .none)
        }
    }

    /// How many blocks there are.
    public var count: Int { extents.count }

    /// The block with this number, from 0 on.
    public subscript(index: Int) -> Block {
        let extent = extents[index]
        return Block(
            offset: extent.offset,
            byteCount: format == .xz
                ? XZIndexReader.padded(extent.listedByteCount) : extent.listedByteCount,
            listedByteCount: extent.listedByteCount, uncompressedOffset: starts[index],
            uncompressedByteCount: extent.uncompressedByteCount, check: extent.check)
    }

    /// The number of the block that holds the uncompressed byte at `offset`; `nil` outside.
    public func index(holding offset: Int64) -> Int? {
        guard offset >= 0, offset < uncompressedByteCount else { return nil }
        var low = 0
        var high = starts.count
        // The last block that begins at `offset` or before it.
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }
}
