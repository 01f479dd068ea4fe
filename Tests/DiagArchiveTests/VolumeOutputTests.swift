import DiagCodec
import DiagDigest
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct VolumeOutputTests {
    static func names(in folder: TestFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0 != "host17" }
    }

    @Test(
        "Joined, the volumes are the bundle that is written without them",
        arguments: BlockFormat.allCases, [Int64(1_000_003), 333_333])
    func joined(format: BlockFormat, byteCount: Int64) throws {
        let folder = try VolumeSample.folder()
        let whole = try VolumeSample.seal(folder, format, byteCount: nil, name: "whole")
        #expect(whole.volumes == [])
        let split = try VolumeSample.seal(folder, format, byteCount: byteCount)
        let expected = try bytes(whole.path.string)
        let parts = try split.volumes.map { try bytes($0.path.string) }
        #expect(Array(parts.joined()) == expected)
        #expect(split.sha256 == whole.sha256)
        #expect(split.byteCount == whole.byteCount)
        #expect(split.volumes.map(\.byteCount) == parts.map { Int64($0.count) })
        #expect(
            split.volumes.map(\.sha256) == parts.map { SHA256.digest(of: $0).hexadecimal })
        #expect(split.volumes.dropLast().allSatisfy { $0.byteCount == byteCount })
        #expect(try #require(split.volumes.last).byteCount <= byteCount)
        #expect(
            try Self.names(in: folder)
                == split.volumes.map { $0.path.lastComponent?.string ?? "" } + ["whole"])
        #expect(split.volumes[1].path.string == folder.path + "/host17.tar.002")
    }

    @Test("A bundle of just one size has one volume, and one byte more makes a second")
    func border() throws {
        let folder = try SealedSample.small()
        let whole = try VolumeSample.seal(folder, .xz, byteCount: nil, name: "whole")
        for (byteCount, count) in [(whole.byteCount, 1), (whole.byteCount - 1, 2)] {
            let split = try VolumeSample.seal(folder, .xz, byteCount: byteCount)
            #expect(split.volumes.count == count)
            #expect(try Self.names(in: folder).count == count + 1)
        }
    }

    @Test("From 1,000 volumes on numbers have four digits, and all are read")
    func fourDigits() throws {
        let folder = try SealedSample.small()
        let whole = try VolumeSample.seal(folder, .none, byteCount: nil, name: "whole")
        let split = try VolumeSample.seal(folder, .none, byteCount: whole.byteCount / 1000)
        #expect(split.volumes.count >= 1000)
        let names = try Self.names(in: folder).dropLast()
        #expect(names.first == "host17.tar.0001")
        // The order of the shell's glob in the locale C is that of the volumes.
        #expect(names.map { $0 } == split.volumes.map { $0.path.lastComponent?.string ?? "" })
        let joined = try split.volumes.flatMap { try bytes($0.path.string) }
        #expect(joined == (try bytes(whole.path.string)))
        let found = try SealedSample.indexed(split.volumes[500].path.string)
        #expect(found == (try SealedSample.indexed(whole.path.string)))
    }

    @Test("Volumes of an older bundle go, and nothing else with its name")
    func older() throws {
        let folder = try VolumeSample.folder()
        _ = try VolumeSample.seal(folder, .none, byteCount: 400_000)
        let others = ["host17.tar", "host17.tar.sha256", "host17.tar.01", "host17.tar.000"]
        for name in others { try SealedSample.write([1], to: folder.path + "/" + name) }
        // Of an older set with four digits, and of a run that was killed.
        for name in ["host17.tar.0002", ".host17.tar.0007.partial", ".host17.tar.partial"] {
            try SealedSample.write([1], to: folder.path + "/" + name)
        }
        let split = try VolumeSample.seal(folder, .none)
        #expect(
            try Self.names(in: folder)
                == (split.volumes.map { $0.path.lastComponent?.string ?? "" } + others).sorted())
        #expect(try BundleVerifier.verify(split.volumes[0].path).differences == [])
    }

    @Test("A folder or a link with the name of a volume is not replaced", arguments: [false, true])
    func obstacle(isLink: Bool) throws {
        let folder = try SealedSample.small()
        let place = folder.path + "/host17.tar.007"
        if isLink {
            try FileManager.default.createSymbolicLink(
                atPath: place, withDestinationPath: "/dev/null")
        } else {
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: false)
        }
        let error = #expect(throws: ArchiveError.self) { try VolumeSample.seal(folder, .xz) }
        #expect(error?.kind == .cannotCreate)
        #expect(error?.object == place)
        #expect(error?.reason.contains(isLink ? "symbolic link" : "directory") == true)
        #expect(try Self.names(in: folder) == ["host17.tar.007"])
    }

    @Test("A cancelled sealing leaves the older volumes, and nothing of its own")
    func cancelled() throws {
        let folder = try VolumeSample.folder()
        let old = try VolumeSample.seal(folder, .none)
        var asked = 0
        let error = #expect(throws: ArchiveError.self) {
            try BundleWriter.seal(
                folder: FilePath(folder.host), topName: "host17",
                as: FilePath(folder.path + "/host17.tar"),
                options: BundleOptions(format: .none, threadCount: 2, volumeByteCount: 100_000),
                isCancelled: {
                    asked += 1
                    return asked > 20
                })
        }
        #expect(error?.kind == .cancelled)
        #expect(try Self.names(in: folder).count == old.volumes.count)
        #expect(try BundleVerifier.verify(old.volumes[0].path).differences == [])
    }

    @Test("Too many volumes are refused with a size that is enough")
    func tooMany() throws {
        let folder = try TestFolder()
        let output = try VolumeOutput.create(
            FilePath(folder.path + "/b"), volumeByteCount: 10, mostByteCount: 81,
            greatestCount: 4)
        try output.write([UInt8](repeating: 1, count: 40))
        let error = #expect(throws: ArchiveError.self) { try output.write([1]) }
        #expect(error?.kind == .cannotCreate)
        #expect(error?.reason.contains("21 bytes are sure to be enough") == true)
        output.discard()
        #expect(try Self.names(in: folder) == [])
        #expect(throws: ArchiveError.self) { try output.write([1]) }
        #expect(throws: ArchiveError.self) { try output.commit() }
        #expect(try Self.names(in: folder) == [])
    }

    @Test(
        "A name is that of a volume when it ends with three or four digits, and not with zeros",
        arguments: [
            ("a.tar.xz.001", 1, 3), ("a.tar.xz.999", 999, 3), ("a.0012", 12, 4),
            ("a.001.002", 2, 3),
        ])
    func name(text: String, number: Int, digitCount: Int) throws {
        let name = try #require(VolumeName(Array(text.utf8)))
        #expect(name.number == number)
        #expect(name.digitCount == digitCount)
        #expect(name.bytes == Array(text.utf8))
    }

    @Test(
        "Other names are no volume's",
        arguments: ["a.tar.xz", "a.01", "a.00001", "a.000", "a.12x", "001", ".001", "a.", ""])
    func noName(text: String) {
        #expect(VolumeName(Array(text.utf8)) == nil)
    }
}
