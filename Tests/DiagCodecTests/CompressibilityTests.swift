import Foundation
import Testing

@testable import DiagCodec

@Suite("Whether bytes are worth compressing")
struct CompressibilityTests {
    private static func program(_ byteCount: Int) throws -> [UInt8] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/self/exe"))
        return Array(try file.read(upToCount: byteCount) ?? Data())
    }

    /// Words as a kernel's structures have them: two pointers into its direct map, then a number.
    private static func memory(_ byteCount: Int) -> [UInt8] {
        var state: UInt64 = 1
        return (0..<byteCount / 8).flatMap { index -> [UInt8] in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = index % 3 == 0 ? state >> 52 : 0xFFFF_8880_0000_0000 | state >> 40
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
    }

    private func isWorthwhile(_ bytes: [UInt8]) -> Bool { Compressibility.isWorthwhile(bytes.span) }

    @Test("Logs and programs are", arguments: [1000, 49_152, 49_153, 1 << 20, 4 << 20])
    func worthwhile(byteCount: Int) throws {
        #expect(isWorthwhile(BlockSample.text(byteCount)))
        // A program's first bytes may be its hash table.
        if byteCount >= 1 << 20 { #expect(isWorthwhile(try Self.program(byteCount))) }
        #expect(isWorthwhile([UInt8](repeating: 0, count: byteCount)))
    }

    @Test("What is compressed already is not", arguments: [BlockFormat.xz, .zstd])
    func compressed(format: BlockFormat) throws {
        let blocks = [BlockSample.text(2 << 20), try Self.program(3 << 20)]
        for level in [1, 3, 9] {
            let file = try BlockSample.file(format, blocks, level: level)
            #expect(!isWorthwhile(file))
            #expect(!isWorthwhile(Array(file[..<40_000])))
        }
    }

    @Test(
        "Noise, a few bytes and nothing are not", arguments: [0, 1, 5, 15, 16, 17, 5000, 4 << 20])
    func worthless(byteCount: Int) {
        #expect(!isWorthwhile(BlockSample.noise(byteCount)))
    }

    @Test("The pages of a live dump are not")
    func pages() throws {
        let compressor = try PageCompressor(.zstd, pageByteCount: 4096)
        var room = [UInt8](repeating: 0, count: compressor.roomByteCount)
        var pages = [UInt8]()
        let memory = Self.memory(4 << 20)
        for start in stride(from: 0, to: memory.count - 4096, by: 4096) {
            let count = memory[start..<start + 4096].withUnsafeBytes { page in
                room.withUnsafeMutableBytes { compressor.compress(page, into: $0) }
            }
            pages += count > 0 ? room[..<count] : memory[start..<start + 4096]
        }
        try #require(pages.count > 1 << 20)
        #expect(isWorthwhile(memory))
        #expect(!isWorthwhile(pages))
    }

    @Test("Bytes that compress in one part of three are")
    func mixed() {
        let noise = BlockSample.noise(1 << 20)
        for text in [0, 500_000, 1_000_000] {
            var bytes = noise
            bytes.replaceSubrange(text..<text + 48_000, with: BlockSample.text(48_000))
            #expect(isWorthwhile(bytes))
        }
    }
}
