/// Threads of the operating system that share pieces of work one after the other, and wait between
/// them.
///
/// Where ``WorkerThreads`` starts and ends threads for each piece, these stay: the kernel gives and
/// takes nothing for them meanwhile.
public final class ThreadCrew: Sendable {
    private struct State: Sendable {
        /// The piece at hand: counts up with each.
        var piece = 0
        var body: (@Sendable (Int) -> Void)?
        /// How many threads have not ended the piece at hand.
        var busyCount = 0
        var isOver = false
    }

    private let state: Monitor<State>
    private let threads: [BackgroundThread]
    /// How many numbers each piece of work has.
    public let count: Int

    /// Starts `count` threads, or as many as there can be; none for one number.
    ///
    /// - Parameters:
    ///   - count: how many numbers each piece of work has.
    ///   - name: the threads', at most 15 bytes.
    public init(count: Int, name: String) {
        let state = Monitor(State())
        var threads = [BackgroundThread]()
        for number in 0..<(count > 1 ? count : 0) {
            let thread = try? BackgroundThread.start(name: name) { Self.work(number, state) }
            guard let thread else { break }
            threads.append(thread)
        }
        self.state = state
        self.threads = threads
        self.count = count
    }

    /// Ends the threads.
    deinit {
        state.change { $0.isOver = true }
        for thread in threads { thread.join() }
    }

    /// Runs `body` once for each number below ``count``, each on a thread of its own, and waits for
    /// all. What has no thread runs on the calling one.
    public func run(_ body: @escaping @Sendable (Int) -> Void) {
        let threadCount = threads.count
        state.change { state in
            state.piece += 1
            state.body = body
            state.busyCount = threadCount
        }
        for number in threadCount..<max(count, threadCount) { body(number) }
        state.wait { $0.busyCount == 0 ? () : nil }
        state.change { $0.body = nil }
    }

    private static func work(_ number: Int, _ state: Monitor<State>) {
        var done = 0
        while true {
            let ended = done
            let body = state.wait { state -> (@Sendable (Int) -> Void)?? in
                if state.isOver { return .some(nil) }
                return state.piece == ended ? nil : .some(state.body)
            }
            guard let body else { return }
            body(number)
            done += 1
            state.change { $0.busyCount -= 1 }
        }
    }
}
