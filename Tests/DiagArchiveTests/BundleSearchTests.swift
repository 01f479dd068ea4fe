import DiagCodec
import Foundation
import SystemPackage
import Testing

@testable import DiagArchive

@Suite struct BundleSearchTests {
    static func folder() throws -> TestFolder {
        var extra = [(path: [UInt8], bytes: [UInt8])]()
        for number in 0..<20 {
            let lines = (0..<4000 * (number % 5 + 1)).map { "line \($0) of file \(number)\n" }
            extra.append((Array("logs/f\(number).txt".utf8), Array(lines.joined().utf8)))
        }
        return try TestFolder.whole(extra: extra, asciiOnly: true)
    }

    static func hits(
        _ query: BundleSearch.Query, _ path: String, _ wanted: [String] = []
    ) throws -> [String] {
        var hits = [String]()
        _ = try BundleSearch.search(query, in: FilePath(path), wanted: wanted) {
            hit throws(ArchiveError) in
            hits.append(
                "\(hit.path.text):\(hit.number):\(String(decoding: hit.line, as: UTF8.self))")
        }
        return hits
    }

    @Test(
        "Side by side or one by one, the same is found in the same order",
        arguments: [
            "file 1[0-9]*$", "line 3999 ", "^line [0-9]*7 of file 4", "nowhere", "well",
        ])
    func same(pattern: String) throws {
        let folder = try Self.folder()
        let path = try SealedSample.seal(folder)
        let foreign = folder.path + "/t.tar.gz"
        try #require(try run("sh", "-c", "xz -dc '\(path)' | gzip -1 > '\(foreign)'").isWell)
        for answer in [BundleSearch.Answer.lines, .names, .counts] {
            var query = BundleSearch.Query(pattern)
            query.answer = answer
            #expect(try Self.hits(query, path) == Self.hits(query, foreign))
        }
    }

    @Test("Lines, names and counts are what grep finds")
    func answers() throws {
        let folder = try Self.folder()
        let path = try SealedSample.seal(folder)
        var query = BundleSearch.Query("LINE 17 OF")
        query.ignoresCase = true
        query.isText = true
        #expect(
            try Self.hits(query, path, ["logs/f3.txt", "host17/logs/f1.txt"]).sorted() == [
                "host17/logs/f1.txt:18:line 17 of file 1",
                "host17/logs/f3.txt:18:line 17 of file 3",
            ])
        query.answer = .names
        #expect(try Self.hits(query, path).count == 20)
        query.answer = .counts
        query.pattern = "file 2"
        #expect(try Self.hits(query, path, ["logs/f2.txt"]) == ["host17/logs/f2.txt:12000:"])
    }

    @Test("Paths that are not there are told")
    func notFound() throws {
        let folder = try SealedSample.small()
        let outcome = try BundleSearch.search(
            .init("."), in: FilePath(SealedSample.seal(folder)), wanted: ["nothing", "logs"]
        ) { _ throws(ArchiveError) in }
        #expect(outcome.notFound == ["nothing"])
        #expect(outcome.hitCount > 0)
    }

    @Test("A damaged block is an error behind what was found before it")
    func damaged() throws {
        let folder = try Self.folder()
        let path = try SealedSample.seal(folder)
        var whole = try bytes(path)
        whole[whole.count / 2] ^= 1
        try SealedSample.write(whole, to: path)
        #expect(throws: ArchiveError.self) { try Self.hits(.init("no such text"), path) }
    }

    @Test("A wrong pattern is refused")
    func wrongPattern() throws {
        #expect(BundleSearch.Query("(").fault != nil)
        #expect(BundleSearch.Query("a|b").fault == nil)
    }

    @Test("Members that share a block are one job")
    func jobs() {
        let table = BlockTable.plain(byteCount: 51_200, blockByteCount: 5120)
        func member(_ header: Int64, _ count: Int64) -> IndexedMember {
            IndexedMember(
                path: MemberPath(components: [[0x61]]), kind: .regular, byteCount: count,
                storedByteCount: count, sha256: [UInt8](repeating: 0, count: 32),
                headerOffset: header, contentOffset: header + 512, block: 0)
        }
        let members = [
            member(0, 512), member(1024, 512), member(5120, 10_000), member(15_872, 100),
            member(20_480, 512),
        ]
        #expect(ParallelSearch.jobs(of: members, in: table) == [0..<2, 2..<4, 4..<5])
    }
}
