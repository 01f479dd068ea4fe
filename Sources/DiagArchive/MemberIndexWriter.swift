/// Gathers the members of a bundle as they are written, for the index of members behind them.
///
/// In memory a member takes 88 bytes and those of its path.
struct MemberIndexWriter {
    private let top: [UInt8]
    private let object: String
    private let memberLimit: Int
    private var records = MemberIndexRecords()
    private var places = [Int]()
    private var pathByteCount = 0
    private var endOffset: Int64 = 0

    /// How many members there are so far.
    var memberCount: Int { places.count }

    /// How much memory is reserved for them, in bytes.
    var reservedByteCount: Int {
        records.reservedByteCount + places.capacity * MemoryLayout<Int>.stride
    }

    /// An index of the bundle `object`, a name for errors, whose top folder is `top`.
    ///
    /// - Throws: ``ArchiveError`` of kind `refused` when `top` has not one component.
    init(
        top: MemberPath, object: String, memberLimit: Int = MemberIndexFormat.memberLimit
    ) throws(ArchiveError) {
        self.top = top.bytes
        self.object = object
        self.memberLimit = min(memberLimit, MemberIndexFormat.memberLimit)
        guard top.components.count == 1 else {
            throw refuse(.refused, "the top folder needs a plain name")
        }
    }

    /// Adds the next member of the stream.
    ///
    /// - Throws: ``ArchiveError``: `invalid` for one whose places or sizes cannot be, or that
    ///   begins before the one added last ends; `refused` for one that is too much.
    mutating func add(_ member: IndexedMember) throws(ArchiveError) {
        let path = member.path.bytes
        func refuse(_ kind: ArchiveError.Kind, _ why: String) -> ArchiveError {
            self.refuse(kind, "member \(MemberPath.text(path.prefix(200))): \(why)")
        }
        do throws(MemberIndexFault) { _ = try MemberPath(indexed: path) } catch {
            throw self.refuse(.refused, error.reason)
        }
        if let fault = member.fault() { throw refuse(.invalid, fault) }
        guard member.headerOffset >= endOffset else {
            throw refuse(
                .invalid,
                "it begins at \(member.headerOffset), the one before ends at \(endOffset)")
        }
        guard places.count < memberLimit else {
            throw refuse(.refused, "there are more than \(memberLimit) members")
        }
        let limit = MemberIndexFormat.allPathsByteLimit
        guard path.count <= limit - pathByteCount else {
            throw refuse(.refused, "all names together are longer than \(limit) bytes")
        }
        pathByteCount += path.count
        endOffset = member.endOffset
        places.append(records.append(member.record(path: path)))
    }

    /// Sorts the members and lays out the pages.
    ///
    /// - Throws: ``ArchiveError`` of kind `refused` when two members have one path.
    func layOut() throws(ArchiveError) -> MemberIndexLayout {
        let records = records
        let places = places.sorted { records.compare($0, $1).isBefore }
        var pages = [MemberIndexLayout.Page]()
        var start = 0
        var byteCount = 0
        var offset: Int64 = 0
        for index in places.indices {
            let whole = MemberIndexFormat.recordByteCount + records.pathByteCount(at: places[index])
            var shared = 0
            if index > 0 {
                let order = records.compare(places[index - 1], places[index])
                guard order.isBefore else {
                    let path = records.path(at: places[index])
                    throw refuse(
                        .refused, "member \(MemberPath.text(path.prefix(200))): it is there twice")
                }
                shared = order.sharedByteCount
            }
            if index > start, byteCount + whole - shared > MemberIndexFormat.pageByteLimit {
                pages.append(.init(members: start..<index, offset: offset, byteCount: byteCount))
                offset += Int64(byteCount)
                (start, byteCount) = (index, 0)
            }
            byteCount += index == start ? whole : whole - shared
        }
        if start < places.count {
            pages.append(
                .init(members: start..<places.count, offset: offset, byteCount: byteCount))
            offset += Int64(byteCount)
        }
        return MemberIndexLayout(
            top: top, records: records, places: places, pages: pages, directoryOffset: offset,
            membersEnd: endOffset, object: object)
    }

    private func refuse(_ kind: ArchiveError.Kind, _ why: String) -> ArchiveError {
        ArchiveError(
            kind, operation: "write", object: "\(object), \(MemberIndexFormat.name)", reason: why)
    }
}
