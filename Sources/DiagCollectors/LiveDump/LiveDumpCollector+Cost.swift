internal import DiagFormats
internal import DiagLiveDump
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

extension LiveDumpCollector {
    /// What a live dump is likely to give and to take, as far as a plan may look.
    ///
    /// Pages are counted by /proc/kpageflags where that is a matter of a second, as `dump full
    /// --dry-run` does. Elsewhere there is an upper bound. Nothing is changed.
    struct Cost: Sendable {
        /// The dump with the text of the stacks; none when nothing is known.
        var estimate: CollectionPlan.Estimate?
        /// Why nothing is known.
        var notCounted: String?
        /// What should be known of it.
        var notes = [String]()
    }
}

extension LiveDumpCollector.Cost {
    /// The most bytes of memory whose pages are counted. Source: measured, some 9 million words of
    /// /proc/kpageflags in a second of one thread, which is 36 GB of memory.
    private static let mostCountedByteCount = 32 << 30
    /// Seconds that the counting may take: a busy host, or one with virtual machines.
    private static let countingSeconds = 2.0
    /// A page of a kdump-compressed file takes this beside its bytes. Source: makedumpfile 1.7.2,
    /// `page_desc_t`.
    private static let descriptorByteCount: Int64 = 24
    /// What stands before the pages beside two bitmaps: headers, registers and other notes.
    private static let headByteCount: Int64 = 1 << 20

    /// The cost of a dump that may take `secondsLimit`, of the host below `tree`.
    static func of(
        _ options: LiveDumpOptions, secondsLimit: Double, in tree: RootedTree
    ) -> Self {
        let frames = PageFrames(tree)
        var refusal = Preflight.check(.init(options: options, budgetByteCount: 0), in: tree).refusal
        // The small dump cannot be counted without reading memory of the kernel.
        if refusal == nil, options.kind == .full, let frames,
            frames.count <= mostCountedByteCount / HostFacts.pageByteCount
        {
            switch count(options, tree) {
            case .success(let counted)?:
                return Self(
                    counted, stacks: stacks(tree), byteLimit: options.maxByteCount,
                    secondsLimit: secondsLimit)
            case .failure(let error)?: refusal = error
            case nil: break
            }
        }
        var notes = [String]()
        if let refusal {
            var place = LiveDumpPlace()
            place.isInBundle = true
            let reason = place.namingOptions(in: refusal.obstacle.message)
            notes.append("as things are, no dump would be made: \(reason)")
            if isOfHost(refusal.obstacle.cause) {
                notes.append("the stacks alone are counted, as text")
                return Self(estimate: stacks(tree), notes: notes)
            }
        }
        var cost = bound(options, frames, secondsLimit: secondsLimit, in: tree)
        cost.notes = notes + cost.notes
        return cost
    }

    /// The cost of a dump whose pages were counted; `stacks` is that of their text.
    init(
        _ counted: DumpEstimate, stacks: CollectionPlan.Estimate, byteLimit: Int64?,
        secondsLimit: Double
    ) {
        var sum =
            CollectionPlan.Estimate(
                byteCount: min(max(0, counted.fileByteCount), byteLimit ?? .max),
                seconds: max(0, counted.seconds)) + stacks
        sum.seconds = min(sum.seconds, secondsLimit)
        let rate =
            counted.isRateMeasured
            ? "the rate of the last dump" : "a rate that was not measured on this host"
        estimate = sum
        notes = [
            "pages were counted by /proc/kpageflags; the seconds are at \(rate);"
                + " diagbundle dump full --dry-run shows more"
        ]
    }

    /// Counts the pages on a thread of its own, which is left when it takes long; `nil` then.
    private static func count(
        _ options: LiveDumpOptions, _ tree: RootedTree
    ) -> Result<DumpEstimate, LiveDumpError>? {
        let counting = try? BackgroundValue.start(name: "dump-estimate") {
            () -> Result<DumpEstimate, LiveDumpError> in
            do throws(LiveDumpError) {
                return .success(try LiveDump.estimate(options, tree: tree, directory: nil))
            } catch { return .failure(error) }
        }
        return counting?.wait(seconds: countingSeconds)
    }

    /// Whether what stands in the way is the host as it is, whoever asks and whenever.
    private static func isOfHost(_ cause: LiveDumpReport.Obstacle.Cause) -> Bool {
        switch cause {
        case .noKernelCore, .lockdown, .container, .unsupported: true
        default: false
        }
    }

    // MARK: - Without counting

    /// The most that a dump can be as memory is used now, before compression; or its own limit.
    private static func bound(
        _ options: LiveDumpOptions, _ frames: PageFrames?, secondsLimit: Double, in tree: RootedTree
    ) -> Self {
        let page = Int64(HostFacts.pageByteCount)
        let pages = frames.map {
            options.mostPages(of: $0.count, pageByteCount: HostFacts.pageByteCount, in: tree)
        }
        var byteCount = options.maxByteCount ?? .max
        if let frames, let pages {
            let head = Int64(frames.limit + 7) / 8 * 2 + headByteCount
            byteCount = min(byteCount, Int64(pages) * (page + descriptorByteCount) + head)
        }
        guard byteCount < .max else {
            return Self(
                notCounted: "/proc/zoneinfo does not tell how much memory there is, and the dump"
                    + " has no limit of its own")
        }
        var writing = DumpWriterOptions(started: .now)
        writing.threadCount = options.threadCount
        let rate = DumpHistory().pagesPerSecond(
            options.kind, compression: options.compression.rawValue,
            threadCount: writing.effectiveThreadCount)
        var seconds = secondsLimit
        var words = "the seconds are those that the run has"
        if let pages, let rate, Double(pages) / rate < secondsLimit {
            seconds = Double(pages) / rate
            words = "the seconds are at the rate of the last dump"
        }
        var estimate =
            CollectionPlan.Estimate(byteCount: byteCount, seconds: seconds, isBound: true)
            + stacks(tree)
        estimate.seconds = min(estimate.seconds, secondsLimit)
        var note =
            pages == nil
            ? "how much memory there is is not known: the bytes are the limit of the dump"
            : "the bytes are an upper bound: before compression, all memory but what /proc/meminfo"
                + " now says is left out"
        note += "; " + words
        if options.kind == .full { note += "; diagbundle dump full --dry-run counts the pages" }
        return Self(estimate: estimate, notes: [note])
    }

    /// The stacks of all threads as text and as JSON: measured on one host, and rounded up.
    private static func stacks(_ tree: RootedTree) -> CollectionPlan.Estimate {
        let count = min(max(1, LiveDumpOptions.threadCount(in: tree) ?? 1), 1 << 22)
        return CollectionPlan.Estimate(
            byteCount: Int64(count) * 1024, seconds: 0.1 + Double(count) * 1e-4)
    }

    /// The page frames of a host. Source: Linux 6.1 mm/vmstat.c, `zoneinfo_show_print`: for each
    /// zone `spanned` and `present`, and `start_pfn:` where it has pages.
    private struct PageFrames {
        /// How many there are, those that the kernel never gives out among them.
        var count = 0
        /// The first number beyond all.
        var limit = 0

        /// Reads them; `nil` when the kernel does not tell.
        init?(_ tree: RootedTree) {
            let byteLimit = 32 << 20
            guard let bytes = try? tree.read("/proc/zoneinfo", limit: byteLimit),
                bytes.count < byteLimit
            else { return nil }
            // More than any machine has.
            let most = 1 << 40
            var spanned = 0
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 2, let number = Int(words[1]), 0...most ~= number
                else { continue }
                switch words[0] {
                case "spanned": spanned = number
                case "present": count += number
                case "start_pfn:": limit = max(limit, number + spanned)
                default: break
                }
            }
            guard 1...most ~= count else { return nil }
        }
    }
}
