import DiagCodec
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct BundleStreamTests {
    /// Collectors in an order that is not that of their names, with names in ASCII and not, a file at
    /// the top, an empty folder, and more than the threads can have at once.
    static func folder() throws -> TestFolder {
        let folder = try TestFolder.whole(
            extra: [
                (Array("logs/large.bin".utf8), SealedSample.noise(9_000_000, seed: 4)),
                (Array("logs/text.log".utf8), Array(repeating: 0x61, count: 6_000_000)),
            ])
        #expect(mkdir(folder.host + "/logs/refused", 0o755) == 0)
        try folder.writeManifest { $0.memberOrder = order }
        return folder
    }

    /// The order of the plan; what is of no collector stands behind it.
    static let order = ["storage-2", "logs", "storage"]

    static func start(
        _ folder: TestFolder, _ options: BundleOptions = BundleWriterTests.fast,
        as name: String = "streamed"
    ) throws -> BundleStream {
        try BundleStream.start(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/" + name), options: options, collectors: order,
            started: folder.manifest().started)
    }

    static func end(_ collectors: [String], of folder: TestFolder, in stream: BundleStream) {
        for name in collectors {
            stream.end(
                collector: name, artifacts: folder.artifacts.filter { $0.collector == name })
        }
    }

    /// Waits until the bytes of `collectors` are fed.
    static func awaitFed(
        _ collectors: [String], of folder: TestFolder, in stream: BundleStream
    ) throws {
        let wanted = folder.artifacts.filter { collectors.contains($0.collector) }
            .reduce(0) { $0 + $1.byteCount }
        let end = MonotonicTime.now.advanced(bySeconds: 120)
        while stream.workByteCount < wanted {
            try #require(MonotonicTime.now < end, "\(stream.workByteCount) of \(wanted)")
            try #require(!stream.isGivenUp)
            usleep(5000)
        }
    }

    static func finish(
        _ stream: BundleStream, deadline: MonotonicTime? = nil,
        progress: (BundleProgress) -> Void = { _ in }
    ) throws -> SealedBundle {
        try stream.finish(deadline: deadline, byteCount: 20_000_000, progress: progress)
    }

    static func names(_ folder: TestFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test(
        "What is compressed while collectors run has the bytes of the whole folder's bundle",
        arguments: [1, 2, 5], BlockFormat.allCases)
    func sameBytes(threads: Int, format: BlockFormat) throws {
        let folder = try Self.folder()
        var options = BundleOptions(format: format, threadCount: threads)
        if format != .none { options.level = 1 }
        let whole = try BundleWriterTests.seal(folder, "whole", options: options)
        let stream = try Self.start(folder, options)
        for name in Self.order {
            Self.end([name], of: folder, in: stream)
            let place = try #require(Self.order.firstIndex(of: name))
            try Self.awaitFed(Array(Self.order[...place]), of: folder, in: stream)
        }
        let streamed = try Self.finish(stream)
        #expect(!stream.isGivenUp)
        #expect(streamed.sha256 == whole.sha256)
        #expect(try bytes(streamed.path.string) == bytes(whole.path.string))
        #expect(streamed.storedByteCount == whole.storedByteCount)
        #expect(streamed.leftOut == whole.leftOut)
        #expect(try Self.names(folder) == ["host17", "streamed", "whole"])
    }

    @Test(
        "A collector that ends early waits for those before it in the plan",
        arguments: [["storage", "logs", "storage-2"], ["logs", "storage-2", "storage"]])
    func waits(ends: [String]) throws {
        let folder = try Self.folder()
        let whole = try BundleWriterTests.seal(folder, "whole")
        let stream = try Self.start(folder)
        let isFirst = { (name: String) in name == Self.order[0] }
        let before = Array(ends.prefix { !isFirst($0) })
        Self.end(before, of: folder, in: stream)
        #expect(stream.workByteCount == 0)
        Self.end(Array(ends.dropFirst(before.count)), of: folder, in: stream)
        try Self.awaitFed(Self.order, of: folder, in: stream)
        let streamed = try Self.finish(stream)
        #expect(!stream.isGivenUp)
        #expect(streamed.sha256 == whole.sha256)
    }

    @Test(
        "Whatever has not been fed when collecting ends comes then",
        arguments: [[], ["storage-2"], ["logs", "storage"]])
    func rest(ended: [String]) throws {
        let folder = try Self.folder()
        let whole = try BundleWriterTests.seal(folder, "whole")
        let stream = try Self.start(folder)
        Self.end(ended, of: folder, in: stream)
        #expect(try Self.finish(stream).sha256 == whole.sha256)
        #expect(try Self.names(folder) == ["host17", "streamed", "whole"])
    }

    @Test("A file that was cut, and one that the manifest does not list")
    func failedCollector() throws {
        let folder = try Self.folder()
        try folder.write(Array("storage-2/half".utf8), [1, 2, 3])
        try folder.writeManifest { manifest in
            manifest.memberOrder = Self.order
            manifest.reports[2].outcome = .crashed
            manifest.artifacts = manifest.artifacts.map { artifact in
                var artifact = artifact
                artifact.isTruncated = artifact.collector == "storage-2"
                return artifact
            }
        }
        let whole = try BundleWriterTests.seal(folder, "whole")
        let stream = try Self.start(folder)
        Self.end(Self.order, of: folder, in: stream)
        try Self.awaitFed(Self.order, of: folder, in: stream)
        let streamed = try Self.finish(stream)
        #expect(!stream.isGivenUp)
        #expect(streamed.leftOut == ["storage-2/half"])
        #expect(streamed.sha256 == whole.sha256)
    }

    @Test("A live dump at the top of the folder is stored, in the turn of its collector")
    func dump() throws {
        let dump = SealedSample.noise(3_000_000, seed: 11)
        let folder = try TestFolder.whole(extra: [
            (Array("LiveDump.kdump".utf8), dump), (Array("LiveDump.json".utf8), Array("{}".utf8)),
        ])
        let artifacts = folder.artifacts.map { artifact in
            var artifact = artifact
            if artifact.path.hasPrefix("LiveDump") { artifact.collector = "livedump" }
            if artifact.path == "LiveDump.kdump" {
                artifact.mediaType = Artifact.kdumpMediaType
                artifact.sha256 = nil
            }
            return artifact
        }
        let collectors = ["livedump", "logs", "storage", "storage-2"]
        try folder.writeManifest { manifest in
            manifest.artifacts = artifacts
            manifest.memberOrder = collectors
        }
        let whole = try BundleWriterTests.seal(folder, "whole")
        let stream = try BundleStream.start(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/streamed"), options: BundleWriterTests.fast,
            collectors: collectors, started: folder.manifest().started)
        for name in collectors {
            stream.end(collector: name, artifacts: artifacts.filter { $0.collector == name })
        }
        let streamed = try Self.finish(stream)
        #expect(!stream.isGivenUp)
        #expect(streamed.sha256 == whole.sha256)
        #expect(streamed.storedByteCount == whole.storedByteCount)
        #expect(streamed.storedByteCount > 3_000_000)
    }

    @Test("A file that changes after it was fed is an error, and no bundle is left")
    func changed() throws {
        let folder = try Self.folder()
        let stream = try Self.start(folder)
        Self.end(["storage-2"], of: folder, in: stream)
        try Self.awaitFed(["storage-2"], of: folder, in: stream)
        try folder.write(Array("storage-2/a.txt".utf8), Array("BEFORE storage/, by bytes\n".utf8))
        try folder.writeManifest { manifest in
            manifest.memberOrder = Self.order
            for index in manifest.artifacts.indices
            where manifest.artifacts[index].path == "storage-2/a.txt" {
                manifest.artifacts[index].sha256 = String(repeating: "0", count: 64)
            }
        }
        let error = #expect(throws: ArchiveError.self) { try Self.finish(stream) }
        #expect(error?.kind == .invalid)
        #expect(error?.object == folder.host + "/storage-2/a.txt")
        #expect(try Self.names(folder) == ["host17"])
    }

    @Test("When the folder is not what was fed, the whole folder is sealed, as it is now")
    func otherFolder() throws {
        let folder = try Self.folder()
        let stream = try Self.start(folder)
        Self.end(["storage-2"], of: folder, in: stream)
        try Self.awaitFed(["storage-2"], of: folder, in: stream)
        try folder.add(Array("storage-2/a.log".utf8), Array("late\n".utf8))
        try folder.writeManifest { $0.memberOrder = Self.order }
        let sealed = try Self.finish(stream)
        #expect(stream.isGivenUp)
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
        #expect(try BundleWriterTests.seal(folder, "whole").sha256 == sealed.sha256)
    }

    @Test("Given up, it leaves no file, and the whole folder is sealed")
    func givenUp() throws {
        let folder = try Self.folder()
        let stream = try Self.start(folder)
        Self.end(["storage-2", "logs"], of: folder, in: stream)
        try Self.awaitFed(["storage-2"], of: folder, in: stream)
        #expect(stream.giveUp(withinSeconds: 120))
        #expect(!stream.giveUp())
        #expect(stream.workByteCount == 0)
        #expect(try Self.names(folder) == ["host17"])
        let whole = try BundleWriterTests.seal(folder, "whole")
        #expect(try Self.finish(stream).sha256 == whole.sha256)
    }

    @Test("No file has the final name before the end")
    func hidden() throws {
        let folder = try Self.folder()
        let stream = try Self.start(folder)
        Self.end(["storage-2", "logs"], of: folder, in: stream)
        try Self.awaitFed(["storage-2", "logs"], of: folder, in: stream)
        #expect(try Self.names(folder) == [".streamed.partial", "host17"])
        _ = try Self.finish(stream)
        #expect(try Self.names(folder) == ["host17", "streamed"])
    }

    @Test("After the deadline the rest of the member at hand is stored, too")
    func deadlineInMember() throws {
        let folder = try TestFolder.whole(extra: [
            (Array("logs/text.log".utf8), Array(repeating: 0x61, count: 12_000_000))
        ])
        let source = try Directory.open(FilePath(folder.host))
        let content = try BundleContent(of: source)
        let path = FilePath(folder.path + "/host17.tar.xz")
        let file = try VolumeOutput.create(path, volumeByteCount: nil)
        let effect = try #require(BundleWriterTests.fast.effect)
        let pipeline = try BlockPipeline.start(
            .start(file, object: file.object, format: .xz), object: file.object,
            .init(blocks: effect.blocks, threadCount: 2))
        let deadline = SealingDeadline(nil)
        let sealing = try Sealing(
            top: MemberPath(components: [Array("host17".utf8)]), source: source,
            modifiedSeconds: content.modifiedSeconds, object: file.object,
            into: BundleOutput(pipeline, blockByteCount: effect.blocks.blockByteCount),
            deadline: deadline)
        var read = 0
        for member in content.members {
            try sealing.add(content.item(member)) { count in
                read += member.path.text == "logs/text.log" ? count : 0
                if read > 3_000_000 { deadline.set(MonotonicTime(nanoseconds: 0)) }
            }
        }
        try sealing.finish(with: content.manifest) { _ in }
        let outcome = try sealing.output.finish()
        #expect(try file.commit() == [])
        #expect(outcome.storedByteCount > 8_000_000)
        #expect(outcome.storedByteCount < 9_500_000)
        #expect(try BundleVerifier.verify(path).differences == [])
    }

    @Test("After the deadline the rest is stored")
    func deadline() throws {
        let folder = try Self.folder()
        let stream = try Self.start(folder)
        Self.end(["storage-2"], of: folder, in: stream)
        try Self.awaitFed(["storage-2"], of: folder, in: stream)
        let sealed = try Self.finish(stream, deadline: MonotonicTime(nanoseconds: 0))
        #expect(sealed.storedByteCount > 14_000_000)
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
    }

    @Test("Progress counts what was left when collecting ended")
    func progress() throws {
        let folder = try Self.folder()
        let stream = try Self.start(folder)
        Self.end(Self.order, of: folder, in: stream)
        try Self.awaitFed(Self.order, of: folder, in: stream)
        var steps = [BundleProgress]()
        _ = try Self.finish(stream) { steps.append($0) }
        let last = try #require(steps.last)
        // One block may wait to be filled, two wait for a thread: the rest was in the file.
        #expect(last.totalByteCount < 20_000_000)
        #expect(steps.allSatisfy { $0.byteCount <= $0.totalByteCount })
        #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.byteCount < $1.byteCount })
    }

    @Test("On a full disk nothing is left, and the end says so", .enabled(if: getuid() == 0))
    func fullDisk() throws {
        let folder = try Self.folder()
        let disk = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard try run("mount", "-t", "tmpfs", "-o", "size=4m", "none", disk).isWell else { return }
        defer { _ = try? run("umount", disk) }
        let stream = try Self.start(folder, as: "disk/host17.tar.xz")
        Self.end(Self.order, of: folder, in: stream)
        let end = MonotonicTime.now.advanced(bySeconds: 120)
        while !stream.isGivenUp {
            try #require(MonotonicTime.now < end)
            usleep(5000)
        }
        // Those who still collect have the room again.
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
        let error = #expect(throws: ArchiveError.self) { try Self.finish(stream) }
        #expect(error?.errno == .noSpace)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
    }
}
