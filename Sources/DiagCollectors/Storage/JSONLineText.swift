internal import DiagModel

/// Writes JSON text straight into bytes, for documents with very many members.
///
/// A device has sixty attributes, and ten thousand devices are to be read and written in seconds:
/// with the general encoder the whole collector took half as much processor time again.
struct JSONLineText {
    /// The bytes so far.
    private(set) var bytes: [UInt8] = []

    /// Forgets the bytes, and keeps their room.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Adds punctuation and names as they are.
    mutating func add(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    /// Adds a number.
    mutating func add(number: some FixedWidthInteger) {
        bytes.append(contentsOf: String(number).utf8)
    }

    /// Adds a number that is finite; a whole one without a point.
    mutating func add(fraction number: Double) {
        let text = number.description
        bytes.append(contentsOf: text.utf8.dropLast(text.hasSuffix(".0") ? 2 : 0))
    }

    /// Adds `text` in quotation marks, escaped as RFC 8259 section 7 wants.
    mutating func add(quoting text: String) {
        bytes.append(0x22)
        if text.utf8.contains(where: Self.isEscaped) {
            for byte in text.utf8 { add(escaping: byte) }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(0x22)
    }

    /// Adds what stands at `range` of `text` in quotation marks; what is no UTF-8 as `\xNN`.
    mutating func add(quoting text: [UInt8], at range: Range<Int>) {
        guard !text[range].contains(where: { $0 >= 0x80 }) else {
            return add(quoting: UntrustedText.escapingInvalidUTF8(text[range]))
        }
        bytes.append(0x22)
        if text[range].contains(where: Self.isEscaped) {
            for byte in text[range] { add(escaping: byte) }
        } else {
            bytes.append(contentsOf: text[range])
        }
        bytes.append(0x22)
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x5C
    }

    private mutating func add(escaping byte: UInt8) {
        switch byte {
        case 0x22, 0x5C:
            bytes.append(0x5C)
            bytes.append(byte)
        case 0x08: add("\\b")
        case 0x09: add("\\t")
        case 0x0A: add("\\n")
        case 0x0C: add("\\f")
        case 0x0D: add("\\r")
        case 0..<0x20:
            add("\\u00")
            bytes.append(0x30 + (byte >> 4))
            bytes.append(byte & 15 < 10 ? 0x30 + (byte & 15) : 0x57 + (byte & 15))
        default: bytes.append(byte)
        }
    }

    /// Adds an object, sorted by name, of which `value` adds the values.
    mutating func add<Value>(
        _ members: [String: Value], value: (inout JSONLineText, Value) throws -> Void
    ) rethrows {
        bytes.append(0x7B)
        for (index, member) in Self.sorted(members).enumerated() {
            if index > 0 { bytes.append(0x2C) }
            add(quoting: member.key)
            bytes.append(0x3A)
            try value(&self, member.value)
        }
        bytes.append(0x7D)
    }

    /// In the order of the names' bytes, as the general encoder has them. Of ASCII that is the order
    /// of texts, which is told faster.
    private static func sorted<Value>(_ members: [String: Value]) -> [(key: String, value: Value)] {
        guard members.keys.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) else {
            return members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
        return members.sorted { $0.key < $1.key }
    }

    /// Adds a list, of which `element` adds the elements.
    mutating func add<Element>(
        _ elements: [Element], element: (inout JSONLineText, Element) throws -> Void
    ) rethrows {
        bytes.append(0x5B)
        for (index, value) in elements.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            try element(&self, value)
        }
        bytes.append(0x5D)
    }

    /// Adds a list of texts.
    mutating func add(_ elements: [String]) { add(elements) { $0.add(quoting: $1) } }

    /// Adds an object of any values, sorted by name.
    ///
    /// - Throws: `EncodingError`, for a number that JSON cannot write.
    mutating func add(values members: [String: JSONValue]) throws {
        try add(members) { try $0.add(value: $1) }
    }

    /// Adds any value.
    ///
    /// - Throws: `EncodingError`, for a number that JSON cannot write.
    mutating func add(value: JSONValue) throws {
        switch value {
        case .null: add("null")
        case .bool(true): add("true")
        case .bool(false): add("false")
        case .integer(let number): add(number: number)
        case .unsigned(let number): add(number: number)
        case .number(let number):
            guard number.isFinite else {
                throw EncodingError.invalidValue(
                    number, .init(codingPath: [], debugDescription: "JSON has no such number"))
            }
            add(fraction: number)
        case .string(let text): add(quoting: text)
        case .array(let elements): try add(elements) { try $0.add(value: $1) }
        case .object(let members): try add(values: members)
        }
    }
}
