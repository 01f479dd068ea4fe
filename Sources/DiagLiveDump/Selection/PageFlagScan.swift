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

    /// Takes memory for as many words; a test gives its own.
    typealias WordMaker = @Sendable (Int) throws(SystemCallError) -> MappedWords

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
    ///
    /// Memory for words is taken unit by unit, as many as are kept: with vm.overcommit_memory=2
    /// what is never touched counts too, and a word for each page frame of 1 TiB is 2 GiB.
    init(
        tree: RootedTree, frames: [Range<Int>], limit: Int, threadCount: Int, rule: Rule,
        buffers: [MappedMemory] = [], isStopped: @escaping @Sendable () -> Bool = { false },
        makeWords: @escaping WordMaker = { count throws(SystemCallError) in
            try MappedWords(count: count)
        }
    ) throws(LiveDumpError) {
        let file = try Self.open(tree)
        _ = file.rawValue
        let plan = Plan(frames: frames)
        let tables: (MappedBitmap, MappedBitmap)
        do throws(SystemCallError) {
            tables = (try MappedBitmap(count: limit), try MappedBitmap(count: limit))
        } catch { throw Self.noMemory(error) }
        (present, dumped) = (tables.0, tables.1)
        let state = Mutex(State(words: Array(repeating: nil, count: plan.units.count)))
        let next = Atomic<Int>(0)
        let large = buffers.filter { $0.byteCount >= Self.unit * 8 }
        let mostFrames = plan.mostFrames
        WorkerThreads.run(count: max(1, min(threadCount, plan.units.count))) { number in
            let begin = MonotonicTime.now
            do throws(LiveDumpError) {
                let buffer = number < large.count ? large[number] : try Self.makeBuffer()
                let table = try Self.make(mostFrames, makeWords)
                let worker = PageFlagWorker(
                    file: try Self.open(tree), buffer: buffer, rule: rule, present: tables.0,
                    dumped: tables.1, words: table)
                while !isStopped() {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < plan.units.count else { break }
                    let kept = worker.scan(plan.units[index])
                    let words: MappedWords?
                    do throws(LiveDumpError) {
                        words = try Self.first(kept, of: table, makeWords)
                    } catch {
                        // No other thread does this unit again: they need not go on.
                        next.store(plan.units.count, ordering: .relaxed)
                        throw error
                    }
                    state.withLock {
                        $0.words[index] = words
                        $0.finishedCount += 1
                    }
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
        // Taken out of there, so that each unit's words go as soon as they are copied.
        var done = State(words: [])
        state.withLock { swap(&$0, &done) }
        guard done.finishedCount == plan.units.count else {
            throw done.failure
                ?? LiveDumpError(.interrupted, "select pages: the run was told to end")
        }
        tally = done.tally
        unknownCount = done.unknown
        threadSeconds = done.seconds
        flagWords = try Self.join(&done.words, makeWords)
    }

    static func noMemory(_ error: SystemCallError) -> LiveDumpError {
        LiveDumpError(
            .memoryPressure, error.description,
            remedy: "Free memory, or let more be committed where vm.overcommit_memory is 2 "
                + "(vm.overcommit_ratio); a dump of the stacks alone takes less.")
    }

    private static func open(_ tree: RootedTree) throws(LiveDumpError) -> OwnedDescriptor {
        do throws(SystemCallError) {
            return try tree.openRegularFile("/proc/kpageflags")
        } catch { throw KernelCoreObstacle.pageFlags(error) }
    }

    // MARK: - Words

    private static func makeBuffer() throws(LiveDumpError) -> MappedMemory {
        do throws(SystemCallError) {
            return try MappedMemory(byteCount: unit * 8)
        } catch { throw noMemory(error) }
    }

    private static func make(
        _ count: Int, _ makeWords: WordMaker
    ) throws(LiveDumpError) -> MappedWords {
        do throws(SystemCallError) { return try makeWords(count) } catch { throw noMemory(error) }
    }

    /// The first `count` words of `table`, in memory of their own; none for 0.
    private static func first(
        _ count: Int, of table: MappedWords, _ makeWords: WordMaker
    ) throws(LiveDumpError) -> MappedWords? {
        guard count > 0 else { return nil }
        let words = try make(count, makeWords)
        copy(count, of: table, to: words, at: 0)
        return words
    }

    /// The words of all units, in their order; each one's are given up when they are copied.
    private static func join(
        _ parts: inout [MappedWords?], _ makeWords: WordMaker
    ) throws(LiveDumpError) -> MappedWords {
        let whole = try make(parts.reduce(0) { $0 + ($1?.count ?? 0) }, makeWords)
        var place = 0
        for index in parts.indices {
            guard let part = parts[index] else { continue }
            copy(part.count, of: part, to: whole, at: place)
            place += part.count
            parts[index] = nil
        }
        return whole
    }

    /// Copies the first `count` words of `source` to those of `target` from `place` on.
    private static func copy(
        _ count: Int, of source: MappedWords, to target: MappedWords, at place: Int
    ) {
        let words = unsafe UnsafeRawBufferPointer(
            rebasing: source.memory.bytes[..<(count * 8)])
        unsafe UnsafeMutableRawBufferPointer(rebasing: target.memory.bytes[(place * 8)...])
            .copyMemory(from: words)
    }

    private struct State {
        /// The words of the kept frames of each unit; none where none are kept, and before it is
        /// read.
        var words: [MappedWords?]
        /// Units that were read.
        var finishedCount = 0
        var tally = PageTally()
        var unknown = 0
        var seconds = 0.0
        var failure: LiveDumpError?
    }

    /// Parts of the frames that do not share a byte of a bitmap.
    struct Plan: Sendable {
        struct Unit: Sendable {
            var frames: [Range<Int>]
            /// Where its words begin in the table of the thread that reads it: at its start.
            var offset: Int { 0 }
        }
        var units = [Unit]()

        /// How many frames the largest unit has.
        var mostFrames: Int {
            units.reduce(0) { most, unit in max(most, unit.frames.reduce(0) { $0 + $1.count }) }
        }

        init(frames: [Range<Int>]) {
            var cell = -1
            for range in frames {
                var start = range.lowerBound
                while start < range.upperBound {
                    let end = min(
                        range.upperBound, (start / PageFlagScan.unit + 1) * PageFlagScan.unit)
                    if start / PageFlagScan.unit != cell {
                        cell = start / PageFlagScan.unit
                        units.append(Unit(frames: []))
                    }
                    units[units.count - 1].frames.append(start..<end)
                    start = end
                }
            }
        }
    }
}
