internal import DiagModel

/// Which block devices are places of this host's physical volumes, and whether all were looked at.
struct PhysicalVolumePlaces {
    /// The names of the paths and members below multipath maps and arrays, and of their partitions:
    /// what is read there is seen again on what holds them.
    let held: Set<String>
    /// The names of the logical volumes that nothing but parts of their own group stands on. LVM
    /// does not look there: what they hold is a guest's.
    let guests: Set<String>

    private let devices: [BlockDevice]

    /// The places among all block devices of a host.
    init(_ devices: [BlockDevice]) {
        self.devices = devices
        let below = Set(
            devices.filter { $0.kind == .multipath || $0.kind == .array }
                .flatMap(\.lowerDevices))
        var held = below
        for device in devices {
            if let disk = device.disk, below.contains(devices[disk].name) {
                held.insert(device.name)
            }
        }
        self.held = held
        var groups = [String: Substring]()
        for device in devices { groups[device.name] = Self.group(of: device) }
        var used = Set<String>()
        for device in devices {
            for lower in device.lowerDevices {
                guard let group = groups[lower] else { continue }
                // A snapshot and its origin stand on hidden volumes of the same group.
                if Self.group(of: device) != group { used.insert(lower) }
            }
        }
        guests = Set(groups.keys).subtracting(used)
    }

    /// The UUID of the volume group that a logical volume is of, as its device has it.
    private static func group(of device: BlockDevice) -> Substring? {
        guard let uuid = device.facts["dm/uuid"], uuid.hasPrefix("LVM-") else { return nil }
        return uuid.dropFirst(4).prefix(32)
    }

    /// Whether the records of the metadata probe tell of every device that can be a physical volume.
    func isComplete(_ records: [ProbeRecord]) -> Bool {
        let read = Set(
            records.filter { $0.outcome == .ok || $0.outcome == .slow }
                .map { String($0.target.dropFirst("/dev/".utf8.count)) })
        return !devices.isEmpty
            && devices.allSatisfy { device in
                read.contains(device.name) || held.contains(device.name)
                    || guests.contains(device.name) || !mayBeVolume(device)
            }
    }

    private func mayBeVolume(_ device: BlockDevice) -> Bool {
        // An extended partition is a container of two sectors.
        guard let byteCount = device.byteCount, byteCount > 1024, device.kind != .path,
            device.number != nil
        else { return false }
        let whole = device.disk.map { devices[$0] } ?? device
        return !whole.isSet("removable")
            && !["loop", "ram", "zram"].contains { whole.name.hasPrefix($0) }
    }
}
