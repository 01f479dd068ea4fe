internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Holds /etc/fstab against what is mounted, which devices there are, and what can be mounted.
///
/// Source: fstab(5), systemd.mount(5), swapon(8); udev's names below /dev/disk.
struct FileSystemTableCheck {
    /// One line of the table and what is true of it.
    struct Entry: Encodable {
        /// What is wrong with a line.
        enum Problem: String, Encodable {
            case deviceMissing, notMounted, swapInactive, unknownType, mountPointMissing, duplicate
        }

        /// The line, from 1.
        var line: Int
        var source: String
        var mountPoint: String
        var type: String
        /// Whether it is left alone at boot.
        var isNoauto: Bool
        /// Whether the boot goes on without it.
        var isNofail: Bool
        /// Whether it is mounted when it is first used.
        var isAutomount: Bool
        /// The kernel's name of the device it means, where that is known.
        var device: String?
        /// Whether it is mounted, or in use as swap; none where the mounts are not known.
        var isActive: Bool?
        var problems: [Problem]
    }

    /// The lines, in the table's order.
    private(set) var entries: [Entry] = []
    /// What is wrong.
    private(set) var findings: [Finding] = []

    init(
        _ root: RootedTree, tables: StorageTables, devices: [BlockDevice], links: DeviceLinks
    ) {
        let finder = DeviceFinder(devices, links: links)
        var types = FileSystemTypes(root)
        let mounts = MountFinder(root, tables: tables)
        var lineOfMountPoint = [String: Int]()
        for line in tables.fileSystems.entries {
            let options = line.options.split(separator: ",").map(String.init)
            let isSwap = line.fileSystemType == "swap"
            let isBind = options.contains("bind") || options.contains("rbind")
            let mountPoint = Self.trimmed(UntrustedText.escapingForPath(line.mountPoint))
            let source = UntrustedText.escapingForPath(line.source)
            var entry = Entry(
                line: line.line, source: MountOptionSecrets.masking(source),
                mountPoint: mountPoint, type: line.fileSystemType,
                isNoauto: options.contains("noauto"), isNofail: options.contains("nofail"),
                isAutomount: options.contains("x-systemd.automount"), problems: [])

            let wantsDevice =
                !isBind && !FileSystemKind.isNetwork(entry.type)
                && !FileSystemKind.isKernelView(entry.type)
                && !["tmpfs", "ramfs", "overlay"].contains(entry.type)
                && !FileSystemKind.isUserSpace(entry.type)
            let search = wantsDevice ? finder.find(source) : .unknown
            if case .found(let name) = search { entry.device = name }
            if isSwap {
                entry.isActive = mounts.isSwapping(source, device: entry.device, finder: finder)
            } else if mountPoint.hasPrefix("/") {
                entry.isActive = mounts.isMounted(mountPoint)
            }

            if search == .missing, !entry.isNoauto, entry.isActive != true {
                entry.problems.append(.deviceMissing)
            } else if !isBind, !isSwap, entry.isActive != true, !types.isKnown(entry.type) {
                entry.problems.append(.unknownType)
            } else if !entry.isNoauto, !entry.isAutomount, entry.isActive == false {
                entry.problems.append(isSwap ? .swapInactive : .notMounted)
            }
            if !isSwap, mountPoint.hasPrefix("/") {
                if entry.isActive == false, mounts.isMissingFolder(mountPoint) {
                    entry.problems.append(.mountPointMissing)
                }
                if let first = lineOfMountPoint[mountPoint] {
                    entry.problems.append(.duplicate)
                    findings.append(Self.finding(.duplicate, entry, other: first))
                } else {
                    lineOfMountPoint[mountPoint] = entry.line
                }
            }
            entries.append(entry)
            for problem in entry.problems where problem != .duplicate {
                // systemd makes the folder itself, so it is worth a word only beside another fault.
                if problem == .mountPointMissing, entry.isNoauto || entry.isAutomount { continue }
                findings.append(Self.finding(problem, entry, other: nil))
            }
        }
        for line in tables.fileSystems.unreadableLines.prefix(10) {
            findings.append(Self.unreadable(line))
        }
    }
}

extension FileSystemTableCheck {
    /// A path without slashes at its end.
    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    private static func finding(_ problem: Entry.Problem, _ entry: Entry, other: Int?) -> Finding {
        let line = "line \(entry.line) of /etc/fstab"
        let object = entry.type == "swap" ? entry.source : entry.mountPoint
        let fault: String
        let severity: Finding.Severity
        let reason: String
        let actions: [String]
        switch problem {
        case .deviceMissing:
            fault = "device-missing"
            severity = entry.isNofail ? .minor : .major
            reason =
                "There is no device \(entry.source), which \(line) wants "
                + (entry.type == "swap" ? "as swap." : "mounted at \(entry.mountPoint).")
                + (entry.isNofail
                    ? " The boot goes on without it (nofail)."
                    : " The next boot waits for it, and may end in emergency mode.")
            actions = [
                "Compare with `lsblk -f`: after a new mkfs or a copy the UUID is another one.",
                "Correct the line, or add `nofail` where the host can do without it; then "
                    + "`systemctl daemon-reload`.",
            ]
        case .notMounted:
            fault = "not-mounted"
            severity = entry.isNofail ? .minor : .major
            reason =
                "\(entry.mountPoint) is not mounted, though \(line) asks for it at boot."
                + (entry.device.map { " Its device \($0) is there." } ?? "")
            actions = [
                "Try `mount \(entry.mountPoint)` and read what it says; with systemd, "
                    + "`systemctl status` of its mount unit and the journal tell why it failed.",
                "See that nothing was written to the empty folder meanwhile.",
            ]
        case .swapInactive:
            fault = "swap-inactive"
            severity = .minor
            reason = "The swap area \(entry.source) of \(line) is not in use."
            actions = ["Try `swapon \(entry.device.map { "/dev/" + $0 } ?? entry.source)`."]
        case .unknownType:
            fault = "unknown-type"
            severity = entry.isNoauto || entry.isNofail ? .minor : .major
            reason =
                "\(line.prefix(1).uppercased() + line.dropFirst()) names the type \(entry.type), "
                + "which the running kernel neither knows nor has a module for."
            actions = [
                "Correct the type, or install the package with its module or mount helper.",
                "See that /lib/modules has the modules of the running kernel.",
            ]
        case .mountPointMissing:
            fault = "mount-point-missing"
            severity = .minor
            reason =
                "The folder \(entry.mountPoint), where \(line) wants something mounted, does not "
                + "exist. systemd makes it where it can; mount(8) does not."
            actions = ["`mkdir -p \(entry.mountPoint)`, then mount it."]
        case .duplicate:
            fault = "duplicate"
            severity = .minor
            reason =
                "\(entry.mountPoint) stands in /etc/fstab twice, in lines \(other ?? 0) and "
                + "\(entry.line): which of them counts depends on who mounts it."
            actions = ["Remove the line that is not wanted."]
        }
        return Finding(
            fault: "storage.fstab.\(fault)", severity: severity, collector: "storage",
            object: object, reason: reason, recommendedActions: actions,
            evidence: [.init(artifact: "storage/fstab.txt", line: entry.line)])
    }

    private static func unreadable(_ line: Int) -> Finding {
        Finding(
            fault: "storage.fstab.unreadable", severity: .minor, collector: "storage",
            object: "/etc/fstab",
            reason: "Line \(line) of /etc/fstab has less than the three fields that a line needs.",
            recommendedActions: ["Correct the line; `findmnt --verify` checks the whole table."],
            evidence: [.init(artifact: "storage/fstab.txt", line: line)])
    }
}
