import DiagFormats
import Testing

@testable import DiagLiveDump

@Suite("The list of processes while it changes")
struct KernelTasksTests {
    /// A kernel with these processes behind that of ``SyntheticKernel/addThreads()``.
    private func kernel(_ processes: [ClosedRange<UInt64>]) -> SyntheticKernel {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        for threads in processes { kernel.addProcess(threads) }
        kernel.linkProcesses(processes.map(\.lowerBound))
        return kernel
    }

    /// Where the task_struct with this number lies in memory.
    private func place(_ number: UInt64) -> UInt64 {
        SyntheticKernel.place(SyntheticKernel.task(number))
    }

    /// Walks the list in `memory`, while it changes; each of the changes has to come.
    private func walk(
        _ kernel: SyntheticKernel, _ memory: [UInt8], _ changes: [ChangingMemory.Change]
    ) throws -> KernelTasks {
        let types = SyntheticKernel.types
        let structures = try BTFStructures(
            parsing: types.span, names: KernelTasks.Layout.structures)
        let layout = try #require(KernelTasks.Layout(structures))
        let source = ChangingMemory(kernel, memory, changes)
        let list = KernelTasks(
            in: try KernelAddressSpace(source), layout: layout, first: SyntheticKernel.tasks[0],
            idle: [])
        #expect(source.changesLeft == 0)
        return list
    }

    /// Walks the list from `memory` on, which becomes that of `kernel` when `address` is read.
    private func walk(
        _ kernel: SyntheticKernel, from memory: [UInt8], at address: UInt64
    ) throws -> KernelTasks {
        try walk(kernel, memory, [.init(address: address, memory: kernel.memory)])
    }

    private func expectWhole(_ list: KernelTasks, _ identifiers: [Int32]) {
        #expect(list.tasks.map(\.identifier) == identifiers)
        #expect(list.isWhole)
        #expect(list.warnings == [])
    }

    @Test("The next process ends, and its memory is a new one's at the end: none between is missed")
    func nextIsReused() throws {
        let kernel = kernel([10...11, 12...12, 13...13, 14...14])
        let before = kernel.memory
        kernel.reuseProcess(12, as: 20, behind: [10, 13, 14])
        // While the threads of the first are walked.
        let list = try walk(kernel, from: before, at: place(11))
        expectWhole(list, [0, 1, 2, 10, 11, 13, 14, 20])
    }

    @Test("A process that ends while its threads are walked hides none, and cuts nothing")
    func endsItself() throws {
        let kernel = kernel([10...11, 12...12, 13...13])
        let before = kernel.memory
        kernel.endProcess(10, leaving: [12, 13])
        expectWhole(try walk(kernel, from: before, at: place(11)), [0, 1, 2, 10, 11, 12, 13])
    }

    @Test("Nor do it and the next one when both end")
    func bothEnd() throws {
        let kernel = kernel([10...11, 12...12, 13...13])
        let before = kernel.memory
        kernel.endProcess(10, leaving: [12, 13])
        kernel.endProcess(12, leaving: [13])
        expectWhole(try walk(kernel, from: before, at: place(11)), [0, 1, 2, 10, 11, 13])
    }

    @Test("A process that ends leaves its memory to another one, which is met at the end")
    func isReusedItself() throws {
        let kernel = kernel([10...11, 12...12, 13...13])
        let before = kernel.memory
        kernel.reuseProcess(10, as: 20, behind: [12, 13])
        expectWhole(try walk(kernel, from: before, at: place(11)), [0, 1, 2, 11, 12, 13, 20])
    }

    @Test("The memory is another one's when the process is read: it counts at its new place alone")
    func isReusedBeforeItIsRead() throws {
        let kernel = kernel([10...10, 12...12, 13...13])
        let before = kernel.memory
        kernel.reuseProcess(10, as: 20, behind: [12, 13])
        expectWhole(try walk(kernel, from: before, at: place(10)), [0, 1, 2, 12, 13, 20])
    }

    @Test("A thread that takes its process over has its place in the list")
    func takenOver() throws {
        let kernel = kernel([10...11, 12...12, 13...13])
        let before = kernel.memory
        let leader = SyntheticKernel.task(10)
        let thread = SyntheticKernel.task(11)
        // The two exchange their numbers.
        kernel.set(10 << 32 | 11, at: place(10) + 32)
        kernel.set(10 << 32 | 10, at: place(11) + 32)
        kernel.set(thread, at: place(11) + 96)
        kernel.link([leader + 0x200 + 8, thread + 80])
        kernel.linkProcesses([11, 12, 13])
        kernel.set(0xDEAD_0000_0000_0122, at: place(10) + 24)
        let list = try walk(kernel, from: before, at: place(11))
        // The former first thread was met before.
        expectWhole(list, [0, 1, 2, 10, 10, 12, 13])
    }

    @Test("A process that begins between two reads is met, and cuts nothing")
    func begins() throws {
        let kernel = kernel([10...10])
        kernel.addProcess(11...11)
        let before = kernel.memory
        kernel.linkProcesses([10, 11])
        // The link back of the head: read after the link of the last.
        let list = try walk(
            kernel, from: before, at: SyntheticKernel.place(SyntheticKernel.tasks[0]) + 24)
        expectWhole(list, [0, 1, 2, 10, 11])
    }

    @Test("The next process ends between two reads, which cuts nothing")
    func nextEnds() throws {
        let kernel = kernel([10...10, 12...12, 13...13])
        let before = kernel.memory
        kernel.endProcess(12, leaving: [10, 13])
        expectWhole(try walk(kernel, from: before, at: place(12) + 24), [0, 1, 2, 10, 13])
    }

    @Test("On a busy host, where each ends as it is met and others begin, the list is whole")
    func busy() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        for number in 10...25 as ClosedRange<UInt64> { kernel.addProcess(number...number) }
        kernel.linkProcesses(Array(10...17))
        let before = kernel.memory
        var changes = [ChangingMemory.Change]()
        for number in 10...17 as ClosedRange<UInt64> {
            kernel.endProcess(number, leaving: Array((number + 1)...(number + 8)))
            changes.append(.init(address: place(number), memory: kernel.memory))
        }
        expectWhole(try walk(kernel, before, changes), [0, 1, 2] + Array(10...25))
    }

    @Test("A link that passes some by is not followed as if it did not")
    func passedBy() throws {
        let kernel = kernel([10...10, 12...12, 13...13])
        kernel.set(SyntheticKernel.task(13) + 16, at: place(10) + 16)
        let list = try walk(kernel, kernel.memory, [])
        #expect(list.tasks.map(\.identifier) == [0, 1, 2, 10, 12, 13])
        // From its other end it is whole.
        #expect(list.isWhole)
        #expect(
            list.warnings == [
                "the list of processes changed while it was walked, after 3 of them"
            ])
    }

    @Test("A process that ends on the way back hides none, and cuts nothing")
    func endsOnTheWayBack() throws {
        let kernel = kernel([10...11, 12...12, 13...13])
        let head = SyntheticKernel.place(SyntheticKernel.tasks[0]) + 16
        // The way forward leads nowhere from the start.
        kernel.set(0xFFFF_8880_0099_0000, at: head)
        let before = kernel.memory
        kernel.endProcess(10, leaving: [12, 13])
        let list = try walk(kernel, from: before, at: place(11))
        #expect(list.tasks.map(\.identifier) == [0, 1, 2, 10, 11, 12, 13])
        #expect(list.isWhole)
        #expect(
            list.warnings == [
                "the list of processes changed while it was walked, after 1 of them"
            ])
    }
}
