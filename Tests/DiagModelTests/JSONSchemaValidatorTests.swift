import DiagModel
import Testing

@Suite struct JSONSchemaValidatorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let schema: JSONValue
        let value: JSONValue
        let errors: [String]
        var testDescription: String { "\(schema) on \(value)" }
    }

    @Test(
        "Each keyword says where and what is wrong",
        arguments: [
            Case(schema: ["type": "string"], value: 1, errors: ["/: integer instead of string"]),
            Case(
                schema: ["type": ["string", "null"]], value: true,
                errors: ["/: boolean instead of string or null"]),
            Case(schema: ["type": "number"], value: 1, errors: []),
            Case(schema: ["type": "integer"], value: .number(2), errors: []),
            Case(
                schema: ["type": "integer"], value: .number(2.5),
                errors: ["/: number instead of integer"]),
            Case(schema: ["const": "a"], value: "b", errors: ["/: not a"]),
            Case(schema: ["enum": ["a", 2]], value: "b", errors: ["/: none of a, 2"]),
            Case(schema: ["minimum": 3], value: 2, errors: ["/: less than 3"]),
            Case(
                schema: ["maximum": 3], value: .unsigned(.max), errors: ["/: greater than 3"]),
            Case(schema: ["minLength": 2], value: "é", errors: ["/: shorter than 2 characters"]),
            Case(schema: ["maxLength": 1], value: "é", errors: []),
            Case(schema: ["minItems": 1], value: [], errors: ["/: fewer than 1 elements"]),
            Case(
                schema: ["items": ["type": "null"]], value: [.null, 1],
                errors: ["/1: integer instead of null"]),
            Case(
                schema: ["properties": ["a/b~": ["const": 1]], "additionalProperties": false],
                value: ["a/b~": 2, "c": 3], errors: ["/a~1b~0: not 1", "/c: not allowed here"]),
            Case(schema: ["required": ["a"]], value: [:], errors: ["/: without a"]),
            Case(
                schema: ["anyOf": [["const": 1], ["const": 2]]], value: 3,
                errors: ["/: none of the 2 shapes it may have"]),
            Case(
                schema: ["oneOf": [["minimum": 1], ["minimum": 2]]], value: 3,
                errors: ["/: more than one shape at once"]),
            Case(
                schema: ["allOf": [["minimum": 4], ["const": 3]]], value: 3,
                errors: ["/: less than 4"]),
            Case(
                schema: ["$ref": "#/$defs/a", "$defs": ["a": ["const": 1]]], value: 2,
                errors: ["/: not 1"]),
            Case(
                schema: ["$ref": "#/$defs/b"], value: 2,
                errors: ["/: the schema refers to #/$defs/b, which it has not"]),
            Case(
                schema: ["pattern": "^[0-9a-f]{64}$"], value: "0",
                errors: ["/: does not match ^[0-9a-f]{64}$"]),
        ])
    func keyword(example: Case) {
        #expect(JSONSchemaValidator(example.schema).errors(in: example.value) == example.errors)
    }

    @Test("A schema that refers to itself ends in an error, not in a stack overflow")
    func endlessReference() {
        let schema: JSONValue = ["$ref": "#/$defs/a", "$defs": ["a": ["$ref": "#/$defs/a"]]]
        #expect(JSONSchemaValidator(schema).errors(in: 1) == ["/: nested more than 64 levels"])
    }

    @Test("A document nested deeper than the limit is refused")
    func deepDocument() {
        let schema: JSONValue = [
            "$ref": "#/$defs/a", "$defs": ["a": ["type": "array", "items": ["$ref": "#/$defs/a"]]],
        ]
        var value: JSONValue = []
        for _ in 0..<200 { value = [value] }
        let errors = JSONSchemaValidator(schema).errors(in: value)
        #expect(errors.count == 1)
        #expect(errors.first?.hasSuffix("nested more than 64 levels") == true)
    }

    @Test("No more errors are given than asked for")
    func limit() {
        let value = JSONValue.array(Array(repeating: 1, count: 1000))
        #expect(JSONSchemaValidator(["items": false]).errors(in: value, limit: 7).count == 7)
    }

    @Test("A keyword or pattern that the validator does not know is told")
    func unsupported() {
        let schema: JSONValue = [
            "properties": ["a": ["format": "date"]], "items": ["pattern": "x+"], "anyOf": [1],
        ]
        #expect(
            JSONSchemaValidator(schema).unsupported == [
                "#/anyOf/0: neither an object nor true or false",
                "#/items/pattern: an unknown pattern", "#/properties/a/format",
            ])
    }
}
