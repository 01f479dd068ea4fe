internal import DiagModel
internal import DiagSystem
internal import Synchronization
internal import SystemPackage

/// One pass over /proc/kpageflags, by many threads: which pages there are, and which are kept.
struct PageFlagScan {
    /// Which pages are kept.
    struct Rule: Sendable {
        /// Whether pages of a class are, by its number.
        var keeps: [Bool]
        /// Page frames of virtual machines.
        var guests: MappedBitmap?
        /// Page frames that are kept when they are the kernel's, whatever their class.
        var wanted: MappedBitmap?
        /// Page frames that are not kept whatever their class.
        var unwanted: MappedBitmap?
        /// What a page frame counts as of which the kernel tells nothing: its own.
        var unknownWord: UInt64 = 0

        init(_ keeps: (PageClass) -> Bool) {
            self.keeps = PageClass.allCases.map { $0.isReadable && keeps($0) }
        }
    }

    /// Page frames of one step: a read of 1 MiB.
    static let unit = 131_072

    let present: MappedBitmap
    let dumped: MappedBitmap
    let flagWords: MappedWords
    let tally: PageTally
    /// Page frames of which the kernel told nothing: they are kept.
    let unknownCount: Int
    /// Seconds of all threads together.
    let threadSeconds: Double

    /// Reads the words of all page frames in `frames`, sorted ranges below `limit`, into `buffers`
    /// as far as there are such for the threads.
    init(
        tree: RootedTree, frames: [Range<Int>], limit: Int, threadCount: Int, rule: Rule,
        buffers: [MappedMemory] = [], isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws(LiveDumpError) {
        do throws(SystemCallError) {
            let file = try tree.openRegularFile("/proc/kpageflags")
            _ = file.rawValue
        } catch { throw KernelCoreObstacle.pageFlags(error) }
        let plan = Plan(frames: frames)
        let tables: (MappedBitmap, MappedBitmap, MappedWords)
        do throws(SystemCallError) {
            tables = (
                try MappedBitmap(count: limit), try MappedBitmap(count: limit),
                try MappedWords(count: plan.frameCount)
            )
        } catch { throw Self.noMemory(error) }
        (present, dumped) = (tables.0, tables.1)
        let state = Mutex(State(keptCounts: Array(repeating: 0, count: plan.units.count)))
        let next = Atomic<Int>(0)
        let large = buffers.filter { $0.byteCount >= Self.unit * 8 }
        WorkerThreads.run(count: max(1, min(threadCount, plan.units.count))) { number in
            let begin = MonotonicTime.now
            do throws(SystemCallError) {
                let worker = PageFlagWorker(
                    file: try tree.openRegularFile("/proc/kpageflags"),
                    buffer: number < large.count
                        ? large[number] : try MappedMemory(byteCount: Self.unit * 8), rule: rule,
                    present: tables.0, dumped: tables.1, words: tables.2)
                while !isStopped() {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < plan.units.count else { break }
                    let kept = worker.scan(plan.units[index])
                    state.withLock { $0.keptCounts[index] = kept }
                }
                state.withLock {
                    $0.tally.add(worker.tally)
                    $0.unknown += worker.unknownCount
                    $0.seconds += MonotonicTime.now.seconds(since: begin)
                }
            } catch {
                // Another thread does this one's work; only when none could is it an error.
                state.withLock { $0.failure = error }
            }
        }
        let (done, failure) = state.withLock { ($0, $0.failure) }
        if next.load(ordering: .relaxed) < plan.units.count {
            if let failure { throw KernelCoreObstacle.pageFlags(failure) }
            if isStopped() {
                throw LiveDumpError(.interrupted, "select pages: the run was told to end")
            }
        }
        tally = done.tally
        unknownCount = done.unknown
        threadSeconds = done.seconds
        do throws(SystemCallError) {
            flagWords = try plan.compact(tables.2, keptCounts: done.keptCounts)
        } catch { throw Self.noMemory(error) }
    }

    static func noMemory(_ error: SystemCallError) -> LiveDumpError {
        LiveDumpError(
            .memoryPressure, error.description, remedy: "free memory, or dump the stacks alone")
    }

    private struct State {
        var keptCounts: [Int]
        var tally = PageTally()
        var unknown = 0
        var seconds = 0.0
        var failure: SystemCallError?
    }

    /// Parts of the frames that do not share a byte of a bitmap, and where their words go.
    struct Plan: Sendable {
        struct Unit: Sendable {
            var frames: [Range<Int>]
            /// How many frames there are before it.
            var offset: Int
        }
        var units = [Unit]()
        var frameCount = 0

        init(frames: [Range<Int>]) {
            var cell = -1
            for range in frames {
                var start = range.lowerBound
                while start < range.upperBound {
                    let end = min(
                        range.upperBound, (start / PageFlagScan.unit + 1) * PageFlagScan.unit)
                    if start / PageFlagScan.unit != cell {
                        cell = start / PageFlagScan.unit
                        units.append(Unit(frames: [], offset: frameCount))
                    }
                    units[units.count - 1].frames.append(start..<end)
                    frameCount += end - start
                    start = end
                }
            }
        }

        /// The words of the kept frames without the gaps between the units.
        func compact(
            _ words: MappedWords, keptCounts: [Int]
        ) throws(SystemCallError) -> MappedWords {
            let whole = try MappedWords(count: keptCounts.reduce(0, +))
            var place = 0
            for (unit, count) in zip(units, keptCounts) where count > 0 {
                let source = unsafe UnsafeRawBufferPointer(
                    rebasing: words.memory.bytes[
                        (unit.offset * 8)..<((unit.offset + count) * 8)])
                unsafe UnsafeMutableRawBufferPointer(rebasing: whole.memory.bytes[place...])
                    .copyMemory(from: source)
                place += count * 8
            }
            return whole
        }
    }
}
