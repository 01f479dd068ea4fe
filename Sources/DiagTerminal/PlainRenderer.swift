internal import DiagModel

/// Writes one line at each change of state, and now and then one about a file that takes long: for
/// logs, pipes and terminals that only print.
struct PlainRenderer: ProgressRenderer {
    private let text: ShownText
    private let write: @Sendable (_ bytes: [UInt8]) -> Void
    private var states = [String: ProgressEvent.State]()
    private var isFinished = false
    /// When each operation was last told of, in seconds of the run.
    private var told = [String: Double]()
    /// Seconds between two lines about one file.
    private static let interval = 10.0

    init(usesUnicode: Bool, write: @escaping @Sendable (_ bytes: [UInt8]) -> Void) {
        text = ShownText(usesUnicode: usesUnicode)
        self.write = write
    }

    mutating func show(_ event: ProgressEvent) {
        guard !isFinished else { return }
        switch event.kind {
        case .runStarted:
            let noun = event.run.total == 1 ? "operation" : "operations"
            line(event, "run: started, \(event.run.total) \(noun)")
        case .notice:
            line(event, "notice: \(text.escape(event.message ?? ""))")
        case .runEnded:
            line(event, "run: \(ending(of: event.result))")
        case .operationStarted, .operationProgress, .operationEnded:
            guard let operation = event.operation else { return }
            let before = states.updateValue(operation.state, forKey: operation.name)
            let words = before != operation.state ? change(to: operation) : position(of: operation)
            let elapsed = event.run.elapsedSeconds
            guard let words,
                before != operation.state || elapsed - (told[operation.name] ?? 0) >= Self.interval
            else { return }
            told[operation.name] = elapsed
            line(event, "\(text.escape(operation.name, limit: 100)): \(words)")
        }
    }

    mutating func finish() { isFinished = true }

    private func line(_ event: ProgressEvent, _ words: String) {
        let clock = DurationText.clock(seconds: event.run.elapsedSeconds)
        write(Array("\(clock) \(words)\n".utf8))
    }

    private func change(to operation: ProgressEvent.Operation) -> String {
        guard operation.state != .running else { return "started" }
        let amount =
            operation.activity.map { text.escape($0, limit: 100) }
            ?? text.amount(done: operation.done, total: operation.total, unit: operation.unit)
        let parts = [
            operation.state.rawValue, amount,
            DurationText.measured(seconds: operation.elapsedSeconds),
        ]
        let reason = operation.reason.map { ": " + text.escape($0, limit: 500) } ?? ""
        return parts.compactMap(\.self).joined(separator: ", ") + reason
    }

    /// How far a file is whose size is known:
    /// `Copying diagnostic file LiveDump.kdump, 1.0 GiB of 2.0 GiB, 90 MiB/s`.
    private func position(of operation: ProgressEvent.Operation) -> String? {
        guard let file = operation.file, let total = file.totalByteCount else { return nil }
        var parts = [
            "Copying diagnostic file " + text.escape(file.path, limit: 200),
            text.amount(done: file.byteCount, total: total, unit: "bytes"),
        ]
        if let rate = file.bytesPerSecond {
            parts.append(ByteCountText.describe(Int64(min(max(0, rate), 9e18))) + "/s")
        }
        if let left = file.remainingSeconds {
            parts.append(DurationText.clock(seconds: left) + " left")
        }
        return parts.compactMap(\.self).joined(separator: ", ")
    }

    private func ending(of result: RunResult?) -> String {
        guard let result else { return "ended" }
        return ExitMeaning.word(for: result.exitCode)
    }
}
