internal import DiagModel

extension DeviceAncestor {
    /// The ancestors that a person knows, from the folder of a device: its last PCI function, USB
    /// device, controllers and transport paths.
    ///
    /// For `/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda` these
    /// are `0000:00:1f.2` and `host0`. A SCSI target is left out: the address of the device,
    /// four numbers, holds it.
    static func chain(of folder: String) -> [DeviceAncestor] {
        var components = folder.utf8.split(separator: 0x2F).map { Substring($0) }
        guard components.count > 3, components[0] == "sys", components[1] == "devices",
            components[2] != "virtual"
        else { return [] }
        components.removeLast()
        if components.last == "block" { components.removeLast() }
        // Deeper than any real device; a hostile tree gets no more attention.
        guard components.count <= 64 else { return [] }

        var chain = [DeviceAncestor]()
        var function: DeviceAncestor?
        var usbDevice: DeviceAncestor?
        var hasController = false
        var beforeController: Substring?
        for index in 2..<components.count {
            let name = components[index]
            func ancestor(_ kind: Topology.Kind) -> DeviceAncestor {
                let end = name.endIndex
                return DeviceAncestor(
                    folder: "/" + folderPrefix(folder, upTo: end), kind: kind, name: String(name))
            }
            switch role(of: name) {
            case .pciFunction: function = ancestor(.bus)
            case .usbDevice: usbDevice = ancestor(.bus)
            case .controller:
                if !hasController {
                    let before = components[2..<index].last { role(of: $0) != .classFolder }
                    beforeController = before
                }
                hasController = true
                chain.append(ancestor(.controller))
            case .path: chain.append(ancestor(.path))
            case .classFolder, .other: continue
            }
        }
        if !hasController, let last = components.last, components.count > 2,
            role(of: last) == .other
        {
            chain.append(
                DeviceAncestor(
                    folder: "/" + folderPrefix(folder, upTo: last.endIndex), kind: .controller,
                    name: String(last)))
            beforeController = components[2...].dropLast().last { role(of: $0) != .classFolder }
        }
        var buses = [function, usbDevice].compactMap(\.self)
        if buses.isEmpty, let name = beforeController {
            buses = [
                DeviceAncestor(
                    folder: "/" + folderPrefix(folder, upTo: name.endIndex), kind: .bus,
                    name: String(name))
            ]
        }
        return buses + chain
    }

    /// `folder` up to `end`, without the leading slash.
    private static func folderPrefix(_ folder: String, upTo end: String.Index) -> Substring {
        folder[..<end].drop { $0 == "/" }
    }

    private enum Role { case pciFunction, usbDevice, controller, path, classFolder, other }

    private static func role(of name: Substring) -> Role {
        switch name {
        case "nvme", "mmc_host", "scsi_host", "block", "platform", "nvme-fabrics", "ctl":
            return .classFolder
        default: break
        }
        if isPCIAddress(name) { return .pciFunction }
        for prefix in ["host", "nvme", "virtio", "mmc"]
        where isNumbered(name, after: prefix) { return .controller }
        for prefix in ["rport-", "end_device-", "expander-"] where name.hasPrefix(prefix) {
            return .path
        }
        if isNumbered(name, after: "session") { return .path }
        if isUSBDevice(name) { return .usbDevice }
        return .other
    }

    private static func isNumbered(_ name: Substring, after prefix: String) -> Bool {
        guard name.hasPrefix(prefix) else { return false }
        let digits = name.utf8.dropFirst(prefix.utf8.count)
        return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `0000:00:1f.2`: domain, bus, device, function.
    private static func isPCIAddress(_ name: Substring) -> Bool {
        let parts = name.utf8.split(separator: 0x3A)
        guard parts.count == 3, parts[0].count >= 4, parts[1].count == 2, parts[2].count == 4,
            parts[2].dropFirst(2).first == 0x2E
        else { return false }
        return name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == 0x3A || $0 == 0x2E
        }
    }

    /// `1-4` or `1-4.2`: bus and ports.
    private static func isUSBDevice(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, (0x30...0x39).contains(first), name.contains("-") else {
            return false
        }
        return name.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E }
    }
}
