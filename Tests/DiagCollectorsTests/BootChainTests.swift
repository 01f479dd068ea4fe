import DiagCollect
import DiagCollectors
import DiagModel
import Glibc
import SystemPackage
import Testing

@Suite("The boot chain of hosts that are not plain")
struct BootChainTests {
    /// A load option called `a` with an end node, and `text` as UTF-16.
    private static func entry(_ text: String) -> String {
        let data = text.utf8.map { String($0, radix: 16).leftPadded + "00" }.joined()
        return "07000000 01000000 0400 61000000 7fff0400" + data
    }

    @Test("A secret in the optional data of a boot entry is in no artifact, masked or raw")
    func secretInEntry() throws {
        let secret = "root=cifs://u:hunter2@server ro"
        let sink = try TemporaryHost(
            BootHosts.merged(
                ["/sys/firmware/efi/fw_platform_size": .text("64")],
                BootHosts.variable("Boot0001", Self.entry(secret)),
                BootHosts.variable("Boot0002", Self.entry("root=/dev/sda1 quiet")))
        ).collect(BootCollector())
        let raw = try #require(sink["efi/Boot0001.bin"])
        #expect(raw.bytes == BootHosts.hex("07000000 01000000 0400 61000000 7fff0400"))
        #expect(raw.truncation == "the optional data holds a secret")
        let other = try #require(sink["efi/Boot0002.bin"])
        #expect(other.bytes == BootHosts.hex(Self.entry("root=/dev/sda1 quiet")))
        #expect(other.truncation == nil)
        guard case .array(let entries) = try sink.json("efi.json")?["entries"] else {
            Issue.record("no entries")
            return
        }
        #expect(entries.first?["optionalText"] == "root=cifs://u:[masked]@server ro")
        #expect(entries.first?["optionalDataByteCount"] == .integer(Int64(secret.utf8.count * 2)))
    }

    private func crashFaults(_ nodes: [String: TemporaryHost.Node]) throws -> [String] {
        var host = nodes
        host["/proc/cmdline"] = .text("fadump=on crashkernel=1G\n")
        host["/sys/kernel/kexec_crash_size"] = .text("0\n")
        host["/sys/kernel/kexec_crash_loaded"] = .text("0\n")
        return try TemporaryHost(host).collect(BootCollector()).findings.map(\.fault)
    }

    @Test("With firmware-assisted dump its registration counts, not kexec's memory")
    func firmwareAssistedDump() throws {
        let new = "/sys/kernel/fadump/"
        let old = "/sys/kernel/fadump_"
        for place in [new, old] {
            #expect(
                try crashFaults(
                    [place + "enabled": .text("1\n"), place + "registered": .text("1\n")]) == [])
            #expect(
                try crashFaults(
                    [place + "enabled": .text("1\n"), place + "registered": .text("0\n")])
                    == ["boot.crash-kernel.not-registered"])
            #expect(
                try crashFaults(
                    [place + "enabled": .text("0\n"), place + "registered": .text("0\n")])
                    == ["boot.crash-kernel.not-reserved"])
        }
        let document = try TemporaryHost([
            new + "enabled": .text("1\n"), new + "registered": .text("0\n"),
        ]).collect(BootCollector()).json("boot.json")
        #expect(
            document?["crashKernel"] == [
                "requested": [], "isFirmwareAssisted": true, "isRegistered": false,
            ])
    }

    @Test("What package managers and people leave beside a kernel is none")
    func leftovers() throws {
        var nodes: [String: TemporaryHost.Node] = [
            "/usr/lib/modules/6.1.0/modules.dep": .text(""), "/boot/vmlinuz-6.1.0": .text("k"),
            "/boot/initrd.img-6.1.0": .text("i"),
            "/usr/lib/modules/6.1.0.bak/modules.dep": .text(""),
        ]
        for ending in [
            ".old", ".bak", ".dpkg-bak", ".dpkg-new", ".old-dkms", ".rpmsave", ".rpmnew", ".tmp",
            "~",
        ] {
            nodes["/boot/vmlinuz-6.1.0\(ending)"] = .text("k")
            nodes["/boot/initrd.img-6.1.0\(ending)"] = .text("i")
            nodes["/boot/config-6.1.0\(ending)"] = .text("c")
        }
        let sink = try TemporaryHost(nodes).collect(BootCollector())
        #expect(
            try BootHosts.withoutFiles(sink.json("kernels.json"))?["kernels"] == [
                [
                    "version": "6.1.0", "isRunning": false, "image": "/boot/vmlinuz-6.1.0",
                    "initramfs": "/boot/initrd.img-6.1.0",
                    "modulesDirectory": "/usr/lib/modules/6.1.0", "hasModulesIndex": true,
                ]
            ])
    }

    @Test(
        "Roots without a block device are told in words",
        arguments: [
            (
                "zfs rpool/ROOT/debian",
                "the ZFS pool rpool, whose devices the kernel does not tell; see `zpool status`"
            ),
            ("overlay overlay", "an overlay: its layers lie on other file systems"),
            ("tmpfs tmpfs", "tmpfs has no block device of its own"),
        ])
    func withoutDevice(mount: String, line: String) throws {
        let sink = try TemporaryHost([
            "/proc/1/mountinfo": .text("22 1 0:30 / / rw - \(mount) rw\n")
        ]).collect(BootCollector())
        let source = mount.split(separator: " ")
        #expect(
            sink["root-stack.txt"]?.text.hasPrefix(
                "/: \(source[0]) from \(source[1])\n  \(line)\n") == true)
    }

    /// A partition that kpartx(8) made on a multipath device of one path, with a loop device.
    private static let multipath = """
        sys/block/sdc -> ../devices/pci0000:00/host0/block/sdc
        sys/dev/block/8:32 -> ../../devices/pci0000:00/host0/block/sdc
        sys/devices/pci0000:00/host0/block/sdc/dev = 8:32
        sys/devices/pci0000:00/host0/block/sdc/size = 2048
        sys/block/dm-0 -> ../devices/virtual/block/dm-0
        sys/dev/block/253:0 -> ../../devices/virtual/block/dm-0
        sys/devices/virtual/block/dm-0/dev = 253:0
        sys/devices/virtual/block/dm-0/size = 2048
        sys/devices/virtual/block/dm-0/dm/name = mpatha
        sys/devices/virtual/block/dm-0/dm/uuid = mpath-3600
        sys/devices/virtual/block/dm-0/slaves/sdc -> ../../../../pci0000:00/host0/block/sdc
        sys/block/dm-1 -> ../devices/virtual/block/dm-1
        sys/dev/block/253:1 -> ../../devices/virtual/block/dm-1
        sys/devices/virtual/block/dm-1/dev = 253:1
        sys/devices/virtual/block/dm-1/size = 1024
        sys/devices/virtual/block/dm-1/dm/name = mpatha-part1
        sys/devices/virtual/block/dm-1/dm/uuid = part1-mpath-3600
        sys/devices/virtual/block/dm-1/slaves/dm-0 -> ../../dm-0
        sys/block/zd0 -> ../devices/virtual/block/zd0
        sys/dev/block/230:0 -> ../../devices/virtual/block/zd0
        sys/devices/virtual/block/zd0/dev = 230:0
        sys/devices/virtual/block/zd0/size = 1024
        proc/1/mountinfo <<END
        22 1 253:1 / / rw - ext4 /dev/mapper/mpatha-part1 rw
        23 22 230:0 / /boot rw - ext4 /dev/zd0 rw
        END
        boot/
        """

    @Test("The root stack and the topology call one device by one kind")
    func kinds() throws {
        let host = try FixtureHost(listing: Self.multipath)
        let sink = try host.collect(BootCollector())
        #expect(
            sink["root-stack.txt"]?.text.hasPrefix(
                """
                /: ext4 from /dev/mapper/mpatha-part1
                  partition mpatha-part1, 512.0 KiB
                    multipath mpatha, 1.0 MiB
                      disk sdc, 1.0 MiB
                """) == true)
        guard case .array(let devices) = try sink.json("root-stack.json")?["devices"] else {
            Issue.record("no devices")
            return
        }
        let topology = try StorageTopologyTests.topology(host.collect(StorageCollector()))
        for device in devices {
            let name = try #require((device["mapName"] ?? device["name"])?.text)
            #expect(
                topology.nodes.first { $0.name == name }?.kind.rawValue == device["kind"]?.text,
                "\(name)")
        }
        #expect(devices.count == 4)
    }

    @Test("A folder that is refused is told once, not for each file", .enabled(if: geteuid() != 0))
    func refusedFolder() throws {
        let host = try TemporaryHost([
            "/boot/grub/grub.cfg": .text("x"), "/boot/grub/grubenv": .text("x"),
            "/boot/grub2/user.cfg": .text("x"), "/boot/efi/EFI/debian/grub.cfg": .text("x"),
            "/boot/efi/loader/entries/a.conf": .text("x"), "/etc/default/grub": .text("x"),
            "/etc/kernel/cmdline": .text("x"),
        ])
        let closed = ["/boot/efi", "/boot/grub", "/etc/kernel/cmdline"]
        for path in closed { #expect(chmod(host.path + path, 0) == 0) }
        let sink = try host.collect(BootCollector())
        for path in closed { #expect(chmod(host.path + path, 0o755) == 0) }
        let files = sink.missing.map(\.what)
        // The listing of /boot tells its own refusals.
        #expect(files.count { $0 == "/boot/grub" } <= 2)
        #expect(!files.contains { $0.hasPrefix("/boot/grub/") || $0.hasPrefix("/boot/efi/") })
        #expect(files.contains("/etc/kernel/cmdline") && files.contains("/boot/efi"))
        #expect(sink["loader/boot/grub2/user.cfg"] != nil)
        #expect(sink["loader/etc/default/grub"] != nil)
    }
}

extension String {
    fileprivate var leftPadded: String { utf8.count < 2 ? "0" + self : self }
}
