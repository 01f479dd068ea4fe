import DiagCollect
import DiagModel
import DiagSystem
import DiagYAML
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("The library of declared collectors")
struct LibraryTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Collectors")

    @Test("Every file of the folder is built in, sorted, and nothing else")
    func complete() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(BuiltInDeclarations.files.map(\.name) == names)
        for file in BuiltInDeclarations.files {
            let bytes = try Data(contentsOf: Self.folder.appendingPathComponent(file.name))
            #expect(Data(file.bytes) == bytes, "\(file.name)")
        }
    }

    @Test(
        "Every file is right, and declares the collector that it is named after",
        arguments: BuiltInDeclarations.files)
    func right(file: BuiltInDeclarations.File) throws {
        let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
        #expect("\(declaration.name).yaml" == file.name)
        #expect(declaration.risk < .media, "what changes state is not built in")
        #expect(declaration.profiles.isSuperset(of: [.default, .full]))
        #expect(BuiltInDeclarations.file(of: declaration.name) == file)
    }

    @Test("Every file keeps the published schema", arguments: BuiltInDeclarations.files)
    func schema(file: BuiltInDeclarations.File) throws {
        let document = try json(YAMLDocument.parse(file.bytes, named: file.name))
        #expect(PublishedSchema.collector.errors(in: document) == [])
    }

    @Test("What the reader refuses, the schema does, too")
    func schemaRefuses() throws {
        for (items, head) in [
            ("  - file: [/a]", ""), ("  - files: /a", ""), ("  - command: [ls]", ""),
            ("  - files: [/a]\n    when: {modul: [x]}", ""), ("  - files: [/a]", "nam: x"),
        ] {
            let text = yaml(items, head: head)
            let document = try json(YAMLDocument.parse(Array(text.utf8), named: "x"))
            #expect(PublishedSchema.collector.errors(in: document) != [], "\(items)")
        }
    }

    /// A node as an editor's YAML server takes it for JSON.
    private func json(_ node: YAMLNode) throws -> JSONValue {
        switch node.content {
        case .sequence(let nodes): return .array(try nodes.map(json))
        case .mapping(let mapping):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: try mapping.entries.map { ($0.key, try json($0.value)) }))
        case .scalar(let scalar):
            if !scalar.isQuoted {
                if let number = Int64(scalar.text) { return .integer(number) }
                if let truth = Bool(scalar.text) { return .bool(truth) }
            }
            return .string(scalar.text)
        }
    }

    @Test("No command of the library is known to write, mount, ask the network or hang")
    func harmless() throws {
        let forbidden: Set<String> = [
            "mount", "umount", "modprobe", "insmod", "rm", "dd", "mkfs", "fsck", "ping", "dig",
            "nslookup", "host", "curl", "wget", "lsof", "df", "lsblk", "vgs", "pvs", "lvs",
            "pvscan", "vgscan", "hwclock", "hdparm", "sync", "kubectl", "crictl",
        ]
        for file in BuiltInDeclarations.files {
            let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
            for item in declaration.items {
                guard case .command(let command) = item.source else { continue }
                #expect(
                    !forbidden.contains(command.arguments[0]), "\(file.name): \(item.title)")
            }
        }
    }

    @Test(
        "Every collector runs on this machine to its end, and sends no key or shadow file",
        arguments: BuiltInDeclarations.files)
    func runs(file: BuiltInDeclarations.File) throws {
        let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
        let sink = MemorySink()
        try DeclaredCollector(declaration, profile: .full).collect(
            in: CollectionContext(root: try RootedTree("/")), into: sink)
        for artifact in sink.artifacts {
            #expect(!artifact.opening.path.hasSuffix("shadow"))
            #expect(!artifact.text.contains("PRIVATE KEY-----"), "\(artifact.opening.path)")
            if artifact.opening.mediaType == "application/json", artifact.truncation == nil {
                #expect(
                    throws: Never.self, "\(artifact.opening.path)"
                ) { try JSONDocument.decode(JSONValue.self, from: artifact.bytes) }
            }
        }
        #expect(!sink.artifacts.isEmpty || !sink.absent.isEmpty)
    }
}

extension BuiltInDeclarations.File: CustomTestStringConvertible {
    public var testDescription: String { name }
}
