public import DiagModel

/// Something on a device that is known by a mark alone.
public struct DeviceSignature: Codable, Hashable, Sendable {
    /// What it is: `bcache`, `zfs_member`, `drbd` and the like, as blkid(8) names it where it does.
    public var name: String
    /// Where the mark stands, in bytes from the start of the device.
    public var offset: UInt64
    /// What was read beside the mark.
    public var values: [String: JSONValue]?

    private struct Mark {
        var name: String
        var offset: UInt64
        var bytes: [UInt8]

        init(_ name: String, _ offset: UInt64, _ bytes: [UInt8]) {
            self.name = name
            self.offset = offset
            self.bytes = bytes
        }

        init(_ name: String, _ offset: UInt64, _ text: String) {
            self.init(name, offset, Array(text.utf8))
        }
    }

    /// Sources: util-linux 2.38, libblkid/src/superblocks; Stratis on-disk format 1.1;
    /// Linux 6.12, kernel/power/swap.c and drivers/md/dm-integrity.c.
    private static let marks: [Mark] = [
        Mark(
            "bcache", 4120,
            [
                0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA, 0x82, 0x65, 0xF5, 0x7F, 0x48,
                0xBA, 0x6D, 0x81,
            ]),
        Mark("vdo", 0, "dmvdo001"),
        Mark(
            "stratis", 516,
            [
                0x21, 0x53, 0x74, 0x72, 0x61, 0x30, 0x74, 0x69, 0x73, 0x86, 0xFF, 0x02, 0x5E,
                0x41, 0x72, 0x68,
            ]),
        Mark("BitLocker", 3, "-FVE-FS-"),
        Mark("DM_integrity", 0, Array("integrt".utf8) + [0]),
        Mark("DM_verity_hash", 0, Array("verity".utf8) + [0, 0]),
        Mark("ceph_bluestore", 0, "bluestore block device"),
        Mark("oracleasm", 32, "ORCLDISK"),
        Mark("swsuspend", 4086, "S1SUSPEND"), Mark("swsuspend", 4086, "S2SUSPEND"),
        Mark("swsuspend", 4086, "ULSUSPEND"), Mark("swsuspend", 4086, "LINHIB0001"),
        Mark("swsuspend", 65526, "S1SUSPEND"), Mark("swsuspend", 65526, "LINHIB0001"),
    ]

    /// The marks on `source`, in the order of the device.
    public static func read(_ source: some MetadataSource) -> [DeviceSignature] {
        var found = [DeviceSignature]()
        for mark in marks where source.bytes(mark.bytes.count, at: mark.offset) == mark.bytes {
            found.append(DeviceSignature(name: mark.name, offset: mark.offset))
        }
        if let head = source.bytes(12, at: ZFSLabel.offset), head[0] == 1,
            head[4..<8] == [0, 0, 0, 0], let list = source.bytes(16384, at: ZFSLabel.offset),
            let label = try? ZFSLabel(parsing: list.span)
        {
            found.append(
                DeviceSignature(name: "zfs_member", offset: ZFSLabel.offset, values: label.values))
        }
        if let replicated = replicated(source) { found.append(replicated) }
        return found.sorted { ($0.offset, $0.name) < ($1.offset, $1.name) }
    }

    /// The metadata of DRBD in the last 4 KiB. Source: Linux 6.12,
    /// drivers/block/drbd/drbd_main.c, `struct meta_data_on_disk`; drbd 9.2, drbd_meta_data.h.
    private static func replicated(_ source: some MetadataSource) -> DeviceSignature? {
        let end = source.byteCount & ~4095
        guard end >= 8192, let bytes = source.bytes(4, at: end - 4096 + 60) else { return nil }
        let version: String
        switch bytes {
        case [0x83, 0x74, 0x02, 0x6B], [0x83, 0x74, 0x02, 0x6C]: version = "8.4"
        case [0x83, 0x74, 0x02, 0x6D]: version = "9"
        default: return nil
        }
        return DeviceSignature(
            name: "drbd", offset: end - 4096, values: ["version": .string(version)])
    }
}
