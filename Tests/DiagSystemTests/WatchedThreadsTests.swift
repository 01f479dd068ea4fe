import Glibc
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
            count: 100, threads: 1, stuckAfter: 1, deadline: Self.later,
            isStopped: { false }
        ) { index in
            while index == 10, !gate.withLock({ $0 }) { usleep(1000) }
            return index
        }
        gate.withLock { $0 = true }
        #expect(outcome.abandoned == [10])
        #expect(outcome.values == (0..<100).map { $0 == 10 ? nil : $0 })
        #expect(!outcome.isCut)
    }

    @Test("A thread that only lacks a processor is waited for")
    func starved() {
        let outcome = WatchedThreads.map(
            count: 3, threads: 1, stuckAfter: 1, deadline: Self.later, isStopped: { false }
        ) { index in
            // Busy all the time, as seen from outside, for longer than a hung one is let be.
            let end = MonotonicTime.now.advanced(bySeconds: index == 1 ? 1.3 : 0)
            while MonotonicTime.now < end {}
            return index
        }
        #expect(outcome.values == [0, 1, 2])
        #expect(outcome.abandoned == [])
    }

    @Test("One that is busy without an end is left too")
    func busy() {
        let gate = Mutex(false)
        let outcome = WatchedThreads.map(
            count: 3, threads: 1, stuckAfter: 0.2, deadline: Self.later, isStopped: { false }
        ) { index in
            while index == 1, !gate.withLock({ $0 }) {}
            return index
        }
        gate.withLock { $0 = true }
        #expect(outcome.abandoned == [1])
        #expect(outcome.values == [0, nil, 2])
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
