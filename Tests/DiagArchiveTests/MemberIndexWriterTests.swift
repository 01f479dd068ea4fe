import Testing

@testable import DiagArchive

@Suite struct MemberIndexWriterTests {
    static func member(
        _ path: [UInt8] = Array("a".utf8), kind: IndexedMember.Kind = .regular,
        byteCount: Int64 = 1, storedByteCount: Int64 = 1,
        sha256: [UInt8] = [UInt8](repeating: 7, count: 32), headerOffset: Int64 = 512,
        contentOffset: Int64 = 1024, block: Int = 0
    ) -> IndexedMember {
        IndexedMember(
            path: MemberPath(components: path.split(separator: 0x2F).map { Array($0) }), kind: kind,
            byteCount: byteCount, storedByteCount: storedByteCount, sha256: sha256,
            headerOffset: headerOffset, contentOffset: contentOffset, block: block)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kind: ArchiveError.Kind
        let members: [IndexedMember]

        init(_ reason: String, _ kind: ArchiveError.Kind, _ members: IndexedMember...) {
            testDescription = reason
            self.kind = kind
            self.members = members
        }
    }

    static let refusals: [Refusal] = [
        Refusal("its name is empty", .refused, member([])),
        Refusal("its name holds ..", .refused, member(Array("a/../b".utf8))),
        Refusal("its name holds a NUL byte", .refused, member([0x61, 0])),
        Refusal(
            "its name is longer than 4096 bytes", .refused,
            member(MemberIndexTests.long(4096, 0x61) + [0x61])),
        Refusal("no SHA-256", .invalid, member(sha256: [])),
        Refusal("are stored of a file of 2", .invalid, member(byteCount: 2)),
        Refusal("below 0", .invalid, member(byteCount: -1, storedByteCount: -1)),
        Refusal("below 0", .invalid, member(block: -1)),
        Refusal("a directory with content", .invalid, member(kind: .directory)),
        Refusal("multiples of 512", .invalid, member(headerOffset: 511)),
        Refusal("its header is at", .invalid, member(contentOffset: 512)),
        Refusal(
            "reach over the end", .invalid,
            member(byteCount: .max, storedByteCount: .max)),
        Refusal(
            "it begins at 1024, the one before ends at 1536", .invalid, member(),
            member([0x62], headerOffset: 1024, contentOffset: 1536)),
        Refusal(
            "it is there twice", .refused, member(),
            member([0x62], headerOffset: 1536, contentOffset: 2048),
            member(headerOffset: 2560, contentOffset: 3072)),
        Refusal(
            "there are more than 2 members", .refused, member(),
            member([0x62], headerOffset: 1536, contentOffset: 2048),
            member([0x63], headerOffset: 2560, contentOffset: 3072)),
    ]

    @Test("What cannot be in a bundle is refused", arguments: refusals)
    func refused(refusal: Refusal) throws {
        let limit = refusal.testDescription.contains("more than 2") ? 2 : 10
        let error = #expect(throws: ArchiveError.self) {
            var writer = try MemberIndexWriter(
                top: IndexStream.top, object: "t.tar", memberLimit: limit)
            for member in refusal.members { try writer.add(member) }
            _ = try writer.layOut()
        }
        #expect(error?.kind == refusal.kind)
        #expect(
            error?.reason.contains(refusal.testDescription) == true, "\(String(describing: error))")
        #expect(error?.object == "t.tar, members.index")
    }

    @Test("A top folder has one name", arguments: ["a/b", ""])
    func top(name: String) {
        #expect(throws: ArchiveError.self) {
            try MemberIndexWriter(top: IndexStream.path(name), object: "t.tar")
        }
    }

    @Test(
        "It stands behind the members, at a whole block",
        arguments: [0, 1536, 2047, 2049] as [Int64])
    func place(contentOffset: Int64) throws {
        var writer = try MemberIndexWriter(top: IndexStream.top, object: "t.tar")
        try writer.add(Self.member())
        let layout = try writer.layOut()
        try layout.write(contentOffset: 2048) { _, _ in }
        let error = #expect(throws: ArchiveError.self) {
            try layout.write(contentOffset: contentOffset) { _, _ in }
        }
        #expect(error?.kind == .invalid)
    }

    @Test("What stops the writing comes through")
    func stopped() throws {
        let layout = try MemberIndexWriter(top: IndexStream.top, object: "t.tar").layOut()
        let own = ArchiveError(.inputOutput, operation: "write", object: "x", reason: "y")
        let error = #expect(throws: ArchiveError.self) {
            try layout.write(contentOffset: 1024) { (_, _) throws(ArchiveError) in throw own }
        }
        #expect(error == own)
    }

    @Test("The same members give the same bytes")
    func stable() throws {
        let members = IndexStream.members(MemberIndexTests.generated(1500))
        #expect(try IndexStream(members).bytes == IndexStream(members).bytes)
    }
}
