import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagCollect

/// A folder that is gone when the test is over.
private final class Folder {
    let path: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "diagbundle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = FilePath(url.path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    func text(_ name: String) -> String? {
        (try? String(contentsOfFile: path.appending(name).string, encoding: .utf8))
    }

    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path.string)) ?? []).sorted()
    }
}

/// Upper case, with the last byte of each part held back.
private struct Shouting: ArtifactFilter, ArtifactByteFilter {
    private var held: [UInt8] = []

    func filter(for artifact: Artifact) -> (any ArtifactByteFilter)? {
        artifact.path.hasSuffix(".raw") ? nil : Shouting()
    }

    mutating func take(_ bytes: Span<UInt8>, passOn: (Span<UInt8>) throws -> Void) throws {
        var all = held
        for index in 0..<bytes.count {
            let byte = bytes[index]
            all.append((0x61...0x7A).contains(byte) ? byte - 32 : byte)
        }
        held = [all.removeLast()]
        try passOn(all.span)
    }

    mutating func finish(passOn: (Span<UInt8>) throws -> Void) throws { try passOn(held.span) }
}

@Suite("The host folder and what passes into it")
struct HostFolderTests {
    private func fill(
        _ output: OutputDirectory, _ content: String,
        filter: any ArtifactFilter = UnchangedArtifacts()
    ) throws -> (HostFolder, ArtifactIntake) {
        let folder = try HostFolder(name: "host", in: output)
        let intake = ArtifactIntake(filter: filter, sinks: [folder], byteBudget: 1 << 20)
        try intake.store(
            Array(content.utf8), at: "sub/file.txt", collector: "one", mediaType: "text/plain",
            privacy: .technical)
        for name in ["manifest.json", "findings.json", "summary.txt"] {
            try folder.writeDocument(name, [])
        }
        return (folder, intake)
    }

    @Test("The old folder stays until the new one is whole, and then is gone")
    func replaced() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        let (first, _) = try fill(output, "first")
        #expect(place.names == [".host.partial"])
        try first.commit()
        #expect(place.names == ["host"])
        let (second, _) = try fill(output, "second")
        #expect(place.text("host/one/sub/file.txt") == "first")
        try second.commit()
        #expect(place.text("host/one/sub/file.txt") == "second")
        #expect(place.names == ["host"])
    }

    @Test("What came to the place unasked is not removed")
    func uninvited() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        let (folder, _) = try fill(output, "new")
        try output.makeDirectory("host").createFile("thesis.txt").write([0x61].span)
        try folder.commit()
        #expect(place.text("host/one/sub/file.txt") == "new")
        #expect(place.text(".host.old/thesis.txt") == "a")
    }

    @Test("What is given up leaves the old folder as it was")
    func discarded() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        try fill(output, "first").0.commit()
        try fill(output, "second").0.discard()
        #expect(place.text("host/one/sub/file.txt") == "first")
        #expect(place.names == ["host"])
    }

    @Test("What a killed run left behind is removed by the next")
    func leftovers() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        _ = try fill(output, "killed")
        try fill(output, "whole").0.commit()
        #expect(place.names == ["host"])
    }

    @Test("Half a bundle and half folders of this host are removed, those of others stay")
    func unfinished() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        for name in [
            ".host-20260101T000000Z.tar.xz.partial", ".other-1.tar.xz.partial", "host-1.tar.xz",
            ".host-20260101T000000Z.tar.zst.partial", ".host-20260101T000000Z.tar.partial",
        ] {
            _ = try output.createFile(name).rawValue
        }
        _ = try output.makeDirectory(".host.partial-2")
        _ = try output.makeDirectory(".host.old")
        try fill(output, "whole").0.commit()
        #expect(place.names == [".other-1.tar.xz.partial", "host", "host-1.tar.xz"])
    }

    @Test("Names of any bytes in an old folder do not keep it")
    func oddNames() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        try fill(output, "first").0.commit()
        let path = Array(place.path.string.utf8) + Array("/host/one/n".utf8) + [0xFF, 0]
        let file = path.withUnsafeBytes {
            open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT, 0o600)
        }
        try #require(file >= 0)
        close(file)
        try fill(output, "second").0.commit()
        #expect(place.names == ["host"])
        #expect(place.text("host/one/sub/file.txt") == "second")
    }

    @Test("A filter's output is what is hashed, counted and stored")
    func filtered() throws {
        let place = try Folder()
        let (folder, intake) = try fill(
            try OutputDirectory.create(place.path), "secret", filter: Shouting())
        try folder.commit()
        #expect(place.text("host/one/sub/file.txt") == "SECRET")
        // printf SECRET | sha256sum
        #expect(
            intake.artifacts.map(\.sha256)
                == ["0917b13a9091915d54b6336f45909539cce452b3661b21f386418a257883b30a"])
        #expect(intake.artifacts.map(\.byteCount) == [6])
    }

    @Test("A file where a folder is needed is refused, and nothing else suffers")
    func collision() throws {
        let place = try Folder()
        let (folder, intake) = try fill(try OutputDirectory.create(place.path), "x")
        #expect(throws: ArtifactPath.Refusal.self) {
            try intake.store(
                [1], at: "sub/file.txt/deeper", collector: "one", mediaType: "x",
                privacy: .technical)
        }
        try folder.commit()
        #expect(place.text("host/one/sub/file.txt") == "x")
    }

    @Test(
        "A host name becomes one safe folder name",
        arguments: [
            ("web01.example", "web01.example"), ("", "localhost"), ("..", "localhost"),
            ("../../etc", "_.._etc"), (".hidden", "hidden"), ("a/b\u{1B}[2J", "a_b__2J"),
            ("hôst", "h_st"),
        ])
    func names(host: String, folder: String) {
        #expect(HostFolder.folderName(forHost: host) == folder)
    }

    @Test("A folder that is there already is never used: it may be another user's")
    func foreign() throws {
        let path = FilePath(NSTemporaryDirectory() + "folder-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        let output = try OutputDirectory.create(path)
        try FileManager.default.createDirectory(
            atPath: path.appending("host.partial").string, withIntermediateDirectories: false)
        try Data().write(
            to: URL(fileURLWithPath: path.string + "/host.partial/LiveDump-stacks.txt"))
        try FileManager.default.createSymbolicLink(
            atPath: path.appending("host.partial-2").string, withDestinationPath: "/tmp")
        let folder = try HostFolder(name: "host", in: output, isKeptUnfinished: true)
        #expect(folder.stagingPath == path.appending("host.partial-3"))
        try folder.commit()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.finalPath.string) == [])
    }

    @Test("A folder with a dump that a run left is never removed, and gets a name that is seen")
    func leftDump() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        for (name, file) in [
            (".host.partial", "LiveDump.kdump"), (".host.partial-2", "LiveDump-stacks.txt"),
            (".host.partial-3", "LiveDump.elf"), ("host.partial", "foreign"),
        ] {
            let folder = try output.makeDirectory(name)
            try folder.createFile(file).write([1, 2, 3].span)
        }
        let folder = try HostFolder(name: "host", in: output)
        #expect(
            Set(folder.rescued)
                == [place.path.appending("host.partial-2"), place.path.appending("host.partial-3")])
        #expect(
            place.names.sorted() == [
                ".host.partial", "host.partial", "host.partial-2", "host.partial-3",
            ])
        #expect(!folder.keepDump())
        _ = try folder.createSeekable(ArtifactPath(document: "LiveDump.kdump"), byteLimit: 10)
        #expect(!folder.keepDump(), "nothing is in it yet")
        try folder.removeSeekable(ArtifactPath(document: "LiveDump.kdump"))
        try folder.writeDocument("LiveDump.kdump", [1])
        #expect(folder.keepDump())
        #expect(folder.keptPath == place.path.appending("host.partial-4"))
        #expect(try HostFolder(name: "host", in: output).rescued == [])
        #expect(place.names.contains("host.partial-4"))
    }

    @Test("An older folder with a dump goes for good, even when the run was killed while it went")
    func olderDump() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        for name in ["host", ".host.old", ".host.old-2"] {
            try makeWhole(name, in: output).createFile("LiveDump.kdump").write([1, 2].span)
        }
        let folder = try HostFolder(name: "host", in: output)
        #expect(folder.rescued == [])
        #expect(folder.strangers.isEmpty)
        #expect(place.names.sorted() == [".host.partial", "host"])
        try folder.commit()
        #expect(place.names == ["host"])
    }

    /// A host folder as a run leaves it.
    private func makeWhole(_ name: String, in output: OutputDirectory) throws -> OutputDirectory {
        let folder = try output.makeDirectory(name)
        for document in ["manifest.json", "findings.json", "summary.txt"] {
            try folder.createFile(document).write([1].span)
        }
        return folder
    }

    @Test("The whole one of several older folders is put back, and what is left of others removed")
    func olderRemains() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        _ = try output.makeDirectory(".host.old")
        try makeWhole(".host.old-2", in: output).createFile("kept").write([1].span)
        try output.makeDirectory(".host.old-3").createFile("manifest.json").write([1].span)
        let folder = try HostFolder(name: "host", in: output)
        #expect(folder.strangers.isEmpty)
        #expect(place.names.sorted() == [".host.partial", "host"])
        #expect(place.text("host/kept") == "\u{1}")
        folder.discard()
        #expect(place.text("host/kept") == "\u{1}")
    }

    @Test(
        "What is called like an older folder and is none stays, and takes nobody's place",
        arguments: [false, true])
    func olderForeign(hasHost: Bool) throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        if hasHost { _ = try makeWhole("host", in: output) }
        try output.makeDirectory(".host.old").createFile("thesis.txt").write([1].span)
        try output.createFile(".host.old-2").write([2].span)
        _ = try output.createFile(".host.old-mine").rawValue
        let folder = try HostFolder(name: "host", in: output)
        #expect(
            folder.strangers.map(\.path)
                == [place.path.appending(".host.old"), place.path.appending(".host.old-2")])
        #expect(folder.strangers.last?.why == "a regular file is there")
        #expect(place.names.contains("host") == hasHost)
        try folder.commit()
        #expect(place.names == [".host.old", ".host.old-2", ".host.old-mine", "host"])
        #expect(place.text(".host.old/thesis.txt") == "\u{1}")
        #expect(place.text(".host.old-2") == "\u{2}")
    }

    @Test("An older folder is removed with its documents and all else")
    func olderRemoved() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        _ = try makeWhole(".host.old", in: output).makeDirectory("storage").createFile("a").rawValue
        try HostFolder.removeOlder(".host.old", in: output)
        #expect(place.names == [])
        #expect(throws: SystemCallError.self) {
            try HostFolder.removeOlder("none", in: output)
        }
    }

    @Test("A folder gets another name, and takes none that something has")
    func otherName() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        _ = try output.createFile("host").rawValue
        let (folder, _) = try fill(output, "first")
        #expect(throws: SystemCallError.self) { try folder.commit(as: "host") }
        try folder.commit(as: "host-1")
        folder.discard()
        #expect(place.names == ["host", "host-1"])
        #expect(place.text("host-1/one/sub/file.txt") == "first")
    }

    @Test("An older folder whose place nothing took gets it back")
    func olderRestored() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        _ = try makeWhole(".host.old", in: output)
        let folder = try HostFolder(name: "host", in: output)
        #expect(place.names.sorted() == [".host.partial", "host"])
        folder.discard()
        #expect(place.names == ["host"])
    }

    @Test("A host folder and an empty one may be replaced, and nothing else")
    func places() throws {
        let place = try Folder()
        let output = try OutputDirectory.create(place.path)
        #expect(try HostFolder.obstacle(to: "none", in: output) == nil)
        _ = try output.makeDirectory("empty")
        #expect(try HostFolder.obstacle(to: "empty", in: output) == nil)
        let (folder, _) = try fill(output, "x")
        try folder.commit()
        #expect(try HostFolder.obstacle(to: "host", in: output) == nil)
        try output.directory("host").removeFile("findings.json")
        #expect(
            try HostFolder.obstacle(to: "host", in: output)
                == "a folder is there that is no host folder, for it lacks findings.json")
        _ = try output.createFile("file").rawValue
        #expect(try HostFolder.obstacle(to: "file", in: output) == "a regular file is there")
        try FileManager.default.createSymbolicLink(
            atPath: place.path.appending("link").string, withDestinationPath: "host")
        #expect(try HostFolder.obstacle(to: "link", in: output) == "a symbolic link is there")
        let foreign = try output.makeDirectory("foreign")
        _ = try foreign.makeDirectory("manifest.json")
        _ = try foreign.createFile("findings.json").rawValue
        #expect(
            try HostFolder.obstacle(to: "foreign", in: output)
                == "a folder is there that is no host folder, for it lacks manifest.json,"
                + " summary.txt")
    }
}
