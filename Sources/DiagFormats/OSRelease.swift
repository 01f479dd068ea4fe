/// The fields of an os-release file.
///
/// Source: os-release(5), systemd 257: `NAME=value` lines, values quoted as in a shell.
public struct OSRelease: Hashable, Sendable {
    /// The values by name, for example `ID` and `VERSION_ID`; of two equal names the last counts.
    public let fields: [String: String]
    /// The numbers, from 1, of lines that are neither empty, comment nor assignment.
    public let malformedLines: [Int]

    /// Reads `text`; a line that is not an assignment is noted and passed over.
    public init(parsing text: String) {
        var fields = [String: String]()
        var malformed = [Int]()
        for (index, line) in TextFields.lines(text).enumerated() {
            let line = TextFields.trimmed(line)
            if line.isEmpty || line.utf8.first == 0x23 { continue }
            guard let (name, value) = TextFields.pair(line, separator: 0x3D), Self.isName(name),
                let plain = Self.unquoted(value)
            else {
                malformed.append(index + 1)
                continue
            }
            fields[name] = plain
        }
        self.fields = fields
        malformedLines = malformed
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy {
            (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
                || $0 == 0x5F
        }
    }

    /// The value without its quotes and escapes; `nil` when a quote does not end.
    private static func unquoted(_ value: String) -> String? {
        var result = [UInt8]()
        var quote: UInt8?
        var bytes = value.utf8.makeIterator()
        while let byte = bytes.next() {
            switch (byte, quote) {
            case (0x5C, 0x27): result.append(byte)
            case (0x5C, _):
                guard let escaped = bytes.next() else { return nil }
                // Inside double quotes a backslash is kept before what needs no escape.
                if quote == 0x22, ![0x22, 0x5C, 0x24, 0x60].contains(escaped) {
                    result.append(byte)
                }
                result.append(escaped)
            case (0x22, nil), (0x27, nil): quote = byte
            case (let end, .some(let open)) where end == open: quote = nil
            default: result.append(byte)
            }
        }
        return quote == nil ? String(decoding: result, as: UTF8.self) : nil
    }
}
