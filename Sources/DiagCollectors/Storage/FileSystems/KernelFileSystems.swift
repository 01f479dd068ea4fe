internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what the kernel shows of its file systems below /sys/fs and /proc.
struct KernelFileSystems {
    /// How many file systems of a type are read.
    static let limit = 1000
    let root: RootedTree

    init(_ root: RootedTree) { self.root = root }

    /// Every ext4, in the order of the devices' names.
    func ext4() -> [FileSystemsDocument.Ext4] {
        let journals = folders("/proc/fs/jbd2")
        return folders("/sys/fs/ext4", except: ["features"]).map { name, folder in
            let options = try? root.read(
                FilePath("/proc/fs/ext4").appending(name).appending("options"), limit: 65_536)
            return FileSystemsDocument.Ext4(
                device: Self.plain(name),
                errorCount: integer("errors_count", folder),
                warningCount: integer("warning_count", folder),
                messageCount: integer("msg_count", folder),
                firstError: error("first", folder), lastError: error("last", folder),
                lifetimeWriteKibibytes: integer("lifetime_write_kbytes", folder),
                sessionWriteKibibytes: integer("session_write_kbytes", folder),
                delayedAllocationBlockCount: integer("delayed_allocation_blocks", folder),
                options: (options ?? []).split(separator: 0x0A).map(Self.text),
                // Its folder is called after the device and the journal's inode.
                journal: journals.first { $0.name.hasPrefix(name + "-") }
                    .flatMap { text("info", $0.folder) }?
                    .split(separator: "\n").map { Self.text(Array($0.utf8)[...]) })
        }
    }

    private func error(
        _ which: String, _ folder: Directory
    ) -> FileSystemsDocument.Ext4.RecordedError? {
        guard let seconds = integer("\(which)_error_time", folder), seconds > 0,
            seconds < 253_402_300_800
        else { return nil }
        return .init(
            time: Timestamp(microsecondsSince1970: seconds * 1_000_000),
            function: text("\(which)_error_func", folder),
            line: integer("\(which)_error_line", folder),
            inode: integer("\(which)_error_ino", folder),
            block: integer("\(which)_error_block", folder),
            code: integer("\(which)_error_errcode", folder))
    }

    /// Every XFS: what it does after errors, and where its log stands.
    func xfs() -> [FileSystemsDocument.Instance] {
        folders("/sys/fs/xfs", except: ["stats", "debug"]).map { name, folder in
            var attributes = [String: JSONValue]()
            add(
                [
                    "log_head_lsn", "log_tail_lsn", "reserve_grant_head_bytes",
                    "write_grant_head_bytes",
                ],
                of: try? folder.directory("log"), under: "log/", to: &attributes)
            let errors = try? folder.directory("error")
            add(["fail_at_unmount"], of: errors, under: "error/", to: &attributes)
            let metadata = try? errors?.directory("metadata")
            for kind in ["EIO", "ENODEV", "ENOSPC", "default"] {
                add(
                    ["max_retries", "retry_timeout_seconds"],
                    of: try? metadata?.directory(kind), under: "error/metadata/\(kind)/",
                    to: &attributes)
            }
            return .init(device: Self.plain(name), attributes: attributes)
        }
    }

    /// Every f2fs.
    func f2fs() -> [FileSystemsDocument.Instance] {
        folders("/sys/fs/f2fs", except: ["features", "tuning"]).map { name, folder in
            var attributes = [String: JSONValue]()
            add(
                [
                    "cp_status", "dirty_segments", "encoding", "features", "free_segments",
                    "lifetime_write_kbytes", "main_blkaddr", "ovp_segments", "sb_status",
                    "unusable", "current_reserved_blocks", "reserved_blocks",
                ],
                of: folder, to: &attributes)
            return .init(device: Self.plain(name), attributes: attributes)
        }
    }

    /// Every bcachefs, by its external UUID.
    func bcachefs() -> [FileSystemsDocument.Instance] {
        folders("/sys/fs/bcachefs").map { name, folder in
            var attributes = [String: JSONValue]()
            add(
                [
                    "btree_cache_size", "errors", "nocow_lock_table", "minor",
                    "promote_whole_extents",
                ],
                of: folder, to: &attributes)
            let names = (try? folder.entries(limit: Self.limit)) ?? []
            for entry in names where entry.name.string.hasPrefix("dev-") {
                guard let device = try? folder.directory(entry.name.string) else { continue }
                add(
                    ["uuid", "label", "state", "io_errors", "durability"], of: device,
                    under: entry.name.string + "/", to: &attributes)
            }
            return .init(uuid: Self.plain(name), attributes: attributes)
        }
    }

    /// Every ZFS pool with its state, and the counters of the cache.
    func zfs() -> (pools: [FileSystemsDocument.Instance], cache: [String: JSONValue]) {
        let pools = folders("/proc/spl/kstat/zfs").compactMap {
            name, folder -> FileSystemsDocument.Instance? in
            guard let state = text("state", folder) else { return nil }
            var attributes: [String: JSONValue] = ["state": .string(state)]
            if let io = text("io", folder) {
                // A line about the table, one with names, one with values.
                let lines = io.split(separator: "\n").map { $0.split(separator: " ") }
                if lines.count >= 3, lines[1].count == lines[2].count {
                    for (name, value) in zip(lines[1], lines[2]) {
                        attributes["io/\(name)"] = Self.value(String(value))
                    }
                }
            }
            return .init(name: Self.plain(name), attributes: attributes)
        }
        var cache = [String: JSONValue]()
        let bytes = (try? root.read("/proc/spl/kstat/zfs/arcstats", limit: 1 << 18)) ?? []
        for line in bytes.split(separator: 0x0A).dropFirst(2) {
            let fields = line.split(separator: 0x20)
            guard fields.count == 3 else { continue }
            cache[Self.text(fields[0])] = Self.value(Self.text(fields[2]))
        }
        return (pools, cache)
    }

    /// Every FUSE connection: how many requests wait, and where it is mounted.
    func fuse(mounts: MountTable) -> [FileSystemsDocument.Instance] {
        // The connection's name is the minor number of the mount's device.
        var places = [String: String]()
        for mount in mounts.entries
        where FileSystemKind.isUserSpace(mount.fileSystemType)
            || mount.fileSystemType == "virtiofs"
        {
            places[String(mount.device.minor)] = UntrustedText.escapingForPath(mount.mountPoint)
        }
        return folders("/sys/fs/fuse/connections").map { name, folder in
            var attributes = [String: JSONValue]()
            add(
                ["waiting", "max_background", "congestion_threshold"], of: folder, to: &attributes)
            if let place = places[name] { attributes["mountPoint"] = .string(place) }
            return .init(name: Self.plain(name), attributes: attributes)
        }
    }
}

extension KernelFileSystems {
    /// The folders in `path` with their names, but for those that are no file system.
    func folders(
        _ path: FilePath, except: Set<String> = []
    ) -> [(name: String, folder: Directory)] {
        guard let folder = try? root.directory(path),
            let entries = try? folder.entries(limit: 10 * Self.limit)
        else { return [] }
        return entries.lazy.filter { $0.kind == .directory && !except.contains($0.name.string) }
            .prefix(Self.limit)
            .compactMap { entry in
                guard let inner = try? folder.directory(entry.name.string) else { return nil }
                return (entry.name.string, inner)
            }
    }

    /// The text of an attribute; `nil` when it is empty or cannot be read.
    func text(_ name: String, _ folder: Directory) -> String? {
        guard let bytes = try? folder.attribute(name) else { return nil }
        let text = Self.text(bytes[...])
        return text.isEmpty ? nil : text
    }

    /// The number that an attribute is.
    func integer(_ name: String, _ folder: Directory) -> Int64? {
        text(name, folder).flatMap { Int64($0) }
    }

    /// Adds the attributes `names` of `folder` under `prefix`, as numbers where they are such.
    func add(
        _ names: [String], of folder: Directory?, under prefix: String = "",
        to attributes: inout [String: JSONValue]
    ) {
        guard let folder else { return }
        for name in names {
            if let text = text(name, folder) { attributes[prefix + name] = Self.value(text) }
        }
    }

    /// `text` as a number, where it is one.
    static func value(_ text: String) -> JSONValue {
        if let number = Int64(text) { return .integer(number) }
        if let number = UInt64(text) { return .unsigned(number) }
        return .string(text)
    }

    /// A name of sysfs, with `/` where it writes `!`.
    static func plain(_ name: String) -> String {
        UntrustedText.escapingInvalidUTF8(name.utf8.map { $0 == 0x21 ? 0x2F : $0 })
    }

    /// Text without white space at its ends.
    static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
        while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
        return UntrustedText.escapingInvalidUTF8(bytes)
    }
}
