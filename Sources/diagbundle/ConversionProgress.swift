import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal

/// Shows how far a conversion is, as a run of one operation.
final class ConversionProgress {
    private static let name = "convert"
    /// Seconds between two events.
    private static let interval = 0.25

    private let path: String
    private let meter: CopyMeter
    private let started = MonotonicTime.now
    private let terminal: OwnedDescriptor
    private var renderer: any ProgressRenderer
    private var last: LiveDump.Progress
    private var lastShown = MonotonicTime.now

    /// Progress of the file at `path`, which `control` follows and which gets about `estimate`
    /// bytes.
    init(_ path: String, style: ProgressStyle, control: DumpControl, estimate: Int64) throws {
        self.path = path
        meter = CopyMeter(control, estimate: estimate)
        last = meter.progress
        terminal = try OwnedDescriptor.standard(2)
        let names = ["LANG", "LC_ALL", "LC_CTYPE", "TERM", "NO_COLOR"]
        let size = terminal.terminalSize
        let traits = TerminalTraits(
            isTerminal: terminal.isTerminal,
            environment: names.reduce(into: [:]) { $0[$1] = HostFacts.environment($1) },
            columns: size?.columns ?? 0, rows: size?.rows ?? 0)
        let stream = PatientStream(2)
        let patience = style == .auto && traits.canMoveCursor ? 0.2 : 1
        renderer = style.renderer(for: traits) { stream.write($0, withinSeconds: patience) }
        show(.runStarted, .running)
        show(.operationStarted, .running)
    }

    /// Shows where the copy is now, a few times a second.
    func tick() {
        if MonotonicTime.now.seconds(since: lastShown) >= Self.interval {
            lastShown = .now
            last = meter.progress
            show(.operationProgress, .running)
        } else {
            renderer.tick(at: .now)
        }
    }

    /// Follows the terminal; other signals are not its concern.
    func take(_ signal: SignalDescriptor.Signal) {
        switch signal {
        case .windowChange:
            let size = terminal.terminalSize
            renderer.resize(columns: size?.columns ?? 0, rows: size?.rows ?? 0)
        case .goOn: renderer.resume()
        case .interrupt, .terminate, .hangUp: break
        }
    }

    /// Shows a sentence for people.
    func notice(_ message: String) {
        renderer.show(
            ProgressEvent(kind: .notice, time: .now, run: run(isEnded: false), message: message))
    }

    /// Shows the end: `reason` says why it is partial or failed.
    func end(_ state: ProgressEvent.State, _ status: ExitStatus, reason: String? = nil) {
        last = meter.progress
        show(.operationEnded, state, reason)
        let seconds = MonotonicTime.now.seconds(since: started)
        renderer.show(
            ProgressEvent(
                kind: .runEnded, time: .now, run: run(isEnded: true),
                result: RunResult(
                    exitCode: Int(status.rawValue),
                    artifactCount: state == .failed ? 0 : 1,
                    artifactByteCount: state == .failed ? 0 : last.byteCount,
                    completeness: state == .complete ? .complete : .partial,
                    collectSeconds: seconds, error: state == .failed ? reason : nil)))
        renderer.finish()
    }

    private func run(isEnded: Bool) -> ProgressEvent.Run {
        .init(
            done: isEnded ? 1 : 0, total: 1,
            fraction: isEnded
                ? 1 : last.totalPages > 0 ? Double(last.pages) / Double(last.totalPages) : 0,
            elapsedSeconds: MonotonicTime.now.seconds(since: started),
            remainingSeconds: isEnded ? nil : last.remainingSeconds)
    }

    private func show(
        _ kind: ProgressEvent.Kind, _ state: ProgressEvent.State, _ reason: String? = nil
    ) {
        let hasBegun = last.totalPages > 0
        let operation = ProgressEvent.Operation(
            name: Self.name, title: "Converting the dump", state: state,
            done: Int64(last.pages), total: hasBegun ? Int64(last.totalPages) : nil,
            unit: "pages",
            activity: hasBegun || state != .running ? nil : "reading tables, choosing pages",
            elapsedSeconds: MonotonicTime.now.seconds(since: started), reason: reason,
            file: hasBegun && state == .running
                ? .init(
                    path: path, byteCount: last.byteCount, totalByteCount: last.totalByteCount,
                    bytesPerSecond: last.bytesPerSecond, remainingSeconds: last.remainingSeconds)
                : nil)
        renderer.show(
            ProgressEvent(
                kind: kind, time: .now, run: run(isEnded: kind == .operationEnded),
                operation: kind == .runStarted ? nil : operation))
    }
}
