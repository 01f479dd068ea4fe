/// One record of the kernel ring buffer, as /dev/kmsg gives it.
///
/// Source: Linux `Documentation/ABI/testing/dev-kmsg`: `priority,sequence,microseconds,flags` and
/// further fields to be ignored, a semicolon, the text, a newline, then ` NAME=value` lines. What
/// is not printable ASCII, and the backslash, is written as `\xNN`; it is decoded here.
public struct KernelMessage: Hashable, Sendable {
    /// The words of the levels, most urgent first, as `dmesg -x` writes them.
    public static let levelNames = [
        "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
    ]
    /// The words of the facilities 0 to 11; later ones are numbers.
    public static let facilityNames = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron",
        "authpriv", "ftp",
    ]

    /// How urgent it is, 0 (emergency) to 7 (debug).
    public let level: Int
    /// Who wrote it: 0 is the kernel itself, everything else came from a program.
    public let facility: UInt64
    /// Its number in the ring buffer, counted from the boot.
    public let sequenceNumber: UInt64
    /// When it was written, in microseconds on the kernel's clock since the boot.
    public let microseconds: UInt64
    /// Whether it goes on with the record before: flag `c` or `+`.
    public let isContinuation: Bool
    /// The text, decoded; may hold any byte.
    public internal(set) var text: [UInt8]
    /// Names and values beside the text, for example `SUBSYSTEM` and `DEVICE`, in their order.
    public let dictionary: [(name: [UInt8], value: [UInt8])]

    /// Compares all fields.
    public static func == (left: KernelMessage, right: KernelMessage) -> Bool {
        left.level == right.level && left.facility == right.facility
            && left.sequenceNumber == right.sequenceNumber
            && left.microseconds == right.microseconds
            && left.isContinuation == right.isContinuation && left.text == right.text
            && left.dictionary.elementsEqual(right.dictionary) { $0 == $1 }
    }

    /// Hashes what names the record.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(sequenceNumber)
        hasher.combine(text)
    }

    /// The word for the level.
    public var levelName: String { Self.levelNames[level] }

    /// The word for the facility, or its number.
    public var facilityName: String {
        guard let index = Int(exactly: facility), index < Self.facilityNames.count else {
            return String(facility)
        }
        return Self.facilityNames[index]
    }

    /// Reads one record, with or without the newline at its end.
    public init(parsing record: ArraySlice<UInt8>) throws(FormatError) {
        guard let semicolon = record.firstIndex(of: 0x3B) else {
            throw .truncated(field: "record prefix", offset: record.count, needed: 1)
        }
        let fields = record[..<semicolon].split(separator: 0x2C, omittingEmptySubsequences: false)
        guard fields.count >= 4 else {
            throw .truncated(
                field: "record prefix", offset: semicolon - record.startIndex, needed: 1)
        }
        let priority = try Self.number(fields[0], "priority", from: record.startIndex)
        level = Int(priority & 7)
        facility = priority >> 3
        sequenceNumber = try Self.number(fields[1], "sequence number", from: record.startIndex)
        microseconds = try Self.number(fields[2], "time", from: record.startIndex)
        isContinuation = fields[3].first == 0x63 || fields[3].first == 0x2B
        var lines = record[(semicolon + 1)...].split(
            separator: 0x0A, omittingEmptySubsequences: false)
        text = Self.decode(lines.removeFirst())
        dictionary = lines.compactMap { line in
            guard line.first == 0x20, let equals = line.firstIndex(of: 0x3D) else { return nil }
            return (
                Self.decode(line[(line.startIndex + 1)..<equals]),
                Self.decode(line[(equals + 1)...])
            )
        }
    }

    private static func number(
        _ digits: ArraySlice<UInt8>, _ field: String, from start: Int
    ) throws(FormatError) -> UInt64 {
        var value: UInt64 = 0
        for digit in digits {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            guard (0x30...0x39).contains(digit), !overflow,
                tenfold <= UInt64.max - UInt64(digit - 0x30)
            else {
                throw .invalid(
                    field: field, offset: digits.startIndex - start, value: UInt64(digit))
            }
            value = tenfold + UInt64(digit - 0x30)
        }
        guard !digits.isEmpty else {
            throw .truncated(field: field, offset: digits.startIndex - start, needed: 1)
        }
        return value
    }

    /// Undoes `\xNN`; a backslash that does not begin one stays.
    private static func decode(_ escaped: ArraySlice<UInt8>) -> [UInt8] {
        guard escaped.contains(0x5C) else { return Array(escaped) }
        var bytes = [UInt8]()
        bytes.reserveCapacity(escaped.count)
        var index = escaped.startIndex
        while index < escaped.endIndex {
            if escaped[index] == 0x5C, escaped.endIndex - index >= 4, escaped[index + 1] == 0x78,
                let high = hexadecimal(escaped[index + 2]),
                let low = hexadecimal(escaped[index + 3])
            {
                bytes.append(high << 4 | low)
                index += 4
            } else {
                bytes.append(escaped[index])
                index += 1
            }
        }
        return bytes
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
