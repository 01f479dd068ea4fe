internal import DiagFormats
internal import DiagModel

/// The faults that the graph and the tables show by themselves.
struct StorageFindings {
    private static let collector = "storage"

    /// Mapped devices that hold all requests back. `ids` are the devices' nodes, empty for those
    /// that have none; only those included have a line. Arrays are ``MDProbe``'s.
    static func ofDevices(
        _ devices: [BlockDevice], ids: [String], isIncluded: [Bool]
    ) -> [Finding] {
        // The document has a heading line, and counts from 1.
        var line = 1
        return devices.indices.filter { isIncluded[$0] }.compactMap { index in
            line += 1
            guard devices[index].isSet("dm/suspended") else { return nil }
            return suspended(
                devices[index], id: ids[index],
                evidence: [.init(artifact: "storage/devices.jsonl", line: line)])
        }
    }

    private static func suspended(
        _ device: BlockDevice, id: String, evidence: [Finding.Evidence]
    ) -> Finding {
        let name = device.facts["dm/name"] ?? device.name
        return Finding(
            fault: "storage.dm.suspended", severity: .major, collector: collector, object: name,
            place: id,
            reason: "The device-mapper device \(name) (\(device.name)) is suspended: every request "
                + "to it, and to what stands on it, waits until it is resumed.",
            recommendedActions: [
                "Look for a running LVM, multipath or cryptsetup command that suspended it, and "
                    + "let it end.",
                "When none is running, compare `dmsetup info \(name)` with a second look some "
                    + "seconds later; if it stays suspended, `dmsetup resume \(name)` resumes it.",
            ], evidence: evidence)
    }

    /// File systems that can only be read, though the table of file systems wants them written.
    static func ofMounts(
        _ tables: StorageTables, mountIDs: [String], deviceOf: (MountTable.Entry) -> BlockDevice?
    ) -> [Finding] {
        func isBind(_ options: String) -> Bool {
            options.split(separator: ",").contains { $0 == "bind" || $0 == "rbind" }
        }
        var wanted = [[UInt8]: FileSystemTable.Entry]()
        for entry in tables.fileSystems.entries
        where entry.isWritable && entry.mountPoint.first == 0x2F && !isBind(entry.options)
            && !FileSystemKind.isAlwaysReadOnly(entry.fileSystemType)
        {
            wanted[plain(entry.mountPoint)] = entry
        }
        guard !wanted.isEmpty else { return [] }
        return tables.mounts.entries.enumerated().compactMap { index, mount in
            // An image-based system has an overlay where the table names what is below it.
            guard tables.visibility[index], mount.isReadOnlySuperBlock,
                !FileSystemKind.isAlwaysReadOnly(mount.fileSystemType),
                !["autofs", "overlay"].contains(mount.fileSystemType),
                let entry = wanted[mount.mountPoint],
                FileSystemKind.isMounted(mount.fileSystemType, from: entry.fileSystemType)
            else { return nil }
            let path = UntrustedText.escapingInvalidUTF8(mount.mountPoint)
            let device = deviceOf(mount)
            let isProtected = device?.isSet("ro") == true
            return Finding(
                fault: "storage.mount.read-only", severity: .major, collector: collector,
                object: path, place: mountIDs[index],
                reason: "The \(mount.fileSystemType) file system at \(path) can only be read, but "
                    + "line \(entry.line) of /etc/fstab wants it written. "
                    + (isProtected
                        ? "Its device \(device?.name ?? "") is read-only itself."
                        : "File systems do this by themselves after an error."),
                recommendedActions: [
                    "Look in the kernel log for the first error of this file system or its "
                        + "device, and repair the cause first.",
                    "Then check the file system while it is not mounted (fsck, xfs_repair), and "
                        + "mount it again.",
                ],
                evidence: [
                    .init(artifact: "storage/mountinfo.txt", line: mount.line),
                    .init(artifact: "storage/fstab.txt", line: entry.line),
                ])
        }
    }

    /// A path without slashes at its end.
    private static func plain(_ path: [UInt8]) -> [UInt8] {
        var path = path
        while path.count > 1, path.last == 0x2F { path.removeLast() }
        return path
    }
}
