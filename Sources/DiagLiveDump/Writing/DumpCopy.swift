internal import DiagModel
internal import DiagSystem

/// Copies the pages of a selection from a memory into a sink, with threads; reads what changes most
/// again, and counts what changed.
///
/// All memory is taken when it is made. Afterwards little is taken: by the pages' readers, and for
/// the second look at which pages there are two bitmaps, a word for each new page, and their runs.
@safe final class DumpCopy: Sendable {
    private nonisolated(unsafe) let lanes: [CopyLane]
    /// One thread for each lane, from the first page to the last that is read again: a thread that
    /// begins or ends takes and gives back objects of a dozen slab caches.
    private let crew: ThreadCrew
    private let source: any MemorySource
    private let plan: CopyPlan
    private let control: DumpControl
    private let options: DumpWriterOptions
    private let wanted: Int
    private let selection: any PageSelection
    private let hashes: MappedWords?
    private let memories: [MappedMemory]
    /// Bytes of the compressors' own memory, which is in use and not locked.
    private let codecByteCount: Int

    init(
        source: any MemorySource, selection: any PageSelection, sink: any PageSink,
        options: DumpWriterOptions, control: DumpControl, tables: [MappedMemory]
    ) throws {
        self.source = source
        self.control = control
        self.options = options
        self.selection = selection
        wanted = selection.dumpedCount
        let kernel = source.kernel
        let plan = try CopyPlan(
            selection, ranges: source.ranges, image: kernel.imageAddresses,
            readOnly: kernel.readOnlyAddresses, pageMap: source.pageMapFrames(),
            pageByteCount: kernel.pageByteCount,
            chunkPageCount: DumpWriter.chunkPageCount(source))
        self.plan = plan
        // The lanes hash whatever they copy, pages that come late too.
        let hashes =
            DumpWriter.readsAgain(options)
            ? try MappedWords(count: selection.dumpedCount + selection.latePageRoom) : nil
        self.hashes = hashes
        var lanes = [CopyLane]()
        for number in 0..<options.effectiveThreadCount {
            lanes.append(
                try CopyLane(
                    plan: plan, reader: source.makeReader(), lane: sink.makeLane(), hashes: hashes,
                    control: control, pageByteCount: kernel.pageByteCount,
                    seed: UInt64(bitPattern: options.started.microsecondsSince1970)
                        &+ UInt64(number)))
        }
        memories =
            tables + [plan.memory] + (hashes.map { [$0.memory] } ?? [])
            + lanes.flatMap { $0.lane.memories + [$0.chunkMemory, $0.pageMemory] }
            + [selection.present.memory, selection.dumped.memory, selection.flagWords.memory]
        codecByteCount = lanes.reduce(0) { $0 + $1.lane.codecByteCount }
        crew = ThreadCrew(count: lanes.count, name: "dump-copy")
        unsafe self.lanes = lanes
        control.expect(pages: wanted)
    }

    /// Copies everything, and what became the kernel's own meanwhile, where that came to an end;
    /// the size of the file is not set yet.
    func run() -> (result: DumpResult, late: LateCopy?) {
        var result = DumpResult()
        result.pagesWanted = wanted
        result.threadCount = unsafe lanes.count
        result.memoryBudget = memories.reduce(Int64(codecByteCount)) { $0 + Int64($1.byteCount) }
        if options.locksMemory {
            (result.isMemoryLocked, result.lockWarning) = HostCare.lock(memories)
        }
        if let hashes, hashes.count > 0 {
            unsafe hashes.memory.bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
        }
        control.clock.begin(.copy)
        let wall = Timestamp.now.microsecondsSince1970
        let clock = MonotonicTime.nanosecondsAwake
        runThreads(.copy, CopyPhase.copied)
        stopIfMoved()
        // What ends it later takes no page away: the file has what was to be copied. Only what
        // moved meanwhile may have been read from the wrong place.
        var wasStopped = control.isStopped
        var late: LateCopy?
        var costs = total()
        if DumpWriter.readsAgain(options), !control.isStopped {
            control.clock.begin(.reread)
            source.willBeReadAgain()
            var torn = readAgain()
            costs = total()
            late = copyLate(&result)
            // What nobody looked at again is not said to have stayed, or to have changed.
            if options.countsTornPages {
                if !control.isStopped {
                    control.clock.begin(.sample)
                    countTorn(&torn)
                }
                result.torn = control.isStopped ? nil : torn
            } else {
                result.torn = torn
            }
            // Whatever else ended it meanwhile.
            wasStopped = stopIfMoved() || control.stopReason == Self.moved
            if wasStopped { late = nil }
        }
        result.pagesCopied = costs.pagesCopied
        result.pagesZero = costs.pagesZero
        result.pagesUnreadable = costs.pagesUnreadable + plan.outsideCount
        let all = total()
        result.bytesWritten = Int64(all.bytesWritten)
        result.stages = Self.stages(all)
        result.windows = windows { time in
            Timestamp(microsecondsSince1970: wall + (time - clock) / 1000)
        }
        if wasStopped {
            result.obstacle = control.stopReason
        } else if let reason = control.stopReason {
            result.warnings.append(
                "not all pages that had changed or were new were read, or counted: "
                    + reason.message)
        }
        result.isComplete = !wasStopped && !options.isSourceIncomplete
        return (result, late)
    }

    /// Copies what became the kernel's own since it was selected; `nil` for nothing, and when not
    /// all of it could be: the file has what it had.
    private func copyLate(_ result: inout DumpResult) -> LateCopy? {
        guard selection.latePageRoom > 0, !control.isStopped else { return nil }
        control.clock.begin(.latePageFlags)
        let late: LatePages
        let plan: CopyPlan
        do {
            let control = control
            let found = try selection.latePages(
                using: scratch, isStopped: { control.isStopped })
            guard let found, found.dumpedCount > 0 else { return nil }
            late = found
            control.clock.begin(.lateCopy)
            if options.locksMemory {
                let tables = [late.present.memory, late.dumped.memory, late.flagWords.memory]
                result.addLock(HostCare.lock(tables))
            }
            plan = try CopyPlan(
                late, ranges: source.ranges, image: nil,
                pageByteCount: source.kernel.pageByteCount,
                chunkPageCount: self.plan.chunkPageCount, firstLateIndex: wanted)
        } catch {
            if !control.isStopped {
                result.warnings.append(
                    "pages of the kernel that came late are not in the dump: \(error)")
            }
            return nil
        }
        if late.leftOutCount > 0 {
            result.warnings.append(
                "\(counted: late.leftOutCount, "page") of the kernel that came late "
                    + (late.leftOutCount == 1 ? "is" : "are") + " not in the dump: the table has "
                    + "room for \(selection.latePageRoom)")
        }
        control.expect(pages: wanted + late.dumpedCount)
        let before = total()
        for lane in unsafe lanes { lane.plan = plan }
        defer { for lane in unsafe lanes { lane.plan = self.plan } }
        runThreads(.copy, CopyPhase.added, of: plan)
        guard !control.isStopped else { return nil }
        return LateCopy(pages: late, costs: total().subtracting(before))
    }

    /// What was read after the memory moved in its file is wrong, and since when nobody knows.
    static let moved = LiveDumpReport.Obstacle(
        cause: .inputOutput,
        message: "copy memory: memory was added or taken away meanwhile, which moves what "
            + "/proc/kcore has: pages copied late may hold their neighbours' bytes",
        remedy: "Make another dump.")

    @discardableResult
    private func stopIfMoved() -> Bool {
        guard let reason = source.displacement() else { return false }
        control.stop(reason)
        return true
    }

    /// Memory of the threads, 1 MiB and more for each, that nobody uses between two passes.
    var scratch: [MappedMemory] { unsafe lanes.map(\.chunkMemory) }

    private func runThreads(
        _ pass: CopyLane.Pass, _ phases: [CopyPhase], of plan: CopyPlan? = nil
    ) {
        (plan ?? self.plan).restart(phases)
        crew.run { number in unsafe self.lanes[number].run(pass) }
    }

    /// Reads what holds the kernel together again, as long as that helps. Whether what was replaced
    /// has changed again is not known then.
    private func readAgain() -> LiveDumpReport.Torn {
        var torn = LiveDumpReport.Torn(
            sampled: 0, changed: 0, rounds: 0, replaced: 0, remaining: 0)
        var last = 0
        while torn.rounds < options.rereadRoundCount, !control.isStopped {
            // The map of pages is among it: the slabs' lists run through it.
            runThreads(.reread, CopyPhase.readAgain)
            runThreads(.settle, [])
            let replaced = total().pagesReplaced
            let changed = replaced - torn.replaced
            let isGrowing = torn.rounds > 0 && changed > last
            last = changed
            torn.replaced = replaced
            torn.rounds += 1
            if changed == 0 || isGrowing { break }
        }
        return torn
    }

    /// Reads a sample of all again, and what was replaced: what changes that fast may have changed
    /// while it was read, too.
    private func countTorn(_ torn: inout LiveDumpReport.Torn) {
        runThreads(.sample, CopyPhase.copied)
        let costs = total()
        torn.sampled = costs.pagesSampled
        torn.changed = costs.pagesSampledChanged
        torn.remaining = costs.pagesReplacedChanged
    }

    private func total() -> CopyCosts {
        var costs = CopyCosts()
        for lane in unsafe lanes { costs.add(lane.costs) }
        return costs
    }

    private static func stages(_ costs: CopyCosts) -> [LiveDumpReport.Stage] {
        func stage(_ name: String, _ pages: Int, _ nanoseconds: Int64) -> LiveDumpReport.Stage {
            LiveDumpReport.Stage(
                name: name, pages: pages,
                threadSeconds: (Double(nanoseconds) / 1e3).rounded() / 1e6)
        }
        return [
            stage("read", costs.pagesRead, costs.readTime),
            stage("zeroScan", costs.pagesRead, costs.scanTime),
            stage("compress", costs.pagesCompressed, costs.compressTime),
            stage("write", costs.pagesWritten, costs.writeTime),
            stage("reread", costs.pagesReread + costs.pagesSampled, costs.rereadTime),
        ].filter { $0.pages > 0 }
    }

    private func windows(_ timestamp: (Int64) -> Timestamp) -> [LiveDumpReport.Window] {
        var windows = [LiveDumpReport.Window]()
        var all: (start: Int64, end: Int64)?
        for phase in CopyPhase.copied + CopyPhase.added {
            let parts = unsafe lanes.map { $0.windows[phase.rawValue] }.filter { $0.start != 0 }
            guard let start = parts.map(\.start).min(), let end = parts.map(\.end).max() else {
                continue
            }
            all = (min(all?.start ?? start, start), max(all?.end ?? end, end))
            windows.append(
                .init(pages: phase.name, start: timestamp(start), end: timestamp(end)))
        }
        if let all {
            windows.insert(
                .init(pages: "all", start: timestamp(all.start), end: timestamp(all.end)), at: 0)
        }
        return windows
    }
}

extension DumpResult {
    /// Takes over what became of locking memory that came later: all is locked only with it.
    mutating func addLock(_ lock: (isLocked: Bool, warning: String?)) {
        isMemoryLocked = isMemoryLocked && lock.isLocked
        guard let warning = lock.warning else { return }
        if lockWarning == nil { lockWarning = warning } else { warnings.append(warning) }
    }
}
