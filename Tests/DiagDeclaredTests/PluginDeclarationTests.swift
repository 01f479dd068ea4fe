import DiagCollect
import DiagModel
import DiagSystem
import DiagYAML
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("The description of a plugin")
struct PluginDeclarationTests {
    private static func text(_ rest: String = "") -> String {
        """
        schema: diagbundle.plugin/1
        name: vendor
        subject: vendor state
        description: for tests
        \(rest)
        """
    }

    private static func parse(_ text: String) throws(YAMLError) -> PluginDeclaration {
        try PluginDeclaration(parsing: Array(text.utf8), named: "x.yaml", beside: "vendor")
    }

    @Test("The least of it gives everything a value")
    func least() throws {
        let plugin = try Self.parse(Self.text())
        #expect(plugin.risk == .mayBlock)
        #expect(plugin.privacy == .content)
        #expect(plugin.profiles == [.default, .full])
        #expect(plugin.deadlineSeconds == 60)
        #expect(plugin.byteLimit == 64 << 20)
        #expect(plugin.confinement == .inspector)
        #expect(plugin.arguments == [])
        #expect(plugin.condition == .always)
    }

    @Test("Every key has its meaning")
    func all() throws {
        let plugin = try Self.parse(
            Self.text(
                """
                protocol: 1
                arguments: [--all, a b]
                risk: R0
                privacy: identity
                profiles: [minimal, full]
                deadline: 5s
                limit: 1MiB
                confinement: parser
                capabilities: [CAP_NET_ADMIN]
                when: {root: true}
                """))
        #expect(plugin.arguments == ["--all", "a b"])
        let source = PluginSource(
            program: "/a/vendor", description: "/b", digest: "", programDigest: "")
        #expect(
            PluginCollector(plugin, source: source).descriptor
                == CollectorDescriptor(
                    name: "vendor", subject: "vendor state", risk: .memoryOnly,
                    confinement: .parser, deadlineSeconds: 5, byteBudget: 1 << 20,
                    capabilities: .netAdmin, plugin: PluginTraits(privacy: .identity)))
        #expect(plugin.profiles == [.minimal, .full])
        #expect(plugin.condition == .root(true))
    }

    @Test(
        "Every fault is told with its place and what was meant",
        arguments: [
            ("argument: [a]", "5:1", "unknown key `argument`; did you mean `arguments`?"),
            ("arguments: a", "5:12", "expected a list"),
            ("arguments: [\"a\\0\"]", "5:12", "must not hold NUL"),
            ("protocol: 2", "5:11", "version 1 of the protocol is spoken here, but found \"2\""),
            ("confinement: jail", "5:14", "one of `parser`"),
            ("deadline: 2h", "5:11", "1 to 3600 seconds"),
            ("limit: much", "5:8", "much"),
            ("risk: R3", "5:7", "expected `R0`, `R1` or `R2`"),
            ("risk: R2\nprofiles: [full]", "6:11", "is of no profile: leave `profiles` out"),
            ("items: []", "5:1", "unknown key `items`"),
            ("when: {comands: [a]}", "5:8", "did you mean `commands`?"),
            ("capabilities: [CAP_SYS_ADMIN]", "5:16", "expected one of"),
        ])
    func faults(rest: String, place: String, what: String) throws {
        let error = #expect(throws: YAMLError.self) { _ = try Self.parse(Self.text(rest)) }
        let said = error.map { "\($0)" } ?? ""
        #expect(said.hasPrefix("x.yaml:\(place): "), "\(said)")
        #expect(said.contains(what), "\(said)")
    }

    @Test("With the risk R2 it is of no profile")
    func media() throws {
        let plugin = try Self.parse(Self.text("risk: R2"))
        #expect(plugin.risk == .media)
        #expect(plugin.profiles == [])
    }

    @Test("Its name is that of its program")
    func name() throws {
        let other = Self.text().split(separator: "\n").map {
            $0 == "name: vendor" ? "name: another" : String($0)
        }.joined(separator: "\n")
        let error = #expect(throws: YAMLError.self) { _ = try Self.parse(other) }
        #expect(
            error?.description
                == "x.yaml:2:7: the name is that of the program, `vendor`, but found \"another\"")
    }

    @Test("It is told apart from a declaration, right or wrong")
    func described() {
        #expect(PluginDeclaration.isDescribed(in: Array("schema: diagbundle.plugin/9".utf8)))
        #expect(!PluginDeclaration.isDescribed(in: Array(yaml("  - files: [/a]").utf8)))
        #expect(!PluginDeclaration.isDescribed(in: Array("a: [".utf8)))
    }
}

@Suite("The files of plugins")
struct PluginFileTests {
    private let host: DeclaredHost
    private var folder: FilePath { FilePath(host.path + "/plugins.d") }

    init() throws {
        host = try DeclaredHost()
        try add("one")
    }

    private func add(_ name: String, program: String? = "#!/bin/sh\n") throws {
        let text = """
            schema: diagbundle.plugin/1
            name: \(name)
            subject: a test
            description: for tests
            profiles: [storage]
            """
        try host.write(text, to: "/plugins.d/\(name).yaml")
        if let program { try host.write(program, to: "/plugins.d/\(name)") }
        try permit(0o755, name)
    }

    private func permit(_ mode: Int, _ name: String) throws {
        for (mode, path) in [(0o755, ""), (0o644, "/\(name).yaml"), (mode, "/\(name)")] {
            guard FileManager.default.fileExists(atPath: folder.string + path) else { continue }
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: folder.string + path)
        }
    }

    @Test("Programs with a description are plugins, other files are not looked at")
    func found() throws {
        try host.write("notes", to: "/plugins.d/README")
        try host.write("notes", to: "/plugins.d/.hidden.yaml")
        try host.write("old", to: "/plugins.d/one~")
        try permit(0o755, "one~")
        let (plugins, refused) = try PluginFile.readFolder(folder, isOptional: false)
        #expect(plugins.map(\.declaration.name) == ["one"])
        #expect(plugins.map(\.source.program) == [folder.appending("one")])
        #expect(refused == [])
    }

    @Test("Each that is wrong is refused by a sentence, and the others stay")
    func refused() throws {
        try add("two", program: nil)
        try add("three")
        try permit(0o644, "three")
        try host.write("#!/bin/sh\n", to: "/plugins.d/four")
        try permit(0o755, "four")
        try host.link("/plugins.d/five", to: "one")
        try add("six")
        try permit(0o757, "six")
        try host.write("schema: diagbundle.plugin/1\nnome: x\n", to: "/plugins.d/seven.yaml")
        try permit(0o755, "seven")
        let (plugins, refused) = try PluginFile.readFolder(folder, isOptional: false)
        #expect(plugins.map(\.declaration.name) == ["one"])
        let link = "is a symbolic link, and none is followed here: put what it names in its place"
        let beside =
            "a plugin is described by such a file beside it; \"diagbundle schema plugin\" says what"
            + " stands in it"
        #expect(
            refused.map(\.reason) == [
                "\(folder)/five.yaml does not exist: \(beside)",
                "\(folder)/four.yaml does not exist: \(beside)",
                "\(folder)/seven.yaml:2:1: unknown key `nome`; did you mean `name`?",
                "\(folder)/six may be written by others: take that right away (chmod go-w)",
                "\(folder)/three may not be executed: give it that right (chmod +x)",
                "\(folder)/two does not exist",
            ])
        #expect(refused.map(\.profiles) == [nil, nil, nil, [.storage], [.storage], [.storage]])
        #expect(refused.map(\.isAboutNothing) == [true, true, false, false, false, true])
        #expect(refused.map(\.isAboutContent) == [false, false, true, false, true, false])
        #expect(refused.allSatisfy { !$0.isFolder })
        try add("five", program: nil)
        let again = try PluginFile.readFolder(folder, isOptional: false).refused
        #expect(again.first?.reason == "\(folder)/five \(link)")
    }

    @Test("A folder that is not there is nothing, or an error where it was named")
    func nowhere() throws {
        let nowhere = FilePath(host.path + "/nowhere")
        let none = try PluginFile.readFolder(nowhere, isOptional: true)
        #expect(none.plugins.isEmpty && none.refused.isEmpty)
        let error = #expect(throws: PluginFile.Refusal.self) {
            _ = try PluginFile.readFolder(nowhere, isOptional: false)
        }
        #expect(error?.reason == "\(nowhere) does not exist")
        #expect(error?.isAboutNothing == true)
        #expect(error?.isFolder == true)
    }

    @Test("A folder that is refused, or is a file, is told as a folder")
    func folders() throws {
        let file = folder.appending("one")
        let (plugins, refused) = try PluginFile.readFolder(file, isOptional: true)
        #expect(plugins.isEmpty)
        #expect(refused.map(\.reason) == ["\(file) is no folder: name the folder that it is in"])
        #expect(refused.map(\.isFolder) == [true])
        #expect(refused.map(\.isAboutContent) == [true])
        let error = #expect(throws: PluginFile.Refusal.self) {
            _ = try PluginFile.readFolder(file, isOptional: false)
        }
        #expect(error?.reason == refused.first?.reason)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: folder.string)
        let open = try PluginFile.readFolder(folder, isOptional: false).refused
        #expect(
            open.map(\.reason) == [
                "\(folder) may be written by others: take that right away (chmod go-w)"
            ])
        #expect(open.map(\.isFolder) == [true])
        #expect(open.map(\.isAboutContent) == [false])
    }

    @Test("What is no file is wrong, whoever could have written it")
    func noFile() throws {
        try host.write("", to: "/plugins.d/two/inside")
        try add("two", program: nil)
        let refused = try PluginFile.readFolder(folder, isOptional: false).refused
        #expect(refused.map(\.reason) == ["\(folder)/two is no regular file"])
        #expect(refused.map(\.isAboutContent) == [true])
    }

    @Test("A worker finds the same plugin again, and no other in its place")
    func again() throws {
        let plugin = try #require(
            try PluginFile.readFolder(folder, isOptional: false).plugins.first)
        let options = plugin.source.workerOptions
        let found = try PluginSource.collector(named: "one", options: options)
        #expect(found?.source == plugin.source)
        #expect(try PluginSource.collector(named: "one", options: [:]) == nil)
        try add("one", program: "#!/bin/sh\necho longer\n")
        let error = #expect(throws: PluginFile.Refusal.self) {
            _ = try PluginSource.collector(named: "one", options: options)
        }
        #expect(error?.reason == "\(folder)/one changed after the run was planned")
    }

    @Test(
        "What interprets a script must be trusted as the script is",
        arguments: [
            ("#!/bin/sh\n", nil), ("#! /usr/bin/env sh\n", nil), ("\u{7F}ELF", nil),
            ("#!sh\n", "names no absolute path: \"sh\""),
            ("#!\n", "names no absolute path"),
            ("#!/no/such/program\n", "is interpreted by /no/such/program, but that does not exist"),
            ("#!/bin/sh\r\necho\r\n", "has the line ends of DOS: \"#!/bin/sh\\r\"; a line ends"),
            ("#!/usr/bin/env sh\r\n", "one has the line ends of DOS: \"#!/usr/bin/env sh\\r\""),
            ("#!/usr/bin/env no-such-program\n", "which /usr/bin/env does not find here"),
            ("#!/FOLDER/sh\n", "may be written by others"),
        ] as [(String, String?)])
    func interpreter(program: String, said: String?) throws {
        try host.write("", to: "/open/sh")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: host.path + "/open/sh")
        let parts = program.split(separator: "/FOLDER", omittingEmptySubsequences: false)
        try add("one", program: parts.joined(separator: host.path + "/open"))
        let plugin = try #require(
            try PluginFile.readFolder(folder, isOptional: false).plugins.first)
        var refusal: PluginFile.Refusal?
        var isScript: Bool?
        do throws(PluginFile.Refusal) {
            isScript = try PluginFile.openProgram(of: plugin.source).isScript
        } catch { refusal = error }
        if let said {
            #expect(refusal?.reason.contains(said) == true, "\(refusal?.reason ?? "nothing")")
            #expect(refusal?.isAboutContent == !said.contains("may be written by others"))
            #expect(refusal?.description.hasPrefix("it was not run: ") == true)
        } else {
            #expect(refusal == nil)
            #expect(isScript == program.hasPrefix("#!"))
        }
    }

    @Test(
        "What the kernel does not execute is told with what is usually wrong",
        arguments: [
            (Errno.execFormatError, "echo a\n", "is no program: a script begins with the line"),
            (.execFormatError, "\u{7F}ELF", "is broken, or a program for another machine"),
            (.noSuchFileOrDirectory, "\u{7F}ELF", "needs a loader that does not exist here"),
            (.permissionDenied, "#!/bin/sh\n", "cannot be executed (Permission denied)"),
        ] as [(Errno, String, String)])
    func unexecuted(errno: Errno, start: String, said: String) {
        let error = SystemCallError(operation: "execute", object: "/p/one", errno: errno)
        let refusal = PluginFile.unexecuted("/p/one", .init(Array(start.utf8)[...]), error)
        #expect(refusal.reason.hasPrefix("/p/one \(said)"), "\(refusal.reason)")
        #expect(refusal.isAboutContent)
    }

    @Test("On another root it does not apply, and nothing is run")
    func otherRoot() throws {
        let plugin = try #require(
            try PluginFile.readFolder(folder, isOptional: false).plugins.first)
        let sink = MemorySink()
        try plugin.collect(
            in: CollectionContext(root: try RootedTree(FilePath(host.path))), into: sink)
        #expect(
            sink.messages == [
                .absent(
                    .init(
                        what: "one",
                        why: "a plugin does not apply to a root that is not the running host's"))
            ])
    }
}
