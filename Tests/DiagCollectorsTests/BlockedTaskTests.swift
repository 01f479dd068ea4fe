import DiagCollect
import DiagModel
import Testing

@testable import DiagCollectors

@Suite("Tasks in uninterruptible sleep")
struct BlockedTaskTests {
    private static let host = """
        proc/1/mountinfo <<END
        21 1 8:1 / / rw - ext4 /dev/sda1 rw
        30 21 0:40 / /srv rw - nfs4 nas:/srv rw
        END
        proc/100/task/100/stat = 100 (a) D (b) D 1 100 100 0 -1
        proc/100/task/100/wchan = rpc_wait_bit_killable
        proc/100/task/100/syscall = 0 0x3 0x7ffd 0x1000 0x0 0x0 0x0 0x7ffc 0x7f
        proc/100/task/100/stack <<END
        [<0>] rpc_wait_bit_killable+0x11/0x80
        [<0>] nfs4_proc_getattr+0x5/0x60
        END
        proc/100/fd/3 -> /srv/data/file
        proc/100/task/101/stat = 101 (well) S 1 100 100 0 -1
        proc/7/task/7/stat = 7 (jbd2/sda1-8) D 2 0 0 0 -1
        proc/7/task/7/wchan = wait_on_buffer
        """

    @Test("Each is described with its stack, its file and what it waits for")
    func described() throws {
        let fixture = try FixtureHost("md-multipath")
        try fixture.add(Self.host)
        let sink = try fixture.collect(StorageCollector())
        var document = try JSONDocument.decode(
            BlockedTaskDocument.self, from: try #require(sink["blocked-tasks.json"]).bytes)
        // Told after a run of a second, which a busy machine may take.
        for index in document.tasks.indices { document.tasks[index].isStillBlocked = nil }
        let topology = try StorageTopologyTests.topology(sink)
        func node(_ name: String, _ kind: Topology.Kind) -> String? {
            topology.nodes.first { $0.name == name && $0.kind == kind }?.id
        }
        #expect(
            document.tasks == [
                BlockedTask(
                    process: 100, thread: 100, name: "a) D (b",
                    waitChannel: "rpc_wait_bit_killable",
                    systemCall: "0 0x3 0x7ffd 0x1000 0x0 0x0 0x0 0x7ffc 0x7f",
                    kernelStack: [
                        "rpc_wait_bit_killable+0x11/0x80", "nfs4_proc_getattr+0x5/0x60",
                    ], path: "/srv/data/file", place: node("nfs4", .fileSystem)),
                BlockedTask(
                    process: 7, thread: 7, name: "jbd2/sda1-8", waitChannel: "wait_on_buffer",
                    kernelStack: [], place: node("sda1", .partition)),
            ])
        #expect(document.tasks.allSatisfy { $0.place != nil })
    }

    @Test(
        "A kernel thread's name tells its device",
        arguments: [
            ("jbd2/sda1-8", "sda1"), ("md0_raid1", "md0"), ("xfsaild/dm-3", "dm-3"),
            ("kworker/u8:1+flush-8:0", "8:0"), ("jbd2/nvme0n1p2-8", "nvme0n1p2"),
        ])
    func names(name: String, device: String) {
        #expect(BlockedTask.deviceWords(in: name).contains(device))
    }

    @Test(
        "The file of a system call is its first argument, where that is a file",
        arguments: [
            ("0 0x3 0x7f", "x86_64", 3 as Int?), ("63 0x5 0x7f", "aarch64", 5),
            ("202 0x3 0x7f", "x86_64", nil), ("0 0xffffffffffffff9c 0x1", "x86_64", nil),
            ("-1 0x7ffc 0x7f", "x86_64", nil), ("0", "x86_64", nil), ("0 3", "x86_64", nil),
            ("0 0x3", "sparc", nil),
        ])
    func calls(text: String, architecture: String, number: Int?) {
        #expect(BlockedTask.fileDescriptor(ofCall: text, architecture: architecture) == number)
    }
}
