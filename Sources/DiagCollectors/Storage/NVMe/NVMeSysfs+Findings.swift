internal import DiagModel

extension NVMeControllersDocument {
    /// What is wrong with the controllers, their links and their ways to namespaces.
    var findings: [Finding] {
        let reachable = Set(controllers.flatMap(\.usableNamespaces))
        return controllers.flatMap { $0.findings(reachable: reachable) }
    }
}

extension NVMeControllersDocument.Controller {
    /// The faults; `reachable` are the namespaces that some controller reaches.
    fileprivate func findings(reachable: Set<String>) -> [Finding] {
        [notLive, slowLink].compactMap(\.self) + errors + access(reachable: reachable)
    }

    /// The namespaces that this controller reaches now.
    fileprivate var usableNamespaces: [String] {
        guard text("state") == "live" else { return [] }
        return paths.filter { ["optimized", "non-optimized"].contains($0.anaState) }
            .map(namespace(of:))
    }

    /// What a path leads to, by one name for all of its paths: below native multipath `nvme2n1` of
    /// `nvme2c10n1`, else the subsystem's name and the number.
    private func namespace(of path: NVMeControllersDocument.Path) -> String {
        let parts = path.name.split(separator: "c", maxSplits: 1)
        if parts.count == 2, let end = parts[1].firstIndex(of: "n") {
            return String(parts[0] + parts[1][end...])
        }
        guard let subsystem = text("subsysnqn"), let number = path.namespaceIdentifier else {
            return path.name
        }
        return "\(subsystem) \(number)"
    }

    /// Only `live` takes commands. Source: `nvme_ctrl_state`, drivers/nvme/host/nvme.h, Linux 6.12.
    private var notLive: Finding? {
        guard let state = text("state"), state != "live" else { return nil }
        let (severity, meaning): (Finding.Severity, String) =
            switch state {
            case "new": (.minor, "it has not been set up yet")
            case "resetting": (.major, "it is being reset, and requests wait")
            case "connecting": (.major, "its connection is lost and is being made anew")
            case "deleting", "deleting (no IO)", "deleting (noio)": (.minor, "it is being removed")
            case "dead": (.critical, "the kernel has given it up, and every request fails")
            default: (.major, "it takes no requests")
            }
        let isFabrics = text("transport") != "pcie"
        return finding(
            "not-live", severity, "The controller \(name) is in the state \(state): \(meaning).",
            [
                "Look in the kernel log for timeouts, resets and lost connections of \(name).",
                isFabrics
                    ? "Check the network and the target; `nvme list-subsys` shows the other paths."
                    : "Check its slot and power; a cold start tells whether it is dead.",
            ])
    }

    private var slowLink: Finding? {
        guard let link else { return nil }
        var parts = [String]()
        var isOfPort = true
        if let now = link.currentSpeed, let most = link.maximumSpeed, now < most {
            parts.append("\(Self.gigatransfers(now)) instead of \(Self.gigatransfers(most)) GT/s")
            if now < min(most, link.portSpeed ?? most) { isOfPort = false }
        }
        if let now = link.currentWidth, let most = link.maximumWidth, now < most {
            parts.append("\(now) instead of \(most) lanes")
            if now < min(most, link.portWidth ?? most) { isOfPort = false }
        }
        guard !parts.isEmpty else { return nil }
        return finding(
            "link", isOfPort ? .notice : .minor,
            "The PCIe link of \(name) runs with \(parts.joined(separator: " and ")) that it can"
                + (isOfPort ? "; the port above it has no more." : "."),
            isOfPort
                ? ["When it should be faster, move it to a slot that has all its lanes and speed."]
                : [
                    "Reseat the device and clean its contacts; look for corrected errors of the "
                        + "link (aer_dev_correctable).",
                    "Some devices slow the link down to save power: look again under load.",
                ])
    }

    private static func gigatransfers(_ speed: Int64) -> String {
        speed % 10 == 0 ? "\(speed / 10)" : "\(speed / 10).\(speed % 10)"
    }

    private var errors: [Finding] {
        [("fatal", Finding.Severity.major), ("nonfatal", .minor)].compactMap { kind, severity in
            let counts = (errorCounts?[kind] ?? [:]).filter { !$0.key.hasPrefix("TOTAL") }
            guard !counts.isEmpty else { return nil }
            let list = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            return finding(
                "pcie-\(kind)", severity,
                "The PCIe link of \(name) had \(kind == "fatal" ? "fatal" : "uncorrected") errors "
                    + "since the start: \(list.joined(separator: ", ")).",
                [
                    "Look in the kernel log for AER messages of its PCI device and the port above.",
                    "Reseat the device, and update the firmware of device and board.",
                ])
        }
    }

    private func access(reachable: Set<String>) -> [Finding] {
        let states: [(state: String, severity: Finding.Severity, meaning: String)] = [
            ("persistent-loss", .major, "this way to them is lost for good"),
            ("inaccessible", .major, "they cannot be reached this way now"),
            ("change", .notice, "the target is about to change how they are reached"),
            ("non-optimized", .notice, "this way to them costs more than another"),
        ]
        return states.compactMap { state, severity, meaning in
            var (severity, meaning) = (severity, meaning)
            var affected = paths.filter { $0.anaState == state }
            if state == "inaccessible", !affected.isEmpty {
                let lost = affected.filter { !reachable.contains(namespace(of: $0)) }
                if lost.isEmpty {
                    severity = .notice
                    meaning = "they cannot be reached this way now, but another way is open"
                } else {
                    affected = lost
                    meaning = "they cannot be reached this way now, nor any other way"
                }
            }
            let names = affected.map(\.name)
            guard !names.isEmpty else { return nil }
            let shown = names.prefix(8).joined(separator: ", ")
            let more = names.count > 8 ? " and \(names.count - 8) more" : ""
            return finding(
                "ana-\(state)", severity,
                "Of the namespaces of \(name), \(shown)\(more) have the access state \(state): "
                    + "\(meaning).",
                [
                    "See with `nvme list-subsys` which ways are left, and on the target why this "
                        + "one is not optimized."
                ])
        }
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String]
    ) -> Finding {
        Finding(
            fault: "storage.nvme.\(fault)", severity: severity, collector: "storage",
            object: name, place: "/dev/\(name)", reason: reason, recommendedActions: actions,
            evidence: [.init(artifact: "storage/nvme-controllers.json")])
    }
}
