public import DiagModel

extension MountHealthProbe {
    /// From how many percent of its space or inodes in use on a file system counts as full.
    private static let fullPercent = 95.0

    /// The faults that the records show: each once for each file system, however often it is
    /// mounted; one that did not answer, for each mount.
    public func findings(in records: [ProbeRecord]) -> [Finding] {
        MountGroup.groups(of: records).flatMap { group in
            group.records.filter { $0.outcome == .hung }.map { hung($0) }
                + [failed(group), slow(group), full(group)].compactMap(\.self)
        }
    }

    private func failed(_ group: MountGroup) -> Finding? {
        let records = group.records.filter { $0.outcome == .failed }
        guard let place = MountGroup.place(of: records) else { return nil }
        return finding(
            "failed", .major, place.object,
            "The file system at \(place.object) answers with an error: "
                + "\(records.compactMap(\.reason).first ?? "no reason given")\(place.more).",
            [
                "Look in the kernel log for errors of its device, server or serving process.",
                "After the cause is repaired, unmount it (`umount`, or `umount -l` while it is "
                    + "in use) and mount it again.",
            ])
    }

    private func slow(_ group: MountGroup) -> Finding? {
        let records = group.records.filter { $0.outcome == .slow }
        guard let place = MountGroup.place(of: records) else { return nil }
        return finding(
            "slow", .minor, place.object,
            "The file system at \(place.object) took "
                + "\(Self.tenths(records.map(\.seconds).max() ?? 0)) s to tell its space, which "
                + "should take a thousandth\(place.more).",
            [
                "Look for load on its device or server, and for timeouts and resets in the "
                    + "kernel log."
            ])
    }

    private func full(_ group: MountGroup) -> Finding? {
        let records = group.records.filter { fullness($0) != nil }
        guard let place = MountGroup.place(of: records),
            let record = records.first(where: { $0.target == place.object }),
            let (severity, reason) = fullness(record)
        else { return nil }
        return finding(
            "full", severity, place.object, "\(reason)\(place.more).",
            [
                "Find what grew: `du -x --max-depth=2 \(place.object)`, and files that "
                    + "were removed but are still open: `lsof +L1`.",
                "Make the file system larger, or move data away.",
            ])
    }

    /// Why a file system counts as full, when it does; without the full stop.
    private func fullness(_ record: ProbeRecord) -> (severity: Finding.Severity, reason: String)? {
        guard record.outcome == .ok || record.outcome == .slow,
            record.facts["isReadOnly"] == false,
            let magic = record.facts["magic"]?.text, FileSystemMagic.canFill(magic),
            case .integer(let byteCount)? = record.facts["byteCount"], byteCount > 0
        else { return nil }
        func percent(_ name: String) -> Double {
            switch record.facts[name] {
            case .number(let value): value
            // JSON does not tell 100.0 from 100.
            case .integer(let value): Double(value)
            default: 0
            }
        }
        let space = percent("usedPercent")
        let inodes = percent("usedInodesPercent")
        guard max(space, inodes) >= Self.fullPercent else { return nil }
        let what = space >= Self.fullPercent ? "space" : "inodes"
        let value = Self.tenths(space >= Self.fullPercent ? space : inodes)
        let isExhausted = record.facts["availableByteCount"] == 0 || max(space, inodes) >= 100
        return (
            isExhausted ? .major : .minor,
            "The file system at \(record.target) has \(value) % of its \(what) in use"
        )
    }

    private func hung(_ record: ProbeRecord) -> Finding {
        let stack = record.kernelStack ?? []
        let cause = Cause(stack: stack)
        var reason =
            "The file system at \(record.target) did not answer within "
            + "\(Self.tenths(deadlineSeconds)) s\(cause.reason). What touches it waits, too."
        if let said = record.reason { reason += " The probe: \(said)." }
        if !stack.isEmpty {
            let frames = stack.prefix(4).map { UntrustedText.escapingControls($0) }
            reason += " The kernel waits in: " + frames.joined(separator: " < ") + "."
        }
        return finding("hung", .critical, record.target, reason, cause.actions)
    }

    private func finding(
        _ fault: String, _ severity: Finding.Severity, _ target: String, _ reason: String,
        _ actions: [String]
    ) -> Finding {
        Finding(
            fault: "storage.mount.\(fault)", severity: severity, collector: "storage",
            object: target, place: "mount:\(NodeIdentities.plain(target))",
            reason: reason, recommendedActions: actions,
            evidence: [.init(artifact: "storage/mount-health.json")])
    }

    /// With one decimal.
    private static func tenths(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        let tenths = Int64((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// Who keeps a hung file system waiting, as the stack tells.
    private enum Cause {
        case fuse, nfs, cifs, ceph, device, unknown

        init(stack: [String]) {
            func has(_ parts: String...) -> Bool {
                stack.contains { frame in parts.contains { frame.contains($0) } }
            }
            self =
                if has("fuse_") {
                    .fuse
                } else if has("cifs_", "smb2_", "SMB2_") {
                    .cifs
                } else if has("ceph_") {
                    .ceph
                } else if has("nfs_", "nfs4_", "nfs3_", "rpc_") {
                    .nfs
                } else if has("blk_", "io_schedule", "xfs_buf", "submit_bio", "wait_on_buffer") {
                    .device
                } else {
                    .unknown
                }
        }

        var reason: String {
            switch self {
            case .fuse: ": its FUSE process does not answer"
            case .nfs: ": its NFS server does not answer"
            case .cifs: ": its SMB server does not answer"
            case .ceph: ": its Ceph cluster does not answer"
            case .device: ": the device under it does not answer"
            case .unknown: ""
            }
        }

        var actions: [String] {
            let detach =
                "When it must go at once: `umount -l` takes it out of sight; processes "
                + "that wait in it stay until it answers."
            switch self {
            case .fuse:
                return [
                    "Find the process that serves it, take its stack if it still runs, and "
                        + "restart it.",
                    "To free what waits: write 1 to /sys/fs/fuse/connections/N/abort, where N "
                        + "is the minor device number of the mount in storage/mountinfo.txt.",
                    detach,
                ]
            case .nfs, .cifs, .ceph:
                return [
                    "Check that the server runs and can be reached from this host: name, route, "
                        + "firewall, and its own log.",
                    "Look in the kernel log for `not responding` and for a later `OK`.", detach,
                ]
            case .device:
                return [
                    "Look in the kernel log for timeouts, resets and path failures of its device, "
                        + "and in storage/topology.txt for what it stands on.",
                    "See whether a device-mapper device below it is suspended.", detach,
                ]
            case .unknown:
                return [
                    "See in storage/mountinfo.txt what is mounted there. For FUSE: restart the "
                        + "serving process, or write 1 to /sys/fs/fuse/connections/N/abort (N is "
                        + "the minor device number). For NFS and SMB: check the server and the way "
                        + "to it. For a disk: look in the kernel log for errors of the device.",
                    detach,
                ]
            }
        }
    }
}
