internal import DiagModel

/// Writes entries as text, one line for each:
/// `2026-11-21T15:49:57.000123Z host identifier[pid] warning: message`.
///
/// Further lines of a message are indented by four spaces, so no message can pass for an entry.
/// Control characters other than the tab, and bytes that are not UTF-8, are written as escapes.
public struct JournalText: Sendable {
    /// More of a message than this many bytes is left out, and that is said in the line.
    public static let longestMessage = 64 << 10
    /// More of a host name or identifier than this many bytes is left out.
    private static let longestName = 256
    private static let priorities = [
        "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug",
    ]

    private var fields = [JournalField?](
        repeating: nil, count: Int(JournalField.Role.other.rawValue))
    private var clock = JournalClock()

    /// A writer without fields.
    public init() {}

    /// Forgets the fields of the entry before.
    public mutating func begin() {
        for index in fields.indices { fields[index] = nil }
    }

    /// Gives one field of the entry; of several with one name the first is shown.
    public mutating func add(_ field: JournalField) {
        let index = Int(field.role.rawValue)
        guard index < fields.count, fields[index] == nil else { return }
        fields[index] = field
    }

    /// Appends the line of the entry written at `realtime`, in microseconds since 1970.
    public mutating func append(realtime: UInt64, to text: inout [UInt8]) {
        clock.append(realtime, to: &text)
        text.append(0x20)
        appendName(.host, to: &text)
        text.append(0x20)
        appendName(self[.identifier] != nil ? .identifier : .command, to: &text)
        if let process = self[.process] ?? self[.syslogProcess] {
            text.append(0x5B)
            EscapedText.append(process.value.prefix(20), to: &text)
            text.append(0x5D)
        }
        text.append(0x20)
        if let digit = self[.priority]?.value, digit.count == 1, let first = digit.first,
            (0x30...0x37).contains(first)
        {
            text.append(contentsOf: Self.priorities[Int(first - 0x30)].utf8)
        } else {
            text.append(0x2D)
        }
        text.append(contentsOf: ": ".utf8)
        if let message = self[.message] {
            let value = message.value.prefix(Self.longestMessage)
            EscapedText.appendLines(value, to: &text)
            if !message.isWhole || value.count < message.value.count {
                text.append(contentsOf: " [cut after \(value.count) bytes]".utf8)
            }
        } else {
            text.append(contentsOf: "(no MESSAGE)".utf8)
        }
        text.append(0x0A)
    }

    private subscript(role: JournalField.Role) -> JournalField? { fields[Int(role.rawValue)] }

    private func appendName(_ role: JournalField.Role, to text: inout [UInt8]) {
        guard let name = self[role]?.value, !name.isEmpty else {
            text.append(0x2D)
            return
        }
        EscapedText.append(name.prefix(Self.longestName), to: &text)
    }
}

/// Writes times of a log, most of which fall into the same second as the one before.
public struct JournalClock: Sendable {
    private var second: UInt64 = .max
    private var prefix = [UInt8]()

    /// A clock that has not written yet.
    public init() {}

    /// Appends the UTC time `microseconds` after 1970, in ISO 8601 with six decimals and `Z`.
    public mutating func append(_ microseconds: UInt64, to text: inout [UInt8]) {
        // Timestamp writes four digits of the year; what lies behind is not a time of any log.
        let microseconds = min(microseconds, 253_402_300_799_999_999)
        if microseconds / 1_000_000 != second {
            second = microseconds / 1_000_000
            let time = Timestamp(microsecondsSince1970: Int64(second * 1_000_000))
            prefix = Array(time.description.utf8.dropLast(7))
        }
        text.append(contentsOf: prefix)
        var divisor: UInt64 = 100_000
        while divisor > 0 {
            text.append(0x30 + UInt8(microseconds / divisor % 10))
            divisor /= 10
        }
        text.append(0x5A)
    }
}
