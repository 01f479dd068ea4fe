internal import DiagDigest

/// The index of members of a bundle, searched in place: a page is read when it is asked for.
///
/// Nothing in it is believed. What breaks ``MemberIndexFormat``, a hash that is another, a place
/// outside of the stream: each is an ``ArchiveError`` of kind `invalid` that names the bundle and
/// says what is wrong. In memory are the directory, at most 32 MiB, and one page at a time.
///
/// That the headers and the contents in the stream are those that the index speaks of is not
/// known from the index; who reads a member compares it with its header, size and SHA-256.
struct MemberIndex {
    /// Gives `byteCount` bytes of the uncompressed stream from `offset` on; both lie within it.
    typealias Reading = (_ offset: Int64, _ byteCount: Int) throws(ArchiveError) -> [UInt8]

    /// The top folder, which the paths of the members leave out.
    let top: MemberPath
    /// How many members it lists.
    let memberCount: Int
    /// Where the content of the index begins in the stream.
    let contentOffset: Int64
    private let directory: MemberIndexDirectory
    private let source: MemberIndexSource
    private let blockNumber: ((Int64) -> Int)?

    /// Opens the index of the bundle `object`, a name for errors, by its trailer and directory.
    ///
    /// `streamByteCount` is that of the whole uncompressed stream. `blockNumber`, where it is
    /// given, says in which compressed block a byte of the stream lies; the index must agree.
    ///
    /// - Returns: `nil` when the stream does not end with an index: another program made it.
    /// - Throws: ``ArchiveError``: `invalid` for an index that is damaged or lies, `refused` for
    ///   more than `memberLimit` members, or what `read` throws.
    static func open(
        streamByteCount: Int64, object: String,
        memberLimit: Int = BundleReader.Limits().memberCount,
        blockNumber: ((Int64) -> Int)? = nil, read: @escaping Reading
    ) throws(ArchiveError) -> MemberIndex? {
        let source = MemberIndexSource(
            object: object, streamByteCount: streamByteCount, read: read)
        let trailerByteCount = MemberIndexFormat.trailerByteCount
        let endByteCount = trailerByteCount + MemberIndexFormat.archiveEndByteCount
        guard streamByteCount >= Int64(endByteCount) else { return nil }
        let bytes = try source.bytes(at: streamByteCount - Int64(endByteCount), endByteCount)
        let found = try source.check {
            () throws(MemberIndexFault) -> MemberIndexTrailer? in
            let trailer = try MemberIndexTrailer.read(
                bytes.span.extracting(..<trailerByteCount), streamByteCount: streamByteCount)
            guard trailer == nil || bytes.span.isZero(trailerByteCount..<endByteCount) else {
                throw MemberIndexFault("no end of a tar stream stands behind it")
            }
            return trailer
        }
        guard let trailer = found else { return nil }
        guard trailer.memberCount <= memberLimit else {
            throw source.error(.refused, "there are more than \(memberLimit) members")
        }
        let contentOffset =
            streamByteCount - Int64(MemberIndexFormat.archiveEndByteCount) - trailer.byteCount
        let entries = try source.bytes(
            at: contentOffset + trailer.directoryOffset, Int(trailer.directoryByteCount))
        return try source.check { () throws(MemberIndexFault) -> MemberIndex in
            let directory = try MemberIndexDirectory(entries, of: trailer)
            return MemberIndex(
                top: try MemberPath(indexed: directory.top), memberCount: trailer.memberCount,
                contentOffset: contentOffset, directory: directory, source: source,
                blockNumber: blockNumber)
        }
    }

    /// The member that `wanted` names, with or without the top folder.
    ///
    /// One page is read, or two when a member of the top folder has that folder's name.
    ///
    /// - Returns: `nil` when there is none; the top folder itself has no record.
    /// - Throws: ``ArchiveError``, see ``open(streamByteCount:object:memberLimit:blockNumber:read:)``.
    func find(_ wanted: MemberPath) throws(ArchiveError) -> IndexedMember? {
        for path in spellings(of: wanted) {
            guard let number = directory.page(of: path.bytes) else { continue }
            if let member = try members(ofPage: number).first(where: { $0.path == path }) {
                return member
            }
        }
        return nil
    }

    /// The member whose path, or ``MemberPath/text`` of it, is `wanted`, with or without the top
    /// folder.
    ///
    /// - Throws: ``ArchiveError`` also when `wanted` is no path that a member can have.
    func find(text wanted: String) throws(ArchiveError) -> IndexedMember? {
        let path = try MemberPath(
            validating: Array(wanted.utf8), of: source.object, hasTop: true)
        if let member = try find(path) { return member }
        guard let bytes = MemberPath.unescaped(wanted) else { return nil }
        return try find(MemberPath(validating: bytes, of: source.object, hasTop: true))
    }

    /// Gives every member to `body`, in the order of their paths; one page after the other is read.
    ///
    /// At the end the places of all are compared: none may lie over another, and all bytes of the
    /// stream belong to a member, but for at most 4,096 before them, the header of the top folder,
    /// and as many behind them, that of the index. This takes 16 bytes of memory for each member.
    ///
    /// - Throws: ``ArchiveError``, or what `body` throws.
    func forEach(
        _ body: (IndexedMember) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var places = [Range<Int64>]()
        for number in directory.pages.indices {
            for member in try members(ofPage: number) {
                places.append(member.headerOffset..<member.endOffset)
                try body(member)
            }
        }
        let all = places
        try source.check { () throws(MemberIndexFault) -> Void in
            try checkCover(by: IndexedMember.checkPlaces(of: all))
        }
    }

    /// Gives `body` the member at `folder` and all below it, sorted by path, and reads at most two
    /// pages that have none of them.
    ///
    /// `folder` may begin with the top folder; the top folder alone stands for all members.
    ///
    /// - Throws: ``ArchiveError``, or what `body` throws.
    func forEach(
        below folder: MemberPath, _ body: (IndexedMember) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        if folder == top || folder.components.isEmpty {
            for number in directory.pages.indices {
                for member in try members(ofPage: number) { try body(member) }
            }
            return
        }
        let paths = spellings(of: folder)
        for (number, path) in paths.enumerated() {
            // Below `a/a` of the top folder `a` lies what is below `a` already.
            if number > 0, path.components.starts(with: paths[0].components) { continue }
            try forEach(exactlyBelow: path, body)
        }
    }

    private func forEach(
        exactlyBelow folder: MemberPath, _ body: (IndexedMember) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        // By bytes, `a-b` stands between `a` and `a/b`: two places to look at.
        let first = folder.bytes
        let inside = first + [0x2F]
        let behind = first + [0x30]
        let insidePage = directory.page(of: inside) ?? 0
        var number = directory.page(of: first) ?? 0
        while number < directory.pages.count {
            let firstPath = directory.pages[number].firstPath
            guard firstPath.lexicographicallyPrecedes(behind) else { return }
            for member in try members(ofPage: number)
            where member.path.components.starts(with: folder.components) {
                try body(member)
            }
            number = max(number + 1, insidePage)
        }
    }

    /// The paths below the top folder that `path` may mean.
    private func spellings(of path: MemberPath) -> [MemberPath] {
        guard path.components.count > 1, path.components.starts(with: top.components) else {
            return [path]
        }
        return [MemberPath(components: Array(path.components.dropFirst())), path]
    }

    /// Reads one page, and compares it with its entry and the next.
    private func members(ofPage number: Int) throws(ArchiveError) -> [IndexedMember] {
        let page = directory.pages[number]
        let bytes = try source.bytes(at: contentOffset + page.offset, page.byteCount)
        let next = number + 1 < directory.pages.count ? directory.pages[number + 1] : nil
        return try source.check("page \(number)") {
            () throws(MemberIndexFault) -> [IndexedMember] in
            guard SHA256.digest(of: bytes).bytes == page.digest else {
                throw MemberIndexFault("it is damaged: the SHA-256 is another")
            }
            let members = try IndexedMember.records(
                in: bytes.span, count: page.memberCount,
                below: contentOffset - MemberIndexFormat.tarBlockByteCount)
            guard members.first?.path.bytes == page.firstPath else {
                throw MemberIndexFault("its first path is not the one that its entry gives")
            }
            if let next, let last = members.last,
                !last.path.bytes.lexicographicallyPrecedes(next.firstPath)
            {
                throw MemberIndexFault("its last path is not before those of the next page")
            }
            guard let blockNumber else { return members }
            for member in members where blockNumber(member.firstOffset) != member.block {
                throw MemberIndexFault(
                    "member \(MemberPath.text(member.path.bytes.prefix(200))): it does not begin "
                        + "in block \(member.block)")
            }
            return members
        }
    }

    /// Compares the places of all members, sorted, with what else is in the stream.
    private func checkCover(by places: [Range<Int64>]) throws(MemberIndexFault) {
        let most = MemberIndexFormat.ownHeaderByteLimit
        let first = places.first?.lowerBound ?? contentOffset
        guard first <= (places.isEmpty ? 2 * most : most) else {
            throw MemberIndexFault("the first \(first) bytes of the stream are of no member")
        }
        for (place, next) in zip(places, places.dropFirst())
        where place.upperBound != next.lowerBound {
            throw MemberIndexFault(
                "the bytes from \(place.upperBound) to \(next.lowerBound) are of no member")
        }
        if let last = places.last, contentOffset - last.upperBound > most {
            throw MemberIndexFault(
                "the bytes from \(last.upperBound) to its own at \(contentOffset) are of no member")
        }
    }
}
