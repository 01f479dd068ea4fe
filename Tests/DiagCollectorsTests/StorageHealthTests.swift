import DiagCollect
import DiagFormats
import DiagModel
import Foundation
import Testing

@testable import DiagCollectors

@Suite("What the probes say of the nodes of the graph")
struct StorageHealthTests {
    /// The topology of the fixture `host` when its probes answer as `answer` says.
    static func collect(
        _ host: String, answer: @escaping (ProbeRequest) -> ProbeRecord?
    ) throws -> MemorySink {
        let fixture = try FixtureHost(host)
        let sink = MemorySink { request, _ in answer(request) }
        try StorageCollector().collect(
            in: CollectionContext(root: try fixture.tree()), into: sink)
        return sink
    }

    static func subsystems(_ sink: MemorySink) throws -> SubsystemList {
        try JSONDocument.decode(
            SubsystemList.self, from: try #require(sink["subsystems.json"]).bytes)
    }

    static func space(_ request: ProbeRequest) -> ProbeRecord {
        let answer: [String: JSONValue] = [
            "byteCount": 1000, "usedPercent": .number(12.5), "magic": "0xef53", "dev": "1:2",
        ]
        return ProbeRecord(
            kind: request.kind, target: request.target, outcome: .ok, seconds: 0,
            facts: (request.facts ?? [:]).merging(answer) { $1 })
    }

    @Test("The space that a mount tells stands on its file system, with its artifact")
    func space() throws {
        let sink = try Self.collect("nvme-luks-lvm", answer: Self.space)
        let topology = try StorageTopologyTests.topology(sink)
        let mount = try #require(topology.nodes.first { $0.kind == .mount && $0.name == "/" })
        let edge = try #require(topology.edges.first { $0.to == mount.id })
        let fileSystem = try #require(topology.nodes.first { $0.id == edge.from })
        #expect(fileSystem.byteCount == 1000)
        #expect(fileSystem.attributes["space/usedPercent"] == .number(12.5))
        #expect(fileSystem.artifacts == ["space": "storage/mount-health.json"])
        #expect(fileSystem.health == .healthy && fileSystem.operationalStatus == ["OK"])
        let disk = try #require(topology.nodes.first { $0.name == "nvme0n1" })
        #expect(disk.artifacts?[""] == "storage/devices.jsonl")
    }

    @Test("A mount that does not answer makes its subsystem unhealthy, and the finding has a node")
    func hung() throws {
        let sink = try Self.collect("nvme-luks-lvm") { request in
            guard request.target == "/mnt/nas" else { return Self.space(request) }
            return ProbeRecord(
                kind: request.kind, target: request.target, outcome: .hung, seconds: 2,
                reason: "no answer within 2 s", facts: request.facts ?? [:])
        }
        let finding = try #require(sink.findings.first { $0.fault == "storage.mount.hung" })
        let topology = try StorageTopologyTests.topology(sink)
        let node = try #require(topology.nodes.first { $0.id == finding.place })
        #expect(node.kind == .mount && node.name == "/mnt/nas")
        #expect(node.health == Health(finding.severity) && node.operationalStatus == ["Hung"])
        #expect(finding.evidence == [.init(artifact: "storage/mount-health.json")])
        #expect(sink["topology.txt"]?.text.contains("Hung]") == true)
    }

    @Test("The subsystems are the providers of the graph, each with the worst health of its nodes")
    func list() throws {
        let list = try Self.subsystems(Self.collect("md-multipath", answer: Self.space))
        let lines = list.subsystems.map {
            "\($0.name) | \($0.friendlyName) | \($0.provider) | \($0.healthStatus.rawValue) | "
                + "\($0.operationalStatus.joined(separator: ",")) | \($0.deviceCount) | \($0.byteCount)"
        }
        #expect(
            lines == [
                "file-systems | local file systems on this host | file systems | Warning | Read Only | 3 | 3000",
                "lvm | LVM on this host | lvm | Warning | Suspended | 2 | 1073741824000",
                "md | Linux RAID on this host | md | Warning | Degraded | 1 | 4000649838592",
                "multipath | multipath on this host | dm-multipath | Healthy | OK | 1 | 1099511627776",
                "scsi-ahci | SCSI (ahci) on this host | ahci | Unknown | Unknown | 2 | 8001574060032",
                "scsi-qla2xxx | SCSI (qla2xxx) on this host | qla2xxx | Unknown | Unknown | 2 | 2199023255552",
            ])
        let topology = try StorageTopologyTests.topology(
            Self.collect("md-multipath", answer: Self.space))
        let ids = Set(topology.nodes.map(\.id))
        #expect(list.subsystems.allSatisfy { ids.isSuperset(of: $0.nodes) })
    }

    @Test("An NFS mount's rates are the growth of its operations' sums")
    func nfsRates() throws {
        func counters(_ reads: Int, _ milliseconds: Int) -> NFSCounters {
            let text = """
                device nas:/srv mounted on /srv with fstype nfs4 statvers=1.1
                \topts:\trw,vers=4.2
                \tper-op statistics
                \t        READ: \(reads) \(reads + 1) 0 \(reads * 10) \(reads * 100) 0 5 \(milliseconds) 0
                \t       WRITE: 0 0 0 0 0 0 0 0 0

                """
            let mounts = NFSMountStatistics(parsing: Array(text.utf8)).mounts
            return NFSCounters(mounts[0])
        }
        let rates = NFSRates(
            mountPoint: "/srv", from: counters(100, 50), to: counters(300, 450), seconds: 2)
        #expect(rates.operationsPerSecond == 100 && rates.operationMilliseconds == 2)
        #expect(rates.sentBytesPerSecond == 1000 && rates.receivedBytesPerSecond == 10000)
        #expect(rates.retransmissions == 0 && rates.majorTimeouts == 0)
    }

    @Test("Rates are what the counters grew by, per second; a counter of 32 bits may begin anew")
    func rates() throws {
        let rates = IORates(
            started: Timestamp(microsecondsSince1970: 0), seconds: 2, sampleCount: 3,
            from: [
                "sda": [100, 0, 1000, 4_294_967_290, 10, 0, 80, 5, 0, 100, 200],
                "gone": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            ],
            to: [
                "sda": [110, 0, 1200, 14, 10, 0, 80, 5, 3, 1100, 1200],
                "new": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            ])
        let device = try #require(rates.devices.first)
        #expect(rates.devices.count == 1)
        #expect(device.readsPerSecond == 5 && device.readBytesPerSecond == 51200)
        #expect(device.readMilliseconds == 2 && device.writeMilliseconds == nil)
        #expect(device.queueDepth == 0.5 && device.busyPercent == 50 && device.inFlight == 3)
    }
}
