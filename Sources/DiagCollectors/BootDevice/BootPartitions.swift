internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The partitions of the host, found by the identifiers that firmware and loaders use.
struct BootPartitions {
    /// One partition.
    struct Partition: Hashable {
        /// The kernel's name.
        var name: String
        /// `major:minor`.
        var number: String
        /// The name of its disk.
        var disk: String
        /// The names of the paths to its disk, where that is a multipath device.
        var paths = [String]()
        /// Its number in the table.
        var partitionNumber: UInt64
        /// Its identifier in lower case: a GUID, or `signature-NN` of an MBR.
        var identifier: String?
        /// Its type in lower case: a GUID, or `0xNN` of an MBR; none where udev does not know it.
        var type: String?
        /// The type of its file system, where udev knows it.
        var fileSystem: String?
        /// Whether udev has looked into it: without ``fileSystem`` it is empty then.
        var isProbed = false

        /// Whether it is an EFI system partition.
        var isSystemPartition: Bool {
            type == BootPartitions.systemType || type == "0xef" || type == "ef"
        }
        /// Whether it is an EFI system partition that the firmware may find a file system on. One
        /// that is half of a mirror with its metadata at the end is read like any other.
        var isFilledSystemPartition: Bool {
            guard isSystemPartition, isProbed else { return isSystemPartition }
            return fileSystem.map {
                $0 == "vfat" || $0 == "msdos" || $0.hasSuffix("_raid_member")
            } ?? false
        }
        /// Whether it is an extended boot loader partition (UAPI.1).
        var isExtendedLoader: Bool { type == BootPartitions.extendedLoaderType }
    }

    static let systemType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
    static let extendedLoaderType = "bc13c2ff-59e6-4262-a352-b275fd6f7172"
    /// More partitions than this are not looked at.
    static let limit = 4096

    private(set) var all = [Partition]()
    /// Whether there are more partitions than were looked at.
    private(set) var isTruncated = false
    private var byIdentifier = [String: [Int]]()
    private var byNumber = [String: Int]()

    /// Reads sysfs, udev's records and the links in /dev/disk/by-partuuid; no device is opened.
    init(_ reader: FactReader) {
        let root = reader.context.root
        let links = Self.links(root)
        let names = (try? root.directory("/sys/class/block").entries(limit: 100_000)) ?? []
        isTruncated = names.count >= 100_000
        for name in names.map(\.name) {
            let folderPath = FilePath("/sys/class/block").appending(name)
            guard let folder = try? root.directory(folderPath), let number = folder.text("dev")
            else { continue }
            let mapped = Self.mappedPosition(folderPath, name.string, root)
            guard let position = folder.text("partition").flatMap({ UInt64($0) }) ?? mapped
            else { continue }
            guard all.count < Self.limit else {
                isTruncated = true
                break
            }
            let udev = (try? root.read(FilePath("/run/udev/data/b" + number), limit: 65_536))
                .map { UdevRecord(parsing: $0) }
            let properties = Self.properties(folder.text("uevent") ?? "")
            let identifier =
                udev?["ID_PART_ENTRY_UUID"] ?? properties["PARTUUID"] ?? links[name.string]
            let type = udev?["ID_PART_ENTRY_TYPE"] ?? udev?["PARTTYPE"] ?? properties["PARTTYPE"]
            let partition = Partition(
                name: name.string, number: number,
                disk: (mapped == nil
                    ? Self.disk(folderPath, root) : Self.slaves(of: folderPath, root).first) ?? "",
                paths: mapped == nil
                    ? []
                    : Self.slaves(of: folderPath, root).flatMap {
                        Self.slaves(of: FilePath("/sys/class/block").appending($0), root)
                    },
                partitionNumber: udev?["ID_PART_ENTRY_NUMBER"].flatMap { UInt64($0) } ?? position,
                identifier: identifier?.lowercased(), type: type?.lowercased(),
                fileSystem: udev?["ID_FS_TYPE"], isProbed: udev?["ID_PART_ENTRY_TYPE"] != nil)
            if let identifier = partition.identifier {
                byIdentifier[identifier, default: []].append(all.count)
            }
            byNumber[number] = all.count
            all.append(partition)
        }
    }

    /// Whether the identifiers of partitions are known at all, so that one not there is gone.
    var knowsIdentifiers: Bool { !byIdentifier.isEmpty }

    /// The partitions with the identifier, in either case; several below a multipath device, the
    /// one of that device last.
    func partitions(identifier: String) -> [Partition] {
        let found = (byIdentifier[identifier.lowercased()] ?? []).map { all[$0] }
        return found.filter(\.paths.isEmpty) + found.filter { !$0.paths.isEmpty }
    }

    /// The partition with the device number `major:minor`.
    func partition(number: String) -> Partition? { byNumber[number].map { all[$0] } }

    /// The partitions of the disk called so, or of the multipath device that it is a path of.
    func partitions(of disk: String) -> [Partition] {
        all.filter { $0.disk == disk || $0.paths.contains(disk) }
    }

    /// The position of a partition that kpartx(8) maps, whose identifier in device mapper is
    /// `partN-mpath-…`; `nil` for another device.
    private static func mappedPosition(
        _ path: FilePath, _ name: String, _ root: RootedTree
    ) -> UInt64? {
        guard name.hasPrefix("dm-"),
            let uuid = (try? root.directory(path.appending("dm")))?.text("uuid"),
            uuid.hasPrefix("part"), uuid.contains("-mpath-")
        else { return nil }
        return UInt64(uuid.dropFirst(4).prefix { $0 != "-" })
    }

    /// The names of what the device stands on.
    private static func slaves(of path: FilePath, _ root: RootedTree) -> [String] {
        let names = (try? root.directory(path.appending("slaves")).entries(limit: 4096)) ?? []
        return names.map(\.name.string).sorted()
    }

    private static func disk(_ path: FilePath, _ root: RootedTree) -> String? {
        guard let parent = try? root.directory(path.appending("..")) else { return nil }
        let properties = properties(parent.text("uevent") ?? "")
        if let name = properties["DEVNAME"] {
            return String(name.map { $0 == "/" ? "!" : $0 })
        }
        // The link of the partition leads through the folder of its disk.
        return (try? root.readLink(path))?.removingLastComponent().lastComponent?.string
    }

    private static func properties(_ text: String) -> [String: String] {
        var properties = [String: String]()
        for line in text.split(separator: "\n") {
            let pair = line.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { properties[String(pair[0])] = String(pair[1]) }
        }
        return properties
    }

    /// The identifier by the name of the device.
    private static func links(_ root: RootedTree) -> [String: String] {
        guard let folder = try? root.directory("/dev/disk/by-partuuid"),
            let entries = try? folder.entries(limit: 10_000)
        else { return [:] }
        var links = [String: String]()
        for entry in entries {
            guard let name = (try? folder.readLink(entry.name.string))?.lastComponent else {
                continue
            }
            links[name.string] = entry.name.string
        }
        return links
    }
}
