import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("Initial RAM disks and what the root needs of them")
struct BootInitramfsTests {
    private static func fixture(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        return Array(
            try Data(
                contentsOf: folder.appendingPathComponent("Fixtures/initramfs/\(name).img")))
    }

    private func read(_ bytes: [UInt8]) throws -> InitramfsReader.Result {
        let host = try TemporaryHost(["/initrd": .bytes(bytes)])
        return try InitramfsReader(
            root: try RootedTree(FilePath(host.path)), deadline: .now.advanced(bySeconds: 60)
        ).read("/initrd")
    }

    @Test(
        "Every compression gives the same members behind the microcode",
        arguments: ["none", "gzip", "xz", "lzma", "zstd", "lz4"])
    func compressions(name: String) throws {
        let result = try read(try Self.fixture(name))
        #expect(result.isComplete && result.fault == nil)
        let names = result.entries.filter { !$0.isDirectory }.map(\.name)
        #expect(
            names == [
                "kernel/x86/microcode/GenuineIntel.bin", "etc/crypttab", "sbin",
                "usr/lib/modules/6.1.0/kernel/drivers/md/dm-crypt.ko.xz", "usr/sbin/cryptsetup",
            ])
        #expect(result.entries.first { $0.name == "sbin" }?.target == "usr/sbin")
        if name == "none" {
            #expect(result.parts.map(\.compression) == ["none"])
        } else {
            #expect(result.parts.map(\.compression) == ["none", name])
            #expect(result.parts.map(\.isMicrocode) == [true, false])
        }
    }

    @Test(
        "A cut or changed initial RAM disk ends with a reason, and never traps",
        arguments: ["none", "gzip", "xz", "lzma", "zstd", "lz4"])
    func damaged(name: String) throws {
        let bytes = try Self.fixture(name)
        let host = try TemporaryHost(["/initrd": .bytes([])])
        let reader = InitramfsReader(
            root: try RootedTree(FilePath(host.path)), deadline: .now.advanced(bySeconds: 60))
        func check(_ bytes: [UInt8]) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: host.path + "/initrd"))
            let result = try reader.read("/initrd")
            #expect(result.isComplete || result.fault != nil)
            #expect(result.entries.count < 100)
        }
        for length in stride(from: 0, to: bytes.count, by: 61) {
            try check(Array(bytes[..<length]))
        }
        for index in stride(from: 0, to: bytes.count, by: 37) {
            var changed = bytes
            changed[index] ^= 0x55
            try check(changed)
        }
    }

    static func member(_ name: String, _ content: String, mode: UInt32 = 0o100644)
        -> [UInt8]
    {
        func digits(_ value: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 8 - text.count) + text
        }
        let fields = [
            1, Int(mode), 0, 0, 1, 0, content.utf8.count, 0, 0, 0, 0, name.utf8.count + 1, 0,
        ]
        var bytes = Array(("070701" + fields.map(digits).joined() + name).utf8) + [0]
        while bytes.count % 4 != 0 { bytes.append(0) }
        bytes += Array(content.utf8)
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    /// The EFI host with its root on LVM on LUKS, and an initial RAM disk with `names`.
    private static func host(_ names: [String]) -> BootHosts.Nodes {
        let modules = "/usr/lib/modules/6.1.0-28-amd64/"
        let archive =
            names.flatMap { member($0, "x") } + member("TRAILER!!!", "", mode: 0)
        return BootHosts.merged(
            BootHosts.efi,
            [
                "/boot/initrd.img-6.1.0-28-amd64": .bytes(archive),
                modules + "modules.builtin": .text("kernel/fs/ext4/ext4.ko\n"),
                modules + "modules.dep": .text(
                    "kernel/drivers/md/dm-crypt.ko.xz: kernel/drivers/md/dm-mod.ko.xz\n"
                        + "kernel/drivers/md/dm-mod.ko.xz:\nkernel/drivers/nvme/host/nvme.ko.xz:\n"),
                "/sys/devices/pci0000:00/0000:00:1d.0/driver/module": .link(
                    "../../../../module/nvme"),
            ])
    }

    private static let complete = [
        "usr/lib/modules/6.1.0-28-amd64/kernel/drivers/md/dm-crypt.ko.xz",
        "usr/lib/modules/6.1.0-28-amd64/kernel/drivers/md/dm-mod.ko.zst",
        "usr/lib/modules/6.1.0-28-amd64/kernel/drivers/nvme/host/nvme.ko", "sbin/cryptsetup",
        "sbin/lvm",
    ]

    @Test("What lacks dm-crypt is found; what is built in is not")
    func lacking() throws {
        let sink = try TemporaryHost(Self.host(Array(Self.complete.dropFirst())))
            .collect(BootCollector())
        let finding = try #require(sink.findings.first { $0.fault == "boot.initramfs.lacks" })
        #expect(finding.severity == .major && finding.object == "6.1.0-28-amd64")
        #expect(finding.reason.contains("the module dm_crypt (for crypt crypt)"))
        #expect(!finding.reason.contains("ext4") && !finding.reason.contains("nvme"))
        let needs = try sink.json("initramfs.json")?["images"]
        guard case .array(let images)? = needs, case .array(let list)? = images.first?["needs"]
        else {
            Issue.record("no needs")
            return
        }
        let states = list.map { "\($0["name"]?.text ?? "") \($0["state"]?.text ?? "")" }
        #expect(
            Set(states) == [
                "ext4 builtIn", "dm_mod present", "lvm present", "dm_crypt lacking",
                "cryptsetup or systemd-cryptsetup present", "nvme present",
            ])
        #expect(
            sink["initramfs/6.1.0-28-amd64.txt"]?.text.contains("100644 1 sbin/lvm\n") == true)
    }

    @Test(
        "A complete one, one without the list of built-in modules, and an unreadable one are not accused"
    )
    func careful() throws {
        func faults(_ nodes: BootHosts.Nodes) throws -> [String] {
            try TemporaryHost(nodes).collect(BootCollector()).findings.map(\.fault)
                .filter { $0.hasPrefix("boot.initramfs") }
        }
        #expect(try faults(Self.host(Self.complete)) == [])
        var host = Self.host(Array(Self.complete.dropFirst()))
        host["/usr/lib/modules/6.1.0-28-amd64/modules.builtin"] = nil
        #expect(try faults(host) == [])
        host = Self.host([])
        host["/boot/initrd.img-6.1.0-28-amd64"] = .text("BZh91AY&SY")
        #expect(try faults(host) == [])
        host["/boot/initrd.img-6.1.0-28-amd64"] = .text("")
        #expect(try faults(host) == ["boot.initramfs.damaged"])
        // dracut may pack everything into an image of its own.
        #expect(try faults(Self.host(["squashfs-root.img"])) == [])
    }
}
