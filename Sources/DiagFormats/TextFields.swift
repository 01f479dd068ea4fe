/// Lines and words of the plain text that the kernel and configuration files give.
///
/// Works on bytes, because a carriage return before a newline is one character to Swift.
enum TextFields {
    /// The lines of `text` without their newlines; no empty line after the last newline.
    static func lines(_ text: String) -> [String] {
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// The words of `text`, parted by spaces, tabs, carriage returns and newlines.
    static func words(_ text: String) -> [String] {
        text.utf8.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// `text` without white space at its ends.
    static func trimmed(_ text: String) -> String {
        var bytes = text.utf8[...]
        while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The parts of `text` before and after the first `separator`, both trimmed; `nil` without it.
    static func pair(_ text: String, separator: UInt8) -> (name: String, value: String)? {
        guard let at = text.utf8.firstIndex(of: separator) else { return nil }
        return (
            trimmed(String(decoding: text.utf8[..<at], as: UTF8.self)),
            trimmed(String(decoding: text.utf8[text.utf8.index(after: at)...], as: UTF8.self))
        )
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}

/// Hexadecimal digits of numbers and bytes.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two lower-case digits per byte, nothing between.
    static func string(_ bytes: some Sequence<UInt8>) -> String {
        var text = [UInt8]()
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `value` with at least `width` upper-case digits.
    static func padded(_ value: some BinaryInteger, _ width: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }

    /// `0x` and `value` in upper-case digits, as UEFI writes numbers in device paths.
    static func prefixed(_ value: some BinaryInteger) -> String {
        "0x" + String(value, radix: 16, uppercase: true)
    }
}
