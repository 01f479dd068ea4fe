import DiagCollect
import DiagModel
import DiagSystem
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
        "/etc/a.conf": "", "/proc/7/comm": "exampled\n",
        "/proc/7/status": "Name:\texampled\nState:\tR (running)\n",
        "/proc/8/comm": "systemd-resolve\n",
        "/proc/8/status": "Name:\tsystemd-resolve\nState:\tS (sleeping)\nNSpid:\t8\n",
        "/proc/9/comm": "contained\n", "/proc/9/status": "State:\tS (sleeping)\nNSpid:\t9\t1\n",
        "/proc/10/comm": "ended\n", "/proc/10/status": "State:\tZ (zombie)\nNSpid:\t10\n",
        "/proc/self-made/comm": "no process\n",
    ]

    private func obstacle(
        _ when: String, files: [String: String] = ConditionTests.files, seconds: Double = 60
    ) throws -> String? {
        let host = try DeclaredHost(files)
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

    private static func unknown(_ module: String) -> String {
        "module \(module) is not loaded, and whether it is built into the kernel is not known"
    }

    @Test(
        "Without a list of the built-in modules the options of the kernel tell what they can",
        arguments: [
            ("modules: [dm-mod, ext4]", nil), ("modules: [drivetemp]", unknown("drivetemp")),
            ("modules: [macsec]", "module macsec is not loaded"),
            ("not: {modules: [dm_mod]}", "module dm_mod is loaded"),
            ("not: {modules: [drivetemp]}", unknown("drivetemp")),
            ("not: {not: {modules: [drivetemp]}}", unknown("drivetemp")),
            ("not: {modules: [macsec]}", nil), ("not: {modules: [drivetemp, macsec]}", nil),
            (
                "not: {any: [{modules: [macsec]}, {modules: [drivetemp]}]}",
                "module macsec is not loaded, and " + unknown("drivetemp")
            ),
            ("any: [{modules: [drivetemp]}, {modules: [ext4]}]", nil),
            (
                "not: {any: [{modules: [drivetemp]}, {modules: [ext4]}]}",
                "module drivetemp is loaded or module ext4 is loaded"
            ),
        ] as [(String, String?)])
    func options(when: String, text: String?) throws {
        let files = [
            "/proc/sys/kernel/osrelease": "6.1.0-x\n", "/sys/module/ext4/refcnt": "0\n",
            "/boot/config-6.1.0-x":
                "CONFIG_DM_MOD=y\nCONFIG_SENSORS_DRIVETEMP=y\nCONFIG_MACSEC=m\n",
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
            ("running: [exampled]", "whether exampled runs is not known"),
            ("not: {running: [exampled]}", "whether exampled runs is not known"),
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
            ("/lib/systemd/systemd", Condition.InitSystem.systemd), ("/bin/busybox", .busybox),
        ])
    func offline(target: String, system: Condition.InitSystem) throws {
        let host = try DeclaredHost(["/sbin/x": ""])
        try host.link("/sbin/init", to: target)
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
