internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

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
    /// How many times longer a thread may take that runs, or would if it were let: on a host with
    /// hundreds of busy threads one may wait a second for its turn.
    private static let starvationFactor = 10.0

    /// What a worker is at.
    private struct Work {
        /// ``idle`` before it began and when it ended.
        var index = idle
        /// In nanoseconds; 0 before it began.
        var since: Int64 = 0
        /// Its identifier to the kernel; 0 before it began.
        var thread: pid_t = 0

        /// Seconds that it is at its index.
        func seconds(at now: MonotonicTime) -> Double { Double(now.nanoseconds - since) / 1e9 }
    }

    private struct State<Value: Sendable> {
        var values: [Value?]
        var next = 0
        var work: [Work] = []
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
    /// another takes its place; ten times as long if it waits for nothing but a processor. Ends at
    /// `deadline`, or as soon as `isStopped` says so; a thread that is still at work then is left
    /// too, and its value is dropped.
    public static func map<Value: Sendable>(
        count: Int, threads: Int, stuckAfter: Double, deadline: MonotonicTime,
        isStopped: () -> Bool, _ body: @escaping @Sendable (Int) -> Value
    ) -> Outcome<Value> {
        let shared = Shared<Value>(count: count)
        var workers = 0
        func startWorker() -> Bool {
            let slot = workers
            shared.state.withLock { $0.work.append(Work()) }
            workers += 1
            if start({ work(slot, shared, count, body) }) { return true }
            shared.state.withLock { $0.work[slot].since = 1 }
            return false
        }
        var running = 0
        for _ in 0..<max(1, min(threads, count)) where startWorker() { running += 1 }
        if running == 0 { work(0, shared, count, body) }
        // Those that hang: the slot, and since when its thread is at what it does. One that comes
        // back is at something else, and counts again.
        var given = [Int: Int64]()
        var replaced = 0
        var pause: UInt32 = 200
        while true {
            let now = MonotonicTime.now
            let hung = hung(shared, after: stuckAfter, except: given)
            given.merge(hung) { $1 }
            let (active, isDone) = shared.state.withLock { state in
                let active = state.work.enumerated().count { slot, work in
                    work.index != idle && given[slot] != work.since
                }
                return (active, state.next >= count)
            }
            for _ in hung where !isDone && replaced < replacementLimit {
                replaced += 1
                _ = startWorker()
            }
            if active == 0, isDone || !isAnyStarting(shared, given) { break }
            if now > deadline || isStopped() { break }
            _ = usleep(pause)
            pause = min(pause * 2, 5000)
        }
        given.merge(hung(shared, after: stuckAfter, except: given)) { $1 }
        return shared.state.withLock { state in
            state.isOver = true
            let abandoned = state.work.enumerated().filter { slot, work in
                work.index != idle && given[slot] == work.since
            }.map(\.element.index)
            // What was begun just now does not hang: it is only not done.
            let atWork = state.work.count { $0.index != idle }
            return Outcome(
                values: state.values, abandoned: abandoned.sorted(),
                isCut: state.next < count || abandoned.count < atWork)
        }
    }

    /// The workers that hang: at one index for longer than `seconds`, and not because others have
    /// the processors.
    private static func hung<Value>(
        _ shared: Shared<Value>, after seconds: Double, except given: [Int: Int64]
    ) -> [Int: Int64] {
        let now = MonotonicTime.now
        let slow = shared.state.withLock { state in
            state.work.enumerated().filter { slot, work in
                work.index != idle && given[slot] != work.since && work.seconds(at: now) > seconds
            }.map { (slot: $0.offset, work: $0.element) }
        }
        func waiting(_ workers: [(slot: Int, work: Work)]) -> [(slot: Int, work: Work)] {
            workers.filter {
                $0.work.seconds(at: now) > seconds * starvationFactor
                    || !isRunnable($0.work.thread)
            }
        }
        var suspects = waiting(slow)
        guard !suspects.isEmpty else { return [:] }
        // One that waited for the lock of this work only is at work again, or could be.
        _ = usleep(1000)
        suspects = waiting(suspects)
        return shared.state.withLock { state in
            let still = suspects.filter { state.work[$0.slot].since == $0.work.since }
            return Dictionary(uniqueKeysWithValues: still.map { ($0.slot, $0.work.since) })
        }
    }

    /// Whether a thread may still take an index: one that has not begun yet.
    private static func isAnyStarting<Value>(_ shared: Shared<Value>, _ given: [Int: Int64]) -> Bool
    {
        shared.state.withLock { state in
            state.work.indices.contains { given[$0] == nil && state.work[$0].since == 0 }
        }
    }

    private static func work<Value: Sendable>(
        _ slot: Int, _ shared: Shared<Value>, _ count: Int, _ body: @Sendable (Int) -> Value
    ) {
        var value: Value?
        var index = idle
        let thread = diag_gettid()
        while true {
            let now = MonotonicTime.now.nanoseconds
            let next: Int? = shared.state.withLock { state in
                if index != idle, !state.isOver { state.values[index] = value }
                guard !state.isOver, state.next < count else {
                    state.work[slot] = Work(since: now, thread: thread)
                    return nil
                }
                index = state.next
                state.next += 1
                state.work[slot] = Work(index: index, since: now, thread: thread)
                return index
            }
            guard let next else { return }
            value = body(next)
        }
    }

    /// Whether a thread of this process runs or waits for a processor; `false` where that cannot be
    /// told.
    ///
    /// Source: proc(5), field 3 of /proc/PID/task/TID/stat.
    static func isRunnable(_ thread: pid_t) -> Bool {
        guard
            let file = try? OwnedDescriptor.open(
                FilePath("/proc/self/task/\(thread)/stat"), .readOnly),
            let bytes = try? file.readAll(limit: 4096),
            let name = bytes.lastIndex(of: UInt8(ascii: ")")), name + 2 < bytes.count
        else { return false }
        return bytes[name + 2] == UInt8(ascii: "R")
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
