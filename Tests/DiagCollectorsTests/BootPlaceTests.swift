import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage
import Testing

@testable import DiagCollectors

@Suite("Where the parts of the boot chain lie on hosts that are not plain")
struct BootPlaceTests {
    private static let identifier = "11223344-5566-7788-99aa-bbccddeeff00"

    /// Where the entry Boot0001 leads, and which faults are found at entries.
    private func target(_ nodes: BootHosts.Nodes) throws -> (JSONValue?, [String]) {
        let sink = try TemporaryHost(nodes).collect(BootCollector())
        guard case .array(let entries)? = try sink.json("efi.json")?["entries"] else {
            return (nil, [])
        }
        return (
            entries.first { $0["number"] == "0001" }?["target"],
            sink.findings.map(\.fault).filter { $0 == "boot.efi.dangling-entry" }
        )
    }

    private static func udev(_ number: String) -> BootHosts.Nodes {
        [
            "/run/udev/data/b\(number)": .text(
                "E:ID_PART_ENTRY_UUID=\(identifier)\nE:ID_PART_ENTRY_NUMBER=1\n"
                    + "E:ID_PART_ENTRY_TYPE=c12a7328-f81f-11d2-ba4b-00a0c93ec93b\n")
        ]
    }

    @Test("A folder of the partition that is mounted elsewhere is not searched for programs")
    func boundFolder() throws {
        var host = BootHosts.merged(BootHosts.efi, Self.udev("259:1"))
        host["/efi/EFI/debian/shimx64.efi"] = .text("MZ")
        let root = "22 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n"
        let whole = "25 22 259:1 / /efi rw - vfat /dev/nvme0n1p1 rw\n"
        let folder = "26 22 259:1 /EFI/arch /boot rw - vfat /dev/nvme0n1p1 rw\n"
        host["/proc/1/mountinfo"] = .text(root + whole + folder)
        let (found, faults) = try target(host)
        #expect(
            found == [
                "state": "found", "device": "/dev/nvme0n1p1",
                "path": "/efi/EFI/debian/shimx64.efi",
            ])
        #expect(faults == [])
        host["/proc/1/mountinfo"] = .text(root + folder)
        let (unknown, none) = try target(host)
        #expect(
            unknown == [
                "state": "unknown", "device": "/dev/nvme0n1p1",
                "why": "only a folder of the partition is mounted",
            ])
        #expect(none == [])
    }

    @Test("A partition that kpartx maps on a multipath device is one")
    func mappedPartition() throws {
        var host = BootHosts.merged(
            BootHosts.efi, Self.udev("253:3"),
            BootHosts.mapped(
                "dm-3", number: "253:3", sectors: 8, mapName: "mpatha-part1",
                uuid: "part1-mpath-3600", over: [("dm-2", "virtual/block/dm-2")]),
            BootHosts.mapped(
                "dm-2", number: "253:2", sectors: 8, mapName: "mpatha", uuid: "mpath-3600",
                over: []),
            ["/sys/class/block/dm-3": .link("../../devices/virtual/block/dm-3")])
        host["/proc/1/mountinfo"] = .text(
            "22 1 253:1 / / rw - ext4 /dev/mapper/vg-root rw\n"
                + "25 22 253:3 / /boot/efi rw - vfat /dev/mapper/mpatha-part1 rw\n")
        let (found, faults) = try target(host)
        #expect(
            found == [
                "state": "found", "device": "/dev/dm-3",
                "path": "/boot/efi/EFI/debian/shimx64.efi",
            ])
        #expect(faults == [])
    }

    @Test("A namespace with several paths needs the drivers of its controllers")
    func multipathNamespace() throws {
        let subsystem = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0"
        let controller = "/sys/devices/pci0000:00/0000:00:1d.0/nvme/nvme0"
        let local = try TemporaryHost([
            "/sys/dev/block/259:0": .link(
                "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1"),
            "\(subsystem)/nvme0n1/dev": .text("259:0\n"),
            "\(subsystem)/nvme0": .link("../../../pci0000:00/0000:00:1d.0/nvme/nvme0"),
            "\(controller)/transport": .text("pcie\n"),
            "/sys/devices/pci0000:00/0000:00:1d.0/driver/module": .link(
                "../../../../module/nvme"),
        ])
        func modules(_ host: TemporaryHost) throws -> [String] {
            InitramfsDrivers(root: try RootedTree(FilePath(host.path))).modules(of: "259:0")
        }
        #expect(try modules(local) == ["nvme"])
        let remote = try TemporaryHost([
            "/sys/dev/block/259:0": .link(
                "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1"),
            "\(subsystem)/nvme0": .link("../../nvme-fabrics/ctl/nvme0"),
            "/sys/devices/virtual/nvme-fabrics/ctl/nvme0/transport": .text("tcp\n"),
        ])
        #expect(try modules(remote) == ["nvme_tcp"])
    }

    @Test("Snapshots, integrity, verity and write caches need their modules")
    func mapperTargets() throws {
        func needs(_ mapName: String, _ uuid: String, lower: String, _ lowerUUID: String) throws
            -> Set<String>
        {
            func device(_ name: String, _ map: String, _ uuid: String, _ on: [String])
                -> RootStackDocument.Device
            {
                .init(
                    name: name, number: "253:9",
                    kind: uuid.hasPrefix("CRYPT-") ? .crypt : .logicalVolume, mapName: map,
                    mapUUID: uuid, standsOn: on)
            }
            let host = try TemporaryHost([:])
            let stack = RootStackDocument(
                targets: [.init(path: "/", state: .mounted, devices: ["dm-1"])],
                devices: [
                    device("dm-1", mapName, uuid, ["dm-0"]), device("dm-0", lower, lowerUUID, []),
                ])
            return Set(
                InitramfsNeeds(root: try RootedTree(FilePath(host.path)), stack: stack)
                    .requirements().filter { $0.kind == .module }.flatMap(\.names))
        }
        #expect(
            try needs("vg-root", "LVM-a", lower: "vg-root-real", "LVM-a-real")
                == ["dm_mod", "dm_snapshot"])
        #expect(
            try needs("vg-root", "LVM-a", lower: "vg-my--real", "LVM-b") == ["dm_mod"])
        #expect(
            try needs("vg-root", "LVM-a", lower: "vg-root_wcorig", "LVM-b")
                == ["dm_mod", "dm_writecache"])
        #expect(
            try needs("vg-r_rimage_0", "LVM-a", lower: "vg-r_rimage_0_iorig", "LVM-b")
                == ["dm_mod", "dm_integrity"])
        #expect(
            try needs("c", "CRYPT-LUKS2-1-c", lower: "c_dif", "CRYPT-SUBDEV-1-c_dif")
                == ["dm_crypt", "dm_integrity"])
        #expect(
            try needs("usr", "CRYPT-VERITY-1-usr", lower: "i", "CRYPT-INTEGRITY-i")
                == ["dm_verity", "dm_integrity"])
    }

    @Test("Kernels of ostree and of openSUSE are found through the entries of the loader")
    func entries() throws {
        func kernel(_ nodes: BootHosts.Nodes) throws -> JSONValue? {
            guard
                case .array(let kernels)? = try TemporaryHost(nodes).collect(BootCollector())
                    .json("kernels.json")?["kernels"]
            else { return nil }
            #expect(kernels.count == 1)
            return kernels.first
        }
        let ostree = try kernel([
            "/usr/lib/modules/6.5.6/modules.dep": .text(""),
            "/usr/lib/modules/6.5.6/vmlinuz": .text("k"),
            "/boot/loader/entries/ostree-1.conf": .text(
                "title A\nversion 1\nlinux /ostree/a-1/vmlinuz-6.5.6\n"
                    + "initrd /ostree/a-1/initramfs-6.5.6.img\n"),
            "/boot/ostree/a-1/vmlinuz-6.5.6": .text("k"),
            "/boot/ostree/a-1/initramfs-6.5.6.img": .text("i"),
        ])
        #expect(ostree?["image"] == "/boot/ostree/a-1/vmlinuz-6.5.6")
        #expect(ostree?["initramfs"] == "/boot/ostree/a-1/initramfs-6.5.6.img")
        #expect(ostree?["isDefault"] == true && ostree?["missing"] == [])
        let suse = try kernel([
            "/usr/lib/modules/6.11.0-1-default/modules.dep": .text(""),
            "/boot/efi/loader/entries/s.conf": .text(
                "version 6.11.0-1-default\nlinux /s/6.11.0-1-default/linux-aa\n"
                    + "initrd /s/6.11.0-1-default/initrd-bb\n"),
            "/boot/efi/s/6.11.0-1-default/linux-aa": .text("k"),
            "/boot/efi/s/6.11.0-1-default/initrd-bb": .text("i"),
        ])
        #expect(suse?["image"] == "/boot/efi/s/6.11.0-1-default/linux-aa")
        #expect(suse?["initramfs"] == "/boot/efi/s/6.11.0-1-default/initrd-bb")
    }

    @Test("Why the default kernel has no initial RAM disk is told")
    func missingInitramfs() throws {
        let sink = try TemporaryHost([
            "/usr/lib/modules/6.5.6/modules.dep": .text(""),
            "/boot/vmlinuz-6.5.6": .text("k"),
            "/boot/loader/entries/a.conf": .text(
                "title A\nlinux /vmlinuz-6.5.6\ninitrd /gone.img\n"),
        ]).collect(BootCollector())
        #expect(
            sink.missing.first { $0.what == "the default kernel's initramfs" }?.why
                == "the default entry A names /gone.img, which is not in the listing of /boot")
    }

    @Test("The initial RAM disk within a unified kernel image is read")
    func unified() throws {
        let version = "6.1.0-28-amd64"
        let archive =
            BootInitramfsTests.member("sbin/lvm", "x")
            + BootInitramfsTests.member("TRAILER!!!", "", mode: 0)
        var host = BootHosts.efi
        host["/boot/initrd.img-\(version)"] = nil
        host["/boot/efi/EFI/Linux/debian.efi"] = .bytes(
            BootESPTests.unifiedImage([
                (".linux", [1, 2, 3]), (".uname", Array(version.utf8)), (".initrd", archive),
                (".sbat", Array("sbat,1,x\n".utf8)),
            ]))
        let sink = try TemporaryHost(host).collect(BootCollector())
        guard case .array(let images)? = try sink.json("initramfs.json")?["images"] else {
            Issue.record("no images")
            return
        }
        #expect(images.count == 1 && images.first?["section"] == ".initrd")
        #expect(images.first?["isComplete"] == true && images.first?["entryCount"] == 1)
        #expect(sink["initramfs/\(version).uki.txt"]?.text == "100644 1 sbin/lvm\n")
        _ = try DocumentSchemaTests.check(sink, of: "boot")
    }

    /// A frame of one raw block, from RFC 8878: 256 bytes or more.
    private static func frame(_ content: ArraySlice<UInt8>) -> [UInt8] {
        let (size, header) = (content.count - 256, content.count << 3 | 1)
        return [0x28, 0xB5, 0x2F, 0xFD, 0x60, UInt8(size & 0xFF), UInt8(size >> 8)]
            + [UInt8(header & 0xFF), UInt8(header >> 8 & 0xFF), UInt8(header >> 16)] + content
    }

    @Test("An archive that is compressed in several members is one")
    func members() throws {
        let archive =
            BootInitramfsTests.member("a", String(repeating: "x", count: 900))
            + BootInitramfsTests.member("b", "y")
            + BootInitramfsTests.member("TRAILER!!!", "", mode: 0)
        func read(_ bytes: [UInt8]) throws -> InitramfsReader.Result {
            let host = try TemporaryHost(["/initrd": .bytes(bytes)])
            return try InitramfsReader(
                root: try RootedTree(FilePath(host.path)), deadline: .now.advanced(bySeconds: 60)
            ).read("/initrd")
        }
        let first = Self.frame(archive[..<500])
        let whole = try read(first + Self.frame(archive[500...]))
        #expect(whole.isComplete && whole.entries.map(\.name) == ["a", "b"])
        #expect(whole.parts.count == 1)
        let skipped: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
        #expect(try read(first + skipped + Self.frame(archive[500...])).isComplete)
        #expect(try read(first).fault == "the archive is cut")
        #expect(try !read(first + skipped.prefix(9)).isComplete)
    }
}
