import DiagFormats
import DiagModel
import Testing

@testable import DiagLiveDump

@Suite("What the stacks of all threads need")
struct KernelLandmarksTests {
    private func open(_ host: SyntheticHost) throws -> (KernelCore, KernelLandmarks) {
        let core = try KernelCore(tree: host.tree, host: SyntheticHost.host)
        return (core, try KernelLandmarks(source: core, tree: host.tree, taskLimit: 1000))
    }

    @Test("Threads, stacks, areas, modules and tables are found without debug symbols")
    func landmarks() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let (_, marks) = try open(kernel.host())
        #expect(
            marks.tasks == [
                KernelTask(
                    address: SyntheticKernel.tasks[0], identifier: 0, process: 0, name: "thread",
                    stack: SyntheticKernel.vmalloc),
                KernelTask(
                    address: SyntheticKernel.tasks[1], identifier: 1, process: 1, name: "thread",
                    stack: SyntheticKernel.vmalloc + 0x8000),
                KernelTask(
                    address: SyntheticKernel.tasks[2], identifier: 2, process: 1, name: "thread",
                    stack: SyntheticKernel.vmalloc + 0x10000),
            ])
        #expect(marks.warnings == [])
        #expect(marks.areStacksKnown)
        #expect(marks.stackPages(ofThreads: [2]) == [0x1D0, 0x1D1, 0x1D2, 0x1D3])
        #expect(
            marks.stackPages() == Array(0x1C0...0x1C3) + Array(0x1C8...0x1CB)
                + Array(0x1D0...0x1D3))
        #expect(marks.taskFrames == [0x110, 0x112, 0x18A])
        #expect(marks.processorFrames == [0x120, 0x121, 0x124, 0x125])
        #expect(marks.moduleFrames == [0x1D8, 0x1DA])
        #expect(marks.imageFrames == Set(0x180...0x18F))
        #expect(marks.pageMapFrames == [0x1E0..<0x1E4])
        let tables = Set([0x188] + (0x190..<(kernel.pool / 4096)))
        #expect(marks.tableFrames == tables)
        #expect(
            Set(marks.hotFrames)
                == Set(marks.stackPages()).union(marks.taskFrames).union(marks.processorFrames)
                .union(tables))
    }

    @Test("The map of pages is found by the ranges of the file, without symbols")
    func pageMapOfRanges() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let host = try kernel.host()
        let without = try KernelCore(tree: host.tree, host: SyntheticHost.host)
        #expect(without.pageMapFrames() == nil)
        try host.write(kernel.file(hasPageMap: true), to: "proc/kcore")
        let core = try KernelCore(tree: host.tree, host: SyntheticHost.host)
        #expect(core.pageMapFrames() == [0x1E0..<0x1E4])
    }

    @Test("On AArch64 the kernel image is where /proc/iomem says")
    func imageOfMap() {
        let map = SystemMemoryMap(
            parsing: """
                40000000-7fffffff : System RAM
                  40210000-415cffff : Kernel code
                  415d0000-41a3ffff : reserved
                  41a40000-41f6ffff : Kernel data
                  7c000000-7fbfffff : Crash kernel
                90000000-90000fff : Kernel code of another

                """)
        #expect(map.image == 0x4021_0000..<0x41F7_0000)
        #expect(map.readOnlyImage == [0x4021_0000..<0x415D_0000])
        #expect(map.ranges == [0x4000_0000...0x7FFF_FFFF])
        #expect(SystemMemoryMap(parsing: "0-0 : Kernel code\n0-0 : System RAM\n").image == nil)
    }

    @Test("The small dump keeps these and slab, and leaves out other pages and their map")
    func selection() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let host = try kernel.host()
        var flags = [UInt64](repeating: 0, count: 0x440)
        flags[0x410] = 1 << 7
        flags[0x411] = 1 << 26
        flags[0x412] = 1 << 32
        flags[0x413] = 1 << 12
        flags[0x1C0] = 1 << 10
        flags[0x1C1] = 1 << 19
        flags[0x1E0] = 1 << 32
        try host.write(flags: flags)
        let (core, marks) = try open(host)
        let selection = try StackPageSelection(source: core, tree: host.tree, landmarks: marks)
        var expected = Set(marks.hotFrames).union(marks.moduleFrames).union(marks.imageFrames)
            .union([0x410, 0x411, 0x412])
        expected.remove(0x1C0)
        expected.remove(0x1C1)
        let kept = (0..<0x440).filter { selection.dumped[$0] }.map { UInt64($0) }
        #expect(kept == expected.sorted())
        #expect(selection.dumpedCount == kept.count)
        #expect(selection.appliedLevel == 30)
        #expect(selection.warnings == [])
    }

    @Test("Without type information all pages of the kernel are kept, and it is said")
    func withoutTypes() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let host = try kernel.host()
        try host.write([], to: "sys/kernel/btf/vmlinux")
        let (core, marks) = try open(host)
        #expect(marks.tasks == [])
        let selection = try StackPageSelection(source: core, tree: host.tree, landmarks: marks)
        #expect(selection.dumpedCount == 256 + 64 - 4)
        #expect(
            selection.warnings == [
                "/sys/kernel/btf/vmlinux does not tell the layout of task_struct",
                "the stacks of threads could not be found",
                "all pages of the kernel are kept, since stacks may be among them",
            ])
    }

    @Test("Hidden symbols are said, and what needs none is found")
    func hiddenSymbols() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let host = try kernel.host()
        try host.write(
            SyntheticKernel.symbols.split(separator: "\n")
                .map { "0000000000000000" + $0.dropFirst(16) }.joined(separator: "\n"),
            to: "proc/kallsyms")
        let (_, marks) = try open(host)
        #expect(marks.tasks == [])
        #expect(marks.moduleFrames == [0x1D8, 0x1DA])
        #expect(
            marks.warnings.contains(
                "/proc/kallsyms shows no addresses (kernel.kptr_restrict)"))
    }

    @Test("A list that was cut while it was walked gives the rest from its other end")
    func cutList() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.set(0xFFFF_8880_0099_0000, at: SyntheticKernel.place(SyntheticKernel.tasks[0]) + 16)
        let (_, marks) = try open(kernel.host())
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2])
        #expect(
            marks.warnings == [
                "the list of processes changed while it was walked, after 1 of them"
            ])
        // The other end gave all of it.
        #expect(marks.areStacksKnown)
    }

    /// An address that is in no memory, as in a list_head that is something else by now.
    private let nowhere: UInt64 = 0xFFFF_8880_0099_0000

    private func select(
        _ kernel: SyntheticKernel
    ) throws -> (KernelLandmarks, StackPageSelection) {
        let host = try kernel.host()
        let (core, marks) = try open(host)
        let selection = try StackPageSelection(source: core, tree: host.tree, landmarks: marks)
        return (marks, selection)
    }

    @Test("Processes that wait to be reaped have no stack, and hide none that lie between them")
    func zombies() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.addProcess(10...10, dead: [10])
        kernel.addProcess(11...12)
        kernel.addProcess(13...13, dead: [13])
        kernel.linkProcesses([10, 11, 13])
        let (marks, selection) = try select(kernel)
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2, 10, 11, 12, 13])
        #expect(marks.tasks.filter { $0.stack == 0 }.map(\.identifier) == [10, 13])
        #expect(marks.warnings == [])
        #expect(marks.areStacksKnown)
        #expect(marks.stackPages(ofThreads: [10, 13]) == [])
        #expect(
            marks.stackPages(ofThreads: [11, 12])
                == SyntheticKernel.stackFrames(11) + SyntheticKernel.stackFrames(12))
        for frame in marks.stackPages() { #expect(selection.dumped[Int(frame)]) }
        #expect(selection.warnings == [])
    }

    @Test(
        "Threads are found whichever of their process have ended",
        arguments: [[10], [11], [12], [10, 11], [11, 12]] as [Set<UInt64>])
    func deadThreads(dead: Set<UInt64>) throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.addProcess(10...12, dead: dead)
        kernel.addProcess(13...13)
        kernel.linkProcesses([10, 13])
        let (marks, selection) = try select(kernel)
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2, 10, 11, 12, 13])
        #expect(marks.warnings == [])
        #expect(marks.areStacksKnown)
        for number in 10...13 as ClosedRange<UInt64> {
            #expect(
                marks.stackPages(ofThreads: [Int32(number)])
                    == (dead.contains(number) ? [] : SyntheticKernel.stackFrames(number)))
        }
        for frame in marks.stackPages() { #expect(selection.dumped[Int(frame)]) }
    }

    @Test("A list of processes that is cut from both sides leaves stacks unknown")
    func brokenProcesses() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        for number in 10...12 as ClosedRange<UInt64> { kernel.addProcess(number...number) }
        kernel.linkProcesses([10, 11, 12])
        kernel.set(nowhere, at: SyntheticKernel.place(SyntheticKernel.task(10)) + 16)
        kernel.set(nowhere, at: SyntheticKernel.place(SyntheticKernel.task(12)) + 24)
        let (marks, selection) = try select(kernel)
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2, 10, 12])
        #expect(!marks.areStacksKnown)
        let warnings = [
            "the list of processes changed while it was walked, after 3 of them",
            "and again backward, after 2: threads may be missing",
        ]
        #expect(marks.warnings == warnings)
        // The stack of the process that was missed is among the pages without a flag.
        for frame in SyntheticKernel.stackFrames(11) { #expect(selection.dumped[Int(frame)]) }
        #expect(
            selection.warnings == warnings + [
                "all pages of the kernel are kept, since stacks may be among them"
            ])
    }

    @Test("A list of threads that is cut gives the rest from its other end, if that is whole")
    func brokenThreads() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.addProcess(10...12)
        kernel.addProcess(13...13)
        kernel.linkProcesses([10, 13])
        kernel.set(nowhere, at: SyntheticKernel.place(SyntheticKernel.task(10)) + 80)
        let (marks, _) = try select(kernel)
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2, 10, 11, 12, 13])
        #expect(marks.areStacksKnown)
        #expect(marks.warnings == [])
        kernel.set(nowhere, at: SyntheticKernel.place(SyntheticKernel.task(12)) + 88)
        let (cut, _) = try select(kernel)
        #expect(cut.tasks.map(\.identifier) == [0, 1, 2, 10, 12, 13])
        #expect(!cut.areStacksKnown)
        #expect(
            cut.warnings == [
                "1 list of threads could not be walked whole: threads may be missing"
            ])
    }

    @Test("What does not look like a thread hides none behind it, and is said")
    func oddThread() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.addProcess(10...12)
        kernel.linkProcesses([10])
        kernel.set(.max, at: SyntheticKernel.place(SyntheticKernel.task(11)) + 32)
        let (marks, _) = try select(kernel)
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2, 10, 12])
        #expect(!marks.areStacksKnown)
        #expect(
            marks.warnings == [
                "1 list of threads could not be walked whole: threads may be missing"
            ])
    }

    @Test("A list of threads that leads to another process's is cut")
    func strayThread() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.addProcess(10...12)
        kernel.addProcess(13...14)
        kernel.linkProcesses([10, 13])
        kernel.set(
            SyntheticKernel.task(14) + 80, at: SyntheticKernel.place(SyntheticKernel.task(10)) + 80)
        kernel.set(
            SyntheticKernel.task(14) + 80, at: SyntheticKernel.place(SyntheticKernel.task(12)) + 88)
        let (marks, _) = try select(kernel)
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2, 10, 12, 13, 14])
        #expect(!marks.areStacksKnown)
        #expect(marks.warnings.count == 1)
    }

    @Test("A search that is told to end at once looks for nothing more")
    func stopped() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let host = try kernel.host()
        let core = try KernelCore(tree: host.tree, host: SyntheticHost.host)
        let marks = try KernelLandmarks(source: core, tree: host.tree, isStopped: { true })
        #expect(!marks.areStacksKnown)
        #expect(marks.stackFrames == [:])
        #expect(marks.processorFrames == [])
        #expect(marks.moduleFrames == [])
        #expect(marks.pageMapFrames == [])
        #expect(marks.tableFrames == [0x188])
        #expect(marks.warnings == ["not everything was looked for: the run was told to end"])
        #expect(throws: LiveDumpError.self) {
            _ = try StackPageSelection(
                source: core, tree: host.tree, landmarks: marks, isStopped: { true })
        }
    }

    @Test("A search that is told to end at any point does not claim to know the stacks")
    func stoppedLater() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let host = try kernel.host()
        let core = try KernelCore(tree: host.tree, host: SyntheticHost.host)
        func search(askedAtMost limit: Int) throws -> (marks: KernelLandmarks, asked: Int) {
            var asked = 0
            let marks = try KernelLandmarks(
                source: core, tree: host.tree,
                isStopped: {
                    asked += 1
                    return asked > limit
                })
            return (marks, asked)
        }
        let (whole, count) = try search(askedAtMost: .max)
        #expect(whole.areStacksKnown)
        // Each processor, the threads, each table of the modules, the map of pages and all.
        #expect(count > 12)
        for limit in 0..<count {
            let (marks, _) = try search(askedAtMost: limit)
            #expect(!marks.areStacksKnown)
            #expect(
                marks.warnings.last == "not everything was looked for: the run was told to end")
            #expect(marks.tableFrames.isSubset(of: whole.tableFrames))
        }
    }

    @Test("A list that leads back into itself ends")
    func cycle() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        let second = SyntheticKernel.tasks[1]
        kernel.set(second + 16, at: SyntheticKernel.place(second) + 16)
        kernel.set(second + 16, at: SyntheticKernel.place(second) + 24)
        let third = SyntheticKernel.tasks[2]
        kernel.set(third + 80, at: SyntheticKernel.place(third) + 80)
        let (_, marks) = try open(kernel.host())
        #expect(marks.tasks.map(\.identifier) == [0, 1, 2])
        #expect(marks.warnings.count == 2)
        #expect(!marks.areStacksKnown)
    }

    @Test("A page table that holds itself ends")
    func tableLoop() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        for index in 256..<512 as Range<UInt64> {
            kernel.set(0x18_8063, at: 0x18_8000 + index * 8)
        }
        let (_, marks) = try open(kernel.host())
        #expect(!marks.areStacksKnown)
    }

    @Test("Memory of any content ends in landmarks or an error", arguments: 0..<60)
    func damage(seed: Int) throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        var state = UInt64(seed) &* 77 &+ 5
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 24
        }
        let places: [UInt64] = [0x11_0000, 0x11_2000, 0x11_4000, 0x18_8000, 0x18_A000, 0x18_B000]
        for _ in 0..<40 {
            let tables = kernel.pool / 4096 - 0x190
            var page = places[Int(next() % 6)]
            if next() % 2 == 0 { page = 0x19_0000 + next() % tables * 4096 }
            let place = page + next() % (page < 0x19_0000 ? 40 : 512) * 8
            let values = [
                next(), next() << 24 | next(), kernel.get(place) &+ 8, 0, .max, place | 3,
            ]
            kernel.set(values[Int(next() % 6)], at: place)
        }
        let host = try kernel.host()
        let (core, marks) = try open(host)
        let selection = try StackPageSelection(source: core, tree: host.tree, landmarks: marks)
        #expect(selection.dumpedCount <= 320)
    }

    @Test("The map of pages is found where memory begins below address 0 of it")
    func negativeOffset() {
        let base: UInt64 = 0xFFFF_FC00_0000_0000
        func start(_ offset: Int64) -> UInt64 {
            LandmarkFinder.pageMapStart(
                base, physicalOffset: UInt64(bitPattern: offset), page: 4096,
                size: 64)
        }
        #expect(start(0x4000_0000) == base - 0x100_0000)
        #expect(start(-0x4000_0000) == base + 0x100_0000)
    }

    @Test("A map of pages of which nothing is found is said")
    func noPageMap() throws {
        let kernel = SyntheticKernel()
        kernel.addThreads()
        kernel.set(0xFFFF_EB00_0000_0000, at: SyntheticKernel.place(SyntheticKernel.image + 0xB000))
        let (_, marks) = try open(kernel.host())
        #expect(marks.pageMapFrames == [])
        #expect(marks.warnings == ["the map of pages could not be found: it is kept"])
    }

    private func find(_ bytes: [UInt8], _ names: [String]) -> [String: UInt64] {
        SymbolAddresses(parsing: bytes.span, names: names).addresses
    }

    @Test("Symbols are found by their whole name, the kernel's own alone")
    func symbols() {
        let text =
            "ffff1 T _end\nffff2 T _text2\nffff3 T _text\t[a]\nffff4 T _text\nzz\n\nffff5 D x"
        let bytes = Array(text.utf8)
        #expect(
            find(bytes, ["_text", "_end", "x"])
                == ["_end": 0xFFFF1, "_text": 0xFFFF4, "x": 0xFFFF5])
        for length in bytes.indices {
            #expect(find(Array(bytes[..<length]), ["_text", "x"])["x"] == nil)
        }
    }

    @Test("Symbols are found wherever the kernel's list is cut into pieces")
    func longList() throws {
        let host = try SyntheticHost()
        let line = "ffffffff81000000 t a_function_of_the_kernel\n"
        var text = "ffffffff82000000 D init_task\n"
        // The next line begins before the end of the first 64 KiB, and ends behind it.
        while text.utf8.count + line.utf8.count < 65_536 - 5 { text += line }
        text += String(repeating: "x", count: max(0, 65_536 - 6 - text.utf8.count)) + "\n"
        #expect(text.utf8.count == 65_531)
        text += "ffffffff83000000 T _text\n"
        while text.utf8.count < 200_000 { text += line }
        // The last line has no end.
        text += "ffffffff84000000 B _end"
        try host.write(text, to: "proc/kallsyms")
        let names = KernelNames(host.tree)
        #expect(names.types == nil)
        #expect(
            names.symbols.addresses == [
                "init_task": 0xFFFF_FFFF_8200_0000, "_text": 0xFFFF_FFFF_8300_0000,
                "_end": 0xFFFF_FFFF_8400_0000,
            ])
        #expect(!names.symbols.isDone)
        let two = Array("1 T a\n2 T b".utf8)
        #expect(SymbolAddresses(parsing: two.span, names: ["a", "b"]).isDone)
        #expect(KernelNames(try SyntheticHost().tree).symbols.addresses == [:])
    }
}
