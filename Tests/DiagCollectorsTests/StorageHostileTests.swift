import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@Suite("Storage of a hostile or dying host")
struct StorageHostileTests {
    @Test("Links that go round, lead away or lead nowhere, FIFOs and huge attributes stop nothing")
    func hostileTree() throws {
        let host = try FixtureHost("virtio-plain")
        let disk = "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda"
        try host.add(
            """
            sys/block/round -> ../block/round
            sys/block/one -> two
            sys/block/two -> one
            sys/block/gone -> ../devices/virtual/block/gone
            sys/block/up -> ../..
            sys/block/away -> /etc
            sys/block/plain = not a folder
            sys/devices/virtual/block/zram0/dm -> /etc
            """)
        try host.write("\(disk)/events", [UInt8](repeating: 0x41, count: 4 << 20))
        try host.remove("\(disk)/stat")
        #expect(mkfifo(host.url.appendingPathComponent("\(disk)/stat").path, 0o600) == 0)
        let sink = try host.collect(StorageCollector())
        let topology = try StorageTopologyTests.topology(sink)
        StorageTopologyTests.expectSound(topology)
        #expect(
            try StorageTopologyTests.lines(of: topology)
                == FixtureHost.text("hosts/virtio-plain/graph.txt"))
        #expect(
            sink.missing.map(\.what) == [
                "/sys/block/one", "/sys/block/round", "/sys/block/two",
            ])
        #expect(try #require(sink["devices.jsonl"]).bytes.count < 64 << 10)
    }

    @Test("A device that is gone before it is read is passed over without a word")
    func vanished() throws {
        let host = try FixtureHost("md-multipath")
        try host.remove("sys/devices/pci0000:00/0000:00:17.0/ata2")
        let sink = try host.collect(StorageCollector())
        #expect(sink.missing == [])
        let topology = try StorageTopologyTests.topology(sink)
        StorageTopologyTests.expectSound(topology)
        #expect(!topology.nodes.contains { $0.name.hasPrefix("sdb") })
        #expect(topology.nodes.contains { $0.name == "md0" })
    }

    @Test("Devices with the same name, number and identity still have an id each")
    func sameEverything() throws {
        let disk = "sys/devices/pci0000:00/0000:00:01.0/0:0:0:0/block"
        var listing = ""
        for name in ["sda", "sdb"] {
            listing += """
                sys/block/\(name) -> ../devices/pci0000:00/0000:00:01.0/0:0:0:0/block/\(name)
                \(disk)/\(name)/dev = 8:0
                \(disk)/\(name)/size = 8
                \(disk)/\(name)/\(name)1/partition = 1
                \(disk)/\(name)/\(name)1/dev = 8:1
                \(disk)/\(name)/\(name)1/uevent = PARTUUID=one

                """
        }
        listing += """
            sys/block/sdc -> sda
            sys/block/disk:naa.1@sda -> sda
            sys/devices/pci0000:00/0000:00:01.0/0:0:0:0/wwid = naa.1
            """
        let sink = try FixtureHost(listing: listing).collect(StorageCollector())
        let topology = try StorageTopologyTests.topology(sink)
        StorageTopologyTests.expectSound(topology)
        #expect(
            topology.nodes.filter { $0.kind == .disk || $0.kind == .partition }.map(\.id) == [
                "disk:naa.1@sda", "disk:naa.1@sdb", "disk:name.disk:naa.1@sda", "disk:name.sdc",
                "partition:uuid.one@sda1", "partition:uuid.one@sdb1",
            ])
    }

    @Test("Devices that stand on each other in a circle, or in a chain of 500, are drawn once")
    func circle() throws {
        var listing = """
            sys/devices/virtual/block/dm-0/slaves/dm-1 -> ../../dm-1
            sys/devices/virtual/block/dm-1/slaves/dm-0 -> ../../dm-0

            """
        for index in 0..<502 {
            listing += """
                sys/block/dm-\(index) -> ../devices/virtual/block/dm-\(index)
                sys/devices/virtual/block/dm-\(index)/dev = 253:\(index)
                sys/devices/virtual/block/dm-\(index)/size = 8

                """
            if index > 2 {
                listing += "sys/devices/virtual/block/dm-\(index)/slaves/dm-\(index - 1)/\n"
            }
        }
        let sink = try FixtureHost(listing: listing).collect(StorageCollector())
        let tree = try #require(sink["topology.txt"]).text
        let lines = tree.split(separator: "\n")
        #expect(lines.count == 503)
        #expect(lines.count { $0.hasSuffix("(drawn above)") } == 1)
        #expect(lines.allSatisfy { $0.utf8.count < 400 })
        #expect(tree.contains("(level 499)"))
    }

    @Test("A line of one MiB and 5,000 mounts are taken as they come")
    func longTable() throws {
        let host = try FixtureHost(listing: "tmp/")
        let long = String(repeating: "x", count: 1 << 20)
        let mounts = (0..<5000).map { index in
            "\(100 + index) 31 0:\(100 + index) / /run/many/\(index) rw - tmpfs tmpfs rw"
        }
        let lines =
            ["31 1 8:1 / / rw - ext4 /dev/sda1 rw,\(long)", "32 31 8:1 /\(long)", long] + mounts
        try host.write("proc/1/mountinfo", Array(lines.joined(separator: "\n").utf8))
        let sink = try host.collect(StorageCollector())
        let topology = try StorageTopologyTests.topology(sink)
        StorageTopologyTests.expectSound(topology)
        #expect(topology.nodes.count { $0.kind == .mount } == 5001)
        #expect(StorageTopologyTests.probes(sink).count == 5001)
        #expect(
            sink.messages.contains(.note(.init(text: "mountinfo: cannot read line 2, 3"))))
        let tree = try #require(sink["topology.txt"]).text
        #expect(tree.contains("… and 4980 more of type tmpfs"))
        #expect(tree.split(separator: "\n").count == 43)
    }

    @Test("A mount point that is not UTF-8 is probed by its bytes")
    func notText() throws {
        let host = try FixtureHost(listing: "tmp/")
        try host.write(
            "proc/1/mountinfo",
            Array("31 1 8:1 / /bad\\040".utf8) + [0xFF] + Array(" rw - ext4 /dev/sda1 rw\n".utf8))
        let sink = try host.collect(StorageCollector())
        #expect(
            StorageTopologyTests.probes(sink) == [
                ProbeRequest(
                    kind: "mount-health", target: #"/bad \xFF"#, targetBytes: "L2JhZCD/",
                    facts: ["device": "8:1", "fileSystemType": "ext4"])
            ])
        let names = try StorageTopologyTests.topology(sink).nodes.map(\.name)
        #expect(names == ["ext4", #"/bad \xFF"#])
    }

    @Test(
        "Two hundred devices from the benchmark's generator make one graph, each in its place",
        .enabled(if: Self.hasPython))
    func manyDevices() throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(
                "Benchmarks/make_block_devices.py")
        let host = try FixtureHost(listing: "tmp/")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", script.path, host.url.appendingPathComponent("root").path, "200",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let many = try RootedTree(FilePath(host.url.appendingPathComponent("root").path))
        let sink = MemorySink()
        try StorageCollector().collect(in: CollectionContext(root: many), into: sink)
        let topology = try StorageTopologyTests.topology(sink)
        StorageTopologyTests.expectSound(topology)
        var counts = [Topology.Kind: Int]()
        for node in topology.nodes { counts[node.kind, default: 0] += 1 }
        #expect(
            counts == [
                .bus: 1, .controller: 1, .disk: 20, .partition: 20, .logicalVolume: 180,
                .fileSystem: 181, .mount: 61,
            ])
        var upper = [String: Int]()
        for edge in topology.edges { upper[edge.to, default: 0] += 1 }
        // One root is the bus, the other the tmpfs.
        #expect(topology.nodes.count { upper[$0.id] == nil } == 2)
        #expect(upper.values.allSatisfy { $0 == 1 })
        #expect(sink["devices.jsonl"]?.text.split(separator: "\n").count == 221)
        #expect(sink.missing == [])
        #expect(sink.absent.map(\.what) == ["/sys/class/nvme", "network-storage.json"])
    }

    private static let hasPython = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/python3")
        }
}
