internal import DiagModel

extension MetadataProbe {
    /// The probes that are worth their risk, in the order of `devices`.
    ///
    /// Nothing that is suspended is read, nor anything standing on it: that would wait for ever.
    /// Passive and hidden paths answer with errors, paths of a multipath map are read through it.
    /// What has no size has no medium, or is a loop, zram, ram or nbd device with nothing behind
    /// it. A disk that the kernel suspended is not woken, nor is an empty drive started.
    static func requests(for devices: [MetadataTarget]) -> [ProbeRequest] {
        let stuck = suspended(among: devices).union(asleep(among: devices))
        return devices.compactMap { device in
            guard !stuck.contains(device.name), !device.isPassivePath, !device.isMultipathPath,
                !device.isHidden, !device.isEmptyDrive, device.byteCount != 0,
                device.byteCount ?? 1 > 0
            else { return nil }
            if device.byteCount == nil, device.isRemovable || isMadeBySoftware(device.name) {
                return nil
            }
            var facts: [String: JSONValue] = [
                "name": .string(device.name), "isMounted": .bool(device.isMounted),
                "isMember": .bool(device.isMember), "isReadOnly": .bool(device.isReadOnly),
            ]
            if device.isPartition { facts["isPartition"] = true }
            if device.isRemovable { facts["isRemovable"] = true }
            if !device.disks.isEmpty { facts["disks"] = .array(device.disks) }
            facts["number"] = device.number.map { .string($0) }
            facts["byteCount"] = device.byteCount.map { .integer($0) }
            facts["logicalBlockSize"] = device.logicalBlockSize.map { .integer($0) }
            return ProbeRequest(kind: kindName, target: device.path, facts: facts)
        }
    }

    /// The names of the suspended devices and of all that stand on one of them.
    private static func suspended(among devices: [MetadataTarget]) -> Set<String> {
        var upper = [String: [String]]()
        for device in devices {
            for lower in device.lowerDevices { upper[lower, default: []].append(device.name) }
        }
        var stuck = Set<String>()
        var pending = devices.filter(\.isSuspended).map(\.name)
        while let name = pending.popLast() {
            if stuck.insert(name).inserted { pending += upper[name] ?? [] }
        }
        return stuck
    }

    /// The names of the sleeping disks and of all that stand on nothing else.
    private static func asleep(among devices: [MetadataTarget]) -> Set<String> {
        var upper = [String: [String]]()
        var awake = [String: Int]()
        for device in devices {
            let lower = Set(device.lowerDevices)
            awake[device.name] = lower.count
            for name in lower { upper[name, default: []].append(device.name) }
        }
        var asleep = Set<String>()
        var pending = devices.filter(\.isAsleep).map(\.name)
        while let name = pending.popLast() {
            guard asleep.insert(name).inserted else { continue }
            for holder in upper[name] ?? [] {
                awake[holder, default: 1] -= 1
                if awake[holder] == 0 { pending.append(holder) }
            }
        }
        return asleep
    }

    private static func isMadeBySoftware(_ name: String) -> Bool {
        ["loop", "zram", "ram", "nbd"].contains { name.hasPrefix($0) }
    }
}
