internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

extension Preflight {
    /// What a control group may use of memory.
    ///
    /// Source: Linux 6.12 Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
    private struct ControlGroup {
        /// Its path in its hierarchy.
        var path: String
        /// The file that has its limit.
        var setting: String
        /// Bytes that it may use.
        var limit: UInt64
        /// Bytes of these that are left. What it has of files and the like goes first, and
        /// counts as left.
        var available: UInt64
    }

    /// The hierarchies that may bound memory.
    private enum Hierarchy: CaseIterable {
        /// That of version 2.
        case unified
        /// That of version 1 which has the memory controller.
        case memory

        var limitFile: String { self == .unified ? "memory.max" : "memory.limit_in_bytes" }
        var usageFile: String { self == .unified ? "memory.current" : "memory.usage_in_bytes" }
        /// The lines of memory.stat, for the group and all below it, of what the kernel takes back
        /// before it ends anybody, and how many of it are counted: of what is in use the half.
        var idleLines: [String: UInt64] {
            self == .unified
                ? ["inactive_file": 1, "active_file": 2, "slab_reclaimable": 2]
                : ["total_inactive_file": 1, "total_active_file": 2]
        }

        /// Whether `mount` shows it.
        func isShown(by mount: MountTable.Entry) -> Bool {
            switch self {
            case .unified: mount.fileSystemType == "cgroup2"
            case .memory:
                mount.fileSystemType == "cgroup"
                    && mount.superOptions.split(separator: ",").contains("memory")
            }
        }

        /// The names on the way to our own group, from the lines of /proc/self/cgroup; `nil` when
        /// there are none, or they lead out of what this process sees.
        ///
        /// Source: cgroups(7), /proc/PID/cgroup: `5:cpu,memory:/a/b`, and `0::/a/b` of version 2.
        func ownGroup(in lines: String) -> [Substring]? {
            for line in lines.split(separator: "\n") {
                let fields = line.split(
                    separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                guard fields.count == 3, fields[2].hasPrefix("/"),
                    self == .unified
                        ? fields[0] == "0" && fields[1].isEmpty
                        : fields[1].split(separator: ",").contains("memory")
                else { continue }
                let names = fields[2].split(separator: "/")
                return names.contains("..") ? nil : names
            }
            return nil
        }
    }

    /// The kernel kills what goes over the limit of a control group, however much the host has, and
    /// the limit of each group above counts as well.
    ///
    /// What the dump sets aside must fit in once, and leave what a machine with that much memory
    /// must have left: others in the group live of it.
    func checkControlGroups(_ findings: inout Findings) {
        func needed(_ group: ControlGroup) -> UInt64 {
            let (sum, overflows) = request.budgetByteCount.addingReportingOverflow(
                MemoryFloor.beforeDump(total: group.limit, budget: 0))
            return overflows ? .max : sum
        }
        let short = controlGroups().filter { $0.available < needed($0) }
        guard let group = short.min(by: { $0.available < $1.available }) else { return }
        findings.obstacles.append(
            .init(
                cause: .memoryPressure,
                message: "begin the dump: the control group"
                    + " \(UntrustedText.escapingControls(group.path)) may use"
                    + " \(bytes(group.available)) more (\(group.setting)), and the dump needs"
                    + " \(bytes(needed(group))) with what must stay free",
                remedy: "Let the group use more (`MemoryMax=` where systemd made it), or run"
                    + " diagbundle in another one; `--on-pressure ignore` dumps all the same, at"
                    + " the risk that processes of the group are killed."))
    }

    /// Our own control groups and those above that have a limit, as far as they are mounted.
    private func controlGroups() -> [ControlGroup] {
        guard let lines = text("/proc/self/cgroup"),
            let table = try? tree.read("/proc/self/mountinfo", limit: 16 << 20)
        else { return [] }
        let mounts = MountTable(parsing: table).entries
        var groups = [ControlGroup]()
        for hierarchy in Hierarchy.allCases {
            guard let names = hierarchy.ownGroup(in: lines) else { continue }
            for mount in mounts where hierarchy.isShown(by: mount) {
                let root = String(decoding: mount.root, as: UTF8.self).split(separator: "/")
                guard names.starts(with: root) else { continue }
                let place = String(decoding: mount.mountPoint, as: UTF8.self)
                for depth in (root.count...names.count).reversed() {
                    let path: String = names[..<depth].joined(separator: "/")
                    let below: String = names[root.count..<depth].joined(separator: "/")
                    let folder = "\(place)/\(below)"
                    if let group = controlGroup("/\(path)", at: folder, of: hierarchy) {
                        groups.append(group)
                    }
                }
            }
        }
        return groups
    }

    /// The group whose files lie in `folder`; `nil` when it has no limit.
    private func controlGroup(
        _ path: String, at folder: String, of hierarchy: Hierarchy
    ) -> ControlGroup? {
        // Version 2 says `max` where there is none, version 1 has the largest number of pages.
        guard let limit = number("\(folder)/\(hierarchy.limitFile)"), limit < 1 << 62 else {
            return nil
        }
        // Where it does not say what it uses, its limit alone still holds.
        let usage = number("\(folder)/\(hierarchy.usageFile)") ?? 0
        let used = usage - min(usage, idleByteCount(folder, hierarchy))
        return ControlGroup(
            path: path, setting: hierarchy.limitFile, limit: limit,
            available: limit - min(limit, used))
    }

    private func idleByteCount(_ folder: String, _ hierarchy: Hierarchy) -> UInt64 {
        var sum: UInt64 = 0
        for line in (text("\(folder)/memory.stat") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let part = hierarchy.idleLines[String(words[0])],
                let count = UInt64(words[1])
            else { continue }
            let (more, overflows) = sum.addingReportingOverflow(count / part)
            sum = overflows ? .max : more
        }
        return sum
    }
}
