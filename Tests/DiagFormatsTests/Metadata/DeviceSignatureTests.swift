import DiagModel
import Testing

@testable import DiagFormats

/// Built from the formats' own descriptions: no tool here makes them.
@Suite("Signatures of devices")
struct DeviceSignatureTests {
    private func device(_ marks: [(Int, [UInt8])]) -> MemoryDevice {
        var content = [UInt8](repeating: 0, count: 256 << 10)
        for (offset, bytes) in marks { MetadataImage.put(bytes, into: &content, at: offset) }
        return MemoryDevice(content)
    }

    @Test(
        "Each mark is known by its place",
        arguments: [
            ("vdo", 0, "dmvdo001"), ("BitLocker", 3, "-FVE-FS-"),
            ("swsuspend", 4086, "S1SUSPEND"), ("ceph_bluestore", 0, "bluestore block device"),
            ("oracleasm", 32, "ORCLDISK"), ("DM_verity_hash", 0, "verity\0\0"),
            ("DM_integrity", 0, "integrt\0"),
        ])
    func marks(name: String, offset: Int, text: String) {
        #expect(
            DeviceSignature.read(device([(offset, Array(text.utf8))]))
                == [DeviceSignature(name: name, offset: UInt64(offset))])
        #expect(DeviceSignature.read(device([(offset + 1, Array(text.utf8))])) == [])
    }

    /// The list of a label: encoding 1, then each value with its sizes, name and type.
    static let label: [UInt8] = {
        func word(_ value: Int) -> [UInt8] { MetadataImage.bigEndian(UInt32(value)) }
        func text(_ text: String) -> [UInt8] {
            word(text.utf8.count) + Array(text.utf8)
                + [UInt8](repeating: 0, count: (4 - text.utf8.count % 4) % 4)
        }
        func pair(_ name: String, _ type: Int, _ value: [UInt8]) -> [UInt8] {
            let body = text(name) + word(type) + word(1) + value
            return word(body.count + 8) + word(64) + body
        }
        return [1, 1, 0, 0] + word(0) + word(1)
            + pair("version", 8, MetadataImage.bigEndian(UInt64(5000)))
            + pair("name", 9, text("tank")) + pair("state", 8, MetadataImage.bigEndian(UInt64(0)))
            + pair("pool_guid", 8, MetadataImage.bigEndian(UInt64.max))
            + pair("secret", 9, text("no")) + word(0) + word(0)
    }()

    @Test("A ZFS label gives the pool's name and numbers")
    func zfs() {
        let found = DeviceSignature.read(device([(16384, Self.label)]))
        #expect(
            found == [
                DeviceSignature(
                    name: "zfs_member", offset: 16384,
                    values: [
                        "version": 5000, "name": "tank", "state": 0,
                        "pool_guid": .unsigned(.max),
                    ])
            ])
    }

    @Test("DRBD is known at the end, in both versions")
    func drbd() {
        for (last, version) in [(0x6B, "8.4"), (0x6C, "8.4"), (0x6D, "9")] as [(UInt8, String)] {
            let found = DeviceSignature.read(
                device([((256 << 10) - 4096 + 60, [0x83, 0x74, 0x02, last])]))
            #expect(
                found == [
                    DeviceSignature(
                        name: "drbd", offset: 258_048, values: ["version": .string(version)])
                ])
        }
    }

    @Test("Nothing is known of nothing")
    func nothing() {
        #expect(DeviceSignature.read(MemoryDevice([])) == [])
        #expect(DeviceSignature.read(device([])) == [])
    }
}
