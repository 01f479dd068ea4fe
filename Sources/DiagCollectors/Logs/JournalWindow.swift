internal import DiagFormats
internal import DiagSystem

/// Which entries of the journal fit into the budget: the newest, counted back from the end.
///
/// The first of three passes. It goes backwards, renders each entry to learn its exact length and
/// keeps nothing of it but counters: one number for each file says where the later passes begin.
struct JournalWindow {
    /// One boot of the host, as far as its entries are in the window.
    struct Boot {
        let identifier: JournalIdentifier
        var firstRealtime: UInt64
        var lastRealtime: UInt64
        var entryCount: Int
    }

    /// Why older entries are left out.
    enum Limit: Hashable {
        case bytes(Int64)
        case time
    }

    /// One of the two artifacts.
    struct Extent {
        /// For each file, the entries to begin with and to end with.
        var ranges: [Range<UInt64>]
        var entryCount = 0
        var byteCount: Int64 = 0
        var oldestRealtime: UInt64?
        var limit: Limit?
    }

    /// More boots than this are not told apart; the oldest are left out.
    private static let mostBoots = 10_000

    private(set) var text: Extent
    private(set) var export: Extent
    private(set) var boots = [JournalIdentifier: Boot]()
    /// Whether ``boots`` has all boots of the window.
    private(set) var hasAllBoots = true

    /// Measures the entries of `parts`, newest first.
    ///
    /// Entries before `since`, in microseconds since 1970, are left out. At `end` it stops, so that
    /// there is time to write.
    init(
        _ parts: [JournalPart], _ renderer: JournalRenderer, since: UInt64, budget: LogBudget,
        end: MonotonicTime
    ) {
        let all = parts.map { 0..<$0.file.entryCount }
        let none = parts.map { $0.file.entryCount..<$0.file.entryCount }
        text = Extent(ranges: none)
        export = Extent(ranges: none)
        var merge = JournalMerge(parts, all, .backward, since: since)
        var line = [UInt8]()
        var stepCount = 0
        while text.limit == nil || export.limit == nil, let item = merge.next() {
            stepCount += 1
            if stepCount % 512 == 0, MonotonicTime.now > end {
                if text.limit == nil { text.limit = .time }
                if export.limit == nil { export.limit = .time }
                break
            }
            let part = parts[item.part]
            if text.limit == nil {
                line.removeAll(keepingCapacity: true)
                renderer.appendText(item, of: part, to: &line)
                if text.add(item, line.count, limit: budget.journalText) { count(item.entry) }
            }
            if export.limit == nil {
                line.removeAll(keepingCapacity: true)
                let countsDamage = part.countsDamage
                part.countsDamage = false
                renderer.appendExport(item, of: part, to: &line)
                part.countsDamage = countsDamage
                _ = export.add(item, line.count, limit: budget.journalExport)
            }
            // One huge entry must not keep its memory.
            if line.capacity > 1 << 20 { line = [] }
        }
        for part in parts { part.countsDamage = false }
    }

    private mutating func count(_ entry: JournalEntry) {
        let key = entry.bootIdentifier
        if boots[key] == nil, boots.count >= Self.mostBoots {
            hasAllBoots = false
            return
        }
        var boot =
            boots[key]
            ?? Boot(
                identifier: key, firstRealtime: entry.realtime, lastRealtime: entry.realtime,
                entryCount: 0)
        boot.firstRealtime = min(boot.firstRealtime, entry.realtime)
        boot.lastRealtime = max(boot.lastRealtime, entry.realtime)
        boot.entryCount += 1
        boots[key] = boot
    }
}

extension JournalWindow.Extent {
    /// Takes an entry of `length` bytes in, or closes the extent when it does not fit.
    fileprivate mutating func add(
        _ item: JournalMerge.Item, _ length: Int, limit: Int64
    ) -> Bool {
        guard byteCount + Int64(length) <= limit else {
            self.limit = .bytes(limit)
            return false
        }
        byteCount += Int64(length)
        entryCount += 1
        oldestRealtime = min(oldestRealtime ?? .max, item.entry.realtime)
        let range = ranges[item.part]
        ranges[item.part] = min(range.lowerBound, item.index)..<range.upperBound
        return true
    }
}
