internal import DiagModel

/// A text in LVM's configuration format, as a tree.
///
/// Source: LVM2 2.03, libdm/libdm-config.c and lvm.conf(5): sections `name { … }`, assignments
/// `name = value`, where a value is a string in quotes, a number, a bare word, or a list of these
/// in brackets; `#` begins a comment. The text ends at its end or at the first NUL.
public struct LVMConfiguration: Hashable, Sendable {
    /// How deep sections and lists may lie in each other.
    static let depthLimit = 16

    /// What an assignment gives.
    public indirect enum Value: Hashable, Sendable {
        /// A whole number.
        case integer(Int64)
        /// A number with a fraction.
        case number(Double)
        /// A string or a bare word.
        case string(String)
        /// Values between brackets.
        case list([Value])
        /// Named values between braces.
        case section(LVMConfiguration)
    }

    /// One named value or section.
    public struct Node: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// What it is.
        public let value: Value
    }

    /// The nodes, in the order of the text.
    public let nodes: [Node]

    /// Reads a whole text.
    public init(parsing bytes: Span<UInt8>) throws(FormatError) {
        var parser = LVMConfigurationParser(bytes.count)
        nodes = try parser.nodes(bytes, isNested: false, depth: 0)
    }

    init(nodes: [Node]) { self.nodes = nodes }

    /// The last node called `name`.
    public subscript(name: String) -> Value? { nodes.last { $0.name == name }?.value }

    /// The number called `name`.
    public func integer(_ name: String) -> Int64? {
        guard case .integer(let value)? = self[name] else { return nil }
        return value
    }

    /// The text called `name`.
    public func string(_ name: String) -> String? {
        guard case .string(let value)? = self[name] else { return nil }
        return value
    }

    /// The texts in the list called `name`; a single text counts as a list of one.
    public func strings(_ name: String) -> [String] {
        switch self[name] {
        case .string(let text): [text]
        case .list(let values):
            values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        default: []
        }
    }

    /// The section called `name`.
    public func section(_ name: String) -> LVMConfiguration? {
        guard case .section(let section)? = self[name] else { return nil }
        return section
    }

    /// The sections, in order.
    public var sections: [(name: String, section: LVMConfiguration)] {
        nodes.compactMap { node in
            if case .section(let section) = node.value { (node.name, section) } else { nil }
        }
    }
}

/// Reads the configuration format from front to back.
struct LVMConfigurationParser {
    private var at = 0
    private var line = 1
    private let end: Int

    init(_ count: Int) { end = count }

    /// The nodes up to the end of the text, or up to the brace that ends the section.
    mutating func nodes(
        _ bytes: Span<UInt8>, isNested: Bool, depth: Int
    ) throws(FormatError) -> [LVMConfiguration.Node] {
        guard depth <= LVMConfiguration.depthLimit else {
            throw .unexpected(line: line, expected: "sections that lie less deep")
        }
        var nodes = [LVMConfiguration.Node]()
        while true {
            skipBlanks(bytes)
            guard let byte = peek(bytes) else {
                if isNested { throw .unexpected(line: line, expected: "}") }
                return nodes
            }
            if byte == 0x7D {  // }
                guard isNested else { throw .unexpected(line: line, expected: "a name") }
                at += 1
                return nodes
            }
            let name = try name(bytes)
            skipBlanks(bytes)
            switch peek(bytes) {
            case 0x7B:  // {
                at += 1
                let inner = try self.nodes(bytes, isNested: true, depth: depth + 1)
                nodes.append(.init(name: name, value: .section(.init(nodes: inner))))
            case 0x3D:  // =
                at += 1
                skipBlanks(bytes)
                nodes.append(.init(name: name, value: try value(bytes, depth: depth + 1)))
            default: throw .unexpected(line: line, expected: "{ or = after \(name)")
            }
        }
    }

    private mutating func name(_ bytes: Span<UInt8>) throws(FormatError) -> String {
        if peek(bytes) == 0x22 || peek(bytes) == 0x27 { return try quoted(bytes) }
        let word = word(bytes)
        guard !word.isEmpty else { throw .unexpected(line: line, expected: "a name") }
        return word
    }

    private mutating func value(
        _ bytes: Span<UInt8>, depth: Int
    ) throws(FormatError) -> LVMConfiguration.Value {
        guard depth <= LVMConfiguration.depthLimit else {
            throw .unexpected(line: line, expected: "lists that lie less deep")
        }
        switch peek(bytes) {
        case 0x22, 0x27: return .string(try quoted(bytes))
        case 0x5B:  // [
            at += 1
            var values = [LVMConfiguration.Value]()
            while true {
                skipBlanks(bytes)
                if peek(bytes) == 0x5D {  // ]
                    at += 1
                    return .list(values)
                }
                values.append(try value(bytes, depth: depth + 1))
                skipBlanks(bytes)
                switch peek(bytes) {
                case 0x2C: at += 1
                case 0x5D: continue
                default: throw .unexpected(line: line, expected: ", or ] in a list")
                }
            }
        default:
            let word = word(bytes)
            guard !word.isEmpty else { throw .unexpected(line: line, expected: "a value") }
            if let number = Int64(word) { return .integer(number) }
            let first = word.utf8.first ?? 0
            if (0x30...0x39).contains(first) || first == 0x2D || first == 0x2E,
                let number = Double(word), number.isFinite
            {
                return .number(number)
            }
            return .string(word)
        }
    }

    /// The text between two equal quotation marks; in double ones a backslash escapes a mark or
    /// itself.
    private mutating func quoted(_ bytes: Span<UInt8>) throws(FormatError) -> String {
        let mark = bytes[at]
        let start = line
        at += 1
        var text = [UInt8]()
        while let byte = peek(bytes) {
            at += 1
            if byte == mark { return UntrustedText.escapingForPath(text) }
            if byte == 0x0A { line += 1 }
            if byte == 0x5C, mark == 0x22, let next = peek(bytes), next == 0x22 || next == 0x5C {
                text.append(next)
                at += 1
            } else {
                text.append(byte)
            }
        }
        throw .unexpected(line: start, expected: "the end of the string that begins here")
    }

    private mutating func word(_ bytes: Span<UInt8>) -> String {
        var text = [UInt8]()
        while let byte = peek(bytes) {
            switch byte {
            case 0...0x20, 0x22, 0x23, 0x27, 0x2C, 0x3D, 0x5B, 0x5D, 0x7B, 0x7D:
                return UntrustedText.escapingForPath(text)
            default: text.append(byte)
            }
            at += 1
        }
        return UntrustedText.escapingForPath(text)
    }

    /// The byte that comes next; `nil` at the end, which a NUL is, too.
    private func peek(_ bytes: Span<UInt8>) -> UInt8? {
        guard at < end, bytes[at] != 0 else { return nil }
        return bytes[at]
    }

    private mutating func skipBlanks(_ bytes: Span<UInt8>) {
        while let byte = peek(bytes) {
            if byte == 0x23 {  // #
                while let next = peek(bytes), next != 0x0A { at += 1 }
            } else if byte <= 0x20 {
                if byte == 0x0A { line += 1 }
                at += 1
            } else {
                return
            }
        }
    }
}
