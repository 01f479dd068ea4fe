import DiagModel
import Testing

@testable import DiagCollectors

@Suite("How a node is judged by records and findings")
struct StorageNodeHealthTests {
    static func judged(
        _ nodes: [Topology.Node], edges: [Topology.Edge] = [], findings: [Finding] = [],
        others: [String: [String]] = [:], records: [ProbeRecord] = [],
        asked: [String: [String]] = [:]
    ) -> [String: String] {
        var graph = StorageGraph(Topology(nodes: nodes, edges: edges))
        for node in nodes { graph.name(node.name, node.id) }
        NodeHealth(
            findings: findings, others: others, records: records, asked: asked, graph: graph
        ).judge(&graph)
        return Dictionary(
            uniqueKeysWithValues: graph.nodes.map { node in
                let status = (node.operationalStatus ?? []).joined(separator: ",")
                return (node.name, node.health.map { "\($0.rawValue): \(status)" } ?? "none")
            })
    }

    static func node(
        _ kind: Topology.Kind, _ name: String, _ attributes: [String: JSONValue] = [:]
    ) -> Topology.Node {
        .init(id: "\(kind.rawValue):\(name)", kind: kind, name: name, attributes: attributes)
    }

    static func record(
        _ target: String, _ outcome: ProbeRecord.Outcome, kind: String = "mapper",
        facts: [String: JSONValue] = [:]
    ) -> ProbeRecord {
        ProbeRecord(kind: kind, target: target, outcome: outcome, seconds: 0, facts: facts)
    }

    static func finding(
        _ fault: String, _ severity: Finding.Severity, at place: String
    ) -> Finding {
        Finding(
            fault: fault, severity: severity, collector: "storage", object: "o", place: place,
            reason: "r")
    }

    @Test("A batch answers for its devices; one that gives no answer leaves its devices unknown")
    func batches() {
        let nodes = ["a", "b", "c", "d", "e"].map { Self.node(.crypt, $0) }
        let asked = ["one": ["a"], "two": ["b"], "three": ["c"], "four": ["d"]]
        func target(_ batch: String) -> String { "/dev/mapper/control batch \(batch)" }
        let health = Self.judged(
            nodes + [Self.node(.logicalVolume, "lv", ["active": false])],
            records: [
                Self.record(target("one"), .ok, facts: ["devices": ["a": [:]]]),
                Self.record(target("two"), .hung), Self.record(target("three"), .skipped),
                Self.record(target("four"), .failed),
            ], asked: Dictionary(uniqueKeysWithValues: asked.map { (target($0.key), $0.value) }))
        #expect(
            health == [
                "a": "Healthy: OK", "b": "Unknown: No Answer", "c": "Unknown: Not Asked",
                "d": "Unknown: No Answer", "e": "Unknown: Unknown", "lv": "none",
            ])
    }

    @Test("A path is as its state says; one without a state has no health")
    func paths() {
        let states: [String: [String: JSONValue]] = [
            "plain": ["state": "live"],
            "near": ["state": "live", "ana_state": "optimized"],
            "far": ["state": "live", "ana_state": "non-optimized"],
            "shut": ["state": "live", "ana_state": "inaccessible"],
            "lost": ["state": "connecting", "ana_state": "optimized"],
            "port": ["port_state": "Online"], "session": ["state": "LOGGED_IN"],
            "end_device-0:0": ["sas_address": "0x5"],
        ]
        let health = Self.judged(
            states.map { Self.node(.path, $0.key, $0.value) },
            records: [Self.record("end_device-0:0", .skipped, kind: "scsi-link")])
        #expect(
            health == [
                "plain": "Healthy: OK", "near": "Healthy: OK", "far": "Healthy: OK",
                "shut": "Unknown: Unknown", "lost": "Unknown: Unknown", "port": "Healthy: OK",
                "session": "Healthy: OK", "end_device-0:0": "none",
            ])
    }

    @Test("What does not work any more is unhealthy, however little the host needs it")
    func lost() {
        let disks = ["sda", "sdb", "sdc"].map { Self.node(.disk, $0, ["state": "offline"]) }
        let health = Self.judged(
            disks + [
                Self.node(.array, "md0"), Self.node(.partition, "sda1"),
                Self.node(.multipath, "mpatha"), Self.node(.disk, "sdd", ["state": "blocked"]),
                Self.node(.partition, "sdd1"),
            ],
            edges: [
                .init(from: "disk:sda", to: "partition:sda1", kind: .contains),
                .init(from: "disk:sdb", to: "multipath:mpatha", kind: .carries),
                .init(from: "disk:sdd", to: "partition:sdd1", kind: .contains),
            ],
            findings: ["a", "b", "c", "d"].map {
                Self.finding("storage.scsi.device-state", .major, at: "disk:sd\($0)")
            } + [Self.finding("storage.md.inactive", .major, at: "array:md0")])
        #expect(health["sda"] == "Unhealthy: Device State")
        #expect(["sdb", "sdc", "sdd"].allSatisfy { health[$0] == "Warning: Device State" })
        #expect(health["md0"] == "Unhealthy: Inactive")
    }

    @Test("A pool's fault is placed on its first file system, and true of the others")
    func pool() throws {
        let sink = try StorageFileSystemHealthTests.sink(
            """
            proc/spl/kstat/zfs/tank/state = SUSPENDED
            proc/1/mountinfo <<END
            1 0 0:30 / / rw - zfs tank/root rw
            2 1 0:31 / /tank rw - zfs tank rw
            3 1 0:32 / /other rw - zfs tank2 rw
            END
            """)
        let finding = try #require(sink.findings.first { $0.fault == "storage.zfs.pool-state" })
        let nodes = try StorageTopologyTests.topology(sink).nodes.filter { $0.name == "zfs" }
        let health = Dictionary(
            uniqueKeysWithValues: nodes.map { ($0.attributes["source"]?.text ?? "", $0) })
        #expect(finding.place == health["tank"]?.id)
        #expect(health["tank"]?.operationalStatus == ["Pool State"])
        #expect(health["tank/root"]?.health == .unhealthy)
        #expect(health["tank2"]?.health == .unknown)
    }

    @Test("A superblock that asks for a check is a finding, unless the kernel tells of it itself")
    func marked() {
        func record(_ name: String, _ facts: [String: JSONValue]) -> ProbeRecord {
            Self.record("/dev/\(name)", .ok, kind: "metadata", facts: facts)
        }
        let findings = FileSystemFindings.marked(
            [
                record("sda1", ["fileSystemType": "ext4", "errorCount": 2, "lastErrorTime": "T"]),
                record("sda2", ["fileSystemType": "ext4", "errorCount": 0]),
                record("sda3", ["fileSystemType": "xfs", "needsRepair": true]),
                record("sda4", ["fileSystemType": "ext3", "fileSystemState": "clean with errors"]),
                record("told", ["fileSystemType": "ext4", "errorCount": 2]),
                record("held", ["fileSystemType": "ext4", "errorCount": 2]),
                record("half", ["errorCount": 2, "mdArrayUUID": "x"]),
            ], held: ["held"], told: ["/dev/told"])
        #expect(
            findings.map { "\($0.place ?? ""): \($0.reason)" } == [
                "/dev/sda1: The superblock of the ext4 file system on sda1 records 2 errors, the "
                    + "last at T.",
                "/dev/sda3: The superblock of the xfs file system on sda3 asks for a repair.",
                "/dev/sda4: The superblock of the ext3 file system on sda4 marks it as one with "
                    + "errors.",
            ])
        #expect(
            findings.allSatisfy {
                $0.fault == "storage.file-system.marked" && $0.severity == .minor
            })
        #expect(findings[1].recommendedActions[1].contains("`xfs_repair -n /dev/sda3`"))
    }

    @Test("The state of a hidden path of a namespace stands on its node")
    func asymmetricAccess() throws {
        let folder = "sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0"
        let sink = try FixtureHost(
            listing: """
                sys/block/nvme0c0n1 -> ../devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0c0n1
                \(folder)/state = live
                \(folder)/nvme0c0n1/size = 2048
                \(folder)/nvme0c0n1/hidden = 1
                \(folder)/nvme0c0n1/ana_state = non-optimized
                """
        ).collect(StorageCollector())
        let path = try StorageTopologyTests.topology(sink).nodes.first { $0.kind == .path }
        #expect(path?.attributes["ana_state"] == "non-optimized")
        #expect(path?.health == .healthy)
    }
}
