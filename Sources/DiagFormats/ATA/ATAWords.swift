internal import DiagModel

/// The 16-bit words that ATA data is made of.
extension Span<UInt8> {
    /// The little-endian word `index`.
    func ataWord(_ index: Int) throws(FormatError) -> UInt16 {
        try littleEndian(UInt16.self, at: index &* 2, field: "word \(index)")
    }

    /// The 32 bits of two words, the lower one first.
    func ataWords32(_ index: Int) throws(FormatError) -> UInt32 {
        try littleEndian(UInt32.self, at: index &* 2, field: "word \(index)")
    }

    /// The 64 bits of four words, the lowest one first.
    func ataWords64(_ index: Int) throws(FormatError) -> UInt64 {
        try littleEndian(UInt64.self, at: index &* 2, field: "word \(index)")
    }

    /// An ATA string: two characters in each word, the first in its upper byte.
    ///
    /// Source: ACS-5, section 3.4.9. Blanks at both ends are dropped, what is not printable escaped.
    func ataString(word index: Int, count: Int) throws(FormatError) -> String {
        var bytes = try self.bytes(count &* 2, at: index &* 2, field: "words from \(index)")
        for pair in stride(from: 0, to: bytes.count - 1, by: 2) { bytes.swapAt(pair, pair + 1) }
        return try bytes.span.text(bytes.count, at: 0, field: "words from \(index)")
    }

    /// An unsigned number of `byteCount` bytes, at most eight, the lowest first.
    func ataNumber(
        _ byteCount: Int, at offset: Int, field: String
    ) throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        for byte in try bytes(Swift.min(byteCount, 8), at: offset, field: field).reversed() {
            value = value << 8 | UInt64(byte)
        }
        return value
    }

    /// Whether the 512 bytes at `offset` add up to a multiple of 256, as the structures of ACS do
    /// that have a checksum in their last byte.
    func ataChecksumIsRight(at offset: Int = 0) throws(FormatError) -> Bool {
        try check(512, at: offset, field: "checksum")
        var sum: UInt8 = 0
        for index in 0..<512 { sum &+= self[offset + index] }
        return sum == 0
    }
}
