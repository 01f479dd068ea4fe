internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// Which page frames of the running kernel a dump takes, by /proc/kpageflags and a level.
///
/// The words that are kept have the bits of a compound page's head on its tails too, and bit 63
/// on memory of virtual machines, so that ``PageClass/of(word:)`` gives the class again.
public final class LivePageSelection: PageSelection {
    /// What is kept and what not.
    public struct Choice: Sendable {
        /// makedumpfile's bits, 0 to 31.
        public var level = 27
        /// Keep pages of processes whatever the level.
        public var includesUserPages = false
        /// Keep memory of virtual machines of this host whatever the level.
        public var includesGuestPages = false
        /// Threads that read; as many as there are processors, at most 16, when none are given.
        public var threadCount: Int?
        /// Whether what a descriptor of a process points to says that it runs a virtual machine:
        /// the text of a link in /proc/PID/fd.
        public var isMachineDescriptor: @Sendable (String) -> Bool = GuestPages.isMachine

        /// The default level.
        public init() {}

        /// What the options of a dump say.
        public init(_ options: LiveDumpOptions) {
            level = options.level
            includesUserPages = options.includesUserPages
            includesGuestPages = options.includesGuestPages
            threadCount = options.threadCount
        }
    }

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
    /// The level that was applied. Bit 1 is never in it: zero pages are kept, and share one page
    /// of the file, since crash takes a page that is not in the second bitmap for an error.
    /// Source: crash 8.0.6 diskdump.c, `read_diskdump`.
    public let appliedLevel: Int
    /// What a reader should know.
    public let warnings: [String]
    /// Seconds that reading and sorting took, of all threads together.
    public let threadSeconds: Double
    private let later: LatePageScan

    /// Reads the words of all page frames of `source`, until `isStopped` says that nobody wants
    /// them any more.
    ///
    /// - Throws: `unsupported` for a level that is none, for one that reads free pages of a
    ///   confidential guest, and without /proc/kpageflags; `notPermitted`.
    public init(
        source: any MemorySource, tree: RootedTree, choice: Choice = Choice(),
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws(LiveDumpError) {
        guard 0...31 ~= choice.level else {
            throw LiveDumpError(.unsupported, "level \(choice.level) is not one of 0 to 31")
        }
        var warnings = [String]()
        if Self.isConfidential(tree) {
            guard choice.level & 16 != 0 else {
                throw LiveDumpError(
                    .unsupported,
                    "level \(choice.level) reads free pages, which a confidential guest may not "
                        + "have accepted yet", remedy: "--level \(choice.level | 16)")
            }
            warnings.append("this is a confidential guest: the dump holds its memory in clear")
        }
        let frames = try source.pageFrames()
        let limit = frames.last?.upperBound ?? 0
        var level = choice.level & ~1
        if choice.includesUserPages { level &= ~8 }
        var rule = PageFlagScan.Rule { $0.isKept(at: level) }
        rule.keeps[Int(PageClass.guest.rawValue)] =
            choice.includesGuestPages || choice.level & 8 == 0
        if let scope = Self.guestScope(rule) {
            let guests = try GuestPages(
                tree: tree, frameLimit: limit, pageByteCount: source.kernel.pageByteCount,
                scope: scope, isMachine: choice.isMachineDescriptor, isStopped: isStopped)
            rule.guests = guests.frames
            warnings += guests.warnings
        }

        // What has become the kernel's own is in a dump of any level.
        later = LatePageScan(
            tree: tree, frames: frames, limit: limit,
            threadCount: choice.threadCount ?? min(16, HostFacts.processorCount),
            classes: [.kernel, .slab, .pageTable, .reserved])
        let scan = try PageFlagScan(
            tree: tree, frames: frames, limit: limit, threadCount: later.threadCount, rule: rule,
            isStopped: isStopped)
        if scan.unknownCount > 0 {
            warnings.append(
                "/proc/kpageflags says nothing of \(scan.unknownCount) pages: they are kept")
        }
        pageFrameLimit = UInt64(limit)
        present = scan.present
        dumped = scan.dumped
        flagWords = scan.flagWords
        dumpedCount = scan.flagWords.count
        tally = scan.tally
        appliedLevel = level
        threadSeconds = scan.threadSeconds
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

    /// Which mappings of virtual machines must be known; none when it makes no difference which
    /// pages are theirs: they cost reads that wait for the machines' own locks.
    private static func guestScope(_ rule: PageFlagScan.Rule) -> GuestPages.Scope? {
        func differs(_ pageClass: PageClass) -> Bool {
            rule.keeps[Int(pageClass.rawValue)] != rule.keeps[Int(PageClass.guest.rawValue)]
        }
        if differs(.user) || differs(.cache) { return .all }
        return differs(.cachePrivate) ? .files : nil
    }

    /// Bytes of memory that a selection takes: two bitmaps and two more while it is made, the words
    /// of the pages that are kept (twice while they are put together), and a buffer for each thread.
    public static func memoryByteCount(
        pageFrameLimit: Int, keptPages: Int, threadCount: Int
    ) -> Int64 {
        let bitmaps = Int64(pageFrameLimit + 7) / 8 * 4
        return bitmaps + Int64(keptPages) * 16 + Int64(threadCount) * Int64(PageFlagScan.unit) * 8
    }

    /// Whether this is a guest whose memory is hidden from its host: unaccepted memory may not be
    /// touched there. AMD hosts have `sev_snp` too, so a hypervisor must be below.
    ///
    /// Source: Linux 6.9 arch/x86/include/asm/cpufeatures.h.
    static func isConfidential(_ tree: RootedTree) -> Bool {
        guard let bytes = try? tree.read("/proc/cpuinfo", limit: 65_536),
            let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
                .first(where: { $0.hasPrefix("flags") })
        else { return false }
        let flags = Set(line.split { $0 == " " || $0 == "\t" || $0 == ":" })
        return flags.contains("tdx_guest")
            || (flags.contains("sev_snp") && flags.contains("hypervisor"))
    }
}

extension MemorySource {
    /// The numbers of all page frames that are memory, sorted.
    ///
    /// - Throws: `unsupported` when they are more than any machine has.
    func pageFrames() throws(LiveDumpError) -> [Range<Int>] {
        let page = UInt64(kernel.pageByteCount)
        let frames = ranges.map { range in
            Int(
                truncatingIfNeeded: range.physicalAddress / page)..<Int(
                    truncatingIfNeeded: range.end / page)
        }
        guard ranges.allSatisfy({ $0.end <= KernelCoreLayout.physicalLimit }) else {
            throw LiveDumpError(.unsupported, "memory lies beyond 52 bits of address")
        }
        return frames.filter { !$0.isEmpty }
    }
}
