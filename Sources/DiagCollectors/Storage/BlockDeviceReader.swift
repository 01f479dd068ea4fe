internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads the block devices below /sys/block.
struct BlockDeviceReader {
    /// The devices; a partition stands after its disk.
    private(set) var devices: [BlockDevice] = []
    /// What was read of each bus device, controller and path.
    private(set) var ancestorFacts: [DeviceAncestor: [String: String]] = [:]
    /// Names below /sys/block that lead nowhere, and why; those that only vanished are not here.
    private(set) var unreadable: [(name: String, error: SystemCallError)] = []

    private let root: RootedTree
    private let udev: [DeviceNumber: UdevFacts]
    private var reader = AttributeReader()

    /// A reader of the devices below `root`, with what udev knows of them.
    init(_ root: RootedTree, udev: [DeviceNumber: UdevFacts]) {
        self.root = root
        self.udev = udev
    }

    /// Reads every device. One that vanishes meanwhile is passed over.
    ///
    /// - Throws: when /sys/block itself cannot be listed.
    mutating func readAll() throws(SystemCallError) {
        let folder = try root.directory("/sys/block")
        for entry in try folder.entries(limit: 200_000) {
            do throws(SystemCallError) {
                try read(entry.name, of: folder)
            } catch {
                if !error.isVanished { unreadable.append((entry.name.string, error)) }
            }
        }
    }

    private mutating func read(
        _ name: FilePath.Component, of block: Directory
    ) throws(SystemCallError) {
        var path = FilePath("/sys/block").appending(name)
        if let target = try? block.readLink(name.string) {
            // Lexically, so that the ancestors can be told from the path.
            path = target.isAbsolute ? target : FilePath("/sys/block").pushing(target)
            path = path.lexicallyNormalized()
        }
        let directory = try root.directory(path)
        let folder = UntrustedText.escapingInvalidUTF8(directory.path.string.utf8)
        var facts = [String: String]()
        reader.add(DeviceAttributeNames.identity, of: directory, to: &facts)
        guard facts["size"] != nil || facts["dev"] != nil else { return }
        if facts["hidden"] == "1" {
            reader.add(DeviceAttributeNames.hiddenPath, of: directory, to: &facts)
        }

        let isSubsystem = folder.hasPrefix("/sys/devices/virtual/nvme-subsystem/")
        for (name, attributes) in DeviceAttributeNames.folders {
            guard let inner = try? directory.directory(name) else { continue }
            reader.add(attributes, of: inner, under: name + "/", to: &facts)
        }
        let kernelName = Self.kernelName(name)
        if kernelName.hasPrefix("zram") {
            reader.add(DeviceAttributeNames.zram, of: directory, under: "zram/", to: &facts)
        }
        let kind = BlockDeviceKind(
            name: kernelName, folder: folder, isHidden: facts["hidden"] == "1",
            isArray: facts["md/level"] != nil || facts["md/array_state"] != nil,
            mapUUID: facts["dm/uuid"])
        if !kind.isVirtual { addParentFacts(of: path, to: &facts) }

        var device = BlockDevice(
            name: kernelName, folder: folder,
            number: facts.removeValue(forKey: "dev").flatMap {
                DeviceNumber(parsing: Array($0.utf8)[...])
            },
            byteCount: Self.byteCount(sectors: facts.removeValue(forKey: "size")),
            kind: kind.kind, facts: facts)
        device.udev = device.number.flatMap { udev[$0] }
        if let lower = try? directory.directory("slaves").entries(limit: 65_536) {
            device.lowerDevices = lower.map { Self.kernelName($0.name) }
        }
        device.ancestors = DeviceAncestor.chain(of: folder)
        if device.ancestors.isEmpty, isSubsystem {
            device.ancestors = subsystemControllers(of: path)
        }
        for ancestor in device.ancestors { readFacts(of: ancestor) }
        let position = devices.count
        devices.append(device)
        // Device-mapper devices have no partitions of the kernel's own.
        if !kernelName.hasPrefix("dm-") {
            readPartitions(in: directory, of: position, diskName: name.string)
        }
    }

    private mutating func readPartitions(
        in directory: Directory, of disk: Int, diskName: String
    ) {
        guard let entries = try? directory.entries(limit: 10_000) else { return }
        for entry in entries
        where entry.kind == .directory || entry.kind == .unknown {
            let name = entry.name.string
            guard name.utf8.count > diskName.utf8.count, name.hasPrefix(diskName),
                let inner = try? directory.directory(name)
            else { continue }
            var facts = [String: String]()
            reader.add(DeviceAttributeNames.partition, of: inner, to: &facts)
            guard facts["partition"] != nil else { continue }
            if let uevent = reader.text("uevent", of: inner) {
                for line in uevent.split(separator: "\n") {
                    for key in ["PARTUUID", "PARTNAME"] where line.hasPrefix(key + "=") {
                        facts[key] = String(line.dropFirst(key.count + 1))
                    }
                }
            }
            let number = facts.removeValue(forKey: "dev").flatMap {
                DeviceNumber(parsing: Array($0.utf8)[...])
            }
            devices.append(
                BlockDevice(
                    name: Self.kernelName(entry.name), folder: devices[disk].folder + "/" + name,
                    number: number,
                    byteCount: Self.byteCount(sectors: facts.removeValue(forKey: "size")),
                    kind: .partition, disk: disk, facts: facts, udev: number.flatMap { udev[$0] }))
        }
    }

    private mutating func addParentFacts(of path: FilePath, to facts: inout [String: String]) {
        var parent = path.removingLastComponent()
        if parent.lastComponent?.string == "block" { parent.removeLastComponent() }
        guard parent.components.count > 2, let directory = try? root.directory(parent) else {
            return
        }
        let own = facts["wwid"]
        reader.add(DeviceAttributeNames.parent, of: directory, to: &facts)
        // A virtio or PCI device has numbers there, which name the maker of no disk.
        if facts["vendor"]?.hasPrefix("0x") == true { facts["vendor"] = nil }
        // A namespace's own identity counts before that of its controller.
        if let own { facts["wwid"] = own }
        if let address = parent.lastComponent?.string,
            address.utf8.count(where: { $0 == 0x3A }) == 3
        {
            facts["scsi_address"] = UntrustedText.escapingInvalidUTF8(address.utf8)
        }
    }

    /// The controllers behind a namespace that the kernel's own multipath holds.
    private func subsystemControllers(of path: FilePath) -> [DeviceAncestor] {
        let folder = path.removingLastComponent()
        guard let directory = try? root.directory(folder), let entries = try? directory.entries()
        else { return [] }
        return entries.flatMap { entry -> [DeviceAncestor] in
            guard entry.kind == .symbolicLink, entry.name.string.hasPrefix("nvme"),
                let target = try? directory.readLink(entry.name.string), !target.isAbsolute
            else { return [] }
            let controller = folder.pushing(target).lexicallyNormalized()
            return DeviceAncestor.chain(of: controller.string + "/device")
        }
    }

    private mutating func readFacts(of ancestor: DeviceAncestor) {
        guard ancestorFacts[ancestor] == nil else { return }
        var facts = [String: String]()
        if let directory = try? root.directory(FilePath(ancestor.folder)) {
            let names = DeviceAttributeNames.ancestor(ancestor.name)
            reader.add(names.own, of: directory, to: &facts)
            if let folder = names.classFolder,
                let inner = try? directory.directory(folder).directory(ancestor.name)
            {
                reader.add(names.ofClass, of: inner, to: &facts)
            }
            if let driver = try? directory.readLink("driver").lastComponent {
                facts["driver"] = UntrustedText.escapingInvalidUTF8(driver.string.utf8)
            }
        }
        ancestorFacts[ancestor] = facts
    }

    private static func byteCount(sectors text: String?) -> Int64? {
        guard let text, let sectors = Int64(text), sectors >= 0 else { return nil }
        let (bytes, overflows) = sectors.multipliedReportingOverflow(by: 512)
        return overflows ? nil : bytes
    }

    /// The kernel writes `/` in a device's name as `!` in sysfs.
    private static func kernelName(_ name: FilePath.Component) -> String {
        let text = UntrustedText.escapingInvalidUTF8(name.string.utf8)
        guard text.utf8.contains(0x21) else { return text }
        return String(text.map { $0 == "!" ? "/" : $0 })
    }
}

extension SystemCallError {
    /// Whether what was asked for went away, as hot-unplugged devices do.
    var isVanished: Bool {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory, .noSuchAddressOrDevice,
            .operationNotSupportedByDevice:
            true
        default: false
        }
    }
}
