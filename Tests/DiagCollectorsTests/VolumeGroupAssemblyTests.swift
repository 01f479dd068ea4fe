import DiagModel
import Testing

@testable import DiagCollectors

@Suite struct VolumeGroupAssemblyTests {
    static let ids = [
        "aAaAaA-0001-aaaa-bbbb-cccc-dddd-eeee01", "AvHVMc-eMiq-g1C7-SOzh-j2Yr-YXQO-TTvTL9",
        "nvjXsY-Ra9l-v8jk-Vhxz-tOT4-sQ1i-6YJOvW",
    ]

    static func volume(
        _ index: Int, _ text: String? = "vg_diag", device: String? = nil
    ) throws -> VolumeGroupAssembly.Volume {
        .init(
            device: device ?? "sd\(["a", "b", "c"][index])", pvUUID: ids[index],
            metadataText: try text.map { Array(try FixtureHost.text("lvm/\($0).txt").utf8) },
            isTextValid: true)
    }

    static func document(_ assembly: VolumeGroupAssembly) throws -> JSONValue {
        let bytes = try JSONDocument.encode(assembly.document, layout: .document)
        let value = try JSONTextReader.parse(bytes)
        #expect(PublishedSchema.lvm.errors(in: value) == [])
        return value
    }

    @Test("A whole group has no conflict and no finding, and the sizes of vgs")
    func whole() throws {
        let assembly = VolumeGroupAssembly(try (0..<3).map { try Self.volume($0) })
        #expect(assembly.findings == [] && assembly.document.conflicts.isEmpty)
        let group = try #require(assembly.document.volumeGroups.first)
        #expect(assembly.document.volumeGroups.count == 1)
        #expect(group.byteCount == 792_723_456 && group.freeByteCount == 394_264_576)
        #expect(group.logicalVolumeCount == 12 && group.snapshotCount == 1 && group.seqno == 4)
        #expect(group.metadataDevices == ["sda", "sdb", "sdc"] && !group.isPartial)
        #expect(assembly.document.physicalVolumes.map(\.device) == ["sda", "sdb", "sdc"])
        let volumes = assembly.document.logicalVolumes
        let linear = try #require(volumes.first { $0.name == "linear" })
        #expect(
            linear.deviceMapperUUID
                == "LVM-jAyyO6V1wUa1dK8al3cta1nTiHOgiKMwu8jzPde0IgxLd6GncfBAepfJBd0Kh8oO")
        #expect(linear.types == ["linear"] && linear.tags == ["one", "two"])
        #expect(volumes.first { $0.name == "snap" }?.origin == "linear")
        #expect(volumes.first { $0.name == "thin1" }?.pool == "pool")
        _ = try Self.document(assembly)
    }

    @Test("The newest text counts; whoever holds an older one is stale and was missing")
    func stale() throws {
        let assembly = VolumeGroupAssembly([
            try Self.volume(0, "vg_diag-missing"), try Self.volume(1, "vg_diag-missing"),
            try Self.volume(2, "vg_diag"),
        ])
        #expect(
            assembly.findings.map(\.fault) == [
                "storage.lvm.stale-metadata", "storage.lvm.physical-volume-missing",
            ])
        #expect(assembly.findings[0].place == "/dev/sdc")
        let group = try #require(assembly.document.volumeGroups.first)
        #expect(group.seqno == 5 && group.isPartial && group.missingPhysicalVolumeCount == 1)
        #expect(group.metadataDevices == ["sda", "sdb"])
        #expect(
            assembly.document.conflicts.map(\.kind) == [.staleMetadata, .missingPhysicalVolume])
        _ = try Self.document(assembly)
    }

    @Test("Without a physical volume the logical volumes that need it are partial")
    func missing() throws {
        let assembly = VolumeGroupAssembly([try Self.volume(0), try Self.volume(1)])
        #expect(assembly.findings.map(\.fault) == ["storage.lvm.physical-volume-missing"])
        let partial = assembly.document.logicalVolumes.filter { $0.isVisible && $0.isPartial }
        #expect(
            Set(partial.map(\.name)) == [
                "five", "snap", "pool", "thin1", "thin1_snap", "slow", "oldmirror", "wc",
            ])
        #expect(assembly.document.physicalVolumes.map(\.isMissing) == [false, false, true])
        #expect(assembly.findings[0].reason.contains("lacks 1 of its 3 physical volumes"))
        let unsure = VolumeGroupAssembly(
            [try Self.volume(0), try Self.volume(1)], isComplete: false)
        #expect(unsure.findings == [])
    }

    @Test("One UUID on two devices is a conflict, unless one of them is held by the other")
    func duplicate() throws {
        var volumes = try (0..<3).map { try Self.volume($0) }
        volumes.append(try Self.volume(2, device: "sdd"))
        let assembly = VolumeGroupAssembly(volumes)
        #expect(assembly.findings.map(\.fault) == ["storage.lvm.duplicate-physical-volume"])
        #expect(assembly.document.conflicts.first?.devices == ["sdc", "sdd"])
        volumes[3].isHeld = true
        #expect(VolumeGroupAssembly(volumes).findings == [])
    }

    @Test("A volume without a group is an orphan; a text that cannot be read is told")
    func others() throws {
        var broken = try Self.volume(0)
        broken.metadataText = Array("vg {".utf8)
        var orphan = try Self.volume(1, nil)
        orphan.pvUUID = "orphan"
        let assembly = VolumeGroupAssembly([broken, orphan])
        #expect(assembly.findings.map(\.fault) == ["storage.lvm.metadata-unreadable"])
        #expect(assembly.document.orphans == ["orphan": "sdb", Self.ids[0]: "sda"])
        #expect(VolumeGroupAssembly([]).document.volumeGroups.isEmpty)
    }

    @Test("An exported group is told, and two groups of one name are a conflict")
    func exportedAndDoubled() throws {
        let text = try FixtureHost.text("lvm/vg_diag.txt")
        var exported = try Self.volume(0)
        exported.metadataText = Array(
            text.replacing("[\"RESIZEABLE\"", with: "[\"RESIZEABLE\", \"EXPORTED\"").utf8)
        var other = try Self.volume(1)
        other.metadataText = Array(text.replacing("jAyyO6", with: "zAyyO6").utf8)
        let assembly = VolumeGroupAssembly([exported, other], isComplete: false)
        #expect(
            Set(assembly.findings.map(\.fault)) == [
                "storage.lvm.exported", "storage.lvm.duplicate-volume-group",
            ])
    }
}
