import DiagArchive
import DiagCodec
import DiagDigest
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@Suite struct BundleWriterTests {
    static let fast = BundleOptions(level: 0, threadCount: 2)

    static func seal(
        _ folder: TestFolder, _ name: String = "host17.tar.xz", options: BundleOptions = fast
    ) throws -> SealedBundle {
        try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/" + name), options: options)
    }

    static let large: [(path: [UInt8], bytes: [UInt8])] = [
        (
            Array("logs/large.txt".utf8),
            (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        )
    ]

    @Test("tar and xz read a bundle, and unpack what was sealed")
    func foreignTools() throws {
        let folder = try TestFolder.whole(extra: Self.large)
        let sealed = try Self.seal(folder)
        #expect(try run("xz", "-t", sealed.path.string).isWell)
        let list = try run("tar", "--quoting-style=escape", "-tJf", sealed.path.string)
        #expect(list.isWell)
        #expect(!list.output.contains("tar:"))
        let names = list.output.split(separator: "\n").map(String.init)
        #expect(names.first == "host17/")
        #expect(names.suffix(2) == ["host17/manifest.json", "host17/members.index"])
        #expect(names.contains(#"host17/logs/\\xFF\\\\\\xFE"#))
        let target = folder.path + "/out"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(try run("tar", "-xJf", sealed.path.string, "-C", target).output == "")
        try FileManager.default.removeItem(atPath: target + "/host17/members.index")
        #expect(try run("diff", "-r", folder.host, target + "/host17").output == "")
    }

    @Test("Members are owned by root, of one time and mode, and a directory stands before its own")
    func metadata() throws {
        let folder = try TestFolder.whole(asciiOnly: true)
        let sealed = try Self.seal(folder)
        let list = try run("tar", "--full-time", "--utc", "-tvJf", sealed.path.string).output
            .split(separator: "\n").map(String.init)
        #expect(
            list.allSatisfy { $0.contains(" root/root ") && $0.contains(" 2023-11-14 22:13:20 ") })
        #expect(list.allSatisfy { $0.hasPrefix($0.hasSuffix("/") ? "drwx------ " : "-rw------- ") })
        let names = list.compactMap { $0.split(separator: " ").last.map(String.init) }
        #expect(names.contains("host17/storage-2/a.txt"))
        for (place, name) in names.enumerated() where name != "host17/" {
            let above = name.split(separator: "/").dropLast().map { $0 + "/" }.joined()
            #expect(names[..<place].contains(above), "\(above) before \(name)")
        }
    }

    @Test("The same folder gives the same bytes, with one thread and with two")
    func deterministic() throws {
        let folder = try TestFolder.whole(extra: Self.large)
        let first = try Self.seal(folder, "1.tar.xz")
        var one = Self.fast
        one.threadCount = 1
        let second = try Self.seal(folder, "2.tar.xz", options: one)
        let expected = try bytes(first.path.string)
        #expect(try bytes(second.path.string) == expected)
        #expect(first.sha256 == second.sha256)
        #expect(first.byteCount == Int64(expected.count))
        #expect(
            SHA256.digest(of: expected).hexadecimal == first.sha256)
        #expect(first.storedByteCount == 0)
    }

    @Test("After the deadline the rest is stored, and the bundle stays whole")
    func deadline() throws {
        let folder = try TestFolder.whole(extra: Self.large)
        var late = Self.fast
        late.deadline = MonotonicTime(nanoseconds: 0)
        let sealed = try Self.seal(folder, options: late)
        #expect(sealed.storedByteCount > 2_000_000)
        #expect(try run("xz", "-t", sealed.path.string).isWell)
        #expect(try run("tar", "-tJf", sealed.path.string).isWell)
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
    }

    @Test(
        "Progress counts what is in the file, up to the total, and the last member is the manifest")
    func progress() throws {
        let folder = try TestFolder.whole(extra: Self.large)
        var steps = [BundleProgress]()
        _ = try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/p.tar.xz"), options: Self.fast,
            progress: { steps.append($0) })
        #expect(steps.last?.byteCount == steps.last?.totalByteCount)
        #expect(steps.last?.member == "manifest.json")
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.byteCount <= $1.byteCount })
        #expect(steps.allSatisfy { $0.byteCount <= $0.totalByteCount })
    }

    @Test("A cancelled sealing leaves nothing behind")
    func cancelled() throws {
        let folder = try TestFolder.whole(extra: Self.large)
        var asked = 0
        let error = #expect(throws: ArchiveError.self) {
            try BundleWriter.seal(
                folder: FilePath(folder.host), topName: "host17",
                as: FilePath(folder.path + "/c.tar.xz"), options: Self.fast,
                isCancelled: {
                    asked += 1; return asked > 8
                })
        }
        #expect(error?.kind == .cancelled)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["host17"])
    }

    @Test(
        "A file that is not as the manifest says is named, and nothing is left behind",
        arguments: ["grown", "gone", "changed"])
    func changed(how: String) throws {
        let folder = try TestFolder.whole()
        if how == "grown" {
            try folder.write(Array("summary.txt".utf8), Array("longer than it was\n".utf8))
        } else if how == "changed" {
            try folder.write(Array("summary.txt".utf8), Array("all is WELL\n".utf8))
        } else {
            try FileManager.default.removeItem(atPath: folder.host + "/summary.txt")
        }
        let error = #expect(throws: ArchiveError.self) { try Self.seal(folder) }
        #expect(error?.kind == .invalid)
        #expect(error?.object == folder.host + "/summary.txt")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["host17"])
    }

    @Test("A file that the manifest does not list is left out, and told")
    func leftOut() throws {
        let folder = try TestFolder.whole()
        try folder.write(Array("logs/.nfs0001".utf8), [1])
        let sealed = try Self.seal(folder)
        #expect(sealed.leftOut == ["logs/.nfs0001"])
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
    }

    @Test(
        "A link, FIFO or socket in the folder is refused",
        arguments: ["link", "directory link", "fifo"])
    func special(kind: String) throws {
        let folder = try TestFolder.whole()
        let path = folder.host + "/logs/special"
        switch kind {
        case "link":
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/etc/passwd")
        case "directory link":
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc")
        default: #expect(mkfifo(path, 0o600) == 0)
        }
        let error = #expect(throws: ArchiveError.self) { try Self.seal(folder) }
        #expect(error?.kind == .refused)
        #expect(error?.object == path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["host17"])
    }

    @Test(
        "A stale partial file of an earlier run is replaced, and an old bundle only by a whole one")
    func replaces() throws {
        let folder = try TestFolder.whole()
        try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/.host17.tar.xz.partial"))
        try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/host17.tar.xz"))
        let sealed = try Self.seal(folder)
        #expect(try BundleVerifier.verify(sealed.path).isWhole)
        try FileManager.default.removeItem(atPath: folder.host + "/summary.txt")
        #expect(throws: ArchiveError.self) { try Self.seal(folder) }
        #expect(try BundleVerifier.verify(sealed.path).isWhole)
    }

    @Test("A place where nothing can be created says so")
    func cannotCreate() throws {
        let folder = try TestFolder.whole()
        let error = #expect(throws: ArchiveError.self) {
            try BundleWriter.seal(
                folder: FilePath(folder.host), topName: "host17",
                as: FilePath(folder.host + "/summary.txt/x.tar.xz"), options: Self.fast)
        }
        #expect(error?.kind == .cannotCreate)
        #expect(error?.errno == .notDirectory)
    }

    @Test("On a full disk no partial file is left, and the error names path and cause")
    func fullDisk() throws {
        let folder = try TestFolder.whole(extra: [
            (Array("logs/noise.bin".utf8), (0..<3_000_000).map { _ in UInt8.random(in: 0...255) })
        ])
        let disk = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard getuid() == 0, try run("mount", "-t", "tmpfs", "-o", "size=1m", "none", disk).isWell
        else { return }
        defer { _ = try? run("umount", disk) }
        let error = #expect(throws: ArchiveError.self) {
            try BundleWriter.seal(
                folder: FilePath(folder.host), topName: "host17",
                as: FilePath(disk + "/host17.tar.xz"), options: Self.fast)
        }
        #expect(
            error?.description == "write \(disk)/.host17.tar.xz.partial: No space left on device")
        #expect(error?.errno == .noSpace)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
    }
}
