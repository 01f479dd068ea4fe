internal import DiagSystem
internal import Synchronization

/// From when on a sealing stores instead of compressing; it may be set while the sealing goes on.
final class SealingDeadline: Sendable {
    private struct State {
        var time: MonotonicTime?
        /// When it was set: what was before does not count.
        var since = MonotonicTime.now
    }

    private let state: Mutex<State>

    /// `nil` for never.
    init(_ time: MonotonicTime?) { state = Mutex(State(time: time)) }

    /// Whether it is there.
    var isOver: Bool { state.withLock { $0.time.map { $0 <= .now } ?? false } }

    /// Sets it.
    func set(_ time: MonotonicTime?) { state.withLock { $0 = State(time: time) } }

    /// Adds the time since `begun`, in which nothing was compressed that needed to be.
    func extend(since begun: MonotonicTime) {
        state.withLock { state in
            let seconds = MonotonicTime.now.seconds(since: max(begun, state.since))
            state.time = state.time?.advanced(bySeconds: seconds)
        }
    }
}
