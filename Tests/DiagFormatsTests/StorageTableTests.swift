@testable import DiagFormats
import Testing

@Suite("The kernel's storage tables")
struct StorageTableTests {
    static let mounts = """
        31 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg0-root rw,errors=remount-ro
        99 31 253:1 /home/a\\134b /srv/two\\040words\\011tab rw,relatime shared:1 master:2 - fuse.x  ro,a=b
        102 31 0:52 / /mnt/- rw - nfs4 [2001:db8::1]:/e rw,addr=2001:db8::1
        """
    static let swaps = """
        Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority
        /dev/dm-2                               partition\t16777212\t1024\t\t-2
        /swap\\040file\\040(deleted)              file\t\t1048572\t0\t\t-3
        """
    static let statistics = """
           8       0 sda 1 2 3 4 5 6 7 8 9 10 11
         259       0 nvme0n1 91510 25660 6069306 21542 21581 54922 3039120 17767 0 13908 39971 0 0 0 0 1 2
        """
    static let partitions = "major minor  #blocks  name\n\n   8        0 3907018584 sda\n"
    static let fileSystems = """
        # a comment
        UUID=1 / ext4 errors=remount-ro 0 1
          LABEL=two\\040words\t/data   xfs
        broken
        nas:/e /mnt nfs ro,rw,soft
        """
    static let record = """
        S:disk/by-id/x
        S:sda
        L:-10
        I:2104571
        E:A=b=c
        E:EMPTY=
        G:systemd
        Q:q
        V:1
        ?

        """

    @Test("A mount line gives every field, with escapes undone and an empty source kept")
    func mountTable() {
        let table = MountTable(parsing: Array(Self.mounts.utf8))
        #expect(table.unreadableLines == [])
        #expect(table.entries.count == 3)
        #expect(
            table.entries[1]
                == MountTable.Entry(
                    identifier: 99, parentIdentifier: 31, device: .init(major: 253, minor: 1),
                    root: Array("/home/a\\b".utf8), mountPoint: Array("/srv/two words\ttab".utf8),
                    options: "rw,relatime", fileSystemType: "fuse.x", source: [],
                    superOptions: "ro,a=b", line: 2))
        #expect(table.entries[1].isReadOnlySuperBlock && !table.entries[1].isReadOnlyMount)
        #expect(!table.entries[0].isReadOnlySuperBlock)
        #expect(table.entries[2].mountPoint == Array("/mnt/-".utf8))
        #expect(table.entries[2].superOption("addr") == "2001:db8::1")
        #expect(table.entries[2].superOption("nothing") == nil)
    }

    @Test("What lies below another mount, or below one on the way, cannot be seen")
    func visibility() {
        let text = """
            1 1 0:1 / / rw - rootfs none rw
            2 1 8:1 / / rw - ext4 /dev/sda1 rw
            3 2 8:2 / /a rw - ext4 /dev/sda2 rw
            4 3 8:3 / /a/b rw - ext4 /dev/sda3 rw
            5 3 8:4 / /a rw - ext4 /dev/sda4 rw
            6 2 8:5 / /c/d rw - ext4 /dev/sda5 rw
            7 2 8:6 / /c rw - ext4 /dev/sda6 rw
            8 5 8:7 / /a/b rw - ext4 /dev/sda7 rw
            9 2 8:8 / /ab rw - ext4 /dev/sda8 rw
            10 9 8:8 / /ab rw - ext4 /dev/sda8 rw
            11 12 8:9 / /loop rw - ext4 x rw
            12 11 8:9 / /loop/x rw - ext4 x rw
            """
        let table = MountTable(parsing: Array(text.utf8))
        let seen = zip(table.entries, table.visibility).filter(\.1).map(\.0.identifier)
        #expect(seen == [2, 5, 7, 8, 10, 11, 12])
    }

    @Test("Swap areas are in bytes, and a removed file is told by its mark")
    func swapTable() {
        let table = SwapTable(parsing: Array(Self.swaps.utf8))
        #expect(table.unreadableLines == [])
        #expect(
            table.entries == [
                .init(
                    path: Array("/dev/dm-2".utf8), type: "partition", byteCount: 17_179_865_088,
                    usedByteCount: 1_048_576, priority: -2, line: 2, isDeleted: false),
                .init(
                    path: Array("/swap file".utf8), type: "file", byteCount: 1_073_737_728,
                    usedByteCount: 0, priority: -3, line: 3, isDeleted: true),
            ])
    }

    @Test("Disk statistics of old and new kernels are read alike")
    func diskStatistics() {
        let table = DiskStatistics(parsing: Array(Self.statistics.utf8))
        #expect(table.unreadableLines == [])
        #expect(
            table.entries.first
                == .init(
                    device: .init(major: 8, minor: 0), name: "sda",
                    counters: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]))
        #expect(table.entries.map(\.inFlightCount) == [9, 0])
        #expect(table.entries.map(\.busyMilliseconds) == [10, 13908])
        #expect(table.entries[1].counters.count == 17)
    }

    @Test("The listing of partitions is in bytes")
    func partitionListing() {
        let table = PartitionTableListing(parsing: Array(Self.partitions.utf8))
        #expect(
            table.entries == [
                .init(
                    device: .init(major: 8, minor: 0), byteCount: 4_000_787_030_016, name: "sda")
            ])
        #expect(table.unreadableLines == [])
    }

    @Test("The table of file systems keeps its line numbers, and the last of ro and rw counts")
    func fileSystemTable() {
        let table = FileSystemTable(parsing: Array(Self.fileSystems.utf8))
        #expect(table.unreadableLines == [4])
        #expect(
            table.entries[1]
                == .init(
                    source: Array("LABEL=two words".utf8), mountPoint: Array("/data".utf8),
                    fileSystemType: "xfs", options: "defaults", line: 3))
        #expect(table.entries.map(\.isWritable) == [true, true, true])
        #expect(
            FileSystemTable(parsing: Array("a /b c rw,ro".utf8)).entries.map(\.isWritable)
                == [false])
    }

    @Test("A udev record gives links, properties and tags; unknown lines are passed over")
    func udevRecord() {
        let record = UdevRecord(parsing: Array(Self.record.utf8))
        #expect(record.links == ["disk/by-id/x", "sda"])
        #expect(record.properties == ["A": "b=c", "EMPTY": ""])
        #expect(record["A"] == "b=c" && record["EMPTY"] == nil && record["NONE"] == nil)
        #expect(record.tags == ["systemd"])
        #expect(record.initializedMicroseconds == 2_104_571 && record.linkPriority == -10)
    }

    @Test(
        "Numbers too large for their field make a line unreadable",
        arguments: [
            "31 1 8:4294967296 / / rw - ext4 x rw", "31 99999999999999999999 8:1 / / rw - e x rw",
            "31 1 8: / / rw - ext4 x rw", "31 1 -8:1 / / rw - ext4 x rw",
            "31 1 8:1 / / rw - ext4 x",
            "31 1 8:1 / / rw ext4 x rw more", "31 1 8:1 /  rw - ext4 x rw", "", " ",
        ])
    func badMount(line: String) {
        let table = MountTable(parsing: Array((line + "\n").utf8))
        #expect(table.entries == [] && table.unreadableLines == [1])
    }

    @Test("Sizes that do not fit in bytes make a line unreadable")
    func badSizes() {
        let swaps = SwapTable(
            parsing: Array("/a file 9223372036854775807 0 1\n/b file -1 0 1\n".utf8))
        #expect(swaps.entries == [] && swaps.unreadableLines == [1, 2])
        let partitions = PartitionTableListing(parsing: Array("8 0 9223372036854775807 a".utf8))
        #expect(partitions.entries == [] && partitions.unreadableLines == [1])
    }

    @Test(
        "Secrets are masked wherever an option or a URL holds one, and nothing else",
        arguments: [
            (
                "//s/x /m cifs user=a,password=b\\054c,uid=1 0 0",
                "//s/x /m cifs user=a,password=[masked],uid=1 0 0"
            ),
            ("user=a,pass=x", "user=a,pass=[masked]"), ("PASSWORD2=x y", "PASSWORD2=[masked] y"),
            ("name=admin,secret=AQ==,fsc", "name=admin,secret=[masked],fsc"),
            ("secretfile=/etc/s,credentials=/etc/c", "secretfile=/etc/s,credentials=/etc/c"),
            ("# https://ada:pw@dav.example.net/x", "# https://ada:[masked]@dav.example.net/x"),
            ("https://dav.example.net:8080/a@b", "https://dav.example.net:8080/a@b"),
            ("ada@box:/x rw,a=b", "ada@box:/x rw,a=b"), ("password=", "password="),
            ("password=a\npassword=b", "password=[masked]\npassword=[masked]"), ("://:@", "://:@"),
            (#"a,password="se,cr et",uid=1"#, "a,password=[masked],uid=1"),
            ("pass='two words' x", "pass=[masked] x"), (#"pass="open, x"#, "pass=[masked]"),
            (#"mount -o "pass=x" y"#, #"mount -o "pass=[masked]" y"#),
            (#"pass=a"b,uid=1"#, "pass=[masked],uid=1"),
            ("rw,username=bob%secret,uid=1", "rw,username=bob%[masked],uid=1"),
            ("user=W/bob%s%t x", "user=W/bob%[masked] x"), ("user=a,muser=b%c", "user=a,muser=b%c"),
            ("curlftpfs#user:secret@host /x", "curlftpfs#user:[masked]@host /x"),
            ("sshfs#ada@box:/dir@x /y fuse", "sshfs#ada@box:/dir@x /y fuse"),
            ("ftp://user:p@ss@host/a@b /x", "ftp://user:[masked]@host/a@b /x"),
            ("ftp://user:p,w@host /x", "ftp://user:[masked]@host /x"),
            ("ftp://user:p/w@host /x", "ftp://user:[masked]@host /x"),
            ("url=ftp://a:b@c,user=d@e", "url=ftp://a:[masked]@c,user=d@e"),
            ("password=a,,b,uid=1", "password=[masked],uid=1"),
            ("password=a,,,uid=1", "password=[masked],uid=1"),
        ])
    func secrets(text: String, masked: String) {
        #expect(MountOptionSecrets.masking(text) == masked)
    }

    @Test("Paths of a thousand folders, and text full of colons, cost no more than their length")
    func costly() {
        let deep = String(repeating: "/a", count: 1000)
        let lines = (0..<500).map { "\($0 + 2) 1 0:\($0) / \(deep)/\($0) rw - x x rw" }
        let table = MountTable(parsing: Array(lines.joined(separator: "\n").utf8))
        #expect(table.visibility.count == 500)
        let colons = [UInt8](repeating: 0x3A, count: 1 << 18) + Array("@".utf8)
        #expect(MountOptionSecrets.masking(colons) == colons)
        let addresses = Array(String(repeating: "#a:", count: 1 << 12).utf8)
        #expect(MountOptionSecrets.masking(addresses + [0x3D]) == addresses + [0x3D])
        let users = Array(String(repeating: "user=", count: 1 << 14).utf8)
        #expect(MountOptionSecrets.masking(users) == users)
    }

    private static func parseAll(_ bytes: [UInt8]) -> Int {
        let mounts = MountTable(parsing: bytes)
        return mounts.visibility.count + SwapTable(parsing: bytes).entries.count
            + DiskStatistics(parsing: bytes).entries.count
            + PartitionTableListing(parsing: bytes).entries.count
            + FileSystemTable(parsing: bytes).entries.count + UdevRecord(parsing: bytes).links.count
            + MountOptionSecrets.masking(bytes).count
    }

    static let samples = [mounts, swaps, statistics, partitions, fileSystems, record]

    @Test("Every truncation of every sample is taken by every parser", arguments: samples)
    func truncated(sample: String) {
        let bytes = Array(sample.utf8)
        for length in 0...bytes.count {
            #expect(Self.parseAll(Array(bytes[..<length])) >= 0)
        }
        // The whole differs from nothing, so that the loop above cannot be empty.
        #expect(Self.parseAll(bytes) > Self.parseAll([]))
    }

    @Test("Flipped bytes are taken by every parser", arguments: samples)
    func flipped(sample: String) {
        let bytes = Array(sample.utf8)
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        for _ in 0..<1000 {
            var broken = bytes
            for _ in 0...(next() % 4) {
                broken[next() % broken.count] = UInt8(truncatingIfNeeded: next())
            }
            #expect(Self.parseAll(broken) >= 0)
        }
    }
}
