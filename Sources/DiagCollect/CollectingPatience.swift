public import DiagModel
public import DiagSystem

/// How long whoever follows a run waits for its collecting to end.
///
/// Collectors are ended at the run's deadline. A run that makes a dump may take longer: gigabytes
/// are read back for their hash and brought to the disk. It has the time as long as it comes
/// further.
public struct CollectingPatience: Sendable {
    /// Seconds beyond the deadline that ending the collectors takes.
    private static let grace = 4.0
    /// Seconds beyond the deadline after which a run without a dump is given up, whatever it says.
    private static let mostGrace = 30.0
    /// Seconds without a word, beyond the deadline.
    private static let lateSilence = 5.0
    /// Seconds without a word before it, while it waits for something.
    private static let silence = 30.0

    private let deadlineSeconds: Double
    private let stallSeconds: Double?
    private let started: MonotonicTime
    private var lastHeard: MonotonicTime
    private var lastAdvanced: MonotonicTime
    private var positions: [String: Int64] = [:]

    /// The patience with collecting that began at `started`.
    ///
    /// - Parameters:
    ///   - deadlineSeconds: the run's deadline.
    ///   - stallSeconds: how long a run that makes a dump may not come further, beyond its deadline,
    ///     or say nothing while it waits; none for a run without a dump.
    ///   - started: when collecting began.
    public init(deadlineSeconds: Double, stallSeconds: Double?, started: MonotonicTime = .now) {
        self.deadlineSeconds = deadlineSeconds
        self.stallSeconds = stallSeconds
        self.started = started
        lastHeard = started
        lastAdvanced = started
    }

    /// Notes a word of the run: `event` when it is one about its progress.
    public mutating func hear(_ event: ProgressEvent?, at now: MonotonicTime = .now) {
        lastHeard = now
        guard let operation = event?.operation else { return }
        let position = operation.file?.byteCount ?? operation.done
        let before = positions.updateValue(position, forKey: operation.name)
        if event?.kind != .operationProgress || before != position { lastAdvanced = now }
    }

    /// Whether it is given up; `isWaiting` says whether its process waits for something.
    public func isOver(at now: MonotonicTime = .now, isWaiting: () -> Bool) -> Bool {
        let over = now.seconds(since: started) - deadlineSeconds
        let silence = now.seconds(since: lastHeard)
        guard let stallSeconds else {
            if over > Self.grace, silence > Self.lateSilence || over > Self.mostGrace {
                return true
            }
            return silence > Self.silence && isWaiting()
        }
        if min(over, now.seconds(since: lastAdvanced)) > stallSeconds { return true }
        return silence > stallSeconds && isWaiting()
    }
}
