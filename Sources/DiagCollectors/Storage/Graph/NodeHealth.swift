internal import DiagModel

/// Says of every node how it is: by the findings placed on it, and by whether it could be asked.
struct NodeHealth {
    private let findings: [String: [Finding]]
    private let answered: Set<String>
    private let refused: Set<String>

    /// Judges by `findings`, whose places are node ids, and by the records of the probes.
    init(findings: [Finding], records: [ProbeRecord], graph: StorageGraph) {
        self.findings = Dictionary(grouping: findings.filter { $0.place != nil }) { $0.place ?? "" }
        var answered = Set<String>()
        var refused = Set<String>()
        for record in records {
            guard let id = graph.id(of: record.target) else { continue }
            switch record.outcome {
            case .ok, .slow: answered.insert(id)
            case .hung, .failed, .skipped: refused.insert(id)
            }
            if case .object(let devices)? = record.facts["devices"] {
                answered.formUnion(devices.keys.compactMap { graph.id(of: $0) })
            }
        }
        self.answered = answered
        self.refused = refused
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
        for node in graph.nodes {
            if node.kind == .fileSystem, node.attributes["mounted"] == true,
                !visible.contains(node.id)
            {
                continue
            }
            let own = findings[node.id] ?? []
            let worst = own.compactMap { Health($0.severity) }.max()
            let health = worst ?? health(of: node, above: below[node.id] ?? [], in: graph)
            let words = own.filter { Health($0.severity) != nil }
                .sorted { ($0.severity, $0.fault) < ($1.severity, $1.fault) }
                .map { Self.word(for: $0.fault) }
            var seen = Set<String>()
            var status = words.filter { seen.insert($0).inserted }
            if status.isEmpty, let health {
                status = [
                    health == .healthy
                        ? "OK"
                        : health == .warning
                            ? "Degraded" : refused.contains(node.id) ? "No Answer" : "Unknown"
                ]
            }
            graph.setHealth(health, health == nil ? nil : status, of: node.id)
        }
        inheritFromControllers(below, in: &graph)
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
            told =
                state("ana_state", ["optimized"]) ?? state("port_state", ["Online"])
                ?? state("state", ["LOGGED_IN", "running"])
            if told == nil, !refused.contains(node.id) { return nil }
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
