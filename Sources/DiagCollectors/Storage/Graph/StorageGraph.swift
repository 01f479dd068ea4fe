internal import DiagFormats
internal import DiagModel

/// The graph while facts are joined to it, and the names that its nodes go by.
struct StorageGraph {
    private(set) var nodes: [Topology.Node]
    private(set) var edges: Set<Topology.Edge>
    private var positions: [String: Int]
    /// Ids by what a probe, a finding or a tool calls the node: `/dev/sda`, `sda`, `nvme0`, `/var`.
    private var idsByName: [String: String] = [:]

    /// The graph of `topology`.
    init(_ topology: Topology) {
        nodes = topology.nodes
        edges = Set(topology.edges)
        positions = Dictionary(nodes.enumerated().map { ($1.id, $0) }) { first, _ in first }
    }

    /// The graph as a document, in order.
    var topology: Topology { Topology(nodes: nodes, edges: Array(edges)) }

    /// Lets the node `id` be found by `name`; the first to have a name keeps it.
    mutating func name(_ name: String, _ id: String) {
        if !id.isEmpty, idsByName[name] == nil { idsByName[name] = id }
    }

    /// The id of the node that `name` means: an id, a device's name or path, a mount point.
    func id(of name: String) -> String? {
        if let id = idsByName[name] { return id }
        if positions[name] != nil { return name }
        if name.hasPrefix("/dev/") { return idsByName[String(name.dropFirst(5))] }
        // An adapter by its folder: /sys/class/fc_host/host3.
        guard name.hasPrefix("/sys/"), let last = name.split(separator: "/").last else {
            return nil
        }
        return idsByName[String(last)]
    }

    /// The file system of each mount, by the mount's id.
    var fileSystemsByMount: [String: String] {
        var fileSystems = [String: String]()
        for edge in edges where edge.kind == .usedAt { fileSystems[edge.to] = edge.from }
        return fileSystems
    }

    /// The node with that id.
    subscript(id: String) -> Topology.Node? { positions[id].map { nodes[$0] } }

    /// Adds a node unless there is one with its id.
    mutating func add(_ node: Topology.Node) {
        guard positions[node.id] == nil else { return }
        positions[node.id] = nodes.count
        nodes.append(node)
    }

    /// Joins two nodes that there are.
    mutating func connect(_ from: String, _ kind: Topology.Edge.Kind, _ to: String) {
        guard from != to, positions[from] != nil, positions[to] != nil else { return }
        edges.insert(.init(from: from, to: to, kind: kind))
    }

    /// The ids of what the node `id` carries.
    func carried(by id: String) -> [String] {
        edges.filter { $0.from == id && $0.kind == .carries }.map(\.to)
    }

    /// The file system that stands on each device, by the device's id.
    var fileSystemsByDevice: [String: String] {
        var fileSystems = [String: String]()
        for edge in edges where edge.kind == .carries && self[edge.to]?.kind == .fileSystem {
            fileSystems[edge.from] = edge.to
        }
        return fileSystems
    }

    /// Adds `facts` to a node, each as `<prefix>/<name>`, and the artifact they stand in.
    mutating func add(
        _ facts: [String: JSONValue], under prefix: String, artifact: String?, to id: String
    ) {
        guard let position = positions[id] else { return }
        for (name, value) in facts where value != .null {
            nodes[position].attributes["\(prefix)/\(name)"] = value
        }
        if let artifact {
            nodes[position].artifacts = (nodes[position].artifacts ?? [:])
                .merging([prefix: artifact]) { $1 }
        }
    }

    /// Says in which artifact the facts without a prefix stand.
    mutating func setArtifact(_ artifact: String, of id: String) {
        guard let position = positions[id] else { return }
        nodes[position].artifacts = (nodes[position].artifacts ?? [:]).merging(["": artifact]) {
            first, _ in first
        }
    }

    /// Gives a node a size where it has none.
    mutating func setByteCount(_ byteCount: Int64, of id: String) {
        guard let position = positions[id], nodes[position].byteCount == nil else { return }
        nodes[position].byteCount = byteCount
    }

    /// Says how a node is.
    mutating func setHealth(_ health: Health?, _ status: [String]?, of id: String) {
        guard let position = positions[id] else { return }
        nodes[position].health = health
        nodes[position].operationalStatus = status
    }

    /// Keeps only the nodes with those ids, and the edges between them.
    mutating func keep(_ ids: Set<String>) {
        nodes.removeAll { !ids.contains($0.id) }
        positions = Dictionary(nodes.enumerated().map { ($1.id, $0) }) { first, _ in first }
        edges = edges.filter { ids.contains($0.from) && ids.contains($0.to) }
    }

    /// `ids`, all that they stand on, and all that stands on them.
    func chain(of ids: Set<String>) -> Set<String> {
        var lower = [String: [String]]()
        var upper = [String: [String]]()
        for edge in edges {
            lower[edge.to, default: []].append(edge.from)
            upper[edge.from, default: []].append(edge.to)
        }
        func reach(_ next: [String: [String]]) -> Set<String> {
            var seen = ids
            var pending = Array(ids)
            while let id = pending.popLast() {
                for other in next[id] ?? [] where seen.insert(other).inserted {
                    pending.append(other)
                }
            }
            return seen
        }
        return reach(lower).union(reach(upper))
    }
}
