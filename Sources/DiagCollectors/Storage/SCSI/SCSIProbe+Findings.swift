public import DiagModel

extension SCSIProbe {
    /// From how many errors on the link of a SAS disk counts as bad.
    static let phyErrorLimit: UInt64 = 1000

    /// The faults that the records show, for each device by itself.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        records.filter { $0.kind == kind }.flatMap { record in
            let judge = SCSIJudge(record: record)
            let ata = ATAFindings.findings(
                facts: record.facts, device: record.target,
                artifact: record.facts["artifact"]?.text ?? "storage/scsi.json")
            return judge.answers() + judge.media() + judge.links() + judge.enclosure() + ata
        }
    }
}

/// Judges the facts of one device.
struct SCSIJudge {
    let record: ProbeRecord

    private var name: String { String(record.target.split(separator: "/").last ?? "device") }

    /// The device as a person knows it.
    private var device: String {
        let parts = ["vendor", "model", "serial"].compactMap { record.facts[$0]?.text }
        return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: " ")))"
    }

    private func count(_ name: String) -> UInt64? {
        switch record.facts[name] {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String]
    ) -> Finding {
        Finding(
            fault: fault, severity: severity, collector: "storage", object: name,
            place: record.target, reason: reason, recommendedActions: actions,
            evidence: [
                .init(artifact: record.facts["artifact"]?.text ?? "storage/scsi.json")
            ])
    }

    private static let replace =
        "Make sure that its data have a good copy elsewhere, then replace the disk."

    /// Whether it answers, and on which path.
    func answers() -> [Finding] {
        var found = [Finding]()
        switch record.outcome {
        case .hung:
            found.append(
                finding(
                    "storage.scsi.hung", .critical,
                    "\(device) did not answer a SCSI command within 5 s. What reads or writes it "
                        + "waits, too.",
                    [
                        "Look in the kernel log for timeouts, resets and aborts of this device.",
                        "Check its cable, backplane slot and host adapter; then the disk itself.",
                    ]))
        case .failed:
            found.append(
                finding(
                    "storage.scsi.no-answer", .major,
                    "\(device) does not answer SCSI commands: "
                        + "\(record.reason ?? "no reason given").",
                    ["Look in the kernel log for this device, and check the way to it."]))
        case .slow:
            found.append(
                finding(
                    "storage.scsi.slow", .minor,
                    "\(device) took more than 2 s for a few questions that take milliseconds.",
                    ["Look for load on it, and for timeouts and resets in the kernel log."]))
        case .ok, .skipped: break
        }
        let state = record.facts["accessState"]?.text ?? ""
        if ["unavailable", "offline"].contains(state) {
            found.append(
                finding(
                    "storage.scsi.path-unavailable", .major,
                    "The path \(name) is in the access state \(state): its target port group "
                        + "takes no reads and writes.",
                    ["Check the array's controllers, and the paths: `multipath -ll`."]))
        }
        return found
    }

    /// The disk's own view of its health.
    func media() -> [Finding] {
        [predicted(), worn(), hot(), tested(), scanned()].compactMap(\.self) + uncorrected()
    }

    private func predicted() -> Finding? {
        let words = record.facts["exception"]?.text ?? ""
        let code = record.facts["exceptionCode"]?.text ?? ""
        if record.facts["isFailurePredicted"] == true {
            return finding(
                "storage.scsi.failure-predicted", .critical,
                "\(device) predicts its own failure (\(code)): \(words).",
                [Self.replace, "Check its warranty with the serial number."])
        }
        guard code.hasPrefix("0B/") else { return nil }
        return finding(
            "storage.scsi.warning", .minor, "\(device) warns (\(code)): \(words).",
            ["Look at its temperature, self-tests and background scan in the evidence."])
    }

    private func worn() -> Finding? {
        guard let percent = count("percentageUsedEndurance"), percent >= 90 else { return nil }
        return finding(
            "storage.scsi.worn", percent >= 100 ? .major : .minor,
            "\(device) has used \(percent) % of the writes that it is built for.",
            ["Plan its replacement; at 100 % the vendor promises nothing any more."])
    }

    private func hot() -> Finding? {
        guard let temperature = count("temperatureCelsius"),
            let trip = count("temperatureTripCelsius"), trip > 0, temperature >= trip
        else { return nil }
        return finding(
            "storage.scsi.hot", .major,
            "\(device) has \(temperature) °C, at or above its limit of \(trip) °C.",
            ["Check the fans and the air flow of its enclosure."])
    }

    private func tested() -> Finding? {
        guard record.facts["isLastSelfTestFailed"] == true else { return nil }
        let block = count("selfTestFailedBlock").map { ", first at block \($0)" } ?? ""
        let hours = count("lastSelfTestPowerOnHours").map { " at hour \($0)" } ?? ""
        return finding(
            "storage.scsi.self-test-failed", .major,
            "The last self-test of \(device)\(hours) failed\(block).", [Self.replace])
    }

    private func scanned() -> Finding? {
        guard let pending = count("backgroundScanPendingCount"), pending > 0 else { return nil }
        return finding(
            "storage.scsi.unreadable-blocks", .minor,
            "The background scan of \(device) found \(pending) places that cannot be read and "
                + "are not yet repaired.",
            [
                "Let the redundancy above rewrite them: scrub the array or pool.",
                "Without redundancy, save its data; then replace the disk when the count grows.",
            ])
    }

    private func uncorrected() -> [Finding] {
        ["read", "write", "verify"].compactMap { what in
            guard let errors = count("\(what)UncorrectedErrorCount"), errors > 0 else { return nil }
            return finding(
                "storage.scsi.uncorrected-\(what)-errors", errors >= 10 ? .major : .minor,
                "\(device) counts \(errors) \(what) errors that it could not correct.",
                [
                    "Compare with an older bundle: a count that grows calls for a new disk.",
                    "Run a long self-test: `smartctl -t long \(record.target)`.",
                ])
        }
    }

    /// The links of a SAS disk.
    func links() -> [Finding] {
        guard case .array(let phys)? = record.facts["phys"] else { return [] }
        return phys.compactMap { phy in
            func value(_ name: String) -> UInt64 {
                guard case .integer(let value)? = phy[name] else { return 0 }
                return UInt64(clamping: value)
            }
            let invalid = value("invalidDwordCount")
            let losses = value("lossOfDwordSynchronizationCount")
            let resets = value("phyResetProblemCount")
            guard invalid >= SCSIProbe.phyErrorLimit || losses >= 100 || resets >= 10 else {
                return nil
            }
            return finding(
                "storage.sas.phy-errors", .minor,
                "Link \(value("phy")) of \(device) counts \(invalid) invalid words, \(losses) "
                    + "losses of synchronisation and \(resets) failed resets.",
                [
                    "Compare with an older bundle: when the counts grow, exchange cable, "
                        + "backplane slot or expander on this way."
                ])
        }
    }

    /// The elements of an enclosure.
    func enclosure() -> [Finding] {
        guard case .array(let elements)? = record.facts["faultyElements"] else { return [] }
        return elements.map { element in
            let type = element["type"]?.text ?? "element"
            let status = element["status"]?.text ?? "unknown"
            var faults = [String]()
            if case .array(let list)? = element["faults"] { faults = list.compactMap(\.text) }
            var which = type
            if let name = element["name"]?.text { which += " \"\(name)\"" }
            if case .integer(let slot)? = element["slot"] {
                which += " in slot \(slot)"
            } else if case .integer(let index)? = element["index"] {
                which += " number \(index)"
            }
            let isSevere =
                ["critical", "unrecoverable"].contains(status)
                || faults.contains { $0.contains("failed") || $0.contains("critical") }
            let said = faults.isEmpty ? "" : ": " + faults.joined(separator: ", ")
            return finding(
                "storage.enclosure.element", isSevere ? .major : .minor,
                "The \(which) of the enclosure \(device) is \(status)\(said).",
                ["Look at this part in the rack, and replace it when its lamp says so."])
        }
    }
}
