import DiagModel
import Testing

@Suite struct JSONValueTests {
    @Test(
        "A value is written and read back the same",
        arguments: [
            (.null, "null"), (true, "true"), (.integer(Int64.min), "-9223372036854775808"),
            (.unsigned(.max), "18446744073709551615"), (.number(0.5), "0.5"),
            ("a\"\\/\u{1}é", #""a\"\\/\u0001é""#), ([1, [], [:]], "[1,[],{}]"),
            (["b": 1, "a": .null], #"{"a":null,"b":1}"#),
        ] as [(JSONValue, String)])
    func roundTrip(value: JSONValue, text: String) throws {
        let bytes = try JSONDocument.encode(value, layout: .line)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        #expect(try JSONDocument.decode(JSONValue.self, from: bytes) == value)
    }

    @Test("A counter above Int64.max keeps its value")
    func unsigned() {
        #expect(JSONValue.integer(UInt64.max) == .unsigned(.max))
        #expect(JSONValue.integer(UInt64(7)) == .integer(7))
    }

    @Test("A document ends with a newline and is indented")
    func document() throws {
        let bytes = try JSONDocument.encode(["a": JSONValue.integer(1)], layout: .document)
        #expect(String(decoding: bytes, as: UTF8.self) == "{\n  \"a\" : 1\n}\n")
    }

    @Test(
        "Broken or endlessly nested text is an error, never a trap",
        arguments: [
            "", "{", "[1,", "\"\\u12", String(repeating: "[", count: 100_000), "nul", "1 2",
        ])
    func broken(text: String) {
        #expect(throws: (any Error).self) {
            try JSONDocument.decode(JSONValue.self, from: text.utf8)
        }
    }

    @Test("Members and text are found where they are")
    func access() {
        let value: JSONValue = ["a": ["b": "c"]]
        #expect(value["a"]?["b"]?.text == "c")
        #expect(value["b"] == nil)
        #expect(value.text == nil)
        #expect(JSONValue.integer(1)["a"] == nil)
    }
}
