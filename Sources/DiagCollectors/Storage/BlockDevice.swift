internal import DiagFormats
internal import DiagModel

/// What sysfs and udev say of one disk, partition or virtual block device.
struct BlockDevice {
    /// The kernel's name, with `/` where sysfs writes `!`.
    var name: String
    /// Its folder below the root.
    var folder: String
    /// Its number; hidden paths of NVMe multipath have none.
    var number: DeviceNumber?
    /// Its size.
    var byteCount: Int64?
    /// What kind of node it is.
    var kind: Topology.Kind
    /// For a partition, the position of its disk in the list.
    var disk: Int?
    /// What was read, by the attribute's path below the device or its parent, as the kernel wrote it.
    var facts: [String: String]
    /// What udev knows, where it knows it.
    var udev: UdevFacts?
    /// The names of the devices that it stands on.
    var lowerDevices: [String] = []
    /// The bus, controller and path that it hangs on, nearest to the processor first.
    var ancestors: [DeviceAncestor] = []

    /// Whether a sysfs flag is set.
    func isSet(_ fact: String) -> Bool { facts[fact] == "1" }

    /// The value of a property that udev found.
    func property(_ name: String) -> String? { udev?.properties[name] }

    /// A device number of a loop, nbd or zram driver with nothing behind it.
    var isUnused: Bool {
        kind == .virtual && (byteCount ?? 0) == 0 && facts["loop/backing_file"] == nil
            && lowerDevices.isEmpty
    }

    /// Facts that are numbers.
    private static let numbers: Set<String> = [
        "diskseq", "partition", "start", "md/raid_disks", "md/degraded", "nsid", "zram/disksize",
    ]
    /// Facts that are `0` or `1`.
    private static let flags: Set<String> = ["ro", "removable", "hidden", "dm/suspended"]

    /// What `topology.json` says of the device.
    var attributes: [String: JSONValue] {
        var attributes = [String: JSONValue](minimumCapacity: facts.count + 8)
        for (name, text) in facts {
            if Self.flags.contains(name), text == "0" || text == "1" {
                attributes[name] = .bool(text == "1")
            } else if Self.numbers.contains(name), let number = Int64(text) {
                attributes[name] = .integer(number)
            } else {
                attributes[name] = .string(text)
            }
        }
        for (name, text) in udev?.properties ?? [:] { attributes[name] = .string(text) }
        if let number { attributes["dev"] = .string(number.description) }
        return attributes
    }
}

/// A bus device, controller or transport path above a disk.
struct DeviceAncestor: Hashable {
    /// Its folder below the root.
    var folder: String
    /// `bus`, `controller` or `path`.
    var kind: Topology.Kind
    /// The name of its folder.
    var name: String
}
