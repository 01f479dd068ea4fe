import DiagArchive
import Foundation
import SystemPackage
import Testing

@Suite struct BundleReaderTests {
    static func names(_ path: String, limits: BundleReader.Limits = .init()) throws -> [String] {
        let reader = try BundleReader(FilePath(path), limits: limits)
        var names = [String]()
        while let member = try reader.next() {
            names.append(member.path.text + (member.isDirectory ? "/" : ""))
        }
        return names
    }

    @Test("Names that are UTF-8 and names that are not survive the round trip")
    func pathNames() throws {
        let folder = try TestFolder.whole()
        let names = try Self.names(try BundleWriterTests.seal(folder).path.string)
        #expect(names.first == "host17/")
        #expect(names.suffix(2) == ["host17/manifest.json", "host17/members.index"])
        #expect(names.contains { Array($0.utf8) == Array("host17/logs/gr\u{00FC}n.txt".utf8) })
        #expect(names.contains { Array($0.utf8) == Array("host17/logs/gru\u{0308}n.txt".utf8) })
        #expect(names.contains(#"host17/logs/\xFF\\\xFE"#))
        #expect(names.filter { !$0.hasSuffix("/") }.count == folder.artifacts.count + 2)
    }

    @Test("A foreign pax archive with UTF-8 names, and a zip, are listed")
    func foreign() throws {
        let folder = try TestFolder()
        try run(
            folder,
            """
            t = tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT)
            add(t, "h/gr\\u00fcn.txt", b"x")
            add(t, "./h/b", b"y")
            t.close()
            """, "p.tar.gz")
        #expect(try Self.names(folder.path + "/p.tar.gz") == ["h/grün.txt", "h/b"])
        try run(
            folder,
            """
            import zipfile
            z = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
            z.writestr("h/a", "x" * 1000); z.writestr("h/b", ""); z.close()
            """, "z.zip")
        #expect(try Self.names(folder.path + "/z.zip") == ["h/a", "h/b"])
    }

    /// Runs Python with `tarfile`, `path` of the archive, and `add(archive, name, bytes)`.
    func run(_ folder: TestFolder, _ program: String, _ name: String) throws {
        let head = """
            import tarfile, io, sys
            path = sys.argv[1]
            def add(t, name, content, **members):
                i = tarfile.TarInfo(name); i.size = len(content)
                for k, v in members.items(): setattr(i, k, v)
                t.addfile(i, io.BytesIO(content))

            """
        let result = try DiagArchiveTests.run(
            "python3", "-c", head + program, folder.path + "/" + name)
        try #require(result.isWell, "\(result.output)")
    }

    struct Hostile: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let program: String
        let reason: String
    }

    static let hostile: [Hostile] = [
        .init(
            testDescription: "absolute", program: #"add(t, "/tmp/evil", b"x")"#,
            reason: "its name is absolute"),
        .init(
            testDescription: "dotdot", program: #"add(t, "h/../../evil", b"x")"#,
            reason: "its name holds .."),
        .init(
            testDescription: "dotdot alone", program: #"add(t, "..", b"", type=tarfile.DIRTYPE)"#,
            reason: "its name holds .."),
        .init(testDescription: "empty", program: #"add(t, "", b"x")"#, reason: "its name is empty"),
        .init(testDescription: "dot", program: #"add(t, ".", b"x")"#, reason: "it has no name"),
        .init(
            testDescription: "behind a link",
            program:
                #"add(t, "h/l", b"", type=tarfile.SYMTYPE, linkname="../.."); add(t, "h/l/evil", b"x")"#,
            reason: "a symbolic link"),
        .init(
            testDescription: "hard link",
            program:
                #"add(t, "h/a", b"x"); add(t, "h/b", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd")"#,
            reason: "a hard link"),
        .init(
            testDescription: "device",
            program: #"add(t, "h/d", b"", type=tarfile.BLKTYPE, devmajor=8)"#,
            reason: "neither a directory nor a regular file"),
        .init(
            testDescription: "fifo", program: #"add(t, "h/d", b"", type=tarfile.FIFOTYPE)"#,
            reason: "neither a directory nor a regular file"),
        .init(
            testDescription: "duplicate", program: #"add(t, "h/a", b"x"); add(t, "h/./a", b"y")"#,
            reason: "it is there twice"),
        .init(
            testDescription: "long component", program: #"add(t, "h/" + "x" * 256, b"x")"#,
            reason: "longer than 255 bytes"),
        .init(
            testDescription: "deep", program: #"add(t, "a/" * 65 + "b", b"x")"#,
            reason: "more than 64 components"),
        .init(
            testDescription: "very long", program: #"add(t, "abcdefg/" * 600, b"x")"#,
            reason: "longer than 4096 bytes"),
        .init(
            testDescription: "huge size",
            program:
                #"i = tarfile.TarInfo("h/a"); i.size = 1 << 60; t.fileobj.write(i.tobuf(tarfile.GNU_FORMAT))"#,
            reason: "the members hold more than"),
        .init(
            testDescription: "size of more than is there",
            program: #"i = tarfile.TarInfo("h/a"); i.size = 100000; t.fileobj.write(i.tobuf())"#,
            reason: "Truncated"),
        .init(
            testDescription: "sparse with overlapping entries",
            program:
                #"add(t, "h/s", b"x" * 512, pax_headers={"GNU.sparse.map": "0,256,100,256", "GNU.sparse.size": "9000511", "GNU.sparse.numblocks": "2"})"#,
            reason: "come behind those up to 256"),
        .init(
            testDescription: "sparse with data behind its end",
            program:
                #"add(t, "h/s", b"x" * 512, pax_headers={"GNU.sparse.map": "0,1,9000000,511", "GNU.sparse.size": "9000510", "GNU.sparse.numblocks": "2"})"#,
            reason: "more than declared"),
        .init(
            testDescription: "sparse with less data than its map says",
            program:
                #"add(t, "h/s", b"x" * 512, pax_headers={"GNU.sparse.map": "0,1,8000,1000", "GNU.sparse.size": "9000", "GNU.sparse.numblocks": "2"})"#,
            reason: "its map says 1001"),
    ]

    @Test("A hostile member is refused, and nothing is written outside", arguments: hostile)
    func refused(archive: Hostile) throws {
        let folder = try TestFolder()
        try run(
            folder,
            """
            t = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)
            \(archive.program)
            t.close()
            """, "t.tar")
        let error = #expect(throws: ArchiveError.self) {
            try BundleExtractor.extract(
                FilePath(folder.path + "/t.tar"), into: FilePath(folder.path + "/out"))
        }
        #expect(error?.reason.contains(archive.reason) == true, "\(String(describing: error))")
        #expect(try BundleVerifierTests.differences(folder.path + "/t.tar") != [])
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) == [
                "host17", "out", "t.tar",
            ])
    }

    @Test("A decompression bomb, too many members and a chain of compressions are refused")
    func bombs() throws {
        let folder = try TestFolder()
        try run(
            folder,
            """
            t = tarfile.open(path, "w:gz")
            for i in range(50): add(t, "h/%d" % i, b"\\0" * 100000)
            t.close()
            """, "b.tar.gz")
        let path = folder.path + "/b.tar.gz"
        #expect(try Self.names(path).count == 50)
        let bytes = #expect(throws: ArchiveError.self) {
            try Self.names(path, limits: .init(byteCount: 1 << 20))
        }
        #expect(bytes?.kind == .refused)
        let members = #expect(throws: ArchiveError.self) {
            try Self.names(path, limits: .init(memberCount: 49))
        }
        #expect(members?.kind == .refused)
        #expect(
            try DiagArchiveTests.run("sh", "-c", "gzip -c '\(path)' > '\(folder.path)/c.tar.gz.gz'")
                .isWell)
        let chain = #expect(throws: ArchiveError.self) {
            try Self.names(folder.path + "/c.tar.gz.gz")
        }
        #expect(chain?.reason == "it is compressed more than once")
    }

    @Test(
        "A file that asks for a huge dictionary or window is refused before it is allocated",
        arguments: [
            "xz -c --lzma2=preset=0,dict=512MiB",
            "xz -c --format=lzma --lzma1=preset=0,dict=512MiB",
            "zstd -q -c --ultra --long=30", "zstd -q -c --ultra --long=28",
        ])
    func largeDictionary(compressor: String) throws {
        let folder = try TestFolder()
        let path = folder.path + "/t.bin"
        // The encoders make the window no larger than the data, where they know its size.
        try #require(
            try DiagArchiveTests.run(
                "sh", "-c",
                "cd '\(folder.path)' && head -c 3000000 /dev/zero > host17/a && tar -cf - host17 | \(compressor) > t.bin"
            ).isWell)
        let error = #expect(throws: ArchiveError.self) { try Self.names(path) }
        if compressor.hasPrefix("xz") {
            #expect(error?.kind == .refused)
            #expect(error?.reason == "needs a larger dictionary than is given")
        } else {
            #expect(
                error?.reason.contains("too much memory") == true, "\(String(describing: error))")
        }
        #expect(try BundleVerifierTests.differences(path).count == 1)
        let extracted = #expect(throws: ArchiveError.self) {
            try BundleExtractor.extract(
                FilePath(path), into: FilePath(folder.path + "/out"))
        }
        #expect(extracted?.reason == error?.reason)
    }

    @Test(
        "What the strongest presets make is read",
        arguments: [
            "xz -9e", "xz -0 --check=none", "lzma -9", "zstd -q -19 --long=27", "lz4 -q",
            "xz -0 --block-size=5000",
        ])
    func strongPresets(compressor: String) throws {
        let folder = try TestFolder.whole(asciiOnly: true)
        let tool = try #require(compressor.split(separator: " ").first)
        guard try DiagArchiveTests.run("sh", "-c", "command -v \(tool)").isWell else { return }
        try #require(
            try DiagArchiveTests.run(
                "sh", "-c",
                "cd '\(folder.path)' && { find host17 -type f ! -name manifest.json; echo host17/manifest.json; } | tar -T - -cf - | \(compressor) > t.bin"
            ).isWell)
        #expect(try BundleVerifierTests.differences(folder.path + "/t.bin") == [])
    }

    @Test("A zip member compressed with lzma or bzip2 is refused", arguments: ["LZMA", "BZIP2"])
    func zipMethods(method: String) throws {
        let folder = try TestFolder()
        try run(
            folder,
            """
            import zipfile
            z = zipfile.ZipFile(path, "w", zipfile.ZIP_\(method))
            z.writestr("h/a", "x" * 1000); z.close()
            """, "z.zip")
        let error = #expect(throws: ArchiveError.self) { try Self.names(folder.path + "/z.zip") }
        #expect(error?.reason == "compressed in a way that is not read in a zip")
    }
}
