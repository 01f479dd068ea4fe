internal import DiagDigest

/// An index of members that is about to be written: its size and its pages are known.
struct MemberIndexLayout {
    /// One page to be.
    struct Page: Hashable {
        /// Which of the sorted members it has.
        let members: Range<Int>
        /// Where it begins in the index.
        let offset: Int64
        let byteCount: Int
    }

    /// The byte count of the whole index, a multiple of 512: what the tar header says.
    let byteCount: Int64
    /// Where parts begin in the index, ascending: each page, and last the directory. A block that
    /// begins at one of these holds no end of another page.
    let boundaries: [Int64]
    private let top: [UInt8]
    private let records: MemberIndexRecords
    private let places: [Int]
    private let pages: [Page]
    private let directoryOffset: Int64
    private let membersEnd: Int64
    private let object: String

    init(
        top: [UInt8], records: MemberIndexRecords, places: [Int], pages: [Page],
        directoryOffset: Int64, membersEnd: Int64, object: String
    ) {
        self.top = top
        self.records = records
        self.places = places
        self.pages = pages
        self.directoryOffset = directoryOffset
        self.membersEnd = membersEnd
        self.object = object
        boundaries = pages.map(\.offset) + [directoryOffset]
        let directoryByteCount = pages.reduce(2 + top.count) { sum, page in
            sum + MemberIndexFormat.entryByteCount
                + records.pathByteCount(at: places[page.members.lowerBound])
        }
        byteCount = MemberIndexFormat.padded(
            directoryOffset + Int64(directoryByteCount + MemberIndexFormat.trailerByteCount))
    }

    /// Gives the content of the index, part by part: each page, then all behind the pages.
    ///
    /// `contentOffset` says where the content begins in the stream, behind its header; after it
    /// come the 1,024 zero bytes that end the archive, and nothing else. `body` gets the part's
    /// offset in the index, which is one of ``boundaries``, and its bytes.
    ///
    /// - Throws: ``ArchiveError`` of kind `invalid` when the content would begin before the last
    ///   member ends, or what `body` throws.
    func write(
        contentOffset: Int64,
        _ body: (_ offset: Int64, _ bytes: Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let unit = MemberIndexFormat.tarBlockByteCount
        guard contentOffset % unit == 0, contentOffset - unit >= membersEnd,
            contentOffset <= IndexedMember.greatestOffset - byteCount
        else {
            throw ArchiveError(
                .invalid, operation: "write", object: "\(object), \(MemberIndexFormat.name)",
                reason: "it begins at \(contentOffset), and the last member ends at \(membersEnd)")
        }
        var entries = [MemberIndexDirectory.Page]()
        entries.reserveCapacity(pages.count)
        var bytes = [UInt8]()
        bytes.reserveCapacity(MemberIndexFormat.pageByteLimit)
        for page in pages {
            bytes.removeAll(keepingCapacity: true)
            let first = page.members.lowerBound
            for index in page.members {
                let shared =
                    index == first
                    ? 0 : records.compare(places[index - 1], places[index]).sharedByteCount
                records.write(places[index], shared: shared, to: &bytes)
            }
            entries.append(
                MemberIndexDirectory.Page(
                    offset: page.offset, byteCount: bytes.count, memberCount: page.members.count,
                    digest: SHA256.digest(of: bytes).bytes,
                    firstPath: records.path(at: places[first])))
            try body(page.offset, bytes.span)
        }
        let rest = end(entries, contentOffset: contentOffset)
        try body(directoryOffset, rest.span)
    }

    /// The directory, the zeros behind it and the trailer.
    private func end(_ entries: [MemberIndexDirectory.Page], contentOffset: Int64) -> [UInt8] {
        var bytes = MemberIndexDirectory(top: top, pages: entries).bytes
        let trailerOffset = byteCount - Int64(MemberIndexFormat.trailerByteCount)
        let zeros = Int(trailerOffset - directoryOffset) - bytes.count
        bytes += [UInt8](repeating: 0, count: zeros)
        let trailer = MemberIndexTrailer(
            pageCount: entries.count, memberCount: places.count, byteCount: byteCount,
            streamByteCount: contentOffset + byteCount
                + Int64(MemberIndexFormat.archiveEndByteCount),
            directoryOffset: directoryOffset, directoryDigest: SHA256.digest(of: bytes).bytes)
        return bytes + trailer.bytes
    }
}
