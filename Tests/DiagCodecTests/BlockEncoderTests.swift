import Testing

@testable import DiagCodec

@Suite("Blocks made one by one")
struct BlockEncoderTests {
    private static let formats = BlockFormat.allCases

    @Test(
        "A block comes back as it was, at each size where a chunk or window ends",
        arguments: formats, [1, 2, 4095, 65_535, 65_536, 65_537, 2 << 20 | 1, 4 << 20])
    func roundTrip(format: BlockFormat, byteCount: Int) throws {
        for bytes in [BlockSample.text(byteCount), BlockSample.noise(byteCount)] {
            let file = try BlockSample.file(format, [bytes, bytes], stored: [1])
            guard format != .none else {
                #expect(file == bytes + bytes)
                continue
            }
            #expect(try BlockSample.contents(file) == [bytes, bytes])
        }
    }

    @Test(
        "A block of 16 MiB and a short one after it come back", arguments: [BlockFormat.xz, .zstd])
    func large(format: BlockFormat) throws {
        let blocks = [BlockSample.text(16 << 20), BlockSample.text(77), BlockSample.noise(5 << 20)]
        #expect(try BlockSample.contents(BlockSample.file(format, blocks)) == blocks)
    }

    @Test("Every level makes a block", arguments: 0...19)
    func levels(level: Int) throws {
        let bytes = BlockSample.text(200_000)
        for format in [BlockFormat.xz, .zstd] {
            let file = try BlockSample.file(format, [bytes], level: level)
            #expect(file.count < bytes.count / 3)
            #expect(try BlockSample.contents(file) == [bytes])
        }
    }

    @Test("What does not get smaller is stored, and costs little more", arguments: formats)
    func incompressible(format: BlockFormat) throws {
        let encoder = try BlockEncoder(.init(format, level: 1, blockByteCount: 1 << 20))
        for bytes in [BlockSample.noise(1 << 20), BlockSample.noise(1), BlockSample.noise(65_536)] {
            let block = try encoder.compress(bytes.span)
            #expect(block.isStored)
            #expect(block.uncompressedByteCount == bytes.count)
            #expect(block.bytes.count <= bytes.count + 48 + bytes.count / 16_384)
        }
    }

    @Test("What is stored holds every byte, also where it would compress", arguments: formats)
    func store(format: BlockFormat) throws {
        let encoder = try BlockEncoder(.init(format, level: 1, blockByteCount: 1 << 20))
        let block = try encoder.store(BlockSample.noise(1 << 20).span)
        #expect(block.isStored)
        #expect(block.bytes.count >= 1 << 20)
        let text = BlockSample.text(1 << 20)
        var container = try BlockContainer(format)
        let other = try encoder.store(text.span)
        try container.append(other)
        guard format != .none else { return }
        #expect(
            try BlockSample.contents(container.head + other.bytes + container.tail()) == [text])
    }

    @Test("A block depends neither on those before it nor on the encoder", arguments: formats)
    func deterministic(format: BlockFormat) throws {
        let configuration = BlockConfiguration(format, level: 3, blockByteCount: 1 << 20)
        let used = try BlockEncoder(configuration)
        let text = BlockSample.text(300_000)
        let expected = try BlockEncoder(configuration).compress(text.span)
        let stored = try BlockEncoder(configuration).store(text.span)
        for before in [BlockSample.noise(1 << 20), BlockSample.text(1 << 20), [1]] {
            _ = try used.compress(before.span)
            #expect(try used.compress(text.span) == expected)
            _ = try used.store(before.span)
            #expect(try used.store(text.span) == stored)
            #expect(try used.compress(text.span) == expected)
        }
    }

    @Test(
        "xz takes what was made, and sees both sizes in each header",
        .enabled(if: CompressionProgram.xz.isThere, "xz is not installed"),
        arguments: [0, 6, 9])
    func xz(level: Int) throws {
        let blocks = [1, 65_535, 65_537, 300_000].flatMap {
            [BlockSample.text($0), BlockSample.noise($0)]
        }
        let file = try BlockSample.file(.xz, blocks, stored: [4], level: level)
        let program = CompressionProgram.xz
        #expect(try program.output(["-tq"], for: file) != nil)
        #expect(try program.output(["-dc"], for: file) == blocks.flatMap { $0 })
        #expect(try program.output(["-dcT2"], for: file) == blocks.flatMap { $0 })
        let listing = String(
            decoding: try #require(try program.output(["--robot", "-lvv"], for: file)),
            as: UTF8.self)
        let rows = listing.split(separator: "\n").map { $0.split(separator: "\t") }
            .filter { $0.first == "block" }
        // Uncompressed size, name of the check, and which sizes the header has.
        #expect(rows.map { $0[7] } == blocks.map { "\($0.count)" })
        #expect(rows.allSatisfy { $0[9] == "CRC64" && $0[12] == "cu" })
        let table = try #require(try BlockTable.read(BlockSource(file)))
        #expect(rows.map { $0[4] } == (0..<table.count).map { "\(table[$0].offset)" })
        #expect(rows.map { $0[6] } == (0..<table.count).map { "\(table[$0].byteCount)" })
    }

    @Test(
        "zstd decompresses the frames and passes over the seek table",
        .enabled(if: CompressionProgram.zstd.isThere, "zstd is not installed"),
        arguments: [1, 12, 19])
    func zstd(level: Int) throws {
        let blocks = [1, 65_535, 65_537, 300_000].flatMap {
            [BlockSample.text($0), BlockSample.noise($0)]
        }
        let file = try BlockSample.file(.zstd, blocks, stored: [4], level: level)
        #expect(try CompressionProgram.zstd.output(["-tq"], for: file) != nil)
        #expect(try CompressionProgram.zstd.output(["-dcq"], for: file) == blocks.flatMap { $0 })
    }

    @Test("A file without blocks is whole", arguments: [BlockFormat.xz, .zstd])
    func empty(format: BlockFormat) throws {
        let file = try BlockSample.file(format, [])
        let table = try #require(try BlockTable.read(BlockSource(file)))
        #expect(table.format == format && table.count == 0 && table.uncompressedByteCount == 0)
        let program = format == .xz ? CompressionProgram.xz : .zstd
        if program.isThere { #expect(try program.output(["-dcq"], for: file) == []) }
    }

    @Test("The memory that is told bounds the dictionary by the block, and grows with the level")
    func memory() {
        let small = BlockConfiguration(.xz, level: 6, blockByteCount: 1 << 20)
        let large = BlockConfiguration(.xz, level: 6, blockByteCount: 64 << 20)
        #expect(small.dictionaryByteCount == 1 << 20)
        #expect(large.dictionaryByteCount == 8 << 20)
        #expect(small.encoderMemoryByteCount < 20 << 20)
        // The table of `xz -6` says 94 MiB, and room for a block comes on top.
        #expect(large.encoderMemoryByteCount > 150 << 20)
        #expect(large.encoderMemoryByteCount < 170 << 20)
        let zstd = [1, 3, 9, 19].map {
            BlockConfiguration(.zstd, level: $0, blockByteCount: 4 << 20).encoderMemoryByteCount
        }
        #expect(zstd == zstd.sorted() && zstd[0] > 4 << 20 && zstd[3] < 128 << 20)
    }

    @Test(
        "A memory limit lowers the dictionary first, then the level",
        arguments: [BlockFormat.xz, .zstd])
    func fitting(format: BlockFormat) throws {
        let wanted = BlockConfiguration(format, level: 9, blockByteCount: 4 << 20)
        let needed = wanted.encoderMemoryByteCount
        #expect(wanted.fitting(memoryByteLimit: needed) == wanted)
        let less = try #require(wanted.fitting(memoryByteLimit: needed - 1))
        #expect(less.level == 9 && less.dictionaryByteCount < wanted.dictionaryByteCount)
        #expect(less.encoderMemoryByteCount < needed)
        #expect(wanted.fitting(memoryByteLimit: 1000) == nil)
        let encoder = try BlockEncoder(less)
        let text = BlockSample.text(4 << 20)
        var container = try BlockContainer(format)
        let block = try encoder.compress(text.span)
        try container.append(block)
        #expect(
            try BlockSample.contents(container.head + block.bytes + container.tail()) == [text])
    }

    @Test("Values outside the ranges are brought into them")
    func ranges() {
        let low = BlockConfiguration(
            .zstd, level: -5, blockByteCount: 0, dictionaryByteCount: -1)
        #expect(low.level == 1 && low.blockByteCount == 4096 && low.dictionaryByteCount == 4096)
        let high = BlockConfiguration(
            .xz, level: 99, blockByteCount: .max, dictionaryByteCount: .max)
        #expect(high.level == 9 && high.blockByteCount == 64 << 20)
        #expect(high.dictionaryByteCount == 64 << 20)
    }
}
