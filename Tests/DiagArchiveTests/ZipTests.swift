import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct ZipTests {
    static func seal(_ folder: TestFolder, _ options: BundleOptions) throws -> SealedBundle {
        try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/b.zip"), options: options)
    }

    @Test("A zip holds what was sealed, whatever the names, and verifies", arguments: [1, 3])
    func roundTrip(threadCount: Int) throws {
        let folder = try TestFolder.whole(
            extra: BundleWriterTests.large + [
                (Array("logs/noise.bin".utf8), SealedSample.noise(3_000_000, seed: 1))
            ])
        let sealed = try Self.seal(folder, .init(container: .zip, threadCount: threadCount))
        #expect(sealed.storedByteCount >= 3_000_000)
        #expect(try BundleVerifierTests.differences(sealed.path.string) == [])
        let out = folder.path + "/out"
        _ = try BundleExtractor.extract(sealed.path, into: FilePath(out))
        #expect(
            try SealedSample.files(below: out + "/host17")
                == SealedSample.files(below: folder.host))
        #expect(try run("unzip", "-tq", sealed.path.string).isWell)
    }

    @Test("The same folder gives the same zip, at any number of threads")
    func same() throws {
        let folder = try TestFolder.whole(extra: BundleWriterTests.large)
        let hashes = try [1, 2, 7].map {
            try Self.seal(folder, .init(container: .zip, threadCount: $0)).sha256
        }
        #expect(Set(hashes).count == 1)
    }

    @Test("A file that is not as the manifest says is an error, also when it is read twice")
    func changed() throws {
        let folder = try TestFolder.whole(extra: [
            (Array("logs/noise.bin".utf8), SealedSample.noise(3_000_000, seed: 1))
        ])
        try folder.write(Array("logs/noise.bin".utf8), SealedSample.noise(3_000_000, seed: 2))
        let error = #expect(throws: ArchiveError.self) {
            try Self.seal(folder, .init(container: .zip))
        }
        #expect(error?.reason.contains("the manifest says") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/b.zip"))
    }

    @Test("Little memory lowers the threads, and says so")
    func memory() throws {
        let options = BundleOptions(container: .zip, threadCount: 8, memoryByteLimit: 24 << 20)
        let effect = try #require(options.effect)
        #expect(effect.threadCount < 8)
        #expect(effect.lowered.count == 1)
        #expect(BundleOptions(container: .zip, memoryByteLimit: 1 << 20).effect == nil)
    }

    static func entry(_ byteCount: Int64, at seconds: Int64 = 0) -> ZipEntry {
        ZipEntry(
            name: Array("a".utf8), isDirectory: false, byteCount: byteCount,
            storedByteCount: byteCount, modifiedSeconds: seconds)
    }

    @Test(
        "Times are those of MS-DOS, in UTC",
        arguments: [
            (0, [0, 0, 0x21, 0]),  // 1980-01-01, the first there is
            (315_532_800, [0, 0, 0x21, 0]),
            (951_782_399, [0x7D, 0xBF, 0x5C, 0x28]),  // 2000-02-28 23:59:59
            (951_827_696, [0x5C, 0x64, 0x5D, 0x28]),  // 2000-02-29 12:34:56
            (1_700_000_001, [0xAA, 0xB1, 0x6E, 0x57]),  // 2023-11-14 22:13:21
            (1 << 40, [0x7D, 0xBF, 0x9F, 0xFF]),  // 2107-12-31 23:59:58, the last there is
        ] as [(Int64, [UInt8])])
    func times(seconds: Int64, expected: [UInt8]) {
        let header = ZipFormat.localHeader(of: Self.entry(1, at: seconds))
        #expect(Array(header[10..<14]) == expected)
    }

    @Test("Sizes of eight bytes stand where four are too few, and nowhere else")
    func large() {
        let limit: Int64 = 0xFFFF_FFFF
        #expect(ZipFormat.localHeader(of: Self.entry(limit - 1)).count == 30 + 1 + 9)
        #expect(ZipFormat.localHeader(of: Self.entry(limit)).count == 30 + 1 + 20 + 9)
        #expect(ZipFormat.record(of: Self.entry(limit - 1)).count == 46 + 1 + 9)
        #expect(ZipFormat.record(of: Self.entry(limit)).count == 46 + 1 + 20 + 9)
        var far = Self.entry(1)
        far.headerOffset = limit
        #expect(ZipFormat.record(of: far).count == 46 + 1 + 12 + 9)
        var deflated = Self.entry(limit - 1000)
        deflated.hasDescriptor = true
        // Deflate may make it longer than that, and the header is written before.
        #expect(ZipFormat.dataDescriptor(of: deflated).count == 24)
        #expect(ZipFormat.dataDescriptor(of: Self.entry(1000)).count == 16)
        #expect(ZipFormat.end(count: 65_534, byteCount: 1, offset: 1).count == 22)
        #expect(ZipFormat.end(count: 65_535, byteCount: 1, offset: 1).count == 22 + 76)
        #expect(ZipFormat.end(count: 1, byteCount: 1, offset: limit).count == 22 + 76)
    }
}
