import DiagCodec
import DiagDigest
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct SparseMemberTests {
    static let byteCount: Int64 = 40 << 20

    /// A host folder with a file of 40 MiB, of which three places are data.
    static func folder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.add(Array("findings.json".utf8), Array("{}".utf8))
        try folder.add(Array("logs/a.txt".utf8), Array("before\n".utf8))
        try folder.add(Array("logs/b.bin".utf8), content)
        try folder.add(Array("logs/c.txt".utf8), Array("behind\n".utf8))
        try folder.writeManifest()
        return folder
    }

    static let content: [UInt8] = {
        var bytes = [UInt8](repeating: 0, count: Int(byteCount))
        for place in [0, 5_000_000, 30_000_001] { bytes[place] = 0x41 }
        return bytes
    }()

    static func seal(
        _ folder: TestFolder, _ name: String, _ options: BundleOptions = .init(format: .none)
    ) throws -> String {
        try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/" + name), options: options
        ).path.string
    }

    @Test("A file with holes is a sparse member, which every way of reading maps back")
    func ways() throws {
        let folder = try Self.folder()
        let path = try Self.seal(folder, "b.tar")
        #expect(try bytes(path).count < 8 << 20)
        let bundle = try #require(try IndexedBundle.open(InputFile(FilePath(path))))
        let member = try #require(try bundle.index.find(text: "logs/b.bin"))
        #expect(member.kind == .sparse)
        #expect(member.byteCount == Self.byteCount)
        #expect(member.storedByteCount == 512 + 3 << 20)
        #expect(member.sha256 == SHA256.digest(of: Self.content).bytes)
        let files = try SealedSample.files(below: folder.host)
        #expect(try SealedSample.indexed(path)?["logs/b.bin"] == Self.content)
        for wanted in [[], ["logs"]] {
            let out = folder.path + "/out\(wanted.count)"
            _ = try BundleExtractor.extract(FilePath(path), into: FilePath(out), wanted: wanted)
            #expect(try bytes(out + "/host17/logs/b.bin") == Self.content)
            let blocks = try FileManager.default.attributesOfItem(
                atPath: out + "/host17/logs/b.bin")
            #expect(blocks[.size] as? Int == Int(Self.byteCount))
        }
        let salvaged = try BundleSalvageTests.saved(bytes(path), in: folder)
        #expect(salvaged.files == files)
        #expect(salvaged.outcome.isWhole)
    }

    @Test("The index and the stream must agree on what a sparse member is")
    func verified() throws {
        let folder = try Self.folder()
        let path = try Self.seal(folder, "b.tar")
        let differences = try BundleVerifier.verify(FilePath(path)).differences
        #expect(!differences.contains { $0.contains("b.bin") || $0.contains("members.index") })
    }

    @Test("Written full when that is asked for")
    func full() throws {
        let folder = try Self.folder()
        let path = try Self.seal(folder, "b.tar.xz", .init(level: 0, keepsHoles: false))
        let bundle = try #require(try IndexedBundle.open(InputFile(FilePath(path))))
        let member = try #require(try bundle.index.find(text: "logs/b.bin"))
        #expect(member.kind == .regular)
        #expect(member.storedByteCount == Self.byteCount)
    }

    /// A tar stream of one sparse file with `map` before `data`, and a file behind it.
    static func stream(map: String, byteCount: Int64, data: [UInt8]) throws -> [UInt8] {
        var content = Array(map.utf8)
        content += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
        content += data
        let path = try MemberPath(validating: Array("host17/x".utf8), of: "test")
        var bytes = SparseHeader.bytes(
            path: path, byteCount: byteCount, storedByteCount: Int64(content.count),
            modifiedSeconds: 0)
        bytes += content + SparseHeader.zeros(behind: Int64(content.count))
        let next = try MemberPath(validating: Array("host17/y".utf8), of: "test")
        let behind = SparseMap(regions: [0..<3], byteCount: 3).encoded
        bytes += SparseHeader.bytes(
            path: next, byteCount: 3, storedByteCount: Int64(behind.count + 3), modifiedSeconds: 0)
        bytes += behind + Array("yes".utf8) + SparseHeader.zeros(behind: 3)
        return bytes + [UInt8](repeating: 0, count: 1024)
    }

    static let lies: [(map: String, dataByteCount: Int)] = [
        ("2\n0\n1000\n500\n1000\n", 2000), ("2\n500\n1000\n0\n100\n", 1100),
        ("2\n0\n1000\n3500\n1000\n", 2000), ("1\n0\n4000\n", 10), ("abc\n", 10),
        ("1\n-5\n10\n", 10), ("99999999999999999999999\n", 10), ("9000000\n0\n10\n", 10),
        ("3\n0\n10\n", 10),
    ]

    @Test("A map that lies is an error, and salvage saves what stands behind it", arguments: lies)
    func lying(lie: (map: String, dataByteCount: Int)) throws {
        let folder = try TestFolder()
        let stream = try Self.stream(
            map: lie.map, byteCount: 4000,
            data: SealedSample.noise(lie.dataByteCount, seed: 5))
        let path = folder.path + "/t.tar"
        try SealedSample.write(stream, to: path)
        #expect(throws: ArchiveError.self) {
            try BundleExtractor.extract(FilePath(path), into: FilePath(folder.path + "/out"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/host17/x"))
        let (files, outcome) = try BundleSalvageTests.saved(stream, in: folder)
        #expect(files == ["y": Array("yes".utf8)])
        #expect(outcome.lost == ["host17/x"])
        #expect(!outcome.isWhole)
    }

    @Test("A size that eleven octal digits cannot hold is in the header all the same")
    func largeHeader() throws {
        let path = try MemberPath(validating: Array("host17/x".utf8), of: "test")
        let limit: Int64 = 1 << 33
        let counts: [Int64] = [512, limit - 1, limit, limit * 4096 + 7]
        for storedByteCount in counts {
            let bytes = SparseHeader.bytes(
                path: path, byteCount: 1 << 50, storedByteCount: storedByteCount,
                modifiedSeconds: 0)
            #expect(bytes.count == 3 * 512)
            let header = TarHeader(bytes.span.extracting(1024...))
            #expect(header?.kind == .file)
            #expect(header?.contentByteCount == storedByteCount)
            let extended = TarHeader(bytes.span.extracting(..<512))
            #expect(extended?.kind == .extended)
        }
    }

    @Test("A map of a million entries is refused in bounded memory")
    func endless() throws {
        let folder = try TestFolder()
        let count = 1_000_000
        let map = "\(count)\n" + (0..<count).map { "\(2 * $0)\n1\n" }.joined()
        let path = folder.path + "/t.tar"
        try SealedSample.write(
            try Self.stream(
                map: map, byteCount: 4 << 20, data: [UInt8](repeating: 1, count: count)), to: path)
        let error = #expect(throws: ArchiveError.self) { try BundleReaderTests.names(path) }
        #expect(error?.kind == .refused)
        #expect(error?.reason.contains("the headers of a member take more than") == true)
    }
}
