import Testing

@testable import DiagCodec

@Suite("The table of blocks")
struct BlockTableTests {
    private static let blocks = [
        BlockSample.text(3000), BlockSample.noise(500), [7], BlockSample.text(70_000),
    ]
    /// The block of the sample file, between its header and its index, and what it stands for.
    private static let sample = DecompressionSample.block(.xz)
    private static let block = Array(sample[12..<sample.count - 12 - indexByteCount])
    private static let indexByteCount = Int(sample.littleEndian32(at: sample.count - 8) + 1) * 4
    private static let byteCount = UInt64(DecompressionSample.text.count)
    /// Its size in the index, which alone tells how much of `block` is padding.
    private static var listed: UInt64 {
        get throws {
            UInt64(try #require(try BlockTable.read(BlockSource(sample)))[0].listedByteCount)
        }
    }

    private func refusal(
        _ file: [UInt8], blockLimit: Int = BlockTable.largestBlockCount
    ) -> BlockFormatError? {
        do {
            let table = try BlockTable.read(BlockSource(file), blockLimit: blockLimit)
            Issue.record("taken: \(table.map { "\($0.count) blocks" } ?? "no table")")
        } catch let error as BlockFormatError {
            #expect((0...Int64(file.count)).contains(error.offset), "\(error)")
            return error
        } catch { Issue.record(error) }
        return nil
    }

    @Test("It tells where each block lies and what it holds", arguments: [BlockFormat.xz, .zstd])
    func places(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Self.blocks, stored: [2])
        let table = try #require(try BlockTable.read(BlockSource(file)))
        #expect(table.format == format && table.count == 4)
        #expect(table.uncompressedByteCount == 73_501)
        #expect((0..<4).map { table[$0].uncompressedByteCount } == [3000, 500, 1, 70_000])
        #expect((0..<4).map { table[$0].uncompressedOffset } == [0, 3000, 3500, 3501])
        #expect(table[0].offset == (format == .xz ? 12 : 0))
        for index in 1..<4 {
            #expect(table[index].offset == table[index - 1].offset + table[index - 1].byteCount)
        }
        #expect(table[0].check == (format == .xz ? .crc64 : .frame))
    }

    @Test(
        "The block of an offset is found, and none outside",
        arguments: [
            (-1, nil), (Int64.min, nil), (0, 0), (2999, 0), (3000, 1), (3499, 1), (3500, 2),
            (3501, 3), (73_500, 3), (73_501, nil), (.max, nil),
        ] as [(Int64, Int?)])
    func lookUp(offset: Int64, index: Int?) throws {
        let file = try BlockSample.file(.xz, Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        #expect(table.index(holding: offset) == index)
    }

    @Test("Several streams with padding and empty ones between are one file")
    func streams() throws {
        let ours = try BlockSample.file(.xz, Self.blocks)
        let empty = try BlockSample.file(.xz, [])
        let padding = [UInt8](repeating: 0, count: 8)
        let text = DecompressionSample.text
        let long = [UInt8](repeating: 0, count: 200_000)
        let file = ours + padding + empty + Self.sample + long + ours + empty + padding
        #expect(try BlockSample.contents(file) == Self.blocks + [text] + Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        #expect((3...5).map { table[$0].check } == [.crc64, .crc32, .crc64])
        #expect(table[4].uncompressedOffset == 73_501)
        #expect(refusal(file, blockLimit: 8)?.kind == .tooLarge)
        #expect(refusal(empty + empty + empty, blockLimit: 2)?.kind == .tooLarge)
    }

    @Test(
        "An index longer than what is read at once gives every block", arguments: [9_000, 40_000])
    func manyBlocks(count: Int) throws {
        for format in [BlockFormat.xz, .zstd] {
            let encoder = try BlockEncoder(.init(format, level: 1, blockByteCount: 4096))
            let bytes = BlockSample.text(300)
            let block = try encoder.compress(bytes.span)
            var container = try BlockContainer(format)
            for _ in 0..<count { try container.append(block) }
            let body = (0..<count).reduce(into: container.head) { file, _ in file += block.bytes }
            let source = BlockSource(try body + container.tail())
            let table = try #require(try BlockTable.read(source))
            #expect(table.count == count)
            #expect(table[count - 1].uncompressedOffset == Int64(300 * (count - 1)))
            #expect(try BlockDecoder(format).decode(table[count - 1], from: source) == bytes)
        }
    }

    @Test(
        "The table of xz's own files is read",
        .enabled(if: CompressionProgram.xz.isThere, "xz is not installed"),
        arguments: [
            ["-T1"], ["-T2", "--block-size=65536"], ["-C", "sha256"], ["-C", "none"],
            ["-C", "crc32", "--x86", "--lzma2"], ["--delta", "--lzma2=preset=9e"],
        ])
    func foreign(arguments: [String]) throws {
        let text = BlockSample.text(200_000)
        let file = try #require(
            try CompressionProgram.xz.output(arguments + ["-zc"], for: text))
        let contents = try #require(try BlockSample.contents(file))
        #expect(contents.flatMap { $0 } == text)
        #expect(contents.count == (arguments.contains("-T2") ? 4 : 1))
    }

    @Test("Other files have no table: they are read from start to end")
    func others() throws {
        for file in [
            [], [0xFD], Array("plain text".utf8), [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3],
            DecompressionSample.block(.zstd), [UInt8](repeating: 0, count: 1024),
            [0x28, 0xB5, 0x2F, 0xFD],
        ] {
            #expect(try BlockTable.read(BlockSource(file)) == nil)
        }
    }

    @Test(
        "A plain file has blocks of one size but for the last",
        arguments: [(0, 0, 0), (1, 1, 1), (4096, 1, 4096), (4097, 2, 1), (Int64.max, 1 << 20, -1)]
            as [(Int64, Int, Int64)])
    func plain(byteCount: Int64, count: Int, last: Int64) throws {
        let table = BlockTable.plain(byteCount: byteCount, blockByteCount: 4096)
        #expect(table.uncompressedByteCount == byteCount)
        guard last >= 0 else {
            #expect(table.count <= count)
            #expect(table.index(holding: .max - 1) == table.count - 1)
            return
        }
        #expect(table.count == count)
        if count > 0 { #expect(table[count - 1].uncompressedByteCount == last) }
    }

    @Test("A file cut anywhere has no table", arguments: [BlockFormat.xz, .zstd])
    func truncated(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Array(Self.blocks[..<3]))
        for length in 0..<file.count {
            let table = try? BlockTable.read(BlockSource(Array(file[..<length])))
            #expect(table == nil, "\(length) bytes")
        }
        let longer: [UInt8] = [0x41, 0, 0, 0x41]
        for count in 1...4 {
            #expect((try? BlockTable.read(BlockSource(file + longer[..<count]))) == nil)
        }
    }

    @Test("A changed byte never gives other bytes", arguments: [BlockFormat.xz, .zstd])
    func flipped(format: BlockFormat) throws {
        let blocks = Array(Self.blocks[..<3])
        var file = try BlockSample.file(format, blocks, stored: [2])
        for position in file.indices {
            for change: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                file[position] ^= change
                let contents = (try? BlockSample.contents(file)) ?? nil
                // zstd leaves some bits unused; xz leaves none.
                #expect(
                    contents == nil || format == .zstd && contents == blocks,
                    "byte \(position) ^ \(change)")
                file[position] ^= change
            }
        }
    }

    @Test("A file that becomes shorter while it is read is an error")
    func shrinking() throws {
        let file = try BlockSample.file(.xz, Self.blocks)
        let source = BlockSource(byteCount: Int64(file.count)) { offset, count in
            let end = min(Int(offset) + count, 100)
            return end < Int(offset) ? [] : Array(file[Int(offset)..<end])
        }
        #expect(throws: BlockFormatError.self) { try BlockTable.read(source) }
    }

    @Test("A forged file with true claims is taken, so the lies below are what is refused")
    func honest() throws {
        let index = ForgedXZ.index([(try Self.listed, Self.byteCount)])
        let file = ForgedXZ.stream(Self.block, index: index)
        #expect(file == Self.sample)
        #expect(try BlockSample.contents(file) == [DecompressionSample.text])
    }

    @Test(
        "An xz index that claims what cannot be is refused",
        arguments: [1 << 62, 1 << 60, 1 << 31, 1 << 21, 1000, 3, 2, 0] as [UInt64])
    func lyingCount(count: UInt64) throws {
        let index = ForgedXZ.index([(try Self.listed, Self.byteCount)], count: count)
        #expect(refusal(ForgedXZ.stream(Self.block, index: index))?.kind == .damaged)
    }

    @Test("Sizes that do not fill the file are refused, whatever their sum")
    func lyingSizes() throws {
        let listed = try Self.listed
        let most = UInt64(1) << 63 - 1
        let lies: [[(UInt64, UInt64)]] = [
            [], [(listed, 0)], [(0, 5)], [(4, 5)], [(5, 5)], [(listed - 4, 5)], [(listed + 4, 5)],
            [(listed, 5), (listed, 5)], [(listed, 5), (5, 5)], [(most, 5)], [(most - 3, 5)],
            [(most, 5), (most, 5), (listed + 8, 5)], [(listed, 5), (most, most)],
            [(8, most), (listed - 8, most)],
        ]
        for lie in lies {
            let file = ForgedXZ.stream(Self.block, index: ForgedXZ.index(lie))
            #expect(refusal(file) != nil, "\(lie)")
        }
    }

    @Test("Integers that are too long, longer than needed, or cut are refused")
    func lyingIntegers() throws {
        let listed = ForgedXZ.integer(try Self.listed)
        let long = [UInt8](repeating: 0x80, count: 8)
        func joined(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }
        let forged: [[UInt8]] = [
            joined([0, 0x81, 0], listed, [5]), joined([0, 1], listed, [0x85, 0]),
            joined([0, 1], listed, [0x85]), joined([0, 1], long, [0x80, 1, 5]),
            joined([0, 1], listed, long, [0x81, 0]), [0, 1], [0], joined([1, 1], listed, [5]),
            joined([0, 1], listed, [5, 0, 0, 0, 0, 0]),
        ]
        for bytes in forged {
            let file = ForgedXZ.stream(Self.block, index: ForgedXZ.sealed(bytes))
            #expect(refusal(file)?.kind == .damaged, "\(bytes)")
        }
    }

    @Test("A footer that leads outside the file, or differs from the header, is refused")
    func lyingFooter() throws {
        let index = ForgedXZ.index([(try Self.listed, Self.byteCount)])
        let body = ForgedXZ.header() + Self.block + index
        for count in [4, index.count - 4, index.count + 4, body.count, body.count + 4, 1 << 34] {
            #expect(refusal(body + ForgedXZ.footer(indexByteCount: count)) != nil, "\(count)")
        }
        for check: UInt8 in [0, 4, 10, 2, 15] {
            #expect(
                refusal(body + ForgedXZ.footer(indexByteCount: index.count, check: check)) != nil)
        }
    }

    @Test("A zstd seek table that claims what cannot be is refused")
    func lyingSeekTable() throws {
        let frame = DecompressionSample.block(.zstd)
        func file(_ entries: [(Int, Int)], count: UInt32? = nil, flags: UInt8 = 0) -> [UInt8] {
            let records = entries.flatMap {
                ForgedXZ.littleEndian(UInt32($0.0)) + ForgedXZ.littleEndian(UInt32($0.1))
            }
            return frame + [0x5E, 0x2A, 0x4D, 0x18]
                + ForgedXZ.littleEndian(UInt32(records.count + 9)) + records
                + ForgedXZ.littleEndian(count ?? UInt32(entries.count)) + [flags]
                + [0xB1, 0xEA, 0x92, 0x8F]
        }
        let text = DecompressionSample.text
        let honest = [(frame.count, text.count)]
        #expect(try BlockSample.contents(file(honest)) == [text])
        for count: UInt32 in [0, 2, 3, 0x7FF_FFFF, .max] {
            #expect(refusal(file(honest, count: count)) != nil)
        }
        for flags: UInt8 in [0x80, 0x04, 0x40, 0xFF] {
            #expect(refusal(file(honest, flags: flags)) != nil)
        }
        for lie in [
            [], [(frame.count, 0)], [(0, 5)], [(frame.count - 1, 5)], [(frame.count + 1, 5)],
            [(frame.count, 5), (1, 5)], [(frame.count, 5), (frame.count, 5)],
            [(Int(UInt32.max), 5)],
        ] {
            #expect(refusal(file(lie)) != nil, "\(lie)")
        }
        #expect(refusal(file(honest), blockLimit: 0)?.kind == .tooLarge)
    }

    @Test("A seek table with checksums, as other programs write it, is read")
    func seekTableWithChecksums() throws {
        let frame = DecompressionSample.block(.zstd)
        let text = DecompressionSample.text
        let record =
            ForgedXZ.littleEndian(UInt32(frame.count)) + ForgedXZ.littleEndian(UInt32(text.count))
            + [1, 2, 3, 4]
        let file =
            frame + [0x5E, 0x2A, 0x4D, 0x18] + ForgedXZ.littleEndian(21) + record
            + ForgedXZ.littleEndian(1) + [0x80, 0xB1, 0xEA, 0x92, 0x8F]
        #expect(try BlockSample.contents(file) == [text])
    }
}
