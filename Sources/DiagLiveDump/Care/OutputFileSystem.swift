public import DiagFormats
internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// What kind of place a file would be written to: a dump does not go into the memory it shows.
public struct OutputFileSystem: Hashable, Sendable {
    /// The kinds that matter to a dump.
    public enum Kind: Hashable, Sendable {
        /// A disk, or what cannot be told to be something else.
        case disk
        /// Memory, and what it is in: `tmpfs`, `zram0`.
        case memory(String)
        /// A server, with the type of the file system.
        case network(String)
        /// A process of this host, with the type of the file system.
        case userSpace(String)
    }

    /// What kind of place it is.
    public var kind: Kind
    /// The mount in words: `the ext4 file system /dev/vda1 mounted at /`.
    public var description: String

    private static let memoryTypes: Set = ["tmpfs", "ramfs", "devtmpfs", "rootfs", "hugetlbfs"]
    private static let networkTypes: Set = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "virtiofs", "afs", "lustre", "beegfs",
        "fuse.sshfs", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs", "fuse.rclone", "ncpfs",
    ]

    /// The file system of `place`, by the mount table and by what its devices stand on.
    public static func find(
        _ place: FileSystemPlace, in table: MountTable, below tree: RootedTree
    ) -> OutputFileSystem? {
        let named = place.mountIdentifier.flatMap { number in
            table.entries.first { $0.identifier == number }
        }
        guard let entry = named ?? mount(of: place.path.bytes, in: table) else { return nil }
        return OutputFileSystem(
            kind: kind(of: entry, in: table, below: tree, depth: 0), description: words(entry))
    }

    /// The mount whose mount point is the longest beginning of `path`; of equal ones the last.
    private static func mount(of path: [UInt8], in table: MountTable) -> MountTable.Entry? {
        var best: MountTable.Entry?
        for entry in table.entries {
            let point = entry.mountPoint
            guard
                point == [0x2F]
                    || (path.starts(with: point)
                        && (path.count == point.count || path[point.count] == 0x2F))
            else { continue }
            if point.count >= best?.mountPoint.count ?? 0 { best = entry }
        }
        return best
    }

    private static func words(_ entry: MountTable.Entry) -> String {
        let source = UntrustedText.escapingForPath(entry.source)
        let point = UntrustedText.escapingForPath(entry.mountPoint)
        let type = UntrustedText.escapingControls(entry.fileSystemType)
        return "the \(type) file system \(source) mounted at \(point)"
    }

    private static func kind(
        of entry: MountTable.Entry, in table: MountTable, below tree: RootedTree, depth: Int
    ) -> Kind {
        let type = entry.fileSystemType
        if memoryTypes.contains(type) { return .memory(type) }
        if networkTypes.contains(type) { return .network(UntrustedText.escapingControls(type)) }
        guard depth < 8 else { return .disk }
        if type == "overlay" || type == "aufs" {
            // In a container the upper folder may be a path of the host that we cannot see.
            guard let upper = entry.superOption("upperdir"),
                let below = mount(of: Array(upper.utf8), in: table), below != entry
            else { return .disk }
            return kind(of: below, in: table, below: tree, depth: depth + 1)
        }
        if let device = device(of: entry, below: tree) {
            return kind(of: device, in: table, below: tree, depth: depth + 1)
        }
        return type == "fuse" || type.hasPrefix("fuse.")
            ? .userSpace(UntrustedText.escapingControls(type)) : .disk
    }

    /// The block device of a mount; btrfs and others have a number of their own and only name it.
    private static func device(
        of entry: MountTable.Entry, below tree: RootedTree
    ) -> DeviceNumber? {
        if entry.device.major != 0 { return entry.device }
        let prefix = Array("/dev/".utf8)
        guard entry.source.starts(with: prefix) else { return nil }
        let path = FilePath(String(decoding: entry.source, as: UTF8.self))
        let target = (try? tree.readLink(path)) ?? path
        guard let name = target.lastComponent?.string,
            let bytes = try? tree.read(FilePath("/sys/class/block/\(name)/dev"), limit: 64)
        else { return nil }
        return DeviceNumber(parsing: bytes.prefix { $0 != 0x0A })
    }

    /// What a block device stands on: zram and RAM disks are memory, a loop device its file's
    /// file system, a device-mapper or md device the worst of its parts.
    private static func kind(
        of device: DeviceNumber, in table: MountTable, below tree: RootedTree, depth: Int
    ) -> Kind {
        guard depth < 8 else { return .disk }
        if device.major == 1 { return .memory("ram\(device.minor)") }
        let path = FilePath("/sys/dev/block/\(device)")
        guard var folder = try? tree.directory(path) else { return .disk }
        // What a partition stands on is told by its disk.
        if folder.text("partition") != nil, let disk = try? tree.directory(path.appending("..")) {
            folder = disk
        }
        let facts = folder.text("uevent")?.split(separator: "\n") ?? []
        let name = facts.first { $0.hasPrefix("DEVNAME=") }?.dropFirst("DEVNAME=".count)
        if let name, name.hasPrefix("zram") {
            return .memory(UntrustedText.escapingControls(String(name)))
        }
        if let file = (try? folder.directory("loop"))?.text("backing_file"),
            let below = mount(of: Array(file.utf8), in: table)
        {
            return kind(of: below, in: table, below: tree, depth: depth + 1)
        }
        var worst = Kind.disk
        let parts = (try? (try? folder.directory("slaves"))?.entries(limit: 1024)) ?? []
        for part in parts {
            guard
                let bytes = try? tree.read(
                    FilePath("/sys/class/block/\(part.name.string)/dev"), limit: 64),
                let number = DeviceNumber(parsing: bytes.prefix { $0 != 0x0A })
            else { continue }
            let kind = kind(of: number, in: table, below: tree, depth: depth + 1)
            if case .memory = kind { return kind }
            if worst == .disk { worst = kind }
        }
        return worst
    }
}
