import DiagFormats

@testable import DiagLiveDump

extension SyntheticKernel {
    static let stackPhysical: [UInt64] = [0x1C_0000, 0x1C_8000, 0x1D_0000]
    static let tasks: [UInt64] = [
        image + 0xA000, direct + 0x11_0000, direct + 0x11_2000,
    ]

    /// Where an address of these tests lies.
    static func place(_ address: UInt64) -> UInt64 {
        address >= image ? address &- image &+ imagePhysical : address &- direct
    }

    /// init_task, a process and a second thread of it, each with a stack in vmalloc; a module; a
    /// map of pages; two processors.
    func addThreads() {
        let signals: [UInt64] = [Self.direct + 0x11_4000, Self.direct + 0x11_4100]
        for (index, task) in Self.tasks.enumerated() {
            let stack = Self.vmalloc + UInt64(index) * 0x8000
            for page in 0..<4 as Range<UInt64> {
                // Pages of a stack do not follow one another in memory.
                map(stack + page * 4096, to: Self.stackPhysical[index] + (3 - page) * 4096)
            }
            setTask(
                task, UInt64(index), of: index == 0 ? 0 : 1, stack: stack,
                signal: signals[index == 0 ? 0 : 1], leader: Self.tasks[index == 2 ? 1 : index])
        }
        link([Self.tasks[0] + 16, Self.tasks[1] + 16])
        link([signals[0] + 8, Self.tasks[0] + 80])
        link([signals[1] + 8, Self.tasks[1] + 80, Self.tasks[2] + 80])
        map(Self.module, to: 0x1D_8000)
        map(Self.module + 4096, to: 0x1D_A000)
        // The map of pages of the first range, whose structures begin 0x4000 behind its start.
        for page in 0..<4 as Range<UInt64> {
            map(Self.pageMap + 0x4000 + page * 4096, to: 0x1E_0000 + page * 4096)
        }
        set(Self.pageMap, at: Self.place(Self.image + 0xB000))
        // The areas of two processors, of two pages each, as far from 0 as these offsets.
        set(Self.direct + 0x12_0000, at: Self.place(Self.image + 0xB100))
        set(Self.direct + 0x12_4000, at: Self.place(Self.image + 0xB108))
        set(Self.image + 0xA000, at: 0x12_0100)
        taskContent = [UInt8](repeating: 0, count: 256)
        for (index, byte) in Self.tasks[1].littleEndianBytes.enumerated() {
            taskContent[96 + index] = byte
        }
    }

    private func setTask(
        _ task: UInt64, _ identifier: UInt64, of process: UInt64, stack: UInt64, signal: UInt64,
        leader: UInt64
    ) {
        let base = Self.place(task)
        set(identifier | process << 32, at: base + 32)
        set(0x64616572_6874, at: base + 40)
        set(stack, at: base + 64)
        set(signal, at: base + 72)
        set(leader, at: base + 96)
    }

    /// Where the further process or thread with a number from 10 to 25 has its task_struct.
    static func task(_ number: UInt64) -> UInt64 { direct + 0x13_0000 + (number - 10) * 0x400 }

    /// The page frames of its stack.
    static func stackFrames(_ number: UInt64) -> [UInt64] {
        let first = 0x140 + (number - 10) * 4
        return Array(first..<(first + 4))
    }

    /// A process with threads of these numbers, of which those that are `dead` have no stack any
    /// more. It is not in the list of processes; see ``linkProcesses(_:)``.
    func addProcess(_ threads: ClosedRange<UInt64>, dead: Set<UInt64> = []) {
        let leader = Self.task(threads.lowerBound)
        let signal = leader + 0x200
        for number in threads {
            var stack: UInt64 = 0
            if !dead.contains(number) {
                stack = Self.vmalloc + number * 0x8000
                for (page, frame) in Self.stackFrames(number).enumerated() {
                    map(stack + UInt64(page) * 4096, to: frame * 4096)
                }
            }
            setTask(
                Self.task(number), number, of: threads.lowerBound, stack: stack, signal: signal,
                leader: leader)
        }
        link([signal + 8] + threads.map { Self.task($0) + 80 })
    }

    /// Makes the list of processes: init_task, the process of ``addThreads()``, and these.
    func linkProcesses(_ numbers: [UInt64]) {
        link(([Self.tasks[0], Self.tasks[1]] + numbers.map { Self.task($0) }).map { $0 + 16 })
    }

    /// Ends a process of the list, in which these stay: it keeps its link forward alone.
    func endProcess(_ number: UInt64, leaving numbers: [UInt64]) {
        linkProcesses(numbers)
        set(0xDEAD_0000_0000_0122, at: Self.place(Self.task(number)) + 24)
    }

    /// Gives the memory of a process that ended to another one with a single thread, at the end of
    /// the list.
    func reuseProcess(_ number: UInt64, as other: UInt64, behind numbers: [UInt64]) {
        let task = Self.task(number)
        set(other | other << 32, at: Self.place(task) + 32)
        link([task + 0x200 + 8, task + 80])
        linkProcesses(numbers + [number])
    }

    /// Makes a ring of list heads.
    func link(_ nodes: [UInt64]) {
        for (index, node) in nodes.enumerated() {
            set(nodes[(index + 1) % nodes.count], at: Self.place(node))
            set(
                nodes[(index + nodes.count - 1) % nodes.count], at: Self.place(node) + 8)
        }
    }

    static let symbols = """
        0000000000000000 A __per_cpu_start
        0000000000000100 A idle_threads
        0000000000002000 A __per_cpu_end
        ffffffff81000000 T _text
        ffffffff8100a000 D init_task
        ffffffff8100b000 d vmemmap_base
        ffffffff8100b100 R __per_cpu_offset
        ffffffff81010000 B _end
        ffffffffc0000000 t init_task\t[other]

        """

    /// Type information of the structures above.
    static let types: [UInt8] = {
        var texts: [UInt8] = [0]
        var types = [UInt8]()
        func add(_ word: UInt32) {
            types += UInt64(word).littleEndianBytes[..<4]
        }
        func text(_ text: String) -> UInt32 {
            defer { texts += Array(text.utf8) + [0] }
            return UInt32(texts.count)
        }
        func structure(_ name: String, _ size: UInt32, _ members: [(String, UInt32)]) {
            add(text(name))
            add(4 << 24 | UInt32(members.count))
            add(size)
            for (name, offset) in members {
                add(text(name))
                add(0)
                add(offset * 8)
            }
        }
        structure(
            "task_struct", 256,
            [
                ("tasks", 16), ("pid", 32), ("tgid", 36), ("comm", 40), ("stack", 64),
                ("signal", 72), ("thread_node", 80), ("group_leader", 96),
            ])
        structure("signal_struct", 256, [("thread_head", 8)])
        structure("thread_union", 16_384, [("stack", 0)])
        var bytes: [UInt8] = [0x9F, 0xEB, 1, 0]
        for value in [24, 0, types.count, types.count, texts.count] {
            bytes += UInt64(value).littleEndianBytes[..<4]
        }
        return bytes + types + texts
    }()

    /// The host of this kernel, whose pages all have the given flags.
    func host(flags: UInt64 = 0) throws -> SyntheticHost {
        let host = try SyntheticHost()
        try host.write(file(), to: "proc/kcore")
        try host.write(Self.iomem, to: "proc/iomem")
        try host.write(Self.symbols, to: "proc/kallsyms")
        try host.write(Self.types, to: "sys/kernel/btf/vmlinux")
        try host.write("0-1\n", to: "sys/devices/system/cpu/online")
        try host.write(flags: [UInt64](repeating: flags, count: 0x440))
        return host
    }
}
