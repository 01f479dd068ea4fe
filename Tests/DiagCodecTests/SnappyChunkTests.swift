import DiagCodec
import Testing

@Suite("Chunks of snappy frames")
struct SnappyChunkTests {
    @Test("Data is taken out, compressed or as it is; other chunks hold none")
    func data() throws {
        var target = [UInt8](repeating: 0, count: SnappyChunk.largestByteCount)
        let plain: [UInt8] = [1, 7, 0, 0, 9, 9, 9, 9, 65, 66, 67]
        let chunk = try SnappyChunk(parsing: plain.span)
        #expect(chunk.contentByteCount == 7)
        #expect(try chunk.decompress(plain.span.extracting(4...), into: &target) == 3)
        #expect(target.prefix(3) == [65, 66, 67])
        // Ten bytes: a literal of one, and a copy of nine from one before.
        let block: [UInt8] = [0, 9, 0, 0, 9, 9, 9, 9, 10, 0, 90, (9 - 4) << 2 | 1, 1]
        let compressed = try SnappyChunk(parsing: block.span)
        #expect(try compressed.decompress(block.span.extracting(4...), into: &target) == 10)
        #expect(target.prefix(10) == [UInt8](repeating: 90, count: 10)[...])
        #expect(try SnappyChunk(parsing: [0xFF, 6, 0, 0].span).holdsData == false)
        #expect(
            try SnappyChunk(parsing: [0xFE, 0xFF, 0xFF, 0xFF].span).contentByteCount == 0xFF_FFFF)
    }

    @Test(
        "A head that no stream has is an error",
        arguments: [
            [], [0], [0, 4, 0], [2, 9, 0, 0], [0x7F, 9, 0, 0], [0, 3, 0, 0], [1, 0, 0, 0],
            [0, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]])
    func heads(bytes: [UInt8]) {
        #expect(throws: PageCodecError.self) { try SnappyChunk(parsing: bytes.span) }
    }

    @Test("Every cut and every changed byte of a block gives bytes or an error")
    func damage() throws {
        let block: [UInt8] = [9, 9, 9, 9, 10, 0, 90, (9 - 4) << 2 | 1, 1]
        var target = [UInt8](repeating: 0, count: 16)
        for count in 4..<block.count {
            let chunk = try SnappyChunk(parsing: [0, UInt8(count), 0, 0].span)
            #expect(throws: PageCodecError.self) {
                try chunk.decompress(block.span.extracting(0..<count), into: &target)
            }
        }
        let chunk = try SnappyChunk(parsing: [0, UInt8(block.count), 0, 0].span)
        for index in block.indices {
            for value in UInt8.min...UInt8.max {
                var damaged = block
                damaged[index] = value
                let count = try? chunk.decompress(damaged.span, into: &target)
                #expect((count ?? 0) <= target.count)
            }
        }
    }
}
