/// The bytes of one block in the file, in order and in parts.
struct BlockInput {
    private static let partByteCount: Int64 = 1 << 20

    let what: String
    private let source: BlockSource
    private let end: Int64
    private var part = [UInt8]()
    private var position = 0
    /// Where `part` ends in the file.
    private var partEnd: Int64

    /// `what` names the block in errors.
    init(_ block: BlockTable.Block, of source: BlockSource, what: String) {
        self.what = what
        self.source = source
        partEnd = block.offset
        end = block.offset + block.byteCount
    }

    /// Where the first byte that was not used stands in the file.
    var offset: Int64 { partEnd - Int64(part.count - position) }
    /// Whether all bytes of the block were used.
    var isUsedUp: Bool { offset == end }

    /// Reads the next part when the one before was used up. It is empty at the end alone.
    mutating func fill() throws {
        guard position == part.count, partEnd < end else { return }
        let count = Int(min(Self.partByteCount, end - partEnd))
        part = try source.bytes(at: partEnd, count: count, of: what)
        partEnd += Int64(count)
        position = 0
    }

    /// Gives what of the part was not used yet; `body` says how many bytes it used.
    mutating func use<Result>(_ body: (Span<UInt8>) -> (Result, used: Int)) -> Result {
        let (result, used) = body(part.span.extracting(position..<part.count))
        position += used
        return result
    }

    /// The first bytes that were not used, `count` at most, and no more than the part has.
    func prefix(_ count: Int) -> [UInt8] {
        Array(part[position..<min(part.count, position + count)])
    }

    func error(_ kind: BlockFormatError.Kind, _ reason: String) -> BlockFormatError {
        BlockFormatError(kind, what, at: offset, reason)
    }
}
