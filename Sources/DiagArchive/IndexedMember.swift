/// One member of a bundle, as the index of members lists it.
struct IndexedMember: Hashable, Sendable {
    /// What it is.
    enum Kind: UInt8, Hashable, Sendable {
        case directory = 1
        case regular = 2
        /// A regular file whose holes are left out of the stream: pax with GNU.sparse 1.0.
        case sparse = 3
    }

    /// Its path below the top folder.
    let path: MemberPath
    let kind: Kind
    /// The size of the file, holes included; 0 of a directory.
    let byteCount: Int64
    /// How many bytes of content stand in the stream, padding not counted: of a sparse file its
    /// map and its data, of others ``byteCount``.
    let storedByteCount: Int64
    /// SHA-256 of the file, 32 bytes; empty for a directory.
    let sha256: [UInt8]
    /// Where its first header begins in the uncompressed stream.
    let headerOffset: Int64
    /// Where its content begins in the uncompressed stream.
    let contentOffset: Int64
    /// The number, from 0, of the compressed block that holds the byte at ``firstOffset``.
    let block: Int

    /// The place that ``block`` is the block of: the content's first byte; the header's, when it
    /// has no content.
    var firstOffset: Int64 { storedByteCount > 0 ? contentOffset : headerOffset }

    /// How many bytes the map of a sparse file takes when `dataByteCount` bytes of data are read of
    /// it; 0 of other members. `nil` when the member is not of the kind that was read.
    func mapByteCount(ofData dataByteCount: Int64?) -> Int64? {
        guard (kind == .sparse) == (dataByteCount != nil) else { return nil }
        return dataByteCount.map { storedByteCount.subtractingReportingOverflow($0).partialValue }
            ?? 0
    }

    /// Where the next member's header begins: behind the content and its padding.
    ///
    /// It is known not to overflow once ``fault(below:)`` found nothing.
    var endOffset: Int64 { contentOffset + MemberIndexFormat.padded(storedByteCount) }

    /// The largest offset that a member may end at.
    static let greatestOffset = Int64.max - 4095

    /// What cannot be so in a stream whose members end at `limit` or before; `nil` for nothing.
    func fault(below limit: Int64 = greatestOffset) -> String? {
        let unit = MemberIndexFormat.tarBlockByteCount
        guard !path.components.isEmpty else { return "it has no path" }
        guard headerOffset >= 0, headerOffset % unit == 0, contentOffset % unit == 0 else {
            return "its offsets \(headerOffset) and \(contentOffset) are not multiples of \(unit)"
        }
        guard contentOffset > headerOffset,
            contentOffset - headerOffset <= MemberIndexFormat.headerByteLimit
        else { return "its header is at \(headerOffset), its content at \(contentOffset)" }
        guard byteCount >= 0, storedByteCount >= 0, block >= 0 else {
            return "a size or a number below 0"
        }
        let end = min(limit, Self.greatestOffset)
        guard contentOffset <= end, storedByteCount <= end - contentOffset, endOffset <= end else {
            return "\(storedByteCount) bytes at \(contentOffset) reach over the end at \(end)"
        }
        switch kind {
        case .directory:
            guard byteCount == 0, storedByteCount == 0, sha256.isEmpty else {
                return "a directory with content"
            }
        case .regular:
            guard byteCount == storedByteCount else {
                return "\(storedByteCount) bytes are stored of a file of \(byteCount)"
            }
            fallthrough
        case .sparse:
            guard sha256.count == MemberIndexFormat.digestByteCount else { return "no SHA-256" }
        }
        return nil
    }

    /// Its record, whose path shares nothing with another, with `path` as the path's bytes.
    func record(path: [UInt8]) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(MemberIndexFormat.recordByteCount + path.count)
        bytes.append(littleEndian: UInt16(0))
        bytes.append(littleEndian: UInt16(clamping: path.count))
        bytes += [kind.rawValue, 0, 0, 0]
        for value in [byteCount, storedByteCount, headerOffset, contentOffset, Int64(block)] {
            bytes.append(littleEndian: UInt64(clamping: value))
        }
        bytes += kind == .directory ? Self.noDigest : sha256
        return bytes + path
    }

    private static let noDigest = [UInt8](repeating: 0, count: MemberIndexFormat.digestByteCount)
}

extension IndexedMember {
    /// The records of a page, whose bytes are known to be those that were written.
    ///
    /// - Throws: ``MemberIndexFault`` for anything that ``MemberIndexFormat`` does not allow, and
    ///   for members that lie over one another or end behind `limit`.
    static func records(
        in page: Span<UInt8>, count: Int, below limit: Int64
    ) throws(MemberIndexFault) -> [IndexedMember] {
        var members = [IndexedMember]()
        var path = [UInt8]()
        var offset = 0
        for _ in 0..<count {
            let member = try record(in: page, at: &offset, path: &path, below: limit)
            members.append(member)
        }
        guard offset == page.count else {
            throw MemberIndexFault("\(page.count - offset) bytes behind its last record")
        }
        try checkPlaces(of: members.map { $0.headerOffset..<$0.endOffset })
        return members
    }

    /// Reads the record at `offset`, moves `offset` behind it and `path` to its path.
    private static func record(
        in page: Span<UInt8>, at offset: inout Int, path: inout [UInt8], below limit: Int64
    ) throws(MemberIndexFault) -> IndexedMember {
        let start = offset
        let place = "the record at byte \(start)"
        let shared: UInt16 = try page.littleEndian(at: start, place)
        let rest: UInt16 = try page.littleEndian(at: start + 2, place)
        let name = try page.array(
            at: start + MemberIndexFormat.recordByteCount, byteCount: Int(rest), place)
        guard Int(shared) <= path.count, rest > 0 else {
            throw MemberIndexFault(
                "\(place): \(shared) bytes of a path of \(path.count), and \(rest) more")
        }
        var next = Array(path.prefix(Int(shared)))
        next += name
        guard path.lexicographicallyPrecedes(next) else {
            throw MemberIndexFault("\(place): its path is not behind the one before")
        }
        path = next
        offset = start + MemberIndexFormat.recordByteCount + Int(rest)
        guard let kind = Kind(rawValue: page[start + 4]), page.isZero(start + 5..<start + 8) else {
            throw MemberIndexFault("\(place): it is of no known kind")
        }
        let isDirectory = kind == .directory
        let digest = try page.array(
            at: start + 48, byteCount: MemberIndexFormat.digestByteCount, place)
        guard !isDirectory || digest == noDigest else {
            throw MemberIndexFault("\(place): a directory with a SHA-256")
        }
        let member = IndexedMember(
            path: try MemberPath(indexed: path), kind: kind,
            byteCount: try page.integer(at: start + 8, "\(place): its size"),
            storedByteCount: try page.integer(at: start + 16, "\(place): its stored size"),
            sha256: isDirectory ? [] : digest,
            headerOffset: try page.integer(at: start + 24, "\(place): its header's offset"),
            contentOffset: try page.integer(at: start + 32, "\(place): its content's offset"),
            block: Int(clamping: try page.integer(at: start + 40, "\(place): its block")))
        if let fault = member.fault(below: limit) {
            throw MemberIndexFault("member \(MemberPath.text(path.prefix(200))): \(fault)")
        }
        return member
    }

    /// Finds members that lie over one another.
    ///
    /// - Returns: the ranges, sorted.
    /// - Throws: ``MemberIndexFault`` for two that share a byte.
    @discardableResult
    static func checkPlaces(
        of ranges: [Range<Int64>]
    ) throws(MemberIndexFault) -> [Range<Int64>] {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        var end: Int64 = 0
        for range in sorted {
            guard range.lowerBound >= end else {
                throw MemberIndexFault(
                    "two members have the byte at \(range.lowerBound) of the stream")
            }
            end = range.upperBound
        }
        return sorted
    }
}

extension MemberPath {
    /// The path that an index spells; only its plain form will do.
    init(indexed bytes: [UInt8]) throws(MemberIndexFault) {
        do throws(ArchiveError) {
            self = try MemberPath(validating: bytes, of: MemberIndexFormat.name)
        } catch { throw MemberIndexFault(error.reason) }
        guard self.bytes == bytes else {
            throw MemberIndexFault(
                "member \(Self.text(bytes.prefix(200))): its name is not in its plain form")
        }
    }
}
