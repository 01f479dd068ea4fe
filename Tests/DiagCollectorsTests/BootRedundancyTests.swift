import DiagCollectors
import DiagModel
import Testing

@Suite("What the root stands on, and what may fail alone")
struct BootRedundancyTests {
    private static let systemType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
    private static let linuxType = "0fc63daf-8483-4772-8e79-3d69d8477de4"

    /// A root on md over two disks of one controller, with an EFI system partition on the first.
    private static func mirror(
        level: String = "raid1", degraded: Int = 0, secondType: String = linuxType,
        secondFileSystem: String? = "vfat"
    ) -> BootHosts.Nodes {
        func disk(_ name: String, _ minor: Int) -> BootHosts.Nodes {
            BootHosts.disk(
                name, number: "8:\(minor)", sectors: 4096,
                folder: "pci0000:00/0000:00:1f.2/ata\(minor)/host\(minor)/block",
                partitions: [
                    (name + "1", "8:\(minor + 1)", 1024), (name + "2", "8:\(minor + 2)", 2048),
                ], model: "DISK")
        }
        func udev(
            _ number: String, _ type: String, _ fileSystem: String? = "vfat"
        ) -> BootHosts.Nodes {
            [
                "/run/udev/data/b\(number)": .text(
                    "E:ID_PART_ENTRY_TYPE=\(type)\n"
                        + (fileSystem.map { "E:ID_FS_TYPE=\($0)\n" } ?? ""))
            ]
        }
        let place = "/sys/devices/virtual/block/md0"
        return BootHosts.merged(
            disk("sda", 0), disk("sdb", 16), udev("8:1", systemType), udev("8:2", linuxType),
            udev("8:17", secondType, secondFileSystem), udev("8:18", linuxType),
            [
                "/sys/dev/block/9:0": .link("../../devices/virtual/block/md0"),
                "\(place)/dev": .text("9:0\n"), "\(place)/size": .text("2048\n"),
                "\(place)/uevent": .text("DEVNAME=md0\n"),
                "\(place)/md/level": .text(level + "\n"),
                "\(place)/md/raid_disks": .text("2\n"),
                "\(place)/md/degraded": .text("\(degraded)\n"),
                "\(place)/slaves/sda2": .link(
                    "../../../../pci0000:00/0000:00:1f.2/ata0/host0/block/sda/sda2"),
                "\(place)/slaves/sdb2": .link(
                    "../../../../pci0000:00/0000:00:1f.2/ata16/host16/block/sdb/sdb2"),
                "/sys/firmware/efi/fw_platform_size": .text("64\n"),
                "/proc/1/mountinfo": .text("22 1 9:0 / / rw - ext4 /dev/md0 rw\n"),
            ])
    }

    /// The target `/` of root-stack.json.
    struct RootTarget {
        let root: JSONValue?
        let faults: [String]
        let findings: [Finding]

        init(_ nodes: BootHosts.Nodes) throws {
            let sink = try TemporaryHost(nodes).collect(BootCollector())
            guard case .array(let targets)? = try sink.json("root-stack.json")?["targets"] else {
                root = nil
                faults = []
                findings = []
                return
            }
            root = targets.first
            findings = sink.findings
            faults = sink.findings.map(\.fault)
        }

        var points: [String] {
            guard case .array(let points)? = root?["singlePointsOfFailure"] else { return [] }
            return points.map { "\($0["kind"]?.text ?? "") \($0["name"]?.text ?? "")" }
        }
    }

    @Test("A whole mirror leaves the controller alone, and lacks a second boot partition")
    func mirror() throws {
        let host = try RootTarget(Self.mirror())
        #expect(
            host.root?["chain"]
                == "ext4 ← array md0 (raid1) ← partition sda2, sdb2 ← disk sda, sdb")
        #expect(host.root?["physicalDisks"] == ["sda", "sdb"])
        #expect(host.points == ["controller 0000:00:1f.2"])
        #expect(host.faults == ["boot.esp.not-mirrored"])
        #expect(host.findings.first?.place == "/dev/sdb")
        #expect(host.findings.first?.reason.contains("only sda can be started from") == true)
    }

    @Test("With a boot partition on each half nothing is found")
    func whole() throws {
        let host = try RootTarget(Self.mirror(secondType: Self.systemType))
        #expect(host.faults == [] && host.root?["systemPartitionCopies"] == "all")
        // Half of a mirror of the boot partition itself, which the firmware reads like any other.
        let mirrored = Self.mirror(
            secondType: Self.systemType, secondFileSystem: "linux_raid_member")
        #expect(try RootTarget(mirrored).faults == [])
    }

    @Test("An empty boot partition is no copy, and without known types nothing is found")
    func emptyAndUnknown() throws {
        let empty = try RootTarget(
            Self.mirror(secondType: Self.systemType, secondFileSystem: nil))
        #expect(empty.faults == ["boot.esp.not-mirrored"])
        #expect(empty.findings.first?.reason.contains("sdb has an empty one") == true)
        #expect(empty.root?["systemPartitionCopies"] == "some")
        var nodes = Self.mirror()
        nodes["/run/udev/data/b8:17"] = nil
        let unknown = try RootTarget(nodes)
        #expect(unknown.faults == [] && unknown.root?["systemPartitionCopies"] == "unknown")
    }

    @Test("A degraded mirror and a striped array survive nothing")
    func degraded() throws {
        let degraded = try RootTarget(Self.mirror(degraded: 1))
        #expect(
            degraded.points == [
                "disk sda", "disk sdb", "controller 0000:00:1f.2", "layer md0",
            ])
        let striped = try RootTarget(Self.mirror(level: "raid0"))
        #expect(striped.points.contains("disk sda") && striped.points.contains("layer md0"))
        #expect(striped.faults == [])
    }

    @Test("Two paths to one volume leave the volume, one path leaves the path")
    func multipath() throws {
        func host(_ paths: [String]) -> BootHosts.Nodes {
            let disks = ["sda", "sdb"].enumerated().map { index, name in
                BootHosts.disk(
                    name, number: "8:\(index * 16)", sectors: 2048,
                    folder: "pci0000:00/0000:0\(index):01.0/host\(index)/block", partitions: [],
                    model: "LUN")
            }
            return BootHosts.merged(
                disks[0], disks[1],
                BootHosts.mapped(
                    "dm-0", number: "253:0", sectors: 2048, mapName: "mpatha", uuid: "mpath-3600",
                    over: paths.map { name in
                        let index = name == "sda" ? 0 : 1
                        return (name, "pci0000:00/0000:0\(index):01.0/host\(index)/block/\(name)")
                    }),
                ["/proc/1/mountinfo": .text("22 1 253:0 / / rw - xfs /dev/mapper/mpatha rw\n")])
        }
        #expect(try RootTarget(host(["sda", "sdb"])).points == ["disk mpatha"])
        #expect(
            try RootTarget(host(["sda"])).points == [
                "disk mpatha", "controller 0000:00:01.0", "path sda",
            ])
    }

    @Test("The profiles of btrfs say what it survives", arguments: ["raid1", "single"])
    func btrfs(profile: String) throws {
        let uuid = "00000000-0000-0000-0000-00000000000b"
        let place = "/sys/fs/btrfs/\(uuid)"
        var nodes: BootHosts.Nodes = [
            "\(place)/devices/vda": .folder, "\(place)/devices/vdb": .folder,
            "/dev/disk/by-uuid/\(uuid)": .link("../../vda"),
            "/proc/1/mountinfo": .text(
                "22 1 0:30 /@ / rw - btrfs /dev/disk/by-uuid/\(uuid) rw,subvol=/@\n"),
        ]
        for kind in ["data", "metadata", "system"] {
            nodes["\(place)/allocation/\(kind)/\(profile)"] = .folder
        }
        let host = try RootTarget(
            BootHosts.merged(
                BootHosts.disk(
                    "vda", number: "254:0", sectors: 8, folder: "virtio0/block", partitions: [],
                    model: "A"),
                BootHosts.disk(
                    "vdb", number: "254:16", sectors: 8, folder: "virtio1/block", partitions: [],
                    model: "B"), nodes))
        #expect(host.root?["profiles"] == [.string(profile)])
        #expect(
            host.points
                == (profile == "raid1" ? [] : ["disk vda", "disk vdb", "layer file system"]))
    }
}
