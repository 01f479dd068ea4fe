import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import Glibc
import SystemPackage
import Testing

struct BootCollectorTests {
    @Test("What it is and what it costs is declared")
    func descriptor() {
        let descriptor = BootCollector().descriptor
        #expect(descriptor.name == "boot" && descriptor.risk == .mayBlock)
        #expect(descriptor.confinement == .parser && descriptor.deadlineSeconds == 30)
    }

    @Test("The stack of an EFI host leads from the file systems to the disk")
    func stack() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        #expect(
            sink["root-stack.txt"]?.text == """
                /: ext4 from /dev/mapper/vg-root
                  logical volume vg-root, 47.6 GiB
                    crypt crypt, 905.5 GiB
                      partition nvme0n1p3, 905.9 GiB
                        disk nvme0n1, 953.8 GiB, EXAMPLE SSD 1TB
                  single points of failure: disk nvme0n1
                /usr: a folder of /
                /boot: ext4 from /dev/nvme0n1p2
                  partition nvme0n1p2, 1.0 GiB
                    disk nvme0n1, 953.8 GiB, EXAMPLE SSD 1TB
                  single points of failure: disk nvme0n1
                /boot/efi: vfat from /dev/nvme0n1p1
                  partition nvme0n1p1, 512.0 MiB
                    disk nvme0n1, 953.8 GiB, EXAMPLE SSD 1TB
                  single points of failure: disk nvme0n1
                /efi: behind an automount point, not opened

                """)
        let document = try #require(try sink.json("root-stack.json"))
        guard case .array(let devices) = document["devices"] else {
            Issue.record("no devices")
            return
        }
        #expect(
            devices.first == [
                "name": "dm-0", "number": "253:0", "kind": "crypt", "byteCount": 972_288_000_000,
                "isReadOnly": false, "mapName": "crypt",
                "mapUUID": "CRYPT-LUKS2-00000000000000000000000000000001-crypt",
                "standsOn": ["nvme0n1p3"],
            ])
        #expect(devices.count == 6)
        #expect(
            devices.last == [
                "name": "nvme0n1p3", "number": "259:3", "kind": "partition",
                "byteCount": 972_800_000_000, "isReadOnly": false, "partitionNumber": 3,
                "standsOn": ["nvme0n1"],
            ])
    }

    @Test("The firmware's variables are decoded whole, and their bytes are kept")
    func firmware() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        #expect(try sink.json("efi.json") == JSONValue.parsing(Self.efi))
        #expect(
            sink["efi-boot.txt"]?.text == """
                BootCurrent: 0001
                Timeout: 5 seconds
                BootOrder: 0001,0003,0007
                Boot0000* UiApp\tFv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)
                Boot0001* debian\tHD(1,GPT,11223344-5566-7788-99aa-bbccddeeff00,0x800,0x100000)/\\EFI\\debian\\shimx64.efi\t[not known: the identifiers of this host's partitions are not known]
                Boot0003* PXE\tPciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,0x1)/IPv4(0.0.0.0,0x0,DHCP,0.0.0.0,0.0.0.0,0.0.0.0)

                """)
        #expect(
            sink["efi/BootOrder.bin"]?.bytes == [7, 0, 0, 0, 1, 0, 3, 0, 7, 0])
        #expect(sink["efi/BootOrder.bin"]?.opening.privacy == .identity)
        #expect(sink.artifacts.allSatisfy { !$0.opening.path.contains("Token") })
    }

    @Test("Kernels are put together with their parts")
    func kernels() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        #expect(
            try BootHosts.withoutFiles(sink.json("kernels.json")) == [
                "schema": "diagbundle.kernels/1", "running": "6.1.0-28-amd64",
                "isRunningModular": true, "runningConfiguration": "boot/kernel-config.txt",
                "unifiedImages": ["/boot/efi/EFI/Linux/debian.efi"],
                "kernels": [
                    [
                        "version": "6.1.0-27-amd64", "isRunning": false,
                        "image": "/boot/vmlinuz-6.1.0-27-amd64",
                        "modulesDirectory": "/usr/lib/modules/6.1.0-27-amd64",
                        "hasModulesIndex": true,
                    ],
                    [
                        "version": "6.1.0-28-amd64", "isRunning": true,
                        "image": "/boot/vmlinuz-6.1.0-28-amd64",
                        "initramfs": "/boot/initrd.img-6.1.0-28-amd64",
                        "configuration": "/boot/config-6.1.0-28-amd64",
                        "systemMap": "/boot/System.map-6.1.0-28-amd64",
                        "modulesDirectory": "/usr/lib/modules/6.1.0-28-amd64",
                        "hasModulesIndex": true,
                    ],
                ],
            ])
        #expect(sink["kernel-config.txt"]?.text == "CONFIG_X=y\n")
        let listing = try #require(sink["boot-listing.txt"]?.text)
        #expect(
            listing.contains(
                "regular 0644 6 2023-11-14T22:13:20.000000Z /boot/vmlinuz-6.1.0-28-amd64\n"))
        #expect(!listing.contains("must-not-be-opened"))
    }

    @Test("boot.json tells how the host was started, without its secrets")
    func document() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        #expect(try sink.json("boot.json") == JSONValue.parsing(Self.boot))
        #expect(try sink.json("loader.json") == JSONValue.parsing(Self.loader))
        #expect(
            sink["loader/boot/grub/grub.cfg"]?.text
                == "set superusers=root\npassword_pbkdf2 [masked]\n")
        for artifact in sink.artifacts {
            #expect(!artifact.text.contains("hunter2") && !artifact.text.contains("pbkdf2.sha"))
        }
        #expect(
            try sink.json("dmi.json") == [
                "schema": "diagbundle.dmi/1",
                "fields": ["bios_version": "1.2.3", "sys_vendor": "Example Inc."],
            ])
        #expect(
            try sink.json("dmi-identity.json") == [
                "schema": "diagbundle.dmi-identity/1", "fields": ["product_serial": "SERIAL-0001"],
            ])
        #expect(sink["dmi-identity.json"]?.opening.privacy == .identity)
    }

    @Test("What cannot be read as a file, and what must not be opened, is missing")
    func missing() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        #expect(
            sink.missing.map(\.what) == ["/boot/grub/custom.cfg", "/efi"], "\(sink.missing)")
    }

    @Test("A dangling boot order, a kernel without initramfs and no crash memory are found")
    func findings() throws {
        let sink = try TemporaryHost(BootHosts.efi).collect(BootCollector())
        #expect(
            sink.findings.map(\.fault) == [
                "boot.crash-kernel.not-reserved", "boot.efi.dangling-order",
                "boot.kernel.initramfs-missing",
            ])
        #expect(
            sink.findings.map(\.object) == ["crashkernel=512M", "Boot0007", "6.1.0-27-amd64"])
        #expect(sink.findings.map(\.severity) == [.minor, .minor, .major])
        #expect(sink.findings[1].evidence == [.init(artifact: "boot/efi-boot.txt", line: 3)])
        let evidence = try #require(sink.findings.last?.evidence.first)
        let lines = try #require(sink["boot-listing.txt"]?.text).split(separator: "\n")
        let line = try #require(evidence.line)
        #expect(lines[line - 1].hasSuffix("/boot/vmlinuz-6.1.0-27-amd64"))
    }

    @Test("A BIOS host is told as such; its own mounts and its loop of links are told too")
    func bios() throws {
        let sink = try TemporaryHost(BootHosts.bios).collect(BootCollector())
        #expect(try sink.json("boot.json")?["firmware"] == "bios")
        #expect(sink["efi.json"] == nil)
        #expect(sink.absent.map(\.what).contains("/sys/firmware/efi"))
        #expect(
            sink["root-stack.txt"]?.text == """
                /: ext4 from /dev/sda1, read-only
                  partition sda1, 19.9 GiB
                    disk sda, 20.0 GiB, QEMU HARDDISK
                  single points of failure: disk sda, controller 0000:00:05.0
                /usr: absent
                /boot: a folder of /
                /boot/efi: absent
                /efi: absent

                """)
        #expect(sink.missing.map(\.what) == ["/boot/grub/grub.cfg"])
        #expect(
            sink.findings.map(\.fault) == [
                "boot.crash-kernel.not-loaded", "boot.kernel.modules-missing",
            ])
        #expect(
            sink.messages.contains {
                if case .note(let note) = $0 {
                    note.text.contains("/proc/1/mountinfo cannot be read")
                } else {
                    false
                }
            })
    }

    @Test("A host without /sys gives what the rest says")
    func withoutSys() throws {
        let host = try TemporaryHost(BootHosts.efi.filter { !$0.key.hasPrefix("/sys") })
        let sink = try host.collect(BootCollector())
        #expect(try sink.json("boot.json")?["firmware"] == "unknown")
        #expect(sink["efi.json"] == nil && sink["dmi.json"] == nil)
        #expect(
            sink["root-stack.txt"]?.text.hasPrefix(
                "/: ext4 from /dev/mapper/vg-root\n  /sys/dev/block/253:1 does not exist\n") == true
        )
        #expect(try sink.json("kernels.json")?["running"] == "6.1.0-28-amd64")
    }

    @Test("A kernel without modules, and a container, have no finding of modules")
    func withoutModules() throws {
        var host = BootHosts.bios
        host["/proc/modules"] = nil
        let monolithic = try TemporaryHost(host).collect(BootCollector())
        #expect(try monolithic.json("kernels.json")?["isRunningModular"] == false)
        #expect(monolithic.findings.map(\.fault) == ["boot.crash-kernel.not-loaded"])
        host = BootHosts.bios
        host["/run/systemd/container"] = .text("lxc\n")
        let container = try TemporaryHost(host).collect(BootCollector())
        #expect(container.findings.map(\.fault) == ["boot.crash-kernel.not-loaded"])
    }

    @Test("Kernels of Arch, SUSE and the Boot Loader Specification are put together too")
    func layouts() throws {
        let host = try TemporaryHost([
            "/usr/lib/modules/6.12.1-arch1-1/pkgbase": .text("linux\n"),
            "/usr/lib/modules/6.12.1-arch1-1/modules.dep": .text(""),
            "/boot/vmlinuz-linux": .text("k"),
            "/boot/initramfs-linux.img": .text("i"),
            "/boot/initramfs-linux-fallback.img": .text("i"),
            "/usr/lib/modules/6.4.0-default/vmlinuz": .text("k"),
            "/boot/vmlinuz-6.4.0-default": .link("../usr/lib/modules/6.4.0-default/vmlinuz"),
            "/boot/initrd-6.4.0-default": .text("i"),
            "/boot/initrd-6.4.0-default-kdump": .text("i"),
            "/boot/vmlinux-6.4.0-default.gz": .text("k"),
            "/usr/lib/modules/6.10.0/modules.dep": .text(""),
            "/boot/0123456789abcdef0123456789abcdef/6.10.0/linux": .text("k"),
            "/boot/0123456789abcdef0123456789abcdef/6.10.0/initrd": .text("i"),
            "/boot/loader/entries/a.conf": .text("title A\nlinux /l\noptions x.password=p ro\n"),
        ])
        let sink = try host.collect(BootCollector())
        #expect(
            try BootHosts.withoutFiles(sink.json("kernels.json"))?["kernels"] == [
                [
                    "version": "6.4.0-default", "isRunning": false,
                    "image": "/boot/vmlinuz-6.4.0-default",
                    "initramfs": "/boot/initrd-6.4.0-default",
                    "crashInitramfs": "/boot/initrd-6.4.0-default-kdump",
                    "modulesDirectory": "/usr/lib/modules/6.4.0-default",
                    "hasModulesIndex": false,
                ],
                [
                    "version": "6.10.0", "isRunning": false,
                    "image": "/boot/0123456789abcdef0123456789abcdef/6.10.0/linux",
                    "initramfs": "/boot/0123456789abcdef0123456789abcdef/6.10.0/initrd",
                    "modulesDirectory": "/usr/lib/modules/6.10.0", "hasModulesIndex": true,
                ],
                [
                    "version": "6.12.1-arch1-1", "isRunning": false,
                    "image": "/boot/vmlinuz-linux", "initramfs": "/boot/initramfs-linux.img",
                    "fallbackInitramfs": "/boot/initramfs-linux-fallback.img",
                    "modulesDirectory": "/usr/lib/modules/6.12.1-arch1-1",
                    "hasModulesIndex": true,
                ],
            ])
        #expect(
            try sink.json("loader.json")?["entries"] == [
                [
                    "path": "/boot/loader/entries/a.conf",
                    "entry": [
                        "title": "A", "linux": "/l", "initrds": [],
                        "options": "x.password=[masked] ro",
                    ],
                ]
            ])
        #expect(sink.findings == [])
    }

    @Test("An automount point at /boot is left alone, and what lies below it is not read")
    func closedBoot() throws {
        let host = try TemporaryHost([
            "/proc/1/mountinfo": .text("22 1 0:40 / /boot rw - autofs systemd-1 rw\n"),
            "/proc/sys/kernel/osrelease": .text("6.1.0\n"),
            "/boot/config-6.1.0": .text("CONFIG_X=y\n"),
            "/boot/grub/grub.cfg": .text("set x=y\n"),
            "/boot/efi/EFI/debian/grub.cfg": .text("set x=y\n"),
        ])
        let sink = try host.collect(BootCollector())
        #expect(sink["kernel-config.txt"] == nil)
        #expect(try sink.json("loader.json")?["files"] == [])
        #expect(sink["boot-listing.txt"]?.bytes == [])
        #expect(sink.missing.map(\.what) == ["/boot"])
        #expect(
            sink["root-stack.txt"]?.text == """
                /: a folder of ?
                /usr: absent
                /boot: behind an automount point, not opened
                /boot/efi: behind an automount point, not opened
                /efi: absent

                """)
    }

    @Test("More variables than are read are told, and do not count as dangling")
    func manyVariables() throws {
        let numbers = (0..<200).map { String($0 + 0x1000, radix: 16, uppercase: true) }
        let order = (0..<200).map { String($0 + 0x10000, radix: 16).suffix(2) + "10" }.joined()
        let host = try TemporaryHost(
            numbers.reduce(into: BootHosts.variable("BootOrder", "07000000" + order)) {
                $0.merge(BootHosts.variable("Boot\($1)", "07000000 01000000 0000 61000000")) { $1 }
            })
        let sink = try host.collect(BootCollector())
        guard case .array(let entries) = try sink.json("efi.json")?["entries"] else {
            Issue.record("no entries")
            return
        }
        #expect(entries.count == 127)
        #expect(entries.last?["number"] == "107E")
        #expect(sink.missing.map(\.what) == ["73 EFI variables"])
        #expect(sink.findings == [])
    }

    @Test("An ordinary user is told what root would get", .enabled(if: geteuid() != 0))
    func refused() throws {
        let host = try TemporaryHost(BootHosts.efi)
        let serial = "/sys/class/dmi/id/product_serial"
        #expect(chmod(host.path + serial, 0) == 0)
        let lack = try host.collect(BootCollector()).missing.first { $0.what == serial }
        #expect(lack?.remedy == "run as root, or with CAP_DAC_READ_SEARCH")
    }

    @Test("An empty root is no error")
    func empty() throws {
        let sink = try TemporaryHost([:]).collect(BootCollector())
        #expect(
            try sink.json("boot.json") == [
                "schema": "diagbundle.boot/1", "firmware": "unknown",
                "crashKernel": ["requested": []],
            ])
        #expect(
            try sink.json("loader.json") == [
                "schema": "diagbundle.loader/1", "files": [], "entries": [], "environments": [:],
            ])
        #expect(sink.missing == [] && sink.findings == [])
    }

    @Test("A btrfs over two disks leads to both")
    func btrfs() throws {
        let uuid = "00000000-0000-0000-0000-00000000000b"
        let host = try TemporaryHost(
            BootHosts.merged(
                BootHosts.disk(
                    "vda", number: "254:0", sectors: 8, folder: "virtio0/block", partitions: [],
                    model: "A"),
                BootHosts.disk(
                    "vdb", number: "254:16", sectors: 8, folder: "virtio1/block", partitions: [],
                    model: "B"),
                [
                    "/sys/fs/btrfs/\(uuid)/devices/vda": .folder,
                    "/sys/fs/btrfs/\(uuid)/devices/vdb": .folder,
                    "/dev/disk/by-uuid/\(uuid)": .link("../../vda"),
                    "/proc/1/mountinfo": .text(
                        "22 1 0:30 /@ / rw - btrfs /dev/disk/by-uuid/\(uuid) rw,subvol=/@\n"),
                ]))
        let sink = try host.collect(BootCollector())
        #expect(
            sink["root-stack.txt"]?.text.hasPrefix(
                "/: btrfs from /dev/disk/by-uuid/\(uuid)\n  disk vda, 4.0 KiB, A\n"
                    + "  disk vdb, 4.0 KiB, B\n") == true)
    }

    @Test("Devices that stand on each other in a circle end the walk")
    func circle() throws {
        let host = try TemporaryHost(
            BootHosts.merged(
                BootHosts.mapped(
                    "dm-0", number: "253:0", sectors: 8, mapName: "a", uuid: "x",
                    over: [("dm-1", "virtual/block/dm-1")]),
                BootHosts.mapped(
                    "dm-1", number: "253:1", sectors: 8, mapName: "b", uuid: "y",
                    over: [("dm-0", "virtual/block/dm-0")]),
                ["/proc/1/mountinfo": .text("22 1 253:0 / / rw - ext4 /dev/dm-0 rw\n")]))
        let text = try #require(try host.collect(BootCollector())["root-stack.txt"]?.text)
        #expect(text.split(separator: "\n").count < 64)
        #expect(text.hasPrefix("/: ext4 from /dev/dm-0\n  mapped device a, 4.0 KiB\n"))
    }

    @Test("Damaged variables are told one by one, and the others are read")
    func damaged() throws {
        let host = try TemporaryHost(
            BootHosts.merged(
                ["/sys/firmware/efi/fw_platform_size": .text("32")],
                BootHosts.variable("BootOrder", "07000000 010002"),
                BootHosts.variable("Boot0001", "07000000 0100"),
                BootHosts.variable("Boot0002", "07"),
                BootHosts.variable("BootNext", "07000000 0500")))
        let sink = try host.collect(BootCollector())
        let prefix = "/sys/firmware/efi/efivars/"
        #expect(
            sink.missing.map(\.what) == ["BootOrder", "\(prefix)Boot0002-\(BootHosts.vendor)"])
        #expect(
            try sink.json("efi.json") == [
                "schema": "diagbundle.efi/1", "platformBits": 32, "variableCount": 4,
                "bootNext": "0005", "databases": [:], "loader": [:],
                "entries": [
                    [
                        "number": "0001", "paths": [],
                        "fault": "Attributes needs 4 bytes at offset 0, where the data ends",
                    ]
                ],
            ])
        #expect(sink.findings.map(\.fault) == ["boot.efi.dangling-next"])
    }

    static let efi = """
        {"schema": "diagbundle.efi/1", "platformBits": 64, "variableCount": 11,
         "bootCurrent": "0001", "bootOrder": ["0001", "0003", "0007"], "timeoutSeconds": 5,
         "isSecureBootOn": true, "isInSetupMode": false, "loader": {"LoaderInfo": ["sd1"]},
         "entries": [
          {"number": "0000", "description": "UiApp", "isActive": true, "isHidden": true,
           "category": 1, "attributes": 265, "optionalDataByteCount": 0,
           "paths": ["Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)"]},
          {"number": "0001", "description": "debian", "isActive": true, "isHidden": false,
           "category": 0, "attributes": 1, "optionalDataByteCount": 0,
           "target": {"state": "unknown",
            "why": "the identifiers of this host's partitions are not known"},
           "file": "\\\\EFI\\\\debian\\\\shimx64.efi",
           "partition": {"number": 1, "firstBlock": 2048, "blockCount": 1048576, "format": "GPT",
            "signature": "11223344-5566-7788-99aa-bbccddeeff00"},
           "paths": ["HD(1,GPT,11223344-5566-7788-99aa-bbccddeeff00,0x800,0x100000)/\\\\EFI\\\\debian\\\\shimx64.efi"]},
          {"number": "0003", "description": "PXE", "isActive": true, "isHidden": false,
           "category": 0, "attributes": 1, "optionalDataByteCount": 16,
           "paths": ["PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,0x1)/IPv4(0.0.0.0,0x0,DHCP,0.0.0.0,0.0.0.0,0.0.0.0)"]}
         ],
         "databases": {"db": {"byteCount": 76, "signatureCount": 1,
          "sha256": "50839f890a840e35a8cd7bf10b3f35e3e40b92473815f1a6bbd0c3075a591092",
          "lists": [{"type": "sha256", "signatureCount": 1, "isTruncated": false,
           "hashes": ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}]}},
         "resources": [{"name": "entry0", "firmwareClass": "00000000-1111-2222-3333-444444444444",
          "type": 1, "version": 65582, "lastAttemptStatus": 0, "capsuleFlags": 32784}]}
        """

    static let boot = """
        {"schema": "diagbundle.boot/1", "firmware": "efi", "runningKernel": "6.1.0-28-amd64",
         "commandLine": {"maskedCount": 1,
          "text": "BOOT_IMAGE=/vmlinuz-6.1.0-28-amd64 root=/dev/mapper/vg-root ro crashkernel=512M rd.iscsi.password=[masked]",
          "parameters": [
           {"name": "BOOT_IMAGE", "value": "/vmlinuz-6.1.0-28-amd64"},
           {"name": "root", "value": "/dev/mapper/vg-root"}, {"name": "ro"},
           {"name": "crashkernel", "value": "512M"},
           {"name": "rd.iscsi.password", "value": "[masked]"}]},
         "crashKernel": {"requested": ["512M"], "reservedByteCount": 0, "isLoaded": false}}
        """

    static let loader = """
        {"schema": "diagbundle.loader/1", "entries": [],
         "defaults": {"entryCount": 0, "grubDefault": "0", "savedEntry": "0"},
         "environments": {"/boot/grub/grubenv": {"saved_entry": "0"}},
         "files": [
          {"path": "/boot/grub/grub.cfg", "artifact": "boot/loader/boot/grub/grub.cfg",
           "byteCount": 45, "maskedCount": 1},
          {"path": "/boot/grub/grubenv", "artifact": "boot/loader/boot/grub/grubenv",
           "byteCount": 43, "maskedCount": 0},
          {"path": "/etc/default/grub", "artifact": "boot/loader/etc/default/grub",
           "byteCount": 15, "maskedCount": 0},
          {"path": "/boot/efi/EFI/debian/grub.cfg",
           "artifact": "boot/loader/boot/efi/EFI/debian/grub.cfg", "byteCount": 28,
           "maskedCount": 0}]}
        """
}
