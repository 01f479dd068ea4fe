internal import DiagModel

/// Says of every node how it is: by the findings placed on it, and by whether it could be asked.
struct NodeHealth {
    private let findings: [String: [Finding]]
    private let answered: Set<String>
    private let refused: Set<String>
    /// Those that no probe tried to ask.
    private let notAsked: Set<String>

    /// Judges by `findings`, whose places are node ids, and by the records of the probes.
    ///
    /// `others` are the ids of further nodes that a fault is true of, by the fault's place. `asked`
    /// are the devices that a question is about, by its target, where that is no device itself.
    init(
        findings: [Finding], others: [String: [String]] = [:], records: [ProbeRecord],
        asked: [String: [String]] = [:], graph: StorageGraph
    ) {
        var placed = Dictionary(grouping: findings.filter { $0.place != nil }) { $0.place ?? "" }
        for (place, ids) in others {
            let shared = (placed[place] ?? []).filter { $0.fault == FileSystemFindings.poolFault }
            for id in ids where id != place { placed[id, default: []] += shared }
        }
        self.findings = placed
        var answered = Set<String>()
        var silent = Set<String>()
        var skipped = Set<String>()
        for record in records {
            var ids = [graph.id(of: record.target)].compactMap(\.self)
            if case .object(let devices)? = record.facts["devices"] {
                ids += devices.keys.compactMap { graph.id(of: $0) }
            } else {
                ids += (asked[record.target] ?? []).compactMap { graph.id(of: $0) }
            }
            switch record.outcome {
            case .ok, .slow: answered.formUnion(ids)
            case .hung, .failed: silent.formUnion(ids)
            case .skipped: skipped.formUnion(ids)
            }
        }
        self.answered = answered
        refused = silent.union(skipped)
        notAsked = skipped.subtracting(silent)
    }

    /// Faults after which a thing does not work, though they are not critical to the host.
    private static let isLost: Set<String> = ["storage.md.inactive", "storage.snapshot.invalid"]

    /// How `node` is that has the fault `finding`; `nil` when that says nothing.
    ///
    /// `hasUsers` says that something stands on it that has no other way to the data.
    private static func health(
        _ finding: Finding, of node: Topology.Node, hasUsers: Bool
    ) -> Health? {
        let isOffline =
            finding.fault == "storage.scsi.device-state"
            && ["offline", "transport-offline"].contains(node.attributes["state"]?.text)
        return isLost.contains(finding.fault) || isOffline && hasUsers
            ? .unhealthy : Health(finding.severity)
    }

    /// Gives every node of `graph` its health and status.
    func judge(_ graph: inout StorageGraph) {
        var below = [String: [String]]()
        for edge in graph.edges where edge.kind == .attaches || edge.kind == .usedAt {
            below[edge.to, default: []].append(edge.from)
        }
        // Nobody can ask a file system whose every mount lies below another mount.
        var visible = Set<String>()
        for edge in graph.edges
        where edge.kind == .usedAt && graph[edge.to]?.attributes["isHidden"] != true {
            visible.insert(edge.from)
        }
        // What a multipath map stands on, it can do without.
        var used = Set<String>()
        for edge in graph.edges where edge.kind == .contains || edge.kind == .carries {
            if graph[edge.to]?.kind != .multipath { used.insert(edge.from) }
        }
        for node in graph.nodes {
            if node.kind == .fileSystem, node.attributes["mounted"] == true,
                !visible.contains(node.id)
            {
                continue
            }
            let own = findings[node.id] ?? []
            let worst = own.compactMap {
                Self.health($0, of: node, hasUsers: used.contains(node.id))
            }.max()
            let health = worst ?? health(of: node, above: below[node.id] ?? [], in: graph)
            let words = own.filter { Health($0.severity) != nil }
                .sorted { ($0.severity, $0.fault) < ($1.severity, $1.fault) }
                .map { Self.word(for: $0.fault) }
            var seen = Set<String>()
            var status = words.filter { seen.insert($0).inserted }
            if status.isEmpty, let health {
                status = [word(for: health, of: node.id)]
            }
            graph.setHealth(health, health == nil ? nil : status, of: node.id)
        }
        inheritFromControllers(below, in: &graph)
    }

    /// The status of a node without findings.
    private func word(for health: Health, of id: String) -> String {
        switch health {
        case .healthy: "OK"
        case .warning, .unhealthy: "Degraded"
        case .unknown:
            notAsked.contains(id) ? "Not Asked" : refused.contains(id) ? "No Answer" : "Unknown"
        }
    }

    /// A namespace is as well as the NVMe controllers it is in: these speak for its media.
    private func inheritFromControllers(
        _ below: [String: [String]], in graph: inout StorageGraph
    ) {
        for node in graph.nodes where node.kind == .disk && node.name.hasPrefix("nvme") {
            var controllers = below[node.id] ?? []
            controllers += controllers.flatMap { below[$0] ?? [] }
            let worst = controllers.compactMap { graph[$0] }
                .filter { $0.kind == .controller && ($0.health ?? .healthy) > .unknown }
                .max { ($0.health ?? .healthy) < ($1.health ?? .healthy) }
            guard let worst, let health = worst.health, health > node.health ?? .healthy else {
                continue
            }
            graph.setHealth(health, worst.operationalStatus, of: node.id)
        }
    }

    /// How a node is that has no finding; `nil` for what has no health of its own.
    private func health(
        of node: Topology.Node, above: [String], in graph: StorageGraph
    ) -> Health? {
        // Known even when the probe of the array gives no answer.
        if case .integer(let count)? = node.attributes["md/degraded"], count > 0 {
            return .warning
        }
        // There is nothing that could be asked.
        if node.kind == .logicalVolume, node.attributes["active"] == false { return nil }
        if answered.contains(node.id), !refused.contains(node.id) { return .healthy }
        func state(_ name: String, _ good: Set<String>) -> Health? {
            node.attributes[name]?.text.map { good.contains($0) ? .healthy : .unknown }
        }
        let told: Health?
        switch node.kind {
        case .bus, .partition, .mount, .virtual: return nil
        case .controller:
            told = state("state", ["live", "running"])
            if told == nil, !refused.contains(node.id) { return nil }
        case .path:
            // Of an NVMe path the group's state and that of its controller count.
            told =
                [
                    state("ana_state", ["optimized", "non-optimized"]),
                    state("port_state", ["Online"]),
                    state("state", ["LOGGED_IN", "running", "live"]),
                ].compactMap(\.self).max()
            guard told != nil else { return nil }
        case .array:
            told = state(
                "md/array_state",
                ["clean", "active", "active-idle", "write-pending", "readonly", "read-auto"])
        case .mapped, .logicalVolume, .crypt, .multipath:
            told = node.attributes["dm/suspended"] == false ? .healthy : nil
        case .volumeGroup: told = .healthy
        case .swap: told = .healthy
        case .fileSystem:
            guard !FileSystemKind.isKernelView(node.name) else { return nil }
            guard node.attributes["mounted"] != false else { return nil }
            // The probes ask its mounts; the space that one told is joined already.
            told = node.attributes["space/byteCount"] != nil ? .healthy : .unknown
        case .disk:
            // A namespace is asked through its controllers.
            told = above.contains(where: answered.contains) ? .healthy : nil
        }
        if refused.contains(node.id) { return .unknown }
        return told ?? .unknown
    }

    /// `Read Only` for `storage.mount.read-only`.
    static func word(for fault: String) -> String {
        (fault.split(separator: ".").last ?? "").split(separator: "-")
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    }
}
