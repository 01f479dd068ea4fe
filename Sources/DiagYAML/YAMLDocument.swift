/// Reads one YAML document for configuration, and refuses what configuration does not need.
///
/// Anchors and aliases are refused, since a few of them can stand for gigabytes; so are several
/// documents in one file, names that are no plain text, and the same name twice in a mapping.
public enum YAMLDocument {
    /// The most bytes of a document.
    public static let largestByteCount = 1 << 20
    /// How deep lists and mappings may stand in each other.
    public static let deepestLevel = 64
    /// The most scalars, lists and mappings of a document.
    public static let mostNodes = 50_000

    /// Reads the document in `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, at most ``largestByteCount``, with or without a byte order mark. Of a larger file
    ///     one byte more is enough: its true size is not told.
    ///   - file: What errors call it.
    /// - Returns: The root node; that of an empty document is a null scalar.
    /// - Throws: `YAMLError` with the place of the first fault.
    public static func parse(_ bytes: [UInt8], named file: String) throws(YAMLError) -> YAMLNode {
        guard bytes.count <= largestByteCount else {
            throw YAMLError(
                file: file, position: YAMLPosition(line: 1, column: 1),
                message: "it has more than \(largestByteCount) bytes")
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]  // libyaml would count it as a column.
        let text = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
        guard let parser = EventParser.start(text) else {
            throw YAMLError(
                file: file, position: YAMLPosition(line: 1, column: 1), message: "out of memory")
        }
        var builder = Builder(parser: parser, file: file)
        return try builder.document()
    }
}

/// Builds nodes from events.
private struct Builder: ~Copyable {
    var parser: EventParser
    let file: String
    var nodeCount = 0

    init(parser: consuming EventParser, file: String) {
        self.parser = parser
        self.file = file
    }

    mutating func document() throws(YAMLError) -> YAMLNode {
        _ = try next()  // The start of the stream.
        let start = try next()
        guard case .documentStart = start.kind else {
            return YAMLNode(
                content: .scalar(YAMLScalar(text: "", isQuoted: false)), tag: nil, file: file,
                position: YAMLPosition(line: 1, column: 1))
        }
        let root = try node(from: try next(), level: 1)
        _ = try next()  // The end of the document.
        let end = try next()
        guard case .streamEnd = end.kind else {
            throw error(
                at: end.position,
                "a second document begins here; a file holds only one")
        }
        return root
    }

    private mutating func next() throws(YAMLError) -> YAMLEvent {
        do {
            return try parser.next()
        } catch {
            throw YAMLError(file: file, position: error.position, message: error.message)
        }
    }

    private mutating func node(from event: YAMLEvent, level: Int) throws(YAMLError) -> YAMLNode {
        nodeCount += 1
        guard nodeCount <= YAMLDocument.mostNodes else {
            throw error(
                at: event.position, "more than \(YAMLDocument.mostNodes) values; split the file")
        }
        if let anchor = event.anchor {
            throw error(
                at: event.position,
                "anchors are not accepted (`&\(YAMLNode.shortened(anchor))`); write the value "
                    + "where it is needed")
        }
        let content: YAMLNode.Content
        switch event.kind {
        case .scalar(let scalar):
            content = .scalar(scalar)
        case .alias(let name):
            throw error(
                at: event.position,
                "aliases are not accepted (`*\(YAMLNode.shortened(name))`); write the value itself, "
                    + "or quote a text that begins with `*`")
        case .sequenceStart, .mappingStart:
            guard level <= YAMLDocument.deepestLevel else {
                throw error(
                    at: event.position,
                    "more than \(YAMLDocument.deepestLevel) levels of lists and mappings")
            }
            if case .sequenceStart = event.kind {
                content = .sequence(try sequence(level: level))
            } else {
                content = .mapping(try mapping(level: level))
            }
        default:
            throw error(at: event.position, "expected a value")
        }
        return YAMLNode(content: content, tag: event.tag, file: file, position: event.position)
    }

    private mutating func sequence(level: Int) throws(YAMLError) -> [YAMLNode] {
        var nodes = [YAMLNode]()
        while true {
            let event = try next()
            if case .sequenceEnd = event.kind { return nodes }
            nodes.append(try node(from: event, level: level + 1))
        }
    }

    private mutating func mapping(level: Int) throws(YAMLError) -> YAMLMapping {
        var entries = [YAMLMapping.Entry]()
        var places = [String: YAMLPosition]()
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return YAMLMapping(entries: entries, file: file) }
            let key = try node(from: event, level: level + 1)
            guard case .scalar(let scalar) = key.content, !key.isNull else {
                throw error(at: event.position, "a name must be a text, but is \(key.summary)")
            }
            if let first = places.updateValue(event.position, forKey: scalar.text) {
                throw error(
                    at: event.position,
                    "`\(YAMLNode.shortened(scalar.text))` stands here a second time; "
                        + "the first is in line \(first.line)")
            }
            let value = try node(from: try next(), level: level + 1)
            entries.append(.init(key: scalar.text, keyPosition: event.position, value: value))
        }
    }

    private func error(at position: YAMLPosition, _ message: String) -> YAMLError {
        YAMLError(file: file, position: position, message: message)
    }
}
