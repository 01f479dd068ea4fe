import DiagModel

extension SchemaSample {
    /// Kernel stacks with every optional member, and with none.
    static let kernelStacks: [SchemaSample] = [
        SchemaSample(.kernelStacks, "full", fullKernelStacks),
        SchemaSample(
            .kernelStacks, "lean",
            KernelStacks(host: "", kernelRelease: "", machine: "x86_64", taken: time)),
    ]

    private static var fullKernelStacks: KernelStacks {
        var stacks = KernelStacks(
            host: "web1", kernelRelease: "6.1.0", machine: "x86_64", taken: time)
        stacks.seconds = 0.5
        stacks.isComplete = false
        stacks.lacks = ["the kernel stacks of all threads"]
        stacks.processCount = 1
        stacks.states = ["D": 1]
        var processor = KernelStacks.Processor(number: 0, mode: .kernel, problem: "no registers")
        processor.process = 7
        processor.thread = 8
        processor.name = "dd"
        processor.place = "vfs_read+0x1"
        processor.registers = ["rip": "0xffffffff81000001"]
        processor.frames = ["vfs_read+0x1"]
        stacks.processors =
            [processor]
            + KernelStacks.Processor.Mode.allCases.map {
                KernelStacks.Processor(number: 1, mode: $0)
            }
        var wait = KernelStacks.Wait(kind: .blockDevice, reason: "waits for a block device")
        wait.function = "folio_wait_bit_common"
        wait.device = "/dev/sdb"
        wait.deviceNumber = "8:16"
        wait.path = "/data/x"
        wait.mountPoint = "/data"
        stacks.blocked = [.init(thread: 8, seconds: 12.5, wait: wait)]
        stacks.blocked += KernelStacks.Wait.Kind.allCases.map {
            .init(thread: 8, wait: .init(kind: $0, reason: "r"))
        }
        stacks.stacks = [.init(count: 1, frames: ["io_schedule+0x42/0x70"], isSampled: true)]
        var thread = KernelStacks.Thread(
            process: 7, thread: 8, name: "dd", state: "D", isKernelThread: false)
        thread.parent = 1
        thread.user = 0
        thread.processor = 1
        thread.startSeconds = 10
        thread.waitChannel = "folio_wait_bit_common"
        thread.systemCall = .init(
            number: 74, name: "fsync", arguments: ["0x3", "0x0", "0x0", "0x0", "0x0", "0x0"])
        thread.stack = 0
        stacks.threads = [
            thread,
            .init(process: 9, thread: 9, name: "", state: "S", isKernelThread: true),
        ]
        return stacks
    }
}
