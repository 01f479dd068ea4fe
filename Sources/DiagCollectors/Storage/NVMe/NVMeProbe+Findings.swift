public import DiagModel

extension NVMeProbe {
    /// The faults that the records show, each once for each controller.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        records.flatMap { record -> [Finding] in
            let controller = NVMeHealthFacts(record)
            switch record.outcome {
            case .hung: return [controller.hung(seconds: deadlineSeconds)]
            case .failed: return [controller.failed()] + controller.findings
            case .ok, .slow: return controller.findings
            case .skipped: return []
            }
        }
    }
}

/// The facts of one controller's record, and what is wrong with them.
struct NVMeHealthFacts {
    private let record: ProbeRecord
    private let facts: JSONValue
    private let name: String

    init(_ record: ProbeRecord) {
        self.record = record
        facts = .object(record.facts)
        name = NVMeProbe.name(of: record.target)
    }

    /// All but those of a controller that did not answer.
    var findings: [Finding] {
        [readOnly, degraded, spare, worn, mediaErrors, temperature, memory, selfTest, sanitize]
            .compactMap(\.self) + groups + protected
    }

    func hung(seconds: Double) -> Finding {
        let stack = record.kernelStack ?? []
        let frames = stack.prefix(4).map { UntrustedText.escapingControls($0) }
        return finding(
            "hung", .critical,
            "The controller \(name) did not answer an Identify or Get Log Page command within "
                + "\(Int(seconds)) s."
                + (frames.isEmpty
                    ? "" : " The kernel waits in: " + frames.joined(separator: " < ") + "."),
            [
                "Look in the kernel log for timeouts, resets and aborts of \(name).",
                "Check its slot, cable or network; `cat /sys/class/nvme/\(name)/state` tells "
                    + "whether it comes back.",
            ])
    }

    func failed() -> Finding {
        finding(
            "failed", .major,
            "The controller \(name) could not be asked: \(record.reason ?? "no reason given").",
            ["Look in the kernel log for errors and resets of \(name)."])
    }

    private func number(_ path: String...) -> Int64? {
        var value: JSONValue? = facts
        for name in path { value = value?[name] }
        guard case .integer(let number)? = value else { return nil }
        return number
    }

    /// Whether the health log has the warning `word`.
    private func warns(_ word: String) -> Bool {
        guard case .array(let words)? = facts["health"]?["criticalWarnings"] else { return false }
        return words.contains(.string(word))
    }

    private var model: String {
        let parts = [facts["model"]?.text, facts["serial"]?.text.map { "serial \($0)" }]
            .compactMap(\.self).filter { !$0.isEmpty }
        return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
    }

    private var readOnly: Finding? {
        guard warns("mediaReadOnly") else { return nil }
        return finding(
            "read-only", .critical,
            "The controller \(model) has put all its media in read-only mode: every write fails.",
            [
                "Copy what is on it while it can still be read, and replace it.",
                "When it is part of an array, see that the other members are well before it is "
                    + "taken out.",
            ])
    }

    private var degraded: Finding? {
        guard warns("reliabilityDegraded") else { return nil }
        return finding(
            "degraded", .critical,
            "The controller \(model) warns that media or internal errors degrade its reliability.",
            ["See that there is a backup, and replace it.", "Give the vendor its error log."])
    }

    private var spare: Finding? {
        guard let left = number("health", "availableSparePercent"),
            let threshold = number("health", "spareThresholdPercent"),
            warns("spareBelowThreshold") || left < threshold
        else { return nil }
        return finding(
            "spare", .major,
            "The spare capacity of \(model) is \(left) %, and it warns below \(threshold) %.",
            ["Plan to replace it: without spare blocks it goes into read-only mode."])
    }

    private var worn: Finding? {
        guard let used = number("health", "percentageUsed"), used >= 90 else { return nil }
        return finding(
            "worn", used >= 100 ? .major : .minor,
            "By its vendor's estimate \(used) % of the life of \(model) is used"
                + (used >= 100 ? "; its endurance is spent, though it may work on." : "."),
            ["Plan to replace it, and compare with the other disks of the same age."])
    }

    private var mediaErrors: Finding? {
        let value = facts["health"]?["mediaErrors"]
        // Above 63 bits the count is a text.
        guard let value, value != 0 else { return nil }
        let count = number("health", "mediaErrors").map { "\($0)" } ?? value.text ?? "many"
        return finding(
            "media-errors", .major,
            "The controller \(model) counts \(count) errors of media or data that it could not "
                + "correct, over its life.",
            [
                "Look in the kernel log for the blocks, and check the file systems and arrays on "
                    + "it (scrub).",
                "When the count rises between two bundles, replace it.",
            ])
    }

    private var temperature: Finding? {
        guard let kelvin = number("health", "temperatureKelvin"), kelvin > 0 else { return nil }
        let celsius = kelvin - 273
        let actions = ["Check fans, airflow and heat sinks; the controller slows itself down."]
        if let limit = number("criticalKelvin"), kelvin >= limit {
            return finding(
                "overheated", .major,
                "The temperature of \(model) is \(celsius) °C, at or above its critical "
                    + "\(limit - 273) °C: it may shut down.", actions)
        }
        if let limit = number("warningKelvin"), kelvin >= limit {
            return finding(
                "hot", .minor,
                "The temperature of \(model) is \(celsius) °C, at or above its warning threshold "
                    + "of \(limit - 273) °C.", actions)
        }
        guard warns("temperatureOutOfRange") else { return nil }
        return finding(
            "hot", .minor,
            "The controller \(model) warns that a temperature is out of its range; the composite "
                + "temperature is \(celsius) °C.", actions)
    }

    private var memory: Finding? {
        if warns("volatileMemoryBackupFailed") {
            return finding(
                "memory-backup", .major,
                "The backup of the volatile memory of \(model) has failed: a loss of power may "
                    + "lose data that was written.",
                ["Replace it, or turn off its write cache until then."])
        }
        guard warns("persistentMemoryUnreliable") else { return nil }
        return finding(
            "memory-region", .minor,
            "The persistent memory region of \(model) has become read-only or unreliable.",
            ["Move what uses it away."])
    }

    private var selfTest: Finding? {
        guard let failure = facts["selfTest"]?["lastFailure"]?.text else { return nil }
        let isLast = facts["selfTest"]?["last"]?.text == failure
        let hours = number("selfTest", "lastFailurePowerOnHours").map { " at \($0) power on hours" }
        return finding(
            "self-test", isLast ? .major : .notice,
            (isLast ? "The last" : "An earlier, though not the last,")
                + " device self-test of \(model) failed\(hours ?? "") (\(failure)).",
            [
                "See selfTests in the evidence for the segment and block.",
                "Repeat it: `nvme device-self-test /dev/\(name) -s 1`.",
            ])
    }

    private var sanitize: Finding? {
        guard facts["sanitize"]?.text == "failed" else { return nil }
        return finding(
            "sanitize", .major,
            "The last sanitize operation of \(model) failed; until it is repeated or left, the "
                + "controller refuses most commands.",
            ["Repeat the operation, or leave the failure mode: `nvme sanitize /dev/\(name) -a 1`."])
    }

    private var groups: [Finding] {
        guard case .object(let groups)? = facts["enduranceGroups"] else { return [] }
        return groups.sorted { NaturalOrder.precedes($0.key, $1.key) }.compactMap { key, group in
            guard case .integer(let warning)? = group["criticalWarning"], warning & 0xD != 0 else {
                return nil
            }
            let words = [
                warning & 1 != 0 ? "its spare capacity is below the threshold" : nil,
                warning & 4 != 0 ? "its reliability is degraded" : nil,
                warning & 8 != 0 ? "its namespaces are read-only" : nil,
            ].compactMap(\.self)
            return finding(
                "endurance-group", warning & 0xC != 0 ? .critical : .major,
                "The endurance group \(key) of \(model) warns: \(words.joined(separator: ", ")).",
                ["Copy what is on its namespaces, and plan to replace the device."])
        }
    }

    private var protected: [Finding] {
        guard case .object(let namespaces)? = facts["namespaces"] else { return [] }
        let numbers = namespaces.filter { $0.value["isWriteProtected"] == true }.keys
            .sorted(by: NaturalOrder.precedes)
        guard !numbers.isEmpty else { return [] }
        return [
            finding(
                "write-protected", .notice,
                "Namespace \(numbers.joined(separator: ", ")) of \(model) is write protected.",
                [
                    "When that is not wanted: `nvme get-feature /dev/\(name) -f 0x84 -n "
                        + "\(numbers[0])` tells how."
                ])
        ]
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String]
    ) -> Finding {
        let artifact = facts["artifact"]?.text ?? "storage/nvme.json"
        return Finding(
            fault: "storage.nvme.\(fault)", severity: severity, collector: "storage",
            object: name, place: record.target, reason: reason, recommendedActions: actions,
            evidence: [.init(artifact: artifact)])
    }
}
