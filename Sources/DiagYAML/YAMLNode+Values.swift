internal import DiagModel

/// The values a configuration asks for. Each accessor throws where the node is something else,
/// and says what was expected.
extension YAMLNode {
    /// The mapping.
    public var mapping: YAMLMapping {
        get throws(YAMLError) {
            guard case .mapping(let mapping) = content else {
                throw error("expected a mapping (`name: value` lines), but found \(summary)")
            }
            return mapping
        }
    }

    /// The nodes of the list.
    public var sequence: [YAMLNode] {
        get throws(YAMLError) {
            guard case .sequence(let nodes) = content else {
                throw error("expected a list (`- item` lines or `[a, b]`), but found \(summary)")
            }
            return nodes
        }
    }

    /// The texts of a list of texts.
    public var strings: [String] {
        get throws(YAMLError) {
            var texts = [String]()
            for node in try sequence { texts.append(try node.string) }
            return texts
        }
    }

    /// The text. A number or truth value without quotes is text here too; nothing is not.
    public var string: String {
        get throws(YAMLError) { try scalar(expected: "a text").text }
    }

    /// Whether the node is the null of YAML: nothing, `~` or `null`.
    public var isNull: Bool {
        guard case .scalar(let scalar) = content else { return false }
        return scalar.isNull && tag == nil
    }

    /// The truth value, `true` or `false`, with the first or all letters capital too.
    ///
    /// Source: YAML 1.2.2, section 10.3.2. The `yes`, `no`, `on` and `off` of YAML 1.1 are refused,
    /// since half of all programs take them for text.
    public var bool: Bool {
        get throws(YAMLError) {
            let scalar = try plain(expected: "`true` or `false`")
            switch scalar.text {
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default: break
            }
            let meant: String? =
                switch scalar.text.lowercased() {
                case "yes", "on", "y", "1": "true"
                case "no", "off", "n", "0": "false"
                default: nil
                }
            let hint = meant.map { "; write `\($0)`, for only these two are truth values" } ?? ""
            throw error("expected `true` or `false`, but found \(summary)\(hint)")
        }
    }

    /// The whole number: decimal with an optional sign, or `0x` and hexadecimal or `0o` and octal
    /// digits, from `Int64.min` to `Int64.max`.
    ///
    /// Source: YAML 1.2.2, section 10.3.2.
    public var integer: Int64 {
        get throws(YAMLError) {
            let text = try plain(expected: "a whole number").text
            let radix = text.hasPrefix("0x") ? 16 : text.hasPrefix("0o") ? 8 : 10
            let digits = text.dropFirst(radix == 10 ? 0 : 2)
            let isSigned = digits.first == "+" || digits.first == "-"
            guard radix == 10 || !isSigned, let value = Int64(digits, radix: radix)
            else { throw error("expected a whole number, but found \(summary)") }
            return value
        }
    }

    /// The whole number, where it is in `range`.
    public func integer(in range: ClosedRange<Int64>) throws(YAMLError) -> Int64 {
        let value = try integer
        guard range.contains(value) else {
            throw error(
                "expected a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "but found \(value)")
        }
        return value
    }

    /// The duration, as ``DurationText`` reads it.
    public var duration: Duration {
        get throws(YAMLError) {
            let text = try scalar(expected: "a duration such as 30s").text
            do {
                return try DurationText.parse(text)
            } catch {
                throw self.error(error.description)
            }
        }
    }

    /// The byte count, as ``ByteCountText`` reads it.
    public var byteCount: Int64 {
        get throws(YAMLError) {
            let text = try scalar(expected: "a byte count such as 500M").text
            do {
                return try ByteCountText.parse(text)
            } catch {
                throw self.error(error.description)
            }
        }
    }

    private func scalar(expected: String) throws(YAMLError) -> YAMLScalar {
        guard case .scalar(let scalar) = content, !isNull else {
            throw error("expected \(expected), but found \(summary)")
        }
        return scalar
    }

    private func plain(expected: String) throws(YAMLError) -> YAMLScalar {
        let scalar = try scalar(expected: expected)
        guard !scalar.isQuoted else {
            throw error("expected \(expected), but found the text \(summary); remove the quotes")
        }
        return scalar
    }
}
