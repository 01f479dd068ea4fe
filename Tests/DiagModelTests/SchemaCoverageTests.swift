import DiagModel
import Foundation
import Testing

@Suite struct SchemaCoverageTests {
    /// The package's folder.
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("Every schema identifier in the sources is one that is published")
    func identifiers() throws {
        let sources = Self.package.appendingPathComponent("Sources")
        let files = try #require(
            FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        let pattern = /"(diagbundle\.[a-z0-9-]+\/[0-9]+)\\?"/
        var found = Set<String>()
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: pattern) { found.insert(String(match.output.1)) }
        }
        let published = Set(PublishedSchema.allCases.map(\.identifier))
        #expect(found.subtracting(published) == [])
        #expect(found.count >= 16)
    }

    @Test("There is a sample of each schema", arguments: PublishedSchema.allCases)
    func samples(schema: PublishedSchema) {
        #expect(SchemaSample.all.contains { $0.schema == schema })
    }

    @Test("A document in a host folder has the schema of its path")
    func paths() {
        func schema(_ path: String) -> PublishedSchema? { PublishedSchema(path: path) }
        #expect(schema("manifest.json") == .manifest)
        #expect(schema("storage/topology.json") == .topology)
        #expect(schema("storage/mount-health.json") == .probes)
        #expect(schema("probes/mount-health.json") == .probes)
        #expect(schema("boot/efi.json") == .efi)
        #expect(schema("storage/devices.jsonl") == .blockDevices)
        #expect(schema("storage/device-mapper/1.jsonl") == .deviceMapper)
        #expect(schema("storage/md/md0.json") == .md)
        for kind in ["mapper", "md", "nvme", "scsi", "metadata", "lvm-report"] {
            #expect(schema("storage/\(kind).json") == .probes)
        }
        #expect(schema("network/commands.json") == .commands)
        #expect(schema("storage/nvme/nvme0.json") == .nvme)
        #expect(schema("storage/nvme-controllers.json") == .nvmeControllers)
        let others = [
            "mount-health.json", "a/b/mount-health.json", "boot/manifest.json", "",
            "storage/md/a/b.json", "storage/nvme/a/b.json",
        ]
        for path in others {
            #expect(schema(path) == nil, "\(path)")
        }
        #expect(PublishedSchema.collectorNames == ["boot", "logs", "storage", "system"])
    }

    @Test("The kinds of the devices that a root stands on are those of the topology")
    func kinds() {
        let kind = PublishedSchema.rootStack.value["properties"]?["devices"]?["items"]?[
            "properties"]?["kind"]?["enum"]
        #expect(kind == .array(Topology.Kind.allCases.map { .string($0.rawValue) }))
    }
}
