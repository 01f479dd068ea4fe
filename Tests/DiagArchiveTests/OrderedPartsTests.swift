import DiagSystem
import Testing

@testable import DiagArchive

@Suite struct OrderedPartsTests {
    @Test("Parts come in the order of the jobs, whichever thread is first", arguments: [1, 2, 7])
    func order(threadCount: Int) throws {
        let parts = OrderedParts<Int>(jobCount: 50, aheadCount: threadCount + 1, byteLimit: 3)
        var threads = [BackgroundThread]()
        for _ in 0..<threadCount {
            threads.append(
                try BackgroundThread.start(name: "test") {
                    while let job = parts.take() {
                        // More than may wait: it must be read meanwhile.
                        for part in 0..<(job % 9) {
                            guard parts.give(part, byteCount: 1, of: job) else { return }
                        }
                        parts.end(job)
                    }
                })
        }
        var read = [[Int]]()
        while let (job, part) = try parts.next() { read.append([job, part]) }
        #expect(read == (0..<50).flatMap { job in (0..<(job % 9)).map { [job, $0] } })
        for thread in threads { thread.join() }
    }

    @Test("Jobs that give nothing are passed, and the threads go on behind them")
    func empty() throws {
        for _ in 0..<20 {
            let parts = OrderedParts<Int>(jobCount: 200, aheadCount: 3, byteLimit: 1)
            var threads = [BackgroundThread]()
            for _ in 0..<2 {
                threads.append(
                    try BackgroundThread.start(name: "test") {
                        while let job = parts.take() { parts.end(job) }
                    })
            }
            #expect(try parts.next() == nil)
            for thread in threads { thread.join() }
        }
    }

    @Test("A job that fails gives its parts first, then its error again and again")
    func failure() throws {
        let parts = OrderedParts<Int>(jobCount: 2, aheadCount: 2, byteLimit: 10)
        #expect(parts.take() == 0)
        #expect(parts.take() == 1)
        #expect(parts.give(5, byteCount: 1, of: 0))
        parts.end(
            0, ArchiveError(.invalid, operation: "read", object: "t", reason: "damaged"))
        parts.end(1)
        #expect(try parts.next()?.part == 5)
        for _ in 0..<2 {
            #expect(throws: ArchiveError.self) { _ = try parts.next() }
        }
    }

    @Test("Whoever stops lets the threads end")
    func stopped() throws {
        let parts = OrderedParts<Int>(jobCount: 100, aheadCount: 2, byteLimit: 1)
        let thread = try BackgroundThread.start(name: "test") {
            while let job = parts.take() {
                while parts.give(0, byteCount: 1, of: job) {}
                parts.end(job)
            }
        }
        #expect(try parts.next()?.job == 0)
        parts.stop()
        thread.join()
        #expect(!parts.isWanted)
        #expect(parts.take() == nil)
    }
}
