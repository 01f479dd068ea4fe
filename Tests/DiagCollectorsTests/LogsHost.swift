import DiagCodec
import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollectors

/// A folder that stands for the root of a host, made for one test and removed after it.
final class LogsHost {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "logs-host-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes `bytes` at `path`, with the modification time in seconds since 1970.
    @discardableResult
    func write(_ path: String, _ bytes: [UInt8], modified: Int = 1_793_700_000) throws -> LogsHost {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: Double(modified))],
            ofItemAtPath: file.path)
        return self
    }

    @discardableResult
    func write(_ path: String, _ text: String, modified: Int = 1_793_700_000) throws -> LogsHost {
        try write(path, Array(text.utf8), modified: modified)
    }

    /// One of the recorded journal files.
    static func journal(_ name: String) throws -> [UInt8] {
        let folder = try #require(Bundle.module.resourceURL)
        let data = try Data(
            contentsOf: folder.appendingPathComponent("Fixtures/logs/\(name).journal.xz"))
        return try Decompression.decompress(Array(data), .xz, limit: 16 << 20).bytes
    }

    /// Runs the collector; for it, it is 2026-11-03T10:00:00Z unless told otherwise.
    func collect(
        since: Timestamp? = nil,
        now: Timestamp = Timestamp(microsecondsSince1970: 1_793_700_000_000_000),
        byteBudget: Int64 = 256 << 20,
        deadline: MonotonicTime = .now.advanced(bySeconds: 600)
    ) throws -> MemorySink {
        let sink = MemorySink()
        let context = CollectionContext(
            root: try RootedTree(FilePath(url.path)), since: since, byteBudget: byteBudget,
            deadline: deadline)
        try LogsCollector(now: now).collect(in: context, into: sink)
        return sink
    }
}
