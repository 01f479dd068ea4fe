internal import DiagCodec

/// The uncompressed stream of a damaged file, as far as it can be decoded: blocks that are whole,
/// and gaps.
struct SalvageStream {
    /// What comes next.
    enum Piece {
        /// Bytes of the stream.
        case bytes([UInt8])
        /// Bytes that are lost; how many, where that is known.
        case gap(Int64?)
    }

    private static let plainByteCount = 64 << 10
    private static let blockByteLimit = 64 << 20

    private enum Source {
        case table(BlockTable, next: Int)
        case scan(BlockScanner)
        case plain(offset: Int64)
    }

    private let file: InputFile
    private let blocks: BlockSource
    private var source: Source
    private var decoder: BlockDecoder?
    /// A piece that comes before the next block.
    private var waiting: Piece?
    /// How many blocks were lost, as far as that is known.
    private(set) var lostBlockCount = 0
    /// Whether the table of blocks could not be read, or lies.
    private(set) var isTableDamaged: Bool
    /// Whether a check covers what is given: not of a file that is not compressed.
    let isChecked: Bool

    /// A stream of the blocks of `file`; `nil` when none can be found one by one.
    init?(_ file: InputFile) throws(ArchiveError) {
        guard file.cipher == nil else { return nil }
        self.file = file
        blocks = file.blockSource
        let table = try? BlockTable.read(blocks)
        // Of one block alone what comes before the damage is saved: that is read from the start. So
        // are blocks that do not fit into memory.
        if let table, table.count <= 1 { return nil }
        if let table, BlockScanner.agrees(table, with: blocks) {
            guard Self.fitsIntoMemory(table) else { return nil }
            source = .table(table, next: 0)
            isTableDamaged = false
            isChecked = true
            return
        }
        if let scanner = Self.scanner(of: file, blocks) {
            source = .scan(scanner)
            isTableDamaged = true
            isChecked = true
            return
        }
        guard Self.holdsTarHeader(file) else { return nil }
        source = .plain(offset: 0)
        isTableDamaged = false
        isChecked = false
    }

    /// Whether most blocks fit; the others are taken for damaged.
    private static func fitsIntoMemory(_ table: BlockTable) -> Bool {
        let count = (0..<table.count).count {
            table[$0].uncompressedByteCount <= Int64(blockByteLimit)
        }
        return count * 2 > table.count
    }

    /// A scanner that finds blocks in `file`; `nil` for none.
    private static func scanner(of file: InputFile, _ blocks: BlockSource) -> BlockScanner? {
        let start = (try? file.firstBytes(4)) ?? []
        // gzip, bzip2, zip, lz4 and plain tar have no blocks that could be found.
        let others: [[UInt8]] = [
            [0x1F, 0x8B], [0x42, 0x5A, 0x68], [0x50, 0x4B], [4, 0x22, 0x4D],
        ]
        let known = BlockScanner.format(of: blocks)
        if known == nil, others.contains(where: start.starts(with:)) || holdsTarHeader(file) {
            return nil
        }
        for format in known.map({ [$0] }) ?? [.xz, .zstd] {
            guard let scanner = BlockScanner(format, blocks) else { continue }
            var trial = scanner
            // One frame that is the whole file is read from its start.
            if let first = trial.next(),
                first.block.offset > 0
                    || first.block.byteCount < file.byteCount
            {
                return scanner
            }
        }
        return nil
    }

    /// Whether a tar header stands in the first MiB that is there; or in the last, of volumes that may
    /// be in a wrong order.
    private static func holdsTarHeader(_ file: InputFile) -> Bool {
        let first = MemberIndexFormat.padded(file.hole(at: 0)?.upperBound ?? 0)
        if holdsTarHeader(file, from: first) { return true }
        let last = MemberIndexFormat.padded(max(first, file.byteCount - (1 << 20)))
        return !file.faults.isEmpty && holdsTarHeader(file, from: last)
    }

    private static func holdsTarHeader(_ file: InputFile, from first: Int64) -> Bool {
        let count = Int(min(1 << 20, file.readableEnd(from: first) - first))
        guard count > 0, let start = try? file.bytes(at: first, count: count) else { return false }
        return stride(from: 0, to: start.count - TarHeader.byteCount + 1, by: TarHeader.byteCount)
            .contains { place in
                let block = Array(start[place..<place + TarHeader.byteCount])
                return TarHeader(block.span) != nil
            }
    }

    /// The next piece; `nil` at the end.
    mutating func next() throws(ArchiveError) -> Piece? {
        if let piece = waiting {
            waiting = nil
            return piece
        }
        switch source {
        case .plain(let offset): return plain(from: offset)
        case .table(let table, let next):
            guard next < table.count else { return nil }
            source = .table(table, next: next + 1)
            let block = table[next]
            if let bytes = try decode(block) { return .bytes(bytes) }
            if let bytes = try decodeByItself(block) { return .bytes(bytes) }
            lostBlockCount += 1
            return .gap(block.uncompressedByteCount)
        case .scan(var scanner):
            guard let found = scanner.next() else { return nil }
            let bytes = try decode(found.block)
            let piece: Piece
            if let bytes {
                scanner.pass(found.block)
                piece = .bytes(bytes)
            } else {
                lostBlockCount += 1
                let isKnown = scanner.fail(found.block)
                piece = .gap(isKnown ? found.block.uncompressedByteCount : nil)
            }
            source = .scan(scanner)
            if found.isAdjacent { return piece }
            waiting = piece
            return .gap(nil)
        }
    }

    /// All of the block at the place of `claim`, when it is another than the table says and whole:
    /// the table lies then, and what follows is found without it.
    private mutating func decodeByItself(
        _ claim: BlockTable.Block
    ) throws(ArchiveError) -> [UInt8]? {
        guard var scanner = BlockScanner(format, blocks, from: claim.offset),
            let own = scanner.next()?.block, own.offset == claim.offset,
            own.uncompressedByteCount != claim.uncompressedByteCount
                || own.listedByteCount != claim.listedByteCount,
            let bytes = try decode(own)
        else { return nil }
        scanner.pass(own)
        source = .scan(scanner)
        isTableDamaged = true
        return bytes
    }

    /// All of a block, checked; `nil` when it is damaged.
    private mutating func decode(_ block: BlockTable.Block) throws(ArchiveError) -> [UInt8]? {
        do throws(BlockCodecError) {
            if decoder == nil {
                decoder = try BlockDecoder(format)
            }
        } catch {
            throw ArchiveError(translating: error, operation: "decompress", object: file.object)
        }
        var bytes = [UInt8]()
        do {
            try decoder?.decode(block, from: blocks, into: &bytes, byteLimit: Self.blockByteLimit)
            return bytes
        } catch {
            // The state of a decoder that failed is not used again.
            decoder = nil
            return nil
        }
    }

    private var format: BlockFormat {
        switch source {
        case .table(let table, _): table.format
        case .scan(let scanner): scanner.format
        case .plain: .none
        }
    }

    private mutating func plain(from offset: Int64) -> Piece? {
        if let hole = file.hole(at: offset) {
            // Headers stand at multiples of 512.
            let end = min(MemberIndexFormat.padded(hole.upperBound), file.byteCount)
            source = .plain(offset: end)
            lostBlockCount += 1
            return .gap(end - offset)
        }
        let count = Int(min(Int64(Self.plainByteCount), file.readableEnd(from: offset) - offset))
        guard count > 0 else { return nil }
        source = .plain(offset: offset + Int64(count))
        if let bytes = try? file.bytes(at: offset, count: count), bytes.count == count {
            return .bytes(bytes)
        }
        lostBlockCount += 1
        return .gap(Int64(count))
    }
}
