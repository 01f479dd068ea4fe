internal import DiagModel

/// The faults that the facts of an ATA device show.
///
/// What SMART counters mean is the vendor's, so no single counter is more than a reason to look
/// closer; several together weigh more, and so does what the device itself says.
enum ATAFindings {
    /// The faults of one device, from the facts that ``ATAFacts`` makes.
    ///
    /// `device` is its path, `artifact` the document of the evidence.
    static func findings(
        facts: [String: JSONValue], device: String, artifact: String
    ) -> [Finding] {
        let facts = Facts(values: facts, device: device, artifact: artifact)
        return [
            failing(facts), aged(facts), media(facts), reallocated(facts), uncorrectable(facts),
            crc(facts), wear(facts), selfTest(facts), temperature(facts), locked(facts),
        ].compactMap(\.self)
    }

    private struct Facts {
        let values: [String: JSONValue]
        let device: String
        let artifact: String

        /// What a person calls the device.
        var name: String {
            guard let model = text("model") else { return device }
            return "\(device) (\(model))"
        }

        func number(_ name: String) -> Int64 {
            switch values["ata/\(name)"] {
            case .integer(let value)?: value
            case .unsigned?: .max
            default: 0
            }
        }

        func text(_ name: String) -> String? { values["ata/\(name)"]?.text }

        func isTrue(_ name: String) -> Bool { values["ata/\(name)"] == .bool(true) }

        func list(_ name: String) -> [String] {
            guard case .array(let items)? = values["ata/\(name)"] else { return [] }
            return items.compactMap(\.text)
        }

        func finding(
            _ what: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String]
        ) -> Finding {
            Finding(
                fault: "storage.ata.\(what)", severity: severity, collector: "storage",
                object: name, place: device, reason: reason, recommendedActions: actions,
                evidence: [.init(artifact: artifact)])
        }

        var test: String {
            "Run a long self-test and look at its result: "
                + "`smartctl -t long \(device)`, later `smartctl -l selftest \(device)`."
        }
        var save: String {
            "Make sure that a current copy of the data exists, and plan to replace "
                + "the disk."
        }
    }

    private static func failing(_ facts: Facts) -> Finding? {
        let attributes = facts.list("failingAttributes")
        let list = attributes.isEmpty ? "" : " (\(attributes.joined(separator: "; ")))"
        if facts.isTrue("smartFailing") {
            return facts.finding(
                "smart-failing", .critical,
                "The device says by SMART that it is about to fail: a value has reached its "
                    + "threshold\(list).",
                [
                    "Copy the data away now, and replace the disk.",
                    "See all values: `smartctl -x \(facts.device)`.",
                ])
        }
        guard !attributes.isEmpty else { return nil }
        return facts.finding(
            "attribute-below-threshold", .major,
            "A SMART attribute that foretells failures is at its threshold\(list), though the "
                + "device does not report its overall health as failing.",
            [facts.save, facts.test])
    }

    private static func aged(_ facts: Facts) -> Finding? {
        let attributes = facts.list("agedAttributes")
        guard !attributes.isEmpty else { return nil }
        return facts.finding(
            "attribute-aged", .minor,
            "A SMART attribute that stands for age or use is at its threshold "
                + "(\(attributes.joined(separator: "; "))). By itself that says that the device is "
                + "past what its vendor planned for, not that it fails.",
            ["Look what the attribute means for this model, and plan the device's replacement."])
    }

    /// Sectors that the disk could not read: pending ones, and those an offline scan found.
    private static func media(_ facts: Facts) -> Finding? {
        let pending = facts.number("pendingSectors")
        let offline = facts.number("offlineUncorrectable")
        guard pending > 0 || offline > 0 else { return nil }
        let others = corroboration(facts, except: ["pendingSectors", "offlineUncorrectable"])
        let severity: Finding.Severity =
            max(pending, offline) >= 10 || !others.isEmpty ? .major : .minor
        var parts = [String]()
        if pending > 0 {
            parts.append(
                "\(count(pending, "sector waits", "sectors wait")) to be rewritten or "
                    + "reallocated because \(pending == 1 ? "it" : "they") could not be read "
                    + "(attribute 197)")
        }
        if offline > 0 {
            parts.append(
                "the disk's own scan found "
                    + "\(count(offline, "sector", "sectors")) uncorrectable (attribute 198)")
        }
        return facts.finding(
            pending > 0 ? "pending-sectors" : "offline-uncorrectable", severity,
            "By its SMART counters, \(parts.joined(separator: "; "))." + also(others)
                + " What is stored there is lost unless it is redundant. Vendors count these "
                + "differently.",
            [
                "Compare with medium errors of the disk in the kernel log.", facts.test,
                "In a RAID, let a scrub rewrite the sectors; else restore the files concerned from "
                    + "a copy. Replace the disk when the number grows.",
            ])
    }

    private static func reallocated(_ facts: Facts) -> Finding? {
        let sectors = facts.number("reallocatedSectors")
        guard sectors > 0 else { return nil }
        let others = corroboration(facts, except: ["reallocatedSectors"])
        var severity: Finding.Severity = sectors >= 100 ? .major : sectors >= 10 ? .minor : .notice
        if severity == .notice, !others.isEmpty { severity = .minor }
        return facts.finding(
            "reallocated-sectors", severity,
            "The disk has replaced \(count(sectors, "sector", "sectors")) by spare ones."
                + also(others) + " A few that stay few are harmless; a growing number comes "
                + "before a failure. Vendors count these differently.",
            ["Compare with the number in an earlier bundle.", facts.test])
    }

    private static func uncorrectable(_ facts: Facts) -> Finding? {
        let errors = facts.number("reportedUncorrectable")
        guard errors > 0 else { return nil }
        let others = corroboration(facts, except: ["reportedUncorrectable"])
        return facts.finding(
            "reported-uncorrectable", others.isEmpty ? .minor : .major,
            "In its life the device reported \(count(errors, "error", "errors")) to the host that "
                + "it could not correct." + also(others) + " The count never goes back, so it may "
                + "be old.",
            [
                "Look in the device's error log when the last one was: "
                    + "`smartctl -l xerror \(facts.device)`.", facts.test,
            ])
    }

    private static func crc(_ facts: Facts) -> Finding? {
        let errors = facts.number("crcErrors")
        guard errors > 0 else { return nil }
        return facts.finding(
            "crc-errors", errors >= 100 ? .minor : .notice,
            "\(count(errors, "transfer", "transfers")) between disk and host arrived with a wrong "
                + "checksum and had to be repeated. That points to the cable, the backplane or the "
                + "power, not to the medium; the count never goes back, so it may be old.",
            [
                "If the number grows, replace or reseat the cable, or try another slot.",
                "Look in the kernel log for `ICRC`, `SATA link down` or a speed that was lowered.",
            ])
    }

    private static func wear(_ facts: Facts) -> Finding? {
        let used = facts.number("percentageUsed")
        guard used >= 90 else { return nil }
        return facts.finding(
            "wear", used >= 100 ? .major : .minor,
            "By its own estimate the device has used \(used) % of the writes it was made for. "
                + "It may go on for long, but without the vendor's promise.",
            ["Plan its replacement, and watch its reallocated and uncorrectable counters."])
    }

    private static func selfTest(_ facts: Facts) -> Finding? {
        guard facts.isTrue("selfTestFailed") else { return nil }
        let place = facts.values["ata/selfTestFailingLBA"].map { _ in
            " at logical sector \(facts.number("selfTestFailingLBA"))"
        }
        return facts.finding(
            "self-test-failed", .major,
            "The newest self-test that came to an end failed"
                + "\(facts.text("selfTestResult").map { " (\($0))" } ?? "")\(place ?? ""), at "
                + "\(facts.number("selfTestHours")) power-on hours (modulo 65536).",
            [facts.save, "See the log: `smartctl -l selftest \(facts.device)`."])
    }

    private static func temperature(_ facts: Facts) -> Finding? {
        let now = facts.number("temperatureCelsius")
        let limit = facts.number("maximumOperatingTemperatureCelsius")
        guard limit > 0, now > limit else { return nil }
        return facts.finding(
            "temperature", .major,
            "The device is at \(now) °C; its vendor allows \(limit) °C in operation.",
            ["Look at fans, air flow and the load of its neighbours."])
    }

    private static func locked(_ facts: Facts) -> Finding? {
        guard facts.isTrue("securityLocked") else { return nil }
        let expired =
            facts.isTrue("securityCountExpired")
            ? " Too many wrong passwords were tried: it takes the next one only after power-off."
            : ""
        return facts.finding(
            "security-locked", .major,
            "The device is locked by its ATA password: it refuses to read and write.\(expired)",
            [
                "Unlock it with the password in the firmware's setup, or by "
                    + "`hdparm --security-unlock PASSWORD \(facts.device)`."
            ])
    }

    /// The other signs of trouble that the device shows, in words.
    private static func corroboration(_ facts: Facts, except names: Set<String>) -> [String] {
        var signs = [String]()
        for (name, text) in [
            ("pendingSectors", "pending sectors"),
            ("offlineUncorrectable", "offline uncorrectable sectors"),
            ("reallocatedSectors", "reallocated sectors"),
            ("reportedUncorrectable", "reported uncorrectable errors"),
        ] where !names.contains(name) && facts.number(name) > 0 {
            signs.append("\(facts.number(name)) \(text)")
        }
        if facts.isTrue("selfTestFailed") { signs.append("a failed self-test") }
        if facts.isTrue("smartFailing") { signs.append("its own verdict that it fails") }
        return signs
    }

    private static func also(_ signs: [String]) -> String {
        signs.isEmpty ? "" : " It also shows \(signs.joined(separator: ", "))."
    }

    private static func count(_ number: Int64, _ one: String, _ many: String) -> String {
        "\(number) \(number == 1 ? one : many)"
    }
}
