internal import DiagCodec
internal import SystemPackage

/// A bundle that is read at random, by its table of blocks and its index of members.
///
/// Used by one thread; what decodes beside it has threads of its own.
final class IndexedBundle {
    /// What members are read from.
    struct Stream: Sendable {
        let file: InputFile
        /// Where its blocks lie.
        let table: BlockTable
        /// The top folder.
        let top: MemberPath

        /// The member's path with the top folder.
        func path(of member: IndexedMember) -> MemberPath {
            MemberPath(components: top.components + member.path.components)
        }

        /// What an error about the member names: of a bundle in volumes those that hold it.
        func place(of member: IndexedMember) -> String {
            guard let first = table.index(holding: member.headerOffset),
                let last = table.index(holding: max(member.headerOffset, member.endOffset - 1))
            else { return file.object }
            return file.object(at: table[first].offset..<table[last].offset + table[last].byteCount)
        }
    }

    /// What its members are read from.
    let stream: Stream
    /// Where its members lie.
    let index: MemberIndex

    private init(_ file: InputFile, _ table: BlockTable, _ index: MemberIndex) {
        stream = Stream(file: file, table: table, top: index.top)
        self.index = index
    }

    /// Opens the index of `file`.
    ///
    /// - Returns: `nil` for a file that is to be read from start to end: without a table of blocks,
    ///   with none of ours behind its last member, or with that in a block of more than 16 MiB.
    /// - Throws: ``ArchiveError`` for a table or an index that is damaged or lies.
    static func open(
        _ file: InputFile, limits: BundleReader.Limits = .init()
    ) throws(ArchiveError) -> IndexedBundle? {
        // Of an encrypted file only the start is there to begin with.
        guard file.cipher == nil, let table = try Self.table(of: file) else { return nil }
        let bytes = StreamBytes(file, table)
        guard table.count > 0, bytes.isReadable(at: table.uncompressedByteCount - 1) else {
            return nil
        }
        // The block that the index gives of a member is not used, and so not believed: another
        // program may have compressed the stream again.
        let index = try MemberIndex.open(
            streamByteCount: table.uncompressedByteCount, object: file.object,
            memberLimit: limits.memberCount, read: bytes.read)
        guard let index else { return nil }
        return IndexedBundle(file, table, index)
    }

    /// The table of blocks; `nil` where there is none.
    static func table(of file: InputFile) throws(ArchiveError) -> BlockTable? {
        do {
            if let table = try BlockTable.read(file.blockSource) { return table }
        } catch let error as BlockFormatError where error.kind != .damaged {
            return nil
        } catch {
            throw ArchiveError(translating: error, operation: "read", file: file)
        }
        let start = try file.firstBytes(512)
        guard start.count == 512, start[257..<262].elementsEqual("ustar".utf8) else { return nil }
        return .plain(byteCount: file.byteCount)
    }

    /// The block, from 0, that holds the first byte of a member's content.
    func block(of member: IndexedMember) -> Int? { stream.table.index(holding: member.firstOffset) }

    /// The member's path with the top folder.
    func path(of member: IndexedMember) -> MemberPath { stream.path(of: member) }

    /// The members that `wanted` selects, in the order of the stream, and which of `wanted` select
    /// none.
    func members(
        selectedBy wanted: [MemberSelection.Wanted]
    ) throws(ArchiveError) -> (members: [IndexedMember], notFound: [String]) {
        var found = [Int64: IndexedMember]()
        var notFound = [String]()
        for one in wanted {
            var isFound = one.path == index.top
            try index.forEach(below: one.path) { member throws(ArchiveError) in
                isFound = true
                found[member.headerOffset] = member
            }
            if let member = try index.find(text: one.text) {
                isFound = true
                found[member.headerOffset] = member
            }
            if !isFound { notFound.append(one.text) }
        }
        return (found.values.sorted { $0.headerOffset < $1.headerOffset }, notFound)
    }

    /// All members, in the order of the stream.
    func allMembers() throws(ArchiveError) -> [IndexedMember] {
        var members = [IndexedMember]()
        members.reserveCapacity(index.memberCount)
        try index.forEach { member throws(ArchiveError) in members.append(member) }
        return members.sorted { $0.headerOffset < $1.headerOffset }
    }
}
