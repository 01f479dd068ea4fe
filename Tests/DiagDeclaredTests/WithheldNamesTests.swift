import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("The names of what is withheld")
struct WithheldNamesTests {
    /// What the notes of a collector with these items carry.
    private func withheld(_ items: String, of host: DeclaredHost) throws -> Withheld? {
        let sink = try host.collect(items)
        #expect(sink.missing.isEmpty)
        let carried = sink.messages.compactMap { message -> Withheld? in
            if case .note(let note) = message { note.withheld } else { nil }
        }
        #expect(carried.count <= 1)
        return carried.first
    }

    @Test("All names are sent, each once, where the text of a note has eight")
    func names() throws {
        let host = try DeclaredHost(
            Dictionary(uniqueKeysWithValues: (10..<30).map { ("/etc/d/\($0)", "hunter2") }))
        let withheld = try withheld(
            "  - files: [\"/etc/d/*\"]\n    secrets: true\n"
                + "  - files: [\"/etc/d/1*\", /no]\n    secrets: true", of: host)
        #expect(withheld?.files.sorted() == (10..<30).map { "/etc/d/\($0)" })
        #expect(withheld?.count == .init(files: 20))
    }

    @Test("A name that is not UTF-8, or has controls, is escaped")
    func escaped() throws {
        let host = try DeclaredHost(["/etc/d/a\u{1B}": "hunter2"])
        let withheld = try withheld("  - files: [\"/etc/d/*\"]\n    secrets: true", of: host)
        #expect(withheld?.files == [#"/etc/d/a\x1B"#])
    }

    @Test("What is not there is not withheld, and neither is a command of another root")
    func nothing() throws {
        let host = try DeclaredHost(["/etc/a": ""])
        #expect(try withheld("  - files: [/no]\n    secrets: true", of: host) == nil)
        #expect(
            try withheld("  - command: [echo, x]\n    to: a\n    secrets: true", of: host) == nil)
    }

    @Test("A command that could be run counts, and one that is not installed does not")
    func commands() throws {
        let sink = try declared(
            "  - command: [diagbundle-no-such-program]\n    to: a\n    secrets: true\n"
                + "  - command: [echo, x]\n    to: b\n    secrets: true")
        let carried = sink.messages.compactMap { message -> Withheld? in
            if case .note(let note) = message { note.withheld } else { nil }
        }
        #expect(sink.notes == ["not run, for what it says may hold secrets: echo x"])
        #expect(carried.map(\.commands) == [["echo x"]])
        #expect(carried.map(\.count) == [.init(commands: 1)])
    }

    @Test("A plan has the text of the notes alone")
    func plan() throws {
        let host = try DeclaredHost(["/etc/key": "k"])
        let collector = DeclaredCollector(
            try CollectorDeclaration(
                parsing: Array(yaml("  - files: [/etc/key]\n    secrets: true").utf8),
                named: "test.yaml"))
        let work = try collector.plan(in: .init(root: try RootedTree(FilePath(host.path))))
        #expect(work.notes == ["not collected, for they may hold secrets: /etc/key"])
    }
}
