import DiagCodec
import Testing

@testable import DiagArchive

@Suite struct BundleMemoryTests {
    static func options(_ format: BlockFormat, _ level: Int?, _ memory: Int) -> BundleOptions {
        BundleOptions(format: format, level: level, threadCount: 4, memoryByteLimit: memory)
    }

    @Test("The least memory that is named is enough, and one MiB less is not")
    func least() throws {
        let cases: [(BlockFormat, [Int?])] = [
            (.xz, [0, 1, 6, 9]), (.zstd, [1, 3, 19]), (.none, [nil]),
        ]
        for (format, levels) in cases {
            for level in levels {
                let shortage = try #require(Self.options(format, level, 0).memoryShortage)
                let number = shortage.split(separator: " ").last.flatMap { Int($0.dropLast()) }
                let least = try #require(number, "\(shortage)")
                #expect(shortage.hasSuffix("which needs \(least)M"))
                #expect(Self.options(format, level, least << 20).effect != nil, "\(shortage)")
                #expect(Self.options(format, level, (least - 1) << 20).effect == nil, "\(shortage)")
                #expect(Self.options(format, level, least << 20).memoryShortage == nil)
            }
        }
    }

    @Test("Blocks become smaller where the memory is not enough for the usual, and that is told")
    func smallerBlocks() throws {
        let options = Self.options(.xz, 1, 20 << 20)
        let effect = try #require(options.effect)
        #expect(effect.blocks.blockByteCount < BundleOptions.blockByteCount)
        #expect(effect.threadCount == 1)
        #expect(effect.lowered.first == "1 thread instead of 4")
        #expect(
            effect.lowered.contains(
                "blocks of \(effect.blocks.blockByteCount >> 10) KiB instead of 4096"))
        let needed =
            BlockPipeline.memoryByteCount(
                blockByteCount: effect.blocks.blockByteCount, threadCount: 1)
            + effect.blocks.encoderMemoryByteCount
        #expect(needed <= 20 << 20)
    }

    @Test("Enough memory lowers nothing")
    func enough() throws {
        let effect = try #require(Self.options(.xz, 1, 1 << 30).effect)
        #expect(effect.lowered == [])
        #expect(effect.threadCount == 4)
        #expect(effect.blocks.blockByteCount == BundleOptions.blockByteCount)
    }

    @Test("A bundle of small blocks is whole, and can be read", arguments: [BlockFormat.xz, .zstd])
    func whole(format: BlockFormat) throws {
        let folder = try SealedSample.large()
        let options = Self.options(format, nil, 12 << 20)
        try #require(options.effect != nil)
        let sealed = try BundleWriterTests.seal(folder, options: options)
        #expect(!sealed.effect.lowered.isEmpty)
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
    }
}
