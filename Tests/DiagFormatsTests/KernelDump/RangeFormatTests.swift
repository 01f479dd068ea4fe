import Testing

@testable import DiagFormats

@Suite("Flattened dumps, LiME and AVML")
struct RangeFormatTests {
    private static let flattened: [UInt8] =
        Array("makedumpfile".utf8) + [0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 1]
        + [0, 0, 0, 0, 0, 0, 0, 1]

    @Test("The head of a flattened dump and of its pieces are big-endian")
    func flattenedHead() throws {
        #expect(try FlattenedHeader(parsing: Self.flattened.span) == FlattenedHeader())
        let piece: [UInt8] = [0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 0xD0]
        #expect(
            try FlattenedPiece(parsing: piece.span) == FlattenedPiece(offset: 4096, size: 464))
        #expect(try FlattenedPiece(parsing: [UInt8](repeating: 0xFF, count: 16).span).isEnd)
        for length in 0..<Self.flattened.count {
            #expect(throws: FormatError.self) {
                try FlattenedHeader(parsing: Self.flattened.span.extracting(0..<length))
            }
        }
        for offset in piece.indices {
            for value in [UInt8(0), 0x7F, 0x80, 0xFF] {
                var damaged = piece
                damaged[offset] = value
                _ = try? FlattenedPiece(parsing: damaged.span)
            }
        }
    }

    @Test("The head of a range reads back, of LiME and of AVML")
    func ranges() throws {
        let lime = LiMEHeader(start: 0x1000, last: 0x20_000)
        #expect(lime.encoded[..<8] == [0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0])
        #expect(try LiMEHeader(parsing: lime.encoded.span) == lime)
        #expect(lime.memoryByteCount == 0x1F001)
        let avml = LiMEHeader(isCompressed: true, start: 0, last: .max)
        #expect(avml.encoded[..<8] == [0x41, 0x56, 0x4D, 0x4C, 2, 0, 0, 0])
        #expect(try LiMEHeader(parsing: avml.encoded.span) == avml)
        #expect(avml.memoryByteCount == nil)
        for length in 0..<LiMEHeader.byteCount {
            #expect(throws: FormatError.self) {
                try LiMEHeader(parsing: lime.encoded.span.extracting(0..<length))
            }
        }
        for offset in lime.encoded.indices {
            for value in [UInt8(0), 0x7F, 0xFF] {
                var damaged = lime.encoded
                damaged[offset] = value
                _ = try? LiMEHeader(parsing: damaged.span).memoryByteCount
            }
        }
    }
}
