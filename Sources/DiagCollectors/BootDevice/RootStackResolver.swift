internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Follows the file systems that the host starts from down to the physical disks, in sysfs.
struct RootStackResolver {
    /// No real stack is deeper; links that lead in a circle end here.
    static let depthLimit = 32
    /// No real stack has more devices.
    static let deviceLimit = 1024
    /// The folders that matter for starting.
    static let targets = ["/", "/usr", "/boot", "/boot/efi", "/efi"]

    let reader: FactReader
    let mounts: [RootStackMount]
    private var devices = [String: RootStackDocument.Device]()
    private var namesByNumber = [String: String]()
    /// The PCI address of the controller of each disk.
    private var controllers = [String: String]()
    private var btrfs = [String: BtrfsRedundancy]()

    init(reader: FactReader, mounts: [RootStackMount]) {
        self.reader = reader
        self.mounts = mounts
    }

    /// The stacks of all targets.
    mutating func resolve() -> RootStackDocument {
        let targets = Self.targets.map { resolve($0) }
        var document = RootStackDocument(
            targets: targets,
            devices: devices.values.sorted {
                $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
            })
        let redundancy = RootStackRedundancy(devices: document.devices, controllers: controllers)
        for index in document.targets.indices where document.targets[index].state == .mounted {
            let target = document.targets[index]
            let spread = target.devices.first.flatMap { btrfs[$0] }
            document.targets[index].chain = document.chain(of: target)
            document.targets[index].physicalDisks = redundancy.physicalDisks(under: target.devices)
            document.targets[index].singlePointsOfFailure = redundancy.singlePoints(
                under: target.devices, tolerance: spread?.tolerance ?? 0)
            document.targets[index].profiles = spread?.profiles
            if redundancy.hasMirror(under: target.devices, tolerance: spread?.tolerance) {
                mirroredTargets.insert(target.path)
            }
        }
        return document
    }

    /// The targets that some layer keeps on more than one disk; known after ``resolve()``.
    private(set) var mirroredTargets: Set<String> = []

    /// The PCI address of the last bus device on the way to a disk; none for NVMe, where the disk
    /// and its controller are one.
    private static func controller(of name: String, at place: String) -> String? {
        guard !name.hasPrefix("nvme") else { return nil }
        return place.split(separator: "/").last { part in
            let fields = part.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "." }
            return fields.count == 4 && fields.map(\.count) == [4, 2, 2, 1]
                && fields.joined().allSatisfy(\.isHexDigit)
        }.map(String.init)
    }

    private mutating func resolve(_ path: String) -> RootStackDocument.Target {
        // Of several mounts on one place the last hides the others.
        if let mount = mounts.last(where: { $0.mountPoint == path }) {
            let state: RootStackDocument.Target.State =
                mount.fileSystem == "autofs" ? .automount : .mounted
            let (devices, problem) = state == .mounted ? self.devices(under: mount) : ([], nil)
            return .init(
                path: path, state: state, mountPoint: mount.mountPoint,
                fileSystem: mount.fileSystem, source: mount.source,
                isReadOnly: mount.isReadOnly, devices: devices, problem: problem)
        }
        // To look would mount it.
        if isBelowAutomount(path) { return .init(path: path, state: .automount, devices: []) }
        guard reader.exists(FilePath(path)) else {
            return .init(path: path, state: .absent, devices: [])
        }
        let above = mounts.last { $0.mountPoint == Self.holder(of: path, in: mounts) }
        return .init(
            path: path, state: .folder, mountPoint: above?.mountPoint,
            fileSystem: above?.fileSystem, source: above?.source, devices: [])
    }

    private func isBelowAutomount(_ path: String) -> Bool {
        let holder = Self.holder(of: path, in: mounts)
        return mounts.last { $0.mountPoint == holder }?.fileSystem == "autofs"
    }

    /// The mount point that `path` lies below: the longest that fits.
    private static func holder(of path: String, in mounts: [RootStackMount]) -> String? {
        mounts.map(\.mountPoint)
            .filter { $0 == "/" || $0 == path || path.hasPrefix($0 + "/") }
            .max { $0.utf8.count < $1.utf8.count }
    }

    private mutating func devices(under mount: RootStackMount) -> ([String], String?) {
        if !mount.deviceNumber.hasPrefix("0:") {
            if let name = visit(mount.deviceNumber, depth: 0) { return ([name], nil) }
            return ([], "/sys/dev/block/\(mount.deviceNumber) does not exist")
        }
        guard mount.source.hasPrefix("/dev/") else {
            return ([], Self.problem(of: mount))
        }
        // A file system over several devices, as btrfs is, has a number of its own.
        guard let first = name(ofNode: mount.source) else {
            return ([], "\(mount.source) is no block device that sysfs knows")
        }
        var names = [String]()
        for name in members(with: first) where names.count < Self.deviceLimit {
            if let number = reader.quietText("/sys/class/block", name, "dev"),
                let visited = visit(number, depth: 0)
            {
                names.append(visited)
            }
        }
        if let name = names.first, mount.fileSystem == "btrfs" {
            btrfs[name] = BtrfsRedundancy(of: name, in: reader.context.root)
        }
        return (names, names.isEmpty ? "\(first) is not in /sys/class/block" : nil)
    }

    /// Why a file system leads to no device.
    private static func problem(of mount: RootStackMount) -> String {
        switch mount.fileSystem {
        case "zfs":
            let pool = mount.source.split(separator: "/").first ?? "?"
            return "the ZFS pool \(pool), whose devices the kernel does not tell; see "
                + "`zpool status`"
        case "overlay": return "an overlay: its layers lie on other file systems"
        default: return "\(mount.fileSystem) has no block device of its own"
        }
    }

    /// The kernel's name of a device node, its links followed by their names alone.
    private func name(ofNode path: String) -> String? {
        var path = FilePath(path)
        for _ in 0..<8 {
            guard let target = try? reader.context.root.readLink(path) else { break }
            path = target.isAbsolute ? target : path.removingLastComponent().pushing(target)
        }
        path = path.lexicallyNormalized()
        guard path.components.first?.string == "dev" else { return nil }
        // The kernel writes a slash of a name as an exclamation mark.
        let name = path.components.dropFirst().map(\.string).joined(separator: "!")
        return name.isEmpty ? nil : name
    }

    /// All devices of the btrfs file system that has `name`; that alone for another one.
    private func members(with name: String) -> [String] {
        let folder: FilePath = "/sys/fs/btrfs"
        for entry in (try? reader.context.root.directory(folder).entries(limit: 1000)) ?? [] {
            let devices = folder.appending(entry.name).appending("devices")
            let names = ((try? reader.context.root.directory(devices).entries(limit: 1000)) ?? [])
                .map(\.name.string)
            if names.contains(name) { return names }
        }
        return [name]
    }

    /// Adds the device `number` and what it stands on.
    ///
    /// - Returns: its name; `nil` when sysfs does not have it.
    private mutating func visit(_ number: String, depth: Int) -> String? {
        if let known = namesByNumber[number] { return known }
        guard depth <= Self.depthLimit, devices.count < Self.deviceLimit,
            number.utf8.allSatisfy({ (0x30...0x3A).contains($0) }),
            let folder = try? reader.context.root.directory(
                FilePath("/sys/dev/block").appending(number))
        else { return nil }
        let name = name(of: folder, number: number)
        guard !name.isEmpty, devices[name] == nil else { return nil }
        namesByNumber[number] = name
        var device = RootStackDocument.Device(
            name: name, number: number, kind: .disk, standsOn: [])
        let place = place(of: number)
        device.describe(folder, at: place, in: reader.context.root)
        if device.partitionNumber == nil {
            controllers[name] = Self.controller(of: name, at: place)
        }
        devices[name] = device
        for lower in lowerNumbers(folder, isPartition: device.partitionNumber != nil) {
            if let lowerName = visit(lower, depth: depth + 1) { device.standsOn.append(lowerName) }
        }
        devices[name] = device
        return name
    }

    private func name(of folder: Directory, number: String) -> String {
        for line in (folder.text("uevent") ?? "").split(separator: "\n") {
            if line.hasPrefix("DEVNAME=") {
                return String(line.dropFirst(8).map { $0 == "/" ? "!" : $0 })
            }
        }
        let link = try? reader.context.root.readLink(FilePath("/sys/dev/block").appending(number))
        return link?.lastComponent?.string ?? number
    }

    /// Where the folder of the device is, its link followed by its name alone.
    private func place(of number: String) -> String {
        let parent: FilePath = "/sys/dev/block"
        guard let target = try? reader.context.root.readLink(parent.appending(number)) else {
            return parent.appending(number).string
        }
        return (target.isAbsolute ? target : parent.pushing(target)).lexicallyNormalized().string
    }

    private func lowerNumbers(_ folder: Directory, isPartition: Bool) -> [String] {
        if isPartition {
            let disk = try? reader.context.root.directory(folder.path.appending(".."))
            return disk?.text("dev").map { [$0] } ?? []
        }
        let slaves = folder.path.appending("slaves")
        guard let entries = try? reader.context.root.directory(slaves).entries(limit: 4096) else {
            return []
        }
        return entries.compactMap { entry in
            (try? reader.context.root.directory(slaves.appending(entry.name)))?.text("dev")
        }
    }
}

extension RootStackDocument.Device {
    /// Fills in what the folder of the device in sysfs tells.
    /// `place` is where that is below /sys/devices.
    mutating func describe(_ folder: Directory, at place: String, in root: RootedTree) {
        func number(_ name: String) -> UInt64? { folder.text(name).flatMap { UInt64($0) } }
        func inner(_ path: String, _ name: String) -> String? {
            guard let text = (try? root.directory(folder.path.appending(path)))?.text(name),
                !text.isEmpty
            else { return nil }
            return UntrustedText.escapingControls(text)
        }
        // sysfs counts in sectors of 512 bytes whatever the disk's own are.
        if let sectors = number("size") {
            let (bytes, overflow) = sectors.multipliedReportingOverflow(by: 512)
            byteCount = overflow ? nil : bytes
        }
        isReadOnly = number("ro").map { $0 != 0 }
        isRemovable = number("removable").map { $0 != 0 }
        isRotational = inner("queue", "rotational").map { $0 == "1" }
        mapName = inner("dm", "name")
        mapUUID = inner("dm", "uuid")
        level = inner("md", "level")
        degradedCount = inner("md", "degraded").flatMap { UInt64($0) }
        memberCount = inner("md", "raid_disks").flatMap { UInt64($0) }
        partitionNumber = number("partition")
        backingFile = inner("loop", "backing_file")
        vendor = inner("device", "vendor").flatMap { $0.hasPrefix("0x") ? nil : $0 }
        model = inner("device", "model")
        kind =
            BlockDeviceKind(
                name: name, folder: place, isPartition: partitionNumber != nil,
                isHidden: number("hidden") == 1,
                isArray: level != nil || inner("md", "array_state") != nil, mapUUID: mapUUID
            ).kind
    }
}

extension FactReader {
    /// The text of a sysfs attribute below `folder`; nothing is said when it is not there.
    fileprivate func quietText(_ folder: FilePath, _ parts: String...) -> String? {
        let path = parts.reduce(folder) { $0.appending($1) }
        return (try? context.root.read(path, limit: 4096)).map(Self.text)
    }
}
