internal import DiagCollect
internal import DiagModel

/// Joins what the probes found to the graph, judges every node, and sends what comes of it.
struct StorageConclusion {
    private var graph: StorageGraph
    private let records: [ProbeRecord]
    private var findings: [Finding]
    private let host: String
    private let isNarrowed: Bool
    private let asked: [String: [String]]
    private var volumeGroups: VolumeGroupNodes?

    /// A conclusion over the graph as memory tells it, the records of the probes, and what was
    /// found before.
    ///
    /// `asked` are the devices that a question was about, by its target. `isNarrowed` says that
    /// only some subsystems were asked.
    init(
        _ graph: StorageGraph, records: [ProbeRecord], findings: [Finding], host: String,
        asked: [String: [String]] = [:], isNarrowed: Bool = false
    ) {
        self.graph = graph
        self.asked = asked
        self.isNarrowed = isNarrowed
        self.records = records
        self.findings = findings
        self.host = host
    }

    /// Adds what the records mean, as the probes themselves say it.
    mutating func addMeaning(of probes: [any Probe]) {
        let byKind = Dictionary(grouping: records, by: \.kind)
        for probe in probes {
            for var finding in probe.findings(in: byKind[probe.kind] ?? []) {
                if finding.evidence.isEmpty {
                    finding.evidence = [.init(artifact: "storage/\(probe.kind).json")]
                }
                findings.append(finding)
            }
        }
    }

    /// Joins the facts of the records, of the file systems and of the samples to the nodes.
    mutating func join(
        devices: [BlockDevice], fileSystems: [FileSystemHealth.FileSystemFacts], rates: IORates?
    ) {
        for node in graph.nodes where node.kind == .fileSystem {
            let prefix = "fileSystem:uuid."
            if node.id.hasPrefix(prefix) {
                graph.name("uuid:" + node.id.dropFirst(prefix.utf8.count), node.id)
            }
        }
        ProbeFacts.join(records, to: &graph)
        volumeGroups = VolumeGroupNodes(
            records, devices: devices, isNarrowed: isNarrowed)
        if let volumeGroups {
            volumeGroups.add(to: &graph)
            findings += volumeGroups.findings
        }
        let carried = graph.fileSystemsByDevice
        for facts in fileSystems {
            let device = facts.device.flatMap { graph.id(of: $0) }.flatMap { carried[$0] }
            guard let id = device ?? facts.uuid.flatMap({ graph.id(of: "uuid:" + $0) }) else {
                continue
            }
            graph.add(
                facts.facts, under: "kernel", artifact: FileSystemHealth.artifact, to: id)
        }
        for device in rates?.devices ?? [] {
            guard let id = graph.id(of: device.name), let rates else { continue }
            graph.add(
                rates.facts(of: device), under: "io", artifact: "storage/io-rates.json", to: id)
        }
        var arrays = Set<String>()
        for edge in graph.edges where edge.kind == .carries && graph[edge.to]?.kind == .array {
            arrays.insert(edge.from)
        }
        // What a superblock says of missing members counts where no array speaks for itself.
        findings.removeAll { finding in
            finding.fault == "storage.md.slot-missing"
                && arrays.contains(graph.id(of: finding.place ?? "") ?? "")
        }
        findings += FileSystemFindings.marked(
            records,
            held: PhysicalVolumePlaces(devices).held.union(devices.flatMap(\.lowerDevices)),
            told: Set(
                findings.filter { $0.fault == "storage.ext4.errors" }.compactMap(\.place)))
        let pools = fileSystemsOfPools()
        findings = findings.map { finding in
            var finding = finding
            if finding.fault == FileSystemFindings.poolFault {
                finding.place = pools[finding.object]?.first
                return finding
            }
            guard let id = graph.id(of: finding.place ?? finding.object) else { return finding }
            // What the kernel says of a file system by its device is the file system's.
            let isOfFileSystem = ["ext4", "xfs", "btrfs"].contains {
                finding.fault.hasPrefix("storage.\($0).")
            }
            finding.place = isOfFileSystem ? carried[id] ?? id : id
            return finding
        }
        let others = Dictionary(
            pools.values.compactMap { ids in ids.first.map { ($0, ids) } },
            uniquingKeysWith: { first, _ in first })
        NodeHealth(
            findings: findings, others: others, records: records, asked: asked, graph: graph
        ).judge(&graph)
    }

    /// The ids of the file systems that lie in each ZFS pool, that of the pool itself first.
    private func fileSystemsOfPools() -> [String: [String]] {
        var found = [String: [(source: String, id: String)]]()
        for node in graph.nodes where node.kind == .fileSystem && node.name == "zfs" {
            guard let source = node.attributes["source"]?.text,
                let pool = source.split(whereSeparator: { $0 == "/" || $0 == "@" }).first
            else { continue }
            found[String(pool), default: []].append((source, node.id))
        }
        return found.mapValues { $0.sorted { ($0.source, $0.id) < ($1.source, $1.id) }.map(\.id) }
    }

    /// Sends the graph, its tree, the subsystems, the volume groups and the findings.
    func send(into sink: any CollectionSink) throws {
        let topology = graph.topology
        try TopologyDocument.send(topology, into: sink)
        try sink.send(
            "topology.txt", TopologyTree.text(of: topology), source: "topology.json",
            mediaType: "text/plain", privacy: .identity)
        try sink.sendJSON(
            "subsystems.json", StorageSubsystem.list(topology, host: host),
            source: "topology.json", privacy: .identity)
        if let volumeGroups {
            try sink.sendJSON(
                "lvm.json", volumeGroups.document, source: "the metadata on the physical volumes",
                privacy: .identity)
        }
        for finding in findings {
            // What is placed at a node that is left out belongs to another subsystem.
            if isNarrowed, let place = finding.place, graph[place] == nil { continue }
            try sink.send(.finding(finding))
        }
    }
}
