import Testing

@testable import DiagCodec

@Suite("Decompression of whole blocks")
struct DecompressionTests {
    private let text = DecompressionSample.text

    private func decompress(
        _ block: [UInt8], _ method: Decompression.Method, limit: Int
    ) throws -> Decompression.Output {
        try Decompression.decompress(block, method, limit: limit, byteCount: UInt64(text.count))
    }

    @Test(
        "A block gives its bytes, and says that they are all",
        arguments: Decompression.Method.allCases)
    func whole(method: Decompression.Method) throws {
        for limit in [text.count, text.count + 1, 1 << 20] {
            let output = try decompress(DecompressionSample.block(method), method, limit: limit)
            #expect(output == .init(bytes: text, isWhole: true))
        }
    }

    @Test(
        "A limit cuts the bytes, and that is said",
        arguments: Decompression.Method.allCases, [1, 2, 1000, 8_000])
    func limited(method: Decompression.Method, limit: Int) throws {
        let output = try decompress(DecompressionSample.block(method), method, limit: limit)
        #expect(output == .init(bytes: Array(text.prefix(limit)), isWhole: false))
    }

    @Test("A limit of nothing or less gives no byte", arguments: Decompression.Method.allCases)
    func nothing(method: Decompression.Method) throws {
        for limit in [0, -1, Int.min] {
            let output = try decompress(DecompressionSample.block(method), method, limit: limit)
            #expect(output == .init(bytes: [], isWhole: false))
        }
    }

    @Test("A block cut short anywhere is an error", arguments: Decompression.Method.allCases)
    func truncated(method: Decompression.Method) {
        let block = DecompressionSample.block(method)
        for length in 0..<block.count {
            #expect(throws: DecompressionError.self) {
                try decompress(Array(block.prefix(length)), method, limit: 1 << 20)
            }
        }
    }

    @Test(
        "A changed byte never gives more than the limit", arguments: Decompression.Method.allCases)
    func flipped(method: Decompression.Method) {
        var block = DecompressionSample.block(method)
        for position in block.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                block[position] ^= change
                for limit in [100, 20_000] {
                    let output = try? decompress(block, method, limit: limit)
                    #expect((output?.bytes.count ?? 0) <= limit)
                }
                block[position] ^= change
            }
        }
    }

    @Test("An LZ4 block cannot claim more than 255 bytes for each of its own")
    func impossibleLz4() {
        let block = DecompressionSample.block(.lz4Block)
        for byteCount in [UInt64(block.count) * 255 + 1, .max, 1 << 40] {
            #expect(throws: DecompressionError.self) {
                try Decompression.decompress(
                    block, .lz4Block, limit: 1 << 20, byteCount: byteCount)
            }
        }
    }

    @Test("An xz stream with a dictionary of 64 MiB is refused, not given the memory")
    func largeDictionary() {
        // The headers that liblzma writes for such a stream.
        let head: [UInt8] = [
            0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x00, 0xFF, 0x12, 0xD9, 0x41,
            0x02, 0x00, 0x21, 0x01, 0x1C, 0x00, 0x00, 0x00, 0x10, 0xCF, 0x58, 0xCC,
        ]
        #expect(
            throws: DecompressionError(
                method: .xz, reason: "needs a larger dictionary than is given")
        ) {
            try Decompression.decompress(head + [0, 0, 0, 0], .xz, limit: 100)
        }
    }
}
