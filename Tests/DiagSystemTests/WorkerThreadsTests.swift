import DiagSystem
import Glibc
import Synchronization
import SystemPackage
import Testing

@Suite("Threads and the output of a dump")
struct WorkerThreadsTests {
    @Test("Every number is served once", arguments: [0, 1, 2, 7])
    func eachOnce(count: Int) {
        let served = Mutex<[Int]>([])
        WorkerThreads.run(count: count) { index in served.withLock { $0.append(index) } }
        #expect(served.withLock { $0.sorted() } == Array(0..<count))
    }

    @Test(
        "A crew serves every number of each piece once, on threads that stay",
        arguments: [0, 1, 2, 7])
    func crew(count: Int) {
        let crew = ThreadCrew(count: count, name: "crew")
        let threads = Mutex<[Set<UInt>]>([])
        for piece in 0..<50 {
            let served = Mutex<[Int]>([])
            let ran = Mutex<Set<UInt>>([])
            crew.run { index in
                served.withLock { $0.append(index) }
                ran.withLock { _ = $0.insert(UInt(pthread_self())) }
            }
            #expect(served.withLock { $0.sorted() } == Array(0..<count), "piece \(piece)")
            threads.withLock { all in all.append(ran.withLock { $0 }) }
        }
        #expect(threads.withLock { Set($0).count } == 1)
        #expect(threads.withLock { $0[0].count } == count)
    }

    @Test("A value that changes is waited for, by several")
    func monitor() throws {
        let counter = Monitor(0)
        let threads = try (0..<4).map { number in
            try BackgroundThread.start(name: "count") {
                for _ in 0..<100 {
                    // In turn, so that each waits for the others.
                    counter.wait { value -> Void? in
                        guard value % 4 == number else { return nil }
                        value += 1
                        return ()
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(counter.change { $0 } == 400)
    }

    @Test("Bytes stand where they were put, in any order", arguments: [true, false])
    func positions(isDirect: Bool) throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("dump")
        let output = DumpOutput(
            try .open(path, .readWrite, options: [.create]), name: "dump", wantsDirect: isDirect)
        let memory = try MappedMemory(byteCount: 8192)
        memory.bytes.initializeMemory(as: UInt8.self, repeating: 7)
        try output.reserve(byteCount: 4096)
        try output.write(UnsafeRawBufferPointer(memory.bytes), at: 8192)
        try output.setByteCount(12_288)
        try output.synchronize()
        output.drop(byteCount: 12_288, at: 0)
        let bytes = try OwnedDescriptor.open(path, .readOnly).readAll(limit: 1 << 20)
        #expect(bytes == [UInt8](repeating: 0, count: 8192) + [UInt8](repeating: 7, count: 4096))
        let input = try DumpInput(path: path)
        #expect(input.byteCount == 12_288)
        #expect(input.read(into: memory.bytes, at: 8192) == 4096)
        #expect(input.read(into: memory.bytes, at: .max) == 0)
    }

    @Test("A full disk is told apart from a broken one")
    func fullDevice() throws {
        let output = DumpOutput(
            try .open("/dev/full", .writeOnly), name: "dump", wantsDirect: false)
        let memory = try MappedMemory(byteCount: 4096)
        do {
            try output.write(UnsafeRawBufferPointer(memory.bytes), at: 0)
            Issue.record("/dev/full took a write")
        } catch {
            #expect(error.cause == .noSpace)
            #expect(error.description == "write dump: No space left on device")
        }
    }
}
