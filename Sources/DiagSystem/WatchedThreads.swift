internal import CLinux
internal import Glibc
internal import Synchronization

/// Work on many small things by several threads, each of which is given up when it hangs.
///
/// For files of procfs: most answer from memory, but one may wait for a lock that a process holds
/// which itself waits for a dead disk.
public enum WatchedThreads {
    /// What came of it.
    public struct Outcome<Value: Sendable>: Sendable {
        /// One value for each index; `nil` where none was reached or the thread was given up.
        public var values: [Value?]
        /// The indices at which a thread hung, sorted.
        public var abandoned: [Int]
        /// Whether it ended before all were tried: by the deadline, or because it was stopped.
        public var isCut: Bool
    }

    /// How often a hung thread is replaced by another.
    private static let replacementLimit = 16
    private static let idle = -1

    private struct State<Value: Sendable> {
        var values: [Value?]
        var next = 0
        /// By worker: the index at work and since when, in nanoseconds; ``idle`` when it ended.
        var work: [(index: Int, since: Int64)] = []
        var isOver = false
    }

    private final class Shared<Value: Sendable>: Sendable {
        let state: Mutex<State<Value>>
        init(count: Int) {
            state = Mutex(State(values: Array(repeating: nil, count: count)))
        }
    }

    /// Calls `body` for each index below `count`, by `threads` threads at once.
    ///
    /// A thread that takes more than `stuckAfter` seconds for one index is left where it is, and
    /// another takes its place. Ends at `deadline`, or as soon as `isStopped` says so; a thread
    /// that is still at work then is left too, and its value is dropped.
    public static func map<Value: Sendable>(
        count: Int, threads: Int, stuckAfter: Double, deadline: MonotonicTime,
        isStopped: () -> Bool, _ body: @escaping @Sendable (Int) -> Value
    ) -> Outcome<Value> {
        let shared = Shared<Value>(count: count)
        var workers = 0
        func startWorker() -> Bool {
            let slot = workers
            shared.state.withLock { $0.work.append((idle, 0)) }
            workers += 1
            if start({ work(slot, shared, count, body) }) { return true }
            shared.state.withLock { $0.work[slot].since = 1 }
            return false
        }
        var running = 0
        for _ in 0..<max(1, min(threads, count)) where startWorker() { running += 1 }
        if running == 0 { work(0, shared, count, body) }
        var given = Set<Int>()
        var replaced = 0
        var pause: UInt32 = 200
        while true {
            let now = MonotonicTime.now
            let (active, hung, isDone) = shared.state.withLock { state in
                var active = 0
                var hung = [Int]()
                for (slot, work) in state.work.enumerated() where !given.contains(slot) {
                    guard work.index != idle else { continue }
                    active += 1
                    if Double(now.nanoseconds - work.since) / 1e9 > stuckAfter { hung.append(slot) }
                }
                return (active, hung, state.next >= count)
            }
            for slot in hung {
                given.insert(slot)
                guard !isDone, replaced < replacementLimit else { continue }
                replaced += 1
                _ = startWorker()
            }
            if active - hung.count == 0, isDone || !isAnyStarting(shared, given) { break }
            if now > deadline || isStopped() { break }
            _ = usleep(pause)
            pause = min(pause * 2, 5000)
        }
        return shared.state.withLock { state in
            state.isOver = true
            // What was begun just now does not hang: it is only not done.
            let now = MonotonicTime.now
            let atWork = state.work.filter { $0.index != idle }
            let hung = atWork.filter { Double(now.nanoseconds - $0.since) / 1e9 > stuckAfter }
            return Outcome(
                values: state.values, abandoned: hung.map(\.index).sorted(),
                isCut: state.next < count || hung.count < atWork.count)
        }
    }

    /// Whether a thread may still take an index: one that has not begun yet.
    private static func isAnyStarting<Value>(_ shared: Shared<Value>, _ given: Set<Int>) -> Bool {
        shared.state.withLock { state in
            state.work.indices.contains { !given.contains($0) && state.work[$0].since == 0 }
        }
    }

    private static func work<Value: Sendable>(
        _ slot: Int, _ shared: Shared<Value>, _ count: Int, _ body: @Sendable (Int) -> Value
    ) {
        var value: Value?
        var index = idle
        while true {
            let now = MonotonicTime.now.nanoseconds
            let next: Int? = shared.state.withLock { state in
                if index != idle, !state.isOver { state.values[index] = value }
                guard !state.isOver, state.next < count else {
                    state.work[slot] = (idle, now)
                    return nil
                }
                index = state.next
                state.next += 1
                state.work[slot] = (index, now)
                return index
            }
            guard let next else { return }
            value = body(next)
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a thread that nobody waits for; whether that was possible.
    private static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        let body = unsafe Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard result == 0 else {
            unsafe body.release()
            return false
        }
        _ = pthread_detach(thread)
        return true
    }
}
