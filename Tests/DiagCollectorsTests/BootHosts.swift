import DiagModel

/// Hosts that the tests of the boot collector start from; all identifiers are invented.
enum BootHosts {
    typealias Nodes = [String: TemporaryHost.Node]

    static let vendor = "8be4df61-93ca-11d2-aa0d-00e098032b8c"

    /// Bytes of a firmware variable written as hexadecimal digits; white space is left out.
    static func hex(_ text: String) -> [UInt8] {
        let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue ?? 0) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func variable(_ name: String, _ digits: String, vendor: String = vendor) -> Nodes {
        ["/sys/firmware/efi/efivars/\(name)-\(vendor)": .bytes(hex(digits))]
    }

    /// `kernels.json` without the sizes and the lists of what is missing.
    static func withoutFiles(_ document: JSONValue?) -> JSONValue? {
        guard case .object(var members)? = document, case .array(let kernels)? = members["kernels"]
        else { return document }
        members["kernels"] = .array(
            kernels.map { kernel in
                guard case .object(var kernel) = kernel else { return kernel }
                kernel["files"] = nil
                kernel["missing"] = nil
                return .object(kernel)
            })
        return .object(members)
    }

    /// A disk with partitions, as sysfs shows it.
    static func disk(
        _ name: String, number: String, sectors: Int, folder: String,
        partitions: [(name: String, number: String, sectors: Int)], model: String
    ) -> Nodes {
        let place = "/sys/devices/\(folder)/\(name)"
        var nodes: Nodes = [
            "/sys/dev/block/\(number)": .link("../../devices/\(folder)/\(name)"),
            "/sys/class/block/\(name)": .link("../../devices/\(folder)/\(name)"),
            "\(place)/dev": .text(number + "\n"), "\(place)/size": .text("\(sectors)\n"),
            "\(place)/ro": .text("0\n"), "\(place)/removable": .text("0\n"),
            "\(place)/uevent": .text("MAJOR=1\nDEVNAME=\(name)\nDEVTYPE=disk\n"),
            "\(place)/queue/rotational": .text("0\n"),
            "\(place)/device/model": .text(model + "          \n"),
            "\(place)/slaves": .folder,
        ]
        for (index, partition) in partitions.enumerated() {
            let inner = "\(place)/\(partition.name)"
            let link = "../../devices/\(folder)/\(name)/\(partition.name)"
            nodes["/sys/dev/block/\(partition.number)"] = .link(link)
            nodes["/sys/class/block/\(partition.name)"] = .link(link)
            nodes["\(inner)/dev"] = .text(partition.number + "\n")
            nodes["\(inner)/size"] = .text("\(partition.sectors)\n")
            nodes["\(inner)/ro"] = .text("0\n")
            nodes["\(inner)/partition"] = .text("\(index + 1)\n")
            nodes["\(inner)/uevent"] = .text("DEVNAME=\(partition.name)\nDEVTYPE=partition\n")
        }
        return nodes
    }

    /// A mapped device over others, which are given by their path below /sys/devices.
    static func mapped(
        _ name: String, number: String, sectors: Int, mapName: String, uuid: String,
        over lower: [(name: String, path: String)]
    ) -> Nodes {
        let place = "/sys/devices/virtual/block/\(name)"
        var nodes: Nodes = [
            "/sys/dev/block/\(number)": .link("../../devices/virtual/block/\(name)"),
            "\(place)/dev": .text(number + "\n"), "\(place)/size": .text("\(sectors)\n"),
            "\(place)/ro": .text("0\n"), "\(place)/dm/name": .text(mapName + "\n"),
            "\(place)/dm/uuid": .text(uuid + "\n"),
            "\(place)/uevent": .text("DEVNAME=\(name)\n"),
        ]
        for device in lower {
            nodes["\(place)/slaves/\(device.name)"] = .link("../../../../\(device.path)")
        }
        return nodes
    }

    static func merged(_ parts: Nodes...) -> Nodes {
        parts.reduce(into: [:]) { $0.merge($1) { $1 } }
    }

    /// An EFI host: GPT disk, root on LVM on LUKS, Debian with shim, one kernel without initramfs.
    static let efi: Nodes = merged(
        disk(
            "nvme0n1", number: "259:0", sectors: 2_000_409_264,
            folder: "pci0000:00/0000:00:1d.0/nvme/nvme0",
            partitions: [
                ("nvme0n1p1", "259:1", 1_048_576), ("nvme0n1p2", "259:2", 2_097_152),
                ("nvme0n1p3", "259:3", 1_900_000_000),
            ], model: "EXAMPLE SSD 1TB"),
        mapped(
            "dm-0", number: "253:0", sectors: 1_899_000_000, mapName: "crypt",
            uuid: "CRYPT-LUKS2-00000000000000000000000000000001-crypt",
            over: [("nvme0n1p3", "pci0000:00/0000:00:1d.0/nvme/nvme0/nvme0n1/nvme0n1p3")]),
        mapped(
            "dm-1", number: "253:1", sectors: 100_000_000, mapName: "vg-root", uuid: "LVM-abc",
            over: [("dm-0", "virtual/block/dm-0")]),
        [
            "/proc/sys/kernel/osrelease": .text("6.1.0-28-amd64\n"),
            "/proc/modules": .text("nvme 65536 3 - Live 0x0000000000000000\n"),
            "/proc/cmdline": .text(
                "BOOT_IMAGE=/vmlinuz-6.1.0-28-amd64 root=/dev/mapper/vg-root ro "
                    + "crashkernel=512M rd.iscsi.password=hunter2\n"),
            "/proc/1/mountinfo": .text(
                """
                22 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw,errors=remount-ro
                23 22 259:2 / /boot rw,relatime shared:2 - ext4 /dev/nvme0n1p2 rw
                24 23 0:40 / /boot/efi rw,relatime shared:3 - autofs systemd-1 rw,fd=40
                25 24 259:1 / /boot/efi rw,relatime shared:4 - vfat /dev/nvme0n1p1 rw,fmask=0077
                26 22 0:41 / /efi rw - autofs systemd-1 rw

                """),
            "/efi/EFI/must-not-be-opened": .text("x"),
            "/usr/lib/os-release": .text("ID=debian\n"),
            "/lib": .link("usr/lib"),
            "/usr/lib/modules/6.1.0-28-amd64/modules.dep": .text(""),
            "/usr/lib/modules/6.1.0-27-amd64/modules.dep": .text(""),
            "/boot/vmlinuz-6.1.0-28-amd64": .text("kernel"),
            "/boot/initrd.img-6.1.0-28-amd64": .text("initrd"),
            "/boot/config-6.1.0-28-amd64": .text("CONFIG_X=y\n"),
            "/boot/System.map-6.1.0-28-amd64": .text("map"),
            "/boot/vmlinuz-6.1.0-27-amd64": .text("older"),
            "/boot/efi/EFI/debian/shimx64.efi": .text("MZ"),
            "/boot/efi/EFI/debian/grub.cfg": .text("configfile $prefix/grub.cfg\n"),
            "/boot/efi/EFI/Linux/debian.efi": .text("MZ"),
            "/boot/grub/grub.cfg": .text(
                "set superusers=root\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.AB.CD\n"),
            "/boot/grub/grubenv": .text("# GRUB Environment Block\nsaved_entry=0\n####"),
            "/boot/grub/custom.cfg": .fifo,
            "/etc/default/grub": .text("GRUB_DEFAULT=0\n"),
            "/sys/firmware/efi/fw_platform_size": .text("64\n"),
            "/sys/firmware/efi/esrt/entries/entry0/fw_class": .text(
                "00000000-1111-2222-3333-444444444444\n"),
            "/sys/firmware/efi/esrt/entries/entry0/fw_type": .text("1\n"),
            "/sys/firmware/efi/esrt/entries/entry0/fw_version": .text("65582\n"),
            "/sys/firmware/efi/esrt/entries/entry0/last_attempt_status": .text("0\n"),
            "/sys/firmware/efi/esrt/entries/entry0/capsule_flags": .text("0x8010\n"),
            "/sys/kernel/kexec_crash_size": .text("0\n"),
            "/sys/kernel/kexec_crash_loaded": .text("0\n"),
            "/sys/class/dmi/id/sys_vendor": .text("Example Inc.\n"),
            "/sys/class/dmi/id/bios_version": .text("1.2.3\n"),
            "/sys/class/dmi/id/product_serial": .text("SERIAL-0001\n"),
        ],
        variable("BootCurrent", "06000000 0100"),
        variable("BootOrder", "07000000 0100 0300 0700"),
        variable("Timeout", "07000000 0500"),
        variable("SecureBoot", "06000000 01"),
        variable("SetupMode", "06000000 00"),
        // UiApp, an application of the firmware in its own volume.
        variable(
            "Boot0000",
            """
            07000000 09010000 2c00 550069004100700070000000
            04071400 c9bdb87cebf8344faaea3ee4af6516a1
            04061400 21aa2c4614760345836e8ab6f4662331 7fff0400
            """),
        // debian: HD(1,GPT,…)/\\EFI\\debian\\shimx64.efi
        variable(
            "Boot0001",
            """
            07000000 01000000 6200 640065006200690061006e000000
            04012a00 01000000 0008000000000000 0000100000000000
            44332211665588779 9aabbccddeeff00 0202
            04043400 5c004500460049005c00640065006200690061006e005c00
            7300680069006d007800360034002e006500660069000000 7fff0400
            """),
        // PXE: PciRoot(0x0)/Pci(0x3,0x0)/MAC(…)/IPv4(…)
        variable(
            "Boot0003",
            """
            07000000 01000000 5600 500058004500000002010c00 d041030a 00000000 01010600 0003
            030b2500 525400123456 0000000000000000000000000000000000000000000000000000 01
            030c1b00 00000000 00000000 0000 0000 0000 00 00000000 00000000
            7fff0400 4eac0881119f594d850ee21a522c59b2
            """),
        variable(
            "db",
            """
            27000000 2616c4c14c509240aca941f936934328 4c000000 00000000 30000000
            44332211665588779 9aabbccddeeff00
            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
            """, vendor: "d719b2cb-3d3a-4596-a3bc-dad00e67656f"),
        variable(
            "LoaderSystemToken", "07000000 00112233",
            vendor: "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"),
        variable(
            "LoaderInfo", "06000000 73006400310000 00",
            vendor: "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"))

    /// A BIOS host: MBR disk, GRUB, a loop of links, and a kernel whose modules are gone.
    static let bios: Nodes = merged(
        disk(
            "sda", number: "8:0", sectors: 41_943_040,
            folder: "pci0000:00/0000:00:05.0/virtio1/host0/target0:0:0/0:0:0:0/block",
            partitions: [("sda1", "8:1", 41_940_992)], model: "QEMU HARDDISK"),
        [
            "/proc/sys/kernel/osrelease": .text("5.10.0-1-amd64\n"),
            "/proc/modules": .text("ext4 1 1 - Live 0x0\n"),
            "/proc/cmdline": .text("root=/dev/sda1 crashkernel=128M\n"),
            "/proc/self/mountinfo": .text(
                "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 ro,errors=remount-ro\n"),
            "/lib/modules/5.10.0-2-amd64/modules.dep": .text(""),
            "/boot/vmlinuz-5.10.0-2-amd64": .text("kernel"),
            "/boot/initrd.img-5.10.0-2-amd64": .text("initrd"),
            "/boot/grub/grub.cfg": .link("grub.cfg"),
            "/boot/grub/i386-pc/core.img": .text("core"),
            "/sys/class/dmi/id/sys_vendor": .text("QEMU\n"),
            "/sys/kernel/kexec_crash_size": .text("134217728\n"),
            "/sys/kernel/kexec_crash_loaded": .text("0\n"),
        ])
}
