import DiagDigest
import Testing

@testable import DiagArchive

/// A tar stream of which only its last member, the index, and the archive's end are kept.
///
/// All before them reads as zeros.
struct IndexStream {
    /// What was read of it.
    final class Reads {
        var ranges = [Range<Int64>]()
        var byteCount: Int64 { ranges.reduce(0) { $0 + Int64($1.count) } }
    }

    static let top = MemberPath(components: [Array("host17".utf8)])
    static let end = [UInt8](repeating: 0, count: 1024)

    /// Where the content of the index begins.
    var contentOffset: Int64
    /// The content of the index and the archive's end.
    var bytes: [UInt8]
    let reads = Reads()

    var byteCount: Int64 { contentOffset + Int64(bytes.count) }

    init(contentOffset: Int64, bytes: [UInt8]) {
        self.contentOffset = contentOffset
        self.bytes = bytes
    }

    /// What the writer makes of `members`, which are in the order of the stream.
    init(_ members: [IndexedMember]) throws {
        var writer = try MemberIndexWriter(top: Self.top, object: "t.tar")
        for member in members { try writer.add(member) }
        try self.init(writer.layOut(), behind: members.last?.endOffset ?? 512)
    }

    init(_ layout: MemberIndexLayout, behind end: Int64) throws {
        contentOffset = end + 512
        var content = [UInt8]()
        try layout.write(contentOffset: contentOffset) { offset, part in
            #expect(offset == Int64(content.count))
            #expect(layout.boundaries.contains(offset))
            content.append(copying: part)
        }
        #expect(Int64(content.count) == layout.byteCount)
        bytes = content + Self.end
    }

    func open(blockNumber: ((Int64) -> Int)? = nil) throws(ArchiveError) -> MemberIndex? {
        let (start, bytes, whole, reads) = (contentOffset, bytes, byteCount, reads)
        return try MemberIndex.open(
            streamByteCount: whole, object: "t.tar", blockNumber: blockNumber
        ) { (offset, count) throws(ArchiveError) -> [UInt8] in
            #expect(offset >= 0 && count > 0 && offset + Int64(count) <= whole)
            reads.ranges.append(offset..<offset + Int64(count))
            let from = Int(offset - start)
            if from >= 0, from + count <= bytes.count { return Array(bytes[from..<from + count]) }
            return (from..<from + count).map { bytes.indices.contains($0) ? bytes[$0] : 0 }
        }
    }

    /// Opens the index and reads all of it.
    ///
    /// - Returns: the members; `nil` when there is no index.
    func readAll() throws(ArchiveError) -> [IndexedMember]? {
        guard let index = try open() else { return nil }
        var members = [IndexedMember]()
        try index.forEach { members.append($0) }
        return members
    }

    /// Members one behind the other in the stream, in the order given, behind the top folder.
    ///
    /// A path with a `/` at its end is a directory, one that ends with `.sparse` a sparse file.
    static func members(_ paths: [[UInt8]]) -> [IndexedMember] {
        var offset: Int64 = 512
        var members = [IndexedMember]()
        members.reserveCapacity(paths.count)
        for (number, path) in paths.enumerated() {
            let isDirectory = path.last == 0x2F
            let isSparse = path.suffix(7) == Array(".sparse".utf8)[...]
            let size = isDirectory ? 0 : Int64(number % 5) * 300
            let member = IndexedMember(
                path: MemberPath(components: path.split(separator: 0x2F).map { Array($0) }),
                kind: isDirectory ? .directory : isSparse ? .sparse : .regular,
                byteCount: isSparse ? size + (1 << 40) : size, storedByteCount: size,
                sha256: isDirectory ? [] : SHA256.digest(of: path).bytes, headerOffset: offset,
                contentOffset: offset + 512, block: Int(offset / 65_536))
            offset = member.endOffset
            members.append(member)
        }
        return members
    }

    static func members(_ paths: String...) -> [IndexedMember] {
        members(paths.map { Array($0.utf8) })
    }

    static func path(_ text: String) -> MemberPath {
        MemberPath(components: text.utf8.split(separator: 0x2F).map { Array($0) })
    }
}

extension [IndexedMember] {
    var sortedByPath: [IndexedMember] { sorted { $0.path < $1.path } }
}
