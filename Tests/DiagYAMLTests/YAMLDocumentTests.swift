import DiagModel
import Testing

@testable import DiagYAML

private func parse(_ text: String) throws -> YAMLNode {
    try YAMLDocument.parse(Array(text.utf8), named: "c.yaml")
}

/// The text of the error that `work` throws.
private func message(_ work: () throws -> some Any) -> String {
    do {
        _ = try work()
        return "no error"
    } catch {
        return "\(error)"
    }
}

private let sample = """
    # A collector.
    name: lldp
    title: "Neighbours: \\u00e9\\n"
    deadline: 30s
    budget: 10M
    enabled: true
    count: -12
    commands:
      - run: [lldpctl, -f, json]
        when: {command: lldpctl, module: null}
      - run: ['networkctl', "lldp"]
    text: |
      line one
        line two
    folded: >-
      a
      b
    empty:
    日本: 語
    """

@Suite("YAML documents")
struct YAMLDocumentTests {
    @Test("A document is read with its order, quotes and places")
    func whole() throws {
        let root = try parse(sample)
        let mapping = try root.mapping
        #expect(
            mapping.entries.map(\.key) == [
                "name", "title", "deadline", "budget", "enabled", "count", "commands", "text",
                "folded", "empty", "日本",
            ])
        #expect(
            mapping["title"]
                == YAMLNode(
                    content: .scalar(.init(text: "Neighbours: é\n", isQuoted: true)), tag: nil,
                    file: "c.yaml", position: .init(line: 3, column: 8)))
        #expect(mapping.entries[0].keyPosition == YAMLPosition(line: 2, column: 1))
        #expect(try mapping["name"]?.string == "lldp")
        #expect(try mapping["deadline"]?.duration == .seconds(30))
        #expect(try mapping["budget"]?.byteCount == 10_485_760)
        #expect(try mapping["enabled"]?.bool == true)
        #expect(try mapping["count"]?.integer == -12)
        #expect(try mapping["text"]?.string == "line one\n  line two\n")
        #expect(try mapping["folded"]?.string == "a b")
        #expect(mapping["empty"]?.isNull == true)
        #expect(try mapping["日本"]?.string == "語")
        #expect(mapping["none"] == nil)
        let commands = try #require(try mapping["commands"]?.sequence)
        #expect(try commands[0].mapping["run"]?.strings == ["lldpctl", "-f", "json"])
        #expect(try commands[0].mapping["when"]?.mapping["module"]?.isNull == true)
        #expect(try commands[1].mapping["run"]?.strings == ["networkctl", "lldp"])
        #expect(commands[1].position == YAMLPosition(line: 11, column: 5))
    }

    @Test(
        "An empty document is nothing",
        arguments: ["", "\n", "# only a comment\n", "---\n", "\u{FEFF}"])
    func empty(text: String) throws {
        #expect(try parse(text).isNull)
    }

    @Test("A byte order mark and a document start are accepted")
    func byteOrderMark() throws {
        #expect(try parse("\u{FEFF}---\na: 1\n...\n").mapping["a"]?.integer == 1)
        #expect(try parse("\u{FEFF}a: 1").position == YAMLPosition(line: 1, column: 1))
    }

    @Test(
        "What configuration does not need is refused, with its place",
        arguments: [
            (
                "a: &x [1]\nb: *x",
                "c.yaml:1:4: anchors are not accepted (`&x`); write the value where it is needed"
            ),
            (
                "a: *all",
                "c.yaml:1:4: aliases are not accepted (`*all`); write the value itself, or quote a text "
                    + "that begins with `*`"
            ),
            (
                "a: 1\nb: 2\na: 3",
                "c.yaml:3:1: `a` stands here a second time; the first is in line 1"
            ),
            ("a: 1\n---\nb: 2", "c.yaml:2:1: a second document begins here; a file holds only one"),
            ("[1]: 2", "c.yaml:1:1: a name must be a text, but is a list"),
            ("? {a: b}\n: 2", "c.yaml:1:3: a name must be a text, but is a mapping"),
            ("~: 2", "c.yaml:1:1: a name must be a text, but is nothing"),
            (
                "a:\n\tb: 1",
                "c.yaml:2:1: found character that cannot start any token (indent with spaces, not "
                    + "tabs; quote a text that begins with %, @ or a backquote), while scanning for "
                    + "the next token that begins at 2:1"
            ),
            (
                "a: b: c",
                "c.yaml:1:5: mapping values are not allowed in this context (quote a text that holds "
                    + "a colon and a space; put each name on a line of its own)"
            ),
            (
                "a: [1, 2",
                "c.yaml:2:1: did not find expected ',' or ']' (put a text that holds a brace, a "
                    + "bracket or a comma in quotes, as \"/etc/{a,b}.conf\"; close each bracket), "
                    + "while parsing a flow sequence that begins at 1:4"
            ),
            ("a: \"x\u{1B}[2J\"", "c.yaml:1:6: control characters are not allowed"),
        ])
    func refused(text: String, error: String) {
        #expect(message { try parse(text) } == error)
    }

    @Test(
        "A pattern without quotes is told to be put in quotes",
        arguments: [
            ("a: [*.key]", "1:6: ", "put a text that begins with * or & in quotes, as \"*.key\""),
            ("a:\n  - *.key", "2:6: ", "put a text that begins with * or & in quotes"),
            ("a: [/etc/{a,b}.conf]", "1:10: ", "in quotes, as \"/etc/{a,b}.conf\""),
            ("a: [/etc/[ab].conf]", "1:10: ", "holds a brace, a bracket or a comma in quotes"),
            ("a: {b: /x{y}z}", "1:10: ", "holds a brace, a bracket or a comma in quotes"),
            ("a:\n  - {b,c}.conf", "2:10: ", "put a text that begins with { or [ in quotes"),
            ("a:\n  - x\n  - [b].c", "3:8: ", "put a text that begins with { or [ in quotes"),
            ("a: [!x]", "1:7: ", "put a text that begins with ! in quotes"),
        ])
    func unquoted(text: String, place: String, hint: String) {
        let said = message { try parse(text) }
        #expect(said.hasPrefix("c.yaml:" + place), "\(said)")
        #expect(said.contains(hint), "\(said)")
    }

    @Test("Bytes that are not UTF-8 are refused, with their place")
    func encoding() {
        let bytes: [UInt8] = Array("a: é\nbc: ".utf8) + [0xFF, 0x0A]
        #expect(
            message { try YAMLDocument.parse(bytes, named: "f\n.yaml") }
                == #"f\n.yaml:2:5: invalid leading UTF-8 octet"#)
        #expect(
            message { try YAMLDocument.parse([0xFF, 0xFE, 0x61, 0], named: "f") } != "no error")
    }

    @Test("Depth, size and number of values are limited, whatever the text")
    func limits() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try parse(deep) }
        #expect(
            message { try parse("[" + deep + "]") }
                == "c.yaml:1:65: more than 64 levels of lists and mappings")
        let many = "[" + String(repeating: "1,", count: 60_000) + "]"
        #expect(
            message { try parse(many) } == "c.yaml:1:100000: more than 50000 values; split the file"
        )
        #expect(
            message { try parse(String(repeating: "#", count: 1_048_577)) }
                == "c.yaml:1:1: it has more than 1048576 bytes")
        for opening in [
            "[", "{", "- ", "? ", "[{", "a: ", "!", "\"", "'", "|", "#", "\n", "a\n ", "%",
        ] {
            let text = String(repeating: opening, count: 1_000_000 / opening.utf8.count)
            _ = message { try parse(text) }
        }
    }

    @Test("No beginning of a document is a trap")
    func truncated() {
        let bytes = Array(sample.utf8)
        for length in 0..<bytes.count {
            _ = try? YAMLDocument.parse(Array(bytes[..<length]), named: "c")
        }
    }

    @Test("No changed byte of a document is a trap, and every error has a place in it")
    func flipped() {
        let bytes = Array(sample.utf8)
        var state: UInt64 = 7
        func random(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var errorCount = 0
        for _ in 0..<5000 {
            var changed = bytes
            for _ in 0...random(below: 4) {
                changed[random(below: changed.count)] = UInt8(random(below: 256))
            }
            do {
                _ = try YAMLDocument.parse(changed, named: "c")
            } catch {
                errorCount += 1
                #expect(error.position.line >= 1 && error.position.line <= 40)
                #expect(error.position.column >= 1)
                #expect(!error.description.utf8.contains { $0 < 0x20 })
            }
        }
        #expect(errorCount > 1000)
    }
}

@Suite("Values in YAML")
struct YAMLValueTests {
    private func value(_ text: String) throws -> YAMLNode {
        try #require(try parse("v: " + text).mapping["v"])
    }

    @Test(
        "Only true and false are truth values",
        arguments: [
            (
                "yes",
                "c.yaml:1:4: expected `true` or `false`, but found \"yes\"; write `true`, for only "
                    + "these two are truth values"
            ),
            (
                "Off",
                "c.yaml:1:4: expected `true` or `false`, but found \"Off\"; write `false`, for only "
                    + "these two are truth values"
            ),
            ("maybe", "c.yaml:1:4: expected `true` or `false`, but found \"maybe\""),
            (
                "'true'",
                "c.yaml:1:4: expected `true` or `false`, but found the text \"true\"; remove the "
                    + "quotes"
            ),
            ("", "c.yaml:1:3: expected `true` or `false`, but found nothing"),
            ("[true]", "c.yaml:1:4: expected `true` or `false`, but found a list"),
        ])
    func bool(text: String, error: String) {
        #expect(message { try value(text).bool } == error)
    }

    @Test(
        "Whole numbers of the core schema are read",
        arguments: [
            ("0", 0), ("-7", -7), ("+7", 7), ("0x1F", 31), ("0o17", 15), ("017", 17),
            ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ] as [(String, Int64)])
    func integer(text: String, expected: Int64) throws {
        #expect(try value(text).integer == expected)
    }

    @Test(
        "Other numbers are refused",
        arguments: ["9223372036854775808", "1.0", "1_000", "0x-1", "0x", "one", "1e3"])
    func noInteger(text: String) {
        #expect(
            message { try value(text).integer }
                == "c.yaml:1:4: expected a whole number, but found \"\(text)\"")
    }

    @Test("A number outside of its range is refused")
    func range() throws {
        #expect(try value("4").integer(in: 1...64) == 4)
        #expect(
            message { try value("65").integer(in: 1...64) }
                == "c.yaml:1:4: expected a whole number from 1 to 64, but found 65")
    }

    @Test("The other kinds say what was expected")
    func kinds() {
        #expect(
            message { try value("x").mapping }
                == "c.yaml:1:4: expected a mapping (`name: value` lines), but found \"x\"")
        #expect(
            message { try value("x").sequence }
                == "c.yaml:1:4: expected a list (`- item` lines or `[a, b]`), but found \"x\"")
        #expect(
            message { try value("{a: b}").string }
                == "c.yaml:1:4: expected a text, but found a mapping")
        #expect(
            message { try value("[a, [b]]").strings }
                == "c.yaml:1:8: expected a text, but found a list")
        #expect(
            message { try value("10x").duration }
                == "c.yaml:1:4: \"10x\" is not a duration: write seconds, or whole numbers with ms, s, "
                + "m, h or d, such as 90, 30s, 10m, 1h30m or 1d")
        #expect(
            message { try value("1.5G").byteCount }
                == "c.yaml:1:4: \"1.5G\" is not a byte count: write a whole number, or one with K, M, G "
                + "or T, such as 4096, 500M or 2GiB; with KB, MB, GB and TB a thousand counts, else 1024"
        )
        #expect(
            message { try value("~").byteCount }
                == "c.yaml:1:4: expected a byte count such as 500M, but found nothing")
    }

    @Test("A tag is kept, and makes an empty text one")
    func tag() throws {
        #expect(try value("!!str").string == "")
        #expect(try value("!secret x").tag == "!secret")
    }

    @Test(
        "An unknown name is refused, with the nearest known one",
        arguments: [
            ("dedline", "unknown option `dedline`; did you mean `deadline`?"),
            ("Deadline", "unknown option `Deadline`; did you mean `deadline`?"),
            ("jbos", "unknown option `jbos`; did you mean `jobs`?"),
            ("output", "unknown option `output`; known are `deadline`, `jobs`, `root`"),
        ])
    func unknown(key: String, error: String) throws {
        let mapping = try parse("jobs: 1\n\(key): 2").mapping
        #expect(
            message { try mapping.checkKeys(known: ["root", "jobs", "deadline"]) }
                == "c.yaml:2:1: \(error)")
        #expect(throws: Never.self) { try mapping.checkKeys(known: ["jobs", key]) }
    }

    @Test(
        "The distance counts edits and swaps",
        arguments: [
            ("", "", 0), ("abc", "abc", 0), ("abc", "ABC", 0), ("abc", "acb", 1), ("abc", "ab", 1),
            ("abc", "abcd", 1), ("abc", "axc", 1), ("kitten", "sitting", 3), ("", "abc", 3),
        ])
    func distance(left: String, right: String, edits: Int) {
        #expect(NearestName.distance(from: left, to: right, atMost: 9) == edits)
        #expect(NearestName.distance(from: left, to: right, atMost: edits - 1) == nil)
    }

    @Test("The beginning of one name alone stands for it")
    func beginning() {
        #expect(NearestName.of("comp", in: ["compression", "jobs"]) == "compression")
        #expect(NearestName.of("comp", in: ["compression", "completeness"]) == nil)
        #expect(NearestName.of("co", in: ["compression", "jobs"]) == nil)
    }

    @Test("A name of any length is compared in bounded time")
    func longName() {
        let long = String(repeating: "a", count: 1_000_000)
        #expect(NearestName.of(long, in: [long + "b", "jobs"]) == nil)
    }
}
