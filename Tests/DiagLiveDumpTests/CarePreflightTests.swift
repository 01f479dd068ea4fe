import DiagLiveDump
import DiagModel
import DiagSystem
import Testing

@Suite("Before a dump")
struct CarePreflightTests {
    typealias Cause = LiveDumpReport.Obstacle.Cause

    /// kB of memory, kB available, and whether that is too little for a budget of 10 MiB.
    static let memoryCases: [(UInt64, UInt64, Bool)] = [
        (16_777_216, 838_861, false), (16_777_216, 838_860, true), (458_752, 57_344, false),
        (458_752, 57_343, true), (1_073_741_824, 4_194_304, false),
        (1_073_741_824, 4_194_303, true),
    ]
    /// Per cent of `some` and `full`, and whether that is too much.
    static let stallCases: [(Double, Double, Bool)] = [
        (10, 2, false), (10.01, 0, true), (0, 2.01, true),
    ]

    private func check(
        _ root: CareRoot, _ request: Preflight.Request = CareRoot.request()
    ) throws -> Preflight.Findings {
        try Preflight.check(request, in: root.tree)
    }

    @Test("A healthy host has neither obstacle nor warning")
    func healthy() throws {
        let findings = try check(CareRoot())
        #expect(findings.obstacles == [])
        #expect(findings.warnings == [])
        #expect(findings.stackWarnings == [])
        #expect(findings.refusal == nil)
        #expect(findings.rights.lockdown == .integrity)
        #expect(findings.totalMemory == 16 << 30)
        #expect(findings.availableMemory == 8 << 30)
    }

    @Test("No /proc/kcore names the kernel's option and other ways to a dump")
    func noKernelCore() throws {
        let root = try CareRoot()
        try root.remove("proc/kcore")
        let findings = try check(root)
        #expect(findings.obstacles.map(\.cause) == [.noKernelCore])
        #expect(
            findings.refusal?.description
                == "open /proc/kcore: No such file or directory: this kernel was built without"
                + " CONFIG_PROC_KCORE")
        let remedy =
            "The kernel's memory can be had by the hypervisor (`virsh dump --memory-only`, QEMU's"
            + " `dump-guest-memory`) or by kdump."
        #expect(findings.obstacles[0].remedy == remedy)
        #expect(findings.allowsTextStacks)
        try root.write("proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n")
        #expect(try check(root).refusal?.description.contains("that of WSL 2") == true)
        try root.write("run/systemd/container", "podman\n")
        #expect(try check(root).obstacles.map(\.cause) == [.noKernelCore])
        let stacks = try check(root, CareRoot.request { $0.kind = .stacks })
        #expect(stacks.obstacles[0].remedy == remedy)
    }

    @Test("A /proc that shows processes alone is no kernel without the file")
    func processesAlone() throws {
        let root = try CareRoot()
        try root.remove("proc/kcore")
        try root.write(
            "proc/self/mountinfo",
            CareRoot.mounts + "51 22 0:9 / /proc rw - proc proc rw,hidepid=off,subset=pid\n")
        let findings = try check(root)
        #expect(findings.obstacles.map(\.cause) == [.container])
        #expect(
            findings.refusal?.description
                == "open /proc/kcore: No such file or directory: /proc is mounted with subset=pid,"
                + " which shows processes alone")
    }

    @Test("Without /proc/kpageflags no pages can be chosen; the stacks need none of it")
    func pageFlags() throws {
        let root = try CareRoot()
        try root.remove("proc/kpageflags")
        let refusal = try #require(try check(root).refusal)
        #expect(refusal.obstacle.cause == .unsupported)
        #expect(refusal.description.contains("CONFIG_PROC_PAGE_MONITOR"))
        var options = LiveDumpOptions()
        options.kind = .stacks
        let stacks = Preflight.Request(options: options, budgetByteCount: 0)
        #expect(try check(root, stacks).obstacles == [])
    }

    @Test("A masked /proc/kcore is a container's doing")
    func masked() throws {
        let root = try CareRoot()
        try root.write(
            "proc/self/mountinfo",
            CareRoot.mounts + "50 22 0:5 /null /proc/kcore rw - devtmpfs devtmpfs rw\n")
        #expect(try check(root).obstacles.map(\.cause) == [.container])
        let directory = try CareRoot()
        try directory.remove("proc/kcore")
        try directory.write("proc/kcore/x", "")
        #expect(try check(directory).obstacles.map(\.cause) == [.container])
        let empty = try CareRoot()
        try empty.write("proc/kcore", "")
        #expect(
            try check(empty).refusal?.description
                == "read /proc/kcore: it is empty, so something else has been put in its place")
    }

    @Test("Only lockdown=confidentiality forbids reading, and Secure Boot is not blamed")
    func lockdown() throws {
        let root = try CareRoot()
        try root.write(
            "sys/kernel/security/lockdown", "none integrity [confidentiality]\n")
        let findings = try check(root)
        #expect(findings.obstacles.map(\.cause) == [.lockdown])
        #expect(
            findings.obstacles[0].message
                == "open /proc/kcore: kernel lockdown=confidentiality forbids reading kernel memory"
        )
        #expect(findings.obstacles[0].remedy?.contains("Secure Boot") == false)
        #expect(findings.stackWarnings.contains { $0.contains("perf samples") })
        #expect(findings.warnings == [])
        for text in ["[none] integrity confidentiality\n", "no brackets", "][", "[x]"] {
            try root.write("sys/kernel/security/lockdown", text)
            #expect(try check(root).obstacles == [])
        }
    }

    @Test("Each missing capability is named with what it would give")
    func capabilities() throws {
        let root = try CareRoot()
        try root.write("proc/self/status", "CapEff:\t0000000000000000\n")
        let findings = try check(root)
        #expect(findings.obstacles.map(\.cause) == [.notPermitted])
        #expect(
            findings.obstacles[0].message
                == "open /proc/kcore: this process lacks CAP_SYS_RAWIO")
        #expect(
            findings.stackWarnings.map { String($0.split(separator: " ")[1]) }
                == ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYSLOG", "CAP_PERFMON"])
        // The stacks that are read say it themselves.
        #expect(findings.warnings == [])
        // What an inspector keeps, without CAP_PERFMON: older kernels take CAP_SYS_ADMIN for it.
        try root.write("proc/self/status", "CapEff:\t00000004002a0004\n")
        #expect(try check(root).obstacles == [])
        #expect(try check(root).warnings == [])
        #expect(try check(root).stackWarnings == [])
        // The thread's own rights count before those of the process.
        try root.write("proc/thread-self/status", "CapEff:\t0000000000000000\n")
        #expect(try check(root).obstacles.map(\.cause) == [.notPermitted])
    }

    @Test("Root in a user namespace is not root")
    func userNamespace() throws {
        let root = try CareRoot()
        try root.write("proc/self/uid_map", "         0       1000          1\n")
        #expect(try check(root).obstacles.map(\.cause) == [.container])
        try root.remove("proc/self/uid_map")
        #expect(try check(root).obstacles == [])
    }

    @Test("A container that shows the kernel is a warning")
    func container() throws {
        let root = try CareRoot()
        try root.write(".dockerenv", "")
        let findings = try check(root)
        #expect(findings.obstacles == [])
        #expect(findings.warnings.count == 1)
        #expect(findings.warnings[0].contains("the container docker"))
    }

    @Test("A confidential guest is warned, and its free pages are not touched")
    func confidential() throws {
        let root = try CareRoot()
        try root.write("proc/cpuinfo", "processor : 0\nflags\t\t: fpu tdx_guest sse\n")
        #expect(try check(root).warnings.map { $0.contains("Intel TDX") } == [true])
        #expect(try check(root).obstacles == [])
        let free = try check(root, CareRoot.request { $0.level = 1 })
        #expect(free.obstacles.map(\.cause) == [.unsupported])
        try root.write("sys/devices/virtual/misc/sev-guest/dev", "10:1")
        #expect(try check(root).warnings.map { $0.contains("AMD SEV-SNP") } == [true])
    }

    @Test("An architecture that is not known is refused")
    func machine() throws {
        let findings = try check(CareRoot(), CareRoot.request(machine: "riscv64\u{1B}"))
        #expect(findings.obstacles.map(\.cause) == [.unsupported])
        #expect(findings.refusal?.description.contains(#"riscv64\x1B is not"#) == true)
    }

    @Test(
        "Little memory is refused, unless pressure is ignored",
        arguments: memoryCases)
    func memory(total: UInt64, available: UInt64, refused: Bool) throws {
        let root = try CareRoot()
        try root.write("proc/meminfo", "MemTotal: \(total) kB\nMemAvailable: \(available) kB\n")
        let findings = try check(root, CareRoot.request(budget: 10 << 20))
        #expect(findings.obstacles.map(\.cause) == (refused ? [.memoryPressure] : []))
        #expect(findings.obstacles.isEmpty || !findings.allowsTextStacks)
        #expect(
            try check(root, CareRoot.request({ $0.onPressure = .ignore }, budget: 10 << 20))
                .obstacles == [])
        let budget = try check(root, CareRoot.request(budget: available * 1024 / 3 + 1))
        #expect(budget.obstacles.map(\.cause) == [.memoryPressure])
    }

    @Test(
        "Tasks that wait for memory forbid a dump",
        arguments: stallCases)
    func stalls(some: Double, full: Double, refused: Bool) throws {
        let root = try CareRoot()
        try root.write("proc/pressure/memory", CareRoot.pressure(some: some, full: full))
        #expect(try check(root).obstacles.map(\.cause) == (refused ? [.memoryPressure] : []))
        #expect(try check(root, CareRoot.request { $0.onPressure = .ignore }).obstacles == [])
    }

    @Test("Without PSI or meminfo the dump goes on, and says what is not watched")
    func unwatched() throws {
        let root = try CareRoot()
        try root.remove("proc/pressure/memory")
        try root.write("proc/meminfo", "nonsense")
        let findings = try check(root)
        #expect(findings.obstacles == [])
        #expect(findings.warnings.count == 2)
    }

    @Test("Too small a disk is refused with what is needed; --max-size lowers it")
    func disk() throws {
        let root = try CareRoot()
        func cause(_ total: UInt64, _ free: UInt64, max: Int64? = nil) throws -> [Cause] {
            let place = CareRoot.place("/var", total: total, free: free)
            return try check(
                root, CareRoot.request({ $0.maxByteCount = max }, output: place)
            ).obstacles.map(\.cause)
        }
        let gibi: UInt64 = 1 << 30
        let needed = gibi + gibi / 5 + gibi
        #expect(try cause(100 * gibi, needed) == [])
        #expect(try cause(100 * gibi, needed - 1) == [.noSpace])
        #expect(try cause(2 * gibi, gibi) == [.noSpace])
        let bounded = gibi / 10 + 2 * gibi / 20
        #expect(try cause(2 * gibi, bounded, max: Int64(gibi / 10)) == [])
        let text = try check(
            root, CareRoot.request(output: CareRoot.place("/var", free: 1 << 20))
        ).refusal?.description
        #expect(
            text
                == "write the dump to /var: the ext4 file system /dev/sda1 mounted at / has 1.0 MiB"
                + " free, and the dump needs 2.1 GiB with what must stay free")
    }

    @Test("The rule for memory is known at its corners")
    func floors() {
        let mebi: UInt64 = 1 << 20
        let totals: [UInt64] = [0, 512, 1024, 4096, 8192, 16384, 81920, 1 << 20]
        #expect(
            totals.map { MemoryFloor.beforeDump(total: $0 * mebi, budget: 0) / mebi }
                == [0, 64, 128, 512, 512, 819, 4096, 4096])
        #expect(MemoryFloor.whileDumping(total: 512 * mebi) == 32 * mebi)
        #expect(MemoryFloor.beforeDump(total: .max, budget: .max) == .max)
        #expect(DiskFloor.needed(estimate: .max, limit: nil, fileSystemByteCount: .max) == .max)
    }
}
