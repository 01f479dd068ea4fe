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
    /// A pattern of absolute paths; braces at its start hold several.
    case absolutePattern = "^[/{]"
    /// How the version of a kernel must compare: `>=5.10`.
    case kernelComparison = #"^(?:>=|<=|[<>=]) *[0-9]+(?:[.][0-9]+){0,2}$(?!\n)"#
    /// A length of time, as ``DurationText`` reads it.
    case duration =
        #"^(?:[0-9]+|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$(?!\n)"#
    /// A number of bytes, as ``ByteCountText`` reads it.
    case byteCount = #"^[0-9]+(?:[KkMmGgTt](?:i?B)?|B)?$(?!\n)"#
    /// An argument in which no braces stand but those of the moment that `--since` gives.
    case sinceArgument = "^(?:[^{}]|[{]since(?:-epoch)?[}])*$"
    /// A text with the place of a name in it: `for-each` of a declared command.
    case namePlaceholder = "[{]name[}]"
    /// A text without one.
    case noNamePlaceholder = #"^(?![\s\S]*[{]name[}])"#
    /// The name of a process: no folder, no blank.
    case processName = #"^[^/\x00-\x20\x7f]+$(?!\n)"#
    /// The name of a kernel module.
    case moduleName = #"^[0-9A-Za-z_-]+$(?!\n)"#
    /// An option of a kernel's build: `CONFIG_BPF`.
    case kernelOption = #"^CONFIG_[0-9A-Za-z_]*$(?!\n)"#
    /// An ID of os-release, or the name of a file system.
    case lowerCaseName = #"^[0-9a-z._-]+$(?!\n)"#

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
        case .absolutePattern: return bytes.first == 0x2F || bytes.first == 0x7B
        case .kernelComparison: return Self.isKernelComparison(bytes[...])
        case .duration: return Self.isDuration(bytes[...])
        case .byteCount: return Self.isByteCount(bytes[...])
        case .sinceArgument: return Self.isSinceArgument(bytes[...])
        case .namePlaceholder: return Self.hasNamePlaceholder(bytes)
        case .noNamePlaceholder: return !Self.hasNamePlaceholder(bytes)
        case .processName:
            return !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 != 0x2F && $0 != 0x7F }
        case .moduleName:
            return !bytes.isEmpty
                && bytes.allSatisfy { Self.isWord($0) || $0 == 0x2D }
        case .kernelOption:
            return bytes.starts(with: "CONFIG_".utf8) && bytes.allSatisfy { Self.isWord($0) }
        case .lowerCaseName:
            return !bytes.isEmpty
                && bytes.allSatisfy {
                    Self.isDigit($0) || (0x61...0x7A).contains($0) || "._-".utf8.contains($0)
                }
        }
    }

    private static func hasNamePlaceholder(_ bytes: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: "{name}".utf8) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || byte == 0x5F
    }
}

/// The matchers of several steps; each takes from the start of what is left.
extension JSONSchemaPattern {
    private static func isKernelComparison(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        guard take([">=", "<=", ">", "<", "="], from: &rest) else { return false }
        rest = rest.drop { $0 == 0x20 }
        guard takeDigits(from: &rest) else { return false }
        for _ in 0..<2 where rest.first == 0x2E {
            rest = rest.dropFirst()
            guard takeDigits(from: &rest) else { return false }
        }
        return rest.isEmpty
    }

    private static func isDuration(_ text: ArraySlice<UInt8>) -> Bool {
        if !text.isEmpty, text.allSatisfy({ isDigit($0) }) { return true }
        var rest = text
        var units = ["d", "h", "m", "s", "ms"][...]
        repeat {
            guard takeDigits(from: &rest) else { return false }
            let letters = rest.prefix { !isDigit($0) }
            guard let index = units.firstIndex(where: { letters.elementsEqual($0.utf8) }) else {
                return false
            }
            units = units[(index + 1)...]
            rest = rest.dropFirst(letters.count)
        } while !rest.isEmpty
        return true
    }

    private static func isByteCount(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        guard takeDigits(from: &rest) else { return false }
        if rest.isEmpty || rest.elementsEqual("B".utf8) { return true }
        guard let unit = rest.popFirst(), "KkMmGgTt".utf8.contains(unit) else { return false }
        return ["", "B", "iB"].contains { rest.elementsEqual($0.utf8) }
    }

    private static func isSinceArgument(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        while let byte = rest.first {
            if byte != 0x7B, byte != 0x7D {
                rest = rest.dropFirst()
            } else if !take(["{since}", "{since-epoch}"], from: &rest) {
                return false
            }
        }
        return true
    }

    /// Takes the decimal digits, and says whether there are any.
    private static func takeDigits(from rest: inout ArraySlice<UInt8>) -> Bool {
        let digits = rest.prefix { isDigit($0) }
        rest = rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    /// Takes the first of `texts` that stands there, and says whether one does.
    private static func take(_ texts: [String], from rest: inout ArraySlice<UInt8>) -> Bool {
        for text in texts where rest.starts(with: text.utf8) {
            rest = rest.dropFirst(text.utf8.count)
            return true
        }
        return false
    }
}
