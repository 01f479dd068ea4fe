import DiagArchive
import DiagCodec
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

/// A bundle with a member that is compressed already: a live dump.
@Suite struct StoredMemberTests {
    /// Bytes that xz would shrink to nothing, so that storing them can be told from compressing.
    private static let dump = [UInt8](repeating: 0x5A, count: 3_000_001)

    private static func folder() throws -> TestFolder {
        let folder = try TestFolder.whole(
            extra: BundleWriterTests.large + [(Array("LiveDump.kdump".utf8), dump)])
        try folder.writeManifest { manifest in
            for index in manifest.artifacts.indices
            where manifest.artifacts[index].path == "LiveDump.kdump" {
                manifest.artifacts[index].mediaType = Artifact.kdumpMediaType
            }
        }
        return folder
    }

    @Test("It is stored between compressed members, and every reader takes the file")
    func stored() throws {
        let folder = try Self.folder()
        let sealed = try BundleWriterTests.seal(folder)
        #expect(sealed.byteCount > Int64(Self.dump.count))
        #expect(sealed.byteCount < Int64(Self.dump.count) + 2_000_000)
        // With its header and padding.
        #expect(sealed.storedByteCount - Int64(Self.dump.count) < 1024)
        #expect(try run("xz", "-t", sealed.path.string).isWell)
        let robot = try run("xz", "--robot", "--list", sealed.path.string).output
        let file = robot.split(separator: "\n").first { $0.hasPrefix("file") }
        let fields = file?.split(separator: "\t").map(String.init) ?? []
        #expect(fields.count > 6 && fields[1] == "1" && fields[6].contains("CRC64"), "\(fields)")
        let target = folder.path + "/out"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(try run("tar", "-xJf", sealed.path.string, "-C", target).output == "")
        try FileManager.default.removeItem(atPath: target + "/host17/members.index")
        #expect(try run("diff", "-r", folder.host, target + "/host17").output == "")
        let verification = try BundleVerifier.verify(sealed.path)
        #expect(verification.differences == [])
    }

    @Test("The same folder gives the same bytes")
    func stable() throws {
        let folder = try Self.folder()
        let first = try BundleWriterTests.seal(folder, "a.tar.xz")
        let second = try BundleWriterTests.seal(folder, "b.tar.xz")
        #expect(first.sha256 == second.sha256)
    }

    @Test("A file without a hash in the folder's manifest has one in the bundle's")
    func completed() throws {
        let folder = try Self.folder()
        try folder.writeManifest { manifest in
            for index in manifest.artifacts.indices
            where manifest.artifacts[index].path == "LiveDump.kdump" {
                manifest.artifacts[index].mediaType = Artifact.kdumpMediaType
                manifest.artifacts[index].sha256 = nil
            }
        }
        let own = try bytes(folder.host + "/manifest.json")
        let ofFolder = try BundleVerifier.verify(FilePath(folder.host))
        #expect(ofFolder.differences == [])
        #expect(ofFolder.unhashed == ["LiveDump.kdump"])
        let sealed = try BundleWriterTests.seal(folder)
        let ofBundle = try BundleVerifier.verify(sealed.path)
        #expect(ofBundle.differences == [])
        #expect(ofBundle.unhashed == [])
        #expect(try BundleWriterTests.seal(folder, "again.tar.xz").sha256 == sealed.sha256)
        #expect(try bytes(folder.host + "/manifest.json") == own, "the folder is left as it is")
        let target = folder.path + "/out"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(try run("tar", "-xJf", sealed.path.string, "-C", target).isWell)
        let manifest = try JSONDocument.decode(
            Manifest.self, from: try bytes(target + "/host17/manifest.json"))
        let dump = try #require(manifest.artifacts.first { $0.path == "LiveDump.kdump" })
        let told = try run("sha256sum", folder.host + "/LiveDump.kdump").output
        #expect(told.hasPrefix(try #require(dump.sha256)))
    }

    @Test("A bundle whose manifest gives no hash of a member does not verify")
    func lacking() throws {
        let folder = try Self.folder()
        let sealed = try BundleWriterTests.seal(folder)
        let target = folder.path + "/out"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(try run("tar", "-xJf", sealed.path.string, "-C", target).isWell)
        let path = target + "/host17/manifest.json"
        var manifest = try JSONDocument.decode(Manifest.self, from: try bytes(path))
        for index in manifest.artifacts.indices
        where manifest.artifacts[index].path == "LiveDump.kdump" {
            manifest.artifacts[index].sha256 = nil
        }
        try Data(try JSONDocument.encode(manifest, layout: .document))
            .write(to: URL(fileURLWithPath: path))
        let made = folder.path + "/lacking.tar.xz"
        #expect(try run("tar", "-cJf", made, "-C", target, "host17").isWell)
        let differences = try BundleVerifier.verify(FilePath(made)).differences
        #expect(
            differences.contains("LiveDump.kdump: the manifest gives no SHA-256"), "\(differences)")
    }

    @Test("A flipped byte in it is found")
    func flipped() throws {
        let folder = try Self.folder()
        let sealed = try BundleWriterTests.seal(folder)
        var content = try bytes(sealed.path.string)
        let place = try #require(
            content.indices.first { index in
                index > 1000 && content[index...].prefix(64).allSatisfy { $0 == 0x5A }
            })
        content[place + 500_000] ^= 1
        let path = FilePath(folder.path + "/flipped.tar.xz")
        try Data(content).write(to: URL(fileURLWithPath: path.string))
        #expect(try !run("xz", "-t", path.string).isWell)
        let verification = try? BundleVerifier.verify(path)
        #expect(verification?.differences != [], "an error, or a difference")
    }

    @Test("What it takes is not taken from the time for compressing; after that all is stored")
    func deadline() throws {
        let folder = try Self.folder()
        var late = BundleWriterTests.fast
        late.deadline = MonotonicTime(nanoseconds: 0)
        let sealed = try BundleWriterTests.seal(folder, options: late)
        #expect(sealed.storedByteCount > Int64(Self.dump.count) + 2_000_000)
        #expect(try run("xz", "-t", sealed.path.string).isWell)
        #expect(try BundleVerifier.verify(sealed.path).differences == [])
    }
}
