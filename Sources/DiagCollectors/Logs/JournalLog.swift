internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Sends the newest entries of the systemd journal as text and in the export format.
struct JournalLog {
    let context: CollectionContext
    let budget: LogBudget

    /// The wanted time, in microseconds since 1970.
    private var since: UInt64 {
        context.since.map { UInt64(clamping: $0.microsecondsSince1970) } ?? 0
    }

    /// Opens the files of the journal, the newest first.
    func open(into sink: any CollectionSink) throws -> [JournalPart] {
        try JournalFiles(context: context).open(since: since, into: sink)
    }

    /// Sends the entries of `parts`; when there are any parts, `boots.json` first of all.
    func collect(_ parts: [JournalPart], into sink: any CollectionSink) throws {
        guard !parts.isEmpty else { return }
        let renderer = JournalRenderer()
        // The way back costs about as much as each of the two ways forward.
        let start = MonotonicTime.now
        let third = max(0, context.deadline.seconds(since: start)) * 0.3
        let window = JournalWindow(
            parts, renderer, since: since, budget: budget, end: start.advanced(bySeconds: third))
        for part in parts {
            guard let damage = part.damage else { continue }
            try sink.missing("part of \(part.path)", why: damage)
        }
        try sendBoots(window, into: sink)
        try send(
            "journal.txt", "text/plain", window.text, parts, since: since, into: sink
        ) { renderer.appendText($0, of: $1, to: &$2) }
        for part in parts { part.countsLeftOutFields = true }
        try send(
            "journal.export", "application/vnd.fdo.journal", window.export, parts, since: since,
            into: sink
        ) { renderer.appendExport($0, of: $1, to: &$2) }
        let leftOut = parts.reduce(0) { $0 + $1.leftOutFieldCount }
        if leftOut > 0 {
            try sink.missing(
                "\(leftOut) fields in journal.export",
                why: "they have more than \(JournalRenderer.largestField) bytes or impossible names"
            )
        }
    }

    /// Sends the entries of `extent`, oldest first.
    private func send(
        _ path: String, _ mediaType: String, _ extent: JournalWindow.Extent, _ parts: [JournalPart],
        since: UInt64, into sink: any CollectionSink,
        append: (JournalMerge.Item, JournalPart, inout [UInt8]) -> Void
    ) throws {
        try sink.open(
            .init(
                path: path, source: JournalFiles.folders.map(\.string).joined(separator: " "),
                mediaType: mediaType, privacy: .content))
        var merge = JournalMerge(parts, extent.ranges, .forward, since: since)
        var output = BufferedArtifact(sink)
        var line = [UInt8]()
        var sent: Int64 = 0
        var entryCount = 0
        var gaps = [String]()
        while let item = merge.next() {
            if entryCount % 512 == 0, MonotonicTime.now > context.deadline.advanced(bySeconds: -1) {
                gaps.append("the deadline came before the newest entries")
                break
            }
            line.removeAll(keepingCapacity: true)
            append(item, parts[item.part], &line)
            // The way back has counted the same bytes; more come only from a file that changed.
            guard sent + Int64(line.count) <= extent.byteCount else {
                gaps.append("a journal file was changed while it was read")
                break
            }
            sent += Int64(line.count)
            entryCount += 1
            try output.append(line)
            if entryCount % 8192 == 0 {
                try output.flush()
                try sink.progress(sent, of: extent.byteCount, unit: "bytes", activity: path)
            }
            if line.capacity > 1 << 20 { line = [] }
        }
        try output.flush()
        let oldest = extent.oldestRealtime.map {
            Timestamp(microsecondsSince1970: Int64(clamping: $0)).description
        }
        switch extent.limit {
        case .bytes(let limit):
            gaps.append("only the newest \(entryCount) entries fit into \(limit) bytes")
        case .time:
            gaps.append("only the newest \(entryCount) entries could be read before the deadline")
        case nil: break
        }
        if extent.limit != nil, let oldest { gaps.append("the oldest is of \(oldest)") }
        if !gaps.isEmpty {
            try sink.send(.truncated(.init(why: gaps.joined(separator: "; "))))
        }
    }

    private func sendBoots(_ window: JournalWindow, into sink: any CollectionSink) throws {
        let boots = window.boots.values.sorted {
            ($0.firstRealtime, $0.lastRealtime, $0.identifier.high, $0.identifier.low)
                < ($1.firstRealtime, $1.lastRealtime, $1.identifier.high, $1.identifier.low)
        }
        try sink.sendJSON(
            "boots.json",
            BootList(
                boots: boots.map(BootList.Boot.init),
                isComplete: window.text.limit == nil && window.hasAllBoots && context.since == nil),
            source: "journal", privacy: .technical)
    }
}

/// `logs/boots.json`: the boots whose entries are in `journal.txt`.
struct BootList: Codable, Hashable {
    struct Boot: Codable, Hashable {
        /// 32 hexadecimal digits, as in /proc/sys/kernel/random/boot_id without hyphens.
        var bootIdentifier: String
        /// The time of its first entry.
        var firstEntry: Timestamp
        /// The time of its last entry.
        var lastEntry: Timestamp
        var entryCount: Int

        init(_ boot: JournalWindow.Boot) {
            bootIdentifier = boot.identifier.description
            firstEntry = Timestamp(microsecondsSince1970: Int64(clamping: boot.firstRealtime))
            lastEntry = Timestamp(microsecondsSince1970: Int64(clamping: boot.lastRealtime))
            entryCount = boot.entryCount
        }
    }

    /// `diagbundle.boots/1`.
    var schema = "diagbundle.boots/1"
    /// Oldest first.
    var boots: [Boot]
    /// Whether all boots that the journal knows are here, with all their entries.
    var isComplete: Bool
}
