import DiagModel
import Testing

@Suite("Durations and byte counts as text")
struct ValueTextTests {
    @Test(
        "Durations are read",
        arguments: [
            ("0", 0), ("90", 90_000), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000),
            ("1d", 86_400_000), ("250ms", 250), ("1h30m", 5_400_000), ("1d2h3m4s5ms", 93_784_005),
            ("10000d", 864_000_000_000), ("007", 7000),
        ] as [(String, Int64)])
    func durations(text: String, milliseconds: Int64) throws {
        #expect(try DurationText.parse(text) == .milliseconds(milliseconds))
    }

    @Test(
        "What is no duration is refused",
        arguments: [
            "", " ", "s", "-1", "+1", "1.5h", "10x", "1 h", "30m1h", "1h1h", "1h30", "10001d", "1M",
            "٣s",
            "9223372036854775807d", "99999999999999999999", "1h 30m", "10mss", "1s\u{0}",
            String(repeating: "1", count: 1000),
        ])
    func noDurations(text: String) {
        #expect(throws: ValueTextError.self) { try DurationText.parse(text) }
    }

    @Test("The error says what could have stood there")
    func durationError() {
        let error = #expect(throws: ValueTextError.self) { try DurationText.parse("10\u{1B}x") }
        #expect(
            error?.description
                == #""10\x1Bx" is not a duration: write seconds, or whole numbers with ms, s, m, h "#
                + "or d, such as 90, 30s, 10m, 1h30m or 1d")
    }

    @Test(
        "Byte counts are read",
        arguments: [
            ("0", 0), ("4096", 4096), ("512B", 512), ("1K", 1024), ("1k", 1024), ("1KiB", 1024),
            ("1KB", 1000), ("500M", 524_288_000), ("500MB", 500_000_000), ("2G", 2_147_483_648),
            ("1GiB", 1_073_741_824), ("1T", 1_099_511_627_776), ("9223372036854775807", .max),
            ("8388607T", 9_223_370_937_343_148_032),
        ] as [(String, Int64)])
    func byteCounts(text: String, count: Int64) throws {
        #expect(try ByteCountText.parse(text) == count)
    }

    @Test(
        "What is no byte count is refused",
        arguments: [
            "", "M", "-1", "1.5G", "1 G", "1Gi", "1Gb", "1P", "8388608T", "9223372036854775808",
            "1MiBB",
            "1BB", "0x10",
        ])
    func noByteCounts(text: String) {
        #expect(throws: ValueTextError.self) { try ByteCountText.parse(text) }
    }

    @Test(
        "Byte counts are shown with one decimal, rounded down",
        arguments: [
            (0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1_048_575, "1023.9 KiB"), (1_048_576, "1.0 MiB"), (12_897_600, "12.3 MiB"),
            (.max, "7.9 EiB"), (.min, "-8.0 EiB"), (-1, "-1 byte"), (-2048, "-2.0 KiB"),
        ] as [(Int64, String)])
    func described(count: Int64, text: String) {
        #expect(ByteCountText.describe(count) == text)
    }

    @Test(
        "Seconds are shown as a clock and in words",
        arguments: [
            (0, "00:00:00", "0 s"), (65.9, "00:01:05", "1 min 5 s"),
            (12_000, "03:20:00", "3 h 20 min"),
            (1_483_200, "412:00:00", "17 d 4 h"), (-1, "00:00:00", "0 s"),
            (.nan, "00:00:00", "0 s"),
            (.infinity, "9999:59:59", "11574074 d 1 h"), (1e300, "9999:59:59", "11574074 d 1 h"),
        ] as [(Double, String, String)])
    func clock(seconds: Double, clock: String, words: String) {
        #expect(DurationText.clock(seconds: seconds) == clock)
        #expect(DurationText.words(seconds: seconds) == words)
    }

    @Test(
        "Root is asked for by name or by a capability",
        arguments: [
            (nil, false), ("more time", false), ("root", true), ("run as Root.", true),
            ("CAP_SYS_ADMIN", true), ("cap_dac_read_search or root", true), ("uprooting", false),
        ] as [(String?, Bool)])
    func wantsRoot(remedy: String?, expected: Bool) {
        #expect(
            Missing(collector: "c", what: "w", why: "y", remedy: remedy).wantsRoot == expected)
    }
}

@Suite("What something took")
struct MeasuredTests {
    @Test(
        "Tenths of a second below a minute, then words",
        arguments: [
            (0.0, "0.0 s"), (-1, "0.0 s"), (.nan, "0 s"), (0.04, "0.0 s"), (1.26, "1.3 s"),
            (59.94, "59.9 s"), (59.96, "59 s"), (65, "1 min 5 s"), (1e300, "11574074 d 1 h"),
        ])
    func measured(seconds: Double, text: String) {
        #expect(DurationText.measured(seconds: seconds) == text)
    }
}
