import DiagModel
import Testing

@Suite struct UntrustedTextTests {
    @Test(
        "Bytes that are not UTF-8 are escaped, and the result names one byte string only",
        arguments: [
            (Array("a\\é".utf8), "a\\é"), ([0x61, 0xFF], #"a\xFF"#),
            ([0x5C, 0xFF, 0x5C], #"\\\xFF\\"#), ([0xC3], #"\xC3"#),
            ([0xE2, 0x82, 0x41], #"\xE2\x82A"#), ([0xF0, 0x9F, 0x98, 0x80, 0x80], "😀\\x80"),
            ([0xED, 0xA0, 0x80], #"\xED\xA0\x80"#), ([], ""),
        ] as [([UInt8], String)])
    func invalid(bytes: [UInt8], text: String) {
        #expect(UntrustedText.escapingInvalidUTF8(bytes) == text)
    }

    @Test(
        "Nothing that moves a cursor or reorders a line is left",
        arguments: [
            ("plain é", "plain é"), ("a\u{1B}[2J", #"a\x1B[2J"#), ("a\nb\tc\rd", #"a\nb\tc\rd"#),
            ("\u{7F}\u{85}", #"\x7F\u{85}"#), ("a\u{202E}b\u{2066}", #"a\u{202e}b\u{2066}"#),
            ("\u{0}", #"\x00"#),
        ])
    func controls(text: String, safe: String) {
        #expect(UntrustedText.escapingControls(text) == safe)
    }
}
