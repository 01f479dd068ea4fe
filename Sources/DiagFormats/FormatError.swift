/// Bytes that are not what a format's specification says.
public enum FormatError: Error, Hashable, Sendable {
    /// The bytes end before `field`, which needs `needed` bytes at `offset`.
    case truncated(field: String, offset: Int, needed: Int)
    /// `field` at `offset` has a value that the format does not allow.
    case invalid(field: String, offset: Int, value: UInt64)
    /// The text at `line`, from 1, is not what `expected` says.
    case unexpected(line: Int, expected: String)
}

extension FormatError: CustomStringConvertible {
    /// What is wrong, and where.
    public var description: String {
        switch self {
        case .truncated(let field, let offset, let needed):
            "\(field) needs \(needed) bytes at offset \(offset), where the data ends"
        case .invalid(let field, let offset, let value):
            "\(field) at offset \(offset) has the impossible value 0x\(String(value, radix: 16))"
        case .unexpected(let line, let expected):
            "line \(line): expected \(expected)"
        }
    }
}
