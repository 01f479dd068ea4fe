import DiagArchive
import DiagModel
import Foundation
import SystemPackage
import Testing

@Suite struct BundleVerifierTests {
    static func differences(_ path: String) throws -> [String] {
        try BundleVerifier.verify(FilePath(path)).differences
    }

    @Test("A whole folder and its bundle verify, in every form that tar and zip give it")
    func whole() throws {
        let folder = try TestFolder.whole()
        let expected = VerificationResult.Summary(
            artifactCount: folder.artifacts.count,
            byteCount: folder.artifacts.reduce(0) { $0 + $1.byteCount })
        func check(_ path: String) throws {
            let result = try BundleVerifier.verify(FilePath(path))
            #expect(result.differences == [])
            #expect(result.completeness == .complete)
            #expect(result.unchecked == [])
            #expect(
                VerificationResult.Summary(
                    artifactCount: result.artifactCount, byteCount: result.byteCount) == expected)
        }
        try check(folder.host)
        let sealed = try BundleWriterTests.seal(folder).path.string
        try check(sealed)
        let plain = folder.path + "/b.tar"
        #expect(try run("sh", "-c", "xz -dc '\(sealed)' > '\(plain)'").isWell)
        try check(plain)
        #expect(try run("gzip", "-k", plain).isWell)
        try check(plain + ".gz")
        #expect(try run("zstd", "-q", plain).isWell)
        try check(plain + ".zst")
        #expect(try run("bzip2", "-k", plain).isWell)
        try check(plain + ".bz2")
    }

    @Test("What is withheld is told by collector, and is no difference")
    func withheld() throws {
        let folder = try TestFolder.whole()
        #expect(try BundleVerifier.verify(FilePath(folder.host)).withheld == [:])
        try folder.writeManifest { manifest in
            for index in manifest.reports.indices
            where manifest.reports[index].collector == "logs" {
                var withheld = Withheld()
                withheld.add(file: "/etc/shadow")
                withheld.add(command: "ps -ef")
                manifest.reports[index].withheld = withheld
            }
        }
        let result = try BundleVerifier.verify(FilePath(folder.host))
        #expect(result.differences == [])
        #expect(result.completeness == .complete)
        #expect(result.withheld == ["logs": .init(files: 1, commands: 1)])
    }

    @Test("A zip of an ASCII folder verifies too")
    func zip() throws {
        let folder = try TestFolder.whole(asciiOnly: true)
        let path = folder.path + "/b.zip"
        #expect(try run("sh", "-c", "cd '\(folder.path)' && zip -qr b.zip host17").isWell)
        #expect(try Self.differences(path) == [])
    }

    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: String
        let apply: @Sendable (TestFolder) throws -> Void
    }

    static let changes: [Change] = [
        Change(
            testDescription: "a byte of an artifact",
            expected: "summary.txt: SHA-256 is",
            apply: { try $0.write(Array("summary.txt".utf8), Array("All is well\n".utf8)) }),
        Change(
            testDescription: "the length of an artifact",
            expected: "summary.txt: 1 bytes, the manifest says 12",
            apply: { try $0.write(Array("summary.txt".utf8), [65]) }),
        Change(
            testDescription: "an artifact removed",
            expected: "logs/empty.txt: the manifest lists it, but it is not there",
            apply: { try FileManager.default.removeItem(atPath: $0.host + "/logs/empty.txt") }),
        Change(
            testDescription: "a file added", expected: "logs/new: the manifest does not list it",
            apply: { try $0.write(Array("logs/new".utf8), [65]) }),
        Change(
            testDescription: "no manifest", expected: "manifest.json: not there",
            apply: { try FileManager.default.removeItem(atPath: $0.host + "/manifest.json") }),
        Change(
            testDescription: "a manifest that is no JSON", expected: "manifest.json: not JSON",
            apply: { try $0.write(Array("manifest.json".utf8), [0x7B]) }),
        Change(
            testDescription: "a manifest of another schema",
            expected: "manifest.json: /schema: not diagbundle.manifest/1",
            apply: { try $0.writeManifest { $0.schema = "diagbundle.manifest/2" } }),
        Change(
            testDescription: "a report's counts",
            expected: "manifest.json: the report of storage counts 7 artifacts",
            apply: {
                try $0.writeManifest { manifest in
                    for index in manifest.reports.indices
                    where manifest.reports[index].collector == "storage" {
                        manifest.reports[index].artifactCount = 7
                    }
                }
            }),
        Change(
            testDescription: "a report left out",
            expected: "manifest.json: artifacts of logs, but no report",
            apply: { try $0.writeManifest { $0.reports.removeAll { $0.collector == "logs" } } }),
        Change(
            testDescription: "a completeness that the lists do not give",
            expected: "manifest.json: it says partial, but its lists make it complete",
            apply: { try $0.writeManifest { $0.completeness = .partial } }),
        Change(
            testDescription: "a path out of the folder", expected: "manifest.json: /artifacts/",
            apply: { try $0.writeManifest { $0.artifacts[0].path = "../../etc/passwd" } }),
        Change(
            testDescription: "an artifact listed twice", expected: "the manifest lists it twice",
            apply: { try $0.writeManifest { $0.artifacts.append($0.artifacts[0]) } }),
        Change(
            testDescription: "pathBytes of another path", expected: "spell another path",
            apply: {
                try $0.writeManifest { manifest in
                    for index in manifest.artifacts.indices
                    where manifest.artifacts[index].pathBytes != nil {
                        manifest.artifacts[index].pathBytes = "YQ=="
                    }
                }
            }),
        Change(
            testDescription: "summary.txt not listed",
            expected: "summary.txt: the manifest does not list it",
            apply: { try $0.writeManifest { $0.artifacts.removeAll { $0.path == "summary.txt" } } }),
        Change(
            testDescription: "artifacts out of order",
            expected: "manifest.json: its artifacts are not sorted by path",
            apply: { try $0.writeManifest { $0.artifacts.reverse() } }),
    ]

    @Test(
        "What is not as the manifest says is a difference, in the folder and in a tar of it",
        arguments: changes)
    func changed(change: Change) throws {
        let folder = try TestFolder.whole()
        try change.apply(folder)
        #expect(try Self.differences(folder.host).contains { $0.contains(change.expected) })
        let files = try run(
            "sh", "-c",
            "cd '\(folder.path)' && { find host17 -type f ! -name manifest.json -print0; find host17 -name manifest.json -print0; } | tar --null -T - -cJf t.tar.xz"
        )
        #expect(files.isWell)
        #expect(
            try Self.differences(folder.path + "/t.tar.xz").contains {
                $0.contains(change.expected)
            })
    }

    @Test("A document or line that breaks the schema it names is a difference with its place")
    func schema() throws {
        let folder = try TestFolder.whole(extra: [
            (
                Array("storage/bad.json".utf8),
                Array(#"{"schema":"diagbundle.topology/1","nodes":[],"edges":[{"from":1}]}"#.utf8)
            ),
            (
                Array("storage/bad.jsonl".utf8),
                Array("{}\n{\"schema\":\"diagbundle.probes/1\"}".utf8)
            ),
            (Array("storage/foreign.json".utf8), Array("{\"schema\":\"other/1\"".utf8)),
        ])
        #expect(
            try Self.differences(folder.host) == [
                "storage/bad.json: /edges/0/from: integer instead of string",
                "storage/bad.json: /edges/0: without kind",
                "storage/bad.json: /edges/0: without to",
                "storage/bad.jsonl line 2: /: without probes",
            ])
    }

    struct Known: Sendable, CustomTestStringConvertible {
        let path: String
        let content: String
        var mediaType: String?
        var isTruncated = false
        var differences = [String]()
        var unchecked = [String]()
        var testDescription: String { "\(path) \(content.prefix(40)) \(isTruncated)" }
    }

    static let known: [Known] = [
        Known(
            path: "storage/topology.json", content: #"{"nodes":42}"#,
            differences: [
                "storage/topology.json: /: without edges",
                "storage/topology.json: /: without schema",
                "storage/topology.json: /nodes: integer instead of array",
            ]),
        Known(
            path: "boot/boot.json", content: "not JSON",
            differences: ["boot/boot.json: not JSON"]),
        Known(
            path: "boot/boot.json", content: #"{"schema":"diagbundle.boot/1","fir"#,
            isTruncated: true, unchecked: ["boot/boot.json"]),
        Known(
            path: "storage/mount-health.json", content: "{}",
            differences: [
                "storage/mount-health.json: /: without probes",
                "storage/mount-health.json: /: without schema",
            ]),
        Known(
            path: "logs/own.json", content: "{", mediaType: "application/json",
            differences: ["logs/own.json: not JSON"]),
        Known(path: "logs/copied.json", content: "{", mediaType: "text/plain"),
        Known(path: "declared/own.json", content: "{", mediaType: "application/json"),
        Known(
            path: "system/system.json", content: #"{"schema":"diagbundle.system/9","new":1}"#,
            unchecked: ["system/system.json"]),
        Known(
            path: "declared/new.json", content: #"{"schema":"diagbundle.novel/1"}"#,
            unchecked: ["declared/new.json"]),
        Known(
            path: "storage/devices.jsonl",
            content: "{\"schema\":\"diagbundle.block-devices/1\"}\n"
                + "{\"attributes\":{\"ro\":0},\"name\":\"sda\",\"path\":\"/s\"}\n\n{\"name\"",
            differences: [
                "storage/devices.jsonl line 2: /attributes/ro: integer instead of string",
                "storage/devices.jsonl line 3: not JSON",
                "storage/devices.jsonl line 4: not JSON",
            ]),
        Known(
            path: "storage/devices.jsonl",
            content: "{\"schema\":\"diagbundle.block-devices/1\"}\n{\"attributes\"",
            isTruncated: true, unchecked: ["storage/devices.jsonl"]),
        Known(
            path: "storage/devices.jsonl", content: "{}\n",
            differences: ["storage/devices.jsonl line 1: /: without schema"]),
        Known(
            path: "storage/devices.jsonl", content: "",
            differences: ["storage/devices.jsonl line 1: not JSON"]),
    ]

    @Test(
        "A document is checked against the schema of its place, whatever it says of itself",
        arguments: known)
    func places(known: Known) throws {
        let folder = try TestFolder.whole(without: known.path)
        try folder.add(Array(known.path.utf8), Array(known.content.utf8))
        try folder.writeManifest { manifest in
            for index in manifest.artifacts.indices
            where manifest.artifacts[index].path == known.path {
                manifest.artifacts[index].mediaType = known.mediaType
                manifest.artifacts[index].isTruncated = known.isTruncated
            }
            if known.isTruncated { manifest.completeness = .partial }
        }
        let result = try BundleVerifier.verify(FilePath(folder.host))
        #expect(result.differences == known.differences)
        #expect(result.unchecked == known.unchecked)
    }

    @Test("A finding that rests on an artifact that is not listed is a difference")
    func evidence() throws {
        let folder = try TestFolder.whole(without: "findings.json")
        let finding = Finding(
            fault: "a.b", severity: .minor, collector: "logs", object: "o", reason: "r",
            evidence: [.init(artifact: "summary.txt"), .init(artifact: "no/such/file", line: 3)])
        try folder.add(Array("findings.json".utf8), TestFolder.document(FindingList([finding])))
        try folder.writeManifest()
        #expect(
            try Self.differences(folder.host) == [
                "findings.json: a.b rests on no/such/file, which the manifest does not list"
            ])
    }

    @Test("A manifest of millions of wrong values is refused by its schema or its size")
    func hugeManifest() throws {
        let folder = try TestFolder.whole()
        for (count, blankCount, expected) in [
            (100_000, 0, "manifest.json: /: without absent"),
            (4_100_000, 0, "manifest.json: nested too deep, or more than 4000000 values"),
            (1, 96 << 20, "manifest.json: larger than 100663296 bytes"),
        ] {
            var zeros = [UInt8](repeating: 0x2C, count: 2 * count)
            for place in stride(from: 0, to: zeros.count, by: 2) { zeros[place] = 0x30 }
            zeros += [UInt8](repeating: 0x20, count: blankCount)
            try folder.write(
                Array("manifest.json".utf8),
                Array(#"{"schema":"diagbundle.manifest/1","artifacts":["#.utf8) + zeros
                    + Array("0]}".utf8))
            #expect(try Self.differences(folder.host).contains(expected), "\(count)")
        }
    }

    @Test("A manifest that does not stand last, a second top folder and a stray file are found")
    func layout() throws {
        let folder = try TestFolder.whole()
        let tar =
            "cd '\(folder.path)' && mkdir other && echo > other/x && tar -cf t.tar host17/manifest.json --exclude=host17/manifest.json host17 other"
        #expect(try run("sh", "-c", tar).isWell)
        let found = try Self.differences(folder.path + "/t.tar")
        #expect(found.contains("other/x: outside of the one top folder"))
        #expect(found.contains("manifest.json: it does not stand last"))
    }

    @Test("A bundle cut anywhere does not verify, and nothing traps")
    func truncated() throws {
        let folder = try TestFolder.whole()
        let whole = try bytes(try BundleWriterTests.seal(folder).path.string)
        let path = folder.path + "/cut.tar.xz"
        for step in 0..<200 {
            let length = whole.count * step / 200
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
            #expect(try Self.differences(path) != [], "cut to \(length) bytes")
        }
        for length in whole.count - 40..<whole.count {
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
            #expect(try Self.differences(path) != [], "cut to \(length) bytes")
        }
    }

    @Test("A flipped bit in any byte of a bundle is found")
    func flipped() throws {
        let folder = try TestFolder.whole()
        let whole = try bytes(try BundleWriterTests.seal(folder).path.string)
        let path = folder.path + "/flipped.tar.xz"
        // Headers, index and footer byte by byte; of the compressed data every third.
        for offset in whole.indices
        where offset < 64 || offset > whole.count - 200 || offset % 3 == 0 {
            var damaged = whole
            damaged[offset] ^= UInt8(1 << (offset % 8))
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            #expect(try Self.differences(path) != [], "byte \(offset)")
        }
    }

    @Test("A flipped bit in a plain tar never traps, and never passes for another content")
    func flippedTar() throws {
        let folder = try TestFolder.whole()
        let sealed = try BundleWriterTests.seal(folder).path.string
        #expect(try run("xz", "-d", sealed).isWell)
        let whole = try bytes(folder.path + "/host17.tar")
        let path = folder.path + "/flipped.tar"
        // The manifest itself is guarded by the compression's checks alone.
        let manifest = try #require(
            Data(whole).range(of: Data("host17/manifest.json\0".utf8))?.lowerBound)
        for offset in stride(from: 0, to: manifest, by: 37) {
            var damaged = whole
            damaged[offset] ^= UInt8(1 << (offset % 8))
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            let result = try BundleVerifier.verify(FilePath(path))
            // Only padding, and the blanks of a header's checksum, carry nothing.
            let isPadding = whole[offset] == 0 || (148..<156).contains(offset % 512)
            #expect(!result.isWhole || isPadding, "byte \(offset)")
        }
    }

    @Test("Whatever is appended to a bundle is found", arguments: ["xz", "gz", "zst", "none"])
    func appended(filter: String) throws {
        let folder = try TestFolder.whole(asciiOnly: true)
        var path = try BundleWriterTests.seal(folder).path.string
        if filter != "xz" {
            #expect(try run("xz", "-d", path).isWell)
            path = folder.path + "/host17.tar"
        }
        if filter == "gz" { #expect(try run("gzip", path).isWell); path += ".gz" }
        if filter == "zst" { #expect(try run("zstd", "-q", path).isWell); path += ".zst" }
        #expect(try Self.differences(path) == [])
        let whole = try bytes(path)
        for tail in [[0x41], Array("trailing garbage".utf8), [UInt8](repeating: 7, count: 70_000)] {
            try Data(whole + tail).write(to: URL(fileURLWithPath: path))
            #expect(try Self.differences(path) != [], "\(tail.count) bytes")
        }
    }

    @Test("What is no archive at all is a difference, and what is not there an error")
    func noArchive() throws {
        let folder = try TestFolder()
        let path = folder.path + "/x.tar.xz"
        for content in [
            [], [0x50, 0x4B, 3, 4], Array("hello".utf8), [UInt8](repeating: 0, count: 4096),
        ] {
            try Data(content).write(to: URL(fileURLWithPath: path))
            #expect(try Self.differences(path) != [])
        }
        let error = #expect(throws: ArchiveError.self) {
            try BundleVerifier.verify(FilePath(folder.path + "/none"))
        }
        #expect(error?.errno == .noSuchFileOrDirectory)
    }
}

extension VerificationResult {
    struct Summary: Hashable {
        let artifactCount: Int
        let byteCount: Int64
    }
}
