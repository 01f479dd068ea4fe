import DiagCollect
import DiagModel
import DiagSystem
import Testing

@testable import DiagCollectors

@Suite("The health of mounted file systems")
struct StorageFileSystemHealthTests {
    /// Two disks, with ext4 that has errors, a btrfs on one device, XFS, a ZFS pool and FUSE.
    ///
    /// The attributes are those of Linux 6.18; ZFS's are written after OpenZFS 2.2.
    static let host = """
        sys/devices/vda/size = 204800
        sys/devices/vda/dev = 254:0
        sys/block/vda -> ../devices/vda
        sys/devices/vdb/size = 1048576
        sys/devices/vdb/dev = 254:16
        sys/block/vdb -> ../devices/vdb
        sys/fs/ext4/features/encryption = supported
        sys/fs/ext4/vda/errors_count = 3
        sys/fs/ext4/vda/warning_count = 1
        sys/fs/ext4/vda/msg_count = 5
        sys/fs/ext4/vda/first_error_time = 1794298150
        sys/fs/ext4/vda/first_error_func = ext4_lookup
        sys/fs/ext4/vda/first_error_line = 1850
        sys/fs/ext4/vda/first_error_ino = 1234
        sys/fs/ext4/vda/first_error_block = 0
        sys/fs/ext4/vda/first_error_errcode = 2
        sys/fs/ext4/vda/last_error_time = 1794391872
        sys/fs/ext4/vda/last_error_func = ext4_validate_block_bitmap
        sys/fs/ext4/vda/last_error_block = 98765
        sys/fs/ext4/vda/lifetime_write_kbytes = 279
        sys/fs/ext4/vda/session_write_kbytes = 12
        sys/fs/ext4/vda/delayed_allocation_blocks = 4
        sys/fs/ext4/vda/trigger_fs_error = not to be read
        proc/fs/ext4/vda/options = rw\\nerrors=continue
        proc/fs/jbd2/vda-8/info = 7 transactions
        proc/filesystems = nodev\\ttmpfs\\n\\text4\\n\\tbtrfs\\n\\txfs\\nnodev\\tfuse
        proc/fs/xfs/stat = extent_alloc 0 0 0 0
        sys/fs/xfs/stats/stats = x
        sys/fs/xfs/vdc/log/log_head_lsn = 1:2
        sys/fs/xfs/vdc/error/fail_at_unmount = 1
        sys/fs/xfs/vdc/error/metadata/EIO/max_retries = -1
        sys/fs/btrfs/features/no_holes = 1
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/label = diag
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/generation = 7
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/exclusive_operation = none
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/features/no_holes = 1
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/devices/vdb -> ../../../../devices/vdb
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/allocation/global_rsv_size = 5767168
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/allocation/metadata/total_bytes = 33554432
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/allocation/metadata/bytes_used = 131072
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/allocation/metadata/disk_total = 67108864
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/allocation/metadata/disk_used = 262144
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/allocation/metadata/dup/used_bytes = 131072
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/devinfo/1/missing = 0
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/devinfo/1/in_fs_metadata = 1
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/devinfo/1/writeable = 1
        sys/fs/btrfs/eac652dd-c89f-4eab-a6e9-1b29ac096a2c/devinfo/1/error_stats = write_errs 0\\nread_errs 0\\nflush_errs 0\\ncorruption_errs 2\\ngeneration_errs 0
        proc/spl/kstat/zfs/tank/state = ONLINE
        proc/spl/kstat/zfs/tank/io = 20 3 0x00 1 80 9 8\\nnread nwritten reads\\n1024 2048 3
        proc/spl/kstat/zfs/arcstats = 9 1 0x01 2 64 5 6\\nname type data\\nhits 4 123
        sys/fs/fuse/connections/41/waiting = 2
        proc/1/mountinfo <<END
        31 1 254:0 / / rw - ext4 /dev/vda rw
        32 31 0:30 / /data rw - btrfs /dev/vdb rw
        33 31 0:41 / /mnt/remote rw - fuse.sshfs host:/ rw
        END

        """

    static func sink(_ more: String = "") throws -> MemorySink {
        try FixtureHost(listing: host + more).collect(StorageCollector())
    }

    static let uuid = "eac652dd-c89f-4eab-a6e9-1b29ac096a2c"

    @Test("Every value that the kernel gives stands in the document, which keeps its schema")
    func document() throws {
        let sink = try Self.sink()
        let paths = try DocumentSchemaTests.check(sink, of: "storage")
        #expect(paths.contains("storage/file-systems.json"))
        let json = try #require(try sink.json("file-systems.json"))
        #expect(json["mountCounts"] == ["ext4": 1, "btrfs": 1, "fuse.sshfs": 1])
        #expect(
            json["ext4"]
                == [
                    [
                        "device": "vda", "errorCount": 3, "warningCount": 1, "messageCount": 5,
                        "firstError": [
                            "time": "2026-11-10T08:09:10.000000Z", "function": "ext4_lookup",
                            "line": 1850, "inode": 1234, "block": 0, "code": 2,
                        ],
                        "lastError": [
                            "time": "2026-11-11T10:11:12.000000Z",
                            "function": "ext4_validate_block_bitmap", "block": 98765,
                        ],
                        "lifetimeWriteKibibytes": 279, "sessionWriteKibibytes": 12,
                        "delayedAllocationBlockCount": 4,
                        "options": ["rw", "errors=continue"], "journal": ["7 transactions"],
                    ]
                ])
        #expect(
            json["xfs"]
                == [
                    [
                        "device": "vdc",
                        "attributes": [
                            "log/log_head_lsn": "1:2", "error/fail_at_unmount": 1,
                            "error/metadata/EIO/max_retries": -1,
                        ],
                    ]
                ])
        #expect(
            json["btrfs"]
                == [
                    [
                        "uuid": .string(Self.uuid), "label": "diag", "deviceNames": ["vdb"],
                        "devicesByteCount": 536_870_912, "unallocatedByteCount": 469_762_048,
                        "globalReserveByteCount": 5_767_168, "features": ["no_holes"],
                        "spaces": [
                            [
                                "kind": "metadata", "profiles": ["dup"],
                                "totalByteCount": 33_554_432, "usedByteCount": 131_072,
                                "reservedByteCount": 0, "pinnedByteCount": 0,
                                "readOnlyByteCount": 0, "diskTotalByteCount": 67_108_864,
                                "diskUsedByteCount": 262_144,
                            ]
                        ],
                        "devices": [
                            [
                                "deviceID": 1, "isMissing": false, "isInMetadata": true,
                                "isWriteable": true,
                                "errors": [
                                    "write_errs": 0, "read_errs": 0, "flush_errs": 0,
                                    "corruption_errs": 2, "generation_errs": 0,
                                ],
                            ]
                        ],
                        "attributes": ["generation": 7, "exclusive_operation": "none"],
                    ]
                ])
        #expect(
            json["zfsPools"]
                == [
                    [
                        "name": "tank",
                        "attributes": [
                            "state": "ONLINE", "io/nread": 1024, "io/nwritten": 2048,
                            "io/reads": 3,
                        ],
                    ]
                ])
        #expect(json["zfsCache"] == ["hits": 123])
        #expect(
            json["fuse"]
                == [["name": "41", "attributes": ["waiting": 2, "mountPoint": "/mnt/remote"]]])
        #expect(sink["file-system-types.txt"]?.text.hasPrefix("nodev\ttmpfs") == true)
        #expect(sink["xfs-stat.txt"]?.text == "extent_alloc 0 0 0 0\n")
    }

    @Test("Recorded errors and device errors are findings; a waiting FUSE and an ONLINE pool not")
    func findings() throws {
        let findings = try Self.sink().findings
        #expect(findings.map(\.fault) == ["storage.ext4.errors", "storage.btrfs.device-errors"])
        #expect(
            findings[0].reason
                == "The ext4 file system on vda at / has recorded 3 errors since it was last "
                + "checked. The first was noticed in ext4_lookup (line 1850) at "
                + "2026-11-10T08:09:10.000000Z, inode 1234. The last was noticed in "
                + "ext4_validate_block_bitmap at 2026-11-11T10:11:12.000000Z, block 98765.")
        #expect(findings[0].object == "/")
        #expect(findings[0].place?.hasPrefix("fileSystem:") == true)
        #expect(findings[1].object == "/data")
        #expect(findings[1].place == "fileSystem:uuid.\(Self.uuid)")
        #expect(findings[1].reason.contains("corruption_errs 2."))
    }

    @Test(
        "A pool that is not ONLINE is a finding, a stopped one critical",
        arguments: [
            ("SUSPENDED", Finding.Severity.critical), ("FAULTED", .critical),
            ("DEGRADED", .major),
        ])
    func pool(state: String, severity: Finding.Severity) throws {
        let findings = try Self.sink("proc/spl/kstat/zfs/tank/state = \(state)\n").findings
        #expect(findings.first { $0.fault == "storage.zfs.pool-state" }?.severity == severity)
    }

    @Test("A btrfs without room for metadata, or without a device, is a finding")
    func btrfs() throws {
        let folder = "sys/fs/btrfs/\(Self.uuid)"
        let faults = try Self.sink(
            """
            \(folder)/allocation/metadata/bytes_used = 27000000
            \(folder)/devinfo/1/error_stats = write_errs 0
            \(folder)/devinfo/2/missing = 1
            """
        ).findings.map(\.fault)
        #expect(
            faults == [
                "storage.ext4.errors", "storage.btrfs.device-missing",
                "storage.btrfs.metadata-full",
            ])
    }

    @Test("A file system that says it was shut down is critical")
    func shutDown() throws {
        let sink = try FixtureHost(
            listing: "proc/1/mountinfo = 31 1 8:1 / / rw - ext4 /dev/sda1 rw,shutdown\n"
        ).collect(StorageCollector())
        #expect(sink.findings.map(\.fault) == ["storage.mount.shut-down"])
        #expect(sink.findings.first?.severity == .critical)
    }

    @Test("Facts are given for joining, by device or UUID")
    func facts() throws {
        let host = try FixtureHost(listing: Self.host)
        let context = CollectionContext(root: try host.tree())
        let sink = MemorySink()
        let tables = try StorageTables(in: context, into: sink)
        let health = try FileSystemHealth.send(
            in: context, tables: tables, devices: [], links: DeviceLinks(context.root), into: sink)
        #expect(
            health.facts == [
                .init(
                    device: "vda", uuid: nil,
                    facts: [
                        "errorCount": 3, "warningCount": 1, "sessionWriteKibibytes": 12,
                        "lastErrorTime": "2026-11-11T10:11:12.000000Z",
                        "lastErrorFunction": "ext4_validate_block_bitmap",
                    ]),
                .init(
                    device: nil, uuid: Self.uuid,
                    facts: [
                        "missingDeviceCount": 0, "write_errs": 0, "read_errs": 0,
                        "flush_errs": 0, "corruption_errs": 2, "generation_errs": 0,
                        "unallocatedByteCount": 469_762_048,
                    ]),
            ])
    }
}
