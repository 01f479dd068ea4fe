/// A moment in UTC with the precision of one microsecond, written as ISO 8601 with `Z`.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, negative before.
    public let microsecondsSince1970: Int64

    /// The moment that many microseconds after 1970-01-01T00:00:00Z.
    public init(microsecondsSince1970: Int64) {
        self.microsecondsSince1970 = microsecondsSince1970
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }

    /// The calendar fields in UTC, proleptic Gregorian.
    public var calendarFields:
        (year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, microsecond: Int)
    {
        let perDay: Int64 = 86_400_000_000
        let dayNumber = Int(
            (microsecondsSince1970 - Self.remainder(microsecondsSince1970, perDay)) / perDay)
        let ofDay = Int(Self.remainder(microsecondsSince1970, perDay))
        let (year, month, day) = Self.civil(fromDays: dayNumber)
        let second = ofDay / 1_000_000
        return (
            year, month, day, second / 3600, second / 60 % 60, second % 60, ofDay % 1_000_000
        )
    }

    private static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    /// Days since 1970-01-01 to year, month, day. Source: the era arithmetic of the Gregorian
    /// calendar, 146,097 days in 400 years, with the year taken to begin in March.
    private static func civil(fromDays days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(fromYear year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The moment of a UTC calendar time; `nil` when a field is out of range.
    public init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        microsecond: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
            (0...999_999).contains(microsecond)
        else { return nil }
        let days = Self.days(fromYear: year, month: month, day: day)
        guard Self.civil(fromDays: days) == (year, month, day) else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second
        microsecondsSince1970 = Int64(seconds) * 1_000_000 + Int64(microsecond)
    }
}

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
    /// For example `2026-11-21T15:49:57.000123Z`.
    public var description: String {
        let fields = calendarFields
        return Self.padded(fields.year, 4) + "-" + Self.padded(fields.month, 2) + "-"
            + Self.padded(fields.day, 2) + "T" + Self.padded(fields.hour, 2) + ":"
            + Self.padded(fields.minute, 2) + ":" + Self.padded(fields.second, 2) + "."
            + Self.padded(fields.microsecond, 6) + "Z"
    }

    /// For file names: `20261121T154957Z`, to the second.
    public var compactDescription: String {
        let fields = calendarFields
        return Self.padded(fields.year, 4) + Self.padded(fields.month, 2)
            + Self.padded(fields.day, 2) + "T" + Self.padded(fields.hour, 2)
            + Self.padded(fields.minute, 2) + Self.padded(fields.second, 2) + "Z"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Reads `YYYY-MM-DD`, or that with `THH:MM`, `:SS`, a fraction of up to six digits, and `Z`;
    /// a space serves for `T`. Without `Z` the time is taken as UTC too.
    public init?(_ text: String) {
        var fields = [Int]()
        var current = 0
        var digitCount = 0
        var fractionDigits = 0
        var expected: [[UInt8]] = [
            [0x2D], [0x2D], [0x54, 0x20, 0x74], [0x3A], [0x3A], [0x2E], [],
        ]
        let widths = [4, 2, 2, 2, 2, 2, 6]
        var bytes = Array(text.utf8)
        if bytes.last == 0x5A { bytes.removeLast() }
        for byte in bytes {
            if (0x30...0x39).contains(byte) {
                current = current * 10 + Int(byte - 0x30)
                digitCount += 1
                guard fields.count < widths.count, digitCount <= widths[fields.count] else {
                    return nil
                }
                if fields.count == 6 { fractionDigits += 1 }
            } else {
                guard !expected.isEmpty, expected.removeFirst().contains(byte),
                    digitCount == widths[fields.count]
                else { return nil }
                fields.append(current)
                current = 0
                digitCount = 0
            }
        }
        guard digitCount > 0 else { return nil }
        if fields.count < 6, digitCount != widths[fields.count] { return nil }
        for _ in fractionDigits..<6 where fields.count == 6 { current *= 10 }
        fields.append(current)
        guard [3, 5, 6, 7].contains(fields.count) else { return nil }
        while fields.count < 7 { fields.append(0) }
        self.init(
            year: fields[0], month: fields[1], day: fields[2], hour: fields[3], minute: fields[4],
            second: fields[5], microsecond: fields[6])
    }
}

extension Timestamp: Codable {
    /// Reads the ISO 8601 text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let timestamp = Timestamp(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a time: \(text)"))
        }
        self = timestamp
    }

    /// Writes the ISO 8601 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
