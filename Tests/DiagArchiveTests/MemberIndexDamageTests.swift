import Testing

@testable import DiagArchive

/// An index that is damaged, and one that lies.
@Suite struct MemberIndexDamageTests {
    /// Two pages; in the stream the members stand in another order than by their paths.
    static var pages: [[IndexedMember]] {
        let members = IndexStream.members("c.txt", "a/y.log", "b/z.sparse", "a/", "a/x.log")
            .sortedByPath
        return [Array(members[..<3]), Array(members[3...])]
    }

    static func error(of stream: IndexStream) -> ArchiveError? {
        do throws(ArchiveError) {
            _ = try stream.readAll()
            return nil
        } catch { return error }
    }

    @Test("The format is as it is described: put together from the description, it is the same")
    func described() throws {
        let members = Self.pages.flatMap(\.self)
        let written = try IndexStream(members.sorted { $0.headerOffset < $1.headerOffset })
        let forged = ForgedIndex([members]).stream
        #expect(written.contentOffset == forged.contentOffset)
        #expect(written.bytes == forged.bytes)
        #expect(try ForgedIndex(Self.pages).stream.readAll() == members)
    }

    @Test("Cut at any place, it is not there or an error")
    func truncated() throws {
        let whole = ForgedIndex(Self.pages).stream
        for count in whole.bytes.indices {
            let cut = IndexStream(
                contentOffset: whole.contentOffset, bytes: Array(whole.bytes[..<count]))
            do throws(ArchiveError) {
                let members = try cut.readAll()
                #expect(members == nil, "\(count) bytes")
            } catch { #expect(error.kind == .invalid, "\(count) bytes: \(error)") }
        }
        for count in stride(from: 0, to: whole.contentOffset, by: 512) {
            let cut = IndexStream(contentOffset: count, bytes: whole.bytes)
            #expect(Self.error(of: cut)?.kind == .invalid, "\(count) bytes are lost before it")
        }
    }

    @Test("Any flipped byte is an error", arguments: [0x01, 0x80, 0xFF] as [UInt8])
    func flipped(bits: UInt8) throws {
        let whole = ForgedIndex(Self.pages).stream
        for place in whole.bytes.indices {
            var flipped = whole
            flipped.bytes[place] ^= bits
            let error = Self.error(of: flipped)
            #expect(error?.kind == .invalid, "byte \(place): \(String(describing: error))")
        }
    }

    @Test("A damaged page costs its own members alone")
    func damagedPage() throws {
        var stream = ForgedIndex(Self.pages).stream
        stream.bytes[100] ^= 1
        let index = try #require(try stream.open())
        let (lost, kept) = (Self.pages[0][1], Self.pages[1][0])
        #expect(try index.find(kept.path) == kept)
        let error = #expect(throws: ArchiveError.self) { try index.find(lost.path) }
        #expect(error?.reason == "page 0: it is damaged: the SHA-256 is another")
    }

    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        let tell: @Sendable (inout ForgedIndex) -> Void

        init(
            _ name: String, _ reason: String,
            _ tell: @escaping @Sendable (inout ForgedIndex) -> Void
        ) {
            testDescription = name
            self.reason = reason
            self.tell = tell
        }
    }

    static let trailerLies: [Lie] = [
        Lie("version 2", "it is of version 2") { $0.version = 2 },
        Lie("another stream", "it is the index of a stream of 77") { $0.streamByteCount = 77 },
        Lie("larger than the stream", "its size is") { $0.byteCount = 1 << 50 },
        Lie("of no size", "its size is 0") { $0.byteCount = 0 },
        Lie("of an odd size", "its size is") { $0.byteCount = 1025 },
        Lie("of a size below 0", "its size is") { $0.byteCount = .max },
        Lie("the directory behind it", "the directory's offset is") { $0.directoryOffset = 9999 },
        Lie("the directory far behind it", "the directory's offset is") {
            $0.directoryOffset = .max
        },
        Lie("the directory elsewhere", "its directory is damaged") { $0.directoryOffset = 100 },
        Lie("a huge directory", "its directory has") {
            $0.contentOffset = 100 << 20
            $0.byteCount = 64 << 20
            $0.directoryOffset = 512
        },
        Lie("four milliards of pages", "no room for") { $0.pageCount = 4_000_000_000 },
        Lie("one page more", "0 members in 0 bytes") { $0.pageCount = 3 },
        Lie("one page fewer", "its pages end at") { $0.pageCount = 1 },
        Lie("one member more", "it speaks of 6") { $0.memberCount = 6 },
        Lie("more members than are read", "more than 1000000 members") {
            $0.memberCount = 1_000_001
        },
        Lie("members without end", "the count of members is") { $0.memberCount = .max },
        Lie("words that nobody knows", "more than version 1") { $0.trailerReserved = 1 << 40 },
        Lie("something behind it", "no end of a tar stream") { $0.end[700] = 1 },
        Lie("a stream that is not of blocks", "has no place for it") { $0.contentOffset += 1 },
    ]

    static let directoryLies: [Lie] = [
        Lie("a top folder without a name", "its name is empty") { $0.top = [] },
        Lie("a top folder of two", "no plain name") { $0.top = Array("a/b".utf8) },
        Lie("a top folder above", "holds ..") { $0.top = Array("..".utf8) },
        Lie("a page elsewhere", "page 1 begins at 7") { $0.pages[1].offset = 7 },
        Lie("a page far away", "its offset is") { $0.pages[0].offset = .max },
        Lie("the first page not at 0", "page 0 begins at 512") { $0.pages[0].offset = 512 },
        Lie("a page too long", "members in 65537 bytes") { $0.pages[1].byteCount = 65_537 },
        Lie("a page longer than the pages", "its pages end at") { $0.pages[1].byteCount = 60_000 },
        Lie("a page of nothing", "0 members in") { $0.pages[0].count = 0 },
        Lie("more members than fit", "members in") { $0.pages[0].count = 4 },
        Lie("many more members than fit", "members in") {
            $0.pages[0].count = 4_000_000_000
            $0.memberCount = 5
        },
        Lie("fewer members than there are", "bytes behind its last record") {
            $0.pages[0].count = 2
        },
        Lie("another first path", "its first path is not") { $0.pages[0].firstPath = [0x30] },
        Lie("pages in the wrong order", "page 1 is not behind") { $0.pages.swapAt(0, 1) },
        Lie("one page twice", "page 1 is not behind") { $0.pages[1] = $0.pages[0] },
        Lie("a page without a path", "its name is empty") { $0.pages[0].firstPath = [] },
        Lie("a first path above", "holds ..") { $0.pages[0].firstPath = Array("../a".utf8) },
        Lie("words that nobody knows", "more than version 1") { $0.pages[1].reserved = [0, 1] },
        Lie("something behind it", "bytes behind its directory") {
            var padding = Self.zeros(toFill: $0)
            padding[0] = 1
            $0.padding = padding
        },
        Lie("a hole behind it", "bytes behind its directory") {
            $0.padding = Self.zeros(toFill: $0) + [UInt8](repeating: 0, count: 512)
        },
    ]

    /// The zeros that a true index has behind its directory.
    static func zeros(toFill index: ForgedIndex) -> [UInt8] {
        var bare = index
        bare.padding = []
        let count = index.stream.bytes.count - bare.stream.bytes.count
        return [UInt8](repeating: 0, count: count)
    }

    static let recordLies: [Lie] = [
        Lie("of no kind", "no known kind") { $0.pages[0].records[1].kind = 0 },
        Lie("of a fourth kind", "no known kind") { $0.pages[0].records[1].kind = 4 },
        Lie("words that nobody knows", "no known kind") {
            $0.pages[1].records[1].reserved = [0, 0, 1]
        },
        Lie("a first path that goes on from nothing", "1 bytes of a path of 0") {
            $0.pages[0].records[0].shared = 1
        },
        Lie("a path that goes on from more than there is", "300 bytes of a path of") {
            $0.pages[0].records[1].shared = 300
        },
        Lie("a path that ends as the one before", "and 0 more") {
            $0.pages[0].records[1].rest = []
        },
        Lie("a path longer than the page", "cut short") {
            $0.pages[1].behind = Array($0.pages[1].records[1].bytes.dropLast(5))
            $0.pages[1].records.removeLast()
            $0.pages[1].count = 2
        },
        Lie("paths not sorted", "not behind the one before") {
            $0.pages[0].records[1].shared = 0
            $0.pages[0].records[1].rest = Array("0".utf8)
        },
        Lie("a path twice", "not behind the one before") {
            $0.pages[0].records[2] = $0.pages[0].records[1]
        },
        Lie("a path of the next page", "not before those of the next page") {
            $0.pages[0].records[2].shared = 0
            $0.pages[0].records[2].rest = Array("bb".utf8)
        },
        Lie("a path above", "holds ..") { $0.pages[0].records[1].rest = Array("/../b".utf8) },
        Lie("a path with a hole", "plain form") { $0.pages[0].records[1].rest = Array("//b".utf8) },
        Lie("a path to here", "plain form") { $0.pages[0].records[1].rest = Array("/./b".utf8) },
        Lie("a path with NUL", "NUL") { $0.pages[0].records[1].rest = [0x2F, 0] },
        Lie("a path too long", "longer than 4096 bytes") {
            $0.pages[1].records[1].rest += [UInt8](repeating: 0x2F, count: 4096)
        },
        Lie("a component too long", "longer than 255 bytes") {
            $0.pages[1].records[1].rest += [UInt8](repeating: 0x63, count: 256)
        },
        Lie("an odd header", "multiples of 512") { $0.pages[0].records[1].header += 1 },
        Lie("an odd content", "multiples of 512") { $0.pages[0].records[1].content += 1 },
        Lie("the content before the header", "its header is at") {
            $0.pages[0].records[1].content = 0
        },
        Lie("the header far before the content", "its header is at") {
            $0.contentOffset = 100 << 20
            $0.pages[1].records[1].content = 4 << 20
        },
        Lie("an offset below 0", "its header's offset is") {
            $0.pages[0].records[1].header = .max - 511
        },
        Lie("a header behind the members", "reach over the end") {
            $0.pages[0].records[1].header = UInt64($0.contentOffset)
            $0.pages[0].records[1].content = UInt64($0.contentOffset) + 512
        },
        Lie("content as far as the index", "reach over the end") {
            $0.pages[1].records[1].byteCount = UInt64($0.contentOffset)
            $0.pages[1].records[1].stored = UInt64($0.contentOffset)
        },
        Lie("more content than any stream has", "reach over the end") {
            $0.pages[1].records[1].byteCount = UInt64(Int64.max)
            $0.pages[1].records[1].stored = UInt64(Int64.max)
        },
        Lie("a size below 0", "its size is") { $0.pages[1].records[1].byteCount = .max },
        Lie("a stored size below 0", "its stored size is") {
            $0.pages[1].records[1].stored = .max
        },
        Lie("a block below 0", "its block is") { $0.pages[1].records[1].block = .max },
        Lie("a bomb", "are stored of a file of") { $0.pages[1].records[1].byteCount = 1 << 60 },
        Lie("a directory with content", "a directory with content") {
            $0.pages[0].records[0].byteCount = 1
        },
        Lie("a directory with a hash", "a directory with a SHA-256") {
            $0.pages[0].records[0].digest[31] = 1
        },
        Lie("two members of a page at one place", "two members have the byte at") {
            let other = $0.pages[0].records[2]
            $0.pages[0].records[1].header = other.header
            $0.pages[0].records[1].content = other.content
        },
        Lie("two members of two pages at one place", "two members have the byte at") {
            let other = $0.pages[0].records[2]
            $0.pages[1].records[1].header = other.header
            $0.pages[1].records[1].content = other.content
        },
        Lie("a member left out", "are of no member") {
            $0.pages[1].records.removeFirst()
            $0.pages[1].firstPath = Array("c.txt".utf8)
        },
        Lie("the first bytes left out", "the first") {
            let shift = UInt64(2 << 20)
            for page in $0.pages.indices {
                for record in $0.pages[page].records.indices {
                    $0.pages[page].records[record].header += shift
                    $0.pages[page].records[record].content += shift
                }
            }
            $0.contentOffset += Int64(shift)
        },
        Lie("the last bytes left out", "are of no member") { $0.contentOffset += 2 << 20 },
    ]

    @Test(
        "A lie under hashes that fit is found, and little is read for it",
        arguments: trailerLies + directoryLies + recordLies)
    func lies(lie: Lie) throws {
        var index = ForgedIndex(Self.pages)
        lie.tell(&index)
        let stream = index.stream
        let error = try #require(Self.error(of: stream), "taken for true")
        #expect(error.kind == (lie.reason.hasPrefix("more than 1000000") ? .refused : .invalid))
        #expect(error.reason.contains(lie.reason), "\(error)")
        #expect(error.object == "t.tar, members.index")
        #expect(stream.reads.byteCount < 16_384)
    }
}
