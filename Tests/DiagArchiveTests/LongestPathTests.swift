import DiagCodec
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

/// Paths as long and as deep as a host folder may have them.
@Suite struct LongestPathTests {
    /// 4,096 bytes in components of 255.
    private static let long = Array(
        ([String](repeating: String(repeating: "n", count: 255), count: 15)
            + [String(repeating: "m", count: 254), "x"]).joined(separator: "/").utf8)
    /// 64 components.
    private static let deep = Array(
        ((1...63).map { "d\($0)" } + ["file"]).joined(separator: "/").utf8)

    private static func folder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.add(Array("summary.txt".utf8), Array("all is well\n".utf8))
        try folder.add(long, Array("long".utf8))
        try folder.add(deep, Array("deep".utf8))
        try folder.add(Array("logs/one\ntwo".utf8), Array("two lines".utf8))
        try folder.writeManifest()
        return folder
    }

    @Test("What was sealed is read back in every way", arguments: BlockFormat.allCases)
    func readBack(format: BlockFormat) throws {
        #expect(Self.long.count == 4096)
        let folder = try Self.folder()
        // Foundation does not remove what it cannot name.
        defer { _ = try? run("rm", "-rf", folder.path) }
        let path = FilePath(try SealedSample.seal(folder, format))
        // The folder has no findings; all else is as the manifest says.
        let told = try BundleVerifier.verify(path).differences
        #expect(told == (try BundleVerifier.verify(FilePath(folder.host)).differences))
        #expect(!told.contains { $0.contains("its name") })
        for (name, expected) in [(Self.long, "long"), (Self.deep, "deep")] {
            let text = String(decoding: name, as: UTF8.self)
            for spelling in [text, "host17/" + text] {
                var content = [UInt8]()
                let isFound = try BundleExtractor.content(of: spelling, in: path) {
                    part throws(ArchiveError) in content.append(copying: part)
                }
                #expect(isFound && content == Array(expected.utf8), "\(spelling.count) bytes")
            }
        }
        let all = folder.path + "/all"
        #expect(try BundleExtractor.extract(path, into: FilePath(all)).fileCount == 5)
        #expect(try BundleVerifier.verify(FilePath(all + "/host17")).differences == told)
        let some = folder.path + "/some"
        let wanted = ["host17/" + String(decoding: Self.long, as: UTF8.self), "d1"]
        let extraction = try BundleExtractor.extract(path, into: FilePath(some), wanted: wanted)
        #expect(extraction.fileCount == 2 && extraction.notFound == [])
        let saved = try BundleSalvage.salvage(path, into: FilePath(folder.path + "/saved"))
        #expect(saved.isWhole && saved.fileCount == 5, "\(saved)")
    }

    @Test("What is longer or deeper is refused before anything is written")
    func tooLong() throws {
        for name in [Self.long + [0x78], Array("top/".utf8) + Self.deep] {
            let folder = try TestFolder()
            try folder.add(name, [1])
            try folder.writeManifest()
            defer { _ = try? run("rm", "-rf", folder.path) }
            let error = #expect(throws: ArchiveError.self) { try SealedSample.seal(folder) }
            #expect(error?.kind == .refused)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["host17"])
        }
    }
}
