internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the root file system needs before it can be mounted, and whether an initial RAM disk has it.
///
/// It rather says that something is not known than that it is lacking: a module counts as lacking
/// only when the kernel has it as a file.
struct InitramfsNeeds {
    /// One requirement, before it is looked for.
    struct Requirement: Hashable {
        var kind: InitramfsDocument.Need.Kind
        /// For programs and files, any of them serves.
        var names: [String]
        var why: String
    }

    let root: RootedTree
    let stack: RootStackDocument

    /// What mounting the root, and /usr where that is a file system of its own, needs.
    func requirements() -> [Requirement] {
        var found = [Requirement]()
        var seen = Set<Requirement>()
        func add(_ kind: InitramfsDocument.Need.Kind, _ names: [String], _ why: String) {
            let requirement = Requirement(kind: kind, names: names, why: why)
            // One module may be needed by many devices: the first is named.
            guard !found.contains(where: { $0.kind == kind && $0.names == names }) else { return }
            if seen.insert(requirement).inserted { found.append(requirement) }
        }
        let byName = Dictionary(stack.devices.map { ($0.name, $0) }) { first, _ in first }
        for target in stack.targets where target.state == .mounted {
            guard target.path == "/" || target.path == "/usr", !target.devices.isEmpty else {
                continue
            }
            if let fileSystem = target.fileSystem {
                add(
                    .module, [Self.module(ofFileSystem: fileSystem)],
                    "the file system of \(target.path)")
            }
            var pending = target.devices
            var visited = Set<String>()
            while let name = pending.popLast() {
                guard visited.insert(name).inserted, let device = byName[name] else { continue }
                collect(device, under: byName, add)
                pending += device.standsOn
            }
        }
        return found
    }

    private func collect(
        _ device: RootStackDocument.Device, under devices: [String: RootStackDocument.Device],
        _ add: (InitramfsDocument.Need.Kind, [String], String) -> Void
    ) {
        let why = "\(TopologyWords.word(for: device.kind)) \(device.mapName ?? device.name)"
        let lowerUUIDs = device.standsOn.compactMap { devices[$0]?.mapUUID }
        let lowerMaps = device.standsOn.compactMap { devices[$0]?.mapName }
        switch device.kind {
        case .crypt:
            collectCrypt(device, why, add)
        case .logicalVolume:
            add(.module, ["dm_mod"], why)
            add(.program, ["lvm"], why)
            if lowerMaps.contains(where: { $0.hasSuffix("_tpool") || $0.contains("_tdata") }) {
                add(.module, ["dm_thin_pool"], why)
            }
            if lowerMaps.contains(where: { $0.contains("_rmeta_") }) {
                add(.module, ["dm_raid"], why)
            }
            if lowerMaps.contains(where: { $0.contains("_mimage_") }) {
                add(.module, ["dm_mirror"], why)
            }
            if lowerMaps.contains(where: { $0.hasSuffix("_cdata") }) {
                add(.module, ["dm_cache"], why)
            }
            if lowerMaps.contains(where: { $0.hasSuffix("_wcorig") }) {
                add(.module, ["dm_writecache"], why)
            }
            if lowerMaps.contains(where: { $0.hasSuffix("_iorig") }) {
                add(.module, ["dm_integrity"], why)
            }
            // LVM names the layers below an origin and its snapshots so in their identifiers.
            if lowerUUIDs.contains(where: { $0.hasSuffix("-real") || $0.hasSuffix("-cow") }) {
                add(.module, ["dm_snapshot"], why)
            }
        case .multipath:
            add(.module, ["dm_multipath"], why)
            add(.program, ["multipath", "multipathd"], why)
        case .array:
            if let module = Self.module(ofLevel: device.level ?? "") {
                add(.module, [module], why)
            }
            add(.program, ["mdadm", "mdassemble", "mdmon"], why)
        case .mapped: add(.module, ["dm_mod"], why)
        case .disk, .path:
            for module in InitramfsDrivers(root: root).modules(of: device.number) {
                add(.module, [module], why)
            }
        default: break
        }
    }

    /// What cryptsetup(8) and its kin make, told by the identifier in device mapper.
    private func collectCrypt(
        _ device: RootStackDocument.Device, _ why: String,
        _ add: (InitramfsDocument.Need.Kind, [String], String) -> Void
    ) {
        let uuid = device.mapUUID ?? ""
        let name = device.mapName ?? device.name
        if uuid.hasPrefix("CRYPT-VERITY-") {
            add(.module, ["dm_verity"], "dm-verity \(name)")
            add(.program, ["veritysetup", "systemd-veritysetup"], "dm-verity \(name)")
        } else if uuid.hasPrefix("CRYPT-INTEGRITY-") {
            add(.module, ["dm_integrity"], "dm-integrity \(name)")
            add(.program, ["integritysetup", "systemd-integritysetup"], "dm-integrity \(name)")
        } else if uuid.hasPrefix("CRYPT-SUBDEV-") {
            // Below LUKS2 with authentication cryptsetup itself makes the device.
            add(.module, ["dm_integrity"], "dm-integrity \(name)")
        } else {
            add(.module, ["dm_crypt"], why)
            add(.program, ["cryptsetup", "systemd-cryptsetup"], why)
        }
    }

    private static func module(ofLevel level: String) -> String? {
        switch level {
        case "raid1": "raid1"
        case "raid10": "raid10"
        case "raid4", "raid5", "raid6": "raid456"
        case "raid0": "raid0"
        case "linear": "linear"
        default: nil
        }
    }

    private static func module(ofFileSystem type: String) -> String {
        switch type {
        case "ext2", "ext3": "ext4"
        default: KernelModuleIndex.canonical(type)
        }
    }

    /// Looks for each requirement among the members of an initial RAM disk.
    static func needs(
        _ requirements: [Requirement], in entries: [CpioWalker.Entry], isComplete: Bool,
        modules index: KernelModuleIndex, commandLine: KernelCommandLine?
    ) -> [InitramfsDocument.Need] {
        var modules = Set<String>()
        var programs = Set<String>()
        var files = Set<String>()
        var hasInnerImage = false
        for entry in entries {
            guard !entry.isDirectory else { continue }
            if let module = KernelModuleIndex.name(entry.name) { modules.insert(module) }
            if let name = entry.name.split(separator: "/").last { programs.insert(String(name)) }
            // An empty crypttab of initramfs-tools unlocks nothing.
            if entry.byteCount > 0 { files.insert(entry.name) }
            hasInnerImage =
                hasInnerImage
                || [".img", ".squashfs", ".erofs"].contains(where: entry.name.hasSuffix)
        }
        let canTell = isComplete && !hasInnerImage && !entries.isEmpty
        var requirements = requirements
        // initramfs-tools unlocks only what its own table names.
        if entries.contains(where: { $0.name == "scripts/local-top/cryptroot" }),
            requirements.contains(where: { $0.names == ["dm_crypt"] }),
            commandLine?.values(of: "cryptopts").isEmpty != false
        {
            requirements.append(
                .init(
                    kind: .file, names: ["cryptroot/crypttab"],
                    why: "the root lies on an encrypted device"))
        }
        return requirements.map { requirement in
            let state: InitramfsDocument.Need.State
            switch requirement.kind {
            case .module:
                let name = requirement.names[0]
                if modules.contains(name) {
                    state = .present
                } else if index.builtIn?.contains(name) == true {
                    state = .builtIn
                } else {
                    // Without the list of what is built in, nothing is lacking for sure.
                    state =
                        canTell && index.builtIn != nil && index.files.contains(name)
                        ? .lacking : .unknown
                }
            case .program:
                state =
                    requirement.names.contains(where: programs.contains)
                    ? .present : canTell ? .lacking : .unknown
            case .file:
                state =
                    requirement.names.contains(where: files.contains)
                    ? .present : canTell ? .lacking : .unknown
            }
            return .init(
                kind: requirement.kind, name: requirement.names.joined(separator: " or "),
                why: requirement.why, state: state)
        }
    }
}
