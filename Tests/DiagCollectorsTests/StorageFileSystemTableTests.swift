import DiagCollect
import DiagCollectors
import DiagModel
import Testing

@Suite("The table of file systems against what is mounted")
struct StorageFileSystemTableTests {
    static let host = """
        sys/devices/sda/size = 204800
        sys/devices/sda/dev = 8:0
        sys/devices/sda/sda1/partition = 1
        sys/devices/sda/sda1/dev = 8:1
        sys/devices/sda/sda1/size = 2048
        sys/block/sda -> ../devices/sda
        run/udev/data/b8:0 = E:ID_FS_UUID=AAAA-0000\\nE:ID_FS_TYPE=vfat
        run/udev/data/b8:1 = E:ID_FS_UUID=1111-2222\\nE:ID_PART_ENTRY_UUID=pp-1\\nE:ID_FS_TYPE=ext4
        dev/disk/by-label/My\\x20Disk -> ../../sda1
        proc/filesystems = nodev\\ttmpfs\\n\\text4
        proc/sys/kernel/osrelease = 6.1.0
        lib/modules/6.1.0/modules.alias = alias fs-xfs xfs
        lib/modules/6.1.0/modules.builtin = kernel/fs/fat/vfat.ko
        sbin/mount.nfs = helper
        proc/swaps <<END
        Filename				Type		Size	Used	Priority
        /dev/sda                                partition	1024	0	-2
        END
        proc/1/mountinfo <<END
        31 1 8:1 / / rw - ext4 /dev/sda1 rw
        32 31 0:40 / /run rw - tmpfs tmpfs rw
        33 31 8:1 / /srv/real rw - ext4 /dev/sda1 rw
        34 31 8:1 / /srv/two\\040words rw - ext4 /dev/sda1 rw
        END
        srv/link -> real
        srv/empty/

        """

    /// The faults that one line makes, without `storage.fstab.`.
    private func faults(_ table: String) throws -> [String] {
        let host = try FixtureHost(listing: Self.host + "etc/fstab <<END\n\(table)\nEND\n")
        let sink = try host.collect(StorageCollector())
        _ = try DocumentSchemaTests.check(sink, of: "storage")
        return sink.findings.map { "\($0.fault.dropFirst(14)) \($0.severity)" }
    }

    @Test(
        "Lines that are as they should be make no finding",
        arguments: [
            "UUID=1111-2222 / ext4 defaults 0 1", "LABEL=My\\040Disk / ext4 defaults",
            "PARTUUID=PP-1 / auto defaults", "/dev/sda1 /srv/link/ ext4 rw",
            "tmpfs /run tmpfs size=1m", "UUID=\"1111-2222\" /srv/empty xfs noauto",
            "UUID=gone /srv/empty ext4 noauto", "nas:/x /srv/empty nfs noauto",
            "/dev/sda none swap sw", "UUID=aaaa-0000 none swap sw",
            "UUID=1111-2222 /srv/empty ext4 x-systemd.automount",
            "# UUID=x / ext4 defaults", "/srv /srv/real none bind",
            "/srv /srv/two\\040words/ none bind",
        ])
    func sound(line: String) throws {
        #expect(try faults(line) == [])
    }

    @Test(
        "Lines that cannot work make the finding that says why",
        arguments: [
            ("UUID=gone /srv/empty ext4 defaults", ["device-missing major"]),
            ("UUID=gone /srv/empty ext4 nofail", ["device-missing minor"]),
            ("LABEL=nobody none swap sw", ["device-missing major"]),
            ("/dev/sdz9 /srv/empty ext4 defaults", ["device-missing major"]),
            ("UUID=1111-2222 /srv/empty ext4 defaults", ["not-mounted major"]),
            ("UUID=1111-2222 /srv/empty vfat,xfs nofail", ["not-mounted minor"]),
            ("UUID=1111-2222 /srv/empty btrsf defaults", ["unknown-type major"]),
            ("UUID=1111-2222 /srv/empty zfs noauto", ["unknown-type minor"]),
            ("/dev/sda1 none swap sw", ["swap-inactive minor"]),
            ("/swapfile none swap sw", ["swap-inactive minor"]),
            (
                "UUID=1111-2222 /srv/none ext4 defaults",
                ["not-mounted major", "mount-point-missing minor"]
            ),
            ("UUID=1111-2222 / ext4 rw\nLABEL=My\\040Disk / ext4 rw", ["duplicate minor"]),
            ("UUID=1111-2222 /", ["unreadable minor"]),
        ])
    func wrong(line: String, expected: [String]) throws {
        #expect(try faults(line) == expected)
    }

    @Test("A finding names the line, and the document what is true of it")
    func document() throws {
        let host = try FixtureHost(
            listing: Self.host
                + "etc/fstab <<END\n# c\nUUID=gone /srv/empty ext4 nofail 0 2\nEND\n")
        let sink = try host.collect(StorageCollector())
        #expect(sink.findings.first?.evidence == [.init(artifact: "storage/fstab.txt", line: 2)])
        #expect(
            try sink.json("file-systems.json")?["fileSystemTable"]
                == [
                    [
                        "line": 2, "source": "UUID=gone", "mountPoint": "/srv/empty",
                        "type": "ext4", "isNoauto": false, "isNofail": true,
                        "isAutomount": false, "isActive": false, "problems": ["deviceMissing"],
                    ]
                ])
    }

    @Test("A root without mounts, devices and kernel makes no findings of the table")
    func offline() throws {
        let sink = try FixtureHost(listing: "etc/fstab = UUID=1 /srv ext4 defaults\n")
            .collect(StorageCollector())
        #expect(sink.findings == [])
    }
}
