import DiagDigest
import DiagSystem
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

/// The real programs are run end to end; here a shell does what one of them might.
@Suite("Bundles through a program")
struct BundleEncryptionTests {
    private static let shell = InstalledTool.find("sh", searchPath: "/usr/bin:/bin")

    private func seal(
        _ folder: TestFolder, through script: String? = nil, signing: String? = nil,
        volumeByteCount: Int64? = nil
    ) throws -> SealedBundle {
        let shell = try #require(Self.shell)
        var options = BundleOptions(threadCount: 2, volumeByteCount: volumeByteCount)
        options.encryption = script.map {
            BundleEncryption(
                cipher: .age, recipients: ["somebody"], tool: shell, arguments: ["-c", $0])
        }
        options.signing = signing.map {
            BundleSigning(method: .ssh, key: "key", tool: shell, arguments: ["-c", $0])
        }
        return try BundleWriter.seal(
            folder: FilePath(folder.host), topName: "host17",
            as: FilePath(folder.path + "/b.tar.xz"), options: options)
    }

    private func failure(
        _ folder: TestFolder, through script: String? = nil, signing: String? = nil
    ) throws -> ArchiveError {
        let error = #expect(throws: ArchiveError.self) {
            try seal(folder, through: script, signing: signing)
        }
        // Neither a bundle nor a part of one.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["host17"])
        return try #require(error)
    }

    @Test("The file is what the program makes of the bundle, and its hash and size are told")
    func through() throws {
        let folder = try SealedSample.large()
        let plain = try seal(folder)
        let plainBytes = try bytes(plain.path.string)
        let sealed = try seal(folder, through: "printf head; cat")
        let content = try bytes(sealed.path.string)
        #expect(content == Array("head".utf8) + plainBytes)
        #expect(sealed.sha256 == SHA256.digest(of: content).hexadecimal)
        #expect(sealed.byteCount == Int64(content.count))
    }

    @Test(
        "A program that does not end well leaves nothing",
        arguments: [
            ("cat >/dev/null; printf half; exit 7", "exit code 7"),
            (
                "head -c 10 >/dev/null; printf half; echo 'age: error: no luck' >&2; exit 1",
                "no luck"
            ),
            ("head -c 1000000 >/dev/null; printf half; kill -9 $$", "signal 9"),
            ("cat; kill -9 $$", "signal 9"), ("exit 0", "exit code 0"),
            ("cat >/dev/null", "exit code 0"),
        ])
    func ended(script: String, reason: String) throws {
        let error = try failure(try SealedSample.large(), through: script)
        #expect(error.kind == .inputOutput)
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test("The signature is of the bytes that were written, and stands beside them")
    func signed() throws {
        let folder = try SealedSample.small()
        let sealed = try seal(folder, through: "printf head; cat", signing: "sha256sum")
        let signature = try #require(sealed.signature)
        #expect(signature == FilePath(folder.path + "/b.tar.xz.sig"))
        #expect(
            String(decoding: try bytes(signature.string), as: UTF8.self)
                == "\(sealed.sha256)  -\n")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == ["b.tar.xz", "b.tar.xz.sig", "host17"])
    }

    @Test("What the program makes is split, and the signature is of the volumes joined")
    func volumes() throws {
        let folder = try SealedSample.large()
        let plain = try seal(folder)
        let content = Array("head".utf8) + (try bytes(plain.path.string))
        let byteCount = Int64(content.count / 3)
        try FileManager.default.removeItem(atPath: plain.path.string)
        let sealed = try seal(
            folder, through: "printf head; cat", signing: "sha256sum", volumeByteCount: byteCount)
        #expect(try sealed.volumes.flatMap { try bytes($0.path.string) } == content)
        #expect(sealed.volumes.dropLast().allSatisfy { $0.byteCount == byteCount })
        #expect(sealed.volumes.count == (content.count % 3 == 0 ? 3 : 4))
        #expect(sealed.byteCount == Int64(content.count))
        #expect(sealed.sha256 == SHA256.digest(of: content).hexadecimal)
        let signature = try #require(sealed.signature)
        #expect(signature == FilePath(folder.path + "/b.tar.xz.sig"))
        #expect(
            String(decoding: try bytes(signature.string), as: UTF8.self)
                == "\(sealed.sha256)  -\n")
        let names = sealed.volumes.compactMap { $0.path.lastComponent?.string }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == (names + ["b.tar.xz.sig", "host17"]).sorted())
    }

    @Test(
        "A bundle that is begun while collectors run is encrypted, split and signed, too",
        arguments: [false, true])
    func streamed(isGivenUp: Bool) throws {
        let folder = try BundleStreamTests.folder()
        let shell = try #require(Self.shell)
        let plain = try BundleWriterTests.seal(folder, "plain")
        let content = Array("age-encryption.org/v1\n".utf8) + (try bytes(plain.path.string))
        var options = BundleWriterTests.fast
        options.volumeByteCount = 2_000_000
        options.encryption = BundleEncryption(
            cipher: .age, recipients: ["somebody"], tool: shell,
            arguments: ["-c", "echo age-encryption.org/v1; cat"])
        options.signing = BundleSigning(
            method: .ssh, key: "key", tool: shell, arguments: ["-c", "sha256sum"])
        let stream = try BundleStreamTests.start(folder, options)
        BundleStreamTests.end(BundleStreamTests.order, of: folder, in: stream)
        if isGivenUp { stream.giveUp() }
        let sealed = try BundleStreamTests.finish(stream)
        #expect(try sealed.volumes.flatMap { try bytes($0.path.string) } == content)
        #expect(sealed.sha256 == SHA256.digest(of: content).hexadecimal)
        #expect(try sealed.differenceOnDisk() == nil)
        let signature = try #require(sealed.signature)
        #expect(signature == FilePath(folder.path + "/streamed.sig"))
        #expect(
            String(decoding: try bytes(signature.string), as: UTF8.self)
                == "\(sealed.sha256)  -\n")
        let names = sealed.volumes.compactMap { $0.path.lastComponent?.string }
        #expect(
            try BundleStreamTests.names(folder)
                == (names + ["host17", "plain", "streamed.sig"]).sorted())
        let last = try #require(sealed.volumes.last).path.string
        var changed = try bytes(last)
        changed[changed.count / 2] ^= 1
        try SealedSample.write(changed, to: last)
        #expect(try sealed.differenceOnDisk() != nil)
    }

    @Test("A program that dies while collectors run leaves nothing, and the error is told")
    func streamedThroughWhatDies() throws {
        let folder = try BundleStreamTests.folder()
        var options = BundleWriterTests.fast
        options.encryption = BundleEncryption(
            cipher: .age, recipients: ["somebody"], tool: try #require(Self.shell),
            arguments: ["-c", "head -c 10 >/dev/null; echo 'age: error: no luck' >&2; exit 1"])
        let stream = try BundleStreamTests.start(folder, options)
        BundleStreamTests.end(BundleStreamTests.order, of: folder, in: stream)
        let error = #expect(throws: ArchiveError.self) { try BundleStreamTests.finish(stream) }
        #expect(error?.reason.contains("no luck") == true)
        #expect(try BundleStreamTests.names(folder) == ["host17"])
    }

    @Test("Volumes of an encrypted bundle are not looked into, and it is known by its beginning")
    func volumesRead() throws {
        let folder = try TestFolder()
        let content =
            Array("age-encryption.org/v1\n".utf8) + SealedSample.noise(5000, seed: 3)
            + [0x59, 0x5A]  // As xz ends.
        for (number, start) in stride(from: 0, to: content.count, by: 10).enumerated() {
            try SealedSample.write(
                Array(content[start..<min(start + 10, content.count)]),
                to: folder.path + "/b.age." + VolumeName.digits(number + 1, count: 3))
        }
        let file = try InputFile(FilePath(folder.path + "/b.age.007"))
        #expect(file.cipher == .age && file.path == FilePath(folder.path + "/b.age"))
        #expect(file.byteCount == Int64(content.count))
        try FileManager.default.removeItem(atPath: folder.path + "/b.age.001")
        let error = #expect(throws: ArchiveError.self) {
            try InputFile(FilePath(folder.path + "/b.age.007"))
        }
        #expect(error?.reason.contains("volume 1 of the set is missing") == true)
        let salvaged = try InputFile(FilePath(folder.path + "/b.age"), isSalvaged: true)
        #expect(salvaged.cipher == nil && !salvaged.faults.isEmpty)
    }

    @Test(
        "A key that does not sign leaves nothing",
        arguments: [
            ("cat >/dev/null; echo no agent >&2; exit 1", "no agent"), ("exit 0", "exit code 0"),
            ("cat >/dev/null", "exit code 0"), ("echo early; exit 3", "exit code 3"),
            ("cat >/dev/null; head -c 200000 /dev/zero", "did not end"),
        ])
    func unsigned(script: String, reason: String) throws {
        let error = try failure(try SealedSample.small(), signing: script)
        #expect(error.kind == .inputOutput && error.operation == "sign")
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test("What was changed since it was written is not signed")
    func changed() throws {
        let shell = try #require(Self.shell)
        let signing = BundleSigning(
            method: .ssh, key: "key", tool: shell, arguments: ["-c", "cat"])
        let sha256 = SHA256.digest(of: Array("written".utf8)).hexadecimal
        let error = #expect(throws: ArchiveError.self) {
            try signing.signature(of: "b", sha256: sha256) { take throws(ArchiveError) in
                try take(Array("changed".utf8).span)
            }
        }
        #expect(error?.reason.contains("somebody changed it") == true)
    }

    // MARK: - Reading

    private func input(
        _ script: String, _ cipher: BundleCipher, of content: [UInt8]
    ) throws -> DecryptedInput {
        let folder = try TestFolder()
        let path = folder.path + "/encrypted"
        try SealedSample.write(content, to: path)
        return try DecryptedInput(
            InputFile(FilePath(path)),
            DecryptionKeys.Program(
                cipher: cipher, tool: try #require(Self.shell), arguments: ["-c", script]))
    }

    private func readAll(_ input: DecryptedInput) throws -> [UInt8] {
        var content = [UInt8]()
        while true {
            let count = try input.fill()
            guard count > 0 else { return content }
            content += input.buffer[..<count]
        }
    }

    @Test(
        "What was looked at first comes again, and all is counted", arguments: [0, 1, 13, 600_000])
    func lookedAt(count: Int) throws {
        let content = SealedSample.noise(1_500_000, seed: 5)
        let whole = try input("cat", .age, of: content)
        #expect(try whole.firstBytes(count) == Array(content.prefix(count)))
        #expect(try readAll(whole) == content)
        #expect(try whole.totalByteCount() == 1_500_000)
        let rest = try input("cat", .age, of: content)
        _ = try rest.firstBytes(count)
        #expect(try rest.totalByteCount() == 1_500_000)
    }

    @Test(
        "A program that does not end well is an error in the place of the end",
        arguments: [
            (
                "cat; echo 'age: error: failed to decrypt' >&2; exit 1", BundleCipher.age,
                ArchiveError.Kind.invalid, "failed to decrypt"
            ),
            ("cat; kill -9 $$", .age, .invalid, "signal 9"),
            (
                "echo 'age: error: no identity matched any of the recipients' >&2; exit 1", .age,
                .locked, "no identity matched"
            ),
            ("cat", .gpg, .invalid, "exit code 0"),
            ("cat; echo '[GNUPG:] DECRYPTION_OKAY' >&2; exit 2", .gpg, .invalid, "exit code 2"),
            (
                "echo '[GNUPG:] NO_SECKEY 5BE0' >&2; echo 'gpg: No secret key' >&2; exit 2", .gpg,
                .locked, "No secret key"
            ),
            (
                "cat; printf '[GNUPG:] NO_SECKEY 1\\n[GNUPG:] DECRYPTION_KEY 2\\n[GNUPG:] BADMDC\\n' >&2;"
                    + " exit 2", .gpg, .invalid, "exit code 2"
            ),
        ])
    func atTheEnd(
        script: String, cipher: BundleCipher, kind: ArchiveError.Kind, reason: String
    ) throws {
        let broken = try input(script, cipher, of: SealedSample.noise(700_000, seed: 6))
        let error = #expect(throws: ArchiveError.self) { try readAll(broken) }
        #expect(error?.kind == kind)
        #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("Of gpg its word that all is right counts")
    func okay() throws {
        let content = SealedSample.noise(1000, seed: 7)
        let right = try input("cat; echo '[GNUPG:] DECRYPTION_OKAY' >&2", .gpg, of: content)
        #expect(try readAll(right) == content)
    }

    @Test("One that is no longer read lets go of its program")
    func abandoned() throws {
        for _ in 0..<3 {
            let input = try input(
                "cat; exec sleep 616", .age, of: SealedSample.noise(3_000_000, seed: 8))
            #expect(try input.fill() > 0)
        }
    }

    @Test("Without a key the file is not opened, and it is said how")
    func noKey() throws {
        let folder = try TestFolder()
        let path = folder.path + "/b.age"
        try SealedSample.write(Array("age-encryption.org/v1\n-> X25519 x\n".utf8), to: path)
        let error = #expect(throws: ArchiveError.self) { try BundleReader(FilePath(path)) }
        #expect(error?.kind == .unusableKey)
        #expect(error?.reason.contains("--identity FILE") == true)
        let missing = #expect(throws: ArchiveError.self) {
            try BundleReader(
                FilePath(path), keys: .init(identities: [FilePath(folder.path + "/none")]))
        }
        #expect(missing?.errno == .noSuchFileOrDirectory)
    }
}
