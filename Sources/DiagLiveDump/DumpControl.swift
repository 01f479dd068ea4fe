import Synchronization

public import DiagModel

/// How far a dump is, and whether it is to stop: shared by the threads that copy, the watch over
/// the host's memory, and whoever shows the progress.
public final class DumpControl: Sendable {
    private let pages = Atomic<Int>(0)
    private let totalPages = Atomic<Int>(0)
    private let written = Atomic<Int64>(0)
    private let isStopping = Atomic<Bool>(false)
    private let obstacle = Mutex<LiveDumpReport.Obstacle?>(nil)

    /// Which step it is at.
    let clock: StepClock

    /// Nothing is done, and nothing stops it.
    public init() { clock = StepClock(.setUp) }

    /// The same, with the clock of a dump that began before.
    init(clock: StepClock) { self.clock = clock }

    /// Whether the threads are to end at the next chunk.
    public var isStopped: Bool { isStopping.load(ordering: .relaxed) }

    /// Why it was stopped: the first reason that was given.
    public var stopReason: LiveDumpReport.Obstacle? { obstacle.withLock { $0 } }

    /// Ends the copying at the next chunk; what was copied stays.
    public func stop(_ reason: LiveDumpReport.Obstacle) {
        obstacle.withLock { if $0 == nil { $0 = reason } }
        isStopping.store(true, ordering: .releasing)
    }

    /// Sets how many pages are to be copied.
    public func expect(pages count: Int) { totalPages.store(count, ordering: .relaxed) }

    /// Counts pages that were copied, and the bytes that they took in the file.
    public func advance(pages count: Int, bytesWritten: Int64) {
        _ = pages.add(count, ordering: .relaxed)
        _ = written.add(bytesWritten, ordering: .relaxed)
    }

    /// Pages copied, pages in all, bytes written.
    public var position: (pages: Int, totalPages: Int, bytesWritten: Int64) {
        (
            pages.load(ordering: .relaxed), totalPages.load(ordering: .relaxed),
            written.load(ordering: .relaxed)
        )
    }
}
