import DiagYAML
import Testing

@testable import DiagDeclared

@Suite("What is wrong with a declaration")
struct DeclarationErrorTests {
    private func fault(_ text: String) -> YAMLError? {
        do {
            _ = try CollectorDeclaration(parsing: Array(text.utf8), named: "x.yaml")
            return nil
        } catch { return error }
    }

    @Test(
        "Every fault is told with its place and what was meant",
        arguments: [
            ("  - file: [/a]", "8:5", "unknown key `file`; did you mean `files`?"),
            ("  - files: /a", "8:12", "expected a list"),
            ("  - files: [a]", "8:13", "a path begins with `/`"),
            ("  - files: []", "8:12", "at least one pattern"),
            ("  - files: [/a, \"/b[\"]", "8:17", "`[` has no `]`"),
            ("  - files: [/a]\n    command: [b]\n    to: c", "8:5", "`files` and `command`"),
            ("  - command: [ls]", "8:5", "`to` is missing"),
            ("  - command: ls -l\n    to: a", "8:14", "no shell takes the words apart"),
            ("  - command: [sh, -c, ls]\n    to: a", "8:14", "runs other programs"),
            ("  - command: [/bin/bash, -c, ls]\n    to: a", "8:14", "runs other programs"),
            ("  - command: [busybox, sh]\n    to: a", "8:14", "runs other programs"),
            ("  - command: [python3, -c, x]\n    to: a", "8:14", "runs other programs"),
            ("  - command: [find, /, -delete]\n    to: a", "8:24", "`-delete` deletes"),
            ("  - command: [bin/ls]\n    to: a", "8:14", "begins with `/`"),
            ("  - command: [ls]\n    to: 0", "9:9", "found the number 0; put it in quotes"),
            ("  - files: [/a]\n    exclude: [1.50]", "9:15", "the number 1.50; put it in quotes"),
            ("  - files: [\"/a/[z-a]\"]", "8:13", "the range `z-a` runs backwards"),
            (
                "  - command: [ls]\n    to: a\n    since: [\"--since={sincee}\"]", "10:13",
                "unknown placeholder `{sincee}`; did you mean `{since}`?"
            ),
            (
                "  - command: [ls]\n    to: a\n    since: [\"{since}\", \"{since_epoch}\"]",
                "10:24", "unknown placeholder `{since_epoch}`; did you mean `{since-epoch}`?"
            ),
            (
                "  - command: [ls]\n    to: a\n    since: [a, \"{time}\"]", "10:16",
                "unknown placeholder `{time}`; known are `{since}` and `{since-epoch}`"
            ),
            (
                "  - command: [ls]\n    to: a\n    since: [\"{since\"]", "10:13",
                "a brace stands only in `{since}` and `{since-epoch}`"
            ),
            ("  - command: [ls]\n    to: ../a", "9:9", "leaves the collector's folder"),
            ("  - command: [ls]\n    to: commands.json", "9:9", "is written for every collector"),
            ("  - command: [ls]\n    to: worker.log", "9:9", "what a run writes itself"),
            ("  - command: [ls]\n    to: abandoned.txt", "9:9", "what a run writes itself"),
            (
                "  - command: [ls]\n    to: a\n  - command: [ps]\n    to: a/b", "11:9",
                "is no folder"
            ),
            ("  - files: [/etc/x]\n  - command: [ps]\n    to: etc", "10:9", "the folder of files"),
            ("  - files: [/a]\n    limits: {files: 100001}", "9:21", "100"),
            ("  - files: [/a]\n    limits: {bytes: 65MiB, lines: 1}", "9:21", "at most 64 MiB"),
            ("  - command: [a]\n    to: a\n    limits: {bytes: 65MiB}", "10:21", "64 MiB"),
            ("  - files: [/a]\n    when: {kernel: \">=5..1\"}", "9:20", "a comparison such as"),
            ("  - files: [/a]\n    when: {kernel: \">=5.1.\"}", "9:20", "a comparison such as"),
            (
                "  - files: [/a]\n    when: {kernel: \">=5.99999999999999999999\"}", "9:20",
                "a comparison such as"
            ),
            ("  - command: [ls, \"a\\0\"]\n    to: a", "8:14", "must not hold NUL"),
            (
                "  - command: [ls]\n    to: a\n    since: [\"a\\0\"]", "10:12",
                "must not hold NUL"
            ),
            ("  - command: [ls]\n    to: \"a\\0\"", "9:9", "control characters"),
            ("  - files: [\"/a*\\0\"]", "8:13", "must not hold NUL"),
            ("  - files: [/a]\n    exclude: [\"*\\0\"]", "9:15", "must not hold NUL"),
            ("  - files: [/a]\n    when: {files: [\"/a*\\0\"]}", "9:20", "must not hold NUL"),
            ("  - files: [/a]\n    when: {commands: [\"a\\0\"]}", "9:23", "expected a name"),
            ("  - command: [ls]\n    to: a\n    exit-codes: [256]", "10:18", "from 0 to 255"),
            ("  - command: [ls]\n    to: a\n  - command: [ps]\n    to: a", "11:9", "line 8"),
            ("  - files: [/a]\n    limits: {byte: 1}", "9:14", "did you mean `bytes`?"),
            ("  - command: [ls]\n    to: a\n    typically: {byte: 1}", "10:17", "mean `bytes`?"),
            ("  - command: [ls]\n    to: a\n    typicaly: {bytes: 1}", "10:5", "mean `typically`?"),
            ("  - command: [ls]\n    to: a\n    typically: 64KiB", "10:16", "expected a mapping"),
            ("  - command: [ls]\n    to: a\n    typically: {}", "10:16", "`seconds` or both"),
            (
                "  - command: [ls]\n    to: a\n    typically: {bytes: -1}", "10:24",
                "expected 0 bytes to 64 GiB"
            ),
            ("  - command: [ls]\n    to: a\n    typically: {bytes: much}", "10:24", "much"),
            (
                "  - command: [ls]\n    to: a\n    typically: {seconds: 0}", "10:26",
                "expected a number from 0.001 to 3600, but found \"0\""
            ),
            (
                "  - command: [ls]\n    to: a\n    typically: {seconds: \"1\"}", "10:26",
                "expected a number from 0.001 to 3600"
            ),
            ("  - files: [/a]\n    typically: {bytes: 1}", "9:5", "unknown key `typically`"),
            ("  - files: [/a]\n    limits: {byt: 1}", "9:14", "did you mean `bytes`?"),
            ("  - files: [/a]\n    limits: {bytes: many}", "9:21", "many"),
            ("  - files: [/a]\n    limits: {seconds: 3}", "9:14", "unknown limit `seconds`"),
            ("  - files: [/a]\n    when: {module: [x]}", "9:12", "did you mean `modules`?"),
            ("  - files: [/a]\n    when: {kernel: 5.10}", "9:20", "a comparison such as"),
            ("  - files: [/a]\n    when: {init: [systemc]}", "9:19", "did you mean `systemd`?"),
            ("  - files: [/a]\n    when: {root: yes}", "9:18", "write `true`"),
            ("  - files: [/a]\n    when: {config: [X]}", "9:21", "an option such as"),
            ("  - files: [/a]\n    privacy: secret", "9:14", "one of `technical`"),
            ("  - files: [/a]\n    risk: R7", "9:11", "expected `R0`, `R1` or `R2`"),
            ("  - files: [/a]\n    since: ctime", "9:12", "expected `mtime`"),
            ("  - files: [/a]\n    profiles: [defualt]", "9:16", "did you mean `default`?"),
            (
                "  - command: [ls, \"{name}\"]\n    to: a", "8:19",
                "stands for what `for-each` finds, and this item has no `for-each`"
            ),
            (
                "  - command: [ls]\n    to: \"a-{name}\"", "9:9",
                "and this item has no `for-each`"
            ),
            (
                "  - listing: [/a]\n    to: \"a-{name}\"", "9:9",
                "and this item has no `for-each`"
            ),
            (
                "  - command: [ls]\n    to: a\n    limits: {runs: 3}", "10:20",
                "`runs` counts those of `for-each`"
            ),
            ("  - files: [/a]\n    limits: {runs: 3}", "9:14", "unknown limit `runs`"),
            ("  - files: [/a]\n    for-each: /b/*", "9:5", "unknown key `for-each`"),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: a/b.txt", "10:9",
                "`to` needs `{name}`, for example `a/b/{name}.txt`"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: a", "10:9",
                "for example `a/{name}`"
            ),
            ("  - command: [ls, \"{name}\"]\n    for-each: /b/*", "8:5", "`to` is missing"),
            (
                "  - command: [ls, \"{nam}\"]\n    for-each: /b/*\n    to: \"a/{name}\"", "8:14",
                "no argument has `{name}`"
            ),
            (
                "  - command: [\"/b/{name}\", \"{name}\"]\n    for-each: /b/*\n    to: \"a/{name}\"",
                "8:15", "the program is the same for each thing"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: [/b/*]\n    to: \"a/{name}\"", "9:15",
                "expected one pattern such as"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: b/*\n    to: \"a/{name}\"", "9:15",
                "a path begins with `/`"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/**\n    to: \"a/{name}\"", "9:15",
                "`**` has no place here"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*/*\n    to: \"a/{name}\"", "9:15",
                "`/b/*/*` looks into several folders"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: \"/b/{c/*,?/q/r[0-9]}\"\n"
                    + "    to: \"a/{name}\"", "9:15",
                "`/b/?/q/r[0-9]` looks into several folders"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: \"../{name}\"", "10:9",
                "leaves the collector's folder"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: \"a/{name}\"\n"
                    + "    limits: {runs: 0}",
                "11:20", "from 1 to 10000"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: \"{name}.json\"",
                "10:9",
                "may be the place of `commands.json`"
            ),
            (
                "  - files: [/etc/x]\n  - command: [ls, \"{name}\"]\n    for-each: /b/*\n"
                    + "    to: \"etc/{name}\"",
                "11:9", "may be the place of `/etc/x`"
            ),
            (
                "  - command: [ls]\n    to: a/b.txt\n  - command: [ls, \"{name}\"]\n"
                    + "    for-each: /b/*\n    to: \"a/{name}.txt\"",
                "12:9", "may be in the way of `a/b.txt`, which the item in line 8 writes"
            ),
            (
                "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: \"a/{name}\"\n"
                    + "  - command: [ls, \"{name}\"]\n    for-each: /b/*\n    to: \"a/b-{name}\"",
                "13:9", "may be in the way of `a/{name}`"
            ),
            ("  - []", "8:5", "expected a mapping"), ("  []", "8:3", "at least one item"),
            ("\t- files: [/a]", "8:1", "spaces, not tabs"),
            ("  - files: [/a", "9:1", "did not find expected"),
            ("  - &a files: [/a]", "8:5", "anchors are not accepted"),
        ])
    func items(text: String, place: String, what: String) throws {
        let error = try #require(fault(yaml(text, head: "limit: 1MiB\nprivacy: content") + "\n"))
        let said = "\(error)"
        #expect(said.hasPrefix("x.yaml:\(place): "), "\(said)")
        #expect(said.contains(what), "\(said)")
    }

    @Test(
        "So is every fault of the head",
        arguments: [
            ("name: test", "name: Test", "2:7", "lower-case letters"),
            ("name: test", "name: -x", "2:7", "lower-case letters"),
            ("name: test", "name: seal", "2:7", "a step of its own"),
            ("name: test", "name: probes", "2:7", "a step of its own"),
            ("name: test", "nam: test", "2:1", "did you mean `name`?"),
            ("name: test\n", "", "1:1", "`name` is missing"),
            ("collector/1", "collector/2", "1:9", "expected `diagbundle.collector/1`"),
            ("subject: a test", "subject: \"\"", "3:10", "one line"),
            ("description: for tests", "description: d\nname: again", "5:1", "a second time"),
            ("description: for tests", "description: d\ndeadline: 2h", "5:11", "1 to 3600"),
            ("description: for tests", "description: d\nrisk: R0", "5:7", "has the risk R1"),
            ("description: for tests", "description: d\nlimit: 1e99", "5:8", "1e99"),
            ("name: test", "name: true", "2:7", "found the truth value true; put it in quotes"),
            (
                "description: for tests", "description: d\ncapabilities: [CAP_NET_ADMINN]",
                "5:16", "did you mean `CAP_NET_ADMIN`?"
            ),
        ])
    func head(was: String, becomes: String, place: String, what: String) throws {
        let whole = yaml("  - command: [ls]\n    to: a")
        let range = try #require(whole.firstRange(of: was))
        let text = whole.replacingCharacters(in: range, with: becomes)
        let said = "\(try #require(fault(text)))"
        #expect(said.hasPrefix("x.yaml:\(place): "), "\(said)")
        #expect(said.contains(what), "\(said)")
    }

    @Test("A bomb of aliases, and a file of 10 MB, are refused at once")
    func bombs() throws {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
        #expect("\(try #require(fault(bomb)))".contains("anchors are not accepted"))
        let large = "# " + String(repeating: "x", count: 10 << 20)
        #expect("\(try #require(fault(large)))".hasSuffix(": it has more than 1048576 bytes"))
    }

    @Test("Every file of the library cut anywhere is a declaration or an error, never a trap")
    func truncated() {
        for file in BuiltInDeclarations.files {
            for length in stride(from: 0, to: file.bytes.count, by: 97) {
                _ = try? CollectorDeclaration(
                    parsing: Array(file.bytes.prefix(length)), named: file.name)
            }
        }
    }
}
