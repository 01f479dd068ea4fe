import DiagCollect
import DiagModel
import DiagSystem
import DiagYAML
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("The library of declared collectors")
struct LibraryTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Collectors")

    @Test("Every file of the folder is built in, sorted, and nothing else")
    func complete() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(BuiltInDeclarations.files.map(\.name) == names)
        for file in BuiltInDeclarations.files {
            let bytes = try Data(contentsOf: Self.folder.appendingPathComponent(file.name))
            #expect(Data(file.bytes) == bytes, "\(file.name)")
        }
    }

    @Test(
        "Every file is right, and declares the collector that it is named after",
        arguments: BuiltInDeclarations.files)
    func right(file: BuiltInDeclarations.File) throws {
        let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
        #expect("\(declaration.name).yaml" == file.name)
        #expect(declaration.risk < .media, "what changes state is not built in")
        #expect(declaration.profiles.isSuperset(of: [.default, .full]))
        #expect(BuiltInDeclarations.file(of: declaration.name) == file)
    }

    @Test("Every file keeps the published schema", arguments: BuiltInDeclarations.files)
    func schema(file: BuiltInDeclarations.File) throws {
        let document = try json(YAMLDocument.parse(file.bytes, named: file.name))
        #expect(PublishedSchema.collector.errors(in: document) == [])
    }

    @Test("What the reader refuses, the schema does, too")
    func schemaRefuses() throws {
        for (items, head) in [
            ("  - file: [/a]", ""), ("  - files: /a", ""), ("  - command: [ls]", ""),
            ("  - files: [/a]\n    when: {modul: [x]}", ""), ("  - files: [/a]", "nam: x"),
        ] {
            let text = yaml(items, head: head)
            let document = try json(YAMLDocument.parse(Array(text.utf8), named: "x"))
            #expect(PublishedSchema.collector.errors(in: document) != [], "\(items)")
        }
    }

    /// A node as an editor's YAML server takes it for JSON.
    private func json(_ node: YAMLNode) throws -> JSONValue {
        switch node.content {
        case .sequence(let nodes): return .array(try nodes.map(json))
        case .mapping(let mapping):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: try mapping.entries.map { ($0.key, try json($0.value)) }))
        case .scalar(let scalar):
            if !scalar.isQuoted {
                if let number = Int64(scalar.text) { return .integer(number) }
                if scalar.text.wholeMatch(of: /[0-9]+\.[0-9]+/) != nil,
                    let number = Double(scalar.text)
                {
                    return .number(number)
                }
                if let truth = Bool(scalar.text) { return .bool(truth) }
            }
            return .string(scalar.text)
        }
    }

    @Test("Every command of the library is one that was thought about, word by word")
    func harmless() throws {
        var used = Set<String>()
        for command in try Self.commands() {
            let form = Self.allowed[command.program]?.first { command.has($0) }
            #expect(form != nil, "\(command.place): add it to `allowed`, when it is harmless")
            used.insert("\(command.program) \(form ?? "")")
        }
        let known = Self.allowed.flatMap { program, forms in forms.map { "\(program) \($0)" } }
        #expect(used == Set(known))
    }

    @Test("A command for which the kernel may load a module runs only where that is loaded")
    func modules() throws {
        let commands = try Self.commands()
        var used = Set<String>()
        for command in commands {
            let rules = Self.loading.filter { "\(command.line) ".hasPrefix("\($0.command) ") }
            if command.isOfLoader {
                #expect(!rules.isEmpty, "\(command.place): add its modules to `loading`")
            }
            for rule in rules {
                used.insert(rule.command)
                let modules = command.condition.neededModules(unless: rule.kernel)
                #expect(modules.isSuperset(of: rule.modules), "\(command.place)")
            }
        }
        #expect(used == Set(Self.loading.map { $0.command }))
        // It makes a device file of its own where this driver is.
        let scan = try #require(commands.first { $0.line.hasPrefix("smartctl --scan ") })
        #expect(scan.condition.refusedModules == ["megaraid_sas"])
    }

    @Test("No command prints command lines or environments, but where it is withheld")
    func noArguments() throws {
        // systemd-run makes the command line the description of its unit.
        let secret: Set<Substring> = [
            "Description", "Environment", "ExecStart", "ExecStartEx", "StatusText",
            "args", "cmd", "command", "environ",
        ]
        for command in try Self.commands() where !command.holdsSecrets {
            let columns = command.arguments.flatMap { word -> [Substring] in
                if command.program == "ps" { return word.split(separator: ",") }
                guard word.hasPrefix("--property=") else { return [] }
                return word.dropFirst("--property=".count).split(separator: ",")
            }
            #expect(secret.isDisjoint(with: columns), "\(command.place)")
            let isShow = command.program == "systemctl" && command.arguments.contains("show")
            #expect(!isShow || !columns.isEmpty, "\(command.place): it would print all properties")
        }
    }

    @Test(
        "Users and groups come without the field of their hash, and without what has no fields",
        arguments: ["/etc/passwd", "/etc/group"])
    func noHashes(file: String) throws {
        let commands = try Self.commands()
        let command = try #require(
            commands.first { $0.program == "cut" && $0.arguments.last == file })
        let text = "root:$6$hash:0:0:root:/root:/bin/sh\n$6$hash\n+\nwheel:hash:10:root\nx::1:\n"
        let host = try DeclaredHost(["/file": text])
        let run = try CommandRun.run(
            "/usr/bin/cut", Array(command.arguments.dropLast()) + [host.path + "/file"],
            environment: [:], seconds: 60, limit: 4096)
        #expect(
            String(decoding: run.output, as: UTF8.self)
                == "root:0:0:root:/root:/bin/sh\nwheel:10:root\nx:1:\n")
    }

    @Test("Of zypp's history come packages alone, neither commands nor addresses nor user data")
    func zyppHistory() throws {
        let commands = try Self.commands()
        let command = try #require(commands.first { $0.program == "grep" })
        let text = """
            # 2026-01-01 00:00:00|install|said by a script|1|x86_64|secret
            2026-01-01 00:00:00|command|root@host|'zypper' 'ar' 'https://user:secret@host/'|
            2026-01-01 00:00:01|install|demo|1.0-1|x86_64|root@host|pool|0123|secret
            2026-01-01 00:00:02|remove |demo|1.0-1|x86_64|root@host|secret
            2026-01-01 00:00:03|remove |other|2.0-1|noarch||
            2026-01-01 00:00:04|radd   |pool|https://user:secret@host/|

            """
        let host = try DeclaredHost(["/file": text])
        let run = try CommandRun.run(
            "/usr/bin/grep", Array(command.arguments.dropLast()) + [host.path + "/file"],
            environment: [:], seconds: 60, limit: 4096)
        #expect(
            String(decoding: run.output, as: UTF8.self) == """
                2026-01-01 00:00:01|install|demo|1.0-1|x86_64|root@host
                2026-01-01 00:00:02|remove |demo|1.0-1|x86_64|root@host
                2026-01-01 00:00:03|remove |other|2.0-1|noarch|

                """)
    }

    /// Why each command of a program does not run on a host with these files.
    private func obstacles(
        of program: String, with files: [String: String]
    ) throws -> [(place: String, obstacle: String?)] {
        let host = try DeclaredHost(files)
        let traits = HostTraits(
            try RootedTree(FilePath(host.path)), until: .now.advanced(bySeconds: 60))
        return try Self.commands().filter { $0.program == program && $0.words != "--version" }
            .map { ($0.place, $0.condition.obstacle(on: traits)) }
    }

    @Test(
        "httpd is asked where Apache's modules are: that of BusyBox would start to serve",
        arguments: [
            ("/usr/lib64/httpd/modules/mod_mime.so", true),
            ("/usr/lib64/apache2-prefork/mod_mime.so", true),
            ("/usr/lib64/apache2/mod_mime.so", true), ("/usr/lib/apache2/mod_mime.so", true),
            ("/usr/lib/apache2/modules/mod_mime.so", false), ("/usr/sbin/httpd", false),
        ])
    func httpd(file: String, isAsked: Bool) throws {
        let commands = try obstacles(of: "httpd", with: ["/etc/apache2/httpd.conf": "", file: ""])
        #expect(commands.count == 2)
        for (place, obstacle) in commands { #expect((obstacle == nil) == isAsked, "\(place)") }
    }

    @Test(
        "A daemon that a socket would start is asked while both its pid file and its process are there",
        arguments: [
            ("docker", ["dockerd"]), ("multipathd", ["multipathd"]), ("virsh", ["libvirtd"]),
            ("virsh", ["virtqemud", "virtnetworkd", "virtstoraged", "virtnwfilterd"]),
        ])
    func running(program: String, daemons: [String]) throws {
        // multipathd answers root alone.
        guard HostFacts.effectiveUser == 0 || program != "multipathd" else { return }
        var (marks, processes) = ([String: String](), ["/proc/1/comm": "init\n"])
        for (number, daemon) in daemons.enumerated() {
            marks["/run/\(daemon == "dockerd" ? "docker" : daemon).pid"] = ""
            processes["/proc/\(7 + number)/comm"] = "\(daemon)\n"
            processes["/proc/\(7 + number)/status"] = "State:\tS (sleeping)\n"
        }
        let others = ["/proc/1/comm": "init\n", "/proc/7/comm": "\(daemons[0])x\n"]
        let cases = [
            ([marks], false), ([processes], false), ([marks, others], false),
            ([marks, processes], true),
        ]
        for (parts, isAsked) in cases {
            let files = parts.reduce(into: [:]) { $0.merge($1) { $1 } }
            let commands = try obstacles(of: program, with: files)
            #expect(!commands.isEmpty)
            for (place, obstacle) in commands {
                #expect((obstacle == nil) == isAsked, "\(place): \(files)")
            }
        }
    }

    @Test(
        "ntpq asks an ntpd that runs, not OpenNTPD's",
        arguments: [
            ([:], false), (["/run/ntpd.pid": "7\n"], false),
            (["/proc/7/comm": "ntpd\n", "/proc/7/status": "State:\tS (sleeping)\n"], true),
            (
                [
                    "/proc/7/comm": "ntpd\n", "/proc/7/status": "State:\tS (sleeping)\n",
                    "/run/ntpd.sock": "",
                ], false
            ),
        ])
    func ntpq(files: [String: String], isAsked: Bool) throws {
        let commands = try obstacles(
            of: "ntpq", with: files.merging(["/proc/1/comm": "init\n"]) { $1 })
        #expect(commands.count == 3)
        for (place, obstacle) in commands { #expect((obstacle == nil) == isAsked, "\(place)") }
    }

    /// A command of the library.
    private struct KnownCommand {
        let place: String
        let program: String
        let arguments: [String]
        /// What must hold, of its collector as well.
        let condition: Condition
        let holdsSecrets: Bool

        /// Its arguments without `decorations`, with one space between two.
        var words: String {
            let decorations = LibraryTests.decorations[program] ?? []
            return arguments.filter { word in
                !decorations.contains { $0.hasSuffix("=") ? word.hasPrefix($0) : word == $0 }
            }.joined(separator: " ")
        }

        /// The program and these words.
        var line: String { "\(program) \(words)" }

        /// Whether this is what one of `allowed` says.
        func has(_ form: String) -> Bool {
            guard form.hasSuffix("…") else { return words == form }
            let further = words.dropFirst(form.count - 1).split(separator: " ")
            return words.hasPrefix(form.dropLast()) && !further.contains { $0.hasPrefix("-") }
        }

        /// Whether it is of a program for which the kernel loads modules whatever it is asked.
        var isOfLoader: Bool {
            program == "ss" || LibraryTests.loading.contains { $0.command == program }
                || ["iptables", "ip6tables", "ebtables", "arptables"].contains {
                    program.hasPrefix($0)
                }
        }
    }

    private static func commands() throws -> [KnownCommand] {
        try BuiltInDeclarations.files.flatMap { file -> [KnownCommand] in
            let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
            return declaration.items.compactMap { item in
                guard case .command(let command) = item.source else { return nil }
                return KnownCommand(
                    place: "\(file.name): \(item.title)", program: command.arguments[0],
                    arguments: Array(command.arguments.dropFirst()),
                    condition: .all([declaration.condition, item.condition]),
                    holdsSecrets: item.holdsSecrets)
            }
        }
    }

    /// Words that change nothing but how much is printed, and how; those that end in `=` with a value.
    private static let decorations: [String: Set<String>] = [
        "ip": ["-4", "-6", "-json", "-details", "-statistics"],
        "bridge": ["-json", "-details", "-statistics"],
        "devlink": ["-j"],
        "nft": ["-j", "-n", "-a", "-t"],
        "lscpu": ["-J", "-a", "-e"],
        "lspci": ["-D", "-nn", "-k", "-t", "-v", "-vv"],
        "systemctl": ["--no-pager", "--all", "--full", "--property="],
    ]

    /// What each question to the containerd of k3s begins with.
    private static let k3s =
        "--address /run/k3s/containerd/containerd.sock --timeout 10s --connect-timeout 5s"

    /// What may follow each program; `…` for any further words but options.
    ///
    /// A new command is added here by whoever knows that it writes nothing, loads no module, starts no
    /// daemon, asks neither network nor directory of users, and prints no password.
    private static let allowed: [String: [String]] = [
        "aa-status": ["--json"], "apache2": ["-v", "-l"], "httpd": ["-v", "-l"], "nginx": ["-V"],
        "arptables-legacy": ["-n -v -L"],
        "auditctl": ["-s", "-l"], "ipset": ["save"], "nft": ["list ruleset"],
        "ausearch": [
            "--input-logs --raw -m avc,user_avc,selinux_err,user_selinux_err -ts today"
        ],
        "bridge": ["link show", "fdb show", "mdb show", "vlan show"],
        // Over the socket of its own end, which it makes in /run/chrony and removes.
        "chronyc": [
            "-n tracking", "-n activity", "-n sources", "-n sourcestats", "-n selectdata",
            "-n ntpdata", "-n authdata", "-n serverstats", "-n clients",
        ],
        "cloud-init": ["query v1", "status --long", "--version"],
        "conntrack": ["-S", "-L -o extended"], "crio": ["--version"],
        "ctr": [
            "--timeout 10s --connect-timeout 5s version",
            "--timeout 10s --connect-timeout 5s plugins list",
            "--timeout 10s --connect-timeout 5s namespaces list --quiet",
            "--timeout 10s --connect-timeout 5s --namespace k8s.io containers list",
            "--timeout 10s --connect-timeout 5s --namespace k8s.io tasks list",
            "--timeout 10s --connect-timeout 5s --namespace moby tasks list",
        ],
        "/var/lib/rancher/k3s/data/current/bin/ctr": [
            "\(k3s) version", "\(k3s) plugins list", "\(k3s) namespaces list --quiet",
            "\(k3s) --namespace k8s.io containers list", "\(k3s) --namespace k8s.io tasks list",
        ],
        "cut": ["-s -d: -f1,3- /etc/passwd", "-s -d: -f1,3- /etc/group"],
        "devlink": ["dev info", "port show", "health show", "dev param show"],
        "dmidecode": ["-t 0,1,2,3,4,5,6,7,8,9,10,12,…"],
        "dmsetup": [
            "info -c", "ls --tree -o ascii", "table", "status --noflush", "targets", "udevcookies",
        ],
        "dmstats": ["list", "print --allregions"],
        "docker": [
            "version --format {{json .}}", "info --format {\"ID\":…",
            "ps --all --no-trunc --format {\"ID\":…",
            "images --all --no-trunc --digests --format {\"ID\":…",
            "network ls --no-trunc --format {\"ID\":…", "volume ls --format {\"Name\":…",
        ],
        "dpkg": ["--audit"],
        "dpkg-query": ["--show --showformat=${binary:Package}…"],
        "ebtables-legacy": ["-t filter -L --Lc", "-t nat -L --Lc"],
        // Neither -d, -e and -m, which read registers and memory of the card, nor -t, which tests it.
        "ethtool": ["{name}", "-i {name}", "-k {name}", "-g {name}", "-S {name}"],
        "firewall-cmd": [
            "--get-active-zones", "--list-all-zones", "--permanent --list-all-zones",
            "--direct --get-all-rules",
        ],
        "flatpak": ["list --system --all --columns=ref,version,active,latest,origin,size,options"],
        "ip": [
            "address", "route show table all", "route show cache", "rule list", "neighbour show",
            "ntable show", "nexthop show", "maddress show", "mroute show table all",
            "netconf show", "vrf show", "netns list", "macsec show", "xfrm state list nokeys",
            "xfrm policy list",
        ],
        "grep": [
            "-a -o -E ^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[|](install|remove) *([|][^|]*){4} "
                + "/var/log/zypp/history"
        ],
        "ip6tables-legacy-save": ["-c"], "ip6tables-nft-save": ["-c"], "ip6tables-save": ["-c"],
        "ipmitool": ["mc info", "chassis status", "sel info", "-c sel list last 200", "sdr elist"],
        "iptables-legacy-save": ["-c"], "iptables-nft-save": ["-c"], "iptables-save": ["-c"],
        "kpatch": ["list"], "last": ["-F -w -x -n 1000"], "ldconfig": ["-p -N -X"],
        "loginctl": ["--no-pager list-sessions"],
        "lscpu": [""], "lspci": [""], "lsusb": ["", "-t"],
        "lsmem": ["-J -b -o RANGE,SIZE,STATE,REMOVABLE,ZONES,NODE,BLOCK"],
        "kubelet": ["--version"], "lvmconfig": ["--typeconfig diff"], "lvmlockctl": ["--info"],
        "mariadbd": ["--version"], "mysqld": ["--version"],
        "/usr/libexec/mariadbd": ["--version"], "/usr/libexec/mysqld": ["--version"],
        "mdadm": ["--detail --scan --verbose", "--detail /dev/{name}"],
        "multipathd": [
            "show config local", "show blacklist", "show daemon", "show status", "show maps json",
            "show topology", "show paths format %w %i %d %D %t %o %T %s", "show devices",
            "show maps stats",
        ],
        "networkctl": ["--no-pager --no-legend --all --full --lines=0 status"],
        "nmcli": ["general status", "connection show", "device show"],
        "ntpctl": ["-s all"],
        "ntpq": ["-n -p 127.0.0.1", "-n -c associations 127.0.0.1", "-n -c rv 127.0.0.1"],
        "nvme": [
            "version", "list --output-format=json --verbose", "list-subsys --output-format=json",
            "id-ctrl /dev/{name} --output-format=json", "id-ns /dev/{name} --output-format=json",
            "smart-log /dev/{name} --output-format=json",
        ],
        "pacman": ["-Q"], "pg_lsclusters": [""],
        "postgres": ["--version"],
        "podman": [
            "version --format json",
            "ps --all --no-trunc --format {{.ID}}\t{{.Names}}\t{{.Image}}\t{{.CreatedAt}}…",
            "pod ps --no-trunc --format {{.ID}}\t{{.Name}}\t{{.Status}}\t{{.Created}}…",
            "network ls --no-trunc", "volume ls",
        ],
        // Without mynetworks, which it may have to ask the DNS for.
        "postconf": [
            "mail_version compatibility_level myhostname mydomain myorigin mydestination "
                + "mynetworks_style inet_interfaces…"
        ],
        "ps": ["-eo pid,…", "-eLo pid,…", "-o pid,…", "-eo label,pid,…", "-ww -eo pid,…"],
        "ras-mc-ctl": ["--summary", "--errors"],
        "rc-status": ["--runlevel", "--crashed"],
        "resolvectl": ["--no-pager status", "--no-pager statistics"],
        "rpm": ["--nodigest --nosignature -qa --queryformat %{NAME}…"],
        "runlevel": [""],
        "sensors": ["-u"], "sestatus": ["-v -b"],
        "smartctl": ["--scan --json=c", "--version", "-n standby -a --json=c /dev/{name}"],
        "snap": ["list --all", "changes"],
        "ss": [
            "-t -a -n -p -e -m -i -o", "-u -a -n -p -e -m", "-w -a -n -p -e -m",
            "-x -a -n -p -e -m", "-0 -a -n -p -e -m", "-f netlink -a -n -p -e",
        ],
        // No `list-units` and no `status`: they print descriptions.
        "systemctl": [
            "list-jobs", "list-unit-files", "list-timers", "list-sockets", "list-dependencies",
            "show", "show *.timer", "--state=failed show *",
            "--state=stub,loaded,not-found,bad-setting,error,merged,masked show *",
        ],
        "systemd-analyze": ["--no-pager time", "--no-pager blame", "--no-pager critical-chain"],
        "systemd-delta": ["--no-pager --diff=false"], "systemd-detect-virt": [""],
        "tc": ["-json -statistics qdisc show"],
        "timedatectl": ["--no-pager show", "--no-pager show-timesync --all"],
        "udevadm": ["info --export-db"],
        "update-crypto-policies": ["--is-applied"],
        "virsh": [
            "--version", "-r -c qemu:///system nodeinfo", "-r -c qemu:///system nodememstats",
            "-r -c qemu:///system list --all --title",
            "-r -c qemu:///system domstats --list-active --nowait",
            "-r -c qemu:///system net-list --all", "-r -c qemu:///system pool-list --all",
            "-r -c qemu:///system nwfilter-list",
        ],
        "vmware-toolbox-cmd": [
            "-v", "timesync status", "device list", "stat raw text host",
            "stat raw text resources",
        ],
        "wg": ["show all"], "who": ["-a"],
        "xl": ["info", "list -v", "vcpu-list", "dmesg"],
    ]

    /// The modules that must be loaded before these commands run, or the kernel would load them;
    /// from a release on, it may not.
    private static let loading: [(command: String, modules: Set<String>, kernel: String?)] = [
        ("nft", ["nf_tables"], nil),
        ("iptables-nft-save", ["nf_tables", "nft_compat"], nil),
        ("ip6tables-nft-save", ["nf_tables", "nft_compat"], nil),
        ("iptables-legacy-save", ["ip_tables"], nil),
        ("ip6tables-legacy-save", ["ip6_tables"], nil),
        ("iptables-save", ["ip_tables"], nil),
        ("ip6tables-save", ["ip6_tables"], nil),
        ("ebtables-legacy -t filter", ["ebtables", "ebtable_filter"], nil),
        ("ebtables-legacy -t nat", ["ebtables", "ebtable_nat"], nil),
        ("arptables-legacy", ["arp_tables", "arptable_filter"], nil),
        ("ipset", ["ip_set"], nil),
        ("conntrack", ["nf_conntrack", "nf_conntrack_netlink"], nil),
        ("ss -t", ["inet_diag", "tcp_diag"], nil),
        ("ss -u", ["inet_diag", "udp_diag"], nil),
        ("ss -w", ["inet_diag", "raw_diag"], nil),
        ("ss -x", ["unix_diag"], nil),
        ("ss -0", ["af_packet_diag"], nil),
        ("ss -f netlink", ["netlink_diag"], nil),
        ("ip macsec", ["macsec"], nil),
        ("ip xfrm", ["xfrm_user"], nil),
        ("bridge mdb", ["bridge"], ">=6.4"),
        ("wg", ["wireguard"], nil),
        ("dmsetup", ["dm_mod"], nil),
        ("dmstats", ["dm_mod"], nil),
        ("lvmconfig", ["dm_mod"], nil),
        ("ipmitool", ["ipmi_devintf"], nil),
        ("vmware-toolbox-cmd", ["vsock", "vmw_vmci"], nil),
    ]

    @Test(
        "Every collector runs on this machine to its end, and sends no key or shadow file",
        arguments: BuiltInDeclarations.files)
    func runs(file: BuiltInDeclarations.File) throws {
        let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
        let sink = MemorySink()
        try DeclaredCollector(declaration, profile: .full).collect(
            in: CollectionContext(root: try RootedTree("/")), into: sink)
        for artifact in sink.artifacts {
            #expect(!artifact.opening.path.hasSuffix("shadow"))
            #expect(!artifact.text.contains("PRIVATE KEY-----"), "\(artifact.opening.path)")
            if artifact.opening.mediaType == "application/json", artifact.truncation == nil {
                #expect(
                    throws: Never.self, "\(artifact.opening.path)"
                ) { try JSONDocument.decode(JSONValue.self, from: artifact.bytes) }
            }
        }
        #expect(!sink.artifacts.isEmpty || !sink.absent.isEmpty)
    }
}

extension Condition {
    /// The modules that are loaded whenever it holds, but for kernels that compare as `kernel` says.
    fileprivate func neededModules(unless kernel: String?) -> Set<String> {
        switch self {
        case .module(let name): return [name]
        case .all(let parts):
            return parts.reduce(into: []) { $0.formUnion($1.neededModules(unless: kernel)) }
        case .any(let parts):
            let newer = kernel.flatMap { KernelVersion.Comparison($0) }.map(Condition.kernel)
            let choices = parts.filter { $0 != newer }.map { $0.neededModules(unless: kernel) }
            return choices.dropFirst().reduce(choices.first ?? []) { $0.intersection($1) }
        default: return []
        }
    }

    /// The modules that are not loaded whenever it holds.
    fileprivate var refusedModules: Set<String> {
        switch self {
        case .not(.module(let name)): [name]
        case .all(let parts): parts.reduce(into: []) { $0.formUnion($1.refusedModules) }
        default: []
        }
    }
}

extension BuiltInDeclarations.File: CustomTestStringConvertible {
    /// Its name, for a list of tests.
    public var testDescription: String { name }
}
