import DiagFormats
import DiagModel
import Testing

@testable import DiagCollectors

@Suite("What the boot loader starts by itself")
struct BootLoaderDefaultTests {
    private static let menu = """
        if [ "${next_entry}" ] ; then
           set default="${next_entry}"
        else
           set default="${saved_entry}"
        fi
        function savedefault {
          true
        }
        menuentry 'Debian' --class debian $menuentry_id_option 'simple' {
            linux /vmlinuz-6.1.0-28-amd64 root=/dev/mapper/vg-root ro quiet
            initrd /initrd.img-6.1.0-28-amd64
        }
        submenu 'Advanced' $menuentry_id_option 'advanced' {
            menuentry 'Debian, 27' $menuentry_id_option 'old' {
                linux /vmlinuz-6.1.0-27-amd64 root=/dev/sdz9 ro
                initrd /ucode.img /initrd.img-6.1.0-27-amd64
            }
        }

        """

    @Test("Entries are found by position, title and identifier, in submenus too")
    func menu() {
        let menu = GRUBMenu(parsing: Self.menu)
        #expect(menu.entries.map(\.title) == ["Debian", "Debian, 27"])
        #expect(menu.defaultEntry == "${saved_entry}")
        for (reference, index) in [
            ("0", 0), ("Debian", 0), ("simple", 0), ("1>0", 1), ("advanced>old", 1), ("1", 1),
            ("Advanced>Debian, 27", 1),
        ] {
            #expect(menu.index(of: reference) == index, "\(reference)")
        }
        #expect(menu.index(of: "2") == nil && menu.index(of: "old") == nil)
        #expect(menu.entries[1].initramfs == ["/ucode.img", "/initrd.img-6.1.0-27-amd64"])
        #expect(menu.entries[1].options == "root=/dev/sdz9 ro")
    }

    private func collect(_ saved: String) throws -> (JSONValue?, JSONValue?, [Finding]) {
        var host = BootHosts.efi
        host["/boot/grub/grub.cfg"] = .text(Self.menu)
        host["/boot/grub/grubenv"] = .text("# GRUB Environment Block\nsaved_entry=\(saved)\n####")
        let sink = try TemporaryHost(host).collect(BootCollector())
        return (
            try sink.json("loader.json"), try sink.json("kernels.json"),
            sink.findings.filter { $0.fault == "boot.command-line.other-root" }
        )
    }

    @Test("GRUB's saved entry is the default, and its kernel is marked")
    func saved() throws {
        let (loader, kernels, findings) = try collect("simple")
        #expect(loader?["defaults"]?["entry"]?["title"] == "Debian")
        #expect(
            loader?["difference"] == [
                "source": "/boot/grub/grub.cfg",
                "onlyRunning": ["crashkernel=512M", "rd.iscsi.password=[masked]"],
                "onlyDefault": ["quiet"], "runningRoot": "/dev/mapper/vg-root",
                "defaultRoot": "/dev/mapper/vg-root",
            ])
        guard case .array(let list)? = kernels?["kernels"] else { return }
        #expect(list.map { $0["isDefault"] } == [false, true])
        #expect(findings == [])
    }

    @Test("A default with another root file system is told")
    func otherRoot() throws {
        let (loader, _, findings) = try collect("advanced>old")
        #expect(loader?["defaults"]?["entry"]?["identifier"] == "old")
        #expect(findings.map(\.severity) == [.notice])
        #expect(findings.first?.object == "root=/dev/sdz9")
    }

    @Test("systemd-boot's pattern chooses the newest entry that fits")
    func systemdBoot() throws {
        let sink = try TemporaryHost([
            "/boot/loader/loader.conf": .text("timeout 3\ndefault debian-*\n"),
            "/boot/loader/entries/arch.conf": .text("title A\nlinux /arch\noptions ro\n"),
            "/boot/loader/entries/debian-6.9.conf": .text("title D9\nlinux /d9\noptions ro\n"),
            "/boot/loader/entries/debian-6.10.conf": .text("title D10\nlinux /d10\noptions ro\n"),
        ]).collect(BootCollector())
        let defaults = try sink.json("loader.json")?["defaults"]
        #expect(defaults?["systemdBootDefault"] == "debian-*" && defaults?["entryCount"] == 3)
        #expect(defaults?["entry"]?["title"] == "D10")
        #expect(defaults?["entry"]?["loader"] == "systemd-boot")
    }

    @Test("On s390 the default section of zipl.conf counts")
    func zipl() throws {
        let sink = try TemporaryHost([
            "/etc/zipl.conf": .text(
                """
                [defaultboot]
                default=linux
                [linux]
                \ttarget=/boot
                \timage=/boot/vmlinuz-6.4.0-150600-default
                \tramdisk=/boot/initrd-6.4.0-150600-default,0x2000000
                \tparameters="root=/dev/dasda1 crashkernel=163M"
                """),
            "/sys/firmware/ipl/ipl_type": .text("ccw\n"),
            "/boot/vmlinuz-6.4.0-150600-default": .text("k"),
            "/boot/initrd-6.4.0-150600-default": .text("i"),
            "/usr/lib/modules/6.4.0-150600-default/modules.dep": .text(""),
            "/proc/cmdline": .text("root=/dev/dasda1\n"),
        ]).collect(BootCollector())
        #expect(try sink.json("boot.json")?["firmware"] == "ipl")
        let loader = try sink.json("loader.json")
        #expect(
            loader?["defaults"]?["entry"] == [
                "loader": "zipl", "source": "/etc/zipl.conf", "identifier": "linux",
                "kernel": "/boot/vmlinuz-6.4.0-150600-default",
                "initramfs": ["/boot/initrd-6.4.0-150600-default"],
                "options": "root=/dev/dasda1 crashkernel=163M",
            ])
        #expect(loader?["difference"]?["onlyDefault"] == ["crashkernel=163M"])
        guard case .array(let kernels)? = try sink.json("kernels.json")?["kernels"] else { return }
        #expect(kernels.first?["isDefault"] == true)
    }

    @Test("A newer kernel of the same kind is told, one of another kind is not")
    func newer() throws {
        func faults(_ version: String) throws -> [String] {
            var host = BootHosts.efi
            host["/boot/vmlinuz-\(version)"] = .text("k")
            host["/boot/initrd.img-\(version)"] = .text("i")
            host["/usr/lib/modules/\(version)/modules.dep"] = .text("")
            return try TemporaryHost(host).collect(BootCollector()).findings.map(\.fault)
                .filter { $0 == "boot.kernel.newer-installed" }
        }
        #expect(try faults("6.1.0-31-amd64").count == 1)
        #expect(try faults("6.1.0-31-rt-amd64") == [] && faults("6.1.0-3-amd64") == [])
    }

    @Test("Patterns fit as in a shell")
    func patterns() {
        for (text, pattern, fits) in [
            ("abc", "a*", true), ("abc", "*c", true), ("abc", "a?c", true), ("abc", "abcd", false),
            ("", "*", true), ("aXbXc", "a*b*c", true), ("abc", "b*", false),
        ] {
            #expect(LoaderDefaults.matches(text, pattern: pattern) == fits)
        }
    }
}
