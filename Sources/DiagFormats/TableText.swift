/// The lines and fields of the kernel's text tables.
enum TableText {
    /// The lines of `bytes` with their numbers from 1, without the newlines.
    ///
    /// A text that ends with a newline has no empty last line.
    static func forEachLine(of bytes: [UInt8], _ body: (Int, ArraySlice<UInt8>) -> Void) {
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            number += 1
            body(number, bytes[start..<end])
            start = end + 1
        }
    }

    /// The fields of a line between runs of blanks and tabs.
    static func fields(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        line.split { $0 == 0x20 || $0 == 0x09 }
    }

    /// The decimal number that the whole of `text` is; `nil` when it is none or too large.
    static func integer<Value: FixedWidthInteger>(_ text: ArraySlice<UInt8>) -> Value? {
        var digits = text
        let isNegative = Value.isSigned && digits.first == 0x2D
        if isNegative { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var value: Value = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (shifted, overflows) = value.multipliedReportingOverflow(by: 10)
            let part = Value(digit &- 0x30)
            let (sum, exceeds) =
                isNegative
                ? shifted.subtractingReportingOverflow(part) : shifted.addingReportingOverflow(part)
            guard !overflows, !exceeds else { return nil }
            value = sum
        }
        return value
    }

    /// `text` without blanks, tabs, newlines and NULs at both ends.
    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, isBlank(first) { text = text.dropFirst() }
        while let last = text.last, isBlank(last) { text = text.dropLast() }
        return text
    }

    /// `text` with `\ooo` replaced by the byte it stands for.
    ///
    /// Source: `mangle_path` and `seq_escape`, fs/seq_file.c of Linux 6.12; getmntent(3).
    static func unescapingOctal(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(0x5C) else { return Array(text) }
        var plain = [UInt8]()
        plain.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0x5C, text.endIndex - index >= 4,
                (0x30...0x33).contains(text[index + 1]), isOctal(text[index + 2]),
                isOctal(text[index + 3])
            {
                plain.append(
                    (text[index + 1] & 3) << 6 | (text[index + 2] & 7) << 3 | (text[index + 3] & 7))
                index += 4
            } else {
                plain.append(text[index])
                index += 1
            }
        }
        return plain
    }

    private static func isOctal(_ byte: UInt8) -> Bool { (0x30...0x37).contains(byte) }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0
    }
}
