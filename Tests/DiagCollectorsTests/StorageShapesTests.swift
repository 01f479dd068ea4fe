import DiagCollect
import DiagCollectors
import DiagModel
import Foundation
import Testing

@Suite("Shapes of storage that the recorded hosts do not have")
struct StorageShapesTests {
    private func topology(_ listing: String) throws -> Topology {
        let topology = try StorageTopologyTests.topology(
            FixtureHost(listing: listing).collect(StorageCollector()))
        StorageTopologyTests.expectSound(topology)
        return topology
    }

    private func edges(_ topology: Topology) -> [String] {
        let names = Dictionary(uniqueKeysWithValues: topology.nodes.map { ($0.id, $0.name) })
        return topology.edges.map {
            "\(names[$0.from] ?? "?") \($0.kind.rawValue) \(names[$0.to] ?? "?")"
        }.sorted()
    }

    @Test("A btrfs of two devices is one file system that both carry, whatever is mounted of it")
    func btrfs() throws {
        let topology = try topology(
            """
            sys/block/vdb -> ../devices/pci0000:00/0000:00:04.0/virtio2/block/vdb
            sys/devices/pci0000:00/0000:00:04.0/virtio2/block/vdb/dev = 254:16
            sys/devices/pci0000:00/0000:00:04.0/virtio2/block/vdb/size = 4096
            sys/block/vdc -> ../devices/pci0000:00/0000:00:05.0/virtio3/block/vdc
            sys/devices/pci0000:00/0000:00:05.0/virtio3/block/vdc/dev = 254:32
            sys/devices/pci0000:00/0000:00:05.0/virtio3/block/vdc/size = 4096
            sys/fs/btrfs/12345678-0000-4000-8000-000000000001/devices/vdb -> ../../../../block/vdb
            sys/fs/btrfs/12345678-0000-4000-8000-000000000001/devices/vdc -> ../../../../block/vdc
            proc/1/mountinfo <<END
            31 1 0:30 /@ / rw - btrfs /dev/vdb rw,subvol=/@
            32 31 0:30 /@home /home rw - btrfs /dev/vdc rw,subvol=/@home
            END
            """)
        #expect(
            edges(topology) == [
                "0000:00:04.0 attaches virtio2", "0000:00:05.0 attaches virtio3",
                "btrfs usedAt /", "btrfs usedAt /home", "vdb carries btrfs", "vdc carries btrfs",
                "virtio2 attaches vdb", "virtio3 attaches vdc",
            ])
        #expect(
            topology.nodes.filter { $0.kind == .fileSystem }.map(\.id)
                == ["fileSystem:uuid.12345678-0000-4000-8000-000000000001"])
    }

    @Test("Two sources of one super block are one file system, without its UUID too")
    func anonymous() throws {
        let topology = try topology(
            """
            sys/block/vdb -> ../devices/virtual/block/vdb
            sys/devices/virtual/block/vdb/size = 8
            sys/block/vdc -> ../devices/virtual/block/vdc
            sys/devices/virtual/block/vdc/size = 8
            proc/1/mountinfo <<END
            31 1 0:30 /@ / rw - btrfs /dev/vdb rw,subvol=/@
            32 31 0:30 /@home /home rw - btrfs /dev/vdc rw,subvol=/@home
            END
            """)
        #expect(
            edges(topology) == ["btrfs usedAt /", "btrfs usedAt /home", "vdb carries btrfs"])
    }

    @Test("The kernel's NVMe multipath stands between two controllers and one namespace")
    func nvmeMultipath() throws {
        let first = "sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0"
        let second = "sys/devices/pci0000:00/0000:02:00.0/nvme/nvme1"
        let head = "sys/devices/virtual/nvme-subsystem/nvme-subsys0"
        let listing = """
            sys/block/nvme0n1 -> ../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1
            \(head)/nvme0n1/dev = 259:1
            \(head)/nvme0n1/size = 2048
            \(head)/nvme0n1/wwid = eui.0025385222222222
            \(head)/model = EXAMPLE ARRAY
            \(head)/nvme0 -> ../../../pci0000:00/0000:01:00.0/nvme/nvme0
            \(head)/nvme1 -> ../../../pci0000:00/0000:02:00.0/nvme/nvme1
            \(first)/serial = SAME
            \(second)/serial = SAME
            \(first)/cntlid = 1
            \(second)/cntlid = 2

            """
        #expect(
            try edges(topology(listing)) == [
                "0000:01:00.0 attaches nvme0", "0000:02:00.0 attaches nvme1",
                "nvme0 attaches nvme0n1", "nvme1 attaches nvme0n1",
            ])
        let withPaths = try topology(
            listing + """
                sys/block/nvme0c0n1 -> ../devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0c0n1
                \(first)/nvme0c0n1/size = 2048
                \(first)/nvme0c0n1/hidden = 1
                sys/block/nvme0c1n1 -> ../devices/pci0000:00/0000:02:00.0/nvme/nvme1/nvme0c1n1
                \(second)/nvme0c1n1/size = 2048
                \(second)/nvme0c1n1/hidden = 1
                """)
        #expect(
            edges(withPaths) == [
                "0000:01:00.0 attaches nvme0", "0000:02:00.0 attaches nvme1",
                "nvme0 attaches nvme0c0n1", "nvme0c0n1 attaches nvme0n1",
                "nvme0c1n1 attaches nvme0n1", "nvme1 attaches nvme0c1n1",
            ])
        #expect(
            withPaths.nodes.filter { $0.kind == .controller }.map(\.id)
                == ["controller:serial.SAME@1", "controller:serial.SAME@2"])
    }

    @Test("USB, MMC, iSCSI and devices of unknown buses hang on what a person would name")
    func buses() throws {
        let usb =
            "devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/host6/target6:0:0/6:0:0:0/block/sda"
        let mmc = "devices/platform/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0"
        let iscsi = "devices/platform/host2/session1/target2:0:0/2:0:0:3/block/sdb"
        let xen = "devices/vbd-51712/block/xvda"
        let slash = "devices/pci0000:00/0000:00:06.0/cciss0/c0d0/block/cciss!c0d0"
        let topology = try topology(
            zip(["sda", "mmcblk0", "sdb", "xvda", "cciss!c0d0"], [usb, mmc, iscsi, xen, slash])
                .enumerated().map { index, device in
                    """
                    sys/block/\(device.0) -> ../\(device.1)
                    sys/\(device.1)/dev = 8:\(index)
                    sys/\(device.1)/size = 8

                    """
                }.joined())
        #expect(
            edges(topology) == [
                "0000:00:06.0 attaches c0d0", "0000:00:14.0 attaches 1-4", "1-4 attaches host6",
                "c0d0 attaches cciss/c0d0", "fe340000.mmc attaches mmc0", "host2 attaches session1",
                "host6 attaches sda", "mmc0 attaches mmcblk0", "session1 attaches sdb",
                "vbd-51712 attaches xvda",
            ])
    }

    @Test("A snapshot with the same UUID is another file system, in the same order every time")
    func sameUUID() throws {
        let topology = try topology(
            """
            sys/block/vdb -> ../devices/virtual/block/vdb
            sys/devices/virtual/block/vdb/dev = 254:16
            sys/devices/virtual/block/vdb/size = 8
            sys/block/vdc -> ../devices/virtual/block/vdc
            sys/devices/virtual/block/vdc/dev = 254:32
            sys/devices/virtual/block/vdc/size = 8
            run/udev/data/b254:16 <<END
            E:ID_FS_UUID=one
            E:ID_FS_USAGE=filesystem
            END
            run/udev/data/b254:32 <<END
            E:ID_FS_UUID=one
            E:ID_FS_USAGE=filesystem
            END
            """)
        #expect(
            topology.nodes.map(\.id) == [
                "fileSystem:uuid.one@virtual:name.vdb", "fileSystem:uuid.one@virtual:name.vdc",
                "virtual:name.vdb", "virtual:name.vdc",
            ])
    }

    @Test("What a device says of itself cannot write on a terminal")
    func controls() throws {
        let host = try FixtureHost("virtio-plain")
        try host.add(
            #"sys/devices/pci0000:00/0000:00:02.0/virtio1/model = \x1B[31m\\red"\x07\xFF"#)
        let sink = try host.collect(StorageCollector())
        let tree = try #require(sink["topology.txt"]).text
        let devices = try #require(sink["devices.jsonl"]).bytes.split(separator: 0x0A)
        let values = try devices.map { try JSONDocument.decode(JSONValue.self, from: $0) }
        #expect(values.count == 11)
        #expect(
            values.first { $0["name"] == "vda" }?["attributes"]?["model"]
                == .string("\u{1B}[31m\\\\red\"\u{7}\\xFF"))
        #expect(tree.contains(#"\x1B[31m\\red"\x07\xFF"#))
        #expect(!tree.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
}
