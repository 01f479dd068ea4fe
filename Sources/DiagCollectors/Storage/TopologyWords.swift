internal import DiagModel

/// How a device is called where a person reads it.
enum TopologyWords {
    /// The kind in words, for example `logical volume`.
    static func word(for kind: Topology.Kind) -> String {
        switch kind {
        case .logicalVolume: "logical volume"
        case .volumeGroup: "volume group"
        case .mapped: "mapped device"
        case .virtual: "virtual device"
        case .fileSystem: "file system"
        default: kind.rawValue
        }
    }

    /// Bytes in the largest binary unit that leaves at least 1, with one decimal.
    static func size(_ byteCount: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = byteCount
        var tenths: Int64 = 0
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            tenths = (value % 1024) * 10 / 1024
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(value) B" : "\(value).\(tenths) \(units[unit])"
    }
}
