import Testing

@testable import DiagArchive

@Suite struct SparseMapTests {
    /// What a reader makes of `bytes`, given in parts of `partByteCount`, and how many it took.
    static func read(
        _ bytes: [UInt8], byteCount: Int64, partByteCount: Int = .max
    ) throws(SparseMapFault) -> (map: SparseMap?, taken: Int) {
        var reader = SparseMapReader(byteCount: byteCount)
        var start = 0
        while start < bytes.count, reader.map == nil {
            let end = start + min(partByteCount, bytes.count - start)
            start += try reader.take(bytes.span.extracting(start..<end))
        }
        return (reader.map, start)
    }

    static let maps: [SparseMap] = [
        .init(regions: [], byteCount: 0),
        .init(regions: [], byteCount: 20 << 30),
        .init(regions: [0..<10], byteCount: 10),
        .init(regions: [5..<6, 7..<100], byteCount: 1 << 40),
        .init(regions: (0..<2000).map { $0 * 100..<$0 * 100 + 7 }, byteCount: 200_000),
    ]

    @Test("A map that is written is read back, in whatever parts", arguments: maps, [1, 511, 4096])
    func roundTrip(map: SparseMap, partByteCount: Int) throws {
        let encoded = map.encoded
        #expect(encoded.count % 512 == 0)
        let read = try Self.read(
            encoded + Array("data".utf8), byteCount: map.byteCount, partByteCount: partByteCount)
        #expect(read.map == map)
        #expect(read.taken == encoded.count, "what stands behind the map is not taken")
    }

    @Test("A map stands as GNU tar writes it")
    func bytes() {
        let map = SparseMap(regions: [512..<1024, 4096..<5000], byteCount: 9000)
        #expect(
            map.encoded.prefix { $0 != 0 }
                == Array("3\n512\n512\n4096\n904\n9000\n0\n".utf8)[...])
        #expect(map.encoded.count == 512)
        #expect(map.dataByteCount == 1416)
        #expect(map.holes == [0..<512, 1024..<4096, 5000..<9000])
    }

    @Test("The largest map that is written is read")
    func largest() throws {
        let unit: Int64 = 1 << 40
        let map = SparseMap(
            regions: (0..<Int64(SparseMap.regionLimit)).map {
                $0 * unit..<$0 * unit + unit / 2
            }, byteCount: Int64(SparseMap.regionLimit) * unit)
        #expect(map.encoded.count <= SparseMap.encodedByteLimit)
        #expect(try Self.read(map.encoded, byteCount: map.byteCount).map == map)
    }

    @Test(
        "A map that lies is refused",
        arguments: [
            "abc\n", "\n", "1\n\n1\n", "-1\n", "1\n-5\n10\n", "1\n0x10\n1\n", " 1\n0\n1\n",
            "2\n0\n100\n50\n100\n", "2\n500\n100\n0\n10\n", "1\n900\n200\n", "1\n1001\n0\n",
            "1\n0\n9223372036854775807\n", "1\n9223372036854775807\n1\n",
            "1\n0\n99999999999999999999\n", "99999999999999999999999\n", "5000000\n",
        ])
    func lies(text: String) {
        #expect(throws: SparseMapFault.self) {
            try Self.read(Array(text.utf8), byteCount: 1000)
        }
    }

    @Test("A map of a million entries is refused before it is in memory")
    func endless() {
        var text = "1000000\n"
        for index in 0..<1_000_000 { text += "\(2 * index)\n1\n" }
        let fault = #expect(throws: SparseMapFault.self) {
            try Self.read(Array(text.utf8), byteCount: 1 << 40)
        }
        #expect(fault?.reason.contains("longer than") == true)
    }

    @Test("A map that is cut is none", arguments: [0, 1, 5, 511])
    func cut(count: Int) throws {
        let map = SparseMap(regions: [5..<6, 7..<100], byteCount: 1000)
        #expect(try Self.read(Array(map.encoded.prefix(count)), byteCount: 1000).map == nil)
    }
}

@Suite struct HoleScanTests {
    static let mebibyte: Int64 = 1 << 20

    /// The map of a file whose bytes are zero but in `data`; the file system stores `stored`.
    static func scan(
        byteCount: Int64, data: [Range<Int64>], stored: [Range<Int64>]?
    ) throws -> (map: SparseMap?, readCount: Int) {
        var readCount = 0
        let map = try HoleScan.map(byteCount: byteCount) { offset throws(ArchiveError) in
            guard let stored else { return offset }
            return stored.first { $0.upperBound > offset }.map { max($0.lowerBound, offset) }
        } isZero: { range throws(ArchiveError) in
            readCount += 1
            return !data.contains { $0.overlaps(range) }
        }
        return (map, readCount)
    }

    static let files: [(byteCount: Int64, data: [Range<Int64>], regions: [Range<Int64>]?)] = [
        (0, [], nil),
        (15 * mebibyte, [], nil),
        (16 * mebibyte, [], []),
        (20 << 30, [], []),
        (16 * mebibyte, [0..<1], nil),
        (17 * mebibyte, [0..<1], [0..<mebibyte]),
        (20 * mebibyte, [5 * mebibyte - 1..<5 * mebibyte + 1], [4 * mebibyte..<6 * mebibyte]),
        (
            20 * mebibyte + 5, [20 * mebibyte..<20 * mebibyte + 5],
            [20 * mebibyte..<20 * mebibyte + 5]
        ),
        (20 * mebibyte + 5, [3..<4], [0..<mebibyte]),
        (40 * mebibyte, [0..<40 * mebibyte], nil),
    ]

    @Test("What a file holds decides, not how it is stored", arguments: files)
    func content(file: (byteCount: Int64, data: [Range<Int64>], regions: [Range<Int64>]?)) throws {
        // As the file system may have it: exactly, in pages, in larger pieces, without holes.
        for unit in [Int64(1), 4096, 3_000_000] {
            let stored = file.data.map {
                $0.lowerBound / unit
                    * unit..<min(
                        file.byteCount, ($0.upperBound + unit - 1) / unit * unit)
            }
            let found = try Self.scan(byteCount: file.byteCount, data: file.data, stored: stored)
            #expect(found.map?.regions == file.regions)
        }
        let found = try Self.scan(byteCount: file.byteCount, data: file.data, stored: nil)
        #expect(found.map?.regions == file.regions)
        #expect(found.map?.byteCount ?? file.byteCount == file.byteCount)
    }

    @Test("What the file system says to be a hole is not read")
    func unread() throws {
        let data = [7 << 30..<(7 << 30) + Int64(4)]
        let found = try Self.scan(byteCount: 20 << 30, data: data, stored: data)
        #expect(found.map?.regions == [7 << 30..<(7 << 30) + Self.mebibyte])
        #expect(found.readCount == 1)
    }

    @Test("More holes than a map may have are taken in longer rows alone")
    func many() throws {
        let count = Int64(SparseMap.regionLimit) + 10
        // Data in every second MiB, then a long hole.
        let data = (0..<count).map { 2 * $0 * Self.mebibyte..<2 * $0 * Self.mebibyte + 1 }
        let end = 2 * count * Self.mebibyte
        var position = 0
        let map = try HoleScan.map(byteCount: end + 100 * Self.mebibyte) { offset in
            while position < data.count, data[position].upperBound <= offset { position += 1 }
            return position < data.count ? max(data[position].lowerBound, offset) : nil
        } isZero: { range in
            range.lowerBound / Self.mebibyte % 2 == 1 || range.lowerBound >= end
        }
        #expect(map?.regions == [0..<end - Self.mebibyte])
    }
}
