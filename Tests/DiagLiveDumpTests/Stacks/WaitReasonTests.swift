import DiagModel
import Testing

@testable import DiagLiveDump

@Suite("What a blocked thread waits for")
struct WaitReasonTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var frames: [String]
        var kind: KernelStacks.Wait.Kind
        var object: String

        init(
            _ frames: [String], _ kind: KernelStacks.Wait.Kind, _ object: String
        ) {
            testDescription = frames.first ?? ""
            self.frames = frames
            self.kind = kind
            self.object = object
        }
    }

    static let cases: [Case] = [
        .init(
            ["rwsem_down_write_slowpath+0x2e/0x5e", "ext4_buffered_write_iter+0x33/0x150 [ext4]"],
            .lock,
            "a read-write semaphore that another thread holds, wanted in ext4_buffered_write_iter"),
        .init(
            [
                "schedule_preempt_disabled+0x11/0x20", "__mutex_lock.constprop.0+0x3c/0x4",
                "lookup+0x1",
            ],
            .lock, "a mutex that another thread holds, wanted in lookup"),
        .init(
            ["request_wait_answer+0x1/0x2 [fuse]", "fuse_simple_request+0x1 [fuse]"], .fuse,
            "the process behind a FUSE file system to answer"),
        .init(
            [
                "folio_wait_bit_common+0x1/0x2", "filemap_read+0x1",
                "fuse_file_read_iter+0x1 [fuse]",
            ],
            .fuse, "the process behind a FUSE file system to answer"),
        .init(
            ["jbd2_log_wait_commit+0x1/0x2 [jbd2]", "ext4_sync_file+0x1 [ext4]"], .journal,
            "the file system's journal to be written"),
        .init(
            ["io_schedule+0x1", "blk_mq_get_tag+0x1", "submit_bio_noacct+0x1"], .queue,
            "a free request of a block device: all are under way"),
        .init(
            ["percpu_rwsem_wait+0x15f/0x1d0", "mnt_want_write+0x96/0xc0"], .frozenFileSystem,
            "a frozen file system to be thawed"),
        .init(
            ["kernel_clone+0x1af/0x3e0", "__do_sys_vfork+0x43/0x70"], .control,
            "its child to call exec or to end"),
        .init(["msleep+0x1", "drv_wait+0x1"], .timer, "a fixed time to pass"),
        .init(["scsi_error_handler+0x1"], .recovery, "a SCSI host to recover from an error"),
        .init(
            ["schedule+0x1", "dm_wait_for_completion+0x1", "__dm_suspend+0x1"], .storageStack,
            "a mapped device that is suspended or being changed"),
        .init(["strange_driver+0x1"], .unknown, "what strange_driver waits for"),
        .init([], .unknown, "something that cannot be told without its stack"),
    ]

    @Test("A stack tells the cause", arguments: cases)
    func causes(sample: Case) {
        let cause = WaitReason.cause(frames: sample.frames, waitChannel: nil)
        #expect(cause.kind == sample.kind)
        #expect(cause.object == sample.object)
    }

    @Test("Without a stack the wait channel tells it")
    func channel() {
        let cause = WaitReason.cause(frames: [], waitChannel: "rpc_wait_bit_killable")
        #expect(cause.kind == .server)
        #expect(cause.function == "rpc_wait_bit_killable")
    }

    @Test("Kernel threads are named after devices")
    func names() {
        func device(_ name: String) -> String? {
            let place = WaitReason.place(ofKernelThread: name)
            return place.device ?? place.deviceNumber ?? place.host
        }
        #expect(device("jbd2/sda1-8") == "sda1")
        #expect(device("jbd2/dm-0-8") == "dm-0")
        #expect(device("jbd2/cciss!c0d0p1-8") == "cciss/c0d0p1")
        #expect(device("jbd2/sda1") == "sda1")
        #expect(device("xfsaild/dm-1") == "dm-1")
        #expect(device("kworker/u8:1+flush-8:16") == "8:16")
        #expect(device("md127_raid1") == "md127")
        #expect(device("scsi_eh_2") == "SCSI host 2")
        #expect(device("loop3") == "loop3")
        #expect(device("loop") == nil)
        #expect(device("jbd2/") == nil)
        #expect(device("kswapd0") == nil)
    }

    @Test("A call's descriptor is its first argument, if it is one")
    func descriptors() {
        func number(_ name: String?, _ argument: String) -> Int32? {
            WaitReason.descriptor(of: .init(number: 0, name: name, arguments: [argument]))
        }
        #expect(number("fsync", "0x7") == 7)
        #expect(number("openat", "0xffffff9c") == nil)
        #expect(number("mount", "0x7") == nil)
        #expect(number(nil, "0x7") == nil)
        #expect(number("read", "seven") == nil)
    }

    @Test("System calls have the names of their machine")
    func calls() {
        #expect(SystemCallNames.name(74, machine: "x86_64") == "fsync")
        #expect(SystemCallNames.name(82, machine: "aarch64") == "fsync")
        #expect(SystemCallNames.name(257, machine: "x86_64") == "openat")
        #expect(SystemCallNames.name(56, machine: "aarch64") == "openat")
        #expect(SystemCallNames.name(334, machine: "x86_64") == "rseq")
        #expect(SystemCallNames.name(335, machine: "x86_64") == nil)
        #expect(SystemCallNames.name(244, machine: "aarch64") == nil)
        #expect(SystemCallNames.name(291, machine: "aarch64") == "statx")
        #expect(SystemCallNames.name(437, machine: "x86_64") == "openat2")
        #expect(SystemCallNames.name(462, machine: "aarch64") == "mseal")
        #expect(SystemCallNames.name(9999, machine: "x86_64") == nil)
        #expect(SystemCallNames.name(-1, machine: "x86_64") == nil)
        #expect(SystemCallNames.name(0, machine: "s390x") == nil)
    }
}
