import Testing

@testable import DiagCodec

@Suite("Blocks decoded one by one")
struct BlockDecoderTests {
    private static let formats = BlockFormat.allCases
    /// Blocks without sizes in their header, so that the claim alone says what they give.
    private static let xzSample = DecompressionSample.block(.xz)
    private static let zstdSample = DecompressionSample.block(.zstd)
    private static let text = DecompressionSample.text

    private static func block(
        _ format: BlockFormat, of file: [UInt8], at offset: Int64 = 0, count: Int64? = nil,
        claiming byteCount: Int64
    ) -> BlockTable.Block {
        let count = count ?? Int64(file.count)
        return BlockTable.Block(
            offset: offset, byteCount: format == .xz ? XZIndexReader.padded(count) : count,
            listedByteCount: count, uncompressedOffset: 0, uncompressedByteCount: byteCount,
            check: format == .xz ? .crc64 : format == .zstd ? .frame : .none)
    }

    /// Decodes in both ways, which must agree on whether the block is sound.
    private func decode(
        _ block: BlockTable.Block, _ format: BlockFormat, _ file: [UInt8]
    ) throws -> [UInt8] {
        let source = BlockSource(file)
        var parts = [UInt8]()
        let whole = Result { try BlockDecoder(format).decode(block, from: source) }
        let inParts = Result {
            try BlockDecoder(format).decode(block, from: source) { bytes in
                for index in bytes.indices { parts.append(bytes[index]) }
                #expect(Int64(parts.count) <= block.uncompressedByteCount)
            }
        }
        if case .success(let bytes) = whole {
            #expect(bytes == parts)
            #expect(try inParts.get())
        } else {
            #expect(throws: (any Error).self) { try inParts.get() }
        }
        return try whole.get()
    }

    private func refusal(
        _ block: BlockTable.Block, _ format: BlockFormat, _ file: [UInt8]
    ) -> BlockFormatError? {
        #expect(throws: BlockFormatError.self) { try decode(block, format, file) }
    }

    @Test("A decoder that met damage decodes the next block", arguments: [BlockFormat.xz, .zstd])
    func reuse(format: BlockFormat) throws {
        let blocks = [BlockSample.text(40_000), BlockSample.text(900_000), BlockSample.noise(3000)]
        let file = try BlockSample.file(format, blocks)
        let table = try #require(try BlockTable.read(BlockSource(file)))
        let decoder = try BlockDecoder(format)
        var buffer = [UInt8]()
        for round in 0..<3 {
            for (index, bytes) in blocks.enumerated() {
                var damaged = file
                damaged[Int(table[index].offset + table[index].byteCount / 2)] ^= 0x55
                #expect(throws: BlockFormatError.self) {
                    try decoder.decode(table[index], from: BlockSource(damaged), into: &buffer)
                }
                try decoder.decode(table[index], from: BlockSource(file), into: &buffer)
                #expect(buffer == bytes, "round \(round)")
            }
        }
    }

    @Test(
        "The first bytes are given without the rest", arguments: formats,
        [0, 1, 4095, 262_144, 262_145, 899_999, 900_000, .max] as [Int64])
    func prefix(format: BlockFormat, byteLimit: Int64) throws {
        let bytes = BlockSample.text(900_000)
        let file = try BlockSample.file(format, [bytes])
        let table = try BlockTable.read(BlockSource(file)) ?? .plain(byteCount: 900_000)
        var given = [UInt8]()
        let isWhole = try BlockDecoder(format).decode(
            table[0], from: BlockSource(file), byteLimit: byteLimit
        ) { part in
            for index in part.indices { given.append(part[index]) }
        }
        #expect(given == Array(bytes.prefix(Int(clamping: byteLimit))))
        #expect(isWhole == (byteLimit >= 900_000))
    }

    @Test("What the caller throws ends the decoding, and the decoder can be used again")
    func stopped() throws {
        struct Enough: Error {}
        let bytes = BlockSample.text(600_000)
        for format in Self.formats {
            let file = try BlockSample.file(format, [bytes])
            let table = try BlockTable.read(BlockSource(file)) ?? .plain(byteCount: 600_000)
            let decoder = try BlockDecoder(format)
            #expect(throws: Enough.self) {
                try decoder.decode(table[0], from: BlockSource(file)) { _ in throw Enough() }
            }
            #expect(try decoder.decode(table[0], from: BlockSource(file)) == bytes)
        }
    }

    @Test("A block cut anywhere is an error", arguments: [BlockFormat.xz, .zstd], [true, false])
    func truncated(format: BlockFormat, isStored: Bool) throws {
        let encoder = try BlockEncoder(.init(format, level: 1, blockByteCount: 4096))
        let bytes = BlockSample.text(600)
        let block = isStored ? try encoder.store(bytes.span) : try encoder.compress(bytes.span)
        let whole = Self.block(
            format, of: block.bytes, count: Int64(block.listedByteCount), claiming: 600)
        #expect(try decode(whole, format, block.bytes) == bytes)
        for length in 0..<block.bytes.count {
            let cut = Array(block.bytes[..<length])
            _ = refusal(whole, format, cut)
            // The same with a table that was forged to go with it.
            let claim = Self.block(
                format, of: cut, count: Int64(format == .xz ? length & ~3 : length), claiming: 600)
            _ = refusal(claim, format, cut)
        }
    }

    @Test(
        "A changed byte never gives other bytes", arguments: [BlockFormat.xz, .zstd], [true, false])
    func flipped(format: BlockFormat, isStored: Bool) throws {
        let encoder = try BlockEncoder(.init(format, level: 1, blockByteCount: 4096))
        let bytes = BlockSample.text(600)
        let block = isStored ? try encoder.store(bytes.span) : try encoder.compress(bytes.span)
        let claim = Self.block(
            format, of: block.bytes, count: Int64(block.listedByteCount), claiming: 600)
        var file = block.bytes
        for position in file.indices {
            for bit in 0..<8 {
                file[position] ^= 1 << UInt8(bit)
                let decoded = try? decode(claim, format, file)
                #expect(
                    decoded == nil || format == .zstd && decoded == bytes,
                    "byte \(position), bit \(bit)")
                file[position] ^= 1 << UInt8(bit)
            }
        }
    }

    @Test(
        "A claim that differs from the block is refused",
        arguments: formats, [-599, -1, 1, 64, 1 << 20] as [Int64])
    func wrongSizes(format: BlockFormat, difference: Int64) throws {
        let encoder = try BlockEncoder(.init(format, level: 1, blockByteCount: 4096))
        let bytes = BlockSample.text(600)
        let block = try encoder.compress(bytes.span)
        let count = Int64(block.listedByteCount)
        let claim = Self.block(
            format, of: block.bytes, count: count, claiming: 600 + difference)
        #expect(refusal(claim, format, block.bytes)?.kind == .damaged)
        guard abs(difference) < 100, format != .none else { return }
        // The file goes on behind the block.
        let longer = block.bytes + [UInt8](repeating: 0, count: 100)
        let other = Self.block(format, of: longer, count: count + difference, claiming: 600)
        #expect(refusal(other, format, longer)?.kind == .damaged)
    }

    @Test(
        "A block that gives more than it claims is stopped, and so is one that gives less",
        arguments: [1, 100, 4096, 8_000, 9_000, 1 << 20] as [Int64])
    func bomb(claimed: Int64) throws {
        try #require(claimed != Int64(Self.text.count))
        let source = BlockSource(Self.xzSample)
        let honest = try #require(try BlockTable.read(source))[0]
        let xz = BlockTable.Block(
            offset: honest.offset, byteCount: honest.byteCount,
            listedByteCount: honest.listedByteCount, uncompressedOffset: 0,
            uncompressedByteCount: claimed, check: honest.check)
        #expect(refusal(xz, .xz, Self.xzSample)?.kind == .damaged)
        let zstd = Self.block(.zstd, of: Self.zstdSample, claiming: claimed)
        #expect(refusal(zstd, .zstd, Self.zstdSample)?.kind == .damaged)
    }

    @Test(
        "A block with another check than its stream says is refused", arguments: BlockCheck.allCases
    )
    func wrongCheck(check: BlockCheck) throws {
        let honest = try #require(try BlockTable.read(BlockSource(Self.xzSample)))[0]
        try #require(honest.check == .crc32)
        let claim = BlockTable.Block(
            offset: honest.offset, byteCount: honest.byteCount,
            listedByteCount: honest.listedByteCount, uncompressedOffset: 0,
            uncompressedByteCount: honest.uncompressedByteCount, check: check)
        if check == .crc32 {
            #expect(try decode(claim, .xz, Self.xzSample) == Self.text)
        } else {
            #expect(refusal(claim, .xz, Self.xzSample)?.kind == .damaged)
        }
    }

    @Test("A whole block larger than what is given is refused before memory is taken")
    func tooLarge() throws {
        for format in Self.formats {
            let claim = Self.block(format, of: [1], claiming: 1 << 60)
            #expect(refusal(claim, format, [1])?.kind != nil)
            let error = #expect(throws: BlockFormatError.self) {
                try BlockDecoder(format).decode(claim, from: BlockSource([1]))
            }
            #expect(error?.kind == .tooLarge)
        }
    }

    @Test("A dictionary above 64 MiB is refused, and one above the block costs nothing")
    func dictionary() throws {
        // 30: 128 MiB, 40: 4 GiB. Behind the header stands the end of LZMA2 data, which gives none.
        for size: UInt8 in [30, 40] {
            let file = ForgedXZ.blockHeader(dictionary: size) + [UInt8](repeating: 0, count: 12)
            for (claimed, kind) in [
                (Int64(1) << 40, BlockFormatError.Kind.tooLarge), (1000, .damaged),
            ] {
                let claim = Self.block(.xz, of: file, claiming: claimed)
                let error = #expect(throws: BlockFormatError.self) {
                    try BlockDecoder(.xz).decode(claim, from: BlockSource(file)) { _ in }
                }
                #expect(error?.kind == kind)
            }
        }
        // A zstd frame with a window of 128 MiB and no content size.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0, 0x88, 1, 0, 0]
        let claim = Self.block(.zstd, of: frame, claiming: 1 << 40)
        let error = #expect(throws: BlockFormatError.self) {
            try BlockDecoder(.zstd).decode(claim, from: BlockSource(frame)) { _ in }
        }
        #expect(error?.kind == .tooLarge)
    }

    @Test("A place that holds the index, another frame or nothing is no block")
    func otherPlaces() throws {
        let file = try BlockSample.file(.xz, [BlockSample.text(1000)])
        let table = try #require(try BlockTable.read(BlockSource(file)))
        let end = table[0].offset + table[0].byteCount
        for offset in [0, 8, 16, end, end + 4, Int64(file.count) - 12, Int64(file.count)] {
            let claim = Self.block(.xz, of: file, at: offset, count: 12, claiming: 10)
            _ = refusal(claim, .xz, file)
        }
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        _ = refusal(Self.block(.zstd, of: skippable, claiming: 4), .zstd, skippable)
        let two = Self.zstdSample + Self.zstdSample
        _ = refusal(Self.block(.zstd, of: two, claiming: Int64(Self.text.count)), .zstd, two)
        _ = refusal(Self.block(.zstd, of: two, claiming: Int64(Self.text.count * 2)), .zstd, two)
    }
}
