import Synchronization
import Testing

@testable import DiagSystem

@Suite("Work by threads that can be given up")
struct WatchedThreadsTests {
    private static var later: MonotonicTime { .now.advanced(bySeconds: 60) }

    @Test("Every index has its value, whatever the number of threads", arguments: [1, 2, 7])
    func values(threads: Int) {
        let outcome = WatchedThreads.map(
            count: 5000, threads: threads, stuckAfter: 30, deadline: Self.later,
            isStopped: { false }
        ) { $0 * 2 }
        #expect(outcome.values == (0..<5000).map { $0 * 2 })
        #expect(outcome.abandoned == [])
        #expect(!outcome.isCut)
        let none = WatchedThreads.map(
            count: 0, threads: threads, stuckAfter: 30, deadline: Self.later,
            isStopped: { false }
        ) { $0 }
        #expect(none.values == [] && !none.isCut)
    }

    @Test("A thread that hangs is left, and the others do the rest")
    func hang() {
        let gate = Mutex(false)
        let outcome = WatchedThreads.map(
            count: 100, threads: 1, stuckAfter: 0.3, deadline: Self.later,
            isStopped: { false }
        ) { index in
            while index == 10, !gate.withLock({ $0 }) {}
            return index
        }
        gate.withLock { $0 = true }
        #expect(outcome.abandoned == [10])
        #expect(outcome.values == (0..<100).map { $0 == 10 ? nil : $0 })
        #expect(!outcome.isCut)
    }

    @Test("A deadline in the past, and a stop, end it with what there is")
    func stop() {
        let gate = Mutex(false)
        let outcome = WatchedThreads.map(
            count: 1000, threads: 2, stuckAfter: 60, deadline: Self.later, isStopped: { true }
        ) { index in
            while !gate.withLock({ $0 }) {}
            return index
        }
        gate.withLock { $0 = true }
        #expect(outcome.isCut)
        #expect(outcome.abandoned == [], "what has just begun does not hang")
        #expect(outcome.values.allSatisfy { $0 == nil })
    }
}
