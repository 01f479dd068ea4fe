internal import DiagModel

/// Draws the graph as a tree for a person.
struct TopologyTree {
    private let topology: Topology
    private var position: [String: Int] = [:]
    private var below: [[Int]]
    private var hasUpper: [Bool]
    private var isDrawn: [Bool]
    private var text: [UInt8] = []
    private var isCut = false

    /// The most bytes that a tree has.
    private static let byteLimit = 8 << 20
    /// How deep lines are indented; what stands deeper says so in words.
    private static let depthLimit = 40
    /// How many file systems of one type without a device are drawn.
    private static let likeLimit = 20

    private init(_ topology: Topology) {
        self.topology = topology
        let count = topology.nodes.count
        below = [[Int]](repeating: [], count: count)
        hasUpper = [Bool](repeating: false, count: count)
        isDrawn = [Bool](repeating: false, count: count)
        position.reserveCapacity(count)
        for (index, node) in topology.nodes.enumerated() { position[node.id] = index }
        // A volume is drawn in its group, not again on each device that carries the group.
        var groupOfVolume = [String: String]()
        var groupsOnDevice = [String: Set<String>]()
        for edge in topology.edges {
            if edge.to.hasPrefix("volumeGroup:") {
                groupsOnDevice[edge.from, default: []].insert(edge.to)
            } else if edge.from.hasPrefix("volumeGroup:") {
                groupOfVolume[edge.to] = edge.from
            }
        }
        for edge in topology.edges {
            guard let from = position[edge.from], let to = position[edge.to] else { continue }
            hasUpper[to] = true
            if let group = groupOfVolume[edge.to],
                groupsOnDevice[edge.from]?.contains(group) == true
            {
                continue
            }
            below[from].append(to)
        }
        // A person looks for sda2 before sda10, and for a disk's partitions in their order.
        for index in below.indices where below[index].count > 1 {
            below[index].sort {
                let (left, right) = (topology.nodes[$0], topology.nodes[$1])
                if left.kind != right.kind { return left.kind.rawValue < right.kind.rawValue }
                if left.name != right.name { return NaturalOrder.precedes(left.name, right.name) }
                return left.id < right.id
            }
        }
    }

    /// The text of `topology`: what stands on hardware first, then what stands alone, then the
    /// views of the kernel's state in one line.
    static func text(of topology: Topology) -> [UInt8] {
        var tree = TopologyTree(topology)
        tree.drawAll()
        return tree.text
    }

    private mutating func drawAll() {
        let roots = topology.nodes.indices.filter { !hasUpper[$0] }
        for root in roots where topology.nodes[root].kind != .fileSystem { draw(from: root) }
        // What only a circle leads to.
        for index in topology.nodes.indices
        where !isDrawn[index] && hasUpper[index] && !below[index].isEmpty
            && topology.nodes[index].kind != .fileSystem
        {
            draw(from: index)
        }
        var counts = [String: Int]()
        var views = [String: Int]()
        for root in roots where topology.nodes[root].kind == .fileSystem {
            let type = topology.nodes[root].name
            if FileSystemKind.isKernelView(type) {
                views[type, default: 0] += 1
            } else {
                counts[type, default: 0] += 1
                if counts[type, default: 0] <= Self.likeLimit { draw(from: root) }
            }
        }
        for (type, count) in counts.sorted(by: { $0.key < $1.key }) where count > Self.likeLimit {
            append("… and \(count - Self.likeLimit) more of type \(safe(type))")
        }
        if !views.isEmpty {
            let list = views.sorted { $0.key < $1.key }.map { type, count in
                count == 1 ? safe(type) : "\(safe(type)) (\(count))"
            }
            append("Views of the kernel's state: " + list.joined(separator: ", "))
        }
    }

    private struct Step {
        let index: Int
        let indent: String
        let depth: Int
        let isLast: Bool
    }

    private mutating func draw(from root: Int) {
        // A list of what is left instead of recursion: a chain may be as long as the host likes.
        var pending = [Step(index: root, indent: "", depth: 0, isLast: true)]
        while let step = pending.popLast() {
            let branch = step.depth == 0 ? "" : step.isLast ? "└─ " : "├─ "
            let isAgain = isDrawn[step.index]
            let hasMore = !below[step.index].isEmpty
            append(
                step.indent + branch + line(step.index)
                    + (isAgain && hasMore ? "  (drawn above)" : "")
                    + (step.depth > Self.depthLimit ? "  (level \(step.depth))" : ""))
            guard !isAgain, !isCut else { continue }
            isDrawn[step.index] = true
            var indent = step.indent
            if step.depth > 0, step.depth < Self.depthLimit {
                indent += step.isLast ? "   " : "│  "
            }
            let children = below[step.index]
            for (offset, child) in children.enumerated().reversed() {
                pending.append(
                    Step(
                        index: child, indent: indent, depth: step.depth + 1,
                        isLast: offset == children.count - 1))
            }
        }
    }

    private mutating func append(_ line: String) {
        guard !isCut else { return }
        text += Array(line.utf8)
        text.append(0x0A)
        if text.count >= Self.byteLimit {
            isCut = true
            text += Array("… the rest is in topology.json\n".utf8)
        }
    }

    private func safe(_ text: String) -> String { UntrustedText.escapingControls(text) }

    private func line(_ index: Int) -> String {
        let node = topology.nodes[index]
        var parts = [safe(node.name)]
        if node.kind != .mount && node.kind != .fileSystem {
            parts.append(TopologyWords.word(for: node.kind))
        }
        if let byteCount = node.byteCount, byteCount > 0 {
            parts.append(TopologyWords.size(byteCount))
        }
        func add(_ name: String, _ prefix: String = "") {
            if let value = node.attributes[name]?.text { parts.append(prefix + safe(value)) }
        }
        switch node.kind {
        case .bus:
            add("driver")
        case .controller:
            add("model")
            add("proc_name")
            add("targetname")
            add("state")
        case .path:
            add("port_name")
            add("port_state")
            add("targetname")
            add("ana_state")
        case .disk:
            add("vendor")
            add("model")
            add("state")
        case .partition: add(node.attributes["PARTNAME"] == nil ? "ID_PART_ENTRY_NAME" : "PARTNAME")
        case .array:
            add("md/level")
            add("md/array_state")
            if case .integer(let count)? = node.attributes["md/degraded"], count > 0 {
                parts.append("degraded: \(count) missing")
            }
        case .virtual:
            add("loop/backing_file", "from ")
            add("zram/comp_algorithm")
        case .fileSystem:
            if node.attributes["mounted"] == false {
                parts.append("not mounted")
            } else {
                add("source", "from ")
            }
        case .swap:
            if node.attributes["active"] == false { parts.append("not in use") }
        case .mount:
            if let root = node.attributes["root"]?.text, root != "/" {
                parts.append("of " + safe(root))
            }
            if node.attributes["isHidden"] == true { parts.append("hidden below another mount") }
        case .mapped, .volumeGroup, .logicalVolume, .crypt, .multipath: break
        }
        if node.attributes["ro"] == true { parts.append("read-only") }
        if node.attributes["dm/suspended"] == true { parts.append("SUSPENDED") }
        if node.health == .warning || node.health == .unhealthy {
            let status = (node.operationalStatus ?? []).joined(separator: ", ")
            parts.append("[\(node.health?.rawValue.uppercased() ?? ""): \(safe(status))]")
        }
        return parts.joined(separator: "  ")
    }
}
