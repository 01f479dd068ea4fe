public import DiagModel

/// How a dump is written.
public struct DumpWriterOptions: Sendable {
    /// Threads that copy; none for as many as there are processors, 16 at most.
    public var threadCount: Int?
    /// How pages are stored in a kdump-compressed file.
    public var compression = LiveDumpOptions.Compression.zstd
    /// What the file looks like.
    public var format = LiveDumpOptions.Format.kdump
    /// The most bytes that the file may have; none for no limit.
    public var maxByteCount: Int64?
    /// How often what changes most is read again at most: 0 for memory that does not change.
    ///
    /// Once, as a whole: then all of it is as it was within the time of that round. A further round
    /// would only move that time, and one over what had changed tears lists of free objects, whose
    /// begin and middle lie in different pages.
    public var rereadRoundCount = 1
    /// Whether some pages are read again at the end, to count what changed.
    public var countsTornPages = true
    /// Whether all memory is locked before the first page is read.
    public var locksMemory = false
    /// When the dump began.
    public var started: Timestamp
    /// Whether the source is itself a dump with pages missing.
    public var isSourceIncomplete = false

    /// The options of a live dump that began at `started`.
    public init(started: Timestamp) { self.started = started }

    /// The threads that are used.
    public var effectiveThreadCount: Int {
        max(1, min(threadCount ?? min(16, DumpWriter.processorCount), 256))
    }
}

/// What was written.
public struct DumpResult: Hashable, Sendable {
    /// Pages that were to be dumped.
    public var pagesWanted = 0
    /// Pages with their bytes in the file.
    public var pagesCopied = 0
    /// Pages of zeros, which need none.
    public var pagesZero = 0
    /// Pages that could not be read.
    public var pagesUnreadable = 0
    /// Pages among these that became the kernel's own while the others were copied.
    public var pagesLate: Int { lateByClass.values.reduce(0, +) }
    /// The same by class.
    public var lateByClass: [PageClass: Int] = [:]
    /// Bytes of the file; of an ELF file with its holes.
    public var byteCount: Int64 = 0
    /// Bytes that were written.
    public var bytesWritten: Int64 = 0
    /// When which pages were read: `all` first, then each phase that had any.
    public var windows = [LiveDumpReport.Window]()
    /// What changed meanwhile; none when nothing was read again, or not all that was to be.
    public var torn: LiveDumpReport.Torn?
    /// What each stage cost.
    public var stages = [LiveDumpReport.Stage]()
    /// Whether every page that was to be dumped is in the file or could not be read.
    public var isComplete = false
    /// Whether the file was written past the page cache.
    public var isDirect = false
    /// Whether all memory was locked.
    public var isMemoryLocked = false
    /// Why not all memory was locked, where it was to be.
    public var lockWarning: String?
    /// Threads that copied.
    public var threadCount = 0
    /// Bytes of memory that were set aside, the selection's included.
    public var memoryBudget: Int64 = 0
    /// What a reader should know of it.
    public var warnings = [String]()
    /// Why it ended before its end.
    public var obstacle: LiveDumpReport.Obstacle?

    /// Nothing written.
    public init() {}

    /// Counts pages that came late, and are in the file.
    mutating func add(_ late: LateCopy) {
        lateByClass = late.pages.byClass
        pagesWanted += late.pages.dumpedCount
        pagesCopied += late.costs.pagesCopied
        pagesZero += late.costs.pagesZero
        pagesUnreadable += late.costs.pagesUnreadable
    }
}

/// Pages that came late, and what was copied of them.
struct LateCopy {
    var pages: LatePages
    var costs: CopyCosts
}
