import DiagCodec
import DiagModel
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct VolumeSetTests {
    @Test(
        "A set is read as the bundle, by any of its names",
        arguments: BlockFormat.allCases, [Int64(1_000_003), 77_777])
    func read(format: BlockFormat, byteCount: Int64) throws {
        let folder = try VolumeSample.folder()
        let whole = try VolumeSample.seal(folder, format, byteCount: nil, name: "whole").path
        let split = try VolumeSample.seal(folder, format, byteCount: byteCount)
        let expected = try bytes(whole.string)
        let contents = try SealedSample.indexed(whole.string)
        let volumes = [split.volumes[0], split.volumes[4], split.volumes[split.volumes.count - 1]]
        for path in [split.path] + volumes.map(\.path) {
            let file = try InputFile(path)
            #expect(file.object == split.path.string)
            #expect(file.byteCount == Int64(expected.count))
            #expect(file.holes == [] && file.faults == [])
            #expect(try SealedSample.indexed(path.string) == contents)
            #expect(try BundleVerifier.verify(path).differences == [])
        }
        // Ranges around each border, and over several volumes.
        let file = try InputFile(split.path)
        for border in stride(from: byteCount, to: Int64(expected.count), by: Int(byteCount)) {
            let start = Int(max(0, border - 100))
            for count in [99, 100, 101, 200, 1_500_000] {
                let end = min(expected.count, start + count)
                #expect(
                    try file.bytes(at: Int64(start), count: count) == Array(expected[start..<end]))
            }
        }
        var listed = [String]()
        try BundleListing.forEach(in: split.path) { entry throws(ArchiveError) in
            listed.append(entry.path.text)
        }
        #expect(listed.count == contents?.count)
        let out = folder.path + "/out"
        let extraction = try BundleExtractor.extract(split.path, into: FilePath(out))
        #expect(extraction.fileCount == contents?.count)
        #expect(try SealedSample.files(below: out + "/host17") == contents)
    }

    @Test(
        "A volume that is missing, cut, doubled or swapped is named",
        arguments: BlockFormat.allCases, VolumeSample.Accident.allCases)
    func accident(format: BlockFormat, accident: VolumeSample.Accident) throws {
        let folder = try VolumeSample.folder()
        let count = try VolumeSample.seal(folder, format).volumes.count
        let number = try accident.happen(to: folder, count: count)
        let culprit = VolumeSample.volume(number, in: folder)
        for path in [folder.path + "/host17.tar", VolumeSample.volume(4, in: folder)] {
            let error = #expect(throws: ArchiveError.self) { try InputFile(FilePath(path)) }
            #expect(error?.kind == .invalid)
            #expect(error?.object == culprit)
            #expect(
                error?.reason.contains(accident.words(count: count)) == true,
                "\(error?.reason ?? "")")
            let differences = try BundleVerifier.verify(FilePath(path)).differences
            #expect(differences.contains { $0.contains(culprit) }, "\(differences)")
        }
    }

    @Test(
        "What is in the other volumes is saved",
        arguments: BlockFormat.allCases, VolumeSample.Accident.allCases)
    func salvage(format: BlockFormat, accident: VolumeSample.Accident) throws {
        let folder = try VolumeSample.folder()
        let expected = try SealedSample.files(below: folder.host)
        let count = try VolumeSample.seal(folder, format).volumes.count
        let number = try accident.happen(to: folder, count: count)
        let out = folder.path + "/saved"
        let outcome = try BundleSalvage.salvage(
            FilePath(folder.path + "/host17.tar"), into: FilePath(out))
        #expect(!outcome.isWhole)
        #expect(
            outcome.damage.contains { $0.contains(VolumeSample.volume(number, in: folder)) },
            "\(outcome.damage)")
        let files = try SealedSample.files(below: out + "/host17")
        for (name, content) in files where outcome.isChecked {
            #expect(content == expected[name], "\(name)")
        }
        // Each volume touches five members of 300,000 bytes at most; the small ones may all lie in
        // one block.
        let noise = files.keys.count { $0.contains("noise") }
        #expect(noise >= 25 - 5 * accident.hitCount, "\(noise) of 25, \(outcome.damage)")
    }

    @Test("Of the last volume alone, and of one alone between, what is whole is saved")
    func alone() throws {
        for format in BlockFormat.allCases {
            let folder = try VolumeSample.folder()
            let volumes = try VolumeSample.seal(folder, format).volumes
            let expected = try SealedSample.files(below: folder.host)
            for number in [volumes.count, 3] {
                let alone = folder.path + "/alone-\(number)"
                try FileManager.default.createDirectory(
                    atPath: alone, withIntermediateDirectories: false)
                let path = alone + "/b." + VolumeName.digits(number, count: 3)
                try SealedSample.write(bytes(volumes[number - 1].path.string), to: path)
                #expect(throws: ArchiveError.self) { try InputFile(FilePath(path)) }
                let outcome = try BundleSalvage.salvage(
                    FilePath(path), into: FilePath(alone + "/out"))
                #expect(outcome.fileCount > 0, "\(format), volume \(number): \(outcome.damage)")
                let files = try SealedSample.files(below: alone + "/out/host17")
                for (name, content) in files { #expect(content == expected[name], "\(name)") }
            }
        }
    }

    @Test("One damaged header is no matter of a volume, and the error names where it is")
    func damage() throws {
        let folder = try VolumeSample.folder()
        let volumes = try VolumeSample.seal(folder, .xz).volumes
        let file = try InputFile(volumes[0].path)
        let table = try #require(try BlockTable.read(file.blockSource))
        let block = try #require(
            (0..<table.count).map { table[$0] }.first { $0.offset > VolumeSample.byteCount * 3 })
        let path = volumes[3].path.string
        var content = try bytes(path)
        content[Int(block.offset - VolumeSample.byteCount * 3) + 4] ^= 0xFF
        try SealedSample.write(content, to: path)
        let error = #expect(throws: ArchiveError.self) { try SealedSample.indexed(path) }
        #expect(
            error?.object.contains("host17.tar, volume 4") == true,
            "\(String(describing: error))")
    }

    @Test("A file with a number in its name is read alone where it is no volume")
    func alien() throws {
        let folder = try SealedSample.small()
        let whole = try bytes(SealedSample.seal(folder, .xz))
        let contents = try SealedSample.indexed(folder.path + "/host17.xz")
        for name in ["case.4711", "case.123", "other.001"] {
            let path = folder.path + "/" + name
            try SealedSample.write(whole, to: path)
            #expect(try SealedSample.indexed(path) == contents, "\(name)")
        }
        // The name of the whole is that of the file where there is one.
        try SealedSample.write([1, 2, 3], to: folder.path + "/host17.xz.002")
        #expect(try SealedSample.indexed(folder.path + "/host17.xz") == contents)
        let error = #expect(throws: ArchiveError.self) {
            try InputFile(FilePath(folder.path + "/nothing"))
        }
        #expect(error?.errno == .noSuchFileOrDirectory)
        // A set of three digits and one of four.
        try SealedSample.write(whole, to: folder.path + "/twice.001")
        try SealedSample.write(whole, to: folder.path + "/twice.0001")
        #expect(throws: ArchiveError.self) { try InputFile(FilePath(folder.path + "/twice")) }
        #expect(try SealedSample.indexed(folder.path + "/twice.0001") == contents)
    }

    @Test("A name that is not UTF-8 has volumes, too")
    func rawName() throws {
        let folder = try SealedSample.small()
        let whole = try bytes(SealedSample.seal(folder, .xz))
        let half = whole.count / 2 + 1
        for (number, part) in [whole[..<half], whole[half...]].enumerated() {
            let name = Array((folder.path + "/h").utf8) + [0xFF] + Array(".00\(number + 1)".utf8)
            let path = FilePath(platformString: name.map { CChar(bitPattern: $0) } + [0])
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create], permissions: [.ownerReadWrite])
            defer { try? file.close() }
            try file.writeAll(part)
        }
        let name = Array((folder.path + "/h").utf8) + [0xFF, 0]
        let file = try InputFile(
            FilePath(platformString: name.map { CChar(bitPattern: $0) }))
        #expect(try file.bytes(at: 0, count: whole.count) == whole)
    }
}
