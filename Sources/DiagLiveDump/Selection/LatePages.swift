internal import DiagSystem

/// Page frames that became the kernel's own after it was selected what is dumped.
///
/// A copy takes seconds, and the kernel goes on meanwhile: slabs grow, threads are made. The lists
/// that are read last lead to pages that were free when it was selected.
public final class LatePages: PageSelection {
    /// The first page frame number beyond all.
    public let pageFrameLimit: UInt64
    /// Page frames that are memory.
    public let present: MappedBitmap
    /// Page frames that are new.
    public let dumped: MappedBitmap
    /// How many are new.
    public let dumpedCount: Int
    /// The words of those that are new.
    public let flagWords: MappedWords
    /// Page frames by class.
    public let tally: PageTally
    /// The level of the selection that they are missing in.
    public let appliedLevel: Int
    /// How many more there were than there is room for.
    public let leftOutCount: Int

    /// How many are new of each class.
    var byClass: [PageClass: Int] {
        (0..<dumpedCount).reduce(into: [:]) { counts, index in
            counts[PageClass.of(word: flagWords[index]), default: 0] += 1
        }
    }

    /// How many there may be beside `pageCount` pages: 16 MiB of small pages, and 3 % more.
    public static func room(pageCount: Int) -> Int { 4096 + pageCount / 32 }

    init(_ scan: PageFlagScan, limit: UInt64, level: Int, atMost room: Int) {
        pageFrameLimit = limit
        present = scan.present
        dumped = scan.dumped
        flagWords = scan.flagWords
        tally = scan.tally
        appliedLevel = level
        dumpedCount = min(room, scan.flagWords.count)
        leftOutCount = scan.flagWords.count - dumpedCount
        guard leftOutCount > 0 else { return }
        var left = room
        dumped.forEach { frame in
            if left > 0 { left -= 1 } else { dumped[frame] = false }
        }
    }
}

/// A further look at /proc/kpageflags, for pages that became the kernel's own.
struct LatePageScan: Sendable {
    let tree: RootedTree
    /// Page frames that are memory.
    let frames: [Range<Int>]
    let limit: Int
    let threadCount: Int
    /// Classes that count as the kernel's own.
    let classes: Set<PageClass>

    /// Page frames of the classes that `selection` does not have.
    func run(
        beside selection: any PageSelection, using buffers: [MappedMemory],
        isStopped: @escaping @Sendable () -> Bool
    ) throws(LiveDumpError) -> LatePages {
        var rule = PageFlagScan.Rule { [classes] in classes.contains($0) }
        rule.unwanted = selection.dumped
        // A page of which nothing is told is not new.
        rule.unknownWord = PageFlags.noPage
        let scan = try PageFlagScan(
            tree: tree, frames: frames, limit: limit,
            threadCount: buffers.isEmpty ? threadCount : buffers.count, rule: rule,
            buffers: buffers, isStopped: isStopped)
        return LatePages(
            scan, limit: selection.pageFrameLimit, level: selection.appliedLevel,
            atMost: selection.latePageRoom)
    }
}
