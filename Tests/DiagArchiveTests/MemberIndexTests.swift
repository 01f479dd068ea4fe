import Foundation
import Testing

@testable import DiagArchive

@Suite struct MemberIndexTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let paths: [[UInt8]]

        init(_ name: String, _ paths: [[UInt8]]) {
            testDescription = name
            self.paths = paths
        }
    }

    /// A path of exactly `byteCount` bytes, which ends with `last`.
    static func long(_ byteCount: Int, _ last: UInt8) -> [UInt8] {
        var path = [UInt8]()
        while path.count + 256 < byteCount { path += [UInt8](repeating: 0x64, count: 199) + [0x2F] }
        return path + [UInt8](repeating: 0x6E, count: byteCount - path.count - 1) + [last]
    }

    /// `count` different paths of 60 bytes, not in the order of their bytes.
    static func generated(_ count: Int) -> [[UInt8]] {
        let head = Array("logs/journal-of-a-service-with-a-name/unit-".utf8)
        return (0..<count).map { number in
            // 7,919 has no factor in common with any count used here.
            var rest = number * 7919 % count
            var digits = [UInt8](repeating: 0x30, count: 60 - head.count - 4)
            for place in digits.indices.reversed() where rest > 0 {
                digits[place] = 0x30 + UInt8(rest % 10)
                rest /= 10
            }
            return head + digits + Array(".log".utf8)
        }
    }

    static let samples: [Sample] = [
        Sample("no member", []),
        Sample("one", [Array("summary.txt".utf8)]),
        Sample(
            "directories, files, an empty and a sparse file",
            ["logs/", "logs/empty", "logs/a.log", "logs/b.sparse", "z", "storage/", "a"].map {
                Array($0.utf8)
            }),
        Sample(
            "names that begin alike",
            ["a", "a-b", "a/b", "a0", "a/b0", "ab", "a/b/c"].map {
                Array($0.utf8)
            }),
        Sample(
            "no UTF-8, newlines, escapes",
            [[0xFF], [0xFE, 0x0A], [0x0A], [0x5C, 0xFF], Array("gr\u{FC}n".utf8), [0x20]]),
        Sample("4,096 bytes", [long(4096, 0x7A), long(4096, 0x61), long(4095, 0x62)]),
        Sample("many of 4,096 bytes", (1...40).map { [$0 + 0x40] + long(4095, 0x61) }),
        Sample("some pages", generated(3000)),
    ]

    @Test("What was written is found, and given in the order of the paths", arguments: samples)
    func roundTrip(sample: Sample) throws {
        let members = IndexStream.members(sample.paths)
        let stream = try IndexStream(members)
        #expect(try stream.readAll() == members.sortedByPath)
        let index = try #require(try stream.open())
        #expect(index.memberCount == members.count)
        #expect(index.top == IndexStream.top)
        for member in members.prefix(60) {
            #expect(try index.find(member.path) == member)
            let whole = MemberPath(components: IndexStream.top.components + member.path.components)
            #expect(try index.find(whole) == member)
            let other = MemberPath(components: member.path.components + [[0x71, 0x71]])
            #expect(try index.find(other) == nil)
        }
        #expect(try index.find(IndexStream.top) == nil)
        #expect(try index.find(IndexStream.path("\u{1}")) == nil)
    }

    @Test("The same members in another order of the stream are sorted alike, and the size is told")
    func layout() throws {
        let paths = Self.generated(3000)
        var writer = try MemberIndexWriter(top: IndexStream.top, object: "t.tar")
        for member in IndexStream.members(paths) { try writer.add(member) }
        let layout = try writer.layOut()
        #expect(layout.byteCount % 512 == 0)
        #expect(layout.boundaries.count > 4)
        #expect(layout.boundaries.first == 0)
        for (start, next) in zip(layout.boundaries, layout.boundaries.dropFirst()) {
            #expect(start < next && next - start <= 65_536)
        }
        let sorted = try IndexStream(
            IndexStream.members(paths.sorted { $0.lexicographicallyPrecedes($1) }))
        let other = try #require(try sorted.readAll())
        let members = try #require(try IndexStream(layout, behind: 1 << 40).open())
        #expect(members.memberCount == other.count)
        #expect(
            try IndexStream(IndexStream.members(paths)).readAll()?.map(\.path) == other.map(\.path))
    }

    /// As many as a bundle may well have, in the long run of the tests; fewer in every other.
    private static let many =
        ProcessInfo.processInfo.environment["DIAGBUNDLE_FUZZ"] == nil ? 60_000 : 300_000

    @Test("Of many members one is found by three reads; 300,000 are written in less than 64 MiB")
    func large() throws {
        let paths = Self.generated(Self.many)
        var writer = try MemberIndexWriter(top: IndexStream.top, object: "t.tar")
        let members = IndexStream.members(paths)
        for member in members { try writer.add(member) }
        // 80 bytes and the path of each; an array of places has at most twice the room it needs.
        let (room, slack) = (80 + 60 + 2 * 8, 2 << 20)
        #expect(writer.reservedByteCount <= Self.many * room + slack)
        #expect(300_000 * room + slack < 64 << 20)
        let layout = try writer.layOut()
        let stream = try IndexStream(layout, behind: members.last?.endOffset ?? 0)
        let index = try #require(try stream.open())
        #expect(index.memberCount == Self.many)
        let directory = layout.byteCount - (layout.boundaries.last ?? 0) - 128
        #expect(stream.reads.ranges.map { Int64($0.count) } == [1152, directory])
        for number in [0, 1, 7777, Self.many / 2, Self.many - 1] {
            stream.reads.ranges = []
            #expect(try index.find(members[number].path) == members[number])
            #expect(stream.reads.ranges.count == 1)
            let start = (stream.reads.ranges.first?.lowerBound ?? 0) - stream.contentOffset
            #expect(layout.boundaries.contains(start))
            #expect(stream.reads.byteCount <= 65_536)
        }
    }

    @Test(
        "All below a folder are given, whichever way it is spelled, and other pages are not read",
        arguments: ["a", "a/b", "ab", "host17", "host17/a", "host17/host17", "b", "a/b/c", "0"])
    func below(folder: String) throws {
        let names = [
            "a", "a-b", "a/", "a0", "a/b/", "a/b/c", "a/b-", "a/b0", "ab/", "ab/c",
            "host17/", "host17/a",
        ]
        let many = (0..<2000).map { "a-\($0)/file-\($0 * 7).log" }
        let members = IndexStream.members(
            (names.filter { $0 != "a" } + many).map { Array($0.utf8) })
        let stream = try IndexStream(members)
        let index = try #require(try stream.open())
        stream.reads.ranges = []
        let path = IndexStream.path(folder)
        let wanted = members.sortedByPath.filter { member in
            MemberPath(components: IndexStream.top.components + member.path.components)
                .isSelected(by: path)
        }
        var found = [IndexedMember]()
        try index.forEach(below: path) { found.append($0) }
        #expect(found.sortedByPath == wanted)
        #expect(folder == "host17" || stream.reads.ranges.count <= 4)
    }

    @Test("A name is found as it is shown, too")
    func shownNames() throws {
        let members = IndexStream.members([[0xFF, 0x5C], Array("a\\x41".utf8), Array("b".utf8)])
        let index = try #require(try IndexStream(members).open())
        #expect(try index.find(text: "\\xFF\\\\") == members[0])
        #expect(try index.find(text: "host17/\\xFF\\\\") == members[0])
        #expect(try index.find(text: "\\xff\\\\") == nil)
        #expect(try index.find(text: "a\\x41") == members[1])
        #expect(try index.find(text: "a\\x42") == nil)
        #expect(try index.find(text: "./b") == members[2])
        #expect(throws: ArchiveError.self) { try index.find(text: "../b") }
    }

    @Test("The number of the block must be that of the stream")
    func blocks() throws {
        let members = IndexStream.members("a", "b", "c")
        let stream = try IndexStream(members)
        let right = try #require(try stream.open { Int($0 / 65_536) })
        #expect(try right.find(members[1].path) == members[1])
        let wrong = try #require(try stream.open { Int($0 / 512) })
        let error = #expect(throws: ArchiveError.self) { try wrong.find(members[1].path) }
        #expect(error?.kind == .invalid)
        #expect(error?.reason.contains("does not begin in block 0") == true)
    }

    @Test("A stream without an index is told from one with a broken index")
    func notThere() throws {
        for byteCount in [0, 1, 511, 1024, 1151, 1152, 10_240, 12_345] {
            let zeros = [UInt8](repeating: 0, count: byteCount)
            let stream = IndexStream(contentOffset: 0, bytes: zeros)
            let isThere = try stream.open() != nil
            #expect(!isThere)
        }
        let whole = try IndexStream(IndexStream.members("a", "b"))
        // GNU tar fills its last record with zeros.
        let filled = IndexStream(
            contentOffset: whole.contentOffset, bytes: whole.bytes + IndexStream.end)
        let isThere = try filled.open() != nil
        #expect(!isThere)
        let other = IndexStream(contentOffset: whole.contentOffset + 512, bytes: whole.bytes)
        let error = #expect(throws: ArchiveError.self) { try other.open() }
        #expect(error?.kind == .invalid)
        #expect(error?.object == "t.tar, members.index")
        #expect(error?.reason.contains("it is the index of a stream of") == true)
    }

    @Test("A source that gives too little is an error, and its own errors come through")
    func source() throws {
        let stream = try IndexStream(IndexStream.members("a"))
        let short = #expect(throws: ArchiveError.self) {
            try MemberIndex.open(streamByteCount: stream.byteCount, object: "t.tar") { _, count in
                [UInt8](repeating: 0, count: count - 1)
            }
        }
        #expect(short?.kind == .invalid)
        let own = ArchiveError(.inputOutput, operation: "read", object: "x", reason: "y")
        let passed = #expect(throws: ArchiveError.self) {
            try MemberIndex.open(streamByteCount: stream.byteCount, object: "t.tar") {
                (_, _) throws(ArchiveError) -> [UInt8] in throw own
            }
        }
        #expect(passed == own)
    }
}
