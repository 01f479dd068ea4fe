internal import DiagModel

/// Writes one line at each change of state: for logs, pipes and terminals that only print.
struct PlainRenderer: ProgressRenderer {
    private let text: ShownText
    private let write: @Sendable (_ bytes: [UInt8]) -> Void
    private var states = [String: ProgressEvent.State]()
    private var isFinished = false

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
            guard before != operation.state else { return }
            line(event, "\(text.escape(operation.name, limit: 100)): \(change(to: operation))")
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

    private func ending(of result: RunResult?) -> String {
        guard let result else { return "ended" }
        return ExitMeaning.word(for: result.exitCode)
    }
}
