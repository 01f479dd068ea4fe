internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the kernel says of the health of each mounted file system, from memory alone.
///
/// Source: Linux 6.12, Documentation/ABI/testing/sysfs-fs-{ext4,xfs,f2fs,fuse} and
/// Documentation/filesystems/{ext4,xfs,btrfs,fuse}.rst; OpenZFS 2.2, module/zfs/spa_stats.c.
/// Nothing is asked of a file system itself, and no attribute that does something when it is read.
struct FileSystemHealth {
    /// The document, to be sent when the check of /etc/fstab is added.
    private(set) var document: FileSystemsDocument
    /// The faults it shows.
    private(set) var findings: [Finding] = []
    /// Facts for the nodes of the graph.
    private(set) var facts: [FileSystemFacts] = []

    /// Facts about one file system, to be joined to its node by its device or by its UUID.
    struct FileSystemFacts: Equatable {
        /// The kernel's name of its device.
        var device: String?
        /// Its UUID.
        var uuid: String?
        /// The facts.
        var facts: [String: JSONValue]
    }

    /// The artifact's path, as findings name it.
    static let artifact = "storage/file-systems.json"

    /// Reads and sends `file-systems.json` and the kernel's texts; gives the findings and facts.
    static func send(
        in context: CollectionContext, tables: StorageTables, devices: [BlockDevice],
        links: DeviceLinks, into sink: any CollectionSink
    ) throws -> FileSystemHealth {
        var health = FileSystemHealth(context.root, tables: tables, devices: devices)
        let check = FileSystemTableCheck(
            context.root, tables: tables, devices: devices, links: links)
        health.document.fileSystemTable = check.entries
        health.findings += check.findings
        try sink.sendJSON(
            "file-systems.json", health.document, source: "/sys/fs", privacy: .identity)
        for (path, name) in [
            ("/proc/filesystems", "file-system-types.txt"), ("/proc/fs/xfs/stat", "xfs-stat.txt"),
        ] where (try? context.root.status(of: FilePath(path))) != nil {
            try context.copy(
                FilePath(path), as: name, limit: 1 << 20, privacy: .technical, into: sink)
        }
        return health
    }

    private init(_ root: RootedTree, tables: StorageTables, devices: [BlockDevice]) {
        var counts = [String: Int]()
        for mount in tables.mounts.entries { counts[mount.fileSystemType, default: 0] += 1 }
        document = FileSystemsDocument(mountCounts: counts)
        let reader = KernelFileSystems(root)
        let places = MountPlaces(tables.mounts, visibility: tables.visibility, devices: devices)

        document.ext4 = reader.ext4()
        for file in document.ext4 { add(file, places) }
        document.xfs = reader.xfs()
        document.f2fs = reader.f2fs()
        for file in document.f2fs {
            facts.append(.init(device: file.device, uuid: nil, facts: file.attributes))
        }
        document.btrfs = reader.btrfs()
        for file in document.btrfs { add(file, places) }
        document.bcachefs = reader.bcachefs()
        (document.zfsPools, document.zfsCache) = reader.zfs()
        for pool in document.zfsPools {
            if let finding = FileSystemFindings.pool(pool) { findings.append(finding) }
        }
        document.fuse = reader.fuse(mounts: tables.mounts)
        findings += FileSystemFindings.shutDown(tables.mounts, visibility: tables.visibility)
    }

    private mutating func add(_ file: FileSystemsDocument.Ext4, _ places: MountPlaces) {
        if let finding = FileSystemFindings.ext4(file, mountPoint: places.ofDevice[file.device]) {
            findings.append(finding)
        }
        var facts: [String: JSONValue] = [:]
        if let count = file.errorCount { facts["errorCount"] = .integer(count) }
        if let count = file.warningCount { facts["warningCount"] = .integer(count) }
        if let written = file.sessionWriteKibibytes {
            facts["sessionWriteKibibytes"] = .integer(written)
        }
        if let time = file.lastError?.time { facts["lastErrorTime"] = .string(time.description) }
        if let function = file.lastError?.function {
            facts["lastErrorFunction"] = .string(function)
        }
        self.facts.append(.init(device: file.device, uuid: nil, facts: facts))
    }

    private mutating func add(_ file: FileSystemsDocument.Btrfs, _ places: MountPlaces) {
        let mountPoint = file.deviceNames.compactMap { places.ofDevice[$0] }.first
        findings += FileSystemFindings.btrfs(file, mountPoint: mountPoint)
        var facts: [String: JSONValue] = [
            "missingDeviceCount": .integer(file.devices.count { $0.isMissing == true })
        ]
        var sums = [String: Int64]()
        for device in file.devices {
            for (name, count) in device.errors {
                sums[name] = BoundedSum.of(sums[name] ?? 0, count)
            }
        }
        for (name, count) in sums { facts[name] = .integer(count) }
        if let free = file.unallocatedByteCount { facts["unallocatedByteCount"] = .integer(free) }
        self.facts.append(.init(device: nil, uuid: file.uuid, facts: facts))
    }
}

/// Where file systems are mounted: the shortest of the visible paths.
struct MountPlaces {
    /// By the kernel's name of the device.
    private(set) var ofDevice: [String: String] = [:]

    init(_ mounts: MountTable, visibility: [Bool], devices: [BlockDevice]) {
        var names = [DeviceNumber: String]()
        var known = Set<String>()
        for device in devices {
            known.insert(device.name)
            if let number = device.number { names[number] = device.name }
        }
        for (mount, isVisible) in zip(mounts.entries, visibility) where isVisible {
            let source = UntrustedText.escapingInvalidUTF8(mount.source)
            // btrfs has a number of its own; its source is one of its devices.
            let named = source.hasPrefix("/dev/") ? String(source.dropFirst(5)) : nil
            guard let name = names[mount.device] ?? named.flatMap({ known.contains($0) ? $0 : nil })
            else { continue }
            let path = UntrustedText.escapingForPath(mount.mountPoint)
            if let old = ofDevice[name], old.utf8.count <= path.utf8.count { continue }
            ofDevice[name] = path
        }
    }
}

/// Sums that do not overflow.
enum BoundedSum {
    static func of(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? (left < 0 ? .min : .max) : sum
    }
}
