import Testing

@testable import DiagFormats

@Suite("Journal files")
struct JournalFileTests {
    @Test("Every entry is exported as journalctl exports it", arguments: JournalFixture.names)
    func export(name: String) throws {
        let reading = try JournalFixture.read(
            JournalMemory(try JournalFixture.bytes(name + ".journal")))
        #expect(reading.entryCount == 80)
        #expect(reading.damagedEntryCount == 0)
        #expect(reading.damagedFieldCount == 0)
        // Compared as a truth value: a difference of 100 kB is not worth printing.
        let isSame = reading.export == (try JournalFixture.bytes(name + ".export"))
        #expect(isSame)
    }

    @Test(
        "Entries become lines of text that cannot pass for each other",
        arguments: ["compact-zstd", "regular-lz4"])
    func text(name: String) throws {
        let reading = try JournalFixture.read(
            JournalMemory(try JournalFixture.bytes(name + ".journal")))
        let lines = String(decoding: reading.text, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        let first: [Substring] = [
            "2026-11-01T02:26:40.000000Z node-a.example storaged[400] emergency: "
                + "volume 0 checked, 0 blocks read",
            "2026-11-01T02:26:41.500123Z node-a.example storaged[400] alert: "
                + "volume 1 checked, 1 blocks read",
        ]
        let special: [Substring] = [
            "2026-11-01T02:26:55.001230Z node-a.example storaged[401] critical: first line",
            "    second line",
            "    \tthird line",
            "2026-11-01T02:26:56.501353Z node-a.example storaged[401] error: "
                + "\\x1B[31mred\\x1B[0m and a bell \\x07",
            "2026-11-01T02:26:58.001476Z node-a.example storaged[401] warning: "
                + "latin-1: caf\\xE9 \\\\ and a backslash",
            "2026-11-01T02:26:59.501599Z node-a.example storaged[401] notice: (no MESSAGE)",
            "2026-11-01T02:27:01.001722Z node-a.example storaged[401] info: "
                + "Grüße von der Platte № 5 – 测试",
            "2026-11-01T02:27:02.501845Z node-a.example - -: kernel without identifier",
        ]
        #expect(Array(lines[0..<2]) == first)
        #expect(Array(lines[10..<18]) == special)
        // 80 entries, two more lines of a message, and the end of the last line.
        #expect(lines.count == 83)
    }

    @Test("The header tells how the file was written")
    func header() throws {
        let compact = try JournalFile(
            JournalMemory(try JournalFixture.bytes("compact-zstd.journal"))
        ).header
        #expect(compact.isCompact)
        #expect(compact.usesKeyedHash)
        #expect(compact.state == .offline)
        #expect(compact.entryCount == 80)
        #expect(compact.headRealtime == 1_793_500_000_000_000)
        #expect(compact.tailRealtime == 1_793_503_718_509_717)
        let regular = try JournalFile(
            JournalMemory(try JournalFixture.bytes("regular-jenkins.journal"))
        ).header
        #expect(!regular.isCompact)
        #expect(!regular.usesKeyedHash)
    }

    @Test("Features of a later systemd are refused, with the place of the flags")
    func laterFeatures() throws {
        var bytes = try JournalFixture.bytes("regular-zstd.journal")
        bytes[12] |= 0x20
        #expect(
            throws: JournalFailure(
                offset: 12, reason: "written with features this reader does not know: flags 0x2c")
        ) {
            try JournalFile(JournalMemory(bytes))
        }
    }

    @Test("An entry array that leads back to itself ends the chain")
    func cycle() throws {
        var bytes = try JournalFixture.bytes("regular-zstd.journal")
        let array = Int(JournalInteger.fixed64(bytes, at: 176))
        // The first array has four items; its successor is set to itself.
        for index in 0..<8 { bytes[array + 16 + index] = UInt8(array >> (8 * index) & 0xFF) }
        let file = try JournalFile(JournalMemory(bytes))
        #expect(file.entryCount == 4)
        #expect(
            file.arrayFailure
                == JournalFailure(offset: UInt64(array), reason: "the entry array points backwards")
        )
    }

    @Test("A count of entries beyond all reason changes nothing but what is said of it")
    func impossibleCount() throws {
        var bytes = try JournalFixture.bytes("compact-zstd.journal")
        for index in 0..<8 { bytes[152 + index] = 0xFF }
        let file = try JournalFile(JournalMemory(bytes))
        #expect(file.entryCount >= 80 && file.entryCount < 1000)
        #expect(
            file.arrayFailure?.reason
                == "the entry arrays end after \(file.entryCount) of \(UInt64.max) entries")
    }

    @Test("A file that ends early gives the entries before its end")
    func cut() throws {
        let bytes = try JournalFixture.bytes("regular-zstd.journal")
        let whole = try JournalFile(JournalMemory(bytes))
        let last = try whole.entry(at: 70).offset
        let reading = try JournalFixture.read(JournalMemory(Array(bytes[..<Int(last)])))
        #expect(reading.entryCount == 70)
        #expect(reading.entryCount + reading.damagedEntryCount <= 80)
    }

    @Test("A small field does not keep the memory of a large one that was read before")
    func fieldMemory() throws {
        let file = try JournalFile(
            JournalMemory(try JournalFixture.bytes("compact-plain.journal")))
        var offsets = [UInt64]()
        var capacities = [Int]()
        for index in [UInt64(50), 51, 60] {
            try file.fieldOffsets(of: try file.entry(at: index), into: &offsets)
            for offset in offsets {
                let data = try file.data(at: offset, limit: 1 << 20, compressedLimit: 1 << 20)
                capacities.append(data.bytes.capacity - data.bytes.count)
            }
        }
        #expect(capacities.max().map { $0 < 1024 } == true)
    }
}
