internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What of a root stack may fail alone and take the file system with it.
struct RootStackRedundancy {
    /// What the loss of one thing would cost.
    struct SinglePoint: Encodable, Hashable {
        /// What kind of thing it is.
        enum Kind: String, Encodable {
            /// A disk.
            case disk
            /// A bus adapter that all ways lead over.
            case controller
            /// The only path to a multipath device.
            case path
            /// A layer that is spread over several devices without redundancy.
            case layer
        }
        var kind: Kind
        /// The name of the device, or the PCI address of the controller.
        var name: String
        /// Why it is one, in words.
        var why: String
    }

    /// What a device survives.
    private enum Element: Hashable {
        case disk(String)
        case controller(String)
        case path(String)
        case layer(String)
    }

    /// Of each device, the controller that it hangs on.
    let controllers: [String: String]
    private let devices: [String: RootStackDocument.Device]

    /// An analysis of `devices`.
    init(devices: [RootStackDocument.Device], controllers: [String: String]) {
        self.devices = Dictionary(devices.map { ($0.name, $0) }) { first, _ in first }
        self.controllers = controllers
    }

    /// The disks at the bottom of the stacks of `names`, sorted; paths to one LUN as one each.
    func physicalDisks(under names: [String]) -> [String] {
        var found = Set<String>()
        var seen = Set<String>()
        var pending = names
        while let name = pending.popLast() {
            guard seen.insert(name).inserted, let device = devices[name] else { continue }
            if device.standsOn.isEmpty { found.insert(name) }
            pending += device.standsOn
        }
        return found.sorted(by: NaturalOrder.precedes)
    }

    /// Whether some layer survives the loss of a disk, whole or degraded.
    func hasMirror(under names: [String], tolerance: Int?) -> Bool {
        if let tolerance, tolerance > 0, names.count > 1 { return true }
        var pending = names
        var seen = Set<String>()
        while let name = pending.popLast() {
            guard seen.insert(name).inserted, let device = devices[name] else { continue }
            let disks = physicalDisks(under: [name]).count
            if disks > 1, device.kind != .multipath, designTolerance(of: device) > 0 { return true }
            pending += device.standsOn
        }
        return false
    }

    /// The single points of failure of a file system on `names`, which survives the loss of
    /// `tolerance` of them.
    func singlePoints(under names: [String], tolerance: Int) -> [SinglePoint] {
        var memory = [String: Set<Element>]()
        let parts = names.map { elements(of: $0, depth: 0, &memory) }
        var all = Self.combined(parts, tolerance: tolerance)
        if names.count > 1, tolerance == 0 { all.insert(.layer("file system")) }
        return all.map { describe($0) }.sorted { ($0.kind.rank, $0.name) < ($1.kind.rank, $1.name) }
    }

    private static func combined(_ parts: [Set<Element>], tolerance: Int) -> Set<Element> {
        var counts = [Element: Int]()
        for part in parts { for element in part { counts[element, default: 0] += 1 } }
        return Set(counts.filter { $0.value > tolerance }.keys)
    }

    private func elements(
        of name: String, depth: Int, _ memory: inout [String: Set<Element>]
    ) -> Set<Element> {
        if let known = memory[name] { return known }
        guard depth <= RootStackResolver.depthLimit, let device = devices[name] else { return [] }
        memory[name] = []  // Ends a circle.
        var result: Set<Element>
        if device.standsOn.isEmpty {
            result = [.disk(name)]
            if let controller = controllers[name] { result.insert(.controller(controller)) }
        } else if device.kind == .multipath {
            // Its disk is one, whatever the number of paths to it.
            result = Self.combined(
                device.standsOn.map { path in
                    elements(of: path, depth: depth + 1, &memory).filter {
                        if case .disk = $0 { false } else { true }
                    }
                }, tolerance: device.standsOn.count - 1)
            result.insert(.disk(name))
            if device.standsOn.count == 1 { result.insert(.path(device.standsOn[0])) }
        } else {
            let tolerance = tolerance(of: device)
            let legs = Self.legs(of: device, devices)
            let parts = legs.map { leg in
                leg.reduce(into: Set<Element>()) {
                    $0.formUnion(elements(of: $1, depth: depth + 1, &memory))
                }
            }
            result = Self.combined(parts, tolerance: tolerance)
            if tolerance == 0, legs.count > 1,
                physicalDisks(under: [name]).count > 1 || device.kind == .array
            {
                result.insert(.layer(name))
            }
        }
        memory[name] = result
        return result
    }

    /// The devices below in groups that fail together: an image of a RAID volume and its metadata.
    private static func legs(
        of device: RootStackDocument.Device, _ devices: [String: RootStackDocument.Device]
    ) -> [[String]] {
        var legs = [String: [String]]()
        var order = [String]()
        for name in device.standsOn {
            var key = name
            let map = devices[name]?.mapName ?? ""
            for infix in ["_rimage_", "_rmeta_", "_mimage_"] {
                if let range = map.ranges(of: infix).last {
                    key = String(map[range.upperBound...])
                    break
                }
            }
            if legs[key] == nil { order.append(key) }
            legs[key, default: []].append(name)
        }
        return order.compactMap { legs[$0] }
    }

    /// How many of its members a device may lose now.
    private func tolerance(of device: RootStackDocument.Device) -> Int {
        max(0, designTolerance(of: device) - Int(clamping: device.degradedCount ?? 0))
    }

    /// How many of its members a whole device of the kind may lose.
    private func designTolerance(of device: RootStackDocument.Device) -> Int {
        if let level = device.level {
            switch level {
            case "raid1":
                return max(
                    0, Int(clamping: device.memberCount ?? UInt64(device.standsOn.count)) - 1)
            case "raid4", "raid5", "raid10": return 1
            case "raid6": return 2
            default: return 0
            }
        }
        if device.kind == .multipath { return max(0, device.standsOn.count - 1) }
        let maps = device.standsOn.compactMap { devices[$0]?.mapName }
        // LVM's raid0 has images without metadata; every redundant one has both.
        if maps.contains(where: { $0.contains("_rmeta_") }) { return 1 }
        if maps.contains(where: { $0.contains("_mimage_") }) { return 1 }
        return 0
    }

    private func describe(_ element: Element) -> SinglePoint {
        switch element {
        case .disk(let name):
            let isVolume = devices[name]?.kind == .multipath
            return .init(
                kind: .disk, name: devices[name]?.mapName ?? name,
                why: isVolume
                    ? "all paths lead to this one volume" : "nothing else holds its data")
        case .controller(let name):
            return .init(kind: .controller, name: name, why: "every way to the data leads over it")
        case .path(let name):
            return .init(kind: .path, name: name, why: "the only path that is left")
        case .layer(let name):
            return .init(
                kind: .layer, name: devices[name]?.mapName ?? name,
                why: (devices[name]?.degradedCount ?? 0) > 0
                    ? "it is degraded: it survives no further loss"
                    : "it is spread over several devices without redundancy")
        }
    }
}

extension RootStackRedundancy.SinglePoint.Kind {
    fileprivate var rank: Int {
        switch self {
        case .disk: 0
        case .controller: 1
        case .path: 2
        case .layer: 3
        }
    }
}

/// How a btrfs file system spreads its data, as sysfs tells it.
struct BtrfsRedundancy {
    /// The profiles in use, for example `raid1`, of data, metadata and system together; sorted.
    var profiles: [String]
    /// How many devices it may lose now.
    var tolerance: Int

    /// Reads /sys/fs/btrfs for the file system that has the device `name`.
    init?(of name: String, in root: RootedTree) {
        let folder: FilePath = "/sys/fs/btrfs"
        for entry in (try? root.directory(folder).entries(limit: 1000)) ?? [] {
            let place = folder.appending(entry.name)
            let names = (try? root.directory(place.appending("devices")).entries(limit: 1000)) ?? []
            guard names.contains(where: { $0.name.string == name }) else { continue }
            var profiles = Set<String>()
            for kind in ["data", "metadata", "system"] {
                let parts = try? root.directory(
                    place.appending("allocation").appending(kind)
                ).entries(limit: 100)
                for part in parts ?? [] where Self.tolerances[part.name.string] != nil {
                    profiles.insert(part.name.string)
                }
            }
            self.profiles = profiles.sorted()
            let base = profiles.compactMap { Self.tolerances[$0] }.min() ?? 0
            tolerance = max(0, base - Self.missingCount(place, root))
            return
        }
        return nil
    }

    /// Source: btrfs(5), "FILESYSTEM LIMITS" and mkfs.btrfs(8), "PROFILES".
    private static let tolerances = [
        "single": 0, "dup": 0, "raid0": 0, "raid1": 1, "raid1c3": 2, "raid1c4": 3, "raid10": 1,
        "raid5": 1, "raid6": 2,
    ]

    private static func missingCount(_ place: FilePath, _ root: RootedTree) -> Int {
        let folder = place.appending("devinfo")
        let entries = (try? root.directory(folder).entries(limit: 1000)) ?? []
        return entries.count {
            (try? root.directory(folder.appending($0.name)))?.text("missing") == "1"
        }
    }
}
