import DiagCollect
import DiagModel
import DiagSystem
import Testing

@testable import DiagCollectors

@Suite("Arrays of md")
struct MDProbeTests {
    /// Attributes as `drivers/md/md.c` of Linux 6.12 writes them, with invented numbers.
    private static let listing = """
        sys/block/md0 -> ../devices/virtual/block/md0
        sys/devices/virtual/block/md0/dev = 9:0
        sys/devices/virtual/block/md0/size = 2093056
        sys/devices/virtual/block/md0/md/level = raid1
        sys/devices/virtual/block/md0/md/raid_disks = 2
        sys/devices/virtual/block/md0/md/array_state = clean
        sys/devices/virtual/block/md0/md/degraded = 1
        sys/devices/virtual/block/md0/md/sync_action = idle
        sys/devices/virtual/block/md0/md/sync_completed = none
        sys/devices/virtual/block/md0/md/mismatch_cnt = 128
        sys/devices/virtual/block/md0/md/metadata_version = 1.2
        sys/devices/virtual/block/md0/md/consistency_policy = bitmap
        sys/devices/virtual/block/md0/md/bitmap/location = +8
        sys/devices/virtual/block/md0/md/dev-sda1/state = in_sync
        sys/devices/virtual/block/md0/md/dev-sda1/slot = 0
        sys/devices/virtual/block/md0/md/dev-sda1/errors = 4
        sys/devices/virtual/block/md0/md/dev-sda1/offset = 2048
        sys/devices/virtual/block/md0/md/dev-sda1/size = 1046528
        sys/devices/virtual/block/md0/md/dev-sda1/recovery_start = none
        sys/devices/virtual/block/md0/md/dev-sdb1/state = faulty
        sys/devices/virtual/block/md0/md/dev-sdb1/slot = none
        sys/devices/virtual/block/md0/md/dev-sdb1/errors = 0
        sys/devices/virtual/block/md0/md/dev-sdc1/state = spare
        sys/devices/virtual/block/md0/md/dev-sdc1/slot = none
        sys/block/md1 -> ../devices/virtual/block/md1
        sys/devices/virtual/block/md1/dev = 9:1
        sys/devices/virtual/block/md1/size = 4186112
        sys/devices/virtual/block/md1/md/level = raid5
        sys/devices/virtual/block/md1/md/raid_disks = 3 (2)
        sys/devices/virtual/block/md1/md/array_state = active
        sys/devices/virtual/block/md1/md/degraded = 1
        sys/devices/virtual/block/md1/md/sync_action = recover
        sys/devices/virtual/block/md1/md/sync_completed = 264192 / 2093056
        sys/devices/virtual/block/md1/md/sync_speed = 33440
        sys/devices/virtual/block/md1/md/mismatch_cnt = 8
        sys/devices/virtual/block/md1/md/consistency_policy = journal
        sys/devices/virtual/block/md1/md/journal_mode = [write-through] write-back
        sys/devices/virtual/block/md1/md/dev-sdd1/state = in_sync
        sys/devices/virtual/block/md1/md/dev-sdd1/slot = 0
        sys/devices/virtual/block/md1/md/dev-sde1/state = in_sync
        sys/devices/virtual/block/md1/md/dev-sde1/slot = 1
        sys/devices/virtual/block/md1/md/dev-sdf1/state = spare
        sys/devices/virtual/block/md1/md/dev-sdf1/slot = 2
        sys/devices/virtual/block/md1/md/dev-sdf1/recovery_start = 264192
        sys/block/md2 -> ../devices/virtual/block/md2
        sys/devices/virtual/block/md2/dev = 9:2
        sys/devices/virtual/block/md2/size = 4186112
        sys/devices/virtual/block/md2/md/level = raid6
        sys/devices/virtual/block/md2/md/raid_disks = 4
        sys/devices/virtual/block/md2/md/array_state = read-auto
        sys/devices/virtual/block/md2/md/degraded = 0
        sys/devices/virtual/block/md2/md/sync_action = frozen
        sys/devices/virtual/block/md2/md/mismatch_cnt = 16
        sys/devices/virtual/block/md2/md/dev-sdg/state = in_sync,want_replacement
        sys/devices/virtual/block/md2/md/dev-sdg/slot = 0
        sys/devices/virtual/block/md2/md/dev-sdg/bad_blocks = 2048 8\\n4096 16
        sys/devices/virtual/block/md2/md/dev-sdg/unacknowledged_bad_blocks = 9000 8
        sys/devices/virtual/block/md2/md/dev-sdh/state = in_sync,blocked
        sys/devices/virtual/block/md2/md/dev-sdh/slot = 1
        sys/devices/virtual/block/md2/md/dev-sdi/state = in_sync
        sys/devices/virtual/block/md2/md/dev-sdi/slot = 2
        sys/devices/virtual/block/md2/md/dev-cciss!c0d0p1/state = in_sync
        sys/devices/virtual/block/md2/md/dev-cciss!c0d0p1/slot = 3
        sys/block/md3 -> ../devices/virtual/block/md3
        sys/devices/virtual/block/md3/dev = 9:3
        sys/devices/virtual/block/md3/size = 0
        sys/devices/virtual/block/md3/md/array_state = inactive
        sys/devices/virtual/block/md3/md/raid_disks = 3
        sys/devices/virtual/block/md3/md/dev-sdj1/state = spare
        sys/devices/virtual/block/md3/md/dev-sdj1/slot = none
        sys/block/md127 -> ../devices/virtual/block/md127
        sys/devices/virtual/block/md127/dev = 9:127
        sys/devices/virtual/block/md127/size = 0
        sys/devices/virtual/block/md127/md/array_state = inactive
        sys/devices/virtual/block/md127/md/metadata_version = external:imsm
        sys/devices/virtual/block/md127/md/raid_disks = 0
        proc/mdstat <<END
        Personalities : [raid1]
        md0 : active raid1 sda1[0] sdb1[1](F)
              1046528 blocks super 1.2 [2/1] [U_]

        unused devices: <none>
        END
        """

    /// The records of every probe that the collector asks for.
    private func records() throws -> (records: [ProbeRecord], sink: MemorySink) {
        let host = try FixtureHost(listing: Self.listing)
        let asked = StorageTopologyTests.probes(try host.collect(StorageCollector()))
            .filter { $0.kind == "md" }
        let sink = MemorySink()
        let context = CollectionContext(root: try host.tree())
        return (try asked.map { try MDProbe().run($0, in: context, into: sink) }, sink)
    }

    @Test("Every array, its journal and the table are asked for, each once")
    func requests() throws {
        let (records, sink) = try records()
        #expect(
            records.map(\.target) == [
                "/proc/mdstat", "/dev/md0", "/dev/md1",
                "/sys/devices/virtual/block/md1/md/journal_mode", "/dev/md127", "/dev/md2",
                "/dev/md3",
            ])
        #expect(records.allSatisfy { $0.outcome == .ok && $0.reason == nil })
        #expect(records[3].facts == ["journalMode": "write-through", "array": "md1"])
        #expect(records[0].facts["arrays"]?["md0"]?["health"] == "U_")
        #expect(sink["md/mdstat.txt"]?.text.hasPrefix("Personalities : [raid1]\n") == true)
        for artifact in sink.artifacts where artifact.opening.path.hasSuffix(".json") {
            let value = try JSONTextReader.parse(artifact.bytes)
            #expect(PublishedSchema.md.errors(in: value) == [], "\(artifact.opening.path)")
            #expect(PublishedSchema(path: "storage/" + artifact.opening.path) == .md)
        }
    }

    @Test("The facts of an array are those of its node and of its members")
    func facts() throws {
        let (records, sink) = try records()
        #expect(
            records[1].facts == [
                "level": "raid1", "state": "clean", "memberCount": 2, "degradedCount": 1,
                "syncAction": "idle", "mismatchCount": 128, "metadataVersion": "1.2",
                "consistencyPolicy": "bitmap", "emptySlots": [1],
                "members": [
                    "sda1": ["state": "in_sync", "slot": 0, "errors": 4],
                    "sdb1": ["state": "faulty", "errors": 0], "sdc1": ["state": "spare"],
                ], "artifact": "storage/md/md0.json",
            ])
        #expect(records[2].facts["syncPercent"] == .number(12.6))
        #expect(records[2].facts["memberCount"] == 3)
        let array = try #require(try sink.json("md/md2.json"))
        guard case .array(let members)? = array["members"] else {
            Issue.record("no members")
            return
        }
        #expect(members.map { $0["name"] } == ["sdg", "sdh", "sdi", "cciss/c0d0p1"])
        #expect(
            members[0]["badBlocks"] == [
                ["sector": 2048, "sectorCount": 8], ["sector": 4096, "sectorCount": 16],
            ])
        #expect(members[0]["unacknowledgedBadBlocks"] == [["sector": 9000, "sectorCount": 8]])
    }

    @Test("Each fault is a finding with its place, and the whole reason tells what to know")
    func findings() throws {
        let findings = MDProbe().findings(in: try records().records)
        #expect(
            findings.map { "\($0.place ?? "") \($0.fault.dropFirst(8)) \($0.severity)" } == [
                "/dev/md0 md.degraded major", "/dev/md0 md.mismatches notice",
                "/dev/sdb1 md.member-faulty major", "/dev/md1 md.degraded major",
                "/dev/md2 md.read-auto notice", "/dev/md2 md.mismatches major",
                "/dev/md2 md.frozen minor", "/dev/sdg md.member-want-replacement minor",
                "/dev/sdg md.bad-blocks major", "/dev/sdh md.member-blocked major",
                "/dev/md3 md.inactive major",
            ])
        #expect(
            findings[0].reason
                == "The raid1 array md0 lacks 1 of 2 members; no member fills slot 1; faulty: "
                + "sdb1. It is not being rebuilt. Spare: sdc1. One more failure loses the array.")
        #expect(
            findings[3].reason
                == "The raid5 array md1 lacks 1 of 3 members. It is being rebuilt onto sdf1 "
                + "(slot 2), 12.6 % done, at 33440 KiB/s. One more failure loses the array.")
        #expect(findings[8].reason.contains("2 bad ranges recorded, 24 sectors in all"))
        #expect(findings.allSatisfy { !$0.evidence.isEmpty && !$0.recommendedActions.isEmpty })
        // A repair of a mirror takes one half for right, whichever it is.
        let repaired = findings.filter { $0.recommendedActions.joined().contains("echo repair") }
        #expect(repaired.map(\.object) == ["md2"])
    }

    @Test("An array that is gone is skipped, and one that does not answer is a finding")
    func gone() throws {
        let host = try FixtureHost(listing: "proc/uptime = 1\n")
        let context = CollectionContext(root: try host.tree())
        let record = try MDProbe().run(
            .init(kind: "md", target: "/dev/md9", facts: ["folder": "/sys/nowhere"]), in: context,
            into: MemorySink())
        #expect(record.outcome == .skipped)
        let finding = MDProbe().findings(in: [
            ProbeRecord(kind: "md", target: "/proc/mdstat", outcome: .hung, seconds: 2)
        ]).first
        #expect(finding?.fault == "storage.md.hung" && finding?.object == "/proc/mdstat")
    }
}
