internal import DiagModel

/// What the facts of one mapped device mean.
struct MapperFindings {
    private let device: String
    private let name: String
    private let reader: MapperFactReader
    private let evidence: [Finding.Evidence]

    init(device: String, facts: JSONValue, evidence: Finding.Evidence?) {
        self.device = device
        reader = MapperFactReader(facts: facts)
        name = UntrustedText.escapingControls(facts["name"]?.text ?? device)
        self.evidence = evidence.map { [$0] } ?? []
    }

    /// Every fault of the device.
    var all: [Finding] {
        var findings = [Finding]()
        let targets = Set((reader.text("target") ?? "").split(separator: " ").map(String.init))
        if targets.contains("thin-pool") { findings += thinPool }
        if targets.contains("thin"), let state = reader.text("state"),
            ["fail", "error"].contains(state)
        {
            findings.append(
                finding(
                    "storage.thin.failed", .critical,
                    "The thin volume \(name) cannot be used: its pool has failed.",
                    ["Look at the findings of its pool, and in the kernel log for its first error."]
                ))
        }
        if !targets.isDisjoint(with: ["snapshot", "snapshot-merge"]) { findings += snapshot }
        if targets.contains("cache") { findings += cache }
        if targets.contains("raid") { findings += MapperFindings.array(self) }
        if targets.contains("mirror") { findings += mirror }
        if targets.contains("multipath") { findings += multipath }
        findings += others(targets)
        return findings
    }

    func finding(
        _ fault: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String]
    ) -> Finding {
        Finding(
            fault: fault, severity: severity, collector: "storage", object: name,
            place: "/dev/\(device)", reason: reason, recommendedActions: actions,
            evidence: evidence)
    }

    private static func severity(ofPercent percent: Double) -> Finding.Severity? {
        percent >= 95 ? .critical : percent >= 90 ? .major : percent >= 80 ? .minor : nil
    }

    private static func tenths(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        let tenths = Int64((value * 10).rounded(.down))
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    private var thinPool: [Finding] {
        var findings = [Finding]()
        let check =
            "Then check its metadata with `thin_check`, best by `lvconvert --repair VG/POOL` with "
            + "the pool inactive and a backup at hand."
        switch reader.text("mode") {
        case "out_of_data_space":
            let effect =
                reader.text("whenFull") == "error_if_no_space"
                ? "writes to new places fail" : "writes to new places wait, and fail after a minute"
            findings.append(
                finding(
                    "storage.thin-pool.out-of-space", .critical,
                    "The thin pool \(name) has no free block of data: \(effect).",
                    [
                        "Extend it: `lvextend -L +SIZE VG/POOL`, or add a disk to the volume group "
                            + "first.",
                        "Give space back: remove snapshots that are not needed, or run `fstrim` on "
                            + "the file systems on it.",
                    ]))
        case "ro":
            findings.append(
                finding(
                    "storage.thin-pool.read-only", .critical,
                    "The thin pool \(name) can only be read: its metadata is full or could not be "
                        + "written.",
                    [
                        "Look in the kernel log for the first error of the pool, and see how full "
                            + "its metadata is.", check,
                    ]))
        case "fail", "error":
            findings.append(
                finding(
                    "storage.thin-pool.failed", .critical,
                    "The thin pool \(name) has failed: every request to its volumes fails.",
                    ["Look in the kernel log for the first error below the pool.", check]))
        default: break
        }
        if reader.isSet("needsCheck") {
            findings.append(
                finding(
                    "storage.thin-pool.needs-check", .major,
                    "The metadata of the thin pool \(name) is marked as in need of a check: a "
                        + "write of it failed.", [check]))
        }
        for (fact, what, extend) in [
            ("dataUsedPercent", "data", "`lvextend -L +SIZE VG/POOL`"),
            ("metadataUsedPercent", "metadata", "`lvextend --poolmetadatasize +SIZE VG/POOL`"),
        ] {
            guard let percent = reader.number(fact),
                let severity = Self.severity(ofPercent: percent)
            else { continue }
            findings.append(
                finding(
                    "storage.thin-pool.\(what)-full", severity,
                    "The thin pool \(name) has \(Self.tenths(percent)) % of its \(what) in use. "
                        + "When it is full, the volumes on it can no longer be written.",
                    [
                        "Extend it: \(extend).",
                        "See that the automatic extension is on: `thin_pool_autoextend_threshold` "
                            + "in /etc/lvm/lvm.conf, and that dmeventd runs.",
                    ]))
        }
        return findings
    }

    private var snapshot: [Finding] {
        let remove = "Remove it (`lvremove VG/SNAPSHOT`) and take another with more space."
        switch reader.text("state") {
        case "invalid", "overflow":
            return [
                finding(
                    "storage.snapshot.invalid", .major,
                    "The snapshot \(name) is lost: its space is full or could not be written. Its "
                        + "origin is not affected.", [remove])
            ]
        case "merge failed":
            return [
                finding(
                    "storage.snapshot.merge-failed", .critical,
                    "Merging the snapshot \(name) into its origin failed: the origin is partly "
                        + "merged.",
                    ["Look in the kernel log for the error, and have a backup at hand."])
            ]
        default: break
        }
        guard let percent = reader.number("usedPercent"), percent >= 80, percent <= 100 else {
            return []
        }
        return [
            finding(
                "storage.snapshot.full", percent >= 95 ? .major : .minor,
                "The snapshot \(name) has \(Self.tenths(percent)) % of its space in use. When it "
                    + "is full, it is lost.",
                ["Extend it: `lvextend -L +SIZE VG/SNAPSHOT`.", "Or remove it when it has served."])
        ]
    }

    private var cache: [Finding] {
        var findings = [Finding]()
        if let mode = reader.text("mode"), mode != "rw" {
            let isReadOnly = mode == "ro"
            findings.append(
                finding(
                    isReadOnly ? "storage.cache.read-only" : "storage.cache.failed",
                    isReadOnly ? .major : .critical,
                    isReadOnly
                        ? "The metadata of the cache \(name) can only be read."
                        : "The cache \(name) has failed: every request to it fails.",
                    ["Look in the kernel log for errors of the fast device."]))
        }
        if reader.isSet("needsCheck") {
            findings.append(
                finding(
                    "storage.cache.needs-check", .major,
                    "The metadata of the cache \(name) is marked as in need of a check"
                        + (reader.count("dirtyBlocks").map {
                            ", and \($0) blocks are not on the slow device yet."
                        } ?? "."),
                    [
                        "Check it with `cache_check` while the volume is inactive, or by "
                            + "`lvconvert --repair`."
                    ]))
        }
        return findings
    }

    private var mirror: [Finding] {
        guard let health = reader.text("health"), health.contains(where: { $0 != "A" }) else {
            return []
        }
        let alive = health.contains("A")
        return [
            finding(
                "storage.mirror.degraded", alive ? .major : .critical,
                "The mirror \(name) has health \(UntrustedText.escapingControls(health)), one "
                    + "letter for each half (A alive, D dead, S out of step, R read error).",
                [
                    "Find the failed half in the kernel log, and replace its disk.",
                    "Then repair the mirror: `lvconvert --repair VG/LV`.",
                ])
        ]
    }

    private var multipath: [Finding] {
        guard let count = reader.count("paths"), let failed = reader.count("failedPaths") else {
            return []
        }
        let check = [
            "See which paths are down with `multipath -ll \(name)`, and in the kernel log why.",
            "Check cable, switch, zoning and the ports of host and storage system of those paths.",
        ]
        if failed >= count {
            let what = count == 0 ? "has no path" : "has lost all its \(count) paths"
            return [
                reader.isSet("queuesWithoutPath")
                    ? finding(
                        "storage.multipath.queueing", .critical,
                        "\(name) \(what). It keeps requests until one comes back, so everything on "
                            + "it waits.",
                        check + [
                            "When no path will come back, `multipathd disablequeueing map \(name)` "
                                + "lets the requests fail."
                        ])
                    : finding(
                        "storage.multipath.no-path", .critical,
                        "\(name) \(what): every request to it fails.", check)
            ]
        }
        if failed > 0 {
            return [
                finding(
                    "storage.multipath.path-failed", .minor,
                    "\(failed) of \(count) paths of \(name) failed; the others work.", check)
            ]
        }
        guard count < 2 else { return [] }
        return [
            finding(
                "storage.multipath.single-path", .minor,
                "\(name) has only one path: when that fails, the disk is gone.",
                ["See with `multipath -ll \(name)` which path should be there, and rescan it."])
        ]
    }

    private func others(_ targets: Set<String>) -> [Finding] {
        var findings = [Finding]()
        if targets.contains("verity"), reader.isSet("isCorrupted") {
            findings.append(
                finding(
                    "storage.verity.corrupted", .critical,
                    "A block of \(name) does not match its hash: its content was damaged or changed.",
                    ["Look in the kernel log for the block, and install the image anew."]))
        }
        if targets.contains("integrity"), let count = reader.count("mismatchCount"), count > 0 {
            findings.append(
                finding(
                    "storage.integrity.mismatch", .major,
                    "\(count) sectors of \(name) did not match their checksum.",
                    ["Look in the kernel log for the sectors, and check the health of its disk."]))
        }
        if targets.contains("writecache"), reader.facts["error"] != nil,
            reader.facts["error"] != 0
        {
            findings.append(
                finding(
                    "storage.writecache.failed", .critical,
                    "The write cache \(name) stopped with an error: what it had not written back "
                        + "may be lost.", ["Look in the kernel log for errors of the fast device."])
            )
        }
        if targets.contains("vdo"), reader.text("mode") == "read-only" {
            findings.append(
                finding(
                    "storage.vdo.read-only", .critical,
                    "The VDO volume \(name) can only be read after an error.",
                    ["Look in the kernel log for its first error before it is rebuilt."]))
        }
        if targets.contains("vdo"), let percent = reader.number("usedPercent"),
            let severity = Self.severity(ofPercent: percent)
        {
            findings.append(
                finding(
                    "storage.vdo.full", severity,
                    "The VDO volume \(name) has \(Self.tenths(percent)) % of its physical blocks in "
                        + "use.", ["Extend the pool, or give space back with `fstrim`."]))
        }
        if targets.contains("clone"), let mode = reader.text("mode"), mode != "rw" {
            findings.append(
                finding(
                    "storage.clone.failed", .major, "The clone \(name) is in mode \(mode).",
                    ["Look in the kernel log for errors of its metadata device."]))
        }
        if let sectors = reader.count("errorSectors") {
            findings.append(
                finding(
                    "storage.mapper.error-target", .minor,
                    "\(sectors / 2) KiB of \(name) are mapped to nothing: every request there "
                        + "fails. LVM does so in the place of a device that is missing.",
                    ["Look for missing devices: `vgs -o +vg_missing_pv_count` and `pvs`."]))
        }
        return findings
    }

    /// Arrays that md's code runs below the device mapper, as LVM's RAID volumes are.
    private static func array(_ own: MapperFindings) -> [Finding] {
        var findings = [Finding]()
        let reader = own.reader
        let level = reader.text("level") ?? "raid"
        let health = reader.text("health") ?? ""
        let lost = health.count { $0 == "D" || $0 == "-" }
        let filling = health.count { $0 == "a" }
        let action = reader.text("action") ?? "idle"
        let tolerated =
            level.hasPrefix("raid1") && level != "raid10"
            ? max(0, health.count - 1)
            : level.hasPrefix("raid6") ? 2 : level.hasPrefix("raid0") ? 0 : 1
        if lost > 0 {
            findings.append(
                own.finding(
                    "storage.raid.degraded",
                    lost > tolerated && level != "raid10" ? .critical : .major,
                    "The \(level) volume \(own.name) has lost \(lost) of \(health.count) members "
                        + "(health \(UntrustedText.escapingControls(health)), action \(action)).",
                    [
                        "Find the lost member with `lvs -a -o +devices,lv_health_status` and in the "
                            + "kernel log.",
                        "Replace its disk, then `lvconvert --repair VG/LV`.",
                    ]))
        } else if filling > 0 {
            findings.append(
                own.finding(
                    "storage.raid.rebuilding", .minor,
                    "\(filling) of \(health.count) members of the \(level) volume \(own.name) are "
                        + "not in step yet (action \(action)"
                        + (reader.number("syncPercent").map { ", \(tenths($0)) % done" } ?? "")
                        + ").",
                    ["Let it end, and see that it goes on: `lvs -a -o +sync_percent`."]))
        }
        if let count = reader.count("mismatchCount"), count > 0 {
            let isMirror = level.hasPrefix("raid1")
            findings.append(
                own.finding(
                    "storage.raid.mismatches", isMirror ? .notice : .major,
                    "The last check of the \(level) volume \(own.name) found \(count) differences.",
                    ["Check the health of its disks, then `lvchange --syncaction repair VG/LV`."]))
        }
        if reader.text("journal") == "D" {
            findings.append(
                own.finding(
                    "storage.raid.journal-dead", .major,
                    "The journal device of the \(level) volume \(own.name) is dead.",
                    ["Replace the journal's device."]))
        }
        return findings
    }
}
