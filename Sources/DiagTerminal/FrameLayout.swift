internal import DiagModel

/// Lays the state of a run out in lines that fit a terminal; no line reaches its last column.
///
/// First the run, then a line for each operation, and under it the file that it is busy with.
/// What does not fit goes in this order: files, operations, times, bars.
struct FrameLayout: Hashable, Sendable {
    /// An operation with its age, which grows between its events.
    struct Operation: Hashable, Sendable {
        var event: ProgressEvent.Operation
        var elapsedSeconds: Double
    }

    var text: ShownText
    /// The terminal's width in cells.
    var columns: Int
    /// The terminal's height in lines.
    var rows: Int

    /// The cells that a line may take: the last column stays free, so that no terminal wraps.
    var width: Int { max(columns - 1, 0) }

    /// The lines of one frame, at most `rows` - 1, since the cursor stands under them.
    func lines(run: ProgressEvent.Run, operations: [Operation]) -> [String] {
        guard rows >= 2, width > 0 else { return [] }
        let head = runLine(run)
        let slots = rows - 2
        guard columns >= 20, slots > 0, !operations.isEmpty else { return [head] }
        guard operations.count <= slots else {
            let shown = operations.prefix(slots - 1).map { line(of: $0) }
            let more = "  +\(operations.count - shown.count) more"
            return [head] + shown + [text.cut(more, to: width)]
        }
        var spare = slots - operations.count
        var lines = [head]
        for operation in operations {
            lines.append(line(of: operation))
            guard spare > 0, let file = operation.event.file, !file.path.isEmpty else { continue }
            lines.append(line(of: file))
            spare -= 1
        }
        return lines
    }

    private func runLine(_ run: ProgressEvent.Run) -> String {
        let percent = ShownText.percent(run.fraction)
        let count = "\(run.done)/\(run.total)"
        let elapsed = DurationText.clock(seconds: run.elapsedSeconds)
        let left = run.remainingSeconds.map {
            ", about " + DurationText.clock(seconds: $0) + " left"
        }
        let bar = bar(percent: percent, cells: columns >= 100 ? 30 : columns >= 80 ? 20 : 10)
        let variants = [
            "\(bar) \(percent) %  \(count)  \(elapsed) elapsed\(left ?? "")",
            "\(bar) \(percent) %  \(count)  \(elapsed)",
            "\(bar) \(percent) %  \(count)",
            "\(percent) %  \(count)",
        ]
        return variants.first { $0.utf8.count <= width } ?? text.cut("\(percent) %", to: width)
    }

    private func bar(percent: Int, cells: Int) -> String {
        let filled = percent * cells / 100
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: " ", count: cells - filled) + "]"
    }

    private func line(of operation: Operation) -> String {
        let event = operation.event
        let percent = ShownText.percent(event.done, of: event.total)
        let elapsed = DurationText.clock(seconds: operation.elapsedSeconds)
        let title = text.escape(event.title.isEmpty ? event.name : event.title, limit: 200)
        guard columns >= 40 else {
            let tail = percent.map { " \($0) %" } ?? " " + elapsed
            return " " + text.cut(title, to: width - 1 - tail.utf8.count) + tail
        }
        var line = "  " + text.cut(title, to: width / 2)
        var used = DisplayText.cellCount(of: line)
        func append(_ piece: String) {
            let cells = DisplayText.cellCount(of: piece) + 2
            guard used + cells <= width else { return }
            line += "  " + piece
            used += cells
        }
        if let percent { append("\(bar(percent: percent, cells: 10)) \(percent) %") }
        append(elapsed)
        if let amount = text.amount(done: event.done, total: event.total, unit: event.unit) {
            append(amount)
        }
        if let activity = event.activity, !activity.isEmpty, used + 10 <= width {
            append(text.cut(text.escape(activity, limit: 300), to: width - used - 2))
        }
        return line
    }

    private func line(of file: ProgressEvent.File) -> String {
        let percent = ShownText.percent(file.byteCount, of: file.totalByteCount)
        var tail = "  " + ByteCountText.describe(file.byteCount)
        if let percent { tail += "  \(percent) %" }
        let short = tail
        if let rate = file.bytesPerSecond {
            tail += "  " + ByteCountText.describe(Int64(min(max(0, rate), 9e18))) + "/s"
        }
        if let left = file.remainingSeconds {
            tail += "  " + DurationText.clock(seconds: left) + " left"
        }
        var lead = "    Copying diagnostic file "
        if columns < 60 { lead = columns < 40 ? "  " : "    Copying " }
        let path = text.escape(file.path)
        var room = width - lead.utf8.count - tail.utf8.count
        if room < min(8, path.utf8.count), tail != short {
            tail = short
            room = width - lead.utf8.count - tail.utf8.count
        }
        if room < 8 {
            tail = ""
            room = width - lead.utf8.count
        }
        return lead + text.cutFront(path, to: room) + tail
    }
}
