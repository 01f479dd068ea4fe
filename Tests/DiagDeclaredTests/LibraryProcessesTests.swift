import DiagCollect
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagDeclared

@Suite("The collector of processes on a host that has many")
struct LibraryProcessesTests {
    private static let names = [
        "status", "limits", "cgroup", "oom_score_adj", "oom_score",
    ]

    @Test("Each file of processes has room of its own, and all leave some for other collectors")
    func limits() throws {
        let file = try #require(BuiltInDeclarations.file(of: "processes"))
        let declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
        let counts = Dictionary(
            uniqueKeysWithValues: declaration.items.compactMap { item -> (String, Int)? in
                guard case .files(let files) = item.source, files.patterns.count == 1,
                    let text = files.patterns.first?.text, text.hasPrefix("/proc/[0-9]*/")
                else { return nil }
                return (String(text.dropFirst("/proc/[0-9]*/".count)), item.limits.fileCount)
            })
        #expect(counts["status"] == 10_000)
        for name in ["limits", "cgroup", "oom_score_adj", "oom_score", "stack"] {
            #expect(counts[name] == 6000, "\(name)")
        }
        #expect(counts.values.reduce(0, +) <= 40_000)
    }

    /// What the library's collector sends of a host with so many processes.
    private func collect(_ count: Int) throws -> MemorySink {
        let host = try DeclaredHost(["/proc/cmdline": ""])
        for number in 1...count {
            let folder = "\(host.path)/proc/\(number)"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            for name in Self.names {
                _ = FileManager.default.createFile(
                    atPath: "\(folder)/\(name)", contents: Data("x\n".utf8))
            }
        }
        let file = try #require(BuiltInDeclarations.file(of: "processes"))
        let sink = MemorySink()
        try DeclaredCollector(
            try CollectorDeclaration(parsing: file.bytes, named: file.name), profile: .full
        ).collect(
            in: CollectionContext(
                root: try RootedTree(FilePath(host.path)),
                deadline: .now.advanced(bySeconds: 3600)),
            into: sink)
        return sink
    }

    /// What was said of files beyond a limit, by the item.
    private func leftOut(_ sink: MemorySink) -> [String: String] {
        sink.missing.reduce(into: [:]) { all, lack in
            guard let why = lack.why, why.contains("more files match") else { return }
            all[lack.what] = why
        }
    }

    @Test("Of 2,000 processes each file is there, and nothing is left out")
    func many() throws {
        let sink = try collect(2000)
        for name in Self.names {
            let count = sink.paths.filter { $0.hasSuffix("/\(name)") }.count
            #expect(count == 2000, "\(name)")
        }
        #expect(leftOut(sink) == [:])
    }
}
