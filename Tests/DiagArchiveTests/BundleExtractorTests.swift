import DiagArchive
import Foundation
import SystemPackage
import Testing

@Suite struct BundleExtractorTests {
    @Test("Everything is unpacked as it was sealed, with modes for the owner alone")
    func all() throws {
        let folder = try TestFolder.whole()
        let sealed = try BundleWriterTests.seal(folder)
        let out = folder.path + "/out"
        let extraction = try BundleExtractor.extract(sealed.path, into: FilePath(out))
        #expect(extraction.fileCount == folder.artifacts.count + 1)
        #expect(try run("diff", "-r", folder.host, out + "/host17").output == "")
        #expect(try run("find", out, "-type", "f", "!", "-perm", "600").output == "")
        #expect(try run("find", out + "/host17", "-type", "d", "!", "-perm", "700").output == "")
        #expect(try BundleVerifierTests.differences(out + "/host17") == [])
    }

    @Test("Single files and directories are found with and without the top folder")
    func some() throws {
        let folder = try TestFolder.whole()
        let sealed = try BundleWriterTests.seal(folder)
        let out = folder.path + "/out"
        let extraction = try BundleExtractor.extract(
            sealed.path, into: FilePath(out),
            wanted: ["summary.txt", "host17/storage", "nowhere", "storag"])
        #expect(extraction.notFound == ["nowhere", "storag"])
        #expect(extraction.fileCount == 2)
        #expect(
            try run("sh", "-c", "cd '\(out)' && find . -type f | sort").output
                == "./host17/storage/topology.json\n./host17/summary.txt\n")
    }

    @Test("A file that is there is kept, unless it is asked to be replaced")
    func existing() throws {
        let folder = try TestFolder.whole()
        let sealed = try BundleWriterTests.seal(folder)
        let out = folder.path + "/out"
        try FileManager.default.createDirectory(
            atPath: out + "/host17", withIntermediateDirectories: true)
        let file = out + "/host17/summary.txt"
        try FileManager.default.createSymbolicLink(
            atPath: file, withDestinationPath: folder.path + "/elsewhere")
        let error = #expect(throws: ArchiveError.self) {
            try BundleExtractor.extract(sealed.path, into: FilePath(out), wanted: ["summary.txt"])
        }
        #expect(error?.errno == .fileExists)
        _ = try BundleExtractor.extract(
            sealed.path, into: FilePath(out), wanted: ["summary.txt"], replacesFiles: true)
        #expect(try bytes(file) == Array("all is well\n".utf8))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/elsewhere"))
    }

    @Test("A link in the target folder is not followed")
    func linkedTarget() throws {
        let folder = try TestFolder.whole()
        let sealed = try BundleWriterTests.seal(folder)
        let out = folder.path + "/out"
        let elsewhere = folder.path + "/elsewhere"
        for path in [out, elsewhere] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(
            atPath: out + "/host17", withDestinationPath: elsewhere)
        let error = #expect(throws: ArchiveError.self) {
            try BundleExtractor.extract(sealed.path, into: FilePath(out))
        }
        #expect(error?.kind == .cannotCreate)
        #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere) == [])
    }

    @Test("One member is given whole; one that is not there is told")
    func content() throws {
        let folder = try TestFolder.whole(extra: BundleWriterTests.large)
        let sealed = try BundleWriterTests.seal(folder)
        func read(_ name: String) throws -> [UInt8]? {
            var content = [UInt8]()
            let isFound = try BundleExtractor.content(of: name, in: sealed.path) { part in
                unsafe part.withUnsafeBufferPointer { unsafe content.append(contentsOf: $0) }
            }
            return isFound ? content : nil
        }
        #expect(try read("logs/large.txt") == BundleWriterTests.large[0].bytes)
        #expect(try read("host17/summary.txt") == Array("all is well\n".utf8))
        #expect(try read(#"logs/\xFF\\\xFE"#) == Array("not UTF-8".utf8))
        #expect(try read("logs/empty.txt") == [])
        #expect(try read("logs") == nil)
    }

    @Test("The file that cannot be finished is removed")
    func damaged() throws {
        let folder = try TestFolder.whole(extra: BundleWriterTests.large)
        let sealed = try BundleWriterTests.seal(folder)
        let whole = try bytes(sealed.path.string)
        let path = folder.path + "/cut.tar.xz"
        try Data(whole[..<(whole.count / 2)]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArchiveError.self) {
            try BundleExtractor.extract(FilePath(path), into: FilePath(folder.path + "/out"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/host17/logs/large.txt"))
    }
}
