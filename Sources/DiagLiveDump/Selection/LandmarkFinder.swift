internal import DiagFormats

/// Looks for the landmarks of a kernel one after the other.
struct LandmarkFinder {
    let space: KernelAddressSpace
    let source: any MemorySource
    var tasks = [KernelTask]()
    var stackFrames = [UInt64: [UInt64]]()
    var stacksMissing = 0
    var taskFrames = Set<UInt64>()
    var processorFrames = Set<UInt64>()
    var moduleFrames = Set<UInt64>()
    var imageFrames = Set<UInt64>()
    var pageMapFrames = [Range<UInt64>]()
    var tableFrames = Set<UInt64>()
    var warnings = [String]()
    /// Whether the lists of threads were walked to their ends.
    var areTasksWhole = false
    /// Whether the search was told to end, so that what is not found may be there all the same.
    private(set) var wasStopped = false

    init(space: KernelAddressSpace, source: any MemorySource) {
        self.space = space
        self.source = source
    }

    private var page: UInt64 { space.pageByteCount }
    private var isX86: Bool { source.kernel.machine == 62 }

    /// Whether the search is to end, and keeps that it was.
    private mutating func ends(_ isStopped: () -> Bool) -> Bool {
        if isStopped() { wasStopped = true }
        return wasStopped
    }

    /// The kernel image: what /proc/kcore calls so, else from `_text` to `_end`.
    mutating func findImage(start: UInt64?, end: UInt64?) {
        if let image = source.kernel.image {
            imageFrames.formUnion((image.physicalAddress / page)..<(image.end / page))
        } else if let start, let end, start < end, end - start <= 1 << 30 {
            imageFrames = Set(frames(start, byteCount: end - start).found)
        }
        if imageFrames.isEmpty { warnings.append("the kernel image could not be found") }
    }

    /// The processors' areas; the addresses of their idle threads.
    ///
    /// Source: Linux 6.1 include/asm-generic/percpu.h: an area lies as far from the linked one as
    /// `__per_cpu_offset` says.
    mutating func findProcessors(
        offsets: UInt64?, start: UInt64?, end: UInt64?, idle: UInt64?, isStopped: () -> Bool
    ) -> [UInt64] {
        var threads = [UInt64]()
        guard let offsets, let start, let end, start < end, end - start <= 1 << 24 else {
            warnings.append("the per-CPU areas could not be found")
            return []
        }
        var known = Set<UInt64>()
        for index in 0..<8192 {
            if ends(isStopped) { return threads }
            guard let offset = space.word(offsets &+ UInt64(index) * 8) else { break }
            let area = frames(offset &+ start, byteCount: end - start)
            // Processors that there cannot be have the linked area's offset, or none.
            guard offset >> 63 == 1 || offset >> 56 != 0, known.insert(offset).inserted,
                area.missing == 0
            else {
                if index >= source.kernel.processorCount { break }
                continue
            }
            processorFrames.formUnion(area.found)
            if let idle, let thread = space.word(idle &+ offset) { threads.append(thread) }
        }
        if processorFrames.isEmpty { warnings.append("the per-CPU areas could not be found") }
        return threads
    }

    /// All threads with their stacks.
    mutating func findTasks(
        _ layout: KernelTasks.Layout, first: UInt64, idle: [UInt64], limit: Int,
        isStopped: () -> Bool
    ) {
        let list = KernelTasks(
            in: space, layout: layout, first: first, idle: idle, limit: limit,
            isStopped: { ends(isStopped) })
        tasks = list.tasks
        areTasksWhole = list.isWhole
        warnings += list.warnings
        for (index, task) in tasks.enumerated() {
            if index % 256 == 0, ends(isStopped) { return }
            taskFrames.formUnion(
                frames(task.address, byteCount: UInt64(layout.taskByteCount)).found)
            // One that ended has none any more.
            guard task.stack != 0 else { continue }
            let stack = frames(task.stack, byteCount: UInt64(layout.stackByteCount))
            stackFrames[task.address] = stack.found.sorted()
            if stack.missing > 0 { stacksMissing += 1 }
        }
        if stacksMissing > 0 {
            warnings.append(
                "the stacks of \(stacksMissing) of \(tasks.count) threads could not be resolved")
        }
        if tasks.count < 2 { warnings.append("the list of threads could not be walked") }
    }

    /// What is mapped where modules go.
    ///
    /// Source: Linux 6.1 Documentation/x86/x86_64/mm.rst: behind the image's map, up to
    /// 0xffffffffff000000; AArch64 tells it in VMCOREINFO, since 5.18.
    mutating func findModules(isStopped: () -> Bool) {
        let addresses: ClosedRange<UInt64>
        if isX86 {
            let size = space.info.number("KERNEL_IMAGE_SIZE") ?? 1 << 30
            guard size >= 1 << 29, size <= 1 << 30 else { return }
            addresses = (KernelCoreLayout.imageMap + size)...0xFFFF_FFFF_FEFF_FFFF
        } else if let start = space.info.number("MODULES_VADDR"),
            let end = space.info.number("MODULES_END"), start < end, end - start <= 1 << 32
        {
            addresses = start...(end - 1)
        } else {
            warnings.append("VMCOREINFO does not tell where modules are")
            return
        }
        var found = Set<UInt64>()
        let page = page
        let isWhole = space.walk(addresses, isStopped: { ends(isStopped) }) { _, physical, size in
            guard size <= 1 << 25 else { return }
            for frame in (physical / page)..<((physical + size) / page) { found.insert(frame) }
        }
        if !isWhole, !wasStopped { warnings.append("not all modules could be found") }
        moduleFrames = found
    }

    /// The map of pages: one structure for each page frame, from `vmemmap_base` on.
    ///
    /// `base` is the address of the variable that holds its address, on x86-64 with randomized
    /// memory. What is found of it before the search is told to end is the map's all the same.
    mutating func findPageMap(base: UInt64?, isStopped: () -> Bool) {
        guard let size = space.info.size("page").map(UInt64.init), 32...256 ~= size else { return }
        let start: UInt64
        if isX86 {
            guard let base, let address = space.word(base), address >> 63 == 1 else {
                warnings.append("the map of pages could not be found: it is kept")
                return
            }
            start = address
        } else if let address = space.info.number("VMEMMAP_START") {
            start = Self.pageMapStart(
                address, physicalOffset: space.info.number("PHYS_OFFSET") ?? 0, page: page,
                size: size)
        } else {
            warnings.append("VMCOREINFO does not tell where the map of pages is: it is kept")
            return
        }
        let page = page
        pageMapFrames = source.ranges.flatMap { range in
            space.frames(
                from: start &+ range.physicalAddress / page &* size,
                byteCount: range.byteCount / page &* size, isStopped: { ends(isStopped) })
        }
        if pageMapFrames.isEmpty, !wasStopped {
            warnings.append("the map of pages could not be found: it is kept")
        }
    }

    /// Where the structure of page frame 0 would lie when `base` has that of `physicalOffset`, which
    /// is below 0 where a kernel for 52 bits of address runs on hardware with 48.
    ///
    /// Source: Linux 6.1 arch/arm64/mm/init.c, `arm64_memblock_init`.
    static func pageMapStart(
        _ base: UInt64, physicalOffset: UInt64, page: UInt64, size: UInt64
    ) -> UInt64 {
        let frames = Int64(bitPattern: physicalOffset) >> Int64(page.trailingZeroBitCount)
        return base &- UInt64(bitPattern: frames) &* size
    }

    /// The kernel's own page tables; those of the last level are met, not read.
    mutating func findTables(isStopped: () -> Bool) {
        let isWhole = space.walk(
            isX86
                ? 0xFF00_0000_0000_0000...UInt64.max
                : 0xFFF0_0000_0000_0000...UInt64.max, readsLast: false,
            isStopped: { ends(isStopped) }
        ) { _, _, _ in }
        if !isWhole, !wasStopped {
            warnings.append("not all of the kernel's page tables could be found")
        }
        tableFrames = Set(space.tables.map { $0 / page })
    }

    /// The page frames behind `byteCount` bytes at an address, and how many pages have none.
    private func frames(_ address: UInt64, byteCount: UInt64) -> (found: [UInt64], missing: Int) {
        var found = [UInt64]()
        var missing = 0
        var place = address / page * page
        let pages = ((address % page) + byteCount + page - 1) / page
        for _ in 0..<pages {
            if let physical = space.physical(place) {
                found.append(physical / page)
            } else {
                missing += 1
            }
            place &+= page
        }
        return (found, missing)
    }
}
