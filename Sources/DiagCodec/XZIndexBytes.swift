internal import CLzma

/// The bytes of one xz index in their order, read in parts, with their CRC32 behind them.
struct XZIndexBytes {
    private static let partByteCount = 64 << 10

    private let source: BlockSource
    /// Where the CRC32 stands.
    private let end: Int64
    private var part = [UInt8]()
    private var position = 0
    private var partOffset: Int64
    private var checksum: UInt32 = 0

    /// `byteCount` bytes from `start` on, without the CRC32, which lies within the file too.
    init(_ source: BlockSource, from start: Int64, byteCount: Int64) {
        self.source = source
        partOffset = start
        end = start + byteCount
    }

    /// Where the next byte stands in the file.
    var offset: Int64 { partOffset + Int64(position) }
    /// How many are left.
    var leftByteCount: Int64 { end - offset }

    mutating func next() throws -> UInt8 {
        if position == part.count {
            partOffset += Int64(position)
            position = 0
            let count = Int(min(Int64(Self.partByteCount), end - partOffset))
            guard count > 0 else {
                part = []
                throw BlockFormatError(
                    .damaged, "xz index", at: partOffset, "it ends within a record")
            }
            part = try source.bytes(at: partOffset, count: count, of: "xz index")
            checksum = unsafe lzma_crc32(part, part.count, checksum)
        }
        defer { position += 1 }
        return part[position]
    }

    /// Seven bits a byte, the lowest first, nine bytes at most and no more than needed.
    /// Source: The .xz File Format 1.2.1, section 1.2.
    mutating func integer() throws -> Int64 {
        let start = offset
        var value: Int64 = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            let byte = try next()
            value |= Int64(byte & 0x7F) << Int64(shift)
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else {
                    throw BlockFormatError(
                        .damaged, "xz index", at: start, "an integer is longer than needed")
                }
                return value
            }
        }
        throw BlockFormatError(
            .damaged, "xz index", at: start, "an integer is longer than nine bytes")
    }

    /// Takes the padding, and compares the checksum of all that was read.
    mutating func finish() throws {
        guard leftByteCount < 4 else {
            throw BlockFormatError(
                .damaged, "xz index", at: offset, "\(leftByteCount) bytes follow the last record")
        }
        while leftByteCount > 0 {
            let place = offset
            guard try next() == 0 else {
                throw BlockFormatError(.damaged, "xz index", at: place, "its padding is not zero")
            }
        }
        let stored = try source.bytes(at: end, count: 4, of: "xz index").littleEndian32(at: 0)
        guard stored == checksum else {
            throw BlockFormatError(.damaged, "xz index", at: end, "its checksum is wrong")
        }
    }
}
