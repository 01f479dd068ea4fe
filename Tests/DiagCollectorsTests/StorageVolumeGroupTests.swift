import DiagModel
import Testing

@testable import DiagCollectors

@Suite("Volume groups in the graph")
struct StorageVolumeGroupTests {
    static func device(
        _ name: String, _ kind: Topology.Kind = .disk, on lower: [String] = [], disk: Int? = nil,
        facts: [String: String] = [:], byteCount: Int64? = 1 << 30
    ) -> BlockDevice {
        var device = BlockDevice(
            name: name, folder: "/sys/devices/x/block/\(name)",
            number: .init(major: 8, minor: UInt32(name.utf8.reduce(0) { $0 &* 7 + Int($1) } % 999)),
            byteCount: byteCount, kind: kind, disk: disk, facts: facts)
        device.lowerDevices = lower
        return device
    }

    static func record(
        _ name: String, volume index: Int? = nil, _ outcome: ProbeRecord.Outcome = .ok
    ) throws -> ProbeRecord {
        var record = ProbeRecord(
            kind: "metadata", target: "/dev/\(name)", outcome: outcome, seconds: 0)
        if let index {
            record.facts = [
                "lvmPhysicalVolumeUUID": .string(VolumeGroupAssemblyTests.ids[index]),
                "isLVMMetadataChecksumValid": true,
            ]
            record.details = [
                "lvmMetadataText": .string(try FixtureHost.text("lvm/vg_diag.txt"))
            ]
        }
        return record
    }

    private func faults(
        _ records: [ProbeRecord], _ devices: [BlockDevice], isNarrowed: Bool = false
    ) throws -> [String] {
        try #require(VolumeGroupNodes(records, devices: devices, isNarrowed: isNarrowed))
            .findings.map { "\($0.fault.dropFirst(12)) \($0.severity)" }
    }

    @Test("A partition of a path below a multipath map is no second physical volume")
    func multipathPartition() throws {
        let devices = [
            Self.device("sda"), Self.device("sda1", .partition, disk: 0),
            Self.device("dm-0", .multipath, on: ["sda"]),
            Self.device("dm-1", .mapped, on: ["dm-0"]),
            Self.device("sdb"), Self.device("sdc"),
        ]
        let records = try [
            Self.record("sda1", volume: 0), Self.record("dm-0"), Self.record("dm-1", volume: 0),
            Self.record("sdb", volume: 1), Self.record("sdc", volume: 2),
        ]
        #expect(try faults(records, devices) == [])
    }

    @Test("A guest's physical volume on a logical volume is left out; one that is used here counts")
    func guests() throws {
        let group = "LVM-" + String(repeating: "g", count: 32)
        var devices = [
            Self.device("sda"), Self.device("sdb"), Self.device("sdc"),
            Self.device("dm-0", .logicalVolume, on: ["dm-1"], facts: ["dm/uuid": group + "1"]),
            Self.device("dm-1", .logicalVolume, on: ["sda"], facts: ["dm/uuid": group + "1-real"]),
        ]
        let own = try (0..<3).map { try Self.record(["sda", "sdb", "sdc"][$0], volume: $0) }
        let guest = try [Self.record("dm-0", volume: 0), Self.record("dm-1", volume: 0)]
        #expect(try faults(own + guest, devices) == [])
        #expect(VolumeGroupNodes(guest, devices: devices) == nil)
        devices.append(
            Self.device(
                "dm-2", .logicalVolume, on: ["dm-0"],
                facts: ["dm/uuid": "LVM-" + String(repeating: "n", count: 32) + "2"]))
        let used = try #require(VolumeGroupNodes(guest, devices: devices))
        #expect(used.document.physicalVolumes.map(\.device) == ["dm-0", nil, nil])
    }

    @Test("A physical volume is called missing only when every device was looked at")
    func complete() throws {
        let own = try [Self.record("sda", volume: 0), Self.record("sdb", volume: 1)]
        let disks = [Self.device("sda"), Self.device("sdb")]
        let missing = ["physical-volume-missing critical"]
        #expect(try faults(own, disks) == missing)
        #expect(try faults(own, disks, isNarrowed: true) == [])
        #expect(try faults(own, disks + [Self.device("sdc")]) == [])
        let more = disks + [Self.device("sdc")]
        #expect(try faults(own + [Self.record("sdc", .hung)], more) == [])
        #expect(try faults(own + [Self.record("sdc", .slow)], more) == missing)
        let exempt = [
            Self.device("sr0", facts: ["removable": "1"]), Self.device("loop0", .virtual),
            Self.device("nvme0c0n1", .path), Self.device("sdd", byteCount: nil),
            Self.device("sda5", .partition, disk: 0, byteCount: 1024),
        ]
        #expect(try faults(own, disks + exempt) == missing)
    }

    @Test("Each logical volume names the devices that hold its extents")
    func extents() throws {
        let records = try (0..<3).map { try Self.record(["sda", "sdb", "sdc"][$0], volume: $0) }
        let nodes = try #require(
            VolumeGroupNodes(records, devices: ["sda", "sdb", "sdc"].map { Self.device($0) }))
        let group = try #require(nodes.document.volumeGroups.first)
        let extents = ExtentDevices(nodes.document, of: group.id)
        let visible = nodes.document.logicalVolumes.filter(\.isVisible)
        #expect(visible.count == 12)
        // One has segments that lie nowhere.
        #expect(
            visible.filter { extents.devices(of: $0.name).isEmpty }.map(\.name) == ["holes"])
        let partial = try #require(
            VolumeGroupNodes(
                Array(records.prefix(2)), devices: ["sda", "sdb"].map { Self.device($0) }))
        // What LVM calls partial without the third disk is what has extents there.
        #expect(
            Set(visible.map(\.name).filter { extents.devices(of: $0).contains("sdc") })
                == Set(
                    partial.document.logicalVolumes.filter { $0.isVisible && $0.isPartial }
                        .map(\.name)))
        var graph = StorageGraph(Topology(nodes: [], edges: []))
        nodes.add(to: &graph)
        let pool = graph.nodes.first { $0.name == "vg_diag/thin1" }
        #expect(
            pool?.attributes["lvm/devices"]
                == .array(extents.devices(of: "pool").map { .string($0) }))
    }

    @Test("LVM's tool writes neither hints nor the devices file")
    func report() {
        #expect(
            LVMReportProbe.arguments.contains(
                #"global{metadata_read_only=1} backup{backup=0 archive=0} "#
                    + #"devices{hints="none" use_devicesfile=0}"#))
    }

    @Test("Two btrfs with members that only the kernel or only udev knows carry the right devices")
    func btrfsMembers() throws {
        let first = "11111111-1111-4111-8111-111111111111"
        let sink = try FixtureHost(
            listing: """
                sys/devices/x/block/vda/size = 8
                sys/devices/x/block/vda/dev = 254:0
                sys/block/vda -> ../devices/x/block/vda
                sys/devices/x/block/vdb/size = 8
                sys/devices/x/block/vdb/dev = 254:16
                sys/block/vdb -> ../devices/x/block/vdb
                sys/devices/x/block/vdc/size = 8
                sys/devices/x/block/vdc/dev = 254:32
                sys/block/vdc -> ../devices/x/block/vdc
                sys/fs/btrfs/\(first)/devices/vda/
                run/udev/data/b254:16 = E:ID_FS_TYPE=btrfs\\nE:ID_FS_UUID=\(first)
                run/udev/data/b254:32 = E:ID_FS_TYPE=btrfs\\nE:ID_FS_UUID=other
                proc/1/mountinfo <<END
                1 0 0:30 / / rw - btrfs /dev/vda rw
                2 1 0:31 / /other rw - btrfs /dev/vdc rw
                END
                """
        ).collect(StorageCollector())
        let topology = try StorageTopologyTests.topology(sink)
        let names = Dictionary(uniqueKeysWithValues: topology.nodes.map { ($0.id, $0.name) })
        let carried = topology.edges.filter { $0.kind == .carries }
            .map { "\(names[$0.from] ?? "") \($0.to)" }
        #expect(
            carried.sorted() == [
                "vda fileSystem:uuid.\(first)", "vdb fileSystem:uuid.\(first)",
                "vdc fileSystem:uuid.other",
            ])
    }
}
