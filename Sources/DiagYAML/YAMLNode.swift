/// One node of a YAML document: a scalar, a sequence or a mapping, with its place.
public struct YAMLNode: Hashable, Sendable {
    /// What a node holds.
    public enum Content: Hashable, Sendable {
        /// A text, which its reader takes for a number, a truth value or whatever it expects.
        case scalar(YAMLScalar)
        /// Nodes in the order of the document.
        case sequence([YAMLNode])
        /// Named nodes.
        case mapping(YAMLMapping)
    }

    /// What it holds.
    public let content: Content
    /// Its explicit tag, for example `tag:yaml.org,2002:str` for `!!str`; none for most.
    public let tag: String?
    /// The file it stands in, as named to the parser.
    public let file: String
    /// Where it begins.
    public let position: YAMLPosition

    /// An error about this node.
    public func error(_ message: String) -> YAMLError {
        YAMLError(file: file, position: position, message: message)
    }

    /// The node in words, for an error: `a mapping`, `"text"`, `nothing`.
    public var summary: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(let scalar) where scalar.isNull && tag == nil: "nothing"
        case .scalar(let scalar): "\"\(YAMLNode.shortened(scalar.text))\""
        }
    }

    static func shortened(_ text: String) -> String {
        let start = text.unicodeScalars.prefix(60)
        return start.endIndex == text.unicodeScalars.endIndex ? text : String(start) + "..."
    }
}

/// A scalar of a YAML document.
public struct YAMLScalar: Hashable, Sendable {
    /// Its text, with escapes and folding resolved.
    public let text: String
    /// Whether it stood in quotes or as a block, so that it is text and nothing else.
    public let isQuoted: Bool

    /// Whether it is the null of the YAML 1.2 core schema (section 10.3.2): empty, `~`, `null`.
    public var isNull: Bool {
        !isQuoted && ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

/// A mapping of a YAML document: its names are unique, and keep their order.
public struct YAMLMapping: Hashable, Sendable {
    /// One name with its value.
    public struct Entry: Hashable, Sendable {
        /// The name.
        public let key: String
        /// The place of the name.
        public let keyPosition: YAMLPosition
        /// The value.
        public let value: YAMLNode
    }

    /// The entries in the order of the document.
    public let entries: [Entry]
    /// The file it stands in, as named to the parser.
    public let file: String
    private let indices: [String: Int]

    init(entries: [Entry], file: String) {
        self.entries = entries
        self.file = file
        indices = Dictionary(entries.indices.map { (entries[$0].key, $0) }) { first, _ in first }
    }

    /// The value called `key`, where there is one.
    public subscript(key: String) -> YAMLNode? { indices[key].map { entries[$0].value } }

    /// Refuses the first name that is not among `known`, and says which one is nearest.
    ///
    /// - Parameters:
    ///   - known: Every name that has a meaning here.
    ///   - noun: What a name is called in the message.
    /// - Throws: `YAMLError` at the place of that name.
    public func checkKeys(known: [String], noun: String = "option") throws(YAMLError) {
        for entry in entries where !known.contains(entry.key) {
            var message = "unknown \(noun) `\(YAMLNode.shortened(entry.key))`"
            if let nearest = NearestName.of(entry.key, in: known) {
                message += "; did you mean `\(nearest)`?"
            } else if !known.isEmpty {
                let names = Set(known).sorted().map { "`\($0)`" }
                message += "; known are " + names.joined(separator: ", ")
            }
            throw YAMLError(file: file, position: entry.keyPosition, message: message)
        }
    }
}
