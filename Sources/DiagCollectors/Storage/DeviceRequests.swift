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
    /// Disks that the kernel has suspended, and that are not woken.
    private(set) var asleep: Set<String> = []

    /// The kernel's names of the devices that a question about several is about, by its target.
    var devicesByTarget: [String: [String]] {
        Dictionary(
            requests.compactMap { request in
                guard case .object(let devices)? = request.facts?["devices"] else { return nil }
                return (request.target, Array(devices.keys))
            }, uniquingKeysWith: { first, _ in first })
    }

    private let root: RootedTree
    /// What a SCSI disk is asked with, by its name.
    private var scsiDisks: [String: JSONValue] = [:]
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
        let scsi = SCSIProbe.requests(in: root)
        for request in scsi {
            scsiDisks[String(request.target.dropFirst(5))] = SCSISleepCheck.entry(of: request)
        }
        asleep = Set(devices.filter { Self.isAsleep($0, in: root) }.map(\.name))
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
            scsi.filter {
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

    /// LVM's tool reads every disk, so that it is not started when one of them does not answer or
    /// sleeps; nor when the device mapper is not in the kernel, since it would load it.
    private mutating func addReport(_ included: [BlockDevice]) {
        let isUsed = included.contains {
            $0.property("ID_FS_TYPE") == "LVM2_member"
                || $0.facts["dm/uuid"]?.hasPrefix("LVM-") == true
        }
        let isStuck = included.contains { $0.isSet("dm/suspended") }
        guard isUsed, !isStuck, asleep.isEmpty, (try? DeviceMapper.isPresent(in: root)) == true
        else { return }
        var seen = Set<String>()
        let lower = included.filter { $0.disk == nil }
            .flatMap { ["/dev/\($0.name)"] + lowerPaths($0.name) }
            .filter { seen.insert($0).inserted }
        let disks = included.compactMap { scsiDisks[$0.name] }
        requests += LVMReportProbe.requests(in: root, standsOn: lower).map { request in
            var request = request
            if !disks.isEmpty { request.facts = ["disks": .array(Array(disks.prefix(64)))] }
            return request
        }
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
            } else if case .object(let devices)? = request.facts?["devices"],
                devices.count <= MapperRequests.smallBatchLimit
            {
                request.standsOn = sharedHardware(of: devices.keys)
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

    /// What all of the devices called `names` stand on, the mapped devices between left out; `nil`
    /// when they do not stand on the same.
    private func sharedHardware(of names: some Sequence<String>) -> [String]? {
        var shared: Set<String>?
        for name in names {
            let lower = Set(lowerPaths(name).filter { !$0.hasPrefix("/dev/dm-") })
            guard lower == shared ?? lower else { return nil }
            shared = lower
        }
        guard let shared, !shared.isEmpty else { return nil }
        return shared.sorted(by: NaturalOrder.precedes)
    }

    private func targets(mounted: Set<Int>) -> [MetadataTarget] {
        var holders = [String: [BlockDevice]]()
        for device in devices {
            for lower in device.lowerDevices { holders[lower, default: []].append(device) }
        }
        return devices.enumerated().compactMap { index, device in
            // An extended partition is a container: the kernel gives it two sectors.
            if device.kind == .partition, (device.byteCount ?? 0) <= 1024 { return nil }
            let disk = device.disk.map { devices[$0] }
            // What holds a disk, as multipath does, serves its partitions too.
            let upper = (holders[device.name] ?? []) + (disk.flatMap { holders[$0.name] } ?? [])
            var target = MetadataTarget(name: device.name, path: "/dev/\(device.name)")
            target.number = device.number?.description
            target.byteCount = device.byteCount
            target.isMounted = mounted.contains(index)
            target.isMember = !upper.isEmpty
            target.isMultipathPath = upper.contains { $0.kind == .multipath }
            target.isPassivePath = Self.isPassive(device, disk: disk)
            target.isSuspended = device.isSet("dm/suspended")
            target.isHidden = device.kind == .path || device.number == nil
            target.isRemovable = (disk ?? device).isSet("removable")
            target.isPartition = device.kind == .partition
            target.isEmptyDrive = Self.isEmptyDrive(disk ?? device)
            target.isAsleep = asleep.contains(device.name)
            target.disks = scsiDisks(below: device)
            target.isReadOnly = device.isSet("ro")
            target.lowerDevices =
                device.lowerDevices + (disk.map { [$0.name] } ?? [])
            return target
        }
    }

    /// The SCSI disks that the device is or stands on.
    private func scsiDisks(below device: BlockDevice) -> [JSONValue] {
        guard !scsiDisks.isEmpty else { return [] }
        var seen: Set<String> = [device.name]
        var pending = [device]
        var disks = [JSONValue]()
        while let next = pending.popLast(), seen.count < 4096 {
            if let entry = scsiDisks[next.name] {
                disks.append(entry)
                guard disks.count < SCSISleepCheck.listLimit else { break }
            }
            let disk = next.disk.map { [devices[$0].name] } ?? []
            for lower in next.lowerDevices + disk where seen.insert(lower).inserted {
                if let position = positions[lower] { pending.append(devices[position]) }
            }
        }
        return disks
    }

    /// Whether the kernel has suspended the disk. Cards on an MMC bus count as suspended whenever
    /// they are idle, and have nothing to spin up. Source: drivers/mmc/core/mmc.c of Linux 6.12.
    private static func isAsleep(_ device: BlockDevice, in root: RootedTree) -> Bool {
        guard device.disk == nil, !device.ancestors.isEmpty, !device.name.hasPrefix("mmcblk"),
            let power = try? root.directory(FilePath(device.folder + "/device/power"))
        else { return false }
        var reader = AttributeReader()
        return reader.text("runtime_status", of: power) == "suspended"
    }

    /// Whether it is a floppy drive, or a CD drive in which udev found no medium.
    private static func isEmptyDrive(_ device: BlockDevice) -> Bool {
        func isNumbered(_ prefix: String) -> Bool {
            let digits = device.name.utf8.dropFirst(prefix.utf8.count)
            return device.name.hasPrefix(prefix) && digits.first.map { $0 <= 0x39 } ?? false
        }
        return isNumbered("fd") || isNumbered("sr") && device.property("ID_CDROM_MEDIA") != "1"
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
