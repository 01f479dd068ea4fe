import DiagModel
import Testing

@testable import DiagCollectors

@Suite("Findings about metadata")
struct MetadataFindingsTests {
    private func summaries(_ records: [ProbeRecord]) -> [String] {
        MetadataProbe().findings(in: records).map { "\($0.severity) \($0.fault) \($0.object)" }
    }

    @Test("A broken primary table is worse than a broken backup")
    func tables() throws {
        let host = try MetadataHost()
        try host.device("sda", image: "gpt") { $0[512 + 56] ^= 1 }
        #expect(
            summaries([try host.probe("sda")]) == ["major storage.partition-table.damaged sda"])
        try host.device("sdb", image: "gpt") { $0[$0.count - 512 + 56] ^= 1 }
        #expect(
            summaries([try host.probe("sdb")]) == ["minor storage.partition-table.damaged sdb"])
        try host.device("sdc", image: "gpt", byteCount: 20 << 20)
        #expect(
            summaries([try host.probe("sdc")]) == [
                "minor storage.partition-table.backup-displaced sdc"
            ])
        try host.device("sdd", image: "dos", byteCount: 16 << 20) {
            $0.removeLast($0.count - 16 << 20)
        }
        #expect(
            summaries([try host.probe("sdd")]) == ["major storage.partition-table.extents sdd"])
    }

    @Test("A member that was thrown out is behind its peers, and its slot is missing")
    func stale() throws {
        let host = try MetadataHost()
        for (name, image) in [("sda", "md-raid5"), ("sdb", "md-raid5b"), ("sdc", "md-stale")] {
            try host.device(name, image: image)
        }
        let records = try ["sda", "sdb", "sdc"].map { try host.probe($0) }
        #expect(
            summaries(records) == [
                "major storage.md.slot-missing lab:five", "major storage.md.member-stale sdc",
            ])
        let findings = MetadataProbe().findings(in: records)
        #expect(findings[0].reason.contains("1 of its 3 members are missing: AA."))
        #expect(findings[1].reason.contains("stands at 17 events and those of its peers at 23"))
        #expect(findings[1].place == "/dev/sdc")
        // Alone it does not know that it is old.
        #expect(summaries([records[2]]) == [])
        #expect(summaries([records[0]]) == ["major storage.md.slot-missing lab:five"])
    }

    private func member(
        _ name: String, events: Int64, time: String, role: String = "active 0"
    ) -> ProbeRecord {
        ProbeRecord(
            kind: "metadata", target: "/dev/" + name, outcome: .ok, seconds: 0,
            facts: [
                "mdArrayUUID": "u", "mdDeviceUUID": .string(name), "mdLevel": "raid1",
                "mdEvents": .integer(events), "mdUpdateTime": .string(time),
                "mdRole": .string(role),
                "mdArrayState": "AA", "mdIsChecksumValid": true,
            ])
    }

    @Test("Members of a running array that were read one after the other are not stale")
    func running() {
        let first = member("sda", events: 100, time: "2026-11-21T10:00:00.000000Z")
        let second = member("sdb", events: 104, time: "2026-11-21T10:00:02.000000Z")
        #expect(summaries([first, second]) == [])
        let later = member("sdb", events: 104, time: "2026-11-21T10:01:00.000000Z")
        #expect(summaries([first, later]) == ["major storage.md.member-stale sda"])
        let spare = member(
            "sdc", events: 90, time: "2026-11-21T09:00:00.000000Z", role: "spare")
        #expect(summaries([spare, second]) == [])
        #expect(
            summaries([first, member("sdb", events: 101, time: "2026-11-21T12:00:00.000000Z")])
                == [])
    }

    @Test("A superblock with a wrong checksum is told, and says nothing else")
    func checksum() throws {
        let host = try MetadataHost()
        try host.device("sda", image: "md-raid5") { $0[4096 + 200] ^= 1 }
        #expect(
            summaries([try host.probe("sda")]) == ["major storage.md.superblock-damaged sda"])
    }

    @Test("A device that hangs, or cannot be read in places, is told")
    func unreadable() {
        func record(
            _ outcome: ProbeRecord.Outcome, _ facts: [String: JSONValue] = [:]
        ) -> ProbeRecord {
            ProbeRecord(
                kind: "metadata", target: "/dev/sda", outcome: outcome, seconds: 5,
                reason: "read /dev/sda at byte 4096: Input/output error", facts: facts)
        }
        #expect(summaries([record(.hung)]) == ["critical storage.device.hung sda"])
        #expect(summaries([record(.failed)]) == ["major storage.metadata.unreadable sda"])
        #expect(summaries([record(.skipped)]) == [])
        let places = MetadataProbe().findings(in: [record(.ok, ["unreadableOffsets": [4096]])])
        #expect(places.map(\.severity) == [.major])
        #expect(
            places.first?.reason == "/dev/sda has metadata that cannot be read, at byte 4096: "
                + "read /dev/sda at byte 4096: Input/output error.")
    }

    private func target(_ name: String) -> MetadataTarget {
        MetadataTarget(name: name, path: "/dev/" + name, number: "8:0", byteCount: 1 << 30)
    }

    private func names(_ targets: [MetadataTarget]) -> [String] {
        MetadataProbe.requests(for: targets).map(\.target)
    }

    @Test("Nothing is asked of what is suspended, nor of anything that stands on it")
    func suspended() {
        var suspended = target("dm-0")
        suspended.isSuspended = true
        var upper = target("dm-1")
        upper.lowerDevices = ["dm-0"]
        var higher = target("dm-2")
        higher.lowerDevices = ["dm-1", "sdb"]
        #expect(names([target("sda"), higher, upper, suspended]) == ["/dev/sda"])
    }

    @Test("A sleeping disk is not woken, nor through what stands on nothing else")
    func asleep() {
        var disk = target("sdb")
        disk.isAsleep = true
        var partition = target("sdb1")
        partition.lowerDevices = ["sdb"]
        var array = target("md0")
        array.lowerDevices = ["sda", "sdb1"]
        var volume = target("dm-0")
        volume.lowerDevices = ["sdb1", "sdb1"]
        #expect(
            names([target("sda"), array, volume, disk, partition]) == ["/dev/sda", "/dev/md0"])
    }

    @Test("The image of a CD on a whole stick has no displaced or damaged table")
    func hybridImage() {
        func faults(_ facts: [String: JSONValue]) -> [String] {
            let table: [String: JSONValue] = [
                "partitionTable": "gpt", "isPrimaryTableValid": true, "isBackupTableValid": true,
                "isBackupTableAtEnd": false,
            ]
            var broken = table
            broken["isBackupTableValid"] = false
            return [table, broken].flatMap {
                summaries([
                    ProbeRecord(
                        kind: "metadata", target: "/dev/sdb", outcome: .ok, seconds: 0,
                        facts: $0.merging(facts) { $1 })
                ])
            }
        }
        #expect(faults(["isRemovable": true, "fileSystemType": "iso9660"]) == [])
        #expect(faults(["fileSystemType": "iso9660"]).count == 2)
        #expect(faults(["isRemovable": true]).count == 2)
    }

    @Test("Paths, hidden devices and what has no medium or nothing behind it are not asked")
    func notAsked() {
        var passive = target("sdb")
        passive.isPassivePath = true
        var path = target("sdc")
        path.isMultipathPath = true
        var hidden = target("nvme0c0n1")
        hidden.isHidden = true
        var tray = target("sr0")
        tray.byteCount = 0
        tray.isRemovable = true
        var loop = target("loop0")
        loop.byteCount = 0
        var unknown = target("nbd3")
        unknown.byteCount = nil
        var disk = target("sdd")
        disk.byteCount = nil
        #expect(
            names([passive, path, hidden, tray, loop, unknown, disk, target("dm-0")])
                == ["/dev/sdd", "/dev/dm-0"])
    }

    @Test("A request tells the probe all that it needs")
    func request() {
        var device = target("sda1")
        device.logicalBlockSize = 4096
        device.isMember = true
        device.isPartition = true
        device.disks = [["device": "/dev/sda", "generic": "/dev/sg0"]]
        #expect(
            MetadataProbe.requests(for: [device]) == [
                ProbeRequest(
                    kind: "metadata", target: "/dev/sda1",
                    facts: [
                        "name": "sda1", "number": "8:0", "byteCount": .integer(1 << 30),
                        "logicalBlockSize": 4096, "isMounted": false, "isMember": true,
                        "isReadOnly": false, "isPartition": true,
                        "disks": [["device": "/dev/sda", "generic": "/dev/sg0"]],
                    ])
            ])
    }
}
