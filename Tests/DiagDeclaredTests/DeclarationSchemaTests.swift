import DiagModel
import DiagYAML
import Testing

@testable import DiagDeclared

@Suite("The reader and the published schema say the same")
struct DeclarationSchemaTests {
    /// Whether the reader accepts a declaration, and whether the schema does.
    private func verdicts(_ text: String) throws -> [Bool] {
        let declaration = try? CollectorDeclaration(parsing: Array(text.utf8), named: "x")
        let document = try json(YAMLDocument.parse(Array(text.utf8), named: "x"))
        return [declaration != nil, PublishedSchema.collector.errors(in: document).isEmpty]
    }

    @Test(
        "Both accept an item",
        arguments: [
            "command: [ipset, 1]\n    to: a", "command: [x, 1.50, true, 0x10, -1]\n    to: a",
            "command: [x]\n    to: \"0\"", "command: [x]\n    to: 0.txt",
            "command: [x]\n    to: a\n    since: [1, \"--since={since}\", \"@{since-epoch}\"]",
            "command: [x]\n    to: a\n    exit-codes: [0, 1.0, 0x2]",
            "command: [x]\n    to: a\n    limits: {seconds: 5.0, lines: 1e3}",
            "command: [x]\n    to: a\n    limits: {bytes: 64KiB}",
            "command: [x]\n    to: a\n    typically: {bytes: 64KiB, seconds: 0.4}",
            "command: [x]\n    to: a\n    typically: {bytes: 0}",
            "command: [x]\n    to: a\n    typically: {bytes: \"4096\", seconds: 1e-1}",
            "command: [x]\n    to: a\n    typically: {seconds: 0x2}",
            "command: [x]\n    to: a\n    typically: {seconds: .001}",
            "listing: [/a]\n    to: a\n    depth: 0o2", "listing: [/a]\n    to: a\n    depth: 0",
            "files: [/a]\n    exclude: [\"1\", \"*.key\"]",
            "files: [/a]\n    exclude: [1a, 1.2.3, 0xg, +, e3]",
            "files: [\"{/a,/b}/c\", /0]", "files: [/a]\n    limits: {files: 12.0, bytes: 1e3}",
            "files: [/a]\n    limits: {bytes: \"4096\"}",
            "files: [/a]\n    limits: {bytes: 60mB}", "files: [/a]\n    limits: {bytes: 17B}",
            "command: [x, \"{name}\"]\n    for-each: /a/*\n    to: \"a/{name}\"",
            "command: [x, 1, \"a={name}\"]\n    for-each: \"{/a,/b}/*/c\"\n    to: \"a/{name}.txt\"",
            "command: [x, \"{name}\"]\n    for-each: /a/*\n    to: \"a/{name}\"\n    limits: {runs: 1e3}",
            "command: [x, \"{name}\"]\n    for-each: \"/a/{b,c}/d*/e\\\\*\"\n    to: \"a/{name}\"",
            "command: [x, \"{Name}\", \"{nam\"]\n    to: \"a{nam}\"",
        ])
    func acceptedItem(item: String) throws {
        #expect(try verdicts(yaml("  - " + item)) == [true, true])
    }

    @Test(
        "Both refuse an item",
        arguments: [
            "command: [ipset, ~]\n    to: a", "command: [x, [y]]\n    to: a",
            "command: [x]\n    to: 0", "command: [x]\n    to: true", "command: [x]\n    to: 1.5",
            "command: [x]\n    to: /a", "command: [x]\n    to: a/../b",
            "command: [x]\n    to: a\n    since: [\"--since={sincee}\"]",
            "command: [x]\n    to: a\n    since: [\"{since\"]",
            "command: [x]\n    to: a\n    since: [\"since}\"]",
            "command: [x]\n    to: a\n    since: [~]",
            "command: [x]\n    to: a\n    exit-codes: [256]",
            "command: [x]\n    to: a\n    exit-codes: [0.5]",
            "command: [x]\n    to: a\n    exit-codes: [\"0\"]",
            "command: [x]\n    to: a\n    limits: {seconds: 3601.0}",
            "command: [x]\n    to: a\n    typically: {}",
            "command: [x]\n    to: a\n    typically: 1",
            "command: [x]\n    to: a\n    typically:",
            "command: [x]\n    to: a\n    typically: {bytes: -1}",
            "command: [x]\n    to: a\n    typically: {bytes: 1.5}",
            "command: [x]\n    to: a\n    typically: {bytes: 65e6, files: 1}",
            "command: [x]\n    to: a\n    typically: {seconds: \"1\"}",
            "command: [x]\n    to: a\n    typically: {seconds: 1s}",
            "command: [x]\n    to: a\n    typically: {seconds: 0}",
            "command: [x]\n    to: a\n    typically: {seconds: 0.0009}",
            "command: [x]\n    to: a\n    typically: {seconds: 3600.5}",
            "command: [x]\n    to: a\n    typically: {seconds: .inf}",
            "command: [x]\n    to: a\n    typically: {seconds: true}",
            "command: [x]\n    to: a\n    typically: {seconds: ~}",
            "files: [/a]\n    typically: {bytes: 1}",
            "listing: [/a]\n    to: a\n    typically: {bytes: 1}",
            "listing: [/a]\n    to: a\n    depth: 2.5",
            "listing: [/a]\n    to: a\n    depth: \"2\"",
            "listing: [/a]\n    to: a\n    depth: 33.0",
            "files: [/a]\n    exclude: [1]", "files: [/a]\n    exclude: [False]",
            "files: [/a]\n    exclude: [.5, a]", "files: [/a]\n    exclude: [-1e-3]",
            "files: [/a]\n    exclude: [0x1F]", "files: [/a]\n    exclude: [.inf]",
            "files: [1]", "files: [a]", "files: [\"\"]", "files: [../a]",
            "files: [/a]\n    limits: {files: 0}", "files: [/a]\n    limits: {bytes: 1.5}",
            "files: [/a]\n    limits: {bytes: -1}", "files: [/a]\n    limits: {bytes: 0}",
            "files: [/a]\n    limits: {bytes: 1.5M}", "files: [/a]\n    limits: {bytes: 2gb}",
            "files: [/a]\n    limits: {bytes: 5 M}", "files: [/a]\n    limits: {bytes: true}",
            "files: [/a]\n    limits: {bytes: 1e20}",
            "command: [x]\n    to: \"a/{name}\"", "command: [x, \"{name}\"]\n    to: a",
            "command: [x]\n    to: a\n    limits: {runs: 2}",
            "listing: [/a]\n    to: \"a/{name}\"", "files: [/a]\n    limits: {runs: 2}",
            "files: [/a]\n    for-each: /a/*",
            "command: [x, \"{name}\"]\n    for-each: /a/*\n    to: a",
            "command: [x, \"{name}\"]\n    for-each: a/*\n    to: \"a/{name}\"",
            "command: [x, \"{name}\"]\n    for-each: [/a/*]\n    to: \"a/{name}\"",
            "command: [x, \"{name}\"]\n    for-each: /a/*\n    to: \"../{name}\"",
            "command: [x, \"{name}\"]\n    for-each: /a/*\n    to: \"a/{name}\"\n    limits: {runs: 0}",
        ])
    func refusedItem(item: String) throws {
        #expect(try verdicts(yaml("  - " + item)) == [false, false])
    }

    @Test(
        "Both accept a line of the head",
        arguments: [
            "deadline: 30", "deadline: 30.0", "deadline: \"30\"", "deadline: 1m30s",
            "deadline: 1500ms", "deadline: 0x10", "limit: 1e9", "limit: 16MiB", "limit: 500K",
            "when: {kernel: \">=5.10\"}", "when: {kernel: \"< 6\"}", "when: {root: TRUE}",
            "when: {kernel: \"=6.1.0\"}", "when: {files: [\"{/a,/b}\"]}",
            "when: {modules: [\"1\", 8021q]}",
        ])
    func acceptedHead(line: String) throws {
        #expect(try verdicts(yaml("  - files: [/a]", head: line)) == [true, true])
    }

    @Test(
        "Both refuse a line of the head",
        arguments: [
            "deadline: 0", "deadline: 3601", "deadline: -30", "deadline: 1.5", "deadline: true",
            "deadline: 30 s", "deadline: s", "deadline: 1m1h", "deadline: 1m1", "deadline: \"\"",
            "deadline: 1m1m", "deadline: 5sm", "deadline: 1.0m", "deadline: |\n  30s",
            "limit: []", "limit: 68719476737", "limit: K", "limit: 1PiB", "limit: 1e99",
            "limit: 1iB", "when: {modules: [1]}", "when: {commands: [true]}",
            "when: {files: [a]}", "when: {files: [1]}", "when: {kernel: 5.10}",
            "when: {kernel: \">=5..1\"}", "when: {kernel: \">=5.\"}", "when: {kernel: \"5\"}",
            "when: {kernel: \">=\"}", "when: {kernel: \">=1.2.3.4\"}", "when: {kernel: \"==5\"}",
            "when: {root: \"true\"}", "when: {root: 1}", "when: {distribution: [12]}",
        ])
    func refusedHead(line: String) throws {
        #expect(try verdicts(yaml("  - files: [/a]", head: line)) == [false, false])
    }

    @Test(
        "Both want texts where something is named, and take anything to describe it",
        arguments: [
            ("name: test", "name: 12", false), ("name: test", "name: 1e3", false),
            ("name: test", "name: true", false), ("name: test", "name: ~", false),
            ("name: test", "name: \"12\"", true), ("name: test", "name: !!str 12", true),
            ("name: test", "name: 12a", true), ("subject: a test", "subject: 3.5", false),
            ("subject: a test", "subject: False", false),
            ("subject: a test", "subject: '3.5'", true),
            ("subject: a test", "subject: 3.5 of them", true),
            ("description: for tests", "description: 12", true),
            ("description: for tests", "description: true", true),
            ("description: for tests", "description:", false),
            ("description: for tests", "description: [a]", false),
        ])
    func texts(was: String, becomes: String, isRight: Bool) throws {
        let text = yaml("  - files: [/a]").replacing(was, with: becomes)
        #expect(try verdicts(text) == [isRight, isRight])
    }

    @Test(
        "So they do for plugins",
        arguments: [
            ("arguments: [1, true, --all, \"\"]", true), ("arguments: []", true),
            ("arguments: [~]", false), ("arguments: a", false), ("protocol: 1", true),
            ("protocol: \"1\"", true), ("protocol: 2", false), ("deadline: 12.0", true),
            ("deadline: 2x", false), ("limit: 1e6", true), ("limit: 1.5", false),
            ("when: {files: [/a]}", true), ("when: {files: [a]}", false),
        ])
    func plugins(line: String, isRight: Bool) throws {
        let text = """
            schema: diagbundle.plugin/1
            name: vendor
            subject: vendor state
            description: for tests
            \(line)
            """
        let plugin = try? PluginDeclaration(
            parsing: Array(text.utf8), named: "x", beside: "vendor")
        #expect((plugin != nil) == isRight)
        let document = try json(YAMLDocument.parse(Array(text.utf8), named: "x"))
        #expect(PublishedSchema.plugin.errors(in: document).isEmpty == isRight)
    }

    @Test("Arguments reach a command as they are written, whatever YAML would take them for")
    func unchanged() throws {
        let text = yaml("  - command: [x, 1.50, 0x10, TRUE, 1e3, 007]\n    to: a\n    since: [+1]")
        let declaration = try CollectorDeclaration(parsing: Array(text.utf8), named: "x")
        guard case .command(let command)? = declaration.items.first?.source else {
            Issue.record("no command")
            return
        }
        #expect(command.arguments == ["x", "1.50", "0x10", "TRUE", "1e3", "007"])
        #expect(command.sinceArguments == ["+1"])
    }

    @Test("A number means the same in every notation")
    func notations() throws {
        let text = yaml(
            "  - listing: [/a]\n    to: a\n    depth: 2.0\n    limits: {bytes: 0x40, files: 1e1}",
            head: "deadline: 30.0\nlimit: 1e9")
        let declaration = try CollectorDeclaration(parsing: Array(text.utf8), named: "x")
        #expect(declaration.deadlineSeconds == 30 && declaration.byteLimit == 1_000_000_000)
        guard case .listing(let listing)? = declaration.items.first?.source else {
            Issue.record("no listing")
            return
        }
        #expect(listing.depth == 2)
        #expect(declaration.items.first?.limits.byteCount == 64)
        #expect(declaration.items.first?.limits.fileCount == 10)
    }

    @Test(
        "A pattern of the schema matches what its expression does",
        arguments: [
            (.absolutePattern, ["/", "/a", "{/a,/b}"], ["", "a", "./a", " /a", "\\/a"]),
            (
                .kernelComparison, [">=5", "<=5.10", "> 6.1.0", "<  6", "=0"],
                ["", "5", ">=", ">=5.", ">=.5", ">=5..1", "==5", ">=5.1.2.3", "=5 ", "=5\n", "=v5"]
            ),
            (
                .duration, ["0", "90", "30s", "10m", "1h30m", "1d2h3m4s5ms", "250ms", "1d5ms"],
                ["", "s", "1x", "30 s", "-1s", "1.5s", "1m1", "1m1h", "1s1s", "1ms1s", "1s\n"]
            ),
            (
                .byteCount, ["0", "4096", "1B", "1k", "5M", "5MB", "5MiB", "2gB", "1TiB"],
                ["", "B", "M", "1b", "1iB", "1Bi", "1MBi", "1Mi", "1mb", "1.5M", "1 M", "1M\n"]
            ),
            (
                .sinceArgument,
                ["", "a", "{since}", "--a={since}b{since-epoch}", "{since}{since}", "ä\n{since}"],
                ["{", "}", "{}", "{since", "{Since}", "{since}}", "{{since}}", "{since-}", "{a}"]
            ),
            (
                .namePlaceholder, ["{name}", "a/{name}.txt", "{{name}}"],
                ["", "{nam}", "name", "{name"]
            ),
            (
                .noNamePlaceholder, ["", "{nam}", "name", "{name", "a\n"],
                ["{name}", "a/{name}.txt", "a\n{name}\n"]
            ),
        ] as [(JSONSchemaPattern, [String], [String])])
    func pattern(pattern: JSONSchemaPattern, matching: [String], others: [String]) {
        #expect(matching.filter { !pattern.matches($0) } == [])
        #expect(others.filter { pattern.matches($0) } == [])
    }

    /// A node as an editor's YAML server takes it for JSON.
    ///
    /// Source: YAML 1.2.2, section 10.3.2.
    private func json(_ node: YAMLNode) throws -> JSONValue {
        switch node.content {
        case .sequence(let nodes): return .array(try nodes.map(json))
        case .mapping(let mapping):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: try mapping.entries.map { ($0.key, try json($0.value)) }))
        case .scalar(let scalar):
            let text = scalar.text
            if scalar.isQuoted || node.tag != nil { return .string(text) }
            if scalar.isNull { return .null }
            if ["true", "True", "TRUE"].contains(text) { return .bool(true) }
            if ["false", "False", "FALSE"].contains(text) { return .bool(false) }
            if let number = Int64(text) { return .integer(number) }
            if text.hasPrefix("0x"), let number = Int64(text.dropFirst(2), radix: 16) {
                return .integer(number)
            }
            if text.hasPrefix("0o"), let number = Int64(text.dropFirst(2), radix: 8) {
                return .integer(number)
            }
            if text == ".inf" { return .number(.infinity) }
            let float = /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/
            if text.wholeMatch(of: float) != nil, let number = Double(text) {
                return .number(number)
            }
            return .string(text)
        }
    }
}
