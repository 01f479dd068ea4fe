import DiagCodec
import Testing

@Suite("Single pages of memory, compressed")
struct PageCodecTests {
    /// A page that compresses well, one that barely does, and one that does not.
    private static func page(_ kind: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<4096).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let noise = UInt8(truncatingIfNeeded: state >> 40)
            switch kind {
            case 0: return UInt8(truncatingIfNeeded: index / 32)
            case 1: return index < 3900 ? noise : 0
            default: return noise
            }
        }
    }

    @Test(
        "A compressor tells the memory that it takes, and took it before the first page",
        arguments: [(PageCompression.zstd, 4096), (.zlib, 4096), (.zstd, 65_536)])
    func memory(method: PageCompression, count: Int) throws {
        let compressor = try PageCompressor(method, pageByteCount: count)
        #expect(compressor.memoryByteCount > 16 << 10)
        #expect(compressor.memoryByteCount <= 768 << 10)
    }

    private func compress(_ page: [UInt8], _ compressor: PageCompressor) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: compressor.roomByteCount)
        let count = page.withUnsafeBytes { source in
            room.withUnsafeMutableBytes { compressor.compress(source, into: $0) }
        }
        return Array(room[..<count])
    }

    private func decompress(
        _ bytes: [UInt8], _ method: PageCompression, count: Int
    ) throws -> [UInt8] {
        let decompressor = try PageDecompressor()
        var page = [UInt8](repeating: 0xEE, count: count)
        try bytes.withUnsafeBytes { source in
            try page.withUnsafeMutableBytes {
                try decompressor.decompress(source, method, into: $0)
            }
        }
        return page
    }

    @Test("A page comes back as it was, page after page", arguments: [PageCompression.zstd, .zlib])
    func roundTrip(method: PageCompression) throws {
        let compressor = try PageCompressor(method, pageByteCount: 4096)
        for kind in [0, 1, 0, 1, 1] {
            let page = Self.page(kind)
            let bytes = compress(page, compressor)
            #expect(!bytes.isEmpty && bytes.count < 4096)
            #expect(try decompress(bytes, method, count: 4096) == page)
        }
    }

    @Test("A page that does not get smaller says so", arguments: [PageCompression.zstd, .zlib])
    func incompressible(method: PageCompression) throws {
        let compressor = try PageCompressor(method, pageByteCount: 4096)
        #expect(compress(Self.page(2), compressor).isEmpty)
        // The state serves for the next page.
        let next = compress(Self.page(0), compressor)
        #expect(try decompress(next, method, count: 4096) == Self.page(0))
    }

    @Test("LZO and snappy blocks of other tools are read")
    func others() throws {
        let text = Array("abcdabcd".utf8)
        let letters = Array("abcd".utf8)
        #expect(try decompress([0x15] + letters + [0x6C, 0, 0x11, 0, 0], .lzo, count: 8) == text)
        #expect(try decompress([8, 0x0C] + letters + [1, 4], .snappy, count: 8) == text)
        #expect(throws: PageCodecError.self) { try PageCompressor(.lzo, pageByteCount: 4096) }
    }

    @Test(
        "Damaged bytes give an error or another page, never more",
        arguments: PageCompression.allCases)
    func damaged(method: PageCompression) throws {
        let letters = Array("abcd".utf8)
        let whole: [UInt8]
        let count: Int
        switch method {
        case .lzo: (whole, count) = ([0x15] + letters + [0x6C, 0, 0x11, 0, 0], 8)
        case .snappy: (whole, count) = ([8, 0x0C] + letters + [1, 4], 8)
        default:
            let compressor = try PageCompressor(method, pageByteCount: 4096)
            (whole, count) = (compress(Self.page(0), compressor), 4096)
        }
        for length in 0..<whole.count {
            #expect(throws: PageCodecError.self) {
                _ = try decompress(Array(whole[..<length]), method, count: count)
            }
        }
        for index in whole.indices {
            for bit in 0..<8 {
                var bytes = whole
                bytes[index] ^= 1 << UInt8(bit)
                let page = try? decompress(bytes, method, count: count)
                #expect(page == nil || page?.count == count)
            }
        }
        #expect(throws: PageCodecError.self) { _ = try decompress(whole, method, count: count - 1) }
        #expect(throws: PageCodecError.self) { _ = try decompress(whole, method, count: count + 1) }
    }
}
