internal import DiagFormats
internal import DiagModel

/// The faults that the kernel's own counters and states show.
enum FileSystemFindings {
    private static let evidence = [Finding.Evidence(artifact: FileSystemHealth.artifact)]

    /// Errors that ext4 recorded since it was checked last.
    static func ext4(_ file: FileSystemsDocument.Ext4, mountPoint: String?) -> Finding? {
        guard let count = file.errorCount, count > 0 else { return nil }
        func told(_ which: String, _ error: FileSystemsDocument.Ext4.RecordedError?) -> String {
            guard let error else { return "" }
            var text = " The \(which) was noticed"
            if let function = error.function { text += " in \(shown(function))" }
            if let line = error.line, line > 0 { text += " (line \(line))" }
            if let time = error.time { text += " at \(time)" }
            if let inode = error.inode, inode > 0 { text += ", inode \(inode)" }
            if let block = error.block, block > 0 { text += ", block \(block)" }
            return text + "."
        }
        let place = mountPoint.map { " at \($0)" } ?? ""
        let noun = count == 1 ? "error" : "errors"
        return Finding(
            fault: "storage.ext4.errors", severity: .major, collector: "storage",
            object: mountPoint ?? file.device, place: "/dev/\(file.device)",
            reason: "The ext4 file system on \(file.device)\(place) has recorded \(count) \(noun) "
                + "since it was last checked."
                + told("first", file.firstError) + (count > 1 ? told("last", file.lastError) : ""),
            recommendedActions: [
                "Look in the kernel log for `EXT4-fs error (device \(file.device))` and for errors "
                    + "of the device below; repair that cause first, and see that there is a "
                    + "backup.",
                "Unmount it and run `e2fsck -f /dev/\(file.device)`; for the root file system, "
                    + "boot once with `fsck.mode=force`. A full check sets the count to 0.",
            ], evidence: evidence)
    }

    /// Errors of the devices, devices that are gone, and metadata with no room to grow.
    static func btrfs(_ file: FileSystemsDocument.Btrfs, mountPoint: String?) -> [Finding] {
        let object = mountPoint ?? file.label ?? file.uuid
        let path = mountPoint ?? "MOUNTPOINT"
        func finding(
            _ fault: String, _ severity: Finding.Severity, _ reason: String, _ actions: [String]
        ) -> Finding {
            Finding(
                fault: "storage.btrfs.\(fault)", severity: severity, collector: "storage",
                object: object, place: "uuid:\(file.uuid)", reason: reason,
                recommendedActions: actions, evidence: evidence)
        }
        var findings = [Finding]()
        for device in file.devices {
            let bad = device.errors.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            if !bad.isEmpty {
                let list = bad.map { "\(shown($0.key)) \($0.value)" }.joined(separator: ", ")
                findings.append(
                    finding(
                        "device-errors", .major,
                        "Device \(device.deviceID) of the btrfs \(object) has counted errors: "
                            + "\(list).",
                        [
                            "Look in the kernel log for errors of the device, and check its "
                                + "health and cables.",
                            "`btrfs scrub start \(path)` reads and repairs what has a good copy; "
                                + "`btrfs device stats -z \(path)` then sets the counters to 0.",
                        ]))
            }
            if device.isMissing == true {
                findings.append(
                    finding(
                        "device-missing", .major,
                        "Device \(device.deviceID) of the btrfs \(object) is missing: what it "
                            + "holds has fewer copies than its profile wants, or none.",
                        [
                            "See whether the device can be brought back; then "
                                + "`btrfs device scan` and mount again.",
                            "Else replace it: `btrfs replace start \(device.deviceID) NEWDEVICE "
                                + "\(path)`.",
                        ]))
            }
        }
        for space in file.spaces where space.kind == "metadata" || space.kind == "mixed" {
            guard space.totalByteCount > 0, let unallocated = file.unallocatedByteCount,
                unallocated < 1 << 30
            else { continue }
            // What is kept for the worst case counts as used, as the kernel sees it.
            let reserve = space.kind == "metadata" ? file.globalReserveByteCount ?? 0 : 0
            let used = [
                space.usedByteCount, space.reservedByteCount, space.pinnedByteCount, reserve,
            ]
            .reduce(0, BoundedSum.of)
            let percent = Double(used) / Double(space.totalByteCount) * 100
            guard percent >= 90 else { continue }
            findings.append(
                finding(
                    "metadata-full", percent >= 97 ? .major : .minor,
                    "The \(space.kind) of the btrfs \(object) is \(Int(min(percent, 100))) % full "
                        + "(\(used) of \(space.totalByteCount) bytes, the reserve included), and "
                        + "only \(unallocated) bytes of its devices are left to give to it. It "
                        + "can become read-only though `df` still shows free space.",
                    [
                        "Give free space back from half-empty data block groups: "
                            + "`btrfs balance start -dusage=20 \(path)`.",
                        "Delete old snapshots and files, or add a device.",
                    ]))
        }
        return findings
    }

    /// What a pool's fault is called.
    static let poolFault = "storage.zfs.pool-state"

    /// A ZFS pool that is not all there.
    static func pool(_ pool: FileSystemsDocument.Instance) -> Finding? {
        guard let name = pool.name, let state = pool.attributes["state"]?.text, state != "ONLINE"
        else { return nil }
        let isDown = ["FAULTED", "SUSPENDED", "UNAVAIL"].contains(state)
        return Finding(
            fault: poolFault, severity: isDown ? .critical : .major,
            collector: "storage", object: name,
            reason: "The ZFS pool \(name) is \(shown(state))."
                + (isDown ? " What reads or writes there fails or waits." : ""),
            recommendedActions: [
                "`zpool status -v \(name)` names the device and what to do; on a suspended pool "
                    + "the command itself may wait.",
                "When its devices are back: `zpool clear \(name)`.",
            ], evidence: evidence)
    }

    /// File systems that their kernel module has shut down after an error, where it says so.
    static func shutDown(_ mounts: MountTable, visibility: [Bool]) -> [Finding] {
        var seen = Set<DeviceNumber>()
        return zip(mounts.entries, visibility).compactMap { mount, isVisible in
            let options = mount.superOptions.split(separator: ",")
            let word = ["shutdown", "emergency_ro"].first { options.contains(Substring($0)) }
            guard isVisible, let word, seen.insert(mount.device).inserted else { return nil }
            let path = UntrustedText.escapingForPath(mount.mountPoint)
            return Finding(
                fault: "storage.mount.shut-down", severity: .critical, collector: "storage",
                object: path, place: "mount:\(NodeIdentities.plain(path))",
                reason: "The \(mount.fileSystemType) file system at \(path) has been stopped by "
                    + "the kernel after an error (`\(word)` in its options): nothing can be "
                    + "written there any more.",
                recommendedActions: [
                    "Look in the kernel log for the first error of this file system or its device.",
                    "Repair the cause, unmount it, check it, and mount it again.",
                ],
                evidence: [.init(artifact: "storage/mountinfo.txt", line: mount.line)])
        }
    }

    /// File systems whose superblock says that a check is due, by the records of the metadata probe.
    ///
    /// `held` are the names of the devices that another device stands on, which holds the file
    /// system rather; `told` are the paths of those that the kernel itself told of.
    static func marked(
        _ records: [ProbeRecord], held: Set<String>, told: Set<String>
    ) -> [Finding] {
        records.compactMap { record in
            let name = String(record.target.dropFirst("/dev/".utf8.count))
            guard record.kind == MetadataProbe.kindName, !held.contains(name),
                !told.contains(record.target), let mark = mark(record.facts)
            else { return nil }
            let type = shown(record.facts["fileSystemType"]?.text ?? "file system")
            let check =
                switch type {
                case "ext2", "ext3", "ext4": "e2fsck -f \(record.target)"
                case "xfs": "xfs_repair -n \(record.target)"
                default: "fsck \(record.target)"
                }
            return Finding(
                fault: "storage.file-system.marked", severity: .minor, collector: "storage",
                object: name, place: record.target,
                reason: "The superblock of the \(type) file system on \(name) \(mark).",
                recommendedActions: [
                    "Look in the kernel log for errors of the device below, and see that there "
                        + "is a backup.",
                    "Check it while it is not mounted: `\(check)`"
                        + (type == "xfs"
                            ? ", which changes nothing; without `-n` it repairs." : "."),
                ],
                evidence: [
                    .init(artifact: record.facts["artifact"]?.text ?? "storage/metadata.json")
                ])
        }
    }

    private static func mark(_ facts: [String: JSONValue]) -> String? {
        // The superblock lies at the start of a mirror's half as well.
        guard facts["mdArrayUUID"] == nil, facts["firmwareRAID"] == nil else { return nil }
        if case .integer(let count)? = facts["errorCount"], count > 0 {
            let last = facts["lastErrorTime"]?.text.map { ", the last at \(shown($0))" } ?? ""
            return "records \(count) \(count == 1 ? "error" : "errors")\(last)"
        }
        if facts["needsRepair"] == true { return "asks for a repair" }
        if facts["fileSystemState"]?.text?.hasSuffix("with errors") == true {
            return "marks it as one with errors"
        }
        return nil
    }

    private static func shown(_ text: String) -> String { UntrustedText.escapingControls(text) }
}
