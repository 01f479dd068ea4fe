import Testing

@testable import DiagFormats

/// Every reading of a damaged file must end, and must not read more than a sound file of the same
/// number of entries could need.
@Suite("Damaged journal files")
struct JournalDamageTests {
    /// A sequence that is the same in every run.
    private struct Sequence {
        var state: UInt64

        mutating func next(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    /// Reads the file, and fails when that costs more than its entries could need.
    private func read(
        _ source: DamagedJournal, isWriting: Bool = false, _ what: @autoclosure () -> String
    ) -> Int {
        source.resetCounters()
        let reading = try? JournalFixture.read(source, isWriting: isWriting)
        #expect(source.readCount < 600_000, "\(what())")
        #expect(source.readByteCount < 64 << 20, "\(what())")
        return reading?.entryCount ?? 0
    }

    @Test(
        "Cut at a thousand places it is read up to there",
        arguments: ["compact-zstd", "regular-lz4"])
    func truncated(name: String) throws {
        let bytes = try JournalFixture.bytes(name + ".journal")
        let source = DamagedJournal(bytes)
        let first = Int(JournalInteger.fixed64(bytes, at: 176)) - 4096
        let last = Int(JournalInteger.fixed64(bytes, at: 136)) + 4096
        // Some of them in the header and the table behind it, the most among the objects.
        let places = Array(0..<280) + (1...220).map { 280 + $0 * (first - 280) / 220 }
        for place in places {
            source.length = place
            #expect(read(source, "cut at byte \(place)") == 0)
        }
        var entryCount = 0
        for place in (1...500).map({ first + $0 * (last - first) / 500 }) {
            source.length = place
            let reached = read(source, "cut at byte \(place)")
            #expect(reached >= entryCount)
            entryCount = reached
        }
        #expect(entryCount == 80)
    }

    @Test(
        "Changed bytes neither trap nor hold it up",
        arguments: ["compact-zstd", "regular-lz4", "compact-xz", "regular-zstd"])
    func flipped(name: String) throws {
        let bytes = try JournalFixture.bytes(name + ".journal")
        let source = DamagedJournal(bytes)
        let first = Int(JournalInteger.fixed64(bytes, at: 176)) - 4096
        let last = Int(JournalInteger.fixed64(bytes, at: 136))
        var sequence = Sequence(state: UInt64(name.utf8.count))
        var damagedCount = 0
        // 20,000 changes in all, twenty for each reading: those of every tenth reading in the header.
        for round in 0..<250 {
            var changes = [(place: Int, change: UInt8)]()
            for _ in 0..<20 {
                let place =
                    round % 10 == 0
                    ? 12 + sequence.next(below: 252) : first + sequence.next(below: last - first)
                changes.append((place, UInt8(1 + sequence.next(below: 255))))
            }
            for (place, change) in changes { source.bytes[place] ^= change }
            if read(source, isWriting: round % 4 == 0, "\(changes)") < 80 { damagedCount += 1 }
            for (place, change) in changes { source.bytes[place] ^= change }
        }
        #expect(source.bytes == bytes)
        #expect(damagedCount > 50)
    }
}
