internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Source: Linux 6.12, fs/btrfs/sysfs.c.
extension KernelFileSystems {
    /// Every btrfs that is mounted, by its UUID.
    func btrfs() -> [FileSystemsDocument.Btrfs] {
        folders("/sys/fs/btrfs", except: ["features", "debug"])
            .filter { $0.name.utf8.count == 36 }
            .map { uuid, folder in
                let names = names(ofDevicesOf: folder)
                let bytes = names.compactMap { byteCount(of: $0, uuid: uuid) }
                let total =
                    bytes.count == names.count && !bytes.isEmpty
                    ? bytes.reduce(0, BoundedSum.of) : nil
                let allocation = try? folder.directory("allocation")
                let spaces = ["data", "metadata", "system", "mixed"].compactMap { kind in
                    allocation.flatMap { space(kind, of: $0) }
                }
                let given = spaces.map(\.diskTotalByteCount).reduce(0, BoundedSum.of)
                var attributes = [String: JSONValue]()
                add(
                    [
                        "bg_reclaim_threshold", "checksum", "clone_alignment", "commit_stats",
                        "exclusive_operation", "generation", "metadata_uuid", "nodesize",
                        "quota_override", "read_policy", "sectorsize", "temp_fsid",
                    ],
                    of: folder, to: &attributes)
                return FileSystemsDocument.Btrfs(
                    uuid: Self.plain(uuid), label: text("label", folder),
                    deviceNames: names.map(Self.plain), devicesByteCount: total,
                    unallocatedByteCount: total.map { max(0, $0 - given) },
                    globalReserveByteCount: allocation.flatMap {
                        integer("global_rsv_size", $0)
                    },
                    spaces: spaces, devices: devices(folder),
                    features: self.names(in: try? folder.directory("features")),
                    attributes: attributes)
            }
    }

    private func names(ofDevicesOf folder: Directory) -> [String] {
        names(in: try? folder.directory("devices"))
    }

    private func names(in folder: Directory?) -> [String] {
        ((try? folder?.entries(limit: 10_000)) ?? []).map(\.name.string)
    }

    /// The size of a device, which the link in `devices` leads to.
    private func byteCount(of name: String, uuid: String) -> Int64? {
        guard
            let device = try? root.directory(
                FilePath("/sys/fs/btrfs").appending(uuid).appending("devices").appending(name)),
            let sectors = integer("size", device), sectors >= 0, sectors <= .max >> 9
        else { return nil }
        return sectors << 9
    }

    private func space(
        _ kind: String, of allocation: Directory
    ) -> FileSystemsDocument.Btrfs.Space? {
        guard let folder = try? allocation.directory(kind),
            let total = integer("total_bytes", folder), let used = integer("bytes_used", folder)
        else { return nil }
        let entries = (try? folder.entries(limit: 1000)) ?? []
        return .init(
            kind: kind,
            // Block groups have folders of their own, named by a number.
            profiles: entries.filter {
                $0.kind == .directory && !$0.name.string.utf8.allSatisfy { $0 < 0x3A }
            }.map { Self.plain($0.name.string) },
            totalByteCount: total, usedByteCount: used,
            reservedByteCount: integer("bytes_reserved", folder) ?? 0,
            pinnedByteCount: integer("bytes_pinned", folder) ?? 0,
            readOnlyByteCount: integer("bytes_readonly", folder) ?? 0,
            diskTotalByteCount: integer("disk_total", folder) ?? total,
            diskUsedByteCount: integer("disk_used", folder) ?? used)
    }

    private func devices(_ folder: Directory) -> [FileSystemsDocument.Btrfs.Device] {
        guard let all = try? folder.directory("devinfo"),
            let entries = try? all.entries(limit: 10_000)
        else { return [] }
        return entries.compactMap { entry -> FileSystemsDocument.Btrfs.Device? in
            guard let number = Int64(entry.name.string),
                let device = try? all.directory(entry.name.string)
            else { return nil }
            var errors = [String: Int64]()
            for line in (text("error_stats", device) ?? "").split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2, let count = Int64(words[1]) {
                    errors[String(words[0])] = count
                }
            }
            func flag(_ name: String) -> Bool? { integer(name, device).map { $0 != 0 } }
            return .init(
                deviceID: number, isMissing: flag("missing"), isInMetadata: flag("in_fs_metadata"),
                isWriteable: flag("writeable"), isReplaceTarget: flag("replace_target"),
                errors: errors)
        }.sorted { $0.deviceID < $1.deviceID }
    }
}
