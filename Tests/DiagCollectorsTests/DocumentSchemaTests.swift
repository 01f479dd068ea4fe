import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import Testing

/// What the collectors send, held against the published schemas.
@Suite struct DocumentSchemaTests {
    /// What of the JSON documents in `sink` is against the schema of its path; the paths checked.
    static func check(_ sink: MemorySink, of collector: String) throws -> Set<String> {
        var paths = Set<String>()
        for artifact in sink.artifacts {
            let path = "\(collector)/\(artifact.opening.path)"
            if artifact.opening.mediaType == "application/json" {
                let schema = try #require(PublishedSchema(path: path), "\(path)")
                let value = try JSONTextReader.parse(artifact.bytes)
                #expect(schema.errors(in: value) == [], "\(path)")
                #expect(value["schema"]?.text == schema.identifier, "\(path)")
                paths.insert(path)
            } else if let schema = PublishedSchema(path: path), schema.isLines {
                for (index, line) in artifact.bytes.split(separator: 0x0A).enumerated() {
                    let errors = schema.errors(
                        in: try JSONTextReader.parse(Array(line)),
                        definition: index == 0 ? "header" : "line")
                    #expect(errors == [], "\(path) line \(index + 1)")
                }
                paths.insert(path)
            }
        }
        return paths
    }

    @Test("The boot collector's documents of an EFI host keep their schemas")
    func boot() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        let paths = try Self.check(sink, of: "boot")
        let expected = [
            "boot", "root-stack", "efi", "loader", "kernels", "esp", "initramfs", "kdump",
        ].map { "boot/\($0).json" }
        #expect(paths.isSuperset(of: expected), "\(paths)")
    }

    @Test("The system collector's documents keep their schemas")
    func system() throws {
        let sink = try TemporaryHost(SystemCollectorTests.host).collect(SystemCollector())
        #expect(
            try Self.check(sink, of: "system") == ["system/system.json", "system/identity.json"])
    }

    @Test(
        "The storage collector's documents keep their schemas",
        arguments: StorageTopologyTests.hosts)
    func storage(host: String) throws {
        let sink = try FixtureHost(host).collect(StorageCollector())
        #expect(
            try Self.check(sink, of: "storage").isSuperset(of: [
                "storage/topology.json", "storage/devices.jsonl",
            ]))
    }

    @Test("The logs collector's list of boots keeps its schema")
    func logs() throws {
        let folder = "var/log/journal/00112233445566778899aabbccddeeff/"
        let sink = try LogsHost()
            .write(folder + "system.journal", LogsHost.journal("system"))
            .collect()
        #expect(try Self.check(sink, of: "logs") == ["logs/boots.json"])
    }

    @Test("On the running host every document keeps its schema")
    func live() throws {
        let collectors: [any Collector] = [BootCollector(), SystemCollector(), StorageCollector()]
        for collector in collectors {
            let sink = MemorySink()
            try collector.collect(in: CollectionContext(root: try RootedTree("/")), into: sink)
            #expect(try !Self.check(sink, of: collector.descriptor.name).isEmpty)
        }
    }
}
