/// Checks a JSON value against a JSON Schema made of the keywords that our schemas use.
///
/// Source: JSON Schema draft 2020-12, Core (`$ref` to `#/$defs/…`, `properties`, `items`, `anyOf`,
/// `oneOf`, `allOf`) and Validation (the rest). Regular expressions are those of
/// ``JSONSchemaPattern`` alone. A schema with another keyword is refused as a whole.
public struct JSONSchemaValidator: Sendable {
    private static let annotations: Set<String> = [
        "$schema", "$id", "$defs", "$comment", "title", "description", "default",
    ]
    private static let assertions: Set<String> = [
        "$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "const",
        "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "anyOf", "oneOf",
        "allOf",
    ]
    private static let depthLimit = 64

    private let root: JSONValue

    /// A validator for `schema`, whose `$defs` all references mean.
    public init(_ schema: JSONValue) { root = schema }

    /// What of `value` is against the schema, as `JSON pointer: what is wrong`; at most `limit`.
    ///
    /// `definition` names one of `$defs` to check against, instead of the whole schema.
    public func errors(
        in value: JSONValue, definition: String? = nil, limit: Int = 100
    ) -> [String] {
        var check = Check(root: root, limit: limit)
        if let definition {
            check.reference("#/$defs/\(definition)", value, "", 0)
        } else {
            check.schema(root, value, "", 0)
        }
        return check.errors
    }

    /// What of the schema this validator cannot check: keywords and patterns it does not know.
    public var unsupported: [String] { Self.unsupported(in: root, at: "#") }

    private static func unsupported(in schema: JSONValue, at place: String) -> [String] {
        guard case .object(let members) = schema else {
            if case .bool = schema { return [] }
            return ["\(place): neither an object nor true or false"]
        }
        var found = [String]()
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let here = "\(place)/\(name)"
            switch name {
            case "properties", "$defs":
                guard case .object(let schemas) = value else {
                    found.append("\(here): no object")
                    continue
                }
                for (key, schema) in schemas.sorted(by: { $0.key < $1.key }) {
                    found += unsupported(in: schema, at: "\(here)/\(key)")
                }
            case "items", "additionalProperties": found += unsupported(in: value, at: here)
            case "anyOf", "oneOf", "allOf":
                guard case .array(let schemas) = value else {
                    found.append("\(here): no list")
                    continue
                }
                for (index, schema) in schemas.enumerated() {
                    found += unsupported(in: schema, at: "\(here)/\(index)")
                }
            case "pattern":
                if value.text.flatMap(JSONSchemaPattern.init(rawValue:)) == nil {
                    found.append("\(here): an unknown pattern")
                }
            default:
                if !assertions.contains(name), !annotations.contains(name) { found.append(here) }
            }
        }
        return found
    }

    /// One run over one value.
    private struct Check {
        let root: JSONValue
        let limit: Int
        var errors = [String]()

        mutating func fail(_ place: String, _ why: String) {
            if errors.count < limit { errors.append("\(place.isEmpty ? "/" : place): \(why)") }
        }

        mutating func reference(
            _ target: String, _ value: JSONValue, _ place: String, _ depth: Int
        ) {
            let prefix = "#/$defs/"
            guard target.hasPrefix(prefix),
                let definition = root["$defs"]?[String(target.dropFirst(prefix.count))]
            else { return fail(place, "the schema refers to \(target), which it has not") }
            schema(definition, value, place, depth + 1)
        }

        mutating func schema(
            _ schema: JSONValue, _ value: JSONValue, _ place: String, _ depth: Int
        ) {
            guard depth <= JSONSchemaValidator.depthLimit else {
                return fail(place, "nested more than \(JSONSchemaValidator.depthLimit) levels")
            }
            switch schema {
            case .bool(true): return
            case .object: break
            default: return fail(place, "not allowed here")
            }
            if let target = schema["$ref"]?.text { reference(target, value, place, depth) }
            if let type = schema["type"], !Self.isOf(type, value) {
                return fail(place, "\(Self.kind(value)) instead of \(Self.text(type))")
            }
            if let constant = schema["const"], constant != value {
                fail(place, "not \(Self.text(constant))")
            }
            if case .array(let choices)? = schema["enum"], !choices.contains(value) {
                fail(place, "none of \(choices.map(Self.text).joined(separator: ", "))")
            }
            combined(schema, value, place, depth)
            switch value {
            case .string(let text): string(schema, text, place)
            case .integer, .unsigned, .number: number(schema, value, place)
            case .array(let elements): array(schema, elements, place, depth)
            case .object(let members): object(schema, members, place, depth)
            case .null, .bool: break
            }
        }

        private mutating func combined(
            _ schema: JSONValue, _ value: JSONValue, _ place: String, _ depth: Int
        ) {
            if case .array(let parts)? = schema["allOf"] {
                for part in parts { self.schema(part, value, place, depth + 1) }
            }
            for keyword in ["anyOf", "oneOf"] {
                guard case .array(let parts)? = schema[keyword] else { continue }
                let fitting = parts.count { part in
                    var trial = Check(root: root, limit: 1)
                    trial.schema(part, value, place, depth + 1)
                    return trial.errors.isEmpty
                }
                if fitting == 0 { fail(place, "none of the \(parts.count) shapes it may have") }
                if fitting > 1, keyword == "oneOf" { fail(place, "more than one shape at once") }
            }
        }

        private mutating func string(_ schema: JSONValue, _ text: String, _ place: String) {
            if let pattern = schema["pattern"]?.text,
                JSONSchemaPattern(rawValue: pattern)?.matches(text) != true
            {
                fail(place, "does not match \(pattern)")
            }
            let length = Double(text.unicodeScalars.count)
            if let least = Self.double(schema["minLength"]), length < least {
                fail(place, "shorter than \(Int(least)) characters")
            }
            if let most = Self.double(schema["maxLength"]), length > most {
                fail(place, "longer than \(Int(most)) characters")
            }
        }

        private mutating func number(_ schema: JSONValue, _ value: JSONValue, _ place: String) {
            guard let number = Self.double(value) else { return }
            if let least = schema["minimum"], let bound = Self.double(least), number < bound {
                fail(place, "less than \(Self.text(least))")
            }
            if let most = schema["maximum"], let bound = Self.double(most), number > bound {
                fail(place, "greater than \(Self.text(most))")
            }
        }

        private mutating func array(
            _ schema: JSONValue, _ elements: [JSONValue], _ place: String, _ depth: Int
        ) {
            if let least = Self.double(schema["minItems"]), Double(elements.count) < least {
                fail(place, "fewer than \(Int(least)) elements")
            }
            guard let items = schema["items"] else { return }
            for (index, element) in elements.enumerated() where errors.count < limit {
                self.schema(items, element, "\(place)/\(index)", depth + 1)
            }
        }

        private mutating func object(
            _ schema: JSONValue, _ members: [String: JSONValue], _ place: String, _ depth: Int
        ) {
            if case .array(let names)? = schema["required"] {
                for name in names.compactMap(\.text) where members[name] == nil {
                    fail(place, "without \(name)")
                }
            }
            let properties = schema["properties"]
            for (name, member) in members.sorted(by: { $0.key < $1.key })
            where errors.count < limit {
                let inside = place + "/" + Self.pointerToken(name)
                if let property = properties?[name] {
                    self.schema(property, member, inside, depth + 1)
                } else if let additional = schema["additionalProperties"] {
                    self.schema(additional, member, inside, depth + 1)
                }
            }
        }

        /// Source: RFC 6901, section 3.
        private static func pointerToken(_ name: String) -> String {
            var token = ""
            for scalar in UntrustedText.escapingControls(name).unicodeScalars {
                switch scalar {
                case "~": token += "~0"
                case "/": token += "~1"
                default: token.unicodeScalars.append(scalar)
                }
            }
            return token
        }

        private static func isOf(_ type: JSONValue, _ value: JSONValue) -> Bool {
            if case .array(let types) = type { return types.contains { isOf($0, value) } }
            let kind = kind(value)
            guard let name = type.text else { return false }
            if kind == name { return true }
            switch (name, value) {
            case ("number", _): return kind == "integer"
            case ("integer", .number(let number)): return number == number.rounded()
            default: return false
            }
        }

        private static func kind(_ value: JSONValue) -> String {
            switch value {
            case .null: "null"
            case .bool: "boolean"
            case .integer, .unsigned: "integer"
            case .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        }

        private static func double(_ value: JSONValue?) -> Double? {
            switch value {
            case .integer(let number): Double(number)
            case .unsigned(let number): Double(number)
            case .number(let number): number
            default: nil
            }
        }

        private static func text(_ value: JSONValue) -> String {
            switch value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .unsigned(let number): String(number)
            case .number(let number): String(number)
            case .bool(let flag): String(flag)
            case .array(let elements): elements.map(text).joined(separator: " or ")
            case .null: "null"
            case .object: "an object"
            }
        }
    }
}
