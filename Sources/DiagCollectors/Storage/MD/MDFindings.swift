internal import DiagModel

/// What the facts of one array mean.
struct MDFindings {
    private let place: String
    private let name: String
    private let reader: MapperFactReader
    private let evidence: [Finding.Evidence]
    private let members: [(name: String, facts: MapperFactReader)]

    init(_ record: ProbeRecord) {
        place = record.target
        name = String(record.target.dropFirst("/dev/".utf8.count))
        reader = MapperFactReader(facts: .object(record.facts))
        evidence = record.facts["artifact"]?.text.map { [.init(artifact: $0)] } ?? []
        guard case .object(let members)? = record.facts["members"] else {
            self.members = []
            return
        }
        self.members = members.sorted { NaturalOrder.precedes($0.key, $1.key) }
            .map { ($0.key, MapperFactReader(facts: $0.value)) }
    }

    /// Every fault of the array and its members.
    var all: [Finding] { [degraded, state, mismatches, frozen].compactMap(\.self) + memberFaults }

    private var level: String { reader.text("level") ?? "md" }
    private var action: String { reader.text("syncAction") ?? "idle" }

    private func has(_ state: String, _ member: MapperFactReader) -> Bool {
        (member.text("state") ?? "").split(separator: ",").contains { $0 == state }
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String],
        object: String? = nil, place: String? = nil
    ) -> Finding {
        Finding(
            fault: fault, severity: severity, collector: "storage", object: object ?? name,
            place: place ?? self.place, reason: reason, recommendedActions: actions,
            evidence: evidence)
    }

    /// How many members the level can do without.
    private var tolerated: UInt64? {
        switch level {
        case "raid0", "linear": 0
        case "raid1": reader.count("memberCount").map { $0 > 0 ? $0 - 1 : 0 }
        case "raid4", "raid5": 1
        case "raid6": 2
        default: nil
        }
    }

    private var degraded: Finding? {
        guard let count = reader.count("degradedCount"), count > 0 else { return nil }
        let faulty = members.filter { has("faulty", $0.facts) }.map(\.name)
        let spares = members.filter { has("spare", $0.facts) && !has("faulty", $0.facts) }
        let idle = spares.filter { $0.facts.count("slot") == nil }.map(\.name)
        let filling = spares.filter { $0.facts.count("slot") != nil }
        var reason =
            "The \(level) array \(name) lacks \(count)"
            + (reader.count("memberCount").map { " of \($0)" } ?? "") + " members"
        if case .array(let slots)? = reader.facts["emptySlots"], !slots.isEmpty {
            let list = slots.prefix(8).compactMap { slot -> String? in
                guard case .integer(let number) = slot else { return nil }
                return "\(number)"
            }
            reason += "; no member fills slot " + list.joined(separator: ", ")
        }
        if !faulty.isEmpty { reason += "; faulty: " + faulty.prefix(8).joined(separator: ", ") }
        let isRebuilding = action == "recover" || action == "resync" || action == "reshape"
        if isRebuilding {
            reason += ". It is being rebuilt"
            if let member = filling.first {
                reason += " onto \(member.name) (slot \(member.facts.count("slot") ?? 0))"
            }
            if let percent = reader.number("syncPercent") { reason += ", \(percent) % done" }
            if let speed = reader.count("syncSpeedKibibytesPerSecond") {
                reason += ", at \(speed) KiB/s"
            }
        } else {
            reason += ". It is not being rebuilt"
        }
        if !idle.isEmpty {
            reason += ". Spare: " + idle.prefix(8).joined(separator: ", ")
        }
        if let tolerated, count == tolerated { reason += ". One more failure loses the array" }
        let isLost = tolerated.map { count > $0 } ?? false
        var actions = [
            "Check the health of the members that are left before anything writes to them, and "
                + "see that there is a backup."
        ]
        if isRebuilding {
            actions.append("Let the rebuild end: `cat /proc/mdstat` shows how far it is.")
        } else {
            actions += [
                "Find the failed member with `mdadm --detail \(place)` and in the kernel log.",
                "Replace the failed disk, then `mdadm --manage \(place) --add` the new member.",
            ]
        }
        return finding(
            "storage.md.degraded", isLost ? .critical : .major, reason + ".", actions)
    }

    private var state: Finding? {
        let look = "See what the kernel log says of it, and `mdadm --detail \(place)`."
        switch reader.text("state") {
        case "inactive":
            // The container of arrays with foreign metadata never runs itself.
            let isContainer =
                level == "container"
                || reader.text("metadataVersion")?.hasPrefix("external:") == true
                    && (reader.count("memberCount") ?? 0) == 0
            guard !isContainer else { return nil }
            return finding(
                "storage.md.inactive", .major,
                "The array \(name) is assembled from \(members.count) members but does not run, so "
                    + "nothing on it can be reached.",
                [
                    look,
                    "Compare its members with `mdadm --examine`; when one is missing, `mdadm --run "
                        + "\(place)` starts it without.",
                ])
        case "broken", "failed":
            return finding(
                "storage.md.broken", .critical,
                "The \(level) array \(name) has lost so many members that it cannot work.",
                [look, "Do not write to its members: find out why they were lost first."])
        case "read-auto":
            return finding(
                "storage.md.read-auto", .notice,
                "The array \(name) is read-only until the first write; a rebuild waits until then.",
                ["`mdadm --readwrite \(place)` makes it writable now."])
        case "readonly":
            return finding(
                "storage.md.read-only", .minor, "The array \(name) was set read-only.",
                ["`mdadm --readwrite \(place)`, when it should be written."])
        case "suspended":
            return finding(
                "storage.md.suspended", .major,
                "The array \(name) is suspended: requests to it wait.", [look])
        default: return nil
        }
    }

    private var mismatches: Finding? {
        guard let count = reader.count("mismatchCount"), count > 0,
            !["resync", "recover", "reshape"].contains(action)
        else { return nil }
        let isMirror = level == "raid1" || level == "raid10"
        return finding(
            "storage.md.mismatches", isMirror ? .notice : .major,
            "The last check of the \(level) array \(name) found \(count) sectors "
                + (isMirror
                    ? "that differ between its halves; swap and files that are written to while "
                        + "they are mapped cause some by themselves."
                    : "whose parity does not match their data."),
            [
                "Check the health of its members, their cables and the memory of the host.",
                isMirror
                    ? "See that there is a backup, then check again with `echo check > "
                        + "/sys/block/\(name)/md/sync_action` and compare the counts. Do not "
                        + "repair: that copies one of its halves over the others, right or wrong."
                    : "Then `echo repair > /sys/block/\(name)/md/sync_action`, and `check` after "
                        + "that.",
            ])
    }

    private var frozen: Finding? {
        guard action == "frozen" else { return nil }
        return finding(
            "storage.md.frozen", .minor,
            "Rebuilds of the array \(name) are frozen: none begins or goes on.",
            [
                "See whether `mdadm` works on it; else `echo idle > "
                    + "/sys/block/\(name)/md/sync_action`."
            ])
    }

    private var memberFaults: [Finding] {
        members.flatMap { member, facts -> [Finding] in
            var findings = [Finding]()
            let place = "/dev/\(member)"
            if has("faulty", facts) {
                findings.append(
                    finding(
                        "storage.md.member-faulty", .major,
                        "\(member) is marked faulty in the array \(name) and no longer used.",
                        [
                            "Look in the kernel log for its first error, and at the health of its "
                                + "disk.",
                            "Take it out with `mdadm --manage \(self.place) --remove \(place)` and "
                                + "replace it.",
                        ], object: member, place: place))
            }
            if has("blocked", facts) {
                findings.append(
                    finding(
                        "storage.md.member-blocked", .major,
                        "\(member) is blocked in the array \(name): writes wait until its failure "
                            + "or its bad blocks are recorded.",
                        [
                            "Look in the kernel log, and see that `mdmon` runs for an array with "
                                + "foreign metadata."
                        ], object: member, place: place))
            }
            if has("want_replacement", facts) {
                findings.append(
                    finding(
                        "storage.md.member-want-replacement", .minor,
                        "\(member) of the array \(name) had errors and is to be replaced as soon "
                            + "as there is a spare.",
                        ["Add a spare: `mdadm --manage \(self.place) --add DEVICE`."],
                        object: member, place: place))
            }
            if let ranges = facts.count("badBlockRanges"), ranges > 0 {
                findings.append(
                    finding(
                        "storage.md.bad-blocks", .major,
                        "\(member) of the array \(name) has \(ranges) bad ranges recorded, "
                            + "\(facts.count("badSectors") ?? 0) sectors in all, the first at "
                            + "sector \(facts.count("firstBadSector") ?? 0): there the array has "
                            + "one copy fewer, or none.",
                        [
                            "See them with `mdadm --examine-badblocks \(place)`, and check the "
                                + "health of its disk.",
                            "Replace the disk: `mdadm --manage \(self.place) --add NEW`, then "
                                + "`--replace \(place)`.",
                        ], object: member, place: place))
            }
            return findings
        }
    }
}
