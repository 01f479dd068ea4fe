internal import DiagFormats
internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// Where in physical memory a kernel has its stacks, page tables, per-CPU areas, modules and
/// image: found without debug symbols, by BTF, /proc/kallsyms and page tables.
///
/// All of it is looked for while the kernel runs on. What cannot be resolved is left out and stands
/// in `warnings`.
public final class KernelLandmarks: Sendable {
    /// All threads, with the idle ones of the processors, by number.
    public let tasks: [KernelTask]
    /// Page frames of each thread's kernel stack, by the address of its task_struct; one that ended
    /// and is not reaped yet has none.
    public let stackFrames: [UInt64: [UInt64]]
    /// Page frames of the task_structs.
    public let taskFrames: Set<UInt64>
    /// Page frames of the kernel's own page tables.
    public let tableFrames: Set<UInt64>
    /// Page frames of the processors' own areas: run queues, interrupt and exception stacks.
    public let processorFrames: Set<UInt64>
    /// Page frames of modules.
    public let moduleFrames: Set<UInt64>
    /// Page frames of the kernel image.
    public let imageFrames: Set<UInt64>
    /// Page frames of the map of pages, as far as it describes memory: ranges, since they grow with
    /// the memory.
    public let pageMapFrames: [Range<UInt64>]
    /// What could not be found.
    public let warnings: [String]
    /// Whether the stacks of all threads were found: the lists of threads were followed to their
    /// ends, and the search was not ended before.
    public let areStacksKnown: Bool

    /// Looks for everything in the memory of `source`, with the files of its kernel below `tree`;
    /// once `isStopped` says so, nothing more is looked for, and what was found stays.
    public convenience init(
        source: any MemorySource, tree: RootedTree, taskLimit: Int = 4_194_304,
        isStopped: () -> Bool = { false }
    ) throws(LiveDumpError) {
        try self.init(
            source: source, names: KernelNames(tree), taskLimit: taskLimit, isStopped: isStopped)
    }

    /// The same by what the kernel's files say.
    init(
        source: any MemorySource, names: KernelNames, taskLimit: Int = 4_194_304,
        isStopped: () -> Bool = { false }
    ) throws(LiveDumpError) {
        let space = try KernelAddressSpace(source)
        var finder = LandmarkFinder(space: space, source: source)
        if space.geometry == nil {
            finder.warnings.append("VMCOREINFO does not tell the page tables' layout")
        }
        let symbols = names.symbols
        let layout = names.types.flatMap { KernelTasks.Layout($0) }
        if layout == nil {
            finder.warnings.append(
                "/sys/kernel/btf/vmlinux does not tell the layout of task_struct")
        }
        if symbols.isHidden {
            finder.warnings.append("/proc/kallsyms shows no addresses (kernel.kptr_restrict)")
        }
        func symbol(_ name: String) -> UInt64? {
            symbols.isHidden ? space.info.symbol(name) : symbols.addresses[name]
        }

        finder.findImage(start: symbol("_text"), end: symbol("_end"))
        let idle = finder.findProcessors(
            offsets: symbol("__per_cpu_offset"), start: symbol("__per_cpu_start"),
            end: symbol("__per_cpu_end"), idle: symbol("idle_threads"), isStopped: isStopped)
        if let layout, let first = symbol("init_task") {
            finder.findTasks(
                layout, first: first, idle: idle, limit: taskLimit, isStopped: isStopped)
        } else {
            finder.warnings.append("the stacks of threads could not be found")
        }
        finder.findModules(isStopped: isStopped)
        finder.findPageMap(base: symbol("vmemmap_base"), isStopped: isStopped)
        finder.findTables(isStopped: isStopped)
        if finder.wasStopped {
            finder.warnings.append("not everything was looked for: the run was told to end")
        }

        tasks = finder.tasks
        stackFrames = finder.stackFrames
        taskFrames = finder.taskFrames
        processorFrames = finder.processorFrames
        moduleFrames = finder.moduleFrames
        imageFrames = finder.imageFrames
        pageMapFrames = finder.pageMapFrames
        tableFrames = finder.tableFrames
        warnings = finder.warnings
        areStacksKnown =
            !finder.tasks.isEmpty && finder.stacksMissing == 0 && finder.areTasksWhole
            && !finder.wasStopped
    }

    /// Page frames of the stacks of the threads with these numbers, of all when none are given;
    /// sorted.
    public func stackPages(ofThreads identifiers: Set<Int32>? = nil) -> [UInt64] {
        var frames = Set<UInt64>()
        for task in tasks where identifiers?.contains(task.identifier) ?? true {
            frames.formUnion(stackFrames[task.address] ?? [])
        }
        return frames.sorted()
    }

    /// Page frames that change all the time and that a reader needs in one piece: stacks,
    /// task_structs, per-CPU areas, the kernel's page tables; sorted.
    public var hotFrames: [UInt64] {
        Set(stackPages()).union(taskFrames).union(processorFrames).union(tableFrames).sorted()
    }
}
