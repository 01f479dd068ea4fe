import DiagSystem
import Testing

@Suite struct LinePatternTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var pattern: String
        var bytes: [UInt8]
        var isText = false
        var ignoresCase = false
        var expected: Int?

        var testDescription: String {
            "\(pattern) in \(String(decoding: bytes, as: UTF8.self).debugDescription)"
        }
    }

    static let cases: [Case] = [
        .init(pattern: "b+c", bytes: Array("aabbc".utf8), expected: 2),
        .init(pattern: "b+c", bytes: Array("aabb".utf8), expected: nil),
        .init(pattern: "(sda|nvme[0-9])$", bytes: Array("on nvme0".utf8), expected: 3),
        .init(pattern: "^$", bytes: [], expected: 0),
        .init(pattern: "", bytes: Array("x".utf8), expected: 0),
        .init(pattern: "^b", bytes: Array("a\nb".utf8), expected: 2),
        .init(pattern: "a.b", bytes: Array("a\nb".utf8), expected: nil),
        .init(pattern: "a.b", bytes: [0x61, 0, 0x62], expected: nil),
        .init(pattern: "a[^x]b", bytes: [0x61, 0, 0x62], expected: 0),
        .init(pattern: "a.b", bytes: [0x61, 0xFF, 0x62], expected: 0),
        .init(pattern: "b", bytes: [0, 0, 0x62], expected: 2),
        .init(pattern: "\u{FC}", bytes: [0xFF, 0xC3, 0xBC], expected: 1),
        .init(pattern: "ERR", bytes: Array("an err".utf8), ignoresCase: true, expected: 3),
        .init(pattern: "ERR", bytes: Array("an err".utf8), expected: nil),
        .init(pattern: "a.b", bytes: Array("axb a.b".utf8), isText: true, expected: 4),
        .init(
            pattern: "A.B", bytes: Array("axb a.b".utf8), isText: true, ignoresCase: true,
            expected: 4),
        .init(
            pattern: #"[x]\(*"#, bytes: Array(#"y[x]\(*"#.utf8), isText: true,
            ignoresCase: true, expected: 1),
        .init(pattern: "b", bytes: [0, 0x62], isText: true, expected: 1),
        .init(pattern: "", bytes: [], isText: true, expected: 0),
        .init(pattern: "longer", bytes: Array("long".utf8), isText: true, expected: nil),
    ]

    @Test("Expressions and texts match bytes", arguments: cases)
    func matches(one: Case) throws {
        let pattern = try LinePattern.compile(
            one.pattern, isText: one.isText, ignoresCase: one.ignoresCase)
        #expect(try pattern.firstMatch(in: one.bytes.span) == one.expected)
        // A second time: the expression keeps no state.
        #expect(try pattern.firstMatch(in: one.bytes.span) == one.expected)
    }

    @Test("Only the bytes given are searched")
    func bounded() throws {
        let bytes = Array("aaab".utf8)
        let pattern = try LinePattern.compile("b")
        #expect(try pattern.firstMatch(in: bytes.span.extracting(0..<3)) == nil)
        #expect(try pattern.firstMatch(in: bytes.span.extracting(2..<4)) == 1)
    }

    @Test(
        "A wrong pattern is an error with a reason", arguments: ["(", "[", "a{2,1}", "a\nb", "\0"])
    func wrong(pattern: String) {
        let failure = #expect(throws: LinePattern.Failure.self) {
            try LinePattern.compile(pattern)
        }
        #expect(failure?.reason.isEmpty == false)
    }
}
