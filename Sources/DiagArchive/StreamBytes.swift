internal import DiagCodec

/// Single places of the uncompressed stream, read on one thread: what the index of members needs.
///
/// The blocks read last are kept, up to ``keptByteLimit``.
final class StreamBytes {
    /// A block of more bytes is not read for a few of them.
    static let blockByteLimit = 16 << 20
    private static let keptByteLimit = 16 << 20

    private let file: InputFile
    private let table: BlockTable
    private var decoder: BlockDecoder?
    /// Blocks with their numbers, the one used last at the end.
    private var kept = [(number: Int, bytes: [UInt8])]()

    init(_ file: InputFile, _ table: BlockTable) {
        self.file = file
        self.table = table
    }

    /// Whether the block that holds the byte at `offset` is small enough to be read.
    func isReadable(at offset: Int64) -> Bool {
        guard let number = table.index(holding: offset) else { return false }
        return table[number].uncompressedByteCount <= Int64(Self.blockByteLimit)
    }

    /// `byteCount` bytes from `offset` on, both within the stream.
    func read(_ offset: Int64, _ byteCount: Int) throws(ArchiveError) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(byteCount)
        var position = offset
        while bytes.count < byteCount, let number = table.index(holding: position) {
            let block = try block(number)
            let start = Int(position - table[number].uncompressedOffset)
            let count = min(block.count - start, byteCount - bytes.count)
            guard count > 0 else { break }
            bytes += block[start..<start + count]
            position += Int64(count)
        }
        return bytes
    }

    private func block(_ number: Int) throws(ArchiveError) -> [UInt8] {
        if let place = kept.firstIndex(where: { $0.number == number }) {
            kept.append(kept.remove(at: place))
            return kept[kept.count - 1].bytes
        }
        let bytes: [UInt8]
        do {
            let ready = try decoder ?? BlockDecoder(table.format)
            // A decoder that fails is not used again.
            decoder = nil
            var content = [UInt8]()
            try ready.decode(
                table[number], from: file.blockSource, into: &content,
                byteLimit: Self.blockByteLimit)
            decoder = ready
            bytes = content
        } catch {
            throw ArchiveError(translating: error, operation: "decompress", file: file)
        }
        while !kept.isEmpty,
            kept.reduce(bytes.count, { $0 + $1.bytes.count }) > Self.keptByteLimit
        {
            kept.removeFirst()
        }
        kept.append((number, bytes))
        return bytes
    }
}
