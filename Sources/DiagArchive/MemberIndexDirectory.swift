internal import DiagDigest

/// The pages of an index of members: where each begins and which paths it has.
struct MemberIndexDirectory {
    /// One page.
    struct Page: Hashable {
        /// Where it begins in the index.
        let offset: Int64
        let byteCount: Int
        let memberCount: Int
        /// Its SHA-256.
        let digest: [UInt8]
        /// The path of its first member.
        let firstPath: [UInt8]

        /// The byte count of its entry.
        var entryByteCount: Int { MemberIndexFormat.entryByteCount + firstPath.count }
    }

    /// The name of the top folder.
    let top: [UInt8]
    let pages: [Page]

    /// Its bytes, without the zeros that follow it.
    var bytes: [UInt8] {
        var bytes = [UInt8]()
        bytes.append(littleEndian: UInt16(clamping: top.count))
        bytes += top
        for page in pages {
            bytes.append(littleEndian: UInt64(clamping: page.offset))
            bytes.append(littleEndian: UInt32(clamping: page.byteCount))
            bytes.append(littleEndian: UInt32(clamping: page.memberCount))
            bytes += page.digest
            bytes.append(littleEndian: UInt16(clamping: page.firstPath.count))
            bytes += [0, 0]
            bytes += page.firstPath
        }
        return bytes
    }

    /// The number of the only page that can have `path`; `nil` when it stands before the first.
    func page(of path: [UInt8]) -> Int? {
        var (low, high) = (0, pages.count)
        while low < high {
            let middle = (low + high) / 2
            if path.lexicographicallyPrecedes(pages[middle].firstPath) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low > 0 ? low - 1 : nil
    }
}

extension MemberIndexDirectory {
    /// Reads `bytes`, all between the pages and the trailer.
    ///
    /// - Throws: ``MemberIndexFault`` when the hash is another, or when the pages are not sorted,
    ///   not one behind the other up to the directory, or not as many as `trailer` says.
    init(_ bytes: [UInt8], of trailer: MemberIndexTrailer) throws(MemberIndexFault) {
        guard SHA256.digest(of: bytes).bytes == trailer.directoryDigest else {
            throw MemberIndexFault("its directory is damaged: the SHA-256 is another")
        }
        let span = bytes.span
        let topByteCount: UInt16 = try span.littleEndian(at: 0, "the top folder's name")
        let top = try span.array(at: 2, byteCount: Int(topByteCount), "the top folder's name")
        guard try MemberPath(indexed: top).components.count == 1 else {
            throw MemberIndexFault("its top folder has no plain name")
        }
        var offset = 2 + top.count
        let room = (bytes.count - offset) / (MemberIndexFormat.entryByteCount + 1)
        guard trailer.pageCount <= room else {
            throw MemberIndexFault(
                "its directory has no room for the \(trailer.pageCount) pages it speaks of")
        }
        var pages = [Page]()
        pages.reserveCapacity(trailer.pageCount)
        var (end, memberCount) = (Int64(0), 0)
        for number in 0..<trailer.pageCount {
            let page = try Self.page(number, in: span, at: offset)
            guard page.offset == end else {
                throw MemberIndexFault(
                    "page \(number) begins at \(page.offset), the one before ends at \(end)")
            }
            if let before = pages.last, !before.firstPath.lexicographicallyPrecedes(page.firstPath)
            {
                throw MemberIndexFault("page \(number) is not behind the one before it by name")
            }
            end += Int64(page.byteCount)
            memberCount += page.memberCount
            offset += page.entryByteCount
            pages.append(page)
        }
        guard end == trailer.directoryOffset else {
            throw MemberIndexFault(
                "its pages end at \(end), its directory begins at \(trailer.directoryOffset)")
        }
        guard memberCount == trailer.memberCount else {
            throw MemberIndexFault(
                "its pages have \(memberCount) members, it speaks of \(trailer.memberCount)")
        }
        guard bytes.count - offset < Int(MemberIndexFormat.tarBlockByteCount),
            span.isZero(offset..<bytes.count)
        else { throw MemberIndexFault("\(bytes.count - offset) bytes behind its directory") }
        self.init(top: top, pages: pages)
    }

    private static func page(
        _ number: Int, in bytes: Span<UInt8>, at offset: Int
    ) throws(MemberIndexFault) -> Page {
        let place = "the entry of page \(number)"
        let pageByteCount: UInt32 = try bytes.littleEndian(at: offset + 8, place)
        let memberCount: UInt32 = try bytes.littleEndian(at: offset + 12, place)
        let pathByteCount: UInt16 = try bytes.littleEndian(at: offset + 48, place)
        let path = try bytes.array(
            at: offset + MemberIndexFormat.entryByteCount, byteCount: Int(pathByteCount), place)
        guard bytes.isZero(offset + 50..<offset + 52) else {
            throw MemberIndexFault("\(place): it says more than version 1 has words for")
        }
        // A record without a byte of a path of its own would be the same member again.
        guard pageByteCount <= UInt32(MemberIndexFormat.pageByteLimit), memberCount > 0,
            memberCount <= pageByteCount / UInt32(MemberIndexFormat.recordByteCount + 1)
        else {
            throw MemberIndexFault("\(place): \(memberCount) members in \(pageByteCount) bytes")
        }
        _ = try MemberPath(indexed: path)
        return Page(
            offset: try bytes.integer(at: offset, "\(place): its offset"),
            byteCount: Int(pageByteCount),
            memberCount: Int(memberCount),
            digest: try bytes.array(
                at: offset + 16, byteCount: MemberIndexFormat.digestByteCount, place),
            firstPath: path)
    }
}
