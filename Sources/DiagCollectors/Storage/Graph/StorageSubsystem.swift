internal import DiagModel

/// The storage providers of a host, found from its graph.
enum StorageSubsystem {
    /// What one provider is called.
    private struct Provider: Hashable {
        let name: String
        let title: String
        let provider: String
    }

    /// The subsystems of `topology` on the host called `host`.
    static func list(_ topology: Topology, host: String) -> SubsystemList {
        var nodes = [Provider: [Topology.Node]]()
        for (node, provider) in providers(topology) { nodes[provider, default: []].append(node) }
        return SubsystemList(
            nodes.map { provider, nodes in
                let health = nodes.compactMap(\.health).max() ?? .unknown
                let isProvided = nodes.filter { isDevice($0) }
                let wrong = nodes.filter { $0.health == health }
                    .flatMap { $0.operationalStatus ?? [] }
                var seen = Set<String>()
                return SubsystemList.Subsystem(
                    name: provider.name, friendlyName: "\(provider.title) on \(host)",
                    provider: provider.provider, healthStatus: health,
                    operationalStatus: wrong.isEmpty
                        ? ["Unknown"] : wrong.sorted().filter { seen.insert($0).inserted },
                    deviceCount: isProvided.count,
                    byteCount: isProvided.reduce(0) {
                        $0.addingReportingOverflow($1.byteCount ?? 0).partialValue
                    },
                    nodes: nodes.map(\.id).sorted())
            })
    }

    /// The ids of the nodes that the subsystem called `name` provides; none for an unknown name.
    ///
    /// `name` is its name or its friendly name, whatever the case.
    static func nodes(of name: String, in list: SubsystemList) -> Set<String> {
        let wanted = name.lowercased()
        return Set(
            list.subsystems.filter {
                $0.name == wanted || $0.friendlyName.lowercased() == wanted
            }.flatMap(\.nodes))
    }

    /// Whether a node is what its subsystem provides, and not a part or way of it.
    private static func isDevice(_ node: Topology.Node) -> Bool {
        switch node.kind {
        case .disk, .array, .logicalVolume, .crypt, .multipath, .mapped, .virtual, .swap: true
        case .fileSystem: !FileSystemKind.isKernelView(node.name)
        case .bus, .controller, .path, .partition, .volumeGroup, .mount: false
        }
    }

    private static func providers(_ topology: Topology) -> [(Topology.Node, Provider)] {
        var controllers = [String: Set<String>]()
        var fileSystems = [String: String]()
        for edge in topology.edges {
            if edge.kind == .attaches { controllers[edge.to, default: []].insert(edge.from) }
            if edge.kind == .usedAt { fileSystems[edge.to] = edge.from }
        }
        let byID = Dictionary(topology.nodes.map { ($0.id, $0) }) { first, _ in first }
        /// The controller above a node, whatever paths lie between.
        func controller(of id: String) -> Topology.Node? {
            var pending = [id]
            var seen = Set<String>()
            while let next = pending.popLast(), seen.count < 64 {
                guard seen.insert(next).inserted, let node = byID[next] else { continue }
                if node.kind == .controller { return node }
                pending += controllers[next] ?? []
            }
            return nil
        }
        return topology.nodes.compactMap { node in
            let provider: Provider? =
                switch node.kind {
                case .controller, .path, .disk: hardware(node, controller(of: node.id))
                case .mount: fileSystems[node.id].flatMap { byID[$0] }.flatMap { software($0) }
                default: software(node)
                }
            return provider.map { (node, $0) }
        }
    }

    private static func hardware(_ node: Topology.Node, _ above: Topology.Node?) -> Provider {
        let name = (above ?? node).name
        if name.hasPrefix("nvme") {
            let transport = above?.attributes["transport"]?.text ?? "pcie"
            return transport == "pcie"
                ? Provider(name: "nvme", title: "NVMe", provider: "nvme")
                : Provider(
                    name: "nvme-\(transport)", title: "NVMe over \(transport.uppercased())",
                    provider: "nvme-\(transport)")
        }
        if let driver = above?.attributes["proc_name"]?.text, driver != "<NULL>" {
            let isInternet = driver.hasPrefix("iscsi")
            return Provider(
                name: isInternet ? "iscsi" : "scsi-\(driver)",
                title: isInternet ? "iSCSI" : "SCSI (\(driver))", provider: driver)
        }
        if name.hasPrefix("host") {
            return Provider(name: "scsi", title: "SCSI", provider: "scsi")
        }
        for (prefix, title) in [
            ("virtio", "virtio block"), ("mmc", "MMC"), ("dasd", "DASD"), ("xvd", "Xen block"),
            ("pmem", "persistent memory"), ("rbd", "Ceph block"),
        ] where name.hasPrefix(prefix) || node.name.hasPrefix(prefix) {
            return Provider(name: prefix, title: title, provider: prefix)
        }
        return Provider(name: "block", title: "other block devices", provider: "block")
    }

    private static func software(_ node: Topology.Node) -> Provider? {
        switch node.kind {
        case .array: Provider(name: "md", title: "Linux RAID", provider: "md")
        case .volumeGroup, .logicalVolume: Provider(name: "lvm", title: "LVM", provider: "lvm")
        case .crypt: Provider(name: "crypt", title: "encryption", provider: "dm-crypt")
        case .multipath:
            Provider(name: "multipath", title: "multipath", provider: "dm-multipath")
        case .mapped:
            Provider(name: "device-mapper", title: "device mapper", provider: "device-mapper")
        case .virtual:
            Provider(name: "virtual", title: "software block devices", provider: "loop, zram, nbd")
        case .swap: Provider(name: "swap", title: "swap", provider: "swap")
        case .fileSystem:
            fileSystem(node.name)
        case .bus, .controller, .path, .disk, .partition, .mount: nil
        }
    }

    private static func fileSystem(_ type: String) -> Provider? {
        if FileSystemKind.isKernelView(type) { return nil }
        switch type {
        case "nfs", "nfs4": return Provider(name: "nfs", title: "NFS", provider: "nfs")
        case "cifs", "smb3": return Provider(name: "smb", title: "SMB", provider: "cifs")
        case "btrfs": return Provider(name: "btrfs", title: "btrfs", provider: "btrfs")
        case "zfs": return Provider(name: "zfs", title: "ZFS", provider: "zfs")
        case let type where FileSystemKind.isNetwork(type):
            return Provider(name: type, title: type, provider: type)
        default:
            return Provider(
                name: "file-systems", title: "local file systems", provider: "file systems")
        }
    }
}
