import Testing

@testable import DiagCodec

@Suite struct BlockScannerTests {
    static let blocks = [
        BlockSample.text(9_000), BlockSample.noise(5_000), BlockSample.text(300),
        BlockSample.noise(40_000), BlockSample.text(1),
    ]

    /// What a scanner finds and can decode, and `nil` where a gap of unknown size is.
    static func scan(_ format: BlockFormat, _ bytes: [UInt8]) throws -> [[UInt8]?] {
        let source = BlockSource(bytes)
        var scanner = try #require(BlockScanner(format, source))
        var found = [[UInt8]?]()
        while let one = scanner.next() {
            if !one.isAdjacent { found.append(nil) }
            if let content = try? BlockDecoder(format).decode(one.block, from: source) {
                scanner.pass(one.block)
                found.append(content)
            } else {
                found.append(scanner.fail(one.block) ? [] : nil)
            }
            try #require(found.count < 1000)
        }
        return found
    }

    @Test("All blocks of a whole file are found", arguments: [BlockFormat.xz, .zstd])
    func whole(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Self.blocks)
        #expect(try Self.scan(format, file) == Self.blocks)
        #expect(BlockScanner.format(of: BlockSource(file)) == format)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        #expect(BlockScanner.agrees(table, with: BlockSource(file)))
    }

    @Test("Cut anywhere, the blocks before are found", arguments: [BlockFormat.xz, .zstd])
    func cut(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        for count in stride(from: 0, to: file.count, by: 97) {
            let wholeCount = (0..<table.count).filter {
                table[$0].offset + table[$0].byteCount <= Int64(count)
            }.count
            let found = try Self.scan(format, Array(file[..<count]))
            #expect(Array(found.prefix(wholeCount)) == Self.blocks.prefix(wholeCount).map { $0 })
        }
    }

    @Test(
        "A flipped byte costs the block it is in, and no other",
        arguments: [BlockFormat.xz, .zstd])
    func flipped(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        for index in stride(from: 0, to: file.count, by: 61) {
            var damaged = file
            damaged[index] ^= 0x41
            let found = try Self.scan(format, damaged).compactMap(\.self).filter { !$0.isEmpty }
            let expected = (0..<table.count).filter {
                !(table[$0].offset..<table[$0].offset + table[$0].byteCount).contains(Int64(index))
            }.map { Self.blocks[$0] }
            // One that the flip is in may still be right: a bit that says nothing.
            #expect(found == expected || found == Self.blocks, "byte \(index)")
        }
    }

    /// A file of `bytes`, of which `hole` cannot be read.
    static func source(_ bytes: [UInt8], without hole: Range<Int>) -> BlockSource {
        struct Unreadable: Error {}
        return BlockSource(
            byteCount: Int64(bytes.count), holes: [Int64(hole.lowerBound)..<Int64(hole.upperBound)]
        ) { offset, count in
            let range = Int(offset)..<Int(offset) + count
            guard !range.overlaps(hole) else { throw Unreadable() }
            return Array(bytes[range])
        }
    }

    @Test(
        "A hole costs the blocks that it touches, and no other, wherever it begins and ends",
        arguments: [BlockFormat.xz, .zstd])
    func hole(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        for start in [0, 1, 13, 500, 9_001, 20_003] {
            for end in [start + 1, start + 997, start + 5_003] where end < file.count {
                let source = Self.source(file, without: start..<end)
                var scanner = try #require(BlockScanner(format, source))
                var found = [[UInt8]]()
                while let one = scanner.next() {
                    if let content = try? BlockDecoder(format).decode(one.block, from: source) {
                        scanner.pass(one.block)
                        found.append(content)
                    } else {
                        _ = scanner.fail(one.block)
                    }
                }
                let expected = (0..<table.count).filter {
                    let block = table[$0]
                    return !(Int(block.offset)..<Int(block.offset + block.byteCount))
                        .overlaps(start..<end)
                }
                #expect(found == expected.map { Self.blocks[$0] }, "\(start)..<\(end)")
            }
        }
    }

    @Test(
        "A block begins where the table says, and not in another file",
        arguments: [BlockFormat.xz, .zstd])
    func begins(format: BlockFormat) throws {
        let file = try BlockSample.file(format, Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        let moved = [7, 7, 7, 7] + file.dropLast(4)
        for index in 0..<table.count {
            var scanner = try #require(BlockScanner(format, BlockSource(file)))
            var other = try #require(BlockScanner(format, BlockSource(Array(moved))))
            let begins = (scanner.begins(table[index]), other.begins(table[index]))
            #expect(begins == (true, false))
        }
    }

    @Test("Rubbish holds no block, and ends", arguments: [BlockFormat.xz, .zstd])
    func rubbish(format: BlockFormat) throws {
        #expect(try Self.scan(format, BlockSample.noise(200_001)) == [])
        #expect(try Self.scan(format, []) == [])
        #expect(try Self.scan(format, [UInt8](repeating: 0, count: 10_000)) == [])
        #expect(BlockScanner(.none, BlockSource([])) == nil)
        #expect(BlockScanner.format(of: BlockSource([1, 2, 3])) == nil)
    }

    @Test("What the disk does not give is passed over")
    func unreadable() throws {
        struct BadSector: Error {}
        let file = try BlockSample.file(.xz, Self.blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        let bad = table[1].offset + 100
        let source = BlockSource(byteCount: Int64(file.count)) { offset, count in
            guard !(offset..<offset + Int64(count)).contains(bad) else { throw BadSector() }
            return Array(file[Int(offset)..<Int(offset) + count])
        }
        var scanner = try #require(BlockScanner(.xz, source))
        var found = [[UInt8]]()
        while let one = scanner.next() {
            if let content = try? BlockDecoder(.xz).decode(one.block, from: source) {
                scanner.pass(one.block)
                found.append(content)
            } else {
                _ = scanner.fail(one.block)
            }
        }
        #expect(found.contains(Self.blocks[0]))
        #expect(found.contains(Self.blocks[3]))
        #expect(!found.contains(Self.blocks[1]))
    }
}
