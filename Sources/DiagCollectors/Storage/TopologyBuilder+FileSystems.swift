internal import DiagFormats
internal import DiagModel

extension TopologyBuilder {
    /// What a mount's file system is known by, before it has a node.
    private enum FileSystemKey: Hashable {
        case device(Int)
        case members(String)
        case number(DeviceNumber, String)
    }

    /// The position of the device that a mount or swap area names by a path below /dev.
    func position(ofPath path: [UInt8]) -> Int? {
        guard path.starts(with: "/dev/".utf8) else { return nil }
        return positionByPath[UntrustedText.escapingInvalidUTF8(path)]
    }

    /// The device that a mount stands on.
    func position(of mount: MountTable.Entry) -> Int? {
        if mount.device.major != 0, let position = positionByNumber[mount.device] {
            return position
        }
        guard FileSystemKind.mayStandOnDevice(mount.fileSystemType) else { return nil }
        // btrfs and others have a number of their own, and name one of their devices as source.
        if mount.fileSystemType == "bcachefs",
            let first = mount.source.split(separator: 0x3A).first
        {
            return position(ofPath: Array(first))
        }
        return position(ofPath: mount.source)
    }

    /// Adds a file system for each super block of `table`, and every mount; the mounts' ids, by
    /// their position in the table. `members` are the devices of each mounted btrfs, by its UUID.
    mutating func addMounts(
        _ table: MountTable, visibility: [Bool], members: [String: [String]] = [:]
    ) -> [String] {
        var uuidOfMember = [Int: String]()
        for (uuid, names) in members {
            for name in names { if let index = positionByName[name] { uuidOfMember[index] = uuid } }
        }
        var order = [FileSystemKey]()
        var mounts = [FileSystemKey: [Int]]()
        // Two mounts of one super block may name different devices of it; the first counts.
        var positionOfAnonymous = [DeviceNumber: Int]()
        for (index, entry) in table.entries.enumerated() {
            let key: FileSystemKey
            if var position = position(of: entry) {
                if entry.device.major == 0 {
                    position = positionOfAnonymous[entry.device] ?? position
                    positionOfAnonymous[entry.device] = position
                }
                let uuid =
                    uuidOfMember[position]
                    ?? (entry.fileSystemType == "btrfs"
                        ? devices[position].property("ID_FS_UUID") : nil)
                key = uuid.map(FileSystemKey.members) ?? .device(position)
            } else {
                key = .number(entry.device, entry.fileSystemType)
            }
            if mounts[key] == nil { order.append(key) }
            mounts[key, default: []].append(index)
        }
        let carriers = carriers(uuidOfMember)
        let mountIDs = assignMounts(table, visibility: visibility)
        let claims = order.map { key in
            fileSystemClaim(key, table.entries[mounts[key]?.first ?? 0])
        }
        for (key, id) in zip(order, identities.assign(claims)) {
            guard let indices = mounts[key], let first = indices.first else { continue }
            addFileSystem(id, table.entries[first])
            for position in Self.carriers(of: key, among: carriers) {
                if !deviceIDs[position].isEmpty { connect(deviceIDs[position], .carries, id) }
            }
            for index in indices {
                addMount(mountIDs[index], table.entries[index], isVisible: visibility[index])
                connect(id, .usedAt, mountIDs[index])
            }
        }
        mountedPositions = Set(order.flatMap { Self.carriers(of: $0, among: carriers) })
        return mountIDs
    }

    private static func carriers(of key: FileSystemKey, among members: [String: [Int]]) -> [Int] {
        switch key {
        case .device(let position): [position]
        case .number: []
        case .members(let uuid): members[uuid] ?? []
        }
    }

    /// The positions of the devices of each btrfs, by its UUID: those that the kernel names, and
    /// those that udev found to be of it.
    private func carriers(_ uuidOfMember: [Int: String]) -> [String: [Int]] {
        var carriers = [String: [Int]]()
        for (index, device) in devices.enumerated() {
            let named = uuidOfMember[index]
            if let named { carriers[named, default: []].append(index) }
            guard device.property("ID_FS_TYPE") == "btrfs",
                let found = device.property("ID_FS_UUID"), found != named
            else { continue }
            carriers[found, default: []].append(index)
        }
        return carriers
    }

    private mutating func assignMounts(_ table: MountTable, visibility: [Bool]) -> [String] {
        // What is hidden below another mount never takes the plain id of the one on top.
        identities.assign(
            table.entries.enumerated().map { index, entry in
                let path = UntrustedText.escapingInvalidUTF8(entry.mountPoint)
                return .init(
                    kind: .mount,
                    identity: visibility[index] ? path : "\(path)#mount\(entry.identifier)",
                    distinctions: [String(entry.identifier), "line \(entry.line)"])
            })
    }

    private func fileSystemClaim(
        _ key: FileSystemKey, _ entry: MountTable.Entry
    ) -> NodeIdentities.Claim {
        let identity: String
        switch key {
        case .members(let uuid): identity = "uuid.\(uuid)"
        case .device(let position):
            identity = fileSystemIdentity(on: position)
            return .init(
                kind: .fileSystem, identity: identity,
                distinctions: [deviceIDs[position], devices[position].name])
        case .number:
            let place =
                FileSystemKind.isNetwork(entry.fileSystemType) || entry.fileSystemType == "zfs"
                ? entry.source : entry.mountPoint
            identity = "\(entry.fileSystemType).\(UntrustedText.escapingInvalidUTF8(place))"
        }
        return .init(
            kind: .fileSystem, identity: MountOptionSecrets.masking(identity),
            distinctions: [
                UntrustedText.escapingInvalidUTF8(entry.mountPoint), "\(entry.device)",
            ])
    }

    private func fileSystemIdentity(on position: Int) -> String {
        if let uuid = devices[position].property("ID_FS_UUID") { return "uuid.\(uuid)" }
        return "on.\(deviceIDs[position])"
    }

    private mutating func addFileSystem(_ id: String, _ entry: MountTable.Entry) {
        nodes.append(
            .init(
                id: id, kind: .fileSystem, name: entry.fileSystemType,
                attributes: [
                    "type": .string(entry.fileSystemType),
                    "source": .string(
                        MountOptionSecrets.masking(
                            UntrustedText.escapingInvalidUTF8(entry.source))),
                    "dev": .string(entry.device.description),
                    "options": .string(MountOptionSecrets.masking(entry.superOptions)),
                    "ro": .bool(entry.isReadOnlySuperBlock),
                    "mounted": true,
                ]))
    }

    private mutating func addMount(_ id: String, _ entry: MountTable.Entry, isVisible: Bool) {
        var attributes: [String: JSONValue] = [
            "mountID": .integer(entry.identifier), "parentID": .integer(entry.parentIdentifier),
            "root": .string(UntrustedText.escapingInvalidUTF8(entry.root)),
            "options": .string(entry.options), "ro": .bool(entry.isReadOnlyMount),
        ]
        if !isVisible { attributes["isHidden"] = true }
        nodes.append(
            .init(
                id: id, kind: .mount, name: UntrustedText.escapingInvalidUTF8(entry.mountPoint),
                attributes: attributes))
    }

    /// Adds the file systems and swap areas that udev knows of and nobody uses.
    mutating func addUnused(swaps: Set<Int>) {
        let lower = Set(devices.flatMap(\.lowerDevices))
        let positions = devices.indices.filter { index in
            let device = devices[index]
            return !deviceIDs[index].isEmpty && !mountedPositions.contains(index)
                && !swaps.contains(index) && !lower.contains(device.name)
                && (device.property("ID_FS_USAGE") == "filesystem"
                    || device.property("ID_FS_TYPE") == "swap")
        }
        let kinds = positions.map { position -> Topology.Kind in
            devices[position].property("ID_FS_TYPE") == "swap" ? .swap : .fileSystem
        }
        let claims = zip(positions, kinds).map { position, kind -> NodeIdentities.Claim in
            .init(
                kind: kind, identity: fileSystemIdentity(on: position),
                distinctions: [deviceIDs[position], devices[position].name])
        }
        for ((position, kind), id) in zip(zip(positions, kinds), identities.assign(claims)) {
            let type = devices[position].property("ID_FS_TYPE") ?? "unknown"
            nodes.append(
                .init(
                    id: id, kind: kind, name: type,
                    attributes: [
                        "type": .string(type),
                        kind == .swap ? "active" : "mounted": false,
                    ]))
            connect(deviceIDs[position], .carries, id)
        }
    }

    /// Adds the swap areas in use; the positions of their devices.
    mutating func addSwaps(_ table: SwapTable, files: FileLocator) -> Set<Int> {
        let positions = table.entries.map { position(ofPath: $0.path) }
        let claims = zip(table.entries, positions).map { entry, position in
            let path = UntrustedText.escapingInvalidUTF8(entry.path)
            return NodeIdentities.Claim(
                kind: .swap,
                identity: position.map { fileSystemIdentity(on: $0) } ?? "file.\(path)",
                distinctions: [path, "line \(entry.line)"])
        }
        let ids = identities.assign(claims)
        let fileSystems = edgesToMounts
        for ((entry, position), id) in zip(zip(table.entries, positions), ids) {
            nodes.append(
                .init(
                    id: id, kind: .swap, name: UntrustedText.escapingInvalidUTF8(entry.path),
                    byteCount: entry.byteCount,
                    attributes: [
                        "type": .string(entry.type), "active": true,
                        "usedByteCount": .integer(entry.usedByteCount),
                        "priority": .integer(entry.priority),
                    ]))
            if let position, !deviceIDs[position].isEmpty {
                connect(deviceIDs[position], .carries, id)
            } else if let fileSystem = files.fileSystem(of: entry.path, in: fileSystems) {
                connect(fileSystem, .carries, id)
            }
        }
        return Set(positions.compactMap(\.self))
    }

    /// Joins each loop device to the file system that its file lies on.
    mutating func addBackingFiles(files: FileLocator) {
        let fileSystems = edgesToMounts
        for (index, device) in devices.enumerated() where !deviceIDs[index].isEmpty {
            guard let file = device.facts["loop/backing_file"], file.hasPrefix("/"),
                let fileSystem = files.fileSystem(of: Array(file.utf8), in: fileSystems)
            else { continue }
            connect(fileSystem, .carries, deviceIDs[index])
        }
    }

    /// The file system of each mount, by the mount's id.
    private var edgesToMounts: [String: String] {
        var fileSystems = [String: String]()
        for edge in edges where edge.kind == .usedAt { fileSystems[edge.to] = edge.from }
        return fileSystems
    }
}

/// Finds the mount that a file lies on.
struct FileLocator {
    private var mounts: [[UInt8]: String] = [:]

    /// Over the visible mounts of a table, whose ids stand in the same order.
    init(_ table: MountTable, visibility: [Bool], ids: [String]) {
        for (index, entry) in table.entries.enumerated() where visibility[index] {
            mounts[entry.mountPoint] = ids[index]
        }
    }

    /// The file system that holds the file at `path`.
    func fileSystem(of path: [UInt8], in fileSystems: [String: String]) -> String? {
        var path = path[...]
        for _ in 0..<2048 {
            guard let slash = path.lastIndex(of: 0x2F) else { return nil }
            path = slash == path.startIndex ? path.prefix(1) : path[..<slash]
            if let mount = mounts[Array(path)] { return fileSystems[mount] }
            if path.count == 1 { return nil }
        }
        return nil
    }
}
