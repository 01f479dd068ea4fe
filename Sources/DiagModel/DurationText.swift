/// A text that stands for no value: what it was, and what could have stood there.
public struct ValueTextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text as it was given.
    public let text: String
    /// What it should have been, with examples.
    public let expectation: String

    /// For example `"10x" is not a duration: write …`; the text is escaped and cut.
    public var description: String {
        let shown = UntrustedText.escapingControls(DisplayText.cut(text, toCells: 60, mark: "..."))
        return "\"\(shown)\" is not \(expectation)"
    }
}

/// Durations as people write and read them.
public enum DurationText {
    static let expectation =
        "a duration: write seconds, or whole numbers with ms, s, m, h or d, such as 90, 30s, 10m, "
        + "1h30m or 1d"

    /// The longest duration that is read: 10,000 days.
    public static let longest = Duration.seconds(864_000_000)

    /// Each unit with its length in milliseconds, longest first.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads `90` (seconds), `30s`, `10m`, `2h`, `1d`, `250ms`, or several from long to short, as
    /// in `1h30m`, without spaces.
    ///
    /// - Throws: `ValueTextError`, also for a sign, a fraction, a unit twice, and more than
    ///   ``longest``.
    public static func parse(_ text: String) throws(ValueTextError) -> Duration {
        let failure = ValueTextError(text: text, expectation: expectation)
        guard !text.isEmpty, text.utf8.count <= 64 else { throw failure }
        var rest = Array(text.utf8)[...]
        var milliseconds: Int64 = 0
        var allowed = units[...]
        var isFirst = true
        while !rest.isEmpty {
            guard let number = takeNumber(from: &rest) else { throw failure }
            let letters = rest.prefix { !(0x30...0x39).contains($0) }
            rest = rest.dropFirst(letters.count)
            var factor: Int64 = 1000
            if !(letters.isEmpty && isFirst && rest.isEmpty) {
                let name = String(decoding: letters, as: UTF8.self)
                guard let index = allowed.firstIndex(where: { $0.name == name }) else {
                    throw failure
                }
                factor = allowed[index].milliseconds
                allowed = allowed[(index + 1)...]
            }
            let (product, tooLarge) = number.multipliedReportingOverflow(by: factor)
            let (sum, overflow) = milliseconds.addingReportingOverflow(product)
            guard !tooLarge, !overflow else { throw failure }
            milliseconds = sum
            isFirst = false
        }
        guard milliseconds <= 864_000_000_000 else { throw failure }
        return .milliseconds(milliseconds)
    }

    /// Takes the decimal digits at the start; `nil` for none, or more than fit 64 bits.
    static func takeNumber(from bytes: inout ArraySlice<UInt8>) -> Int64? {
        let digits = bytes.prefix { (0x30...0x39).contains($0) }
        bytes = bytes.dropFirst(digits.count)
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    /// Hours, minutes and seconds, rounded down: `00:01:05`. What is below zero or not a number
    /// is `00:00:00`; hours grow up to 9999.
    public static func clock(seconds: Double) -> String {
        let limit = 35_999_999
        var whole = 0
        if seconds >= Double(limit) {
            whole = limit
        } else if seconds > 0 {
            whole = Int(seconds)
        }
        return padded(whole / 3600) + ":" + padded(whole / 60 % 60) + ":" + padded(whole % 60)
    }

    private static func padded(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }

    /// What something took: tenths of a second below a minute, `0.4 s`, then ``words(seconds:)``.
    public static func measured(seconds: Double) -> String {
        guard seconds < 59.95 else { return words(seconds: seconds) }
        let tenths = seconds > 0 ? Int((seconds * 10).rounded()) : 0
        return "\(tenths / 10).\(tenths % 10) s"
    }

    /// Seconds in words of one or two units, rounded down: `45 s`, `12 min 5 s`, `3 h 20 min`,
    /// `17 d 4 h`.
    public static func words(seconds: Double) -> String {
        let whole = seconds >= 1e12 ? 1_000_000_000_000 : seconds > 0 ? Int(seconds) : 0
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        case ..<86_400: return "\(whole / 3600) h \(whole / 60 % 60) min"
        default: return "\(whole / 86_400) d \(whole / 3600 % 24) h"
        }
    }
}
