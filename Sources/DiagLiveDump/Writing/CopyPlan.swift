internal import DiagSystem
internal import Synchronization

/// The pages of a dump as runs of consecutive page frames, in the order of their phases, given to
/// threads in pieces of at most one chunk.
final class CopyPlan: Sendable {
    /// A run: consecutive page frames of the dump, which also follow one another in its table.
    struct Run {
        /// The first page frame number.
        var frame: UInt64
        /// Its place among the page frames of the dump.
        var index: Int
        /// How many.
        var count: Int
    }

    /// Some runs of one phase.
    struct Piece {
        var phase: CopyPhase
        var runs: Range<Int>
    }

    /// Pages of one chunk.
    let chunkPageCount: Int
    /// Pages in no range of memory, which cannot be read.
    let outsideCount: Int
    /// The runs: two words each, the first page frame with the count above bit 48, and the place.
    private let words: MappedWords
    /// The first run of each phase, and the end of the last.
    private let bounds: [Int]
    /// Which phases are given, in which order, and how far that is.
    private struct Cursor {
        var phases: [CopyPhase] = []
        /// The phase that is being given, as its place in `phases`.
        var place = 0
        /// The run that is next.
        var next = 0
    }

    private let cursor = Mutex(Cursor())

    /// Plans for the page frames of `selection`; `image` has the addresses of the kernel image,
    /// `readOnly` those of its parts that are only read, `pageMap` the page frames of the map of
    /// pages, where these are known. The places of pages that come late begin at `firstLateIndex`.
    init(
        _ selection: any PageSelection, ranges: [MemoryRange], image: Range<UInt64>?,
        readOnly: [Range<UInt64>] = [], pageMap: [Range<UInt64>]? = nil, pageByteCount: Int,
        chunkPageCount: Int, firstLateIndex: Int? = nil
    ) throws(SystemCallError) {
        self.chunkPageCount = chunkPageCount
        let walk = FrameWalk(
            selection, ranges: ranges, image: image, readOnly: readOnly, pageMap: pageMap,
            pageByteCount: pageByteCount, longest: chunkPageCount,
            firstLateIndex: firstLateIndex)
        var counts = [Int](repeating: 0, count: CopyPhase.allCases.count)
        outsideCount = walk.forEachRun { phase, _ in counts[phase.rawValue] += 1 }
        var bounds = [0]
        for count in counts { bounds.append(bounds[bounds.count - 1] + count) }
        self.bounds = bounds
        let words = try MappedWords(count: 2 * bounds[bounds.count - 1])
        var next = bounds
        _ = walk.forEachRun { phase, run in
            let place = next[phase.rawValue] * 2
            next[phase.rawValue] += 1
            words[place] = run.frame | UInt64(run.count) << 48
            words[place + 1] = UInt64(run.index)
        }
        self.words = words
    }

    /// Bytes of memory that the runs take.
    var memory: MappedMemory { words.memory }

    /// Starts again, with these phases in this order.
    func restart(_ phases: [CopyPhase]) {
        let first = phases.first.map { bounds[$0.rawValue] } ?? 0
        cursor.withLock { $0 = Cursor(phases: phases, next: first) }
    }

    /// The run with that number.
    @inline(__always) func run(_ number: Int) -> Run {
        let first = words[number * 2]
        return Run(
            frame: first & 0xFFFF_FFFF_FFFF, index: Int(truncatingIfNeeded: words[number * 2 + 1]),
            count: Int(truncatingIfNeeded: first >> 48))
    }

    /// The next runs of one phase with at most a chunk's pages; `nil` when all were given.
    func claim() -> Piece? {
        cursor.withLock { cursor in
            while cursor.place < cursor.phases.count {
                let phase = cursor.phases[cursor.place]
                let end = bounds[phase.rawValue + 1]
                guard cursor.next < end else {
                    cursor.place += 1
                    if cursor.place < cursor.phases.count {
                        cursor.next = bounds[cursor.phases[cursor.place].rawValue]
                    }
                    continue
                }
                let start = cursor.next
                var pages = 0
                while cursor.next < end {
                    pages += run(cursor.next).count
                    if pages > chunkPageCount { break }
                    cursor.next += 1
                }
                return Piece(phase: phase, runs: start..<cursor.next)
            }
            return nil
        }
    }
}

/// Goes through the page frames of a dump in their order.
private struct FrameWalk {
    let bitmap: MappedBitmap
    let flags: MappedWords?
    let limit: Int
    let ranges: [(start: UInt64, end: UInt64)]
    let image: Range<UInt64>
    let readOnly: [Range<UInt64>]
    let pageMap: [Range<UInt64>]?
    let presentCount: Int
    let longest: Int
    let firstLateIndex: Int?

    init(
        _ selection: any PageSelection, ranges: [MemoryRange], image: Range<UInt64>?,
        readOnly: [Range<UInt64>], pageMap: [Range<UInt64>]?, pageByteCount: Int, longest: Int,
        firstLateIndex: Int?
    ) {
        self.firstLateIndex = firstLateIndex
        self.pageMap = pageMap
        bitmap = selection.dumped
        flags = selection.flagWords.count >= selection.dumpedCount ? selection.flagWords : nil
        limit = Int(clamping: min(selection.pageFrameLimit, UInt64(bitmap.count)))
        let shift = UInt64(pageByteCount.trailingZeroBitCount)
        self.ranges = ranges.map { ($0.physicalAddress >> shift, $0.end >> shift) }
        let first = (image?.lowerBound ?? 0) >> shift
        let end = ((image?.upperBound ?? 0) &+ UInt64(pageByteCount - 1)) >> shift
        self.image = first..<max(first, end)
        // A page that is so in part has something else beside it.
        self.readOnly = readOnly.map { part in
            let first = (part.lowerBound &+ UInt64(pageByteCount - 1)) >> shift
            return first..<max(first, part.upperBound >> shift)
        }
        presentCount = selection.tally.present.reduce(0, +)
        self.longest = longest
    }

    /// Gives every run, none longer than a chunk; the count of page frames that no range has.
    func forEachRun(_ body: (CopyPhase, CopyPlan.Run) -> Void) -> Int {
        var index = firstLateIndex ?? 0
        let base = index
        var outside = 0
        var range = 0
        var mapRange = 0
        var start: UInt64 = 0
        var count = 0
        var kind = CopyPhase.Kind.kernel
        func flush() {
            guard count > 0 else { return }
            CopyPhase.forEachPart(
                of: kind, frames: start..<(start + UInt64(count)), presentCount: presentCount
            ) { ownPhase, frames in
                let phase = firstLateIndex == nil ? ownPhase : .late
                var frame = frames.lowerBound
                while frame < frames.upperBound {
                    let part = min(longest, Int(frames.upperBound - frame))
                    body(
                        phase,
                        CopyPlan.Run(
                            frame: frame, index: index - count + Int(frame - start), count: part))
                    frame += UInt64(part)
                }
            }
            count = 0
        }
        let wordCount = (limit + 63) / 64
        for word in 0..<wordCount {
            var bits = unsafe bitmap.memory.bytes.load(
                fromByteOffset: word * 8, as: UInt64.self)
            while bits != 0 {
                let number = word * 64 + bits.trailingZeroBitCount
                bits &= bits &- 1
                guard number < limit else { break }
                let frame = UInt64(number)
                while range < ranges.count, ranges[range].end <= frame {
                    flush()
                    range += 1
                }
                guard range < ranges.count, ranges[range].start <= frame else {
                    flush()
                    index += 1
                    outside += 1
                    continue
                }
                var own = CopyPhase.Kind.kernel
                if image.contains(frame) {
                    own = readOnly.contains { $0.contains(frame) } ? .text : .image
                } else if let flags, index - base < flags.count {
                    own = CopyPhase.kind(of: flags[index - base])
                    if let pageMap, own == .reserved || own == .kernel {
                        while mapRange < pageMap.count, pageMap[mapRange].upperBound <= frame {
                            mapRange += 1
                        }
                        if mapRange < pageMap.count, pageMap[mapRange].contains(frame) {
                            own = .map
                        } else if own == .reserved {
                            own = .table
                        }
                    }
                }
                if count == 0 || own != kind || start + UInt64(count) != frame {
                    flush()
                    start = frame
                    kind = own
                }
                count += 1
                index += 1
            }
        }
        flush()
        return outside
    }
}
