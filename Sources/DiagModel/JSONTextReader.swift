/// Reads a JSON text of unknown origin into a ``JSONValue``, in time and memory that have a bound.
///
/// Source: RFC 8259, and nothing beyond it: ``JSONDocument`` takes a comma before a closing bracket
/// and a byte order mark too. Of equal names in an object the last counts.
public struct JSONTextReader: ~Copyable {
    /// Why a text was not read.
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// It is not JSON; `offset` is the byte from the start where that shows.
        case malformed(offset: Int)
        /// It may be JSON, but is nested deeper than ``JSONTextReader/depthLimit``, or holds
        /// more values than were allowed.
        case tooLarge

        /// The reason as a person reads it.
        public var description: String {
            switch self {
            case .malformed(let offset): "not JSON, as shows at byte \(offset)"
            case .tooLarge: "nested too deeply, or with too many values"
            }
        }
    }

    /// How deep arrays and objects may be nested.
    public static let depthLimit = 64
    /// How many values a text may hold; 10,000 artifacts of a manifest are 110,000.
    public static let valueLimit = 1_000_000

    private var position = 0
    private var remaining: Int

    private init(valueLimit: Int) { remaining = valueLimit }

    /// The value that `bytes`, one whole JSON text, stand for.
    public static func parse(
        _ bytes: [UInt8], valueLimit: Int = valueLimit
    ) throws(Failure) -> JSONValue {
        var reader = JSONTextReader(valueLimit: valueLimit)
        let value = try reader.value(bytes.span, depth: 0)
        guard reader.next(bytes.span) == nil else {
            throw .malformed(offset: reader.position)
        }
        return value
    }

    /// The next byte that is no white space; `nil` at the end.
    private mutating func next(_ bytes: Span<UInt8>) -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(Failure) -> JSONValue {
        guard remaining > 0, depth <= Self.depthLimit else { throw .tooLarge }
        remaining -= 1
        switch next(bytes) {
        case 0x7B: return try object(bytes, depth: depth)
        case 0x5B: return try array(bytes, depth: depth)
        case 0x22: return .string(try string(bytes))
        case 0x74: return try literal("true", .bool(true), bytes)
        case 0x66: return try literal("false", .bool(false), bytes)
        case 0x6E: return try literal("null", .null, bytes)
        default: return try number(bytes)
        }
    }

    private mutating func literal(
        _ text: StaticString, _ value: JSONValue, _ bytes: Span<UInt8>
    ) throws(Failure) -> JSONValue {
        for expected in text.description.utf8 {
            guard position < bytes.count, bytes[position] == expected else { throw malformed }
            position += 1
        }
        return value
    }

    private mutating func array(_ bytes: Span<UInt8>, depth: Int) throws(Failure) -> JSONValue {
        position += 1
        var elements = [JSONValue]()
        if next(bytes) == 0x5D {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(bytes, depth: depth + 1))
            let end = next(bytes)
            guard end == 0x2C || end == 0x5D else { throw malformed }
            position += 1
            if end == 0x5D { return .array(elements) }
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, depth: Int) throws(Failure) -> JSONValue {
        position += 1
        var members = [String: JSONValue]()
        if next(bytes) == 0x7D {
            position += 1
            return .object(members)
        }
        while true {
            guard next(bytes) == 0x22 else { throw malformed }
            let name = try string(bytes)
            guard next(bytes) == 0x3A else { throw malformed }
            position += 1
            members[name] = try value(bytes, depth: depth + 1)
            let end = next(bytes)
            guard end == 0x2C || end == 0x7D else { throw malformed }
            position += 1
            if end == 0x7D { return .object(members) }
        }
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(Failure) -> JSONValue {
        let start = position
        var isWhole = true
        func digits(_ position: inout Int) -> Int {
            let first = position
            while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
            return position - first
        }
        if position < bytes.count, bytes[position] == 0x2D { position += 1 }
        let hasLeadingZero = position < bytes.count && bytes[position] == 0x30
        let wholeCount = digits(&position)
        guard wholeCount == 1 || (wholeCount > 1 && !hasLeadingZero) else { throw malformed }
        if position < bytes.count, bytes[position] == 0x2E {
            isWhole = false
            position += 1
            guard digits(&position) > 0 else { throw malformed }
        }
        if position < bytes.count, bytes[position] | 0x20 == 0x65 {
            isWhole = false
            position += 1
            if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
                position += 1
            }
            guard digits(&position) > 0 else { throw malformed }
        }
        let text = text(bytes.extracting(start..<position))
        if isWhole, let value = Int64(text) { return .integer(value) }
        if isWhole, let value = UInt64(text) { return .unsigned(value) }
        guard let value = Double(text), value.isFinite else { throw malformed }
        return .number(value)
    }

    private func text(_ bytes: Span<UInt8>) -> String {
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(Failure) -> String {
        position += 1
        let start = position
        var escaped: [UInt8]?
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x22:
                let content = escaped
                let range = start..<position
                position += 1
                let text =
                    if let content {
                        String(validating: content, as: UTF8.self)
                    } else {
                        unsafe bytes.extracting(range).withUnsafeBufferPointer {
                            unsafe String(validating: $0, as: UTF8.self)
                        }
                    }
                guard let text else { throw .malformed(offset: start) }
                return text
            case 0x5C:
                var content = escaped ?? []
                if escaped == nil {
                    content.reserveCapacity(position - start + 16)
                    for index in start..<position { content.append(bytes[index]) }
                }
                escaped = nil
                try unescape(bytes, into: &content)
                escaped = content
            case 0..<0x20: throw malformed
            default:
                escaped?.append(byte)
                position += 1
            }
        }
        throw malformed
    }

    /// Reads the escape that begins here. Source: RFC 8259, section 7.
    private mutating func unescape(
        _ bytes: Span<UInt8>, into content: inout [UInt8]
    ) throws(Failure) {
        guard bytes.count - position >= 2 else { throw malformed }
        let letter = bytes[position + 1]
        position += 2
        switch letter {
        case 0x22, 0x5C, 0x2F: content.append(letter)
        case 0x62: content.append(0x08)
        case 0x66: content.append(0x0C)
        case 0x6E: content.append(0x0A)
        case 0x72: content.append(0x0D)
        case 0x74: content.append(0x09)
        case 0x75:
            var code = UInt32(try codeUnit(bytes))
            if (0xD800...0xDBFF).contains(code) {
                guard bytes.count - position >= 6, bytes[position] == 0x5C,
                    bytes[position + 1] == 0x75
                else { throw malformed }
                position += 2
                let low = UInt32(try codeUnit(bytes))
                guard (0xDC00...0xDFFF).contains(low) else { throw malformed }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed }
            content.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw malformed
        }
    }

    private mutating func codeUnit(_ bytes: Span<UInt8>) throws(Failure) -> UInt16 {
        guard bytes.count - position >= 4 else { throw malformed }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw malformed
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private var malformed: Failure { .malformed(offset: position) }
}
