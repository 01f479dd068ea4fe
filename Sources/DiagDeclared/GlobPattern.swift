internal import DiagSystem
public import SystemPackage

/// A pattern of paths, as a shell knows it, for names in any encoding.
///
/// `*` stands for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set, `{a,b}` for
/// either text, `**` as a whole component for folders of any depth. A backslash takes the meaning
/// from what follows. As in a shell, a name that begins with a dot is matched only by a pattern
/// that begins with one.
public struct GlobPattern: Hashable, Sendable {
    /// Why a text is no pattern.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is wrong, and what was meant.
        public let description: String
    }

    /// One part of a path between slashes.
    enum Component: Hashable, Sendable {
        /// This name and no other; the same as bytes.
        case literal(FilePath.Component, bytes: [UInt8])
        /// Every name that these tokens match.
        case pattern([Token])
        /// Folders of any depth, none included.
        case anyDepth
    }

    /// One step of matching a name.
    enum Token: Hashable, Sendable {
        case byte(UInt8)
        case one
        case many
        case set(isNegated: Bool, ranges: [ClosedRange<UInt8>])
    }

    /// The pattern as it was written, with its braces expanded.
    public let text: String
    /// Whether it begins at the root; otherwise it is for names alone.
    public let isAbsolute: Bool
    let components: [Component]

    /// Whether it names one path, without anything to match.
    public var isLiteral: Bool {
        components.allSatisfy { if case .literal = $0 { true } else { false } }
    }

    /// How many of its names are fixed before the first that stands for others; of a literal one
    /// all but the last.
    var fixedCount: Int {
        let first = components.firstIndex { if case .literal = $0 { false } else { true } }
        return first ?? components.count - 1
    }

    /// Whether its last name is one that a folder must list.
    var endsInMatch: Bool {
        if case .literal? = components.last { false } else { true }
    }

    /// The patterns that `text` stands for: one for each way through its braces, at most 256.
    public static func expanding(_ text: String) throws(Fault) -> [GlobPattern] {
        guard text.utf8.count <= 4096 else {
            throw Fault(description: "a pattern has at most 4,096 bytes")
        }
        // Of a text with something to match, too: it would match nothing.
        guard !text.utf8.contains(0) else { throw Fault(description: "a name must not hold NUL") }
        guard text.utf8.count(where: { $0 == 0x7B }) <= 16 else {
            throw Fault(description: "a pattern has at most 16 braces")
        }
        var patterns = [GlobPattern]()
        for part in try expandBraces(Array(text.utf8)) {
            patterns.append(try GlobPattern(part))
        }
        return patterns
    }

    private init(_ text: [UInt8]) throws(Fault) {
        self.text = String(decoding: text, as: UTF8.self)
        isAbsolute = text.first == 0x2F
        var components = [Component]()
        for part in text.split(separator: 0x2F) {
            components.append(try Self.component(Array(part)))
        }
        guard !components.isEmpty else {
            throw Fault(description: "a pattern needs at least one name")
        }
        guard components.count(where: { $0 == .anyDepth }) <= 3 else {
            throw Fault(description: "a pattern has at most three `**`")
        }
        self.components = components
    }

    private static func component(_ text: [UInt8]) throws(Fault) -> Component {
        if text == [0x2A, 0x2A] { return .anyDepth }
        if text == [0x2E] || text == [0x2E, 0x2E] {
            throw Fault(description: "`.` and `..` have no place in a pattern")
        }
        let tokens = try tokens(of: text)
        var literal = [UInt8]()
        for token in tokens {
            guard case .byte(let byte) = token else { return .pattern(tokens) }
            literal.append(byte)
        }
        guard literal != [0x2E], literal != [0x2E, 0x2E] else {
            throw Fault(description: "`.` and `..` have no place in a pattern")
        }
        guard !literal.contains(0),
            let name = unsafe FilePath(
                platformString: (literal + [0]).map { CChar(bitPattern: $0) }
            ).lastComponent
        else { throw Fault(description: "a name must not hold NUL") }
        return .literal(name, bytes: literal)
    }

    private static func tokens(of text: [UInt8]) throws(Fault) -> [Token] {
        var tokens = [Token]()
        var index = 0
        while index < text.count {
            switch text[index] {
            case 0x5C:
                index += 1
                guard index < text.count else {
                    throw Fault(description: "a backslash at the end means nothing")
                }
                tokens.append(.byte(text[index]))
            case 0x3F: tokens.append(.one)
            case 0x2A: if tokens.last != .many { tokens.append(.many) }
            case 0x5B:
                guard let (set, next) = try set(in: text, from: index + 1) else {
                    throw Fault(description: "`[` has no `]`; write `\\[` for the character")
                }
                tokens.append(set)
                index = next
                continue
            default: tokens.append(.byte(text[index]))
            }
            index += 1
        }
        return tokens
    }

    /// The set that begins at `start`, behind its bracket, and the place behind its end.
    private static func set(
        in text: [UInt8], from start: Int
    ) throws(Fault) -> (Token, Int)? {
        var index = start
        var ranges = [ClosedRange<UInt8>]()
        let isNegated = index < text.count && (text[index] == 0x21 || text[index] == 0x5E)
        if isNegated { index += 1 }
        let first = index
        while index < text.count {
            if text[index] == 0x5D, index > first {
                return (.set(isNegated: isNegated, ranges: ranges), index + 1)
            }
            if index + 2 < text.count, text[index + 1] == 0x2D, text[index + 2] != 0x5D {
                guard text[index] <= text[index + 2] else {
                    let range = String(decoding: text[index...(index + 2)], as: UTF8.self)
                    throw Fault(
                        description: "the range `\(range)` runs backwards: nothing is in it")
                }
                ranges.append(text[index]...text[index + 2])
                index += 3
            } else {
                ranges.append(text[index]...text[index])
                index += 1
            }
        }
        return nil
    }

    private static let mostExpansions = 256

    /// One text for each way through the braces of `text`. The characters that mean something are of
    /// one byte, and no byte of a longer one is among these.
    private static func expandBraces(_ text: [UInt8]) throws(Fault) -> [[UInt8]] {
        guard let open = plain(UInt8(ascii: "{"), in: text) else {
            if plain(UInt8(ascii: "}"), in: text) != nil {
                throw Fault(description: "`}` has no `{`")
            }
            return [text]
        }
        var depth = 0
        var words = [ArraySlice<UInt8>]()
        var start = open + 1
        var index = open
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\\"): index += 1  // What follows means itself and nothing more.
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ",") where depth == 1:
                words.append(text[start..<index])
                start = index + 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 {
                    words.append(text[start..<index])
                    return try expand(text[..<open], words, text[(index + 1)...])
                }
            default: break
            }
            index += 1
        }
        throw Fault(description: "`{` has no `}`")
    }

    /// Where `byte` stands first without a backslash before it.
    private static func plain(_ byte: UInt8, in text: [UInt8]) -> Int? {
        var isEscaped = false
        return text.firstIndex { each in
            if isEscaped {
                isEscaped = false
                return false
            }
            isEscaped = each == UInt8(ascii: "\\")
            return each == byte
        }
    }

    private static func expand(
        _ head: ArraySlice<UInt8>, _ words: [ArraySlice<UInt8>], _ tail: ArraySlice<UInt8>
    ) throws(Fault) -> [[UInt8]] {
        var results = [[UInt8]]()
        for word in words {
            results += try expandBraces(Array(head) + word + tail)
            guard results.count <= mostExpansions else {
                throw Fault(
                    description: "the braces stand for more than \(mostExpansions) patterns")
            }
        }
        return results
    }
}

/// Matching.
extension GlobPattern {
    /// Whether the tokens match a whole name.
    static func matches(_ tokens: [Token], _ name: ArraySlice<UInt8>) -> Bool {
        if name.first == 0x2E, tokens.first != .byte(0x2E) { return false }
        var (token, byte) = (0, name.startIndex)
        // Where the last `*` stands, and how much of the name it has taken: only the last one is
        // ever extended, so this is quadratic at worst.
        var star: (token: Int, byte: Int)?
        while true {
            if token == tokens.count {
                if byte == name.endIndex { return true }
            } else if tokens[token] == .many {
                star = (token, byte)
                token += 1
                continue
            } else if byte < name.endIndex, let next = step(tokens[token], name, byte) {
                token += 1
                byte = next
                continue
            }
            guard let last = star, last.byte < name.endIndex else { return false }
            star = (last.token, last.byte + 1)
            token = last.token + 1
            byte = last.byte + 1
        }
    }

    /// The place behind what one token takes; `nil` when it does not match there.
    private static func step(
        _ token: Token, _ name: ArraySlice<UInt8>, _ index: Int
    ) -> Int? {
        switch token {
        case .byte(let byte): return name[index] == byte ? index + 1 : nil
        case .set(let isNegated, let ranges):
            return ranges.contains { $0.contains(name[index]) } != isNegated ? index + 1 : nil
        case .many: return nil
        case .one:
            // One character, which in UTF-8 may have up to four bytes.
            var next = index + 1
            while next < name.endIndex, next - index < 4, name[index] >= 0xC0,
                name[next] & 0xC0 == 0x80
            {
                next += 1
            }
            return next
        }
    }

    /// Whether the pattern matches `path`: the whole of it, or where the pattern is not absolute
    /// its last name.
    public func matches(_ path: FilePath) -> Bool { matches(Self.names(of: path)) }

    /// The names that `path` consists of, as bytes.
    static func names(of path: FilePath) -> [ArraySlice<UInt8>] {
        path.bytes.split(separator: 0x2F)
    }

    /// The same of a path whose names these are.
    func matches(_ names: [ArraySlice<UInt8>]) -> Bool {
        guard isAbsolute else {
            guard components.count == 1, let last = names.last else { return false }
            return Self.matches(components[0], last)
        }
        return matches(names[...], components[...])
    }

    private func matches(
        _ names: ArraySlice<ArraySlice<UInt8>>, _ parts: ArraySlice<Component>
    ) -> Bool {
        guard let part = parts.first else { return names.isEmpty }
        if case .anyDepth = part {
            let rest = parts.dropFirst()
            if rest.isEmpty { return true }
            return (names.startIndex...names.endIndex).contains { matches(names[$0...], rest) }
        }
        guard let name = names.first, Self.matches(part, name) else { return false }
        return matches(names.dropFirst(), parts.dropFirst())
    }

    /// Whether one component matches a name.
    static func matches(_ component: Component, _ name: ArraySlice<UInt8>) -> Bool {
        switch component {
        case .literal(_, let bytes): name.elementsEqual(bytes)
        case .pattern(let tokens): matches(tokens, name)
        case .anyDepth: true
        }
    }
}

extension GlobPattern {
    /// Several patterns in few words: the first, and how many others there are.
    static func title(_ patterns: [GlobPattern]) -> String {
        let first = patterns.first?.text ?? ""
        return switch patterns.count {
        case ...1: first
        case 2: "\(first) and 1 other"
        default: "\(first) and \(patterns.count - 1) others"
        }
    }
}
