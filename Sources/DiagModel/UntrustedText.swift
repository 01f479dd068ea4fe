/// Text that a device, a log or a file name gave, made safe to show or to store as JSON.
public enum UntrustedText {
    /// UTF-8 as it is; every byte that is not part of valid UTF-8 becomes `\xNN`.
    ///
    /// A backslash in `bytes` becomes `\\` only when something is escaped, so that the text can be
    /// told apart from one that holds `\x` itself.
    public static func escapingInvalidUTF8(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            let length = sequenceLength(first)
            let candidate = rest.prefix(length)
            if let scalar = String(validating: candidate, as: UTF8.self), candidate.count == length
            {
                text += first == 0x5C ? "\\\\" : scalar
                rest = rest.dropFirst(length)
            } else {
                text += hexadecimalEscape(first)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    /// A path in bytes as one that can be stored and shown: neither of the two kinds of escape
    /// changes what is plain text already.
    public static func escapingForPath(_ bytes: some Collection<UInt8>) -> String {
        escapingControls(escapingInvalidUTF8(bytes))
    }

    /// `text` with every control character, and what reorders a line, written as an escape.
    ///
    /// What is left cannot move a terminal's cursor, change its colours or break a line.
    public static func escapingControls(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            guard isControl(scalar) else {
                safe.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            case "\n": safe += "\\n"
            case "\t": safe += "\\t"
            case "\r": safe += "\\r"
            default:
                safe +=
                    scalar.value < 0x80
                    ? hexadecimalEscape(UInt8(scalar.value))
                    : "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return safe
    }

    /// `text`, or its first 1,000 characters and `…`: for a reason that a stranger gives.
    public static func shortened(_ text: String) -> String {
        text.utf8.count <= 1000 ? text : String(text.unicodeScalars.prefix(1000)) + "…"
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func sequenceLength(_ first: UInt8) -> Int {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    private static func hexadecimalEscape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
    }
}
