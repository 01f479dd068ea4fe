import DiagCodec
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

/// Files that change while they are sealed.
@Suite struct ChangingFolderTests {
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whether the bundle is made all the same.
        var isHarmless = false
        let apply: @Sendable (_ file: String, _ host: String) throws -> Void
    }

    /// Replaces `path` by what `make` puts there.
    private static func replace(_ path: String, _ make: (String) throws -> Void) throws {
        try FileManager.default.removeItem(atPath: path)
        try make(path)
    }

    static let changes: [Change] = [
        Change(testDescription: "grows") { file, _ in
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(repeating: 1, count: 700_000))
            try handle.close()
        },
        Change(testDescription: "grows by a byte") { file, _ in
            let handle = try #require(FileHandle(forWritingAtPath: file))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data([1]))
            try handle.close()
        },
        Change(testDescription: "shrinks") { file, _ in
            #expect(truncate(file, 300_000) == 0)
        },
        Change(testDescription: "is emptied") { file, _ in #expect(truncate(file, 0) == 0) },
        Change(testDescription: "is changed") { file, _ in
            let handle = try #require(FileHandle(forUpdatingAtPath: file))
            try handle.seek(toOffset: 900_000)
            try handle.write(contentsOf: Data([0xA5, 0x5A]))
            try handle.close()
        },
    ]

    /// What can happen to a file before it is opened, beside those above.
    static let kinds: [Change] = [
        Change(testDescription: "vanishes") { file, _ in
            try FileManager.default.removeItem(atPath: file)
        },
        Change(testDescription: "becomes a FIFO") { file, _ in
            try replace(file) { #expect(mkfifo($0, 0o600) == 0) }
        },
        Change(testDescription: "becomes a folder") { file, _ in
            try replace(file) {
                try FileManager.default.createDirectory(
                    atPath: $0, withIntermediateDirectories: false)
            }
        },
        Change(testDescription: "becomes a link to its own bytes") { file, host in
            let away = host + "-away"
            try FileManager.default.moveItem(atPath: file, toPath: away)
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: away)
        },
        Change(testDescription: "becomes a device") { file, _ in
            try replace(file) {
                // Without the right to make one, a socket's place is as good: nothing is there.
                _ = mknod($0, S_IFCHR | 0o600, 0x105)
            }
        },
        Change(testDescription: "has its folder replaced by a link") { file, host in
            let folder = (file as NSString).deletingLastPathComponent
            try FileManager.default.moveItem(atPath: folder, toPath: host + "-away")
            try FileManager.default.createSymbolicLink(
                atPath: folder, withDestinationPath: host + "-away")
        },
        Change(testDescription: "is replaced by its own bytes", isHarmless: true) { file, _ in
            let content = try bytes(file)
            try replace(file) { try SealedSample.write(content, to: $0) }
        },
        Change(testDescription: "gets a neighbour", isHarmless: true) { file, _ in
            try SealedSample.write([1], to: file + ".new")
        },
    ]

    /// Seals a folder in which `apply` changes the file at `path`, while `logs/a.log` is read.
    private func seal(
        _ format: BlockFormat, _ change: Change, of path: String
    ) throws -> (error: ArchiveError?, folder: TestFolder) {
        let folder = try TestFolder.whole(
            extra: [
                (Array("logs/a.log".utf8), SealedSample.noise(1_000_000, seed: 1)),
                (Array("logs/z/b.log".utf8), SealedSample.noise(1_000_000, seed: 2)),
            ], asciiOnly: true)
        var isChanged = false
        var failure: (any Error)?
        let sealed: SealedBundle
        do throws(ArchiveError) {
            sealed = try BundleWriter.seal(
                folder: FilePath(folder.host), topName: "host17",
                as: FilePath(folder.path + "/host17.tar"),
                options: BundleOptions(format: format, threadCount: 2),
                progress: { position in
                    // The first 256 KiB of it are read.
                    guard position.member == "logs/a.log", !isChanged else { return }
                    isChanged = true
                    do { try change.apply(folder.host + "/" + path, folder.host) } catch {
                        failure = error
                    }
                })
        } catch {
            #expect(isChanged && failure == nil)
            return (error, folder)
        }
        #expect(isChanged && failure == nil)
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
        return (nil, folder)
    }

    private func expectNothing(_ error: ArchiveError?, _ folder: TestFolder) throws {
        let error = try #require(error, "sealed all the same")
        #expect(error.object.hasPrefix(folder.host + "/logs/"), "\(error)")
        #expect([.invalid, .inputOutput, .refused].contains(error.kind), "\(error)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.contains("tar") } == [], "\(error)")
    }

    @Test("A file that changes while it is read is no member", arguments: changes)
    func whileRead(change: Change) throws {
        let (error, folder) = try seal(.none, change, of: "logs/a.log")
        try expectNothing(error, folder)
    }

    @Test(
        "A file that changes before its turn is told, or is as the manifest says",
        arguments: changes + kinds)
    func beforeItsTurn(change: Change) throws {
        let (error, folder) = try seal(.zstd, change, of: "logs/z/b.log")
        guard change.isHarmless else {
            return try expectNothing(error, folder)
        }
        #expect(error == nil)
    }
}
