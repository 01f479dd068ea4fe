internal import DiagFormats
internal import DiagModel

/// Joins what was read into one graph.
struct TopologyBuilder {
    var nodes: [Topology.Node] = []
    var edges: Set<Topology.Edge> = []
    var identities = NodeIdentities()
    /// The node of each block device, by the device's position in ``devices``.
    private(set) var deviceIDs: [String] = []
    /// The names of buses, controllers and paths, with their nodes.
    private var ancestorNames: [(name: String, id: String)] = []
    let devices: [BlockDevice]
    private let ancestorFacts: [DeviceAncestor: [String: String]]
    private(set) var positionByName: [String: Int] = [:]
    private(set) var positionByNumber: [DeviceNumber: Int] = [:]
    /// Positions by path below /dev, that prefix included.
    private(set) var positionByPath: [String: Int] = [:]
    /// The devices whose file system is mounted.
    var mountedPositions: Set<Int> = []

    /// A builder over the devices that were read; `links` are further links below /dev, each with
    /// the name of its device.
    init(
        devices: [BlockDevice], ancestorFacts: [DeviceAncestor: [String: String]] = [:],
        links: [(path: String, device: String)] = []
    ) {
        self.devices = devices
        self.ancestorFacts = ancestorFacts
        positionByName.reserveCapacity(devices.count)
        positionByNumber.reserveCapacity(devices.count)
        for (index, device) in devices.enumerated() {
            positionByName[device.name] = index
            if let number = device.number { positionByNumber[number] = index }
        }
        for (index, device) in devices.enumerated() {
            for link in device.udev?.links ?? [] { positionByPath["/dev/" + link] = index }
            if let name = device.facts["dm/name"] { positionByPath["/dev/mapper/" + name] = index }
        }
        for link in links { positionByPath[link.path] = positionByName[link.device] }
        for (name, index) in positionByName { positionByPath["/dev/" + name] = index }
    }

    /// The graph, whose nodes are found by the names and paths of devices, the names of
    /// controllers, and the mount points of `mounts`, whose ids stand in the same order.
    func graph(mounts: MountTable, mountIDs: [String]) -> StorageGraph {
        var graph = StorageGraph(Topology(nodes: nodes, edges: Array(edges)))
        for (device, id) in zip(devices, deviceIDs) {
            graph.name(device.name, id)
            if let number = device.number { graph.name(number.description, id) }
            if let name = device.facts["dm/name"] { graph.name("/dev/mapper/" + name, id) }
        }
        for (name, id) in ancestorNames { graph.name(name, id) }
        // Of several mounts at one place the last is on top.
        for (mount, id) in zip(mounts.entries, mountIDs).reversed() {
            graph.name(UntrustedText.escapingInvalidUTF8(mount.mountPoint), id)
        }
        return graph
    }

    mutating func connect(_ from: String, _ kind: Topology.Edge.Kind, _ to: String) {
        if from != to { edges.insert(.init(from: from, to: to, kind: kind)) }
    }

    /// Adds the devices that are in use, what they hang on and what they stand on; those at the
    /// positions `used` even though they look unused.
    mutating func addDevices(used: Set<Int> = []) {
        let ancestors = addAncestors()
        deviceIDs = [String](repeating: "", count: devices.count)
        let lower = Set(devices.flatMap(\.lowerDevices))
        let isShown = devices.enumerated().map { index, device in
            !device.isUnused || used.contains(index) || lower.contains(device.name)
        }
        let whole = devices.indices.filter { devices[$0].disk == nil && isShown[$0] }
        assign(whole)
        assign(devices.indices.filter { devices[$0].disk != nil })

        for (index, device) in devices.enumerated() where !deviceIDs[index].isEmpty {
            let id = deviceIDs[index]
            var attributes = device.attributes
            // What it claims to be, where it had to share that with another.
            let identity = NodeIdentities.plain(device.claim(diskID: diskID(of: device)).identity)
            if id != "\(device.kind.rawValue):\(identity)" {
                attributes["identity"] = .string(identity)
            }
            nodes.append(
                .init(
                    id: id, kind: device.kind, name: device.facts["dm/name"] ?? device.name,
                    byteCount: device.byteCount, attributes: attributes))
            if let disk = device.disk, !deviceIDs[disk].isEmpty {
                connect(deviceIDs[disk], .contains, id)
            }
            for name in device.lowerDevices {
                guard let below = positionByName[name], !deviceIDs[below].isEmpty else { continue }
                connect(deviceIDs[below], device.kind == .partition ? .contains : .carries, id)
            }
            attach(device, id: id, ancestors: ancestors)
        }
    }

    private func diskID(of device: BlockDevice) -> String? {
        device.disk.map { deviceIDs[$0] }
    }

    private mutating func assign(_ positions: [Int]) {
        let claims = positions.map { devices[$0].claim(diskID: diskID(of: devices[$0])) }
        for (position, id) in zip(positions, identities.assign(claims)) {
            deviceIDs[position] = id
        }
    }

    /// Adds the buses, controllers and paths above the devices; their ids by folder.
    private mutating func addAncestors() -> [String: String] {
        var byFolder = [String: (ancestor: DeviceAncestor, above: DeviceAncestor?)]()
        for device in devices {
            var above: DeviceAncestor?
            for ancestor in device.ancestors {
                // Two controllers of one namespace stand beside, not below each other.
                if let last = above, !ancestor.folder.hasPrefix(last.folder + "/") { above = nil }
                if byFolder[ancestor.folder] == nil {
                    byFolder[ancestor.folder] = (ancestor, above)
                }
                above = ancestor
            }
        }
        let sorted = byFolder.values.sorted { $0.ancestor.folder < $1.ancestor.folder }
        let claims = sorted.map { ancestor, above -> NodeIdentities.Claim in
            let facts = ancestorFacts[ancestor] ?? [:]
            let identity: String
            if ancestor.kind == .bus {
                identity = ancestor.name
            } else if ancestor.name.hasPrefix("nvme"), let serial = facts["serial"] {
                identity = "serial.\(serial)"
            } else {
                identity = above.map { "\($0.name)/\(ancestor.name)" } ?? ancestor.name
            }
            return .init(
                kind: ancestor.kind, identity: identity,
                distinctions: [facts["cntlid"] ?? "", ancestor.name, ancestor.folder])
        }
        var ids = [String: String](minimumCapacity: sorted.count)
        for ((ancestor, above), id) in zip(sorted, identities.assign(claims)) {
            ids[ancestor.folder] = id
            ancestorNames.append((ancestor.name, id))
            var attributes = (ancestorFacts[ancestor] ?? [:]).mapValues(JSONValue.string)
            attributes["path"] = .string(ancestor.folder)
            nodes.append(
                .init(id: id, kind: ancestor.kind, name: ancestor.name, attributes: attributes))
            // The one above has the shorter folder, so it is there already.
            if let above, let upper = ids[above.folder] { connect(upper, .attaches, id) }
        }
        return ids
    }

    private mutating func attach(_ device: BlockDevice, id: String, ancestors: [String: String]) {
        if device.kind == .path, let head = Self.multipathHead(of: device.name),
            let position = positionByName[head], !deviceIDs[position].isEmpty
        {
            connect(id, .attaches, deviceIDs[position])
        }
        let isHead = device.folder.hasPrefix("/sys/devices/virtual/nvme-subsystem/")
        if isHead, heads.contains(device.name) { return }
        for (index, ancestor) in device.ancestors.enumerated() {
            // Only from the lowest of each chain.
            let next = index + 1 < device.ancestors.count ? device.ancestors[index + 1] : nil
            if let next, next.folder.hasPrefix(ancestor.folder + "/") { continue }
            if let upper = ancestors[ancestor.folder] { connect(upper, .attaches, id) }
        }
    }

    /// The namespaces that have a path of their own among the devices.
    private lazy var heads: Set<String> = Set(
        devices.compactMap { $0.kind == .path ? Self.multipathHead(of: $0.name) : nil })

    /// `nvme0n1` for its path `nvme0c1n1`.
    static func multipathHead(of name: String) -> String? {
        guard name.hasPrefix("nvme"), let controller = name.dropFirst(4).firstIndex(of: "c"),
            let namespace = name[controller...].firstIndex(of: "n")
        else { return nil }
        return String(name[..<controller] + name[namespace...])
    }
}
