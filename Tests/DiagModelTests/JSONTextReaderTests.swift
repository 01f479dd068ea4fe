import DiagModel
import Testing

@Suite struct JSONTextReaderTests {
    static let sound: [(String, JSONValue)] = [
        ("null", .null), (" true\n", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
        ("9223372036854775807", .integer(Int64.max)),
        ("-9223372036854775808", .integer(Int64.min)),
        ("18446744073709551615", .unsigned(.max)), ("18446744073709551616", .number(0x1p64)),
        ("1.5", .number(1.5)), ("-2.5e-1", .number(-0.25)), ("1E2", .number(100)),
        (#""""#, ""), (#""aé€😀""#, "aé€😀"),
        (#""\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\uDE00 end""#, "\"\\/\u{8}\u{C}\n\r\tAé€😀 end"),
        ("[]", []), ("[1,[2,{}]]", [1, [2, [:]]]), ("{ }", [:]),
        (#"{"a" : 1 , "b":[true],"a":2}"#, ["a": 2, "b": [true]]),
    ]

    @Test("A text gives its value", arguments: sound)
    func value(text: String, expected: JSONValue) throws {
        #expect(try JSONTextReader.parse(Array(text.utf8)) == expected)
    }

    @Test(
        "What is no JSON is malformed",
        arguments: [
            "", " ", "nul", "nulL", "truex", "01", "-", "+1", "1.", ".5", "1e", "1e+", "1e999",
            "0x1",
            "\"", "\"a", "\"\n\"", "\"\\\"", #""\x""#, #""\u12""#, #""\ud800""#, #""\udc00""#,
            #""\ud800\u0041""#, "[", "[1", "[1,", "[,]", "[1,]", "[1 2]", "{", "{1:2}", #"{"a"}"#,
            #"{"a":}"#, #"{"a":1,}"#, #"{"a":1"#, "1 2", "[]]", "\u{FEFF}1", "'a'", "// c\n1",
        ])
    func malformed(text: String) {
        let failure = #expect(throws: JSONTextReader.Failure.self) {
            try JSONTextReader.parse(Array(text.utf8))
        }
        #expect(failure != .tooLarge)
    }

    @Test("Bytes that are not UTF-8 in a string are malformed, and so is any text that is cut")
    func bytes() throws {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0x5C, 0x6E, 0xFF, 0x22],
        ] {
            #expect(throws: JSONTextReader.Failure.malformed(offset: 1)) {
                try JSONTextReader.parse(bytes)
            }
        }
        let whole = try JSONDocument.encode(SchemaSample.fullManifest, layout: .line)
        for length in 0..<whole.count {
            #expect(throws: JSONTextReader.Failure.self) {
                try JSONTextReader.parse(Array(whole[..<length]))
            }
        }
        for offset in whole.indices {
            var damaged = whole
            damaged[offset] ^= 0x10
            _ = try? JSONTextReader.parse(damaged)
        }
    }

    @Test("It reads the samples as the decoder does", arguments: SchemaSample.all)
    func samples(sample: SchemaSample) throws {
        for layout in [JSONDocument.Layout.line, .document] {
            let bytes = try JSONDocument.encode(sample.value, layout: layout)
            #expect(try JSONTextReader.parse(bytes) == sample.value)
        }
    }

    @Test("Depth and number of values are limited")
    func limits() throws {
        func nested(_ depth: Int) -> [UInt8] {
            [UInt8](repeating: 0x5B, count: depth) + [UInt8](repeating: 0x5D, count: depth)
        }
        #expect(throws: Never.self) { try JSONTextReader.parse(nested(JSONTextReader.depthLimit)) }
        for depth in [JSONTextReader.depthLimit + 2, 100_000] {
            #expect(throws: JSONTextReader.Failure.tooLarge) {
                try JSONTextReader.parse(nested(depth))
            }
        }
        #expect(try JSONTextReader.parse(Array("[1,2]".utf8), valueLimit: 3) == [1, 2])
        #expect(throws: JSONTextReader.Failure.tooLarge) {
            try JSONTextReader.parse(Array("[1,2]".utf8), valueLimit: 2)
        }
    }
}
