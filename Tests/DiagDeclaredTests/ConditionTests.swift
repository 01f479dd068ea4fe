import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("Conditions of a declared collector")
struct ConditionTests {
    private static let files = [
        "/proc/sys/kernel/osrelease": "5.15.0-91-generic\n",
        "/proc/filesystems": "nodev\tsysfs\nnodev\tproc\n\text4\n",
        "/sys/module/nf_tables/refcnt": "0\n",
        "/lib/modules/5.15.0-91-generic/modules.builtin":
            "kernel/net/ipv4/inet_diag.ko\nkernel/net/unix/unix-diag.ko\n",
        "/boot/config-5.15.0-91-generic": "CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n",
        "/etc/os-release": "ID=ubuntu\nID_LIKE=debian\n", "/run/systemd/system/x": "",
        "/usr/bin/x": "", "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu hypervisor\n",
        "/etc/a.conf": "", "/proc/1/comm": "init\n", "/proc/7/comm": "exampled\n",
        "/proc/7/status": "Name:\texampled\nState:\tR (running)\n",
        "/proc/8/comm": "systemd-resolve\n",
        "/proc/8/status": "Name:\tsystemd-resolve\nState:\tS (sleeping)\nNSpid:\t8\n",
        "/proc/9/comm": "contained\n", "/proc/9/status": "State:\tS (sleeping)\nNSpid:\t9\t1\n",
        "/proc/10/comm": "ended\n", "/proc/10/status": "State:\tZ (zombie)\nNSpid:\t10\n",
        "/proc/self-made/comm": "no process\n",
    ]

    private func obstacle(
        _ when: String, files: [String: String] = ConditionTests.files,
        programs: [String: String] = ["/proc/8": "/usr/lib/systemd/systemd-resolved"],
        seconds: Double = 60
    ) throws -> String? {
        let host = try DeclaredHost(files)
        for (process, program) in programs where files["\(process)/comm"] != nil {
            try host.link("\(process)/exe", to: program)
        }
        let declaration = try CollectorDeclaration(
            parsing: Array(yaml("  - files: [/a]", head: "when: {\(when)}").utf8), named: "x")
        let tree = try RootedTree(FilePath(host.path))
        return declaration.condition.obstacle(
            on: HostTraits(tree, until: .now.advanced(bySeconds: seconds)))
    }

    @Test(
        "A condition holds where the host is so",
        arguments: [
            "kernel: \">=5.10\"", "kernel: \"<5.16\"", "kernel: \"= 5.15.0\"",
            "filesystems: [ext4]", "modules: [nf_tables]", "modules: [inet_diag, unix_diag]",
            "config: [CONFIG_A, CONFIG_B]", "distribution: [debian]",
            "distribution: [suse, ubuntu]", "init: [systemd]", "virtual: true",
            "container: false", "running: [exampled, systemd-resolved]",
            "files: [\"/etc/*.conf\"]", "not: {files: [/no]}",
            "any: [{modules: [no]}, {files: [/etc/a.conf]}]", "files: [\"/etc/{no,a}.conf\"]",
        ])
    func holds(when: String) throws {
        #expect(try obstacle(when) == nil)
    }

    @Test("A condition on OpenRC holds while it runs")
    func runningOpenRC() throws {
        let files = ["/run/openrc/softlevel": "default\n", "/etc/inittab": ""]
        #expect(try obstacle("init: [openrc]", files: files) == nil)
        #expect(try obstacle("init: [sysvinit]", files: files) == "init is not sysvinit")
    }

    @Test(
        "Where it is not, the obstacle is told",
        arguments: [
            ("kernel: \">=6.1\"", "the kernel is not >= 6.1.0"),
            ("filesystems: [btrfs]", "the kernel does not know btrfs"),
            ("modules: [nf_tables, dm_mod]", "module dm_mod is not loaded"),
            ("config: [CONFIG_C]", "the kernel has no CONFIG_C"),
            ("distribution: [alpine]", "the distribution is not alpine"),
            ("init: [openrc]", "init is not openrc"),
            ("virtual: false", "this is a virtual machine"),
            ("container: true", "this is no container"),
            ("commands: [lvm]", "lvm is not installed"),
            ("files: [/no]", "/no does not exist"),
            ("running: [exampled, example]", "example does not run"),
            ("running: [contained]", "contained does not run"),
            ("running: [ended]", "ended does not run"),
            ("not: {running: [exampled]}", "exampled runs"),
            ("not: {init: [systemd]}", "init is systemd"),
            (
                "any: [{modules: [a]}, {files: [/no]}]",
                "module a is not loaded, and /no does not exist"
            ),
        ])
    func obstacles(when: String, text: String) throws {
        #expect(try obstacle(when) == text)
    }

    @Test(
        "Where the processes of others are hidden, what is not seen may run all the same",
        arguments: ["running: [exampled]", "not: {running: [exampled]}"])
    func hidden(when: String) throws {
        let files = ["/proc/sys/kernel/osrelease": "6.1.0-x\n", "/proc/7/comm": "other\n"]
        let isRoot = HostFacts.effectiveUser == 0
        #expect(
            try obstacle(when, files: files)
                == (isRoot ? "whether exampled runs is not known" : Condition.needsRoot))
        #expect(
            try obstacle("running: [exampled]", files: ["/etc/x": ""]) == Condition.noKernel)
    }

    @Test(
        "Of a name longer than the kernel keeps, the program tells whose process it is",
        arguments: [
            ("/usr/lib/systemd/systemd-resolved", nil),
            ("/usr/lib/systemd/systemd-resolved (deleted)", nil),
            ("/usr/lib/systemd/systemd-resolvex", "systemd-resolved does not run"),
            ("/usr/bin/python3.11", nil),
        ] as [(String, String?)])
    func longName(program: String, text: String?) throws {
        #expect(try obstacle("running: [systemd-resolved]", programs: ["/proc/8": program]) == text)
    }

    @Test(
        "A name that is as long as what the kernel keeps is that name, whatever the program's is",
        arguments: ["/usr/lib/systemd/systemd-resolved", "/usr/bin/systemd-resolve"])
    func fullName(program: String) throws {
        #expect(try obstacle("running: [systemd-resolve]", programs: ["/proc/8": program]) == nil)
    }

    @Test(
        "What needs root is told as that alone, and each other obstacle once",
        .enabled(if: HostFacts.effectiveUser != 0),
        arguments: [
            ("any: [{root: true}, {files: [/no]}]", Condition.needsRoot),
            ("any: [{root: true}, {root: true}]", Condition.needsRoot),
            ("not: {any: [{root: true}, {files: [/no]}]}", nil),
        ] as [(String, String?)])
    func anyRoot(when: String, text: String?) throws {
        #expect(try obstacle(when) == text)
    }

    @Test("Of several obstacles that are the same one is told")
    func sameObstacles() throws {
        #expect(try obstacle("any: [{files: [/no]}, {files: [/no]}]") == "/no does not exist")
    }

    @Test(
        "Of a file that only root may look for it is not known whether it exists",
        .enabled(if: HostFacts.effectiveUser != 0),
        arguments: [
            "files: [/closed/a]", "not: {files: [/closed/a]}", "files: [\"/closed/*\"]",
            "not: {files: [\"/closed/*\"]}", "any: [{files: [/closed/a]}, {files: [/no]}]",
        ])
    func closed(when: String) throws {
        let host = try DeclaredHost(["/closed/a": "", "/b": ""])
        #expect(chmod(host.path + "/closed", 0) == 0)
        defer { chmod(host.path + "/closed", 0o755) }
        let sink = try host.collect("  - files: [/b]\n    when: {\(when)}")
        #expect(sink.absent.isEmpty && sink.artifacts.isEmpty)
        #expect(sink.missing.map(\.why) == ["it needs root"])
        #expect(sink.missing.map(\.remedy) == ["run as root"])
    }

    @Test("What failed is told as missing, and asks for root where root would get it")
    func failedLook() throws {
        let error = SystemCallError(operation: "open", object: "/a", errno: .permissionDenied)
        let obstacle = Condition.doubt(whether: "/a/* exists", for: error)
        #expect(obstacle == "whether /a/* exists is not known: open /a: Permission denied")
        #expect(Condition.sayWhatIsMissing.contains(obstacle))
        let sink = MemorySink()
        try sink.tell(obstacle, of: "a")
        #expect(sink.missing.map(\.why) == [obstacle] && sink.absent.isEmpty)
        #expect(sink.missing.first?.remedy == nil)
    }

    private static func unknown(_ module: String) -> String {
        "module \(module) is not loaded, and whether it is built into the kernel is not known"
    }

    @Test(
        "Without a list of the built-in modules the options of the kernel tell what they can",
        arguments: [
            ("modules: [dm-mod, ext4, drivetemp]", nil),
            ("modules: [coretemp]", unknown("coretemp")),
            ("modules: [macsec]", "module macsec is not loaded"),
            ("modules: [xfs]", "module xfs is not loaded"),
            ("modules: [wireguard]", "module wireguard is not loaded"),
            ("modules: [zram]", nil), ("modules: [loop]", unknown("loop")),
            ("not: {modules: [dm_mod]}", "module dm_mod is loaded"),
            ("not: {modules: [coretemp]}", unknown("coretemp")),
            ("not: {not: {modules: [coretemp]}}", unknown("coretemp")),
            ("not: {modules: [macsec]}", nil), ("not: {modules: [coretemp, macsec]}", nil),
            (
                "not: {any: [{modules: [macsec]}, {modules: [coretemp]}]}",
                "module macsec is not loaded, and " + unknown("coretemp")
            ),
            ("any: [{modules: [coretemp]}, {modules: [ext4]}]", nil),
            (
                "not: {any: [{modules: [coretemp]}, {modules: [ext4]}]}",
                "module coretemp is loaded or module ext4 is loaded"
            ),
        ] as [(String, String?)])
    func options(when: String, text: String?) throws {
        let files = [
            "/proc/sys/kernel/osrelease": "6.1.0-x\n", "/sys/module/ext4/refcnt": "0\n",
            "/boot/config-6.1.0-x":
                "CONFIG_BLK_DEV_DM=y\nCONFIG_SENSORS_DRIVETEMP=y\nCONFIG_MACSEC=m\n"
                + "CONFIG_SENSORS_CORETEMP=y\nCONFIG_ZRAM=y\n# CONFIG_XFS_FS is not set\n",
        ]
        #expect(try obstacle(when, files: files) == text)
    }

    @Test(
        "Without the options, too, nobody knows what is built in; without a kernel nothing is",
        arguments: [
            ("modules: [dm_mod]", true, unknown("dm_mod")),
            ("not: {modules: [dm_mod]}", true, unknown("dm_mod")),
            ("modules: [dm_mod]", false, Condition.noKernel),
            ("not: {modules: [dm_mod]}", false, nil),
        ] as [(String, Bool, String?)])
    func noOptions(when: String, hasKernel: Bool, text: String?) throws {
        let files = hasKernel ? ["/proc/sys/kernel/osrelease": "6.1.0-x\n"] : ["/etc/x": ""]
        #expect(try obstacle(when, files: files) == text)
    }

    @Test(
        "A search that time did not suffice for leaves a condition open, and its opposite",
        arguments: [
            ("files: [\"/etc/*.conf\"]", Condition.outOfTime),
            ("not: {files: [\"/etc/*.conf\"]}", Condition.outOfTime),
            ("any: [{modules: [no]}, {files: [\"/etc/*.conf\"]}]", Condition.outOfTime),
            ("any: [{files: [\"/etc/*.conf\"]}, {files: [/etc/a.conf]}]", nil),
            ("not: {files: [\"/etc/*.conf\", /no]}", nil),
            ("running: [exampled]", Condition.outOfTime),
            ("not: {running: [exampled]}", Condition.outOfTime),
        ] as [(String, String?)])
    func cut(when: String, text: String?) throws {
        #expect(try obstacle(when, seconds: -1) == text)
    }

    @Test("What no time was left for is missing: a collector by its condition, and each item")
    func late() throws {
        let condition = "when: {files: [\"/etc/*\"]}"
        let whole = try declared("  - files: [/etc/hostname]", head: condition, seconds: 0)
        #expect(whole.missing.map(\.why) == [Condition.outOfTime])
        #expect(whole.absent.isEmpty && whole.artifacts.isEmpty)
        let items = try declared(
            "  - files: [\"/etc/*\"]\n  - listing: [\"/etc/*\"]\n    to: a\n"
                + "  - command: [echo]\n    to: b\n    \(condition)", seconds: 0)
        let why = "the time of the collector was used up before"
        #expect(items.missing.map(\.why) == [why, why, why])
        #expect(items.absent.isEmpty && items.artifacts.isEmpty)
    }

    @Test("A collector or an item whose condition does not hold is absent, with the obstacle")
    func absent() throws {
        let host = try DeclaredHost(["/a": ""])
        let whole = try host.collect("  - files: [/a]", head: "when: {files: [/no]}")
        #expect(whole.artifacts.isEmpty)
        #expect(whole.absent.map(\.what) == ["test"])
        let item = try host.collect("  - files: [/a]\n    when: {files: [/no]}")
        #expect(item.absent.map(\.why) == ["/no does not exist"])
    }

    @Test(
        "The init system of a root that does not run is told by its program",
        arguments: [
            ("/lib/systemd/systemd", [], Condition.InitSystem.systemd),
            ("/bin/busybox", [], .busybox), ("/bin/busybox", ["/sbin/openrc"], .openrc),
            ("/sbin/openrc-init", [], .openrc),
            // That of System V is a program of its own, and other ones are called so, too.
            (nil, ["/sbin/init", "/etc/inittab"], .sysvinit),
            (nil, ["/sbin/init", "/etc/inittab", "/sbin/openrc"], .openrc),
            (nil, ["/sbin/init"], nil),
            // What runs wins over what is installed.
            (nil, ["/sbin/init", "/etc/inittab", "/run/openrc/softlevel"], .openrc),
            ("/lib/systemd/systemd", ["/run/openrc/softlevel"], .openrc),
            (nil, ["/sbin/init", "/etc/inittab", "/run/systemd/system/x"], .systemd),
        ] as [(String?, [String], Condition.InitSystem?)])
    func offline(target: String?, files: [String], system: Condition.InitSystem?) throws {
        let paths = ["/sbin/x"] + files
        let host = try DeclaredHost(Dictionary(uniqueKeysWithValues: paths.map { ($0, "") }))
        if let target { try host.link("/sbin/init", to: target) }
        let traits = HostTraits(
            try RootedTree(FilePath(host.path)), until: .now.advanced(bySeconds: 9))
        #expect(traits.initSystem == system)
    }

    @Test("systemd manages the running host only when that was booted with it")
    func online() throws {
        let isBooted = (try? OwnedDescriptor.open("/run/systemd/system", .readOnly)) != nil
        let traits = HostTraits(try RootedTree("/"), until: .now.advanced(bySeconds: 9))
        #expect((traits.initSystem == .systemd) == isBooted)
    }

    @Test(
        "A version is its numbers", arguments: [("6.1.0-56-cloud", [6, 1, 0]), ("5", [5, 0, 0])])
    func version(text: String, numbers: [Int]) {
        #expect(KernelVersion(text)?.numbers == numbers)
        #expect(KernelVersion("x") == nil && KernelVersion("") == nil)
    }
}
