import DiagLiveDump
import DiagModel
import DiagSystem
import Testing

@Suite("Memory that a dump may have beside what the host has free")
struct CarePreflightMemoryTests {
    typealias Cause = LiveDumpReport.Obstacle.Cause

    private static let mebi: UInt64 = 1 << 20
    private static let unified = "60 22 0:60 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    private static let service = "sys/fs/cgroup/system.slice/x.service"

    private func check(
        _ root: CareRoot, budget: UInt64, _ change: (inout LiveDumpOptions) -> Void = { _ in }
    ) throws -> Preflight.Findings {
        try Preflight.check(CareRoot.request(change, budget: budget), in: root.tree)
    }

    private func causes(_ root: CareRoot, budget: UInt64) throws -> [Cause] {
        try check(root, budget: budget).obstacles.map(\.cause)
    }

    /// A host on which we are /system.slice/x.service, of which nothing is known yet.
    private func unit(
        mounts: String = Self.unified, groups: String = "0::/system.slice/x.service\n"
    ) throws -> CareRoot {
        let root = try CareRoot()
        try root.write("proc/self/mountinfo", CareRoot.mounts + mounts)
        try root.write("proc/self/cgroup", groups)
        return root
    }

    private func limit(
        _ root: CareRoot, _ folder: String, _ limit: String, used: String, idle: UInt64 = 0,
        active: UInt64 = 0
    ) throws {
        try root.write("\(folder)/memory.max", "\(limit)\n")
        try root.write("\(folder)/memory.current", "\(used)\n")
        try root.write(
            "\(folder)/memory.stat",
            "anon 1\ninactive_anon 999999999999\ninactive_file \(idle)\nactive_file \(active)\n")
    }

    // MARK: - Control groups

    @Test("A unit with 64 MiB is named with its setting, however much the host has")
    func smallUnit() throws {
        let root = try unit()
        try limit(root, Self.service, "\(64 * Self.mebi)", used: "\(24 * Self.mebi)")
        let findings = try check(root, budget: 40 * Self.mebi)
        #expect(findings.obstacles.map(\.cause) == [.memoryPressure])
        // An eighth of what the group may use stays free.
        #expect(
            findings.refusal?.description
                == "begin the dump: the control group /system.slice/x.service may use 40.0 MiB"
                + " more (memory.max), and the dump needs 48.0 MiB with what must stay free")
        #expect(findings.obstacles.first?.remedy?.contains("MemoryMax=") == true)
        #expect(try causes(root, budget: 32 * Self.mebi) == [])
        #expect(try causes(root, budget: 32 * Self.mebi + 1) == [.memoryPressure])
        #expect(
            try check(root, budget: 40 * Self.mebi) { $0.onPressure = .ignore }.obstacles == [])
        #expect(try causes(root, budget: .max).contains(.memoryPressure))
    }

    @Test("What the group has of files that nobody used lately counts as free, and no more")
    func idleFiles() throws {
        let root = try unit()
        let limit = "\(64 * Self.mebi)"
        try self.limit(
            root, Self.service, limit, used: "\(60 * Self.mebi)", idle: 50 * Self.mebi)
        #expect(try causes(root, budget: 46 * Self.mebi) == [])
        #expect(try causes(root, budget: 47 * Self.mebi) == [.memoryPressure])
        try self.limit(
            root, Self.service, limit, used: "\(60 * Self.mebi)", idle: 40 * Self.mebi,
            active: 20 * Self.mebi)
        #expect(try causes(root, budget: 46 * Self.mebi) == [])
        #expect(try causes(root, budget: 47 * Self.mebi) == [.memoryPressure])
        try self.limit(root, Self.service, limit, used: "\(Self.mebi)", idle: .max)
        #expect(try causes(root, budget: 56 * Self.mebi) == [])
        #expect(try causes(root, budget: 57 * Self.mebi) == [.memoryPressure])
        try self.limit(root, Self.service, limit, used: "\(90 * Self.mebi)")
        #expect(try check(root, budget: 0).refusal?.description.contains("use 0 bytes") == true)
    }

    @Test("The limits of the groups above count, and the one that leaves least is named")
    func nested() throws {
        let root = try unit(groups: "0::/a.slice/b.slice/x.service\n")
        let top = "sys/fs/cgroup"
        try limit(root, "\(top)/a.slice/b.slice/x.service", "max", used: "\(500 * Self.mebi)")
        try limit(
            root, "\(top)/a.slice/b.slice", "\(200 * Self.mebi)", used: "\(100 * Self.mebi)")
        try limit(root, "\(top)/a.slice", "\(400 * Self.mebi)", used: "\(350 * Self.mebi)")
        // The root group of a host has none of these files.
        func group(_ budget: UInt64) throws -> Substring? {
            let text = try check(root, budget: budget).refusal?.description
            return text?.split(separator: " ").first { $0.hasPrefix("/") }
        }
        #expect(try group(0) == nil)
        #expect(try group(Self.mebi) == "/a.slice")
        try limit(root, "\(top)/a.slice", "max", used: "\(350 * Self.mebi)")
        #expect(try group(75 * Self.mebi) == nil)
        #expect(try group(76 * Self.mebi) == "/a.slice/b.slice")
        try root.remove("\(top)/a.slice/b.slice/memory.max")
        #expect(try group(200 * Self.mebi) == nil)
    }

    @Test(
        "What says nothing is no limit",
        arguments: ["max", "", "nonsense", "-1", "1 2", "9223372036854771712", "1e3"])
    func garbage(limit text: String) throws {
        let root = try unit()
        try limit(root, Self.service, text, used: "\(Self.mebi)")
        #expect(try causes(root, budget: 64 * Self.mebi) == [])
    }

    @Test("Without a readable use the limit alone counts")
    func missingUse() throws {
        let root = try unit()
        for used in ["nonsense", nil] {
            try limit(root, Self.service, "\(64 * Self.mebi)", used: used ?? "")
            try root.remove("\(Self.service)/memory.stat")
            if used == nil { try root.remove("\(Self.service)/memory.current") }
            #expect(try causes(root, budget: 56 * Self.mebi) == [])
            #expect(try causes(root, budget: 57 * Self.mebi) == [.memoryPressure])
        }
    }

    @Test(
        "Groups that cannot be found are no obstacle",
        arguments: [
            "", "nonsense\n", "0:/system.slice/x.service\n", "0::system.slice/x.service\n",
            "0::/../x.service\n", "1:memory:/system.slice/x.service\n",
        ])
    func unknownGroup(groups: String) throws {
        let root = try unit(groups: groups)
        try limit(root, Self.service, "1", used: "1")
        try limit(root, "sys/fs/cgroup/x.service", "1", used: "1")
        #expect(try causes(root, budget: 64 * Self.mebi) == [])
        try root.remove("proc/self/cgroup")
        #expect(try causes(root, budget: 64 * Self.mebi) == [])
    }

    @Test("A mount that shows a part of the hierarchy shows our group where it lies in that part")
    func partialMount() throws {
        let part = "60 22 0:60 /system.slice /part rw - cgroup2 cgroup2 rw\n"
        let root = try unit(mounts: part)
        try limit(root, "part", "max", used: "0")
        try limit(root, "part/x.service", "\(64 * Self.mebi)", used: "0")
        let text = try check(root, budget: 64 * Self.mebi).refusal?.description
        #expect(text?.contains("control group /system.slice/x.service may use 64.0 MiB") == true)
        // A part that merely begins with the same letters does not have it.
        for other in ["/sys", "/system.slice/x.service/below", "/.."] {
            let mounts = "60 22 0:60 \(other) /part rw - cgroup2 cgroup2 rw\n"
            try root.write("proc/self/mountinfo", CareRoot.mounts + mounts)
            #expect(try causes(root, budget: 64 * Self.mebi) == [])
        }
    }

    @Test("In a container the group at the mount point is our own")
    func ownNamespace() throws {
        let root = try unit(groups: "0::/\n")
        try limit(root, "sys/fs/cgroup", "\(64 * Self.mebi)", used: "0")
        let text = try check(root, budget: 64 * Self.mebi).refusal?.description
        #expect(text?.contains("the control group / may use 64.0 MiB more") == true)
    }

    @Test("Version 1 is asked by its own names, beside a version 2 without the memory controller")
    func versionOne() throws {
        let mounts = """
            60 22 0:60 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
            61 22 0:61 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
            62 22 0:62 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory

            """
        let root = try unit(
            mounts: mounts,
            groups: "9:cpu,cpuacct:/other\n5:memory:/system.slice/x.service\n0::/x.service\n")
        func limit(_ folder: String, _ limit: String, used: UInt64) throws {
            let folder = "sys/fs/cgroup/memory\(folder)"
            try root.write("\(folder)/memory.limit_in_bytes", "\(limit)\n")
            try root.write("\(folder)/memory.usage_in_bytes", "\(used)\n")
            try root.write(
                "\(folder)/memory.stat",
                "inactive_file 1\ntotal_inactive_file \(10 * Self.mebi)\n")
        }
        let none = "9223372036854771712"
        try limit("", none, used: 900 * Self.mebi)
        try limit("/system.slice", "\(64 * Self.mebi)", used: 30 * Self.mebi)
        try limit("/system.slice/x.service", none, used: 20 * Self.mebi)
        #expect(try causes(root, budget: 36 * Self.mebi) == [])
        #expect(
            try check(root, budget: 37 * Self.mebi).refusal?.description
                == "begin the dump: the control group /system.slice may use 44.0 MiB more"
                + " (memory.limit_in_bytes), and the dump needs 45.0 MiB with what must stay free")
    }

    // MARK: - Overcommitment

    @Test("With strict accounting, what may still be committed is said")
    func commitment() throws {
        let root = try CareRoot()
        try root.write(
            "proc/meminfo",
            "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"
                + "CommitLimit: 1048576 kB\nCommitted_AS: 1015808 kB\n")
        for mode in ["0\n", "1\n", "nonsense", "2 2"] {
            try root.write("proc/sys/vm/overcommit_memory", mode)
            #expect(try causes(root, budget: 64 * Self.mebi) == [])
        }
        try root.write("proc/sys/vm/overcommit_memory", "2\n")
        #expect(try causes(root, budget: 32 * Self.mebi) == [])
        let findings = try check(root, budget: 64 * Self.mebi)
        #expect(findings.obstacles.map(\.cause) == [.memoryPressure])
        #expect(
            findings.refusal?.description
                == "begin the dump: vm.overcommit_memory is 2, and only 32.0 MiB of the 64.0 MiB"
                + " that the dump maps may still be committed")
        #expect(findings.obstacles.first?.remedy?.contains("vm.overcommit_ratio") == true)
        #expect(
            try check(root, budget: 64 * Self.mebi) { $0.onPressure = .ignore }.obstacles == [])
    }

    @Test("More may be committed than the limit, and a kernel may not tell of either")
    func overcommitted() throws {
        let root = try CareRoot()
        try root.write("proc/sys/vm/overcommit_memory", "2\n")
        #expect(try causes(root, budget: 64 * Self.mebi) == [])
        try root.write(
            "proc/meminfo",
            "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"
                + "CommitLimit: 1024 kB\nCommitted_AS: 2048 kB\n")
        #expect(try causes(root, budget: 1) == [.memoryPressure])
        #expect(try causes(root, budget: 0) == [])
    }
}
