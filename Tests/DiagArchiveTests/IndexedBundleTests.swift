import DiagCodec
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct IndexedBundleTests {
    @Test("Every member is read by the index as it was sealed", arguments: BlockFormat.allCases)
    func whole(format: BlockFormat) throws {
        let folder = try SealedSample.large()
        let path = try SealedSample.seal(folder, format)
        #expect(try SealedSample.indexed(path) == SealedSample.files(below: folder.host))
    }

    @Test(
        "One member, some and the listing are those of the folder", arguments: BlockFormat.allCases)
    func some(format: BlockFormat) throws {
        let folder = try SealedSample.large()
        let path = FilePath(try SealedSample.seal(folder, format))
        let files = try SealedSample.files(below: folder.host)
        for (name, expected) in files {
            for spelling in [name, "host17/" + name] {
                var content = [UInt8]()
                let isFound = try BundleExtractor.content(of: spelling, in: path) {
                    part throws(ArchiveError) in content.append(copying: part)
                }
                #expect(isFound && content == expected, "\(spelling)")
            }
        }
        #expect(try !BundleExtractor.content(of: "logs", in: path) { _ throws(ArchiveError) in })
        #expect(
            try !BundleExtractor.content(of: "members.index", in: path) {
                _ throws(ArchiveError) in
            })
        let out = folder.path + "/out"
        let extraction = try BundleExtractor.extract(
            path, into: FilePath(out),
            wanted: ["storage", "logs/huge.bin", "no", "host17/logs/large2.bin"])
        #expect(extraction.notFound == ["no"])
        let wanted = files.filter {
            $0.key.hasPrefix("storage/") || ["logs/huge.bin", "logs/large2.bin"].contains($0.key)
        }
        #expect(try SealedSample.files(below: out + "/host17") == wanted)
        var listed = [String: Int64]()
        try BundleListing.forEach(in: path) { entry throws(ArchiveError) in
            listed[entry.path.text] = entry.byteCount
            #expect(entry.offset != nil && entry.sha256.count == 64)
            #expect((entry.block == nil) == (format == .none))
        }
        #expect(
            listed
                == Dictionary(
                    uniqueKeysWithValues: files.map { ("host17/" + $0.key, Int64($0.value.count)) })
        )
    }

    @Test("A stream that was compressed again by another program is read by its index")
    func recompressed() throws {
        let folder = try SealedSample.large()
        let path = try SealedSample.seal(folder)
        let again = folder.path + "/again.tar.xz"
        try #require(
            try run("sh", "-c", "xz -dc '\(path)' | xz -0 --block-size=1000000 > '\(again)'").isWell
        )
        #expect(try SealedSample.indexed(again) == SealedSample.files(below: folder.host))
        #expect(try BundleVerifierTests.differences(again) == [])
    }

    @Test("A bundle of another program has no index")
    func foreign() throws {
        let folder = try SealedSample.small()
        for (name, program) in [("t.tar", "cat"), ("t.tar.xz", "xz"), ("t.tar.gz", "gzip")] {
            let path = folder.path + "/" + name
            try #require(
                try run(
                    "sh", "-c", "cd '\(folder.path)' && tar -cf - host17 | \(program) > \(name)"
                )
                .isWell)
            #expect(try SealedSample.indexed(path) == nil)
            var notes = [String]()
            _ = try BundleExtractor.content(of: "summary.txt", in: FilePath(path)) {
                notes.append($0)
            } _: { _ throws(ArchiveError) in
            }
            #expect(
                notes == [
                    "\(path) has no index of members: it is read from start to end, which is slow"
                ])
        }
    }

    @Test(
        "A flipped byte gives an error or the right content, never another",
        arguments: BlockFormat.allCases)
    func flipped(format: BlockFormat) throws {
        let folder = try SealedSample.small()
        let path = try SealedSample.seal(folder, format)
        let whole = try bytes(path)
        let expected = try SealedSample.files(below: folder.host)
        let copy = folder.path + "/copy"
        var failureCount = 0
        for index in SealedSample.places(in: whole.count) {
            var damaged = whole
            damaged[index] ^= 0x10
            try SealedSample.write(damaged, to: copy)
            if let content = try? SealedSample.indexed(copy) {
                #expect(content == expected, "byte \(index)")
            } else {
                failureCount += 1
            }
            if format == .xz {
                #expect(try BundleVerifierTests.differences(copy) != [], "byte \(index)")
            }
        }
        #expect(failureCount > 0)
    }

    @Test(
        "A bundle that is cut anywhere is an error, or is without an index",
        arguments: BlockFormat.allCases)
    func cut(format: BlockFormat) throws {
        let folder = try SealedSample.small()
        let path = try SealedSample.seal(folder, format)
        let whole = try bytes(path)
        let copy = folder.path + "/copy"
        for count in SealedSample.places(in: whole.count) {
            try SealedSample.write(Array(whole[..<count]), to: copy)
            #expect((try? SealedSample.indexed(copy)) == nil, "\(count) bytes")
            #expect(try BundleVerifierTests.differences(copy) != [], "\(count) bytes")
        }
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let tell: @Sendable (inout [IndexedMember]) -> Void
    }

    /// The member `number` with other values.
    static func changed(
        _ member: IndexedMember, path: MemberPath? = nil, byteCount: Int64? = nil,
        sha256: [UInt8]? = nil, headerOffset: Int64? = nil, block: Int? = nil
    ) -> IndexedMember {
        IndexedMember(
            path: path ?? member.path, kind: member.kind, byteCount: byteCount ?? member.byteCount,
            storedByteCount: byteCount ?? member.storedByteCount, sha256: sha256 ?? member.sha256,
            headerOffset: headerOffset ?? member.headerOffset,
            contentOffset: member.contentOffset, block: block ?? member.block)
    }

    static func place(_ name: String, in members: [IndexedMember]) -> Int {
        members.firstIndex { $0.path.text == name } ?? 0
    }

    static let lies: [Lie] = [
        Lie(testDescription: "a hash") { members in
            let place = place("logs/b.bin", in: members)
            members[place] = changed(
                members[place], sha256: members[place].sha256.map { $0 ^ 1 })
        },
        Lie(testDescription: "a size") { members in
            let place = place("logs/b.bin", in: members)
            members[place] = changed(members[place], byteCount: members[place].byteCount - 1)
        },
        Lie(testDescription: "a larger size") { members in
            let place = place("logs/b.bin", in: members)
            members[place] = changed(members[place], byteCount: members[place].byteCount + 1)
        },
        Lie(testDescription: "two paths") { members in
            let (one, other) = (
                place("logs/b.bin", in: members), place("logs/a.txt", in: members)
            )
            let path = members[one].path
            members[one] = changed(members[one], path: members[other].path)
            members[other] = changed(members[other], path: path)
        },
    ]

    @Test("An index that lies, with hashes that fit, is found out", arguments: lies)
    func lying(lie: Lie) throws {
        let folder = try SealedSample.small()
        let copy = try Self.forge(folder, lie)
        let error = #expect(throws: ArchiveError.self) {
            try BundleExtractor.content(of: "logs/b.bin", in: FilePath(copy)) {
                _ throws(ArchiveError) in
            }
        }
        #expect(error?.kind == .invalid)
        #expect(try BundleVerifierTests.differences(copy) != [])
        // Whoever does not ask the index is not deceived.
        _ = try BundleExtractor.extract(FilePath(copy), into: FilePath(folder.path + "/out"))
        #expect(
            try SealedSample.files(below: folder.path + "/out/host17")
                == SealedSample.files(below: folder.host))
    }

    @Test("The block that an index gives is not believed: another program may have packed it again")
    func lyingBlock() throws {
        let folder = try SealedSample.small()
        let lie = Lie(testDescription: "all in block 7") { members in
            members = members.map { Self.changed($0, block: 7) }
        }
        let copy = try Self.forge(folder, lie)
        #expect(try SealedSample.indexed(copy) == SealedSample.files(below: folder.host))
        #expect(try BundleVerifierTests.differences(copy) == [])
        try BundleListing.forEach(in: FilePath(copy)) { entry throws(ArchiveError) in
            #expect(entry.block == nil)
        }
    }

    /// A bundle of `folder` without compression whose index tells `lie`; its path.
    static func forge(_ folder: TestFolder, _ lie: Lie) throws -> String {
        let path = try SealedSample.seal(folder, .none)
        let bundle = try #require(try IndexedBundle.open(InputFile(FilePath(path))))
        var members = try bundle.allMembers()
        lie.tell(&members)
        var writer = try MemberIndexWriter(top: bundle.index.top, object: "t")
        for member in members { try writer.add(member) }
        var forged = Array(try bytes(path)[..<Int(bundle.index.contentOffset)])
        try writer.layOut().write(contentOffset: bundle.index.contentOffset) {
            _, part throws(ArchiveError) in forged.append(copying: part)
        }
        forged += [UInt8](repeating: 0, count: 1024)
        let copy = folder.path + "/copy.tar"
        try SealedSample.write(forged, to: copy)
        return copy
    }

    @Test("An index that does not stand last is told")
    func indexNotLast() throws {
        let folder = try SealedSample.small()
        let path = try SealedSample.seal(folder, .none)
        let whole = try bytes(path)
        let copy = folder.path + "/copy.tar"
        try SealedSample.write(whole, to: copy)
        try #require(try run("tar", "-rf", copy, "-C", folder.path, "host17/summary.txt").isWell)
        #expect(try BundleVerifierTests.differences(copy) != [])
        #expect(try SealedSample.indexed(copy) == nil)
    }

    @Test("A folder that another program unpacked verifies, and gives the same bundle")
    func unpackedByTar() throws {
        let folder = try SealedSample.small()
        let path = try SealedSample.seal(folder)
        let out = folder.path + "/out"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        try #require(try run("tar", "-xJf", path, "-C", out).isWell)
        #expect(FileManager.default.fileExists(atPath: out + "/host17/members.index"))
        #expect(try BundleVerifierTests.differences(out + "/host17") == [])
        let again = try BundleWriter.seal(
            folder: FilePath(out + "/host17"), topName: "host17",
            as: FilePath(folder.path + "/again.tar.xz"), options: BundleOptions(threadCount: 1))
        #expect(again.leftOut == [])
        #expect(try bytes(again.path.string) == bytes(path))
        _ = try BundleExtractor.extract(
            FilePath(path), into: FilePath(folder.path + "/ours"))
        #expect(
            !FileManager.default.fileExists(atPath: folder.path + "/ours/host17/members.index"))
    }

    @Test("A seek table of zstd whose last bytes are damaged is told")
    func brokenSeekTable() throws {
        let folder = try SealedSample.small()
        let path = try SealedSample.seal(folder, .zstd)
        var damaged = try bytes(path)
        damaged[damaged.count - 1] ^= 1
        try SealedSample.write(damaged, to: path)
        #expect(try BundleVerifierTests.differences(path) != [])
        #expect(throws: ArchiveError.self) { try SealedSample.indexed(path) }
    }

    @Test("Jobs hold each block once, and of it what is needed")
    func jobs() {
        let table = BlockTable.plain(byteCount: 1000, blockByteCount: 100)
        typealias Job = BlockReadAhead.Job
        #expect(BlockReadAhead.jobs(for: [], in: table) == [])
        #expect(
            BlockReadAhead.jobs(for: [10..<20, 30..<40, 95..<205, 950..<2000], in: table) == [
                Job(block: 0, lower: 10, upper: 100), Job(block: 1, lower: 0, upper: 100),
                Job(block: 2, lower: 0, upper: 5), Job(block: 9, lower: 50, upper: 100),
            ])
        #expect(BlockReadAhead.allJobs(of: table).count == 10)
    }
}
