internal import DiagModel

/// Draws bars on a terminal, in place, with ended operations and notices as lines above them.
///
/// A frame is written at once: cursor up over the frame before, each line with what is right of it
/// erased, and then all below erased. The cursor stays visible and stands under the frame, so that
/// whatever ends the program leaves a usable terminal. At most ten frames a second are drawn, by
/// the time of events and ticks.
///
/// After a resize the same number of lines is taken back as was drawn: never more, so nothing above
/// the frame is lost. A terminal that folds long lines again when it becomes narrower (VTE, kitty)
/// has then more lines than that, and the upper part of that one old frame remains above the new
/// one. The same holds for a frame drawn between the resize and the call that tells of it.
struct BarRenderer: ProgressRenderer {
    /// What is to stay on the screen above the bars.
    private enum Permanent {
        case ended(ProgressEvent.Operation)
        case notice(String)
    }

    private struct Running {
        var event: ProgressEvent.Operation
        var time: Timestamp
    }

    /// The shortest time between two frames, in microseconds.
    private static let interval: Int64 = 100_000
    /// The most lines held back for the next frame.
    private static let mostPending = 500

    private let usesColour: Bool
    private let write: @Sendable (_ bytes: [UInt8]) -> Void
    private var layout: FrameLayout
    private var run: ProgressEvent.Run?
    private var runTime = Timestamp(microsecondsSince1970: 0)
    private var names = [String]()
    private var running = [String: Running]()
    private var pending = [Permanent]()
    private var drawnLines = [String]()
    private var lastDrawn: Timestamp?
    private var mustRepaint = false
    private var isFinished = false

    init(traits: TerminalTraits, write: @escaping @Sendable (_ bytes: [UInt8]) -> Void) {
        layout = FrameLayout(
            text: ShownText(usesUnicode: traits.usesUnicode),
            columns: traits.columns > 0 ? traits.columns : 80,
            rows: traits.rows > 0 ? traits.rows : 24)
        usesColour = traits.usesColour
        self.write = write
    }

    mutating func show(_ event: ProgressEvent) {
        guard !isFinished else { return }
        run = event.run
        runTime = event.time
        switch event.kind {
        case .runStarted: break
        case .notice: pending.append(.notice(event.message ?? ""))
        case .operationStarted, .operationProgress:
            guard let operation = event.operation else { break }
            let entry = Running(event: operation, time: event.time)
            if running.updateValue(entry, forKey: operation.name) == nil {
                names.append(operation.name)
            }
        case .operationEnded:
            guard let operation = event.operation else { break }
            running[operation.name] = nil
            names.removeAll { $0 == operation.name }
            pending.append(.ended(operation))
        case .runEnded:
            finish()
            return
        }
        draw(at: event.time)
    }

    mutating func tick(at time: Timestamp) {
        guard !isFinished else { return }
        draw(at: time)
    }

    mutating func resize(columns: Int, rows: Int) {
        layout.columns = columns > 0 ? columns : 80
        layout.rows = rows > 0 ? rows : 24
        mustRepaint = true
    }

    mutating func resume() {
        drawnLines = []
        mustRepaint = true
    }

    mutating func finish() {
        guard !isFinished else { return }
        isFinished = true
        run = nil
        if !pending.isEmpty || !drawnLines.isEmpty { paint([]) }
    }

    private mutating func draw(at time: Timestamp) {
        if let lastDrawn, pending.count < Self.mostPending {
            let (age, overflow) = time.microsecondsSince1970.subtractingReportingOverflow(
                lastDrawn.microsecondsSince1970)
            // A clock that was set back must not stop the bars.
            if !overflow, (0..<Self.interval).contains(age) { return }
        }
        let lines = frame(at: time)
        guard mustRepaint || !pending.isEmpty || lines != drawnLines else { return }
        paint(lines)
        lastDrawn = time
    }

    private func frame(at time: Timestamp) -> [String] {
        guard var run else { return [] }
        let age = Self.seconds(from: runTime, to: time)
        run.elapsedSeconds += age
        run.remainingSeconds = run.remainingSeconds.map { max(0, $0 - age) }
        let operations = names.compactMap { running[$0] }.map {
            FrameLayout.Operation(
                event: $0.event,
                elapsedSeconds: $0.event.elapsedSeconds + Self.seconds(from: $0.time, to: time))
        }
        return layout.lines(run: run, operations: operations)
    }

    private static func seconds(from start: Timestamp, to end: Timestamp) -> Double {
        max(0, Double(end.microsecondsSince1970) - Double(start.microsecondsSince1970)) / 1e6
    }

    private mutating func paint(_ lines: [String]) {
        var output = "\r"
        if !drawnLines.isEmpty { output += "\u{1B}[\(drawnLines.count)A" }
        let permanent = pending.flatMap(permanentLines)
        for line in permanent + lines { output += line + "\u{1B}[K\r\n" }
        output += "\u{1B}[J"
        pending = []
        drawnLines = lines
        mustRepaint = false
        write(Array(output.utf8))
    }

    private func permanentLines(_ item: Permanent) -> [String] {
        switch item {
        case .ended(let operation): [endedLine(operation)]
        case .notice(let message):
            DisplayText.fold(
                layout.text.escape(message), toCells: layout.width, later: "  ", limit: 6,
                mark: layout.text.cutMark
            ).map { layout.text.cut($0, to: layout.width) }
        }
    }

    private func endedLine(_ operation: ProgressEvent.Operation) -> String {
        let text = layout.text
        let word = operation.state == .running ? "ended" : operation.state.rawValue
        let (sign, plain, colour) =
            switch operation.state {
            case .complete: ("✔", "ok     ", "32")
            case .partial: ("!", "partial", "33")
            case .failed: ("✘", "failed ", "31")
            case .running: ("-", "ended  ", "33")
            }
        let mark = text.cut(text.usesUnicode ? sign : plain, to: layout.width)
        var words = text.escape(operation.title, limit: 200)
        words += "  " + DurationText.measured(seconds: operation.elapsedSeconds)
        if operation.state != .complete {
            if text.usesUnicode || operation.reason != nil { words += "  " }
            if text.usesUnicode { words += word }
            if let reason = operation.reason {
                words += (text.usesUnicode ? ": " : "") + text.escape(reason, limit: 500)
            }
        } else if let amount = operation.activity.map({ text.escape($0, limit: 100) })
            ?? text.amount(
                done: operation.done, total: operation.total, unit: operation.unit)
        {
            words += "  " + amount
        }
        let rest = text.cut(" " + words, to: layout.width - DisplayText.cellCount(of: mark))
        guard usesColour else { return mark + rest }
        return "\u{1B}[\(colour)m" + mark + "\u{1B}[0m" + rest
    }
}
