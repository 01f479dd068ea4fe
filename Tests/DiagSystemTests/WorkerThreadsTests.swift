import DiagSystem
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
