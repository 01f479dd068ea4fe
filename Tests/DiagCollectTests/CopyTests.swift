import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollect

@Suite("Copying a file of the host")
struct CopyTests {
    private let folder: URL
    private let context: CollectionContext
    private let sink = MemorySink()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "diagbundle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        context = CollectionContext(root: try RootedTree(FilePath(folder.path)))
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func copy(
        _ name: String, limit: Int64 = 1 << 20, part: CollectionContext.Part = .beginning,
        into sink: (any CollectionSink)? = nil
    ) throws -> Bool {
        try context.copy(
            FilePath(name), as: "copy", limit: limit, part: part, privacy: .content,
            into: sink ?? self.sink)
    }

    @Test("A file is sent whole, with its source")
    func whole() throws {
        try write("one\ntwo\n", to: "file")
        #expect(try copy("file"))
        #expect(sink["copy"]?.text == "one\ntwo\n")
        #expect(sink["copy"]?.opening.source == "file")
        #expect(sink["copy"]?.truncation == nil)
    }

    @Test("Of a large log the newest whole lines are sent, and the cut is told")
    func newest() throws {
        try write("first line\nsecond line\nthird line\n", to: "log")
        #expect(try copy("log", limit: 20, part: .newest))
        #expect(sink["copy"]?.text == "third line\n")
        #expect(sink["copy"]?.truncation == "only the last 20 of 34 bytes are kept")
    }

    @Test("Of a large file the start is sent, and the cut is told")
    func beginning() throws {
        try write("0123456789", to: "file")
        #expect(try copy("file", limit: 4))
        #expect(sink["copy"]?.text == "0123")
        #expect(sink["copy"]?.truncation == "only the first 4 of 10 bytes are kept")
    }

    @Test("A file without a size, as in procfs, is read to its end")
    func synthetic() throws {
        let live = CollectionContext(root: try RootedTree("/"))
        try live.copy("/proc/version", as: "copy", privacy: .technical, into: sink)
        #expect(sink["copy"]?.text.hasPrefix("Linux version") == true)
        #expect(sink["copy"]?.truncation == nil)
    }

    @Test("What does not exist is absent; a FIFO, a link loop and a directory are missing")
    func notThere() throws {
        try #require(mkfifo(folder.appendingPathComponent("fifo").path, 0o600) == 0)
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent("loop").path, withDestinationPath: "loop")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("folder"), withIntermediateDirectories: true)
        for name in ["nothing", "fifo", "loop", "folder"] { #expect(try !copy(name)) }
        #expect(sink.absent.map(\.what) == ["nothing"])
        #expect(sink.missing.map(\.what) == ["fifo", "loop", "folder"])
        #expect(sink.missing[0].why == "read fifo (a fifo): Invalid argument")
        #expect(sink.artifacts.isEmpty)
    }

    /// Changes the file when the first bytes of it have come.
    private final class Meddler: CollectionSink {
        let inner = MemorySink()
        let meddle: () throws -> Void
        var isDone = false

        init(_ meddle: @escaping () throws -> Void) { self.meddle = meddle }

        func open(_ opening: WorkerMessage.Opening) { inner.open(opening) }
        func write(_ bytes: Span<UInt8>) throws {
            inner.write(bytes)
            if !isDone { try meddle() }
            isDone = true
        }
        func send(_ message: WorkerMessage) { inner.send(message) }
    }

    @Test("A file that shrinks while it is read is marked; one that grows keeps its first size")
    func changing() throws {
        let size = 1 << 20
        let path = folder.appendingPathComponent("file").path
        try write(String(repeating: "x", count: size), to: "file")
        let shrinking = Meddler { try #require(truncate(path, 300_000) == 0) }
        #expect(try copy("file", into: shrinking))
        #expect(shrinking.inner["copy"]?.bytes.count == 300_000)
        #expect(
            shrinking.inner["copy"]?.truncation
                == "the file shrank from 1048576 to 300000 bytes while it was read")

        try write(String(repeating: "x", count: size), to: "file")
        let growing = Meddler { try #require(truncate(path, 4 << 20) == 0) }
        #expect(try copy("file", limit: 8 << 20, into: growing))
        #expect(growing.inner["copy"]?.bytes.count == size)
        #expect(growing.inner["copy"]?.truncation == nil)
    }
}
