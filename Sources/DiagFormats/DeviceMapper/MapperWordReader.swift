/// Takes the words of a table or status line one after the other.
struct MapperWordReader {
    private var words: ArraySlice<String>

    init(_ words: [String]) { self.words = words[...] }

    /// What has not been taken yet.
    var rest: [String] { Array(words) }
    var isAtEnd: Bool { words.isEmpty }
    var next: String? { words.first }

    /// The next word, whatever it is.
    mutating func word(_ field: String) throws(FormatError) -> String {
        guard let word = words.popFirst() else { throw .unexpected(line: 1, expected: field) }
        return word
    }

    /// The next word as a decimal number.
    mutating func number<Value: FixedWidthInteger>(
        _ field: String, as type: Value.Type = UInt64.self
    ) throws(FormatError) -> Value {
        guard let text = words.first, let value: Value = Self.number(text) else {
            throw .unexpected(line: 1, expected: "the number \(field)")
        }
        words.removeFirst()
        return value
    }

    /// The next word as two numbers with a slash between them.
    mutating func share(_ field: String) throws(FormatError) -> MapperShare {
        let parts = words.first?.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
        guard let parts, parts.count == 2,
            let used: UInt64 = TableText.integer(Array(parts[0])[...]),
            let total: UInt64 = TableText.integer(Array(parts[1])[...])
        else { throw .unexpected(line: 1, expected: "\(field) as used/total") }
        words.removeFirst()
        return MapperShare(used: used, total: total)
    }

    /// A count and as many words; no more are claimed than there are.
    mutating func counted(_ field: String) throws(FormatError) -> [String] {
        let count: Int = try number("of \(field)", as: Int.self)
        return try take(count, field)
    }

    /// The next `count` words.
    mutating func take(_ count: Int, _ field: String) throws(FormatError) -> [String] {
        guard count >= 0, count <= words.count else {
            throw .unexpected(line: 1, expected: "\(count) words of \(field)")
        }
        defer { words.removeFirst(count) }
        return Array(words.prefix(count))
    }

    /// A device and an offset on it.
    mutating func segment(_ field: String) throws(FormatError) -> MapperSegment {
        MapperSegment(
            device: try word("device of \(field)"),
            offsetSectors: try number("offset of \(field)"))
    }

    /// How many times something that takes at least `least` words can follow.
    mutating func repetitions(_ field: String, of least: Int = 1) throws(FormatError) -> Int {
        let count: Int = try number("of \(field)", as: Int.self)
        guard count >= 0, count <= words.count / max(1, least) else {
            throw .unexpected(line: 1, expected: "\(count) of \(field)")
        }
        return count
    }

    static func number<Value: FixedWidthInteger>(_ text: String) -> Value? {
        TableText.integer(Array(text.utf8)[...])
    }
}

/// Part of a whole, in the unit that the field says.
public struct MapperShare: Codable, Hashable, Sendable {
    /// What is in use, or done.
    public var used: UInt64
    /// Of how much.
    public var total: UInt64

    /// Part of a whole.
    public init(used: UInt64, total: UInt64) {
        self.used = used
        self.total = total
    }

    /// In percent, rounded down to a tenth; `nil` of nothing. More than 100 where the kernel says so.
    public var percent: Double? {
        guard total > 0 else { return nil }
        return (Double(used) / Double(total) * 1000).rounded(.down) / 10
    }
}

/// A place on a device.
public struct MapperSegment: Codable, Hashable, Sendable {
    /// The device as the kernel writes it: `8:16`, or a name.
    public var device: String
    /// Where on it, in sectors of 512 bytes.
    public var offsetSectors: UInt64
}
