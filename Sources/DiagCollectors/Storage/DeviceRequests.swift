internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What is asked of the storage devices of a host: one probe for each, what stands lower first.
struct DeviceRequests {
    /// The probes to ask for.
    private(set) var requests: [ProbeRequest] = []
    /// Mapped devices that are not asked about, because they stand on a suspended one.
    private(set) var behindSuspended: [String] = []
    /// Devices that have no node below /dev, so that nothing can be asked of them.
    private(set) var withoutNode: [String] = []

    private let root: RootedTree
    private let devices: [BlockDevice]
    private let positions: [String: Int]

    /// The requests for those of `devices` that are included; `mounted` are the positions of those
    /// that carry a mounted file system, `isWanted` is asked for the name of a controller.
    init(
        _ root: RootedTree, devices: [BlockDevice], isIncluded: [Bool], mounted: Set<Int>,
        persistentEvents: Bool, isWanted: (String) -> Bool
    ) {
        self.root = root
        self.devices = devices
        positions = Dictionary(devices.enumerated().map { ($1.name, $0) }) { first, _ in first }
        let included = zip(devices, isIncluded).filter(\.1).map(\.0)
        requests = MDProbe.requests(for: included)
        let mapper = MapperRequests(for: included)
        behindSuspended = mapper.leftOut
        add(mapper.requests.filter { _ in exists(DeviceMapper.controlPath.string) })

        add(
            NVMeProbe.requests(in: root, persistentEvents: persistentEvents).filter {
                isWanted(String($0.target.dropFirst(5)))
            })
        let names = Set(included.map(\.name))
        add(
            SCSIProbe.requests(in: root).filter {
                let name = String($0.target.dropFirst(5))
                // An enclosure is no block device.
                return names.contains(name)
                    || positions[name] == nil && isIncluded.allSatisfy { $0 }
            })
        add(
            SCSILinkProbe.requests(in: root).filter {
                isWanted(String($0.target.split(separator: "/").last ?? ""))
            }, needsNode: false)
        let readable = targets(mounted: mounted)
        add(
            MetadataProbe.requests(for: readable).filter {
                names.contains(String($0.target.dropFirst(5)))
            })
        addReport(included)
    }

    /// LVM's tool reads every disk, so that it is not started when one of them does not answer.
    private mutating func addReport(_ included: [BlockDevice]) {
        let isUsed = included.contains {
            $0.property("ID_FS_TYPE") == "LVM2_member"
                || $0.facts["dm/uuid"]?.hasPrefix("LVM-") == true
        }
        let isStuck = included.contains { $0.isSet("dm/suspended") }
        guard isUsed, !isStuck else { return }
        requests += LVMReportProbe.requests(
            in: root, standsOn: included.filter { $0.disk == nil }.map { "/dev/\($0.name)" })
    }

    /// Adds what has a node, and notes what has none.
    private mutating func add(_ more: [ProbeRequest], needsNode: Bool = true) {
        for var request in more {
            let isNode = request.target.hasPrefix("/dev/") && !request.target.contains(" ")
            guard !needsNode || !isNode || exists(request.target) else {
                withoutNode.append(request.target)
                continue
            }
            if isNode {
                let lower = lowerPaths(String(request.target.dropFirst(5)))
                request.standsOn = lower.isEmpty ? nil : lower
            }
            requests.append(request)
        }
    }

    private func exists(_ path: String) -> Bool {
        (try? root.status(of: FilePath(path))) != nil
    }

    /// The paths of all that the device called `name` stands on, and of its NVMe controller.
    private func lowerPaths(_ name: String) -> [String] {
        var seen: Set<String> = [name]
        var pending = [name]
        var paths = [String]()
        while let next = pending.popLast(), seen.count < 4096 {
            guard let position = positions[next] else { continue }
            let device = devices[position]
            let disk = device.disk.map { [devices[$0].name] } ?? []
            let controllers = device.ancestors.map(\.name).filter { $0.hasPrefix("nvme") }
            // A namespace with several controllers is reached by the others.
            if controllers.count == 1 { paths.append("/dev/\(controllers[0])") }
            for lower in device.lowerDevices + disk where seen.insert(lower).inserted {
                paths.append("/dev/\(lower)")
                pending.append(lower)
            }
        }
        return paths
    }

    private func targets(mounted: Set<Int>) -> [MetadataTarget] {
        var holders = [String: [BlockDevice]]()
        for device in devices {
            for lower in device.lowerDevices { holders[lower, default: []].append(device) }
        }
        return devices.enumerated().compactMap { index, device in
            // An extended partition is a container: the kernel gives it two sectors.
            if device.kind == .partition, (device.byteCount ?? 0) <= 1024 { return nil }
            let upper = holders[device.name] ?? []
            var target = MetadataTarget(name: device.name, path: "/dev/\(device.name)")
            target.number = device.number?.description
            target.byteCount = device.byteCount
            target.isMounted = mounted.contains(index)
            target.isMember = !upper.isEmpty
            target.isMultipathPath = upper.contains { $0.kind == .multipath }
            target.isPassivePath = Self.isPassive(device, disk: device.disk.map { devices[$0] })
            target.isSuspended = device.isSet("dm/suspended")
            target.isHidden = device.kind == .path || device.number == nil
            target.isRemovable = device.isSet("removable")
            target.isReadOnly = device.isSet("ro")
            target.lowerDevices =
                device.lowerDevices + (device.disk.map { [devices[$0].name] } ?? [])
            return target
        }
    }

    /// Whether reads on this path end in errors: the array serves the disk on another.
    private static func isPassive(_ device: BlockDevice, disk: BlockDevice?) -> Bool {
        let path = disk ?? device
        let passive: Set<String> = ["standby", "unavailable", "transitioning", "offline"]
        let state = path.facts["state"] ?? ""
        return passive.contains(path.facts["access_state"] ?? "")
            || ["passive"].contains(path.facts["dh_state"] ?? "")
            || ["offline", "transport-offline", "blocked", "quiesce"].contains(state)
    }
}
