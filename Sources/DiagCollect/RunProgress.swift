public import DiagModel
public import DiagSystem

/// Where a run stands, as events for whoever watches: the weighing and the estimate.
///
/// A collector's weight is its usual cost in tenths of a second. What a run has really taken so
/// far corrects the estimate of the rest; sealing is estimated from the bytes there are to seal.
public struct RunProgress {
    private struct Operation {
        var title: String
        var weight: Double
        var fraction: Double
        var isEnded: Bool
    }

    /// Bytes that the default compression seals in a second on one usual processor core.
    private static let sealedBytesPerSecond = 60e6
    /// The least that sealing is taken to cost, in tenths of a second.
    private static let leastSealWeight = 2.0
    /// What sealing is taken to cost while nobody knows how much there will be.
    public static let sealingWeight = 10.0

    private var operations: [String: Operation] = [:]
    private let started: MonotonicTime
    private let emit: (ProgressEvent) -> Void
    private var lastTick: MonotonicTime?
    /// The furthest the run has been: a new operation, or a better estimate, takes none of it back.
    private final class Furthest {
        var fraction = 0.0
    }
    private let furthest = Furthest()

    /// Events go to `emit`, with times counted from `started`.
    public init(started: MonotonicTime, emit: @escaping (ProgressEvent) -> Void) {
        self.started = started
        self.emit = emit
    }

    /// Adds an operation of the plan.
    public mutating func plan(_ name: String, title: String, weight: Double) {
        operations[name] = Operation(title: title, weight: weight, fraction: 0, isEnded: false)
    }

    /// The weight of sealing when collecting has ended, from how many bytes are left to compress and
    /// the processors that do it.
    public mutating func weighSealing(byteCount: Int64, processorCount: Int) {
        operations["seal"]?.weight = max(
            Self.leastSealWeight, Self.weight(byteCount: byteCount, processorCount: processorCount))
    }

    /// The same while collectors run, and more bytes come: at least ``sealingWeight``.
    public mutating func expectSealing(byteCount: Int64, processorCount: Int) {
        operations["seal"]?.weight = max(
            Self.sealingWeight, Self.weight(byteCount: byteCount, processorCount: processorCount))
    }

    private static func weight(byteCount: Int64, processorCount: Int) -> Double {
        Double(byteCount) / (sealedBytesPerSecond * Double(max(1, processorCount))) * 10
    }

    /// Seconds since the run started.
    public var elapsedSeconds: Double { MonotonicTime.now.seconds(since: started) }

    /// The run's position and the estimate of the rest.
    public var run: ProgressEvent.Run {
        let total = operations.values.reduce(0) { $0 + $1.weight }
        let done = operations.values.reduce(0) { $0 + $1.weight * $1.fraction }
        let elapsed = elapsedSeconds
        // Early on the plan's own figures count, later what was measured.
        let expected = done / 10
        let pace = (elapsed + 1) / (expected + 1)
        furthest.fraction = max(furthest.fraction, total > 0 ? min(1, done / total) : 0)
        return ProgressEvent.Run(
            done: operations.values.count { $0.isEnded }, total: operations.count,
            fraction: furthest.fraction, elapsedSeconds: elapsed,
            remainingSeconds: max(0, (total - done) / 10 * pace))
    }

    /// Says that the plan is complete and the run begins.
    public func startRun() { emit(event(.runStarted)) }

    /// Says that an operation begins.
    public func start(_ name: String) {
        emit(event(.operationStarted, operation(name, .running)))
    }

    /// Says how far an operation is; `elapsedSeconds` counts from its own start.
    public mutating func advance(
        _ name: String, _ progress: WorkerMessage.Progress?, elapsedSeconds: Double,
        file: ProgressEvent.File? = nil
    ) {
        if let progress, let total = progress.total, total > 0 {
            let fraction = Double(max(0, min(progress.done, total))) / Double(total)
            let before = operations[name]?.fraction ?? 0
            operations[name]?.fraction = max(before, min(1, fraction))
        } else if let operation = operations[name], operation.weight > 0 {
            // Nothing said: time passes, and the end comes nearer ever slower.
            let share = elapsedSeconds * 10 / operation.weight
            operations[name]?.fraction = max(operation.fraction, share / (share + 1) * 0.9)
        }
        var operation = operation(name, .running)
        operation.done = progress?.done ?? 0
        operation.total = progress?.total
        operation.unit = progress?.unit
        operation.activity = progress?.activity
        operation.elapsedSeconds = elapsedSeconds
        operation.file = file
        emit(event(.operationProgress, operation))
    }

    /// Says that an operation ended.
    public mutating func end(
        _ name: String, _ state: ProgressEvent.State, elapsedSeconds: Double,
        activity: String? = nil, reason: String? = nil
    ) {
        operations[name]?.fraction = 1
        operations[name]?.isEnded = true
        var operation = operation(name, state)
        operation.elapsedSeconds = elapsedSeconds
        operation.activity = activity
        operation.reason = reason
        emit(event(.operationEnded, operation))
    }

    /// Something a person should read now.
    public func notice(_ message: String) {
        var event = event(.notice)
        event.message = message
        emit(event)
    }

    /// Says that the run is over.
    public func endRun(_ result: RunResult) {
        var event = event(.runEnded)
        event.result = result
        emit(event)
    }

    /// Whether a tenth of a second has passed since the last time this said so.
    public mutating func isTimeToTell() -> Bool {
        let now = MonotonicTime.now
        if let lastTick, now.seconds(since: lastTick) < 0.1 { return false }
        lastTick = now
        return true
    }

    private func event(
        _ kind: ProgressEvent.Kind, _ operation: ProgressEvent.Operation? = nil
    ) -> ProgressEvent {
        ProgressEvent(kind: kind, time: .now, run: run, operation: operation)
    }

    private func operation(
        _ name: String, _ state: ProgressEvent.State
    ) -> ProgressEvent.Operation {
        ProgressEvent.Operation(
            name: name, title: operations[name]?.title ?? name, state: state)
    }
}
