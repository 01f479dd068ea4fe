import DiagFormats
import DiagModel
import DiagSystem
import Glibc
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("States of processors")
struct ProcessorSamplesTests {
    private static func sample(
        processor: Int, thread: Int32, stack: UInt64, isUser: Bool = false
    ) throws -> ProcessorSample {
        var values = [UInt64](repeating: 0, count: 20)
        values[7] = stack
        values[8] = 0xFFFF_FFFF_8100_0044
        return ProcessorSample(
            processor: processor, process: thread, thread: thread, time: 1, isUser: isUser,
            instructionPointer: isUser ? 0x40_1000 : 0xFFFF_FFFF_8100_0044,
            callChain: isUser ? [] : [0xFFFF_FFFF_8100_0044, 0xFFFF_FFFF_8100_0100],
            registers: ProcessorRegisters(machine: .x86, perfValues: values))
    }

    @Test("The stack's pages go from the stack pointer's to the end of its 16 KiB")
    func stackPages() throws {
        let kernel = try Self.sample(processor: 0, thread: 5, stack: 0xFFFF_C900_0012_1E38)
        #expect(
            kernel.stackPages(pageByteCount: 4096)
                == 0xFFFF_C900_0012_1000..<0xFFFF_C900_0012_4000)
        #expect(
            kernel.stackPages(pageByteCount: 65_536)
                == 0xFFFF_C900_0012_0000..<0xFFFF_C900_0013_0000)
        let user = try Self.sample(processor: 0, thread: 5, stack: 0x7FFD_0000, isUser: true)
        #expect(user.stackPages(pageByteCount: 4096) == nil)
        let last = try Self.sample(processor: 0, thread: 5, stack: .max - 8)
        #expect(last.stackPages(pageByteCount: 4096) == nil)
    }

    @Test(
        "A stack is the sampled one when the places that the chain returns to stand in it in order",
        arguments: [
            // From the stack pointer, 0x18 bytes into the page.
            ([0, 0, 0, 0x7, 0xA, 0x9, 0xB], true),
            // The first stands below the stack pointer alone: what was there before.
            ([0, 0, 0xA, 0x7, 0x9, 0xB, 0], false),
            ([0, 0, 0, 0xB, 0x9, 0xA, 0], false),  // In another order.
            ([0, 0, 0, 0xA, 0, 0, 0], false),  // One is missing.
            ([0, 0, 0], false), ([], false),
        ] as [([UInt64], Bool)])
    func ownStack(words: [UInt64], isOwn: Bool) throws {
        var sample = try Self.sample(processor: 0, thread: 5, stack: 0xFFFF_C900_0012_1018)
        sample.callChain = [0xFFFF_FFFF_8100_0044, 0xA, 0xB]
        let bytes = words.flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        #expect(sample.isOwn(bytes, from: 0xFFFF_C900_0012_1000) == isOwn)
        for cut in 0..<bytes.count {
            _ = sample.isOwn(Array(bytes[..<cut]), from: 0xFFFF_C900_0012_1000)
        }
        sample.callChain = [0xFFFF_FFFF_8100_0044]
        #expect(!sample.isOwn(bytes, from: 0xFFFF_C900_0012_1000))
    }

    @Test("A stack that was taken with its sample is cut at the page of the stack pointer")
    func takenStack() throws {
        var sample = try Self.sample(processor: 0, thread: 5, stack: 0xFFFF_C900_0012_1E38)
        #expect(sample.stackBytes(pageByteCount: 4096) == nil)
        sample.stack = (0..<16_384).map { UInt8($0 / 4096) }
        let stack = try #require(sample.stack)
        #expect(sample.stackBytes(pageByteCount: 4096) == Array(stack[4096...]))
        #expect(sample.stackBytes(pageByteCount: 16_384) == sample.stack)
        #expect(sample.stackBytes(pageByteCount: 65_536) == nil)
    }

    @Test("Processors without a sample have zero registers, and the report says why")
    func notes() throws {
        let samples = ProcessorSamples(
            processors: [0, 2],
            samples: [try Self.sample(processor: 2, thread: 5, stack: 0xFFFF_C900_0012_1E38)],
            why: "1 of 2 processors gave no sample in time")
        let notes = samples.notes(machine: .x86)
        let statuses = try notes.map {
            try ProcessorStatus(parsing: $0.descriptor.span, machine: .x86)
        }
        #expect(statuses.map(\.processIdentifier) == [1, 3])
        #expect(statuses[0].registers == ProcessorRegisters(zero: .x86))
        #expect(statuses[1].registers.stackPointer == 0xFFFF_C900_0012_1E38)
        #expect(
            samples.report
                == .init(
                    processors: 2, sampled: 1, why: "1 of 2 processors gave no sample in time"))
    }

    @Test("A list of processors is read, and nonsense is none")
    func lists() {
        #expect(ProcessorSamples.processorNumbers("0-3,8\n") == [0, 1, 2, 3, 8])
        #expect(ProcessorSamples.processorNumbers("0") == [0])
        #expect(ProcessorSamples.processorNumbers("") == [])
        #expect(ProcessorSamples.processorNumbers("3-1") == [])
        #expect(ProcessorSamples.processorNumbers("0-99999999") == [])
        #expect(ProcessorSamples.processorNumbers("a") == [])
    }

    @Test("A thread on a processor has the sample's frames, by the kernel's symbols")
    func symbolised() throws {
        let host = try ProcTree()
        try host.thread(process: 5, "dd", "R", stack: ["stale+0x1/0x2"])
        try host.write(
            "proc/kallsyms",
            "ffffffff81000000 T vfs_read\nffffffff81000100 T ksys_read\nffffffff81000200 T end\n")
        let samples = ProcessorSamples(
            processors: [0, 1, 2],
            samples: [
                try Self.sample(processor: 0, thread: 5, stack: 0xFFFF_C900_0012_1E38),
                try Self.sample(processor: 1, thread: 0, stack: 0xFFFF_C900_0022_1E38),
            ])
        let stacks = ThreadStacks.collect(root: try host.tree(), samples: samples, limits: .patient)
        #expect(stacks.processors.map(\.mode) == [.kernel, .idle, .unknown])
        #expect(stacks.processors[0].name == "dd")
        #expect(stacks.processors[0].place == "vfs_read+0x44")
        #expect(stacks.processors[0].frames == ["vfs_read+0x44", "ksys_read+0x0"])
        #expect(stacks.processors[0].registers["rsp"] == "0xffffc90000121e38")
        #expect(stacks.processors[1].thread == nil)
        #expect(
            stacks.stacks == [
                .init(count: 1, frames: ["vfs_read+0x44", "ksys_read+0x0"], isSampled: true)
            ])
        let text = KernelStacksText.render(stacks)
        #expect(text.contains("CPU 0  dd [5], in the kernel at vfs_read+0x44\n    rip "))
        #expect(text.contains("CPU 1  idle, at vfs_read+0x44\n"))
        #expect(text.contains("CPU 2  not known: no sample\n"))
    }

    @Test("A thread that slept when its stack was read has that stack, and not the sample's")
    func sleptSince() throws {
        let host = try ProcTree()
        try host.thread(process: 5, "dd", "D", stack: ["io_schedule+0x1/0x2"])
        try host.write("proc/kallsyms", "ffffffff81000000 T vfs_read\n")
        let samples = ProcessorSamples(
            processors: [0],
            samples: [try Self.sample(processor: 0, thread: 5, stack: 0xFFFF_C900_0012_1E38)])
        let stacks = ThreadStacks.collect(root: try host.tree(), samples: samples, limits: .patient)
        #expect(stacks.stacks == [.init(count: 1, frames: ["io_schedule+0x1/0x2"])])
        #expect(stacks.processors.map(\.mode) == [.kernel])
    }

    @Test("On the running host there is a sample of each processor, or the reason why not")
    func running() throws {
        let samples = ProcessorSamples.take(root: try RootedTree("/"))
        #expect(!samples.processors.isEmpty)
        // One after the other: each is asked for until it is taken.
        let prepared = ProcessorSamples.prepare(root: try RootedTree("/"))
        var asked = [Int: Int]()
        let inTurn = ProcessorSamples.take(root: try RootedTree("/"), prepared: prepared) {
            sample in
            asked[sample.processor, default: 0] += 1
            return asked[sample.processor] == 3
        }
        #expect(Set(inTurn.samples.map(\.processor)).isSubset(of: samples.processors))
        #expect(asked.values.allSatisfy { $0 <= 3 })
        // Where a program may copy them, the stacks are those of the samples, to the word; none is
        // of a process's own.
        let page = Int(getpagesize())
        for sample in inTurn.samples where sample.stack != nil {
            #expect(sample.stackPages(pageByteCount: page) != nil)
            #expect(sample.isStackWhole(pageByteCount: page))
        }
        if let prepared, prepared.stackProblem == nil {
            #expect(inTurn.samples.allSatisfy { !$0.isUser || $0.stack == nil })
        }
        if samples.why == nil {
            #expect(samples.samples.map(\.processor) == samples.processors)
            #expect(samples.samples.allSatisfy { $0.registers?.instructionPointer != 0 })
        } else {
            #expect(samples.samples.count <= samples.processors.count)
        }
        let folder = try ProcTree()
        #expect(ProcessorSamples.take(root: try folder.tree()).samples == [])
    }
}
