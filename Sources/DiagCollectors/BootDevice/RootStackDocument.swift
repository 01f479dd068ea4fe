internal import DiagModel

/// `boot/root-stack.json`: what the file systems that the host starts from stand on.
struct RootStackDocument: Encodable, Hashable {
    /// One of the folders that matter for starting.
    struct Target: Encodable, Hashable {
        /// What became of it.
        enum State: String, Encodable {
            /// A file system is mounted there.
            case mounted
            /// It is a folder of the file system above it.
            case folder
            /// An automount point that nothing has opened yet, or a folder behind one.
            case automount
            /// It does not exist.
            case absent
        }

        /// How many of a mirror's disks the host can be started from.
        enum Copies: String, Encodable {
            /// Every one.
            case onAll = "all"
            /// Some, but not every one.
            case onSome = "some"
            /// None: the EFI system partition lies on another disk.
            case onNone = "none"
            /// The types of the partitions are not known on every disk.
            case unknown
        }

        /// The folder.
        var path: String
        var state: State
        /// Of the file system that is mounted there, or that the folder belongs to.
        var mountPoint: String?
        var fileSystem: String?
        var source: String?
        var isReadOnly: Bool?
        /// The names of the devices that it lies on; several for btrfs.
        var devices: [String]
        /// Why no device was found.
        var problem: String?
        /// The way from the file system down to the disks, in words.
        var chain: String?
        /// The disks at the bottom, by name; none where nothing is mounted.
        var physicalDisks: [String]?
        /// What may fail alone and take the file system with it.
        var singlePointsOfFailure: [RootStackRedundancy.SinglePoint]?
        /// Of a mirror of an EFI host: which of its disks have an EFI system partition.
        var systemPartitionCopies: Copies?
        /// Of btrfs: the profiles of its block groups.
        var profiles: [String]?
    }

    /// A block device of a stack.
    struct Device: Encodable, Hashable {
        /// The kernel's name.
        var name: String
        /// `major:minor`.
        var number: String
        /// In the words of the topology.
        var kind: Topology.Kind
        var byteCount: UInt64?
        var isReadOnly: Bool?
        var isRemovable: Bool?
        var isRotational: Bool?
        /// Of device mapper.
        var mapName: String?
        var mapUUID: String?
        /// Of md: `raid1`, and how many members are lacking.
        var level: String?
        var degradedCount: UInt64?
        /// Of md: how many members it should have.
        var memberCount: UInt64?
        var partitionNumber: UInt64?
        /// Of a loop device.
        var backingFile: String?
        var vendor: String?
        var model: String?
        /// What it stands on, by name.
        var standsOn: [String]
    }

    var schema = "diagbundle.root-stack/1"
    var targets: [Target]
    /// Sorted by name.
    var devices: [Device]
}

extension RootStackDocument {
    /// More lines than this are left out: devices that share lower ones are shown under each.
    private static let lineLimit = 4096

    /// The same as an indented text, nearest to the file system first.
    var text: String {
        var lines = [String]()
        let byName = Dictionary(devices.map { ($0.name, $0) }) { first, _ in first }
        func append(_ name: String, depth: Int) {
            guard lines.count < Self.lineLimit, depth <= RootStackResolver.depthLimit,
                let device = byName[name]
            else { return }
            lines.append(String(repeating: "  ", count: depth) + device.line)
            for lower in device.standsOn { append(lower, depth: depth + 1) }
        }
        for target in targets {
            switch target.state {
            case .absent: lines.append("\(target.path): absent")
            case .automount: lines.append("\(target.path): behind an automount point, not opened")
            case .folder:
                lines.append("\(target.path): a folder of \(target.mountPoint ?? "?")")
            case .mounted:
                lines.append(
                    "\(target.path): \(target.fileSystem ?? "?") from \(target.source ?? "?")"
                        + (target.isReadOnly == true ? ", read-only" : ""))
                if let problem = target.problem { lines.append("  \(problem)") }
                for device in target.devices { append(device, depth: 1) }
                if let points = target.singlePointsOfFailure, !target.devices.isEmpty {
                    let names = points.map { "\($0.kind.rawValue) \($0.name)" }
                    lines.append(
                        "  single points of failure: "
                            + (names.isEmpty ? "none" : names.joined(separator: ", ")))
                }
            }
        }
        return lines.map { UntrustedText.escapingControls($0) + "\n" }.joined()
    }
}

extension RootStackDocument {
    /// The way from the file system of `target` to its disks, for example
    /// `ext4 ← logical volume vg-root ← physical volume: crypt c ← partition sda2 ← disk sda`.
    func chain(of target: Target) -> String? {
        guard !target.devices.isEmpty, let fileSystem = target.fileSystem else { return nil }
        let byName = Dictionary(devices.map { ($0.name, $0) }) { first, _ in first }
        var parts = [fileSystem]
        var level = target.devices
        var isUnderVolumeGroup = false
        var seen = Set<String>()
        while !level.isEmpty, parts.count < RootStackResolver.depthLimit {
            let found = level.filter { seen.insert($0).inserted }.compactMap { byName[$0] }
            guard let first = found.first else { break }
            let names = found.map { $0.mapName ?? $0.name }
            var words = [Topology.Kind]()
            for device in found where !words.contains(device.kind) { words.append(device.kind) }
            var part = words.map { TopologyWords.word(for: $0) }.joined(separator: " and ")
            part += " " + names.joined(separator: ", ")
            if let label = first.level { part += " (\(label))" }
            let isVolume = found.contains { $0.kind == .logicalVolume }
            if isUnderVolumeGroup, !isVolume { part = "physical volume: " + part }
            isUnderVolumeGroup = isVolume
            parts.append(part)
            level = found.flatMap(\.standsOn)
        }
        return UntrustedText.escapingControls(parts.joined(separator: " ← "))
    }
}

extension RootStackDocument.Device {
    /// For example `logical volume rhel-root, 48.8 GiB`.
    fileprivate var line: String {
        var parts = [TopologyWords.word(for: kind) + " " + (mapName ?? name)]
        if let label = level ?? backingFile { parts[0] += " (\(label))" }
        if let byteCount { parts.append(TopologyWords.size(Int64(clamping: byteCount))) }
        let product = [vendor, model].compactMap(\.self).joined(separator: " ")
        if !product.isEmpty { parts.append(product) }
        return parts.joined(separator: ", ")
    }
}
