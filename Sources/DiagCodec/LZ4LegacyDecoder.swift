internal import CLz4

/// Takes the compression off a legacy LZ4 frame, block by block, as `lz4 -l` makes it.
///
/// Source: lz4 1.9.4, `doc/lz4_Frame_format.md`, "Legacy frame": a magic, then blocks with their
/// compressed size before them, each of 8 MiB but for the last. It has no end mark: it ends with
/// the data, or, where Linux puts archives behind each other, with another magic or a zero size.
struct LZ4LegacyDecoder: ~Copyable {
    /// Every block but the last stands for so many bytes.
    static let blockByteCount = 8 << 20
    private static let magic: UInt32 = 0x184C_2102

    private(set) var hasEnded = false
    private var pending = [UInt8]()
    private var block = [UInt8]()
    private var given = 0
    /// The compressed size of the block that is being gathered; none while its size is.
    private var wanted: Int?
    private var hasMagic = false

    /// Decompresses until `input` is used up, `output` is full, or the frame ends.
    mutating func decode(
        _ input: Span<UInt8>, isLast: Bool, into output: inout [UInt8]
    ) throws(StreamDecompressor.Failure) -> (consumed: Int, produced: Int) {
        var consumed = 0
        var produced = 0
        while !hasEnded {
            if given < block.count {
                let count = min(block.count - given, output.count - produced)
                output.replaceSubrange(
                    produced..<(produced + count), with: block[given..<(given + count)])
                given += count
                produced += count
                if given < block.count { break }
                block = []
                given = 0
            }
            let needed = wanted ?? 4
            while pending.count < needed, consumed < input.count {
                pending.append(input[consumed])
                consumed += 1
            }
            guard pending.count == needed else {
                guard isLast else { break }
                guard pending.isEmpty, wanted == nil, hasMagic else {
                    throw .init(method: .lz4Legacy, reason: "the data ends within a block")
                }
                hasEnded = true
                break
            }
            if wanted == nil { try takeSize() } else { try takeBlock() }
        }
        return (consumed, produced)
    }

    private mutating func takeSize() throws(StreamDecompressor.Failure) {
        let number = pending.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        pending = []
        if number == Self.magic {
            hasMagic = true
        } else if !hasMagic {
            throw .init(method: .lz4Legacy, reason: "no legacy frame")
        } else if number == 0 {
            hasEnded = true
        } else if number > UInt32(Self.blockByteCount + Self.blockByteCount / 255 + 16) {
            throw .init(method: .lz4Legacy, reason: "a block of \(number) bytes is too large")
        } else {
            wanted = Int(number)
            pending.reserveCapacity(Int(min(number, 1 << 20)))
        }
    }

    private mutating func takeBlock() throws(StreamDecompressor.Failure) {
        if block.count < Self.blockByteCount {
            block = [UInt8](repeating: 0, count: Self.blockByteCount)
        }
        let source = pending
        let count = unsafe source.withUnsafeBytes { from in
            unsafe block.withUnsafeMutableBytes { to in
                unsafe LZ4_decompress_safe(
                    from.baseAddress?.assumingMemoryBound(to: CChar.self),
                    to.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(from.count),
                    CInt(to.count))
            }
        }
        guard count >= 0 else {
            throw .init(method: .lz4Legacy, reason: "the data is damaged")
        }
        block.removeLast(block.count - Int(count))
        pending = []
        wanted = nil
        given = 0
    }
}
