import DiagDigest

@testable import DiagArchive

/// An index of members put together field by field, with hashes that fit whatever it says.
struct ForgedIndex {
    struct Record {
        var shared: Int
        var rest: [UInt8]
        var kind: UInt8
        var reserved: [UInt8] = [0, 0, 0]
        var byteCount: UInt64
        var stored: UInt64
        var header: UInt64
        var content: UInt64
        var block: UInt64
        var digest: [UInt8]

        init(_ member: IndexedMember, behind path: [UInt8]) {
            let own = member.path.bytes
            shared = zip(own, path).prefix { $0 == $1 }.count
            rest = Array(own.dropFirst(shared))
            kind = member.kind.rawValue
            byteCount = UInt64(member.byteCount)
            stored = UInt64(member.storedByteCount)
            header = UInt64(member.headerOffset)
            content = UInt64(member.contentOffset)
            block = UInt64(member.block)
            digest = member.sha256.isEmpty ? [UInt8](repeating: 0, count: 32) : member.sha256
        }

        var bytes: [UInt8] {
            little(shared, 2) + little(rest.count, 2) + [kind] + reserved
                + [byteCount, stored, header, content, block].flatMap { little($0, 8) }
                + digest + rest
        }
    }

    struct Page {
        var records: [Record]
        var firstPath: [UInt8]
        var offset: UInt64?
        var byteCount: Int?
        var count: Int?
        var reserved: [UInt8] = [0, 0]
        /// What stands behind the records.
        var behind: [UInt8] = []
    }

    var contentOffset: Int64
    var top = Array("host17".utf8)
    var pages: [Page]
    /// Zeros behind the directory; by default those to a multiple of 512.
    var padding: [UInt8]?
    var version = 1
    var pageCount: Int?
    var memberCount: UInt64?
    var byteCount: UInt64?
    var streamByteCount: UInt64?
    var directoryOffset: UInt64?
    var trailerReserved: UInt64 = 0
    var end = IndexStream.end

    /// A true index of `pages`, which are sorted.
    init(_ pages: [[IndexedMember]]) {
        contentOffset = 512 + (pages.joined().map(\.endOffset).max() ?? 512)
        self.pages = pages.map { members in
            var path = [UInt8]()
            var records = [Record]()
            for member in members {
                records.append(Record(member, behind: path))
                path = member.path.bytes
            }
            return Page(records: records, firstPath: members.first?.path.bytes ?? [])
        }
    }

    var stream: IndexStream {
        var content = [UInt8]()
        var directory = little(top.count, 2) + top
        for page in pages {
            let bytes = page.records.flatMap(\.bytes) + page.behind
            directory += little(page.offset ?? UInt64(content.count), 8)
            directory += little(page.byteCount ?? bytes.count, 4)
            directory += little(page.count ?? page.records.count, 4)
            directory += SHA256.digest(of: bytes).bytes
            directory += little(page.firstPath.count, 2) + page.reserved + page.firstPath
            content += bytes
        }
        let start = content.count
        content += directory
        let filling = (512 - (content.count + 128) % 512) % 512
        content += padding ?? [UInt8](repeating: 0, count: filling)
        let members = pages.reduce(0) { $0 + ($1.count ?? $1.records.count) }
        let whole = UInt64(contentOffset) + UInt64(content.count + 128 + end.count)
        var trailer = Array("DiagMIdx".utf8) + little(version, 4)
        trailer += little(pageCount ?? pages.count, 4) + little(memberCount ?? UInt64(members), 8)
        trailer += little(byteCount ?? UInt64(content.count + 128), 8)
        trailer += little(streamByteCount ?? whole, 8)
        trailer += little(directoryOffset ?? UInt64(start), 8)
        trailer += SHA256.digest(of: Array(content[start...])).bytes
        trailer += little(trailerReserved, 8)
        trailer += SHA256.digest(of: trailer).bytes + Array("xdIMgaiD".utf8)
        return IndexStream(contentOffset: contentOffset, bytes: content + trailer + end)
    }
}

/// The lowest `count` bytes of `value`, the lowest first.
func little(_ value: some BinaryInteger, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}
