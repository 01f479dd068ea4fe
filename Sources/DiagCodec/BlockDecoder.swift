/// Decodes blocks one after the other, for one thread; its memory is used again.
///
/// A block must be in every way what the table says of it: its sizes, its header, its check. One
/// that gives more is stopped at the first byte too many.
public final class BlockDecoder {
    /// Bytes of dictionary or window that a block may ask for, where it has so many bytes at all.
    public static let largestDictionaryByteCount = 64 << 20
    private static let partByteCount = 256 << 10

    /// How the blocks are compressed.
    public let format: BlockFormat
    private let engine: any BlockDecoderEngine
    private var part = [UInt8]()

    /// A decoder that is ready.
    ///
    /// - Throws: ``BlockCodecError`` when memory is short.
    public init(_ format: BlockFormat) throws(BlockCodecError) {
        self.format = format
        engine =
            switch format {
            case .xz: XZBlockDecoder()
            case .zstd: try ZstdBlockDecoder()
            case .none: PlainBlockDecoder()
            }
    }

    /// Decodes a whole block into `buffer`, which then has exactly its bytes; one of more than
    /// `byteLimit` uncompressed bytes is refused.
    ///
    /// - Throws: ``BlockFormatError``, or what the source throws; `buffer` holds rubbish then.
    public func decode(
        _ block: BlockTable.Block, from source: BlockSource, into buffer: inout [UInt8],
        byteLimit: Int = 64 << 20
    ) throws {
        guard block.uncompressedByteCount <= Int64(byteLimit) else {
            throw BlockFormatError(
                .tooLarge, what, at: block.offset,
                "it claims \(block.uncompressedByteCount) bytes, and \(byteLimit) are given")
        }
        let count = Int(block.uncompressedByteCount)
        if buffer.count > count { buffer.removeLast(buffer.count - count) }
        if buffer.count < count { buffer += repeatElement(0, count: count - buffer.count) }
        var input = BlockInput(block, of: source, what: what)
        try engine.start(block, &input)
        let made = try unsafe buffer.withUnsafeMutableBufferPointer {
            try unsafe engine.decode(&input, into: $0)
        }
        guard made == count else { throw tooFew(made: Int64(made), block, input) }
        try finish(&input)
    }

    /// Decodes a whole block, at most 64 MiB.
    ///
    /// - Throws: ``BlockFormatError``, or what the source throws.
    public func decode(_ block: BlockTable.Block, from source: BlockSource) throws -> [UInt8] {
        var buffer = [UInt8]()
        try decode(block, from: source, into: &buffer)
        return buffer
    }

    /// Gives the first bytes of a block in parts, whatever its size, at most `byteLimit`.
    ///
    /// The check stands behind the block's last byte: what `body` gets before is not checked yet,
    /// and what ends at `byteLimit` never is.
    ///
    /// - Returns: whether the whole block was given, and so was checked.
    /// - Throws: ``BlockFormatError``, or what the source or `body` throws.
    @discardableResult
    public func decode(
        _ block: BlockTable.Block, from source: BlockSource, byteLimit: Int64 = .max,
        _ body: (Span<UInt8>) throws -> Void
    ) throws -> Bool {
        var part = self.part.isEmpty ? [UInt8](repeating: 0, count: Self.partByteCount) : self.part
        // Held by one place at a time: writing to it would copy it otherwise.
        self.part = []
        defer { self.part = part }
        let wanted = min(max(0, byteLimit), block.uncompressedByteCount)
        var input = BlockInput(block, of: source, what: what)
        try engine.start(block, &input)
        var given: Int64 = 0
        while given < wanted {
            let count = Int(min(Int64(part.count), wanted - given))
            let made = try unsafe part.withUnsafeMutableBufferPointer {
                try unsafe engine.decode(&input, into: .init(rebasing: $0[..<count]))
            }
            given += Int64(made)
            guard made == count else { throw tooFew(made: given, block, input) }
            try body(part.span.extracting(..<count))
        }
        guard wanted == block.uncompressedByteCount else { return false }
        try finish(&input)
        return true
    }

    private var what: String { "\(format.rawValue) block" }

    private func tooFew(
        made: Int64, _ block: BlockTable.Block, _ input: BlockInput
    ) -> BlockFormatError {
        input.error(
            .damaged, "it gives \(made) of the \(block.uncompressedByteCount) bytes it claims")
    }

    /// Takes what stands behind the last byte of the block: it must be the end.
    private func finish(_ input: inout BlockInput) throws {
        // A decoder without room would never tell of more.
        var more: [UInt8] = [0]
        let made = try unsafe more.withUnsafeMutableBufferPointer {
            try unsafe engine.decode(&input, into: $0)
        }
        guard made == 0 else { throw input.error(.damaged, "it gives more bytes than it claims") }
        guard input.isUsedUp else {
            throw input.error(.damaged, "it ends before the place that is listed")
        }
    }
}

/// What one format does.
protocol BlockDecoderEngine: AnyObject {
    /// Begins with a block, whose header it compares with the claim.
    func start(_ block: BlockTable.Block, _ input: inout BlockInput) throws
    /// Fills `target`; gives fewer bytes at the block's proper end alone, also once it has ended.
    func decode(
        _ input: inout BlockInput, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws -> Int
}

/// Blocks that are the bytes themselves.
private final class PlainBlockDecoder: BlockDecoderEngine {
    func start(_ block: BlockTable.Block, _ input: inout BlockInput) {}

    func decode(
        _ input: inout BlockInput, into target: UnsafeMutableBufferPointer<UInt8>
    ) throws -> Int {
        var made = 0
        while made < target.count, !input.isUsedUp {
            try input.fill()
            let rest = unsafe UnsafeMutableBufferPointer(rebasing: target[made...])
            made += input.use { bytes in
                let count = min(bytes.count, rest.count)
                unsafe bytes.extracting(..<count).withUnsafeBufferPointer {
                    _ = unsafe rest.update(fromContentsOf: $0)
                }
                return (count, used: count)
            }
        }
        return made
    }
}
