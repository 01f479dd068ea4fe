public import DiagSystem

/// Which page frames go into a dump.
public protocol PageSelection: AnyObject, Sendable {
    /// The first page frame number beyond all.
    var pageFrameLimit: UInt64 { get }
    /// Bit n of byte n / 8, least significant first: page frame n is memory. Source: the first
    /// bitmap of a kdump-compressed file.
    var present: MappedBitmap { get }
    /// The same for the page frames that go into the dump; a part of `present`.
    var dumped: MappedBitmap { get }
    /// How many go into the dump.
    var dumpedCount: Int { get }
    /// The word of /proc/kpageflags for each page frame of the dump, in their order, 8 bytes
    /// each; empty where it is not known.
    var flagWords: MappedWords { get }
    /// Page frames of each class that there are, and that go into the dump.
    var tally: PageTally { get }
    /// The level that was really applied: makedumpfile's bits.
    var appliedLevel: Int { get }
    /// How many pages more the dump may get by ``latePages(using:isStopped:)``.
    var latePageRoom: Int { get }
    /// Looks which page frames have become the kernel's own since they were not selected; none
    /// where that cannot be told.
    ///
    /// Each thread reads into one of `buffers`: memory that is taken anew changes pages of which
    /// the dump has the bytes already.
    func latePages(
        using buffers: [MappedMemory], isStopped: @escaping @Sendable () -> Bool
    ) throws(LiveDumpError) -> LatePages?
}

extension PageSelection {
    /// None: memory that does not change.
    public var latePageRoom: Int { 0 }
    /// None: memory that does not change.
    public func latePages(
        using buffers: [MappedMemory], isStopped: @escaping @Sendable () -> Bool
    ) throws(LiveDumpError) -> LatePages? { nil }
}

/// Page frames by class.
public struct PageTally: Hashable, Sendable {
    /// Page frames that there are.
    public var present = [Int](repeating: 0, count: PageClass.allCases.count)
    /// Page frames that go into the dump.
    public var kept = [Int](repeating: 0, count: PageClass.allCases.count)

    /// Nothing counted.
    public init() {}

    /// Counts `count` page frames of a class.
    public mutating func count(_ pageClass: PageClass, isKept: Bool, by count: Int = 1) {
        present[Int(pageClass.rawValue)] += count
        if isKept { kept[Int(pageClass.rawValue)] += count }
    }

    /// Adds the counts of another.
    public mutating func add(_ other: PageTally) {
        for index in present.indices {
            present[index] += other.present[index]
            kept[index] += other.kept[index]
        }
    }
}
