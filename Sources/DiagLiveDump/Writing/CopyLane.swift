internal import DiagModel
internal import DiagSystem

/// One thread's part of a copy: an open memory, room for a chunk, and its way into the file.
final class CopyLane {
    /// What the copy does with the pages it reads.
    enum Pass {
        /// All pages, for the first time.
        case copy
        /// Again, and what changed is held, to be written anew.
        case reread
        /// Nothing more: what is held is written. Writing makes the kernel take and give back
        /// slab objects, so no thread does it while another reads again, unless it has no room.
        case settle
        /// A few again, and all that were replaced, only to count what changed.
        case sample
    }

    /// What is copied: another for pages that come late.
    var plan: CopyPlan
    let reader: any MemoryReader
    let lane: any PageLane
    let hashes: MappedWords?
    let control: DumpControl
    let pageByteCount: Int
    let chunkMemory: MappedMemory
    let pageMemory: MappedMemory
    /// What this thread did.
    var costs = CopyCosts()
    /// When the first page of each phase was read, and the last; 0 for none.
    var windows = [(start: Int64, end: Int64)](
        repeating: (0, 0), count: CopyPhase.allCases.count)
    /// Why this thread could not go on.
    var failure: DumpOutputError?
    /// Pages to pass over before the next of a sample.
    private var untilSample = 50
    private var random: UInt64

    init(
        plan: CopyPlan, reader: any MemoryReader, lane: any PageLane, hashes: MappedWords?,
        control: DumpControl, pageByteCount: Int, seed: UInt64
    ) throws(SystemCallError) {
        self.plan = plan
        self.reader = reader
        self.lane = lane
        self.hashes = hashes
        self.control = control
        self.pageByteCount = pageByteCount
        random = seed
        chunkMemory = try MappedMemory(byteCount: plan.chunkPageCount * pageByteCount)
        pageMemory = try MappedMemory(
            byteCount: plan.chunkPageCount * MemoryLayout<ChunkPage>.stride)
    }

    /// Takes pieces until there are none, or the copy is stopped; then writes what is held, unless
    /// others read again.
    func run(_ pass: Pass) {
        let start = MonotonicTime.nanosecondsAwake
        let written = costs.bytesWritten
        do {
            var phase: CopyPhase?
            while !control.isStopped, let piece = plan.claim() {
                // What readers need first is in the file before the rest is begun.
                if pass == .copy, piece.phase != phase {
                    if phase != nil { try lane.settle(costs: &costs) }
                    phase = piece.phase
                }
                switch pass {
                case .copy: try copy(piece)
                case .reread: try reread(piece)
                case .settle: break
                case .sample: sample(piece)
                }
            }
            if pass == .copy {
                try lane.flush(costs: &costs)
            } else if pass == .settle {
                // The cost of what is written counts as reading again.
                var own = CopyCosts()
                try lane.flush(costs: &own)
                costs.bytesWritten += own.bytesWritten
            }
        } catch {
            failure = error
            control.stop(
                .init(
                    cause: error.cause == .noSpace ? .noSpace : .inputOutput,
                    message: error.description))
        }
        if pass == .copy {
            control.advance(pages: 0, bytesWritten: Int64(costs.bytesWritten - told))
            told = costs.bytesWritten
        } else {
            costs.rereadTime += MonotonicTime.nanosecondsAwake - start
            control.advance(pages: 0, bytesWritten: Int64(costs.bytesWritten - written))
            told = costs.bytesWritten
        }
    }

    /// Bytes written that the control was told of.
    private var told = 0

    private func copy(_ piece: CopyPlan.Piece) throws(DumpOutputError) {
        let start = MonotonicTime.nanosecondsAwake
        guard let chunk = unsafe read(piece) else { return }
        let read = MonotonicTime.nanosecondsAwake
        var zeros = 0
        var unreadable = 0
        for number in unsafe 0..<(chunk.count) {
            let bytes = unsafe UnsafeRawPointer(chunk.bytes + number &* pageByteCount)
            if unsafe chunk.pages[number].state == .unreadable {
                unreadable &+= 1
                if let hashes {
                    unsafe hashes[chunk.pages[number].index] = PageScan.noHash
                }
                continue
            }
            if unsafe PageScan.isZero(bytes, pageByteCount) {
                unsafe chunk.pages[number].state = .zero
                zeros &+= 1
                if let hashes {
                    unsafe hashes[chunk.pages[number].index] = PageScan.zeroHash
                }
            } else if let hashes {
                unsafe hashes[chunk.pages[number].index] = PageScan.hash(bytes, pageByteCount)
            }
        }
        let scanned = MonotonicTime.nanosecondsAwake
        costs.readTime += read - start
        costs.scanTime += scanned - read
        let count = unsafe chunk.count
        costs.pagesRead += count - unreadable
        costs.pagesZero += zeros
        costs.pagesUnreadable += unreadable
        let phase = piece.phase.rawValue
        if windows[phase].start == 0 { windows[phase].start = start }
        windows[phase].end = read
        unsafe try lane.store(chunk, isUpdate: false, costs: &costs)
        control.advance(pages: count, bytesWritten: Int64(costs.bytesWritten - told))
        told = costs.bytesWritten
    }

    private func reread(_ piece: CopyPlan.Piece) throws(DumpOutputError) {
        guard let hashes, let chunk = unsafe read(piece) else { return }
        var replaced = 0
        for number in unsafe 0..<(chunk.count) where unsafe hasChanged(chunk, number, hashes) {
            replaced &+= 1
        }
        unsafe costs.pagesReread += chunk.count
        costs.pagesReplaced += replaced
        // The cost of what is written counts as reading again.
        if replaced > 0 {
            var own = CopyCosts()
            unsafe try lane.store(chunk, isUpdate: true, costs: &own)
            costs.bytesWritten += own.bytesWritten
        }
    }

    /// Whether a page of the chunk is another than the one that was copied; sets its state, its
    /// hash, and whether it was zero.
    @inline(__always) private func hasChanged(
        _ chunk: Chunk, _ number: Int, _ hashes: MappedWords
    ) -> Bool {
        let page = unsafe chunk.pages[number]
        let old = hashes[page.index]
        unsafe chunk.pages[number].state = .unchanged
        guard page.state != .unreadable, old != PageScan.noHash else { return false }
        let bytes = unsafe UnsafeRawPointer(chunk.bytes + number &* pageByteCount)
        let isZero = unsafe PageScan.isZero(bytes, pageByteCount)
        let new = isZero ? PageScan.zeroHash : unsafe PageScan.hash(bytes, pageByteCount)
        let known = old & ~PageScan.replacedMark
        guard new != known else { return false }
        hashes[page.index] = new | PageScan.replacedMark
        unsafe chunk.pages[number].state = isZero ? .zero : .data
        // What was read again has its room in the file, whatever it was first.
        unsafe chunk.pages[number].wasZero = old == PageScan.zeroHash
        return true
    }

    /// Reads about one page of a hundred, and each that was replaced.
    private func sample(_ piece: CopyPlan.Piece) {
        guard let hashes, let bytes = unsafe chunkMemory.bytes.baseAddress else { return }
        for number in piece.runs {
            let run = plan.run(number)
            for page in 0..<run.count {
                let isOfSample = untilSample == 0
                if isOfSample {
                    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    untilSample = 1 + Int(truncatingIfNeeded: (random >> 33) % 199)
                }
                untilSample -= 1
                let old = hashes[run.index + page]
                guard old != PageScan.noHash else { continue }
                let wasReplaced = old & PageScan.replacedMark != 0
                guard isOfSample || wasReplaced else { continue }
                let count = unsafe reader.read(
                    at: (run.frame &+ UInt64(page)) &* UInt64(pageByteCount),
                    into: UnsafeMutableRawBufferPointer(start: bytes, count: pageByteCount))
                guard count == pageByteCount else { continue }
                let isZero = unsafe PageScan.isZero(bytes, pageByteCount)
                let new = isZero ? PageScan.zeroHash : unsafe PageScan.hash(bytes, pageByteCount)
                let hasChanged = new != old & ~PageScan.replacedMark
                if isOfSample {
                    costs.pagesSampled += 1
                    if hasChanged { costs.pagesSampledChanged += 1 }
                }
                if wasReplaced, hasChanged { costs.pagesReplacedChanged += 1 }
            }
        }
    }

    /// Reads all pages of a piece; where a page cannot be read, the next ones still are.
    private func read(_ piece: CopyPlan.Piece) -> Chunk? {
        guard let bytes = unsafe chunkMemory.bytes.baseAddress,
            let pages = unsafe pageMemory.bytes.baseAddress?.assumingMemoryBound(
                to: ChunkPage.self)
        else { return nil }
        var chunk = unsafe Chunk(bytes: bytes, pages: pages)
        for number in piece.runs {
            let run = plan.run(number)
            var done = 0
            while done < run.count {
                let wanted = run.count - done
                let first = unsafe chunk.count
                let byteCount = unsafe reader.read(
                    at: (run.frame &+ UInt64(done)) &* UInt64(pageByteCount),
                    into: UnsafeMutableRawBufferPointer(
                        start: bytes + first &* pageByteCount, count: wanted &* pageByteCount))
                let whole = min(wanted, max(0, byteCount) / pageByteCount)
                // The page behind the last whole one is the one that cannot be read.
                let told = min(wanted, whole + 1)
                for page in 0..<told {
                    unsafe pages[first &+ page] = ChunkPage(
                        frame: run.frame &+ UInt64(done + page), index: run.index + done + page,
                        state: page < whole ? .data : .unreadable)
                }
                unsafe chunk.count += told
                done += told
            }
        }
        return unsafe chunk
    }
}
