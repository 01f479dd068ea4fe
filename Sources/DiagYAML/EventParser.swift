internal import CYaml

/// One step of a YAML stream, without any C type.
struct YAMLEvent {
    /// The kinds of step.
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(YAMLScalar)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    let kind: Kind
    let anchor: String?
    let tag: String?
    let position: YAMLPosition
}

/// What libyaml says of a document that it cannot read.
struct YAMLSyntaxFault: Error {
    let message: String
    let position: YAMLPosition
}

/// libyaml's parser over one copy of the bytes, both freed when the owner goes away.
///
/// Safe: the pointers are private, live as long as the value, and are never returned; libyaml
/// reads the input only within the length it was given; texts of an event are copied before the
/// event is deleted.
@safe struct EventParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    private init(
        owning parser: UnsafeMutablePointer<yaml_parser_t>,
        _ input: UnsafeMutableBufferPointer<UInt8>
    ) {
        unsafe self.parser = unsafe parser
        unsafe self.input = unsafe input
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// A parser at the start of `bytes`, which must be UTF-8; `nil` when memory is short.
    static func start(_ bytes: [UInt8]) -> EventParser? {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            return nil
        }
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        _ = unsafe input.initialize(from: bytes)
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        return unsafe EventParser(owning: parser, input)
    }

    /// The next step; after an error or `streamEnd` it must not be called again.
    mutating func next() throws(YAMLSyntaxFault) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw fault() }
        defer { unsafe yaml_event_delete(&event) }
        let position = Self.position(of: unsafe event.start_mark)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT:
            return YAMLEvent(kind: .streamStart, anchor: nil, tag: nil, position: position)
        case YAML_DOCUMENT_START_EVENT:
            return YAMLEvent(kind: .documentStart, anchor: nil, tag: nil, position: position)
        case YAML_DOCUMENT_END_EVENT:
            return YAMLEvent(kind: .documentEnd, anchor: nil, tag: nil, position: position)
        case YAML_ALIAS_EVENT:
            let name = unsafe Self.text(event.data.alias.anchor) ?? ""
            return YAMLEvent(kind: .alias(name), anchor: nil, tag: nil, position: position)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let value = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: value, as: UTF8.self)
            let isQuoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
            return YAMLEvent(
                kind: .scalar(YAMLScalar(text: text, isQuoted: isQuoted)),
                anchor: unsafe Self.text(scalar.anchor), tag: unsafe Self.text(scalar.tag),
                position: position)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return YAMLEvent(
                kind: .sequenceStart, anchor: unsafe Self.text(start.anchor),
                tag: unsafe Self.text(start.tag), position: position)
        case YAML_SEQUENCE_END_EVENT:
            return YAMLEvent(kind: .sequenceEnd, anchor: nil, tag: nil, position: position)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return YAMLEvent(
                kind: .mappingStart, anchor: unsafe Self.text(start.anchor),
                tag: unsafe Self.text(start.tag), position: position)
        case YAML_MAPPING_END_EVENT:
            return YAMLEvent(kind: .mappingEnd, anchor: nil, tag: nil, position: position)
        default:
            return YAMLEvent(kind: .streamEnd, anchor: nil, tag: nil, position: position)
        }
    }

    /// What is usually meant where libyaml says one of these.
    private static let hints: [String: String] = [
        "found character that cannot start any token":
            "indent with spaces, not tabs; quote a text that begins with %, @ or a backquote",
        "mapping values are not allowed in this context":
            "quote a text that holds a colon and a space; put each name on a line of its own",
        "could not find expected ':'": "write `name: value`, with a space after the colon",
        "did not find expected key":
            "align the names of one mapping; close quotes and brackets; put a text that begins with"
            + " { or [ in quotes",
        "did not find expected '-' indicator":
            "align the dashes of one list; put a text that begins with { or [ in quotes",
        "did not find expected ',' or ']'":
            "put a text that holds a brace, a bracket or a comma in quotes, as \"/etc/{a,b}.conf\";"
            + " close each bracket",
        "did not find expected ',' or '}'":
            "put a text that holds a brace, a bracket or a comma in quotes, as \"/etc/{a,b}.conf\";"
            + " close each brace",
        "did not find expected alphabetic or numeric character":
            "put a text that begins with * or & in quotes, as \"*.key\"",
        "did not find expected whitespace or line break":
            "put a text that begins with ! in quotes",
    ]

    private func fault() -> YAMLSyntaxFault {
        let state = unsafe parser.pointee
        if unsafe state.error == YAML_MEMORY_ERROR {
            return YAMLSyntaxFault(
                message: "out of memory", position: YAMLPosition(line: 1, column: 1))
        }
        var message = unsafe Self.text(state.problem) ?? "not YAML"
        if unsafe state.error == YAML_READER_ERROR {
            return YAMLSyntaxFault(
                message: message, position: position(ofByte: unsafe state.problem_offset))
        }
        if let hint = Self.hints[message] { message += " (\(hint))" }
        if let context = unsafe Self.text(state.context) {
            let start = Self.position(of: unsafe state.context_mark)
            message += ", \(context) that begins at \(start.line):\(start.column)"
        }
        return YAMLSyntaxFault(
            message: message, position: Self.position(of: unsafe state.problem_mark))
    }

    /// The place of the byte at `offset`, for faults of the encoding, which have no mark.
    private func position(ofByte offset: Int) -> YAMLPosition {
        var line = 1
        var column = 1
        let end = unsafe min(max(offset, 0), input.count)
        for index in 0..<end {
            let byte = unsafe input[index]
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return YAMLPosition(line: line, column: column)
    }

    private static func position(of mark: yaml_mark_t) -> YAMLPosition {
        YAMLPosition(
            line: Int(truncatingIfNeeded: mark.line) &+ 1,
            column: Int(truncatingIfNeeded: mark.column) &+ 1)
    }

    private static func text(_ start: UnsafePointer<CChar>?) -> String? {
        unsafe start.map { unsafe String(cString: $0) }
    }

    private static func text(_ start: UnsafePointer<UInt8>?) -> String? {
        unsafe start.map { unsafe String(cString: $0) }
    }
}
