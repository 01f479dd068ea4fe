import DiagCollect
import DiagModel
import Testing

@testable import DiagCollectors
@testable import DiagSystem

@Suite("A probe and the mount table of another namespace")
struct StorageNamespaceTests {
    private static let reason =
        "another file system is mounted there in diagbundle's own mount namespace"

    private func run(_ facts: [String: JSONValue]?, of answered: ProbeRecord? = nil) throws
        -> ProbeRecord
    {
        let host = try FixtureHost(listing: "data/")
        return try MountHealthProbe().run(
            .init(kind: "mount-health", target: "/data", facts: facts),
            in: CollectionContext(root: try host.tree()), into: MemorySink())
    }

    /// proc has a number of its own and a type that cannot be mistaken.
    private func proc(_ facts: [String: JSONValue]?) throws -> ProbeRecord {
        try MountHealthProbe().run(
            .init(kind: "mount-health", target: "/proc", facts: facts),
            in: CollectionContext(root: try RootedTree("/")), into: MemorySink())
    }

    @Test("The same number is the same file system; without a number nothing is skipped")
    func same() throws {
        let plain = try proc(nil)
        let device = try #require(plain.facts["dev"])
        #expect(plain.outcome == .ok)
        let same = try proc(["device": device, "fileSystemType": "proc"])
        #expect(same.outcome == .ok && same.facts["device"] == device)
        #expect(try proc(["fileSystemType": "proc"]).outcome == .ok)
    }

    @Test(
        "Another number is another file system",
        arguments: ["proc", "tmpfs", "btrfs", "nfs4", "ext3", "fuse.sshfs", "overlay"])
    func other(type: String) throws {
        let record = try proc(["device": "9999:1", "fileSystemType": .string(type)])
        #expect(record.outcome == .skipped && record.reason == Self.reason)
        #expect(record.facts["device"] == "9999:1" && record.facts["byteCount"] == nil)
    }

    @Test("A failure keeps the number of the table, by which its mounts are known as one")
    func failure() throws {
        let record = try MountHealthProbe().run(
            .init(
                kind: "mount-health", target: "/gone",
                facts: ["device": "8:1", "fileSystemType": "ext4"]),
            in: CollectionContext(root: try FixtureHost(listing: "data/").tree()),
            into: MemorySink())
        #expect(record.outcome == .skipped)
        #expect(record.facts == ["device": "8:1", "fileSystemType": "ext4"])
    }

    @Test(
        "Another number alone is no sign where subvolumes, layers and shares have their own",
        arguments: [
            ("0:40", "btrfs", 0x9123_683E, false), ("0:40", "overlay", 0x794C_7630, false),
            ("0:40", "bcachefs", 0xCA45_1A4E, false), ("0:40", "nfs4", 0x6969, false),
            ("0:40", "cifs", 0xFF53_4D42, false), ("0:40", "cifs", 0xFE53_4D42, false),
            ("8:1", "btrfs", 0xEF53, true), ("8:1", "ext4", 0xEF53, true),
            ("0:40", "tmpfs", 0x0102_1994, true), ("0:40", "devtmpfs", 0x6265_6572, true),
            ("0:40", "fuse.sshfs", 0x6573_5546, true), ("0:40", "unheard-of", 0x1234, false),
            ("0:40", "unheard-of", 0xEF53, false), ("8:1", "unheard-of", 0x1234, true),
            ("0:99", "ext4", 0x0102_1994, false), ("nonsense", "ext4", 0x6969, false),
        ] as [(String, String, UInt32, Bool)])
    func numbers(device: String, type: String, magic: UInt32, isAnother: Bool) {
        let space = FileSystemSpace(
            deviceMajor: 0, deviceMinor: 99, magic: magic, blockByteCount: 1, blockCount: 1,
            freeBlockCount: 1, availableBlockCount: 1, inodeCount: 0, freeInodeCount: 0,
            isReadOnly: false)
        let facts: [String: JSONValue] = [
            "device": .string(device), "fileSystemType": .string(type),
        ]
        #expect(MountHealthProbe.isAnother(space, than: facts) == isAnother)
    }
}
