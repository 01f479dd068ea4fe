import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors
@testable import DiagFormats

@Suite("Logs: the kernel ring buffer")
struct LogsKernelTests {
    private static let records = """
        6,100,1000000,-;Linux version 6.1.0 (invented)
        6,101,1200000,-;first of two\\x0asecond of two
        3,102,2000000,-;I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x80700
         SUBSYSTEM=block
         DEVICE=b8:16
        3,103,2500000,-;EXT4-fs error (device dm-3): ext4_lookup:1855: inode #2: comm ls: iget
        3,104,3000000,-;I/O error, dev sdb, sector 4096 op 0x0:(READ) flags 0x80700
        12,105,3500000,-;I/O error, dev sdz, sector 1: written by a program

        """

    private func host(_ records: String = records) throws -> LogsHost {
        try LogsHost().write("dev/kmsg", records).write("proc/stat", "cpu 1\nbtime 1793500000\n")
    }

    @Test("Records become lines with both times")
    func text() throws {
        let sink = try host().collect()
        let lines = sink["kernel.txt"]?.text.split(separator: "\n") ?? []
        #expect(
            lines.prefix(4) == [
                "[    1.000000] 2026-11-01T02:26:41.000000Z kern.info: Linux version 6.1.0 (invented)",
                "[    1.200000] 2026-11-01T02:26:41.200000Z kern.info: first of two",
                "    second of two",
                "[    2.000000] 2026-11-01T02:26:42.000000Z kern.err: "
                    + "I/O error, dev sdb, sector 2048 op 0x0:(READ) flags 0x80700",
            ])
        #expect(lines.count == 7)
        #expect(sink["kernel.jsonl"]?.text.split(separator: "\n").count == 6)
        #expect(
            sink["kernel.jsonl"]?.text.contains(
                #"{"dictionary":{"SUBSYSTEM":"block","DEVICE":"b8:16"}"#)
                == true)
    }

    @Test("Faults are grouped by device, with the lines they rest on")
    func findings() throws {
        let sink = try host().collect()
        let found = sink.findings.map {
            "\($0.fault) \($0.object) \($0.severity) \($0.evidence.compactMap(\.line))"
        }
        #expect(
            found == [
                "logs.kernel.block-io-error sdb major [4, 6]",
                "logs.kernel.ext4-error dm-3 critical [5]",
            ])
        #expect(
            sink.findings[0].reason.contains(
                "Logged 2 times; first: I/O error, dev sdb, sector 2048"))
        #expect(sink.findings[0].evidence[0].artifact == "logs/kernel.txt")
    }

    @Test("A budget keeps the newest records, and the lines of findings still fit")
    func budget() throws {
        let sink = try host().collect(byteBudget: 8 * 400)
        let kernel = try #require(sink["kernel.txt"])
        #expect(kernel.bytes.count <= 400)
        #expect(kernel.text.hasSuffix("written by a program\n"))
        #expect(kernel.truncation?.hasPrefix("only the newest ") == true)
        let lines = kernel.text.split(separator: "\n")
        for finding in sink.findings {
            for line in finding.evidence.compactMap(\.line) {
                #expect(lines[line - 1].contains(finding.object))
            }
        }
        #expect(!sink.findings.isEmpty)
    }

    @Test("Records before the wanted time are left out of all, and that is said")
    func since() throws {
        let since = Timestamp(microsecondsSince1970: 1_793_500_002_500_000)
        let sink = try host().collect(since: since)
        let lines = sink["kernel.txt"]?.text.split(separator: "\n") ?? []
        #expect(lines.count == 3)
        #expect(lines.first?.hasPrefix("[    2.500000] ") == true)
        #expect(sink["kernel.jsonl"]?.text.split(separator: "\n").count == 3)
        #expect(sink["kernel.txt"]?.truncation == nil)
        #expect(
            sink.findings.map { $0.evidence.compactMap(\.line) } == [[1], [2]])
        #expect(
            sink.messages.contains(
                .note(
                    .init(
                        text: "kernel records from before 2026-11-01T02:26:42.500000Z are left"
                            + " out: 3 of 6"))))
    }

    @Test("When all records are older there is no empty artifact")
    func allOlder() throws {
        let sink = try host().collect(
            since: Timestamp(microsecondsSince1970: 1_793_600_000_000_000))
        #expect(sink["kernel.txt"] == nil)
        #expect(
            sink.absent.map(\.why).contains("all 6 records of the ring buffer are older"))
    }

    @Test("Without the time of the boot all records are kept, and that is said")
    func sinceWithoutBoot() throws {
        let host = try LogsHost().write("dev/kmsg", Self.records)
        let sink = try host.collect(since: Timestamp(microsecondsSince1970: 1_793_600_000_000_000))
        #expect(sink["kernel.jsonl"]?.text.split(separator: "\n").count == 6)
        #expect(
            sink.messages.contains {
                if case .note(let note) = $0 {
                    note.text.contains("boot is not known")
                } else {
                    false
                }
            })
    }

    @Test("What the host was suspended does not make records too old")
    func suspended() {
        let since = Timestamp(microsecondsSince1970: 10_000_000)
        #expect(KernelLogClock(bootTime: 1_000_000).earliest(since: since) == 9_000_000)
        #expect(
            KernelLogClock(bootTime: 1_000_000, suspended: 4_000_000).earliest(since: since)
                == 5_000_000)
        #expect(KernelLogClock(bootTime: 11_000_000).earliest(since: since) == 0)
        #expect(KernelLogClock(bootTime: .max, suspended: 1).earliest(since: since) == 0)
        #expect(KernelLogClock(bootTime: nil).earliest(since: since) == nil)
    }

    @Test("The offsets of a time namespace are understood, and nonsense is passed over")
    func offsets() {
        let file = "monotonic           5         1\nboottime      -3000 0\nother 1 1\n7 x 1\n"
        #expect(
            KernelLogClock.offsets(Array(file.utf8)) == (
                sinceBoot: -3_000_000_000_000, awake: 5_000_000_001
            ))
        #expect(
            KernelLogClock.offsets(Array("boottime 99999999999999999 0\nboottime".utf8)) == (0, 0))
    }

    @Test("Secrets of the kernel's command line are masked in both artifacts")
    func commandLine() throws {
        let line = "Kernel command line: ro api_token=hunter2 quiet"
        let sink = try host("6,1,5,-;\(line)\n6,2,6,-;C\(line.dropFirst(8))\n6,3,7,-;x\n").collect()
        for path in ["kernel.txt", "kernel.jsonl"] {
            let text = try #require(sink[path]).text
            #expect(!text.contains("hunter2"))
            #expect(text.contains("Kernel command line: ro api_token=[masked] quiet"))
        }
    }

    @Test("Sequence numbers of a recorded buffer in any order lose no record")
    func disorder() throws {
        let sink = try host("6,5,1,-;a\n6,9,2,-;b\n6,1,3,-;c\n6,2,4,-;d\n").collect()
        #expect(sink["kernel.txt"]?.text.split(separator: "\n").count == 4)
    }

    @Test("The end is where the first record stands that came after it was marked")
    func end() throws {
        let host = try LogsHost().write("kmsg", "6,1,1,-;before\n")
        let path = host.url.appendingPathComponent("kmsg").path
        let end = try KernelLogEnd(of: OwnedDescriptor.open(FilePath(path), .readOnly))
        #expect(end.isBehind(1))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("6,70,1,-;later".utf8))
        try handle.close()
        // The 65th question is the first after it to look: the record is found in time.
        #expect((2...80).filter { end.isBehind(UInt64($0)) } == Array(2...69))
        #expect(!end.isBehind(70))
        #expect(end.isBehind(69))
    }

    @Test("What is not a record is counted, and the others stay")
    func malformed() throws {
        let sink = try host("garbage\n6,1,5,-;sound\n" + String(repeating: "x", count: 600_000))
            .collect()
        #expect(
            sink["kernel.txt"]?.text
                == "[    0.000005] 2026-11-01T02:26:40.000005Z kern.info: sound\n")
        #expect(
            sink["kernel.txt"]?.truncation?.hasSuffix("records could not be understood") == true)
    }

    @Test("Without a recorded ring buffer it is absent; a device node is not opened")
    func absent() throws {
        let sink = try LogsHost().write("etc/hostname", "x").collect()
        #expect(sink.absent.contains { $0.what == "kernel ring buffer" })
        let host = try LogsHost().write("dev/x", "")
        #expect(mkfifo(host.url.appendingPathComponent("dev/kmsg").path, 0o600) == 0)
        #expect(try host.collect()["kernel.txt"] == nil)
    }

    @Test("Not more than fifty findings, and the rest is counted")
    func manyFaults() throws {
        let lines = (0..<80).map { "3,\($0),\($0),-;I/O error, dev sd\($0), sector 1\n" }
        let sink = try host(lines.joined()).collect()
        #expect(sink.findings.count == 50)
        #expect(
            sink.messages.contains(
                .note(
                    .init(
                        text:
                            "30 further lines of the kernel log tell of faults beyond the first 50"
                    ))))
    }

    /// Lines as the kernels named in KernelFaultTable.swift print them, with invented devices.
    static let lines: [(line: String, fault: String, object: String)] = [
        ("blk_update_request: I/O error, dev sda, sector 12345", "block-io-error", "sda"),
        ("print_req_error: I/O error, dev nvme0n1, sector 99", "block-io-error", "nvme0n1"),
        ("critical medium error, dev sdc, sector 7 op 0x0:(READ) flags 0x0", "medium-error", "sdc"),
        (
            "sd 2:0:0:0: [sdc] tag#12 Sense Key : Medium Error [current] [descriptor]",
            "medium-error", "sdc"
        ),
        (
            "Buffer I/O error on dev dm-1, logical block 0, async page read", "buffer-io-error",
            "dm-1"
        ),
        ("md/raid1:md0: Disk failure on sdb1, disabling device.", "md-member-failed", "sdb1"),
        ("nvme nvme0: I/O 22 QID 3 timeout, aborting", "nvme-timeout", "nvme0"),
        (
            "nvme nvme1: I/O tag 5 (1005) opcode 0x2 (I/O Cmd) QID 1 timeout, aborting req_op:READ(0)",
            "nvme-timeout", "nvme1"
        ),
        (
            "nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10",
            "nvme-reset", "nvme0"
        ),
        (
            "INFO: task kworker/u8:2 x:4711 blocked for more than 120 seconds.", "hung-task",
            "kworker/u8:2 x:4711"
        ),
        ("EXT4-fs (sda1): Remounting filesystem read-only", "remounted-read-only", "sda1"),
        ("Aborting journal on device sda1-8.", "journal-aborted", "sda1-8"),
        (
            "XFS (dm-0): Metadata corruption detected at xfs_agf_verify+0x1/0x2 [xfs]",
            "xfs-corruption", "dm-0"
        ),
        (
            "XFS (vdb): Corruption of in-memory data (0x8) detected at x. Shutting down filesystem.",
            "xfs-corruption", "vdb"
        ),
        ("BTRFS error (device sdd: state EA): bdev errors", "btrfs-error", "sdd"),
        ("BTRFS info (device sdd: state E): forced readonly", "remounted-read-only", "sdd"),
        (
            "Out of memory: Killed process 123 (postgres) total-vm:1kB", "out-of-memory-kill",
            "postgres"
        ),
        (
            "Out of memory: Kill process 9 (a b) score 1 or sacrifice child", "out-of-memory-kill",
            "a b"
        ),
        (
            "Memory cgroup out of memory: Killed process 5 (worker) total-vm:1kB",
            "memory-limit-kill", "worker"
        ),
        (
            "mce: [Hardware Error]: CPU 2: Machine Check Exception: 5 Bank 0: b200000000000000",
            "machine-check", "2"
        ),
        ("mce: [Hardware Error]: Machine check events logged", "machine-check-logged", "host"),
        ("watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [cc1:8]", "soft-lockup", "3"),
        ("watchdog: Watchdog detected hard LOCKUP on cpu 1", "hard-lockup", "1"),
    ]

    @Test("Each line that tells of a fault is recognised", arguments: lines)
    func pattern(line: String, fault: String, object: String) throws {
        var finder = KernelFaultFinder()
        let message = try KernelMessage(parsing: Array("3,1,1,-;\(line)".utf8)[...])
        finder.add(message, atLine: 7)
        let finding = try #require(finder.findings.first)
        #expect(finding.fault == "logs.kernel." + fault)
        #expect(finding.object == object)
        #expect(finding.evidence == [.init(artifact: "logs/kernel.txt", line: 7)])
    }

    @Test(
        "Lines without a fault, and empty drives, raise no alarm",
        arguments: [
            "EXT4-fs (sda1): mounted filesystem with ordered data mode",
            "sd 2:0:0:0: [sdc] Write Protect is off", "nvme nvme0: 8/0/0 default/read/poll queues",
            "I/O error, dev ", "task blocked for more than 120 seconds.", "nvme : I/O timeout, ",
            "XFS (): Corruption ",
        ])
    func harmless(line: String) throws {
        var finder = KernelFaultFinder()
        finder.add(try KernelMessage(parsing: Array("3,1,1,-;\(line)".utf8)[...]), atLine: 1)
        #expect(finder.findings.isEmpty)
        finder.add(
            try KernelMessage(parsing: Array("3,1,1,-;I/O error, dev sr0, sector 0".utf8)[...]),
            atLine: 1)
        #expect(finder.findings.map(\.severity) == [.notice])
    }
}
