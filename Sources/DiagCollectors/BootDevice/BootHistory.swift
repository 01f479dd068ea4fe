internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Finds the recent boots in the journal and how each ended, without reading all of it.
///
/// The entries of one file are in the order of their boots, so where a boot begins is found by
/// halving; only the ends, and the beginning of each boot, are read.
struct BootHistory {
    static let bootLimit = 16
    static let seconds: Double = 3
    /// Entries at the end of a boot that tell how it ended.
    private static let tailCount: UInt64 = 400
    /// Entries at the beginning of a boot that are looked through for failed units.
    private static let headCount: UInt64 = 6000

    let context: CollectionContext
    private let deadline: MonotonicTime
    private var isComplete = true

    /// A reading that stops after ``seconds``.
    init(context: CollectionContext) {
        self.context = context
        deadline = min(
            MonotonicTime.now.advanced(bySeconds: Self.seconds),
            context.deadline.advanced(bySeconds: -2))
    }

    /// The entries of one boot in one file.
    private struct Run {
        var part: Int
        var range: Range<UInt64>
        var first: UInt64
        var last: UInt64
    }

    /// Sends `boot-history.json`; `nil` where there is no journal.
    mutating func send(
        efi: EFIDocument?, crashes: [Timestamp], into sink: any CollectionSink
    ) throws -> BootHistoryDocument? {
        // What the journal lacks is told by the collector of logs.
        let parts = try JournalFiles(context: context).open(since: 0, into: sink).filter {
            $0.path.lastComponent?.string.hasPrefix("system") == true
        }
        guard !parts.isEmpty else { return nil }
        var runs = [JournalIdentifier: [Run]]()
        for (index, part) in parts.enumerated() {
            guard MonotonicTime.now < deadline else {
                isComplete = false
                break
            }
            for (identifier, run) in Self.runs(of: part, index: index, deadline: deadline) {
                runs[identifier, default: []].append(run)
            }
        }
        var order = runs.map { identifier, runs in
            (
                identifier: identifier, runs: runs, first: runs.map(\.first).min() ?? 0,
                last: runs.map(\.last).max() ?? 0
            )
        }
        order.sort { ($0.first, $0.last) < ($1.first, $1.last) }
        if order.count > Self.bootLimit {
            isComplete = false
            order.removeFirst(order.count - Self.bootLimit)
        }
        let current = (try? context.root.read("/proc/sys/kernel/random/boot_id", limit: 64))
            .map { String(decoding: $0.filter { $0 > 0x20 && $0 != 0x2D }, as: UTF8.self) }
        var document = BootHistoryDocument(boots: [], isComplete: true, timing: .init())
        var timing = BootHistoryDocument.Timing()
        // The newest are the most wanted, in case the time is up.
        for (position, boot) in order.enumerated().reversed() {
            let isCurrent =
                boot.identifier.description == current
                || current == nil && position == order.count - 1 && context.root.isLiveHost
            let next = position + 1 < order.count ? order[position + 1].first : nil
            let summary = summarize(
                boot.runs, parts, isCurrent: isCurrent, &timing,
                crash: crashes.first { crash in
                    let at = UInt64(clamping: crash.microsecondsSince1970)
                    // Records are stamped when the next system saves them.
                    let slack: UInt64 = 1_800_000_000
                    return at &+ 60_000_000 >= boot.last
                        && next.map { at <= $0 &+ slack } ?? (at <= boot.last &+ slack)
                })
            document.boots.append(
                .init(
                    bootIdentifier: boot.identifier.description,
                    firstEntry: Self.time(boot.first), lastEntry: Self.time(boot.last),
                    ending: isCurrent ? .running : summary.ending, evidence: summary.evidence,
                    failedUnits: summary.failedUnits, isPartial: summary.isPartial,
                    reachedEmergency: summary.reachedEmergency))
        }
        document.boots.reverse()
        document.isComplete = isComplete
        addLoaderTimes(&timing, efi)
        document.timing = timing
        try sink.sendJSON(
            "boot-history.json", document, source: "journal", privacy: .content)
        return document
    }

    private static func time(_ microseconds: UInt64) -> Timestamp {
        Timestamp(microsecondsSince1970: Int64(clamping: microseconds))
    }

    /// The boots of one file, found by halving.
    private static func runs(
        of part: JournalPart, index: Int, deadline: MonotonicTime
    ) -> [(JournalIdentifier, Run)] {
        var found = [(JournalIdentifier, Run)]()
        var end = part.file.entryCount
        // From the end on, so that the newest boots are found first.
        while end > 0, found.count <= 4 * bootLimit, MonotonicTime.now < deadline {
            guard let last = try? part.file.entry(at: end - 1) else {
                end -= 1
                continue
            }
            var low: UInt64 = 0
            var high = end - 1
            while low < high {
                let middle = low + (high - low) / 2
                let isSame =
                    (try? part.file.entry(at: middle))?.bootIdentifier == last.bootIdentifier
                if isSame { high = middle } else { low = middle + 1 }
            }
            let first = (try? part.file.entry(at: low)) ?? last
            found.append(
                (
                    last.bootIdentifier,
                    Run(
                        part: index, range: low..<end, first: first.realtime, last: last.realtime)
                ))
            end = low
        }
        return found
    }

    private struct Summary {
        var ending = BootHistoryDocument.Ending.abrupt
        var evidence: String?
        var failedUnits = [String]()
        var isPartial = false
        var reachedEmergency = false
    }

    private mutating func summarize(
        _ runs: [Run], _ parts: [JournalPart], isCurrent: Bool,
        _ timing: inout BootHistoryDocument.Timing, crash: Timestamp?
    ) -> Summary {
        var summary = Summary()
        let renderer = JournalRenderer()
        var messages = BootEndingMessages()
        let none = parts.map { $0.file.entryCount..<$0.file.entryCount }
        func visit(
            _ ranges: [Range<UInt64>], _ direction: JournalMerge.Direction, limit: UInt64,
            _ body: (String) -> Void
        ) -> Bool {
            var merge = JournalMerge(parts, ranges, direction, since: 0)
            var line = [UInt8]()
            var count: UInt64 = 0
            while count < limit, let item = merge.next() {
                if count % 64 == 0, MonotonicTime.now > deadline { return false }
                count += 1
                line.removeAll(keepingCapacity: true)
                renderer.appendText(item, of: parts[item.part], to: &line)
                body(String(decoding: line.prefix(2048), as: UTF8.self))
            }
            return true
        }
        var whole = none
        for run in runs {
            // Of several runs in one file, which a clock set back may make, the newest.
            if whole[run.part].isEmpty { whole[run.part] = run.range }
        }
        let hasEnd =
            isCurrent
            || visit(whole, .backward, limit: Self.tailCount) { messages.addLast($0) }
        let total = runs.reduce(UInt64(0)) { $0 + UInt64($1.range.count) }
        let hasStart = visit(whole, .forward, limit: Self.headCount) { line in
            messages.addAny(line)
            if isCurrent, timing.message == nil { timing.read(line) }
        }
        summary.failedUnits = messages.failedUnits
        summary.reachedEmergency = messages.reachedEmergency
        summary.isPartial = !hasStart || total > Self.headCount
        if !hasEnd || !hasStart { isComplete = false }
        if let fault = messages.kernelFault {
            (summary.ending, summary.evidence) = (.crash, fault)
        } else if let shutdown = messages.shutdown {
            (summary.ending, summary.evidence) = (.clean, shutdown)
        } else if let crash {
            (summary.ending, summary.evidence) = (.crash, "a crash record of \(crash)")
        } else if !hasEnd {
            summary.ending = .unknown
        }
        return summary
    }

    private func addLoaderTimes(
        _ timing: inout BootHistoryDocument.Timing, _ efi: EFIDocument?
    ) {
        func seconds(_ name: String) -> Double? {
            efi?.loader[name]?.first.flatMap { UInt64($0) }.map { Double($0) / 1e6 }
        }
        // Both count from the processor's reset.
        let start = seconds("LoaderTimeInitUSec")
        timing.firmwareSeconds = timing.firmwareSeconds ?? start
        if let start, let end = seconds("LoaderTimeExecUSec"), end >= start {
            timing.loaderSeconds = timing.loaderSeconds ?? end - start
        }
        if let text = try? context.root.read("/proc/uptime", limit: 128) {
            timing.uptimeSeconds = String(decoding: text, as: UTF8.self).split(separator: " ")
                .first.flatMap { Double($0) }
        }
    }

    /// Boots that did not end in order.
    static func findings(_ document: BootHistoryDocument) -> [Finding] {
        let unclean = document.boots.filter { $0.ending == .abrupt || $0.ending == .crash }
        guard let last = unclean.last else { return [] }
        let crashCount = unclean.count { $0.ending == .crash }
        let ended = document.boots.filter { $0.ending != .running && $0.ending != .unknown }
        let isLatest = ended.last == last
        return [
            Finding(
                fault: "boot.history.unclean", severity: isLatest ? .minor : .notice,
                collector: "boot", object: last.bootIdentifier,
                reason: "\(unclean.count) of the last \(ended.count) boots ended without a shutdown"
                    + (crashCount > 0 ? ", \(crashCount) of them after a fault of the kernel" : "")
                    + ". The latest stopped at \(last.lastEntry)"
                    + (last.evidence.map { ": \($0)" }
                        ?? ", where the journal just ends: a power failure, a hang or a reset")
                    + ".",
                recommendedActions: [
                    "Read the last messages before: journalctl -b \(last.bootIdentifier) -e.",
                    "Compare the time with events of the power supply, the hypervisor and the "
                        + "management controller.",
                ],
                evidence: [.init(artifact: "boot/boot-history.json")])
        ]
    }
}
