import DiagFormats
import DiagLiveDump
import Testing

@Suite("The symbols of a kernel")
struct CareDebugPackageTests {
    struct Case: Sendable {
        let release, osRelease, name, command, image: String

        init(
            _ release: String, _ osRelease: String, _ name: String, _ command: String,
            _ image: String
        ) {
            self.release = release
            self.osRelease = osRelease
            self.name = name
            self.command = command
            self.image = image
        }
    }

    static let cases: [Case] = [
        Case(
            "6.1.0-53-cloud-amd64", "ID=debian\n", "linux-image-6.1.0-53-cloud-amd64-dbg",
            "apt-get install linux-image-6.1.0-53-cloud-amd64-dbg",
            "/usr/lib/debug/boot/vmlinux-6.1.0-53-cloud-amd64"
        ),
        Case(
            "6.8.12-4-pve", "ID=debian\n", "proxmox-kernel-6.8.12-4-pve-dbgsym",
            "apt-get install proxmox-kernel-6.8.12-4-pve-dbgsym",
            "/usr/lib/debug/boot/vmlinux-6.8.12-4-pve"
        ),
        Case(
            "6.8.0-45-generic", "ID=ubuntu\nID_LIKE=debian\n",
            "linux-image-6.8.0-45-generic-dbgsym",
            "apt-get install linux-image-6.8.0-45-generic-dbgsym",
            "/usr/lib/debug/boot/vmlinux-6.8.0-45-generic"
        ),
        Case(
            "6.8.0-45-generic", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
            "linux-image-6.8.0-45-generic-dbgsym",
            "apt-get install linux-image-6.8.0-45-generic-dbgsym",
            "/usr/lib/debug/boot/vmlinux-6.8.0-45-generic"
        ),
        Case(
            "5.14.0-503.el9.x86_64+rt", "ID=\"rhel\"\nID_LIKE=\"fedora\"\n",
            "kernel-rt-debuginfo-5.14.0-503.el9.x86_64",
            "dnf --enablerepo='*debug*' install kernel-rt-debuginfo-5.14.0-503.el9.x86_64",
            "/usr/lib/debug/lib/modules/5.14.0-503.el9.x86_64+rt/vmlinux"
        ),
        Case(
            "6.11.4-301.fc41.x86_64", "ID=fedora\n",
            "kernel-debuginfo-6.11.4-301.fc41.x86_64",
            "dnf --enablerepo='*debug*' install kernel-debuginfo-6.11.4-301.fc41.x86_64",
            "/usr/lib/debug/lib/modules/6.11.4-301.fc41.x86_64/vmlinux"
        ),
        Case(
            "5.15.0-300.el9uek.x86_64", "ID=ol\nID_LIKE=fedora\n",
            "kernel-uek-debuginfo-5.15.0-300.el9uek.x86_64",
            "dnf --enablerepo='*debug*' install kernel-uek-debuginfo-5.15.0-300.el9uek.x86_64",
            "/usr/lib/debug/lib/modules/5.15.0-300.el9uek.x86_64/vmlinux"
        ),
        Case(
            "6.4.0-150600.23.25-default", "ID=sles\nID_LIKE=suse\n",
            "kernel-default-debuginfo",
            "zypper --plus-content debug install kernel-default-debuginfo",
            "/usr/lib/debug/usr/lib/modules/6.4.0-150600.23.25-default/vmlinux.debug"
        ),
    ]

    private func package(
        _ release: String, _ osRelease: String, buildId: String? = nil
    ) -> DebugPackage {
        .of(release: release, osRelease: OSRelease(parsing: osRelease), buildId: buildId)
    }

    @Test(
        "Each distribution's package, command and place of the kernel",
        arguments: cases)
    func packages(_ expected: Case) {
        let found = package(expected.release, expected.osRelease)
        #expect(found.name == expected.name)
        #expect(found.installCommand == expected.command)
        #expect(found.images.first == expected.image)
        #expect(found.fetchCommand == nil)
    }

    @Test("Without a package the symbol server is named")
    func none() {
        let buildId = "0123456789abcdef0123456789abcdef01234567"
        let arch = package("6.11.5-arch1-1", "ID=arch\n", buildId: buildId)
        #expect(arch.name == nil)
        #expect(arch.note?.hasPrefix("Arch Linux gives symbols by Build ID") == true)
        #expect(
            arch.fetchCommand
                == "DEBUGINFOD_URLS=https://debuginfod.archlinux.org/ debuginfod-find debuginfo "
                + buildId)
        let alpine = package("6.6.58-0-lts", "ID=alpine\n", buildId: buildId)
        #expect(alpine.note == "Alpine publishes no package with the kernel's symbols")
        #expect(alpine.fetchCommand == nil)
        let unknown = package("6.1.0", "", buildId: buildId)
        #expect(unknown.name == nil)
        #expect(unknown.fetchCommand?.contains("debuginfod.elfutils.org") == true)
        #expect(unknown.images == ["/usr/lib/debug/lib/modules/6.1.0/vmlinux"])
    }

    private static let dnf = "dnf --enablerepo='*debug*' install"

    struct Marked: Sendable {
        let release: String
        var version: String?
        var told: String?
        var name: String?
        var command: String?
    }

    @Test(
        "The distribution is told by release and version, and before these by the dump's own word",
        arguments: [
            Marked(
                release: "6.8.0-45-generic", version: "#45-Ubuntu SMP",
                name: "linux-image-6.8.0-45-generic-dbgsym",
                command: "apt-get install linux-image-6.8.0-45-generic-dbgsym"),
            Marked(
                release: "6.8.0-45-generic", told: "linux-image-6.8.0-45-generic-dbgsym",
                name: "linux-image-6.8.0-45-generic-dbgsym",
                command: "apt-get install linux-image-6.8.0-45-generic-dbgsym"),
            Marked(release: "6.8.0-45-generic"),
            Marked(
                release: "6.1.0-53-amd64", name: "linux-image-6.1.0-53-amd64-dbg",
                command: "apt-get install linux-image-6.1.0-53-amd64-dbg"),
            Marked(
                release: "6.8.12-4-pve", name: "proxmox-kernel-6.8.12-4-pve-dbgsym",
                command: "apt-get install proxmox-kernel-6.8.12-4-pve-dbgsym"),
            Marked(
                release: "6.11.4-301.fc41.x86_64", name: "kernel-debuginfo-6.11.4-301.fc41.x86_64",
                command: "\(dnf) kernel-debuginfo-6.11.4-301.fc41.x86_64"),
            Marked(
                release: "5.14.0-503.el9.x86_64", name: "kernel-debuginfo-5.14.0-503.el9.x86_64",
                command: "\(dnf) kernel-debuginfo-5.14.0-503.el9.x86_64"),
            Marked(
                release: "6.4.0-150600.23.25-default", name: "kernel-default-debuginfo",
                command: "zypper --plus-content debug install kernel-default-debuginfo"),
            Marked(release: "6.11.5-arch1-1"),
            Marked(release: "6.6.58-0-lts", version: "#1-Alpine SMP PREEMPT_DYNAMIC"),
            Marked(release: "6.1.0-1-amd64", told: "mine; rm -rf /", name: "mine; rm -rf /"),
        ])
    func marks(_ expected: Marked) {
        let found = DebugPackage.of(
            release: expected.release, version: expected.version, buildId: nil,
            named: expected.told)
        #expect(found.name == expected.name)
        #expect(found.installCommand == expected.command)
        if found.name == nil { #expect(found.note != nil) }
    }

    @Test("A release of RHEL's sources is not said to be RHEL's own")
    func rebuilt() {
        let marked = DebugPackage.of(
            release: "5.14.0-503.el9.x86_64", version: nil, buildId: nil)
        #expect(marked.note?.hasPrefix("on RHEL ") == true)
        #expect(package("5.14.0-503.el9.x86_64", "ID=rocky\nID_LIKE=\"rhel\"\n").note == nil)
        #expect(package("5.14.0-503.el9.x86_64", "ID=rhel\n").note?.hasPrefix("the ") == true)
    }

    @Test("Nothing but a plain release and build identifier comes into a command")
    func hostile() {
        for release in ["6.1; rm -rf /", "$(id)", "", "-x", "6.1\n", "6.1/../x"] {
            let found = package(release, "ID=debian\n", buildId: "abcdef$(id)abcdefabcdef")
            #expect(found.installCommand == nil)
            #expect(found.fetchCommand == nil)
            #expect(found.images == [])
        }
    }

    @Test("The commands that open a dump are quoted, and makedumpfile is left out for zstd")
    func open() {
        let found = package("6.1.0-1-amd64", "ID=debian\n")
        let image = "/usr/lib/debug/boot/vmlinux-6.1.0-1-amd64"
        #expect(
            found.openCommands(file: "LiveDump.kdump", format: .kdump, compression: .zstd)
                == ["crash \(image) LiveDump.kdump", "drgn -s \(image) -c LiveDump.kdump"])
        let partial = found.openCommands(
            file: "LiveDump.kdump", format: .kdump, compression: .zstd, isComplete: false)
        #expect(partial.first == "crash --zero_excluded \(image) LiveDump.kdump")
        #expect(
            found.openCommands(file: "it's $x", format: .kdump, compression: .zlib)
                == [
                    #"crash \#(image) 'it'\''s $x'"#, #"drgn -s \#(image) -c 'it'\''s $x'"#,
                    #"makedumpfile --dump-dmesg 'it'\''s $x' dmesg.txt"#,
                ])
        #expect(
            found.openCommands(file: "-x", format: .elf, compression: .none)[0]
                == "crash \(image) './-x'")
    }
}
