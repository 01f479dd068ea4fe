/// The regular expressions that our schemas use, each with a matcher of its own.
///
/// Other validators run the expression itself, so both must mean the same. The expressions are of
/// the subset that ECMA-262 and Python share; where their `$` differ, before a newline at the end,
/// the schemas bound the length too.
public enum JSONSchemaPattern: String, Sendable, CaseIterable {
    /// SHA-256 as 64 lower-case hexadecimal digits.
    case sha256 = "^[0-9a-f]{64}$"
    /// 128 bits as 32 lower-case hexadecimal digits.
    case identifier128 = "^[0-9a-f]{32}$"
    /// 16 bits as four upper-case hexadecimal digits, as in `Boot001A`.
    case efiNumber = "^[0-9A-F]{4}$"
    /// A ``Timestamp``: `2026-11-21T15:49:57.000123Z`.
    case timestamp =
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$"
    /// A relative path without a `..` component.
    case relativePath = #"^(?!/)(?!(?:[\s\S]*/)?[.][.](?:/|$))[\s\S]+$"#
    /// Bytes as base64.
    case base64 = "^[A-Za-z0-9+/]+={0,2}$"
    /// The name of a collector: lower-case letters, digits and hyphens.
    case collectorName = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"

    /// Whether `text` is of this shape.
    public func matches(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        switch self {
        case .sha256:
            return bytes.count == 64
                && bytes.allSatisfy { Self.isDigit($0) || (0x61...0x66).contains($0) }
        case .identifier128:
            return bytes.count == 32
                && bytes.allSatisfy { Self.isDigit($0) || (0x61...0x66).contains($0) }
        case .efiNumber:
            return bytes.count == 4
                && bytes.allSatisfy { Self.isDigit($0) || (0x41...0x46).contains($0) }
        case .timestamp:
            let shape = Array("0000-00-00T00:00:00.000000Z".utf8)
            return bytes.count == shape.count
                && zip(bytes, shape).allSatisfy { byte, expected in
                    expected == 0x30 ? Self.isDigit(byte) : byte == expected
                }
        case .relativePath:
            return !bytes.isEmpty && bytes.first != 0x2F
                && !bytes.split(separator: 0x2F).contains([0x2E, 0x2E])
        case .base64:
            let end = bytes.lastIndex { $0 != 0x3D }.map { $0 + 1 } ?? 0
            return end > 0 && bytes.count - end <= 2
                && bytes[..<end].allSatisfy {
                    Self.isDigit($0) || Self.isLetter($0) || $0 == 0x2B || $0 == 0x2F
                }
        case .collectorName:
            return !bytes.isEmpty && bytes.first != 0x2D && bytes.last != 0x2D
                && bytes.allSatisfy {
                    Self.isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
