internal import DiagModel

/// What sysfs shows of a block device that tells its kind.
struct BlockDeviceKind {
    /// The kernel's name.
    var name: String
    /// Its folder below the root, links followed.
    var folder: String
    /// Whether it has the attribute `partition`.
    var isPartition = false
    /// Whether it has the attribute `hidden`, set: a path of NVMe multipath.
    var isHidden = false
    /// Whether it has a folder `md` with a level or a state.
    var isArray = false
    /// The `uuid` of device mapper, which begins with the name of what made the device.
    var mapUUID: String?

    /// Whether the kernel has it among the devices without hardware.
    ///
    /// A namespace over which the kernel spreads the paths of NVMe multipath is there, too.
    var isVirtual: Bool {
        folder.hasPrefix("/sys/devices/virtual/")
            && !folder.hasPrefix("/sys/devices/virtual/nvme-subsystem/")
    }

    /// The kind, in the words of the topology.
    var kind: Topology.Kind {
        if isPartition { return .partition }
        if name.hasPrefix("dm-") || mapUUID != nil {
            let uuid = mapUUID ?? ""
            if uuid.hasPrefix("LVM-") { return .logicalVolume }
            if uuid.hasPrefix("CRYPT-") { return .crypt }
            if uuid.hasPrefix("mpath-") { return .multipath }
            // What kpartx(8) makes: `part1-mpath-…`.
            return uuid.hasPrefix("part") && uuid.contains("-") ? .partition : .mapped
        }
        if isArray { return .array }
        if isHidden { return .path }
        return isVirtual ? .virtual : .disk
    }
}
