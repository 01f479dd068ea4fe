import DiagCollect
import DiagCollectors
import DiagModel
import Foundation
import Testing

@Suite("The storage topology")
struct StorageTopologyTests {
    /// Kinds of storage that the recorded hosts do not have.
    static let noneHere = ["/sys/class/nvme", "SCSI devices", "network-storage.json"]
    static let hosts = ["virtio-plain", "nvme-luks-lvm", "md-multipath"]

    /// The graph as lines: every node, then every edge.
    static func lines(of topology: Topology) -> String {
        let nodes = topology.nodes.map { node in
            "\(node.kind.rawValue) | \(node.id) | \(node.name) | \(node.byteCount ?? -1)"
        }
        let edges = topology.edges.map { "\($0.from) \($0.kind.rawValue) \($0.to)" }
        return (nodes + edges).map { $0 + "\n" }.joined()
    }

    static func topology(_ sink: MemorySink) throws -> Topology {
        try JSONDocument.decode(Topology.self, from: try #require(sink["topology.json"]).bytes)
    }

    static func expectSound(_ topology: Topology) {
        let ids = Set(topology.nodes.map(\.id))
        #expect(ids.count == topology.nodes.count)
        for edge in topology.edges {
            #expect(ids.contains(edge.from) && ids.contains(edge.to), "\(edge)")
        }
        #expect(topology == Topology(nodes: topology.nodes, edges: topology.edges))
    }

    @Test("A recorded host has the graph and the tree that were checked by eye", arguments: hosts)
    func recorded(host: String) throws {
        let sink = try FixtureHost(host).collect(StorageCollector())
        let topology = try Self.topology(sink)
        Self.expectSound(topology)
        if let folder = ProcessInfo.processInfo.environment["RECORD_FIXTURES"] {
            try Self.lines(of: topology).write(
                toFile: "\(folder)/\(host)/graph.txt", atomically: true, encoding: .utf8)
            try #require(sink["topology.txt"]).text.write(
                toFile: "\(folder)/\(host)/tree.txt", atomically: true, encoding: .utf8)
        }
        #expect(try Self.lines(of: topology) == FixtureHost.text("hosts/\(host)/graph.txt"))
        #expect(try sink["topology.txt"]?.text == FixtureHost.text("hosts/\(host)/tree.txt"))
        #expect(sink.missing.isEmpty)
    }

    @Test("Only udev's database may be absent on the recorded hosts")
    func absent() throws {
        let plain = try FixtureHost("virtio-plain").collect(StorageCollector())
        #expect(plain.absent.map(\.what) == ["/run/udev/data"] + Self.noneHere)
        let laptop = try FixtureHost("nvme-luks-lvm").collect(StorageCollector())
        #expect(laptop.absent.map(\.what) == Self.noneHere)
    }

    @Test("What asks the device is never read")
    func serialOfVirtio() throws {
        let sink = try FixtureHost("virtio-plain").collect(StorageCollector())
        #expect(sink.artifacts.allSatisfy { !$0.text.contains("NEVER-READ-ME") })
    }

    @Test("What makes the kernel log a warning is never read")
    func deprecated() throws {
        let host = try FixtureHost("virtio-plain")
        try host.add(
            "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/capability = NEVER-READ-ME")
        let sink = try host.collect(StorageCollector())
        #expect(sink.artifacts.allSatisfy { !$0.text.contains("NEVER-READ-ME") })
    }

    @Test("Both paths of one LUN keep its identity, and neither takes it as its id")
    func sharedIdentity() throws {
        let topology = try Self.topology(FixtureHost("md-multipath").collect(StorageCollector()))
        let paths = topology.nodes.filter { $0.name == "sdc" || $0.name == "sdd" }
        #expect(
            paths.map(\.id) == [
                "disk:naa.60002ac0000000000000000a00001111@pci-0000:3b:00.0-fc-0x5001438000000000-lun-1",
                "disk:naa.60002ac0000000000000000a00001111@pci-0000:3b:00.1-fc-0x5001438000000010-lun-1",
            ])
        #expect(
            paths.allSatisfy {
                $0.attributes["identity"] == "naa.60002ac0000000000000000a00001111"
            })
    }

    @Test("A suspended device and a read-only root are findings with evidence")
    func findings() throws {
        let sink = try FixtureHost("md-multipath").collect(StorageCollector())
        let topology = try Self.topology(sink)
        #expect(
            sink.findings.map { "\($0.fault) \($0.object)" } == [
                "storage.dm.suspended vgsan-scratch", "storage.mount.read-only /",
            ])
        for finding in sink.findings {
            #expect(topology.nodes.contains { $0.id == finding.place })
            #expect(!finding.recommendedActions.isEmpty && !finding.reason.isEmpty)
            for evidence in finding.evidence {
                let path = String(evidence.artifact.dropFirst("storage/".count))
                let lines = try #require(sink[path]).text.split(separator: "\n")
                let line = try #require(evidence.line)
                let object = finding.object == "/" ? " / " : finding.object
                #expect(lines[line - 1].contains(object), "\(evidence)")
            }
        }
        let others = try FixtureHost("nvme-luks-lvm").collect(StorageCollector())
        #expect(others.findings == [])
    }

    @Test("A probe is asked for each mount that can be seen, automounts excepted")
    func probes() throws {
        let sink = try FixtureHost("nvme-luks-lvm").collect(StorageCollector())
        #expect(
            Self.probes(sink).filter { $0.kind == "mount-health" }.map(\.target) == [
                "/sys", "/proc", "/", "/boot", "/boot/efi", "/snap/core22/1", "/srv/shared files",
                "/mnt/nas", "/home/ada/remote box", "/var/lib/docker/overlay2/abc/merged",
            ])
        #expect(
            Self.probes(sink).first { $0.target == "/boot/efi" }
                == ProbeRequest(
                    kind: "mount-health", target: "/boot/efi",
                    facts: ["device": "259:1", "fileSystemType": "vfat"]))
        let plain = Self.probes(try FixtureHost("virtio-plain").collect(StorageCollector()))
        #expect(plain.filter { $0.target == "/dev/shm" }.count == 1)
    }

    static func probes(_ sink: MemorySink) -> [ProbeRequest] {
        sink.messages.compactMap { if case .probe(let request) = $0 { request } else { nil } }
    }

    @Test("The evidence is what the host had, with secrets of mount options masked")
    func evidence() throws {
        let sink = try FixtureHost("nvme-luks-lvm").collect(StorageCollector())
        #expect(
            sink.artifacts.map(\.opening.path) == [
                "mountinfo.txt", "swaps.txt", "partitions.txt", "diskstats.txt", "fstab.txt",
                "udev-database.txt", "file-systems.json", "blocked-tasks.json",
                "topology.json", "topology.txt",
                "subsystems.json", "io-samples.jsonl", "io-rates.json", "devices.jsonl",
            ])
        let table = try #require(sink["fstab.txt"])
        #expect(table.text.contains("username=ada,password=[masked],noauto"))
        #expect(table.opening.privacy == .sensitive)
        #expect(
            sink["udev-database.txt"]?.text.hasPrefix(
                "# /run/udev/data/b253:0\nS:mapper/nvme0n1p3_crypt\n") == true)
        #expect(sink.artifacts.allSatisfy { !$0.text.contains("hunter2") })
        let devices = try #require(sink["devices.jsonl"]).text.split(separator: "\n")
        #expect(devices.count == 9)
        #expect(devices[0] == #"{"schema":"diagbundle.block-devices/1"}"#)
        #expect(devices[1].contains(#""dm/name":"nvme0n1p3_crypt""#))
        #expect(devices[2].contains(#""links":["/dev/disk/by-label/root","/dev/disk/by-uuid/4"#))
        #expect(devices[2].contains(#""queue/nr_requests":"256""#))
    }

    @Test("A root without sysfs still gives mounts, swap areas and the listed devices")
    func withoutSysfs() throws {
        let host = try FixtureHost("nvme-luks-lvm")
        try host.remove("sys")
        let sink = try host.collect(StorageCollector())
        #expect(sink.absent.map(\.what) == ["/sys/block"] + Self.noneHere)
        let topology = try Self.topology(sink)
        Self.expectSound(topology)
        #expect(topology.nodes.count { $0.kind == .mount } == 12)
        #expect(topology.nodes.count { $0.kind == .swap } == 2)
        let id = try #require(topology.nodes.first { $0.name == "dm-1" }).id
        #expect(
            topology.edges.contains(
                .init(
                    from: id, to: "fileSystem:uuid.44444444-dddd-4ddd-8ddd-000000000004",
                    kind: .carries)))
        #expect(sink["devices.jsonl"] == nil)
    }

    @Test("An empty root is absent, not an error")
    func emptyRoot() throws {
        let sink = try FixtureHost(listing: "tmp/").collect(StorageCollector())
        #expect(
            sink.absent.map(\.what) == [
                "/proc/1/mountinfo", "/proc/swaps", "/proc/partitions", "/proc/diskstats",
                "/etc/fstab", "/run/udev/data", "/sys/block",
            ] + Self.noneHere)
        #expect(sink.missing == [])
        #expect(try Self.topology(sink).nodes == [])
    }

    @Test("Our own mounts stand in where those of the first process are refused, with a note")
    func ownMounts() throws {
        let host = try FixtureHost(
            listing: """
                proc/1/mountinfo/
                proc/self/mountinfo = 31 1 8:1 / / rw - ext4 /dev/sda1 rw
                """)
        let sink = try host.collect(StorageCollector())
        #expect(try Self.topology(sink).nodes.map(\.id) == ["fileSystem:ext4./", "mount:/"])
        #expect(sink["mountinfo.txt"]?.opening.source == "/proc/self/mountinfo")
        let notes = sink.messages.compactMap {
            if case .note(let note) = $0 { note.text } else { nil }
        }
        #expect(notes.count == 1 && notes[0].contains("/proc/1/mountinfo cannot be read"))
    }
}
