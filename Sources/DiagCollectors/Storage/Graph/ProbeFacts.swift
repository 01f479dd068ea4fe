internal import DiagModel

/// Joins what the probes found to the nodes that they asked.
enum ProbeFacts {
    /// Members of a record's facts that are not facts of the target itself.
    private static let other: Set<String> = ["artifact", "devices", "members"]

    /// Adds the facts of `records` to their nodes, under the kind of each record.
    ///
    /// `artifact` names where the facts of a target stand. `devices` and `members` hold facts of
    /// other devices by their names: a question to the device mapper answers for many.
    static func join(_ records: [ProbeRecord], to graph: inout StorageGraph) {
        let fileSystems = graph.fileSystemsByMount
        for record in records {
            let artifact = record.facts["artifact"]?.text ?? "storage/\(record.kind).json"
            let facts = record.facts.filter { !other.contains($0.key) }
            if let id = graph.id(of: record.target) {
                if record.kind != MountHealthProbe.kindName {
                    graph.add(facts, under: record.kind, artifact: artifact, to: id)
                } else if let fileSystem = fileSystems[id] {
                    joinSpace(facts, artifact: artifact, to: fileSystem, in: &graph)
                }
            }
            for member in ["devices", "members"] {
                guard case .object(let devices)? = record.facts[member] else { continue }
                for (name, value) in devices {
                    guard case .object(let facts) = value, let id = graph.id(of: name) else {
                        continue
                    }
                    let prefix = member == "members" ? "\(record.kind)-member" : record.kind
                    graph.add(facts, under: prefix, artifact: artifact, to: id)
                }
            }
        }
    }

    /// Space and inodes are those of the file system, however often it is mounted.
    private static func joinSpace(
        _ facts: [String: JSONValue], artifact: String, to fileSystem: String,
        in graph: inout StorageGraph
    ) {
        let ofMount: Set<String> = ["device", "dev", "fileSystemType", "isReadOnly"]
        graph.add(
            facts.filter { !ofMount.contains($0.key) }, under: "space", artifact: artifact,
            to: fileSystem)
        if case .integer(let byteCount)? = facts["byteCount"] {
            graph.setByteCount(byteCount, of: fileSystem)
        }
    }
}
