import DiagFormats
import DiagModel
import DiagSystem
import Foundation
import Testing

@testable import DiagLiveDump

@Suite("Kernel stacks of all threads")
struct ThreadStacksTests {
    private static let none = ProcessorSamples(processors: [], samples: [])
    private static let patient = ThreadStacks.Limits.patient
    private static let fsyncStack = [
        "folio_wait_bit_common+0x13d/0x350", "folio_wait_writeback+0x28/0x80",
        "__filemap_fdatawait_range+0x90/0x100", "file_write_and_wait_range+0x8d/0xa0",
        "ext4_sync_file+0x8f/0x350 [ext4]", "do_fsync+0x38/0x70", "__x64_sys_fsync+0x10/0x20",
        "do_syscall_64+0x5d/0x90", "entry_SYSCALL_64_after_hwframe+0x6e/0xd8",
    ]

    /// A disk that does not answer: fsync of a file on it, its journal, and a reader of the disk.
    private static func blockedHost() throws -> ProcTree {
        let host = try ProcTree()
        try host.write(
            "proc/1/mountinfo",
            """
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            40 21 8:16 / /data rw,relatime shared:2 - ext4 /dev/sdb rw
            41 21 0:50 / /net rw,relatime shared:3 - nfs4 filer:/export rw

            """)
        try host.link("sys/dev/block/8:16", to: "../../devices/pci0/host1/block/sdb")
        try host.write("sys/class/block/sdb/dev", "8:16\n")
        try host.write("proc/thread-self/sched", "x\nse.exec_start : 100000.0\n")
        try host.thread(
            process: 500, "postgres", "D", wchan: "folio_wait_bit_common",
            call: "74 0x7 0x0 0x0 0x0 0x0 0x0 0x7ffd 0x7f00", stack: fsyncStack, user: 999,
            lastRun: 65_000)
        try host.link("proc/500/fd/7", to: "/data/x")
        try host.thread(
            process: 300, "jbd2/sdb-8", "D", wchan: "wait_on_buffer",
            stack: [
                "io_schedule+0x42/0x70", "bit_wait_io+0xd/0x60", "__wait_on_bit+0x47/0x150",
                "out_of_line_wait_on_bit+0x8d/0xb0",
                "jbd2_journal_commit_transaction+0x1058/0x1a70 [jbd2]", "kjournald2+0xa9/0x280",
                "kthread+0xda/0x100", "ret_from_fork+0x22/0x30",
            ], isKernel: true, lastRun: 40_000)
        try host.thread(
            process: 501, "ls", "D", call: "217 0x3 0x1 0x8000 0x0 0x0 0x0 0x0 0x0",
            stack: [
                "rpc_wait_bit_killable+0xd/0x60 [sunrpc]", "__rpc_execute+0x1/0x2 [sunrpc]",
                "nfs4_do_call_sync+0x1/0x2 [nfsv4]",
            ])
        try host.link("proc/501/fd/3", to: "/net/home")
        try host.write("proc/501/fdinfo/3", "pos:\t0\nflags:\t0100000\nmnt_id:\t41\n")
        try host.thread(process: 502, "bash", "S", wchan: "do_wait", stack: ["do_wait+0x1/0x2"])
        try host.thread(process: 503, "bash", "S", wchan: "do_wait", stack: ["do_wait+0x1/0x2"])
        return host
    }

    @Test("It is told once that the threads are read, also when none could be")
    func told() throws {
        for host in [try Self.blockedHost(), try ProcTree()] {
            var count = 0
            _ = ThreadStacks.collect(
                root: try host.tree(), samples: Self.none, limits: Self.patient,
                haveRead: { count += 1 })
            #expect(count == 1)
        }
    }

    @Test("Blocked threads come longest first, with reason, device, call and file")
    func blocked() throws {
        let host = try Self.blockedHost()
        let stacks = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        #expect(stacks.host == "web1")
        #expect(stacks.kernelRelease == "6.1.0-53-cloud-amd64")
        #expect(stacks.states == ["D": 3, "S": 2])
        #expect(stacks.processCount == 5)
        #expect(stacks.isComplete)
        #expect(stacks.lacks == [])
        #expect(stacks.blocked.map(\.thread) == [300, 500, 501])
        #expect(stacks.blocked.map(\.seconds) == [60, 35, nil])
        #expect(
            stacks.blocked.map(\.wait.reason) == [
                "waits for a block device to answer: /dev/sdb (8:16)",
                "waits for a block device to answer: /dev/sdb (8:16), by fsync(2) of /data/x "
                    + "(mounted at /data)",
                "waits for an NFS server to answer: filer:/export (nfs4), by getdents64(2) of "
                    + "/net/home (mounted at /net)",
            ])
        #expect(stacks.blocked.map(\.wait.kind) == [.blockDevice, .blockDevice, .server])
        let fsync = try #require(stacks.threads.first { $0.thread == 500 })
        #expect(fsync.user == 999)
        #expect(fsync.parent == 1)
        #expect(fsync.processor == 1)
        #expect(fsync.startSeconds == 42)
        #expect(fsync.systemCall?.name == "fsync")
        #expect(stacks.stacks[fsync.stack ?? 99].frames == Self.fsyncStack)
        #expect(stacks.stacks.map(\.count) == [1, 1, 1, 2])
        #expect(stacks.stacks[3].frames == ["do_wait+0x1/0x2"])
    }

    @Test("The document keeps its schema, reads back, and another document is refused")
    func document() throws {
        let host = try Self.blockedHost()
        let stacks = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        let bytes = try JSONDocument.encode(stacks, layout: .document)
        let value = try JSONDocument.decode(JSONValue.self, from: bytes)
        #expect(PublishedSchema.kernelStacks.errors(in: value) == [])
        #expect(try KernelStacks(reading: bytes, of: "a") == stacks)
        #expect(throws: LiveDumpError.self) { try KernelStacks(reading: [0x7B, 0x7D], of: "a") }
        var other = stacks
        other.schema = "diagbundle.other"
        let otherBytes = try JSONDocument.encode(other, layout: .line)
        #expect(throws: LiveDumpError.self) { try KernelStacks(reading: otherBytes, of: "a") }
    }

    @Test("Names that would move a terminal's cursor are escaped, and may hold parentheses")
    func names() throws {
        let host = try ProcTree()
        try host.thread(process: 7, "a) R \u{1B}[31m(b", "S", stack: ["do_wait+0x1/0x2"])
        try host.write(
            "proc/8/task/8/stat",
            Array("8 (".utf8) + [0xFF, 0x0A, 0x07]
                + Array(ProcTree.stat(8, "x", "Z").utf8.dropFirst(4)))
        try host.write("proc/8/status", "Uid:\tx\n")
        let stacks = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        #expect(stacks.threads.map(\.name) == ["a) R \u{1B}[31m(b", "\\xFF\n\u{7}"])
        #expect(stacks.threads.map(\.state) == ["S", "Z"])
        #expect(stacks.threads[1].user == nil)
        let text = KernelStacksText.render(stacks)
        let isSafe = text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 }
        #expect(isSafe)
        #expect(text.contains(#"a) R \x1B[31m(b [7]"#))
    }

    @Test("Processes that end meanwhile, and files that make no sense, are passed over")
    func vanishing() throws {
        let host = try ProcTree()
        try host.thread(process: 7, "stays", "S")
        try host.write("proc/8/status", "Uid:\t0\n")  // Its thread is gone already.
        try host.write("proc/9/task/9/wchan", "do_wait")
        try host.write("proc/9/status", "")
        try host.write("proc/10/task/10/stat", "10 (cut) S 1")
        try host.write("proc/10/status", "Uid:\t4294967295\n")
        try host.write("proc/99999999999999/status", "")
        let stacks = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        #expect(stacks.threads.map(\.name) == ["stays"])
        #expect(stacks.isComplete)
    }

    @Test("A recorded tree without task folders gives the main threads")
    func recorded() throws {
        // From a Debian 6.1.0-53-cloud-amd64 guest.
        let host = try ProcTree()
        try host.write(
            "proc/158/stat",
            "158 (bash) S 1 158 158 0 -1 4194560 430 3951 16 15 12 8 112 57 20 0 1 0 910 4456448 "
                + "798 18446744073709551615 1 1 1 0 0 0 0 4100 65536 1 0 0 17 0 0 0 0 0 0\n")
        try host.write("proc/158/status", "Name:\tbash\nUid:\t0\t0\t0\t0\n")
        try host.write("proc/158/wchan", "port_fops_read")
        try host.write(
            "proc/158/syscall",
            "0 0x0 0x7ffd5a2c86f6 0x1 0x0 0x7ffd5a2c85c0 0x0 0x7ffd5a2c85e8 0x7fe474ba42ad\n")
        try host.write(
            "proc/158/stack",
            "[<0>] port_fops_read+0x293/0x2c0 [virtio_console]\n[<0>] vfs_read+0xa5/0x310\n")
        let stacks = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        var expected = KernelStacks.Thread(
            process: 158, thread: 158, name: "bash", state: "S", isKernelThread: false)
        expected.parent = 1
        expected.user = 0
        expected.processor = 0
        expected.startSeconds = 9.1
        expected.waitChannel = "port_fops_read"
        expected.systemCall = .init(
            number: 0, name: "read",
            arguments: ["0x0", "0x7ffd5a2c86f6", "0x1", "0x0", "0x7ffd5a2c85c0", "0x0"])
        expected.stack = 0
        #expect(stacks.threads == [expected])
        #expect(
            stacks.stacks.map(\.frames) == [
                ["port_fops_read+0x293/0x2c0 [virtio_console]", "vfs_read+0xa5/0x310"]
            ])
    }

    @Test("Ten thousand threads are grouped by stack; limits and stops are told")
    func many() throws {
        let host = try ProcTree()
        let manager = FileManager.default
        let shared = host.url.appendingPathComponent("stack")
        try host.write("stack", "[<0>] futex_wait+0x1/0x2\n")
        for process in 1...100 {
            try host.write("proc/\(process)/status", "Uid:\t5\n")
            for thread in (process * 1000)..<(process * 1000 + 100) {
                let folder = host.url.appendingPathComponent("proc/\(process)/task/\(thread)")
                try manager.createDirectory(at: folder, withIntermediateDirectories: true)
                let line = ProcTree.stat(thread, "worker", "S")
                try Data(line.utf8).write(to: folder.appendingPathComponent("stat"))
                try manager.linkItem(at: shared, to: folder.appendingPathComponent("stack"))
            }
        }
        let tree = try host.tree()
        var limits = Self.patient
        // What a debug build on a busy machine may need.
        let stacks = ThreadStacks.collect(root: tree, samples: Self.none, limits: limits)
        #expect(stacks.threads.count == 10_000)
        #expect(stacks.stacks == [.init(count: 10_000, frames: ["futex_wait+0x1/0x2"])])
        #expect(stacks.processCount == 100)
        limits.threadCount = 50
        let few = ThreadStacks.collect(root: tree, samples: Self.none, limits: limits)
        #expect(few.threads.count == 50)
        #expect(!few.isComplete)
        #expect(few.lacks.first?.hasPrefix("9950 of 10000 threads") == true)
        let none = ThreadStacks.collect(root: tree, samples: Self.none, isStopped: { true })
        #expect(!none.isComplete)
        #expect(none.threads.count < 10_000)
        #expect(!none.lacks.isEmpty)
        #expect(none.lacks.allSatisfy { $0.hasSuffix("the run was told to end") }, "\(none.lacks)")
        limits.seconds = 0
        limits.threadCount = 20_000
        let late = ThreadStacks.collect(root: tree, samples: Self.none, limits: limits)
        #expect(!late.isComplete)
        #expect(
            late.lacks.allSatisfy { $0.hasSuffix("no time was left after 0.0 s") }, "\(late.lacks)")
    }

    @Test("A huge stack is cut, and different ones together are bounded")
    func huge() throws {
        let host = try ProcTree()
        let long = (0..<5000).map { "function_\($0)+0x1/0x2" }
        try host.thread(process: 7, "deep", "S", stack: long)
        try host.thread(process: 8, "other", "S", stack: ["do_wait+0x1/0x2"])
        var limits = Self.patient
        let all = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        #expect(all.stacks.map(\.frames.count) == [256, 1])
        limits.stackByteCount = 100
        let few = ThreadStacks.collect(root: try host.tree(), samples: Self.none, limits: limits)
        #expect(few.stacks.map(\.frames) == [["do_wait+0x1/0x2"]])
        #expect(!few.isComplete)
    }

    @Test(
        "What was refused names the right that is lacking, or that it is something else",
        arguments: [
            (
                [], true,
                "/proc/PID/stack needs CAP_SYS_ADMIN, and CAP_SYS_PTRACE for other users' processes"
            ),
            (.sysPtrace, true, "/proc/PID/stack needs CAP_SYS_ADMIN"),
            (
                .sysAdmin, true,
                "/proc/PID/stack needs CAP_SYS_PTRACE for other users' processes"
            ),
            (
                [.sysAdmin, .sysPtrace, .syslog], true,
                "/proc/PID/stack is refused although CAP_SYS_PTRACE and CAP_SYS_ADMIN are held: by"
                    + " a security module, or as the process is in another user namespace"
            ),
            (
                [.sysAdmin, .sysPtrace], false,
                "/proc/PID/stack is refused although CAP_SYS_PTRACE and CAP_SYS_ADMIN are held: in"
                    + " this user namespace alone, which is not the initial one"
            ),
        ] as [(CapabilitySet, Bool, String)])
    func refused(capabilities: CapabilitySet, isInitial: Bool, expected: String) {
        let rights = HostRights(
            capabilities: capabilities, isInInitialUserNamespace: isInitial, container: nil,
            lockdown: .none)
        #expect(TaskReading.Refusal.stack.reason(for: rights) == expected)
        let call = TaskReading.Refusal.systemCall.reason(for: rights)
        #expect(
            capabilities.contains(.sysPtrace)
                ? call.hasPrefix("/proc/PID/syscall is refused although CAP_SYS_PTRACE is held: ")
                : call == "/proc/PID/syscall needs CAP_SYS_PTRACE for other users' processes")
        #expect(
            TaskReading.Refusal.noStackFile.reason(for: rights)
                == "they have no /proc/PID/stack, as in a kernel without CONFIG_STACKTRACE")
    }

    @Test("A tree without /proc is an honest nothing")
    func nothing() throws {
        let host = try ProcTree()
        try FileManager.default.removeItem(at: host.url.appendingPathComponent("proc"))
        let stacks = ThreadStacks.collect(
            root: try host.tree(), samples: Self.none, limits: Self.patient)
        #expect(!stacks.isComplete)
        #expect(stacks.threads == [])
        #expect(stacks.lacks.count == 1)
    }
}

extension ThreadStacks.Limits {
    /// For a tree of plain files, which cannot hang, on a machine that is busy with other things.
    static var patient: Self {
        var limits = Self()
        limits.seconds = 600
        limits.stuckSeconds = 60
        return limits
    }
}
