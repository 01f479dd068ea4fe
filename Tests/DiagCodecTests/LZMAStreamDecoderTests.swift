import Testing

@testable import DiagCodec

@Suite("Decompression of xz and lzma files")
struct LZMAStreamDecoderTests {
    private static let text = DecompressionSample.text
    private static let block = DecompressionSample.block(.xz)

    /// What `file` stands for, given in parts of `partByteCount` and taken in as many bytes.
    private func decode(
        _ file: [UInt8], _ format: LZMAStreamDecoder.Format = .xz, partByteCount: Int = 1 << 16
    ) throws -> [UInt8] {
        var decoder = try LZMAStreamDecoder.start(format)
        var result = [UInt8]()
        var output = [UInt8](repeating: 0, count: partByteCount)
        var offset = 0
        while !decoder.hasEnded {
            let part = Array(file[offset..<min(offset + partByteCount, file.count)])
            let moved = try decoder.decode(part.span, isLast: part.isEmpty, into: &output)
            offset += moved.consumed
            result += output[..<moved.produced]
        }
        #expect(decoder.consumedByteCount == Int64(offset))
        return result
    }

    @Test("A file gives its bytes, however it is cut", arguments: [1, 2, 3, 64, 1 << 16])
    func parts(byteCount: Int) throws {
        #expect(try decode(Self.block, partByteCount: byteCount) == Self.text)
    }

    @Test("Two streams with padding give the bytes of both")
    func concatenated() throws {
        #expect(
            try decode(Self.block + [0, 0, 0, 0] + Self.block) == Self.text + Self.text)
    }

    @Test("A file that is cut, damaged or followed by something else is an error")
    func damaged() throws {
        for length in 0..<Self.block.count {
            #expect(throws: LZMAStreamDecoder.Failure.self) {
                try decode(Array(Self.block[..<length]))
            }
        }
        for offset in Self.block.indices {
            var damaged = Self.block
            damaged[offset] ^= 0x01
            #expect(throws: LZMAStreamDecoder.Failure.self) { try decode(damaged) }
        }
        #expect(throws: LZMAStreamDecoder.Failure.self) { try decode(Self.block + [0x41]) }
    }

    @Test("A dictionary above the limit is refused by the header alone", arguments: [28, 29, 31])
    func dictionary(exponent: Int) throws {
        // Properties 0x5D, the dictionary's size, an unknown uncompressed size, and some data.
        let size = UInt32(1) << UInt32(exponent)
        let header =
            [0x5D] + (0..<4).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) }
            + [UInt8](repeating: 0xFF, count: 8) + [UInt8](repeating: 0, count: 16)
        let failure = #expect(throws: LZMAStreamDecoder.Failure.self) {
            try decode(header, .lzma)
        }
        #expect(failure?.description == "needs a larger dictionary than is given")
        #expect(failure?.isAboutMemory == true)
    }

    @Test("The format shows in the first bytes, and a tar is none")
    func formats() {
        func format(_ bytes: [UInt8]) -> LZMAStreamDecoder.Format? {
            LZMAStreamDecoder.format(of: bytes)
        }
        let unknown = [UInt8](repeating: 0xFF, count: 8)
        #expect(format(Self.block) == .xz)
        #expect(format([0x5D, 0, 0, 0x80, 0] + unknown) == .lzma)
        #expect(format([0x5D, 0, 0, 0, 0x20] + unknown) == .lzma)
        #expect(format([0x5D, 0, 0, 0x80, 0, 9, 0, 0, 0, 0, 0, 0, 0]) == .lzma)
        #expect(format([0x5D] + [UInt8](repeating: 0, count: 12)) == nil)
        #expect(format(Array("]/summary.txt".utf8)) == nil)
        #expect(format([0x1F, 0x8B, 8, 0]) == nil)
        #expect(format([]) == nil)
    }
}
