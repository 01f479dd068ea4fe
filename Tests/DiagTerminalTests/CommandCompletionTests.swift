import DiagModel
import Foundation
import Testing

@testable import DiagTerminal

@Suite("Completion of command lines")
struct CommandCompletionTests {
    static let tree: CommandTree = {
        func argument(
            _ kind: String, _ name: String, value: String = "", strategy: String = "default",
            repeats: Bool = false, shown: Bool = true
        ) -> String {
            let names =
                kind == "positional" ? "" : #", "names": [{"kind": "long", "name": "\#(name)"}]"#
            return #"""
                {"kind": "\#(kind)", "valueName": "\#(kind == "positional" ? name : value)",
                "abstract": "About \#(name).", "isOptional": true, "isRepeating": \#(repeats),
                "parsingStrategy": "\#(strategy)", "shouldDisplay": \#(shown)\#(names)}
                """#
        }
        let text = #"""
            {"command": {"commandName": "tool", "abstract": "A tool.", "subcommands": [
                {"commandName": "run", "abstract": "Runs.", "arguments": [
                    \#(argument("option", "only", value: "name", strategy: "upToNextOption", repeats: true)),
                    \#(argument("option", "to", value: "dir")), \#(argument("flag", "fast")),
                    \#(argument("flag", "hidden", shown: false)), \#(argument("positional", "file"))]},
                {"commandName": "show", "abstract": "Shows.", "subcommands": [
                    {"commandName": "all", "abstract": "All."}]},
                {"commandName": "secret", "shouldDisplay": false},
                {"commandName": "help", "arguments": [\#(argument("positional", "subcommands", repeats: true))]}]}}
            """#
        do { return try JSONDocument.decode(CommandTree.self, from: text.utf8) } catch {
            Issue.record("\(error)")
            return CommandTree(command: .init(commandName: "tool"))
        }
    }()

    private let completion = CommandCompletion(Self.tree) { command, argument, _ in
        switch argument.valueName {
        case "name": .init([.init("red", "A colour."), .init("rose"), .init("blue")], isList: true)
        case "dir": .init(files: .folders)
        case "file": .init(files: .files)
        default: .free
        }
    }

    @Test(
        "The words that fit are offered, and no others",
        arguments: [
            ([], "", ["run", "show", "help"]), ([], "s", ["show"]), (["show"], "", ["all"]),
            (["show", "all"], "x", []), (["run"], "--", ["--only", "--to", "--fast"]),
            (["run"], "--f", ["--fast"]), (["run", "--fast"], "--f", []),
            (["run", "--only"], "r", ["red", "rose"]), (["run", "--only", "red"], "b", ["blue"]),
            (["run", "--only"], "red,r", ["red,rose"]),
            (["run", "--only", "red"], "--t", ["--to"]), (["run"], "--only=re", ["--only=red"]),
            (["run", "--only", "="], "re", ["red"]),
            (["run", "--only"], "=", ["red", "rose", "blue"]),
            (["run", "--only=red"], "bl", ["blue"]), (["run", "--", "--only"], "r", []),
            (["help"], "r", ["run"]), (["help", "show"], "", ["all"]), (["help", "none"], "", []),
            (["nothing"], "r", []), (["run", "--unknown"], "r", []), (["secret"], "", []),
            (["run", "--unknown=x"], "--f", ["--fast"]), (["run"], "--unknown=x", []),
        ])
    func words(before: [String], current: String, expected: [String]) {
        let answer = completion.answer(to: before, current: current)
        #expect(answer.words.map(\.text) == expected)
    }

    @Test("Files are left to the shell, of any name")
    func files() {
        #expect(completion.answer(to: ["run", "--to"], current: "").files == .folders)
        #expect(completion.answer(to: ["run"], current: "x").files == .files)
        #expect(completion.answer(to: ["run", "a"], current: "x").files == .none)
    }

    @Test("The answer is lines that a shell can read, whatever stands in them")
    func lines() {
        let answer = CommandCompletion.Values(
            [.init("a", "one\ttwo\nthree"), .init("b\nc")], files: .files)
        #expect(answer.lines == ["files", #"a\#tone\ttwo\nthree"#, #"b\nc"#])
    }
}
