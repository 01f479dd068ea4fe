import DiagCollect
import DiagCollectors
import DiagModel
import Testing

@Suite("Findings of mounts, once per file system")
struct StorageFullTests {
    private static let extended: JSONValue = "0xef53"
    private static let overlay: JSONValue = "0x794c7630"

    private func record(
        _ target: String, _ outcome: ProbeRecord.Outcome, seconds: Double = 0.001,
        reason: String? = nil, _ facts: [String: JSONValue] = [:]
    ) -> ProbeRecord {
        ProbeRecord(
            kind: "mount-health", target: target, outcome: outcome, seconds: seconds,
            reason: reason, facts: facts)
    }

    private func full(
        _ target: String, dev: String, device: String? = nil, magic: JSONValue = extended,
        bytes: Int64 = 1 << 40, free: Int64 = 1 << 30, used: Double = 97
    ) -> ProbeRecord {
        var facts: [String: JSONValue] = [
            "dev": .string(dev), "magic": magic, "byteCount": .integer(bytes),
            "freeByteCount": .integer(free), "availableByteCount": .integer(free),
            "usedPercent": .number(used), "isReadOnly": false,
        ]
        if let device { facts["device"] = .string(device) }
        return record(target, .ok, facts)
    }

    private func lines(_ records: [ProbeRecord]) -> [String] {
        MountHealthProbe().findings(in: records).map {
            let more = $0.reason.split(separator: "(").dropFirst().first.map { " (\($0)" } ?? ""
            return "\($0.severity) \($0.fault) \($0.object)\(more)"
        }
    }

    @Test("Bind mounts of one full file system are one finding, at the shortest mount point")
    func binds() {
        #expect(
            lines([
                full("/var/lib/longer", dev: "8:1"), full("/srv", dev: "8:1"),
                full("/mnt/bind", dev: "8:1"), full("/data", dev: "8:2"),
            ]) == [
                "minor storage.mount.full /srv (also mounted at 2 more places).",
                "minor storage.mount.full /data",
            ])
    }

    @Test("Two disks of one size, both without free space, are two findings")
    func twins() {
        #expect(
            lines([full("/a", dev: "8:1", free: 0), full("/b", dev: "8:2", free: 0)]) == [
                "major storage.mount.full /a", "major storage.mount.full /b",
            ])
    }

    @Test(
        "Subvolumes of one btrfs have numbers of their own, and are one finding",
        arguments: ["0:30", nil])
    func subvolumes(device: String?) {
        #expect(
            lines([
                full("/", dev: "0:31", device: device, magic: "0x9123683e"),
                full("/home", dev: "0:32", device: device, magic: "0x9123683e"),
            ]) == ["minor storage.mount.full / (also mounted at 1 more place)."])
    }

    @Test("The overlays of containers belong to the file system that their layers lie on")
    func overlays() {
        #expect(
            lines([
                full("/run/a/merged", dev: "0:50", magic: Self.overlay),
                full("/var/lib/docker", dev: "8:1"),
                // Read a moment later.
                full("/run/b/merged", dev: "0:51", magic: Self.overlay, free: (1 << 30) - 8192),
                full("/mnt/else", dev: "8:2", bytes: 1 << 41, free: 1 << 31),
            ]) == [
                // The base is the group's place in the order of the records.
                "minor storage.mount.full /run/a/merged (also mounted at 2 more places).",
                "minor storage.mount.full /mnt/else",
            ])
    }

    @Test("Overlays over a file system that was not asked are one finding for each such one")
    func overlaysAlone() {
        #expect(
            lines([
                full("/run/a", dev: "0:50", magic: Self.overlay),
                full("/run/b", dev: "0:51", magic: Self.overlay),
                full("/run/c", dev: "0:52", magic: Self.overlay, bytes: 1 << 41),
            ]) == [
                "minor storage.mount.full /run/a (also mounted at 1 more place).",
                "minor storage.mount.full /run/c",
            ])
    }

    @Test("A slow and a failed file system are told once each, the slow one's fullness as well")
    func slowAndFailed() {
        var slow = full("/srv/data", dev: "8:1")
        slow.outcome = .slow
        slow.seconds = 1.5
        var slower = full("/srv", dev: "8:1")
        slower.outcome = .slow
        slower.seconds = 0.75
        let place: [String: JSONValue] = ["device": "0:44", "fileSystemType": "nfs4"]
        let records = [
            slow, slower, record("/mnt/x/y", .failed, reason: "statfs: stale", place),
            record("/mnt/x", .failed, reason: "statfs: stale", place),
            record("/mnt/z", .failed, reason: "statfs: stale"),
            record("/mnt/w", .failed, reason: "statfs: stale"),
        ]
        #expect(
            lines(records) == [
                "minor storage.mount.slow /srv (also mounted at 1 more place).",
                "minor storage.mount.full /srv (also mounted at 1 more place).",
                "major storage.mount.failed /mnt/x (also mounted at 1 more place).",
                "major storage.mount.failed /mnt/z", "major storage.mount.failed /mnt/w",
            ])
        #expect(MountHealthProbe().findings(in: records)[0].reason.contains("took 1.5 s"))
    }
}
