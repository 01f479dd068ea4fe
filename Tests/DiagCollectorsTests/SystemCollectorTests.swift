import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import SystemPackage
import Testing

struct SystemCollectorTests {
    /// A small virtual machine whose kernel has warned; all identifiers are invented.
    static let host: [String: TemporaryHost.Node] = [
        "/etc/os-release": .link("../usr/lib/os-release"),
        "/usr/lib/os-release": .text("NAME=\"Debian GNU/Linux\"\nID=debian\nbroken\n"),
        "/etc/machine-id": .text("0123456789abcdef0123456789abcdef\n"),
        "/etc/localtime": .link("/usr/share/zoneinfo/Europe/Berlin"),
        "/proc/sys/kernel/ostype": .text("Linux\n"),
        "/proc/sys/kernel/osrelease": .text("6.1.0-28-amd64\n"),
        "/proc/sys/kernel/version": .text("#1 SMP\n"),
        "/proc/sys/kernel/hostname": .text("web1\n"),
        "/proc/sys/kernel/domainname": .text("(none)\n"),
        "/proc/sys/kernel/tainted": .text("4608\n"),
        "/proc/sys/kernel/pid_max": .text("4194304\n"),
        "/proc/sys/kernel/threads-max": .text("15000\n"),
        "/proc/sys/kernel/random/boot_id": .text("00000000-1111-2222-3333-444444444444\n"),
        "/proc/sys/kernel/random/uuid": .text("changes\n"),
        "/proc/sys/fs/file-nr": .text("1056\t0\t9223372036854775807\n"),
        "/proc/sys/fs/inode-nr": .text("50000\t100\n"),
        "/proc/sys/fs/nr_open": .text("1048576\n"),
        "/proc/sys/fs/binfmt_misc/register": .fifo,
        "/proc/sys/net/ipv4/conf/eth0.5/rp_filter": .text("1\n"),
        "/proc/sys/net/ipv6/neigh/eth0/base_reachable_time": .text("30\n"),
        "/proc/sys/net/ipv6/neigh/eth0/base_reachable_time_ms": .text("30000\n"),
        "/proc/sys/net/ipv4/neigh/default/retrans_time": .text("100\n"),
        "/proc/sys/net/ipv4/neigh/default/retrans_time_ms": .text("1000\n"),
        "/proc/sys/net/ipv4/tcp_fastopen_key": .text("0-0-0-1\n"),
        "/proc/sys/net/ipv6/conf/all/stable_secret": .text("::1\n"),
        "/proc/sys/dev/cdrom/info": .text("CD-ROM information\n\ndrive name:\tsr0\n"),
        "/proc/version": .text("Linux version 6.1.0-28-amd64 (a@b) (gcc) #1 SMP\n"),
        "/proc/modules": .text(
            "ext4 1000000 1 - Live 0x0000000000000000\n"
                + "vbox 500000 2 - Live 0x0000000000000000 (O)\n"),
        "/proc/uptime": .text("3600.25 7000.00\n"),
        "/proc/stat": .text("cpu  1 2 3 4\nintr 5\nctxt 6\nbtime 1700000000\n"),
        "/proc/cpuinfo": .text(
            "processor\t: 0\nmodel name\t: Example CPU\nflags\t: fpu hypervisor\n"),
        "/proc/meminfo": .text("MemTotal: 2048 kB\nHugePages_Total: 1\n"),
        "/proc/loadavg": .text("0.10 0.20 0.30 1/99 1234\n"),
        "/proc/cmdline": .text("root=/dev/vda1 console=ttyS0 x.password=hunter2\n"),
        "/proc/pressure/cpu": .text("some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n"),
        "/proc/pressure/io": .text("nonsense\n"),
        "/sys/kernel/security/lockdown": .text("none [integrity] confidentiality\n"),
        "/sys/kernel/security/lsm": .text("lockdown,capability,apparmor\n"),
        "/sys/devices/system/clocksource/clocksource0/current_clocksource": .text("kvm-clock\n"),
        "/sys/devices/system/clocksource/clocksource0/available_clocksource": .text(
            "kvm-clock tsc\n"),
        "/sys/devices/system/cpu/online": .text("0\n"),
        "/sys/devices/system/cpu/present": .text("0\n"),
        "/sys/devices/system/cpu/possible": .text("0-3\n"),
        "/sys/devices/system/cpu/smt/active": .text("0\n"),
        "/sys/devices/system/cpu/vulnerabilities/meltdown": .text("Mitigation: PTI\n"),
        "/sys/class/dmi/id/sys_vendor": .text("QEMU\n"),
        "/sys/fs/cgroup/cgroup.controllers": .text("cpu io\n"),
    ]

    @Test("What it is and what it costs is declared")
    func descriptor() {
        let descriptor = SystemCollector().descriptor
        #expect(descriptor.name == "system" && descriptor.risk == .memoryOnly)
        #expect(descriptor.confinement == .inspector && descriptor.deadlineSeconds == 20)
        #expect(descriptor.byteBudget == 32 << 20)
    }

    @Test("Of a root that nothing runs from there are the users and groups, without passwords")
    func accounts() throws {
        var host = Self.host
        host["/etc/passwd"] = .text("root:x:0:0::/root:/bin/sh\nold:$6$hash:1:1:::\n+::::::\n")
        host["/etc/group"] = .text("wheel:$6$hash:10:old\n")
        let sink = try TemporaryHost(host).collect(SystemCollector())
        #expect(sink["users.txt"]?.text == "root:0:0::/root:/bin/sh\nold:1:1:::\n")
        #expect(sink["users.txt"]?.opening.privacy == .identity)
        #expect(sink["groups.txt"]?.text == "wheel:10:old\n")
        #expect(
            sink.messages.contains(
                .note(
                    .init(
                        text: "/etc/passwd: 1 line is left out, for it is not known where a"
                            + " password stands in it"))))
        #expect(!sink.artifacts.contains { $0.text.contains("$6$") })
        let none = try TemporaryHost(Self.host).collect(SystemCollector())
        #expect(none["users.txt"] == nil && none["groups.txt"] == nil)
    }

    @Test("system.json holds every fact, and no name of the host")
    func document() throws {
        let sink = try TemporaryHost(Self.host).collect(SystemCollector())
        #expect(
            try sink.json("system.json") == [
                "schema": "diagbundle.system/1",
                "osRelease": ["NAME": "Debian GNU/Linux", "ID": "debian"],
                "bootID": "00000000-1111-2222-3333-444444444444",
                "kernel": [
                    "name": "Linux", "release": "6.1.0-28-amd64", "version": "#1 SMP",
                    "build": "Linux version 6.1.0-28-amd64 (a@b) (gcc) #1 SMP",
                    "lockdown": "integrity",
                    "securityModules": ["lockdown", "capability", "apparmor"],
                    "taint": [
                        "mask": 4608,
                        "flags": [
                            [
                                "bit": 9, "letter": "W",
                                "meaning": "the kernel has issued a warning",
                            ],
                            [
                                "bit": 12, "letter": "O",
                                "meaning": "a module built outside the kernel tree was loaded",
                            ],
                        ],
                    ],
                ],
                "time": [
                    "bootTime": "2023-11-14T22:13:20.000000Z", "uptimeSeconds": .number(3600.25),
                    "timeZone": "Europe/Berlin", "clockSource": "kvm-clock",
                    "availableClockSources": ["kvm-clock", "tsc"],
                ],
                "processors": [
                    "online": "0", "present": "0", "possible": "0-3", "isMultithreaded": false,
                    "vulnerabilities": ["meltdown": "Mitigation: PTI"],
                    "list": [
                        "logicalCount": 1, "models": ["Example CPU"], "microcodeRevisions": [],
                        "bugs": [], "features": ["fpu", "hypervisor"],
                    ],
                ],
                "memory": [
                    "byteCounts": ["MemTotal": 2_097_152], "counts": ["HugePages_Total": 1],
                ],
                "load": [
                    "average1": .number(0.1), "average5": .number(0.2), "average15": .number(0.3),
                    "runningTasks": 1, "tasks": 99,
                ],
                "pressure": [
                    "cpu": [
                        "some": [
                            "average10": 1, "average60": 2, "average300": 3,
                            "totalMicroseconds": 4,
                        ]
                    ]
                ],
                "modules": [
                    [
                        "name": "ext4", "byteCount": 1_000_000, "referenceCount": 1, "usedBy": [],
                        "state": "Live", "taint": "",
                    ],
                    [
                        "name": "vbox", "byteCount": 500_000, "referenceCount": 2, "usedBy": [],
                        "state": "Live", "taint": "O",
                    ],
                ],
                "controlGroups": "v2",
                "limits": [
                    "pidMaximum": 4_194_304, "threadsMaximum": 15000, "filesAllocated": 1056,
                    "filesMaximum": 9_223_372_036_854_775_807, "inodesAllocated": 50000,
                    "inodesFree": 100, "openFilesPerProcessMaximum": 1_048_576,
                ],
                "virtualization": ["systemVendor": "QEMU", "hasHypervisorFlag": true],
            ])
        #expect(sink["system.json"]?.opening.privacy == .technical)
        #expect(sink["system.json"]?.text.contains("web1") == false)
    }

    @Test("What names the host is kept apart, and secrets of the command line are masked")
    func identity() throws {
        let sink = try TemporaryHost(Self.host).collect(SystemCollector())
        #expect(
            try sink.json("identity.json") == [
                "schema": "diagbundle.system-identity/1", "hostName": "web1",
                "domainName": "(none)", "machineID": "0123456789abcdef0123456789abcdef",
                "commandLine": [
                    "text": "root=/dev/vda1 console=ttyS0 x.password=[masked]", "maskedCount": 1,
                    "parameters": [
                        ["name": "root", "value": "/dev/vda1"],
                        ["name": "console", "value": "ttyS0"],
                        ["name": "x.password", "value": "[masked]"],
                    ],
                ],
            ])
        #expect(sink["identity.json"]?.opening.privacy == .identity)
        // The text itself is in boot/cmdline, once.
        #expect(sink["cmdline"] == nil)
        #expect(sink.artifacts.allSatisfy { !$0.text.contains("hunter2") })
    }

    @Test("sysctl.txt is sorted, without secrets and without what acts or warns when it is read")
    func sysctl() throws {
        let sink = try TemporaryHost(Self.host).collect(SystemCollector())
        #expect(
            sink["sysctl.txt"]?.text == """
                dev.cdrom.info = CD-ROM information
                dev.cdrom.info = 
                dev.cdrom.info = drive name:\tsr0
                fs.file-nr = 1056\t0\t9223372036854775807
                fs.inode-nr = 50000\t100
                fs.nr_open = 1048576
                kernel.domainname = (none)
                kernel.hostname = web1
                kernel.osrelease = 6.1.0-28-amd64
                kernel.ostype = Linux
                kernel.pid_max = 4194304
                kernel.random.boot_id = 00000000-1111-2222-3333-444444444444
                kernel.tainted = 4608
                kernel.threads-max = 15000
                kernel.version = #1 SMP
                net.ipv4.conf.eth0/5.rp_filter = 1
                net.ipv4.neigh.default.retrans_time_ms = 1000
                net.ipv6.neigh.eth0.base_reachable_time_ms = 30000

                """)
        #expect(sink["sysctl.txt"]?.opening.privacy == .identity)
    }

    @Test("A warning of the kernel is a finding with its line; a foreign module is none")
    func taint() throws {
        let sink = try TemporaryHost(Self.host).collect(SystemCollector())
        #expect(sink.findings.map(\.fault) == ["system.kernel.tainted"])
        #expect(sink.findings.map(\.object) == ["kernel taint W"])
        #expect(sink.findings.map(\.severity) == [.minor])
        #expect(
            sink.findings.first?.evidence == [
                .init(artifact: "system/sysctl.txt", line: 13),
                .init(artifact: "system/system.json"),
            ])
    }

    @Test("Every taint that tells of a fault is a finding, the grave ones major")
    func everyTaint() throws {
        var host = Self.host
        host["/proc/sys/kernel/tainted"] = .text("1048575\n")
        host["/proc/modules"] = .text("x 1 0 - Live 0x0 (POF)\n")
        let sink = try TemporaryHost(host).collect(SystemCollector())
        #expect(
            sink.findings.map { "\($0.object.suffix(1)) \($0.severity)" } == [
                "F notice", "S notice", "R notice", "M major", "B major", "D major", "W minor",
                "L major",
            ])
        #expect(
            sink.findings.first?.evidence.last == .init(artifact: "system/modules", line: 1))
    }

    @Test("Without /etc/os-release the vendor's copy is read; without both it is absent")
    func release() throws {
        var host = Self.host
        host["/etc/os-release"] = nil
        let vendor = try TemporaryHost(host).collect(SystemCollector())
        #expect(vendor["os-release"]?.opening.source == "/usr/lib/os-release")
        #expect(try vendor.json("system.json")?["osRelease"]?["ID"] == "debian")
        host["/usr/lib/os-release"] = nil
        let none = try TemporaryHost(host).collect(SystemCollector())
        #expect(none.absent.map(\.what).contains("/etc/os-release"))
        #expect(try none.json("system.json")?["osRelease"] == nil)
        #expect(try none.json("system.json")?["load"] != nil)
    }

    @Test("A kernel without modules says so")
    func withoutModules() throws {
        var host = Self.host
        host["/proc/modules"] = nil
        let sink = try TemporaryHost(host).collect(SystemCollector())
        #expect(sink.absent.map(\.what).contains("/proc/modules"))
        #expect(try sink.json("system.json")?["modules"] == nil)
        #expect(sink.findings.count == 1)
    }

    @Test("What is not a file, loops, or is not what it should be is missing")
    func hostile() throws {
        var host = Self.host
        host["/proc/meminfo"] = .fifo
        host["/proc/loadavg"] = .folder
        host["/proc/cpuinfo"] = .link("cpuinfo")
        host["/proc/uptime"] = .bytes([0xFF, 0x00, 0x0A])
        let sink = try TemporaryHost(host).collect(SystemCollector())
        #expect(
            Set(sink.missing.map(\.what)) == [
                "/proc/cpuinfo", "/proc/meminfo", "/proc/loadavg", "/proc/pressure/io",
            ])
        #expect(try sink.json("system.json")?["time"]?["uptimeSeconds"] == nil)
        #expect(sink["uptime"]?.bytes == [0xFF, 0x00, 0x0A])
    }

    @Test("A host without /sys gives what /proc says, and an empty root is no error")
    func withoutSys() throws {
        let host = try TemporaryHost(Self.host.filter { !$0.key.hasPrefix("/sys") })
        let sink = try host.collect(SystemCollector())
        #expect(try sink.json("system.json")?["controlGroups"] == nil)
        #expect(try sink.json("system.json")?["kernel"]?["release"] == "6.1.0-28-amd64")
        let empty = try TemporaryHost([:]).collect(SystemCollector())
        #expect(
            try empty.json("system.json") == [
                "schema": "diagbundle.system/1", "kernel": [:], "time": [:], "limits": [:],
                "processors": ["vulnerabilities": [:]], "virtualization": [:],
            ])
        #expect(empty.missing == [])
    }
}
