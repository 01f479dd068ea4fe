import DiagModel
import Testing

@Suite struct TimestampTests {
    @Test(
        "A time is written in UTC with microseconds, and read back the same",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_795_276_197_000_123, "2026-11-21T15:49:57.000123Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func text(microseconds: Int64, text: String) {
        let time = Timestamp(microsecondsSince1970: microseconds)
        #expect(time.description == text)
        #expect(Timestamp(text) == time)
        #expect(JSONSchemaPattern.timestamp.matches(text))
    }

    @Test(
        "Shorter forms are read as UTC",
        arguments: [
            ("2026-11-21", "2026-11-21T00:00:00.000000Z"),
            ("2026-11-21 15:49", "2026-11-21T15:49:00.000000Z"),
            ("2026-11-21T15:49:57", "2026-11-21T15:49:57.000000Z"),
            ("2026-11-21T15:49:57.5Z", "2026-11-21T15:49:57.500000Z"),
        ])
    func shorter(text: String, meaning: String) {
        #expect(Timestamp(text)?.description == meaning)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "Z", "2026", "2026-11", "2026-13-01", "2026-02-30", "2026-1-1", "2026-11-21T",
            "2026-11-21T25:00", "2026-11-21T15:49:57.", "2026-11-21T15:49:57.1234567", "x",
            "99999999999999999999-01-01", "2026-11-21T15:49:57+01:00",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("For file names a time has no punctuation, and orders as time does")
    func compact() {
        let time = Timestamp(microsecondsSince1970: 1_795_276_197_000_123)
        #expect(time.compactDescription == "20261121T154957Z")
        #expect(time < Timestamp(microsecondsSince1970: 1_795_276_197_000_124))
    }
}
