public import DiagSystem

/// The page frames of the small dump: kernel image, per-CPU areas, page tables, slab, modules and
/// the stacks of all threads: what crash and drgn need to show the stack of every thread.
///
/// The map of pages is left out where it can be found: 1.6 % of the memory, and no reader needs it
/// for stacks.
public final class StackPageSelection: PageSelection {
    /// The first page frame number beyond all.
    public let pageFrameLimit: UInt64
    /// Page frames that are memory.
    public let present: MappedBitmap
    /// Page frames that go into the dump.
    public let dumped: MappedBitmap
    /// How many go into the dump.
    public let dumpedCount: Int
    /// The words of those that go into the dump.
    public let flagWords: MappedWords
    /// Page frames by class.
    public let tally: PageTally
    /// Cache, processes' and free pages are left out.
    public let appliedLevel = 30
    /// What a reader should know.
    public let warnings: [String]
    private let later: LatePageScan

    /// Selects by `landmarks`, which were found in the same source.
    ///
    /// Ends as soon as `isStopped` says so. Where the stacks or modules were not found, all pages that have no flag are kept, since
    /// they are among these.
    public init(
        source: any MemorySource, tree: RootedTree, landmarks: KernelLandmarks,
        threadCount: Int? = nil, isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws(LiveDumpError) {
        var warnings = landmarks.warnings
        let frames = try source.pageFrames()
        let limit = frames.last?.upperBound ?? 0
        let isFound = landmarks.areStacksKnown && !landmarks.processorFrames.isEmpty
        if !isFound {
            warnings.append("all pages of the kernel are kept, since stacks may be among them")
        }
        var rule = PageFlagScan.Rule { pageClass in
            switch pageClass {
            case .slab, .pageTable, .reserved: true
            case .kernel: !isFound
            default: false
            }
        }
        do throws(SystemCallError) {
            let wanted = try MappedBitmap(count: limit)
            let unwanted = try MappedBitmap(count: limit)
            func mark(_ frames: some Sequence<UInt64>, in bitmap: MappedBitmap) {
                for frame in frames where frame < UInt64(limit) { bitmap[Int(frame)] = true }
            }
            for range in landmarks.pageMapFrames {
                unwanted.set(range.clamped(to: 0..<UInt64(limit)))
            }
            for frames in landmarks.stackFrames.values { mark(frames, in: wanted) }
            for frames in [
                landmarks.taskFrames, landmarks.tableFrames, landmarks.processorFrames,
                landmarks.moduleFrames, landmarks.imageFrames,
            ] { mark(frames, in: wanted) }
            rule.wanted = wanted
            rule.unwanted = unwanted
        } catch { throw PageFlagScan.noMemory(error) }
        // Whether a page without a flag is a new stack cannot be told; a task is in a slab.
        later = LatePageScan(
            tree: tree, frames: frames, limit: limit,
            threadCount: threadCount ?? min(16, HostFacts.processorCount),
            classes: [.slab, .pageTable])
        let scan = try PageFlagScan(
            tree: tree, frames: frames, limit: limit, threadCount: later.threadCount, rule: rule,
            isStopped: isStopped)
        pageFrameLimit = UInt64(limit)
        present = scan.present
        dumped = scan.dumped
        flagWords = scan.flagWords
        dumpedCount = scan.flagWords.count
        tally = scan.tally
        self.warnings = warnings
    }

    /// Room for 3 % more, or for all that there are.
    public var latePageRoom: Int {
        min(LatePages.room(pageCount: dumpedCount), tally.present.reduce(0, +) - dumpedCount)
    }

    /// Reads the words of all page frames once more.
    public func latePages(
        using buffers: [MappedMemory], isStopped: @escaping @Sendable () -> Bool
    ) throws(LiveDumpError) -> LatePages? {
        try later.run(beside: self, using: buffers, isStopped: isStopped)
    }
}
