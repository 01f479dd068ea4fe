internal import DiagDigest

/// Saves whole members from pieces of a tar stream.
///
/// A member is written when every byte of it came, and its SHA-256 is that of the index where there
/// is one. Behind a gap the next header is looked for at multiples of 512 bytes from where the
/// stream goes on: each block of a bundle begins at one. What looks like a header there counts only
/// when it names a path below the top folder, since files may hold archives themselves. Where the
/// index is whole, a header there counts only when the index has its path and size. So does every
/// header of a stream that is not compressed, where nothing else checks a long name. But what
/// stands in its row in checked blocks is whole, whatever the index says.
struct TarSalvage {
    /// What came of it.
    struct Result {
        var fileCount = 0
        var byteCount: Int64 = 0
        /// The members that are whole and stand below the top folder.
        var saved = Set<MemberPath>()
        /// The paths of those that are not, as far as their headers were found.
        var lost = [MemberPath]()
        /// Whether something other than members was found damaged.
        var hasGap = false
        /// Members that are saved though the index says something else of them.
        var contradicted = [MemberPath]()
    }

    private enum State {
        /// The next block should be a header.
        case header
        /// The next header is looked for.
        case searching
        /// The content of a pax header or a long name comes.
        case prefix(TarHeader.Kind, byteCount: Int64, bytes: [UInt8])
        /// The map of a sparse member comes.
        case map(SparseMapReader)
        /// The content of a member comes: of a sparse one its data.
        case content(remaining: Int64)
        /// What comes is of no member that is wanted, or of one that is lost.
        case skipping(remaining: Int64)
    }

    /// A member that is being written.
    private struct Open {
        let path: MemberPath
        let file: MemberFiles.PartialFile
        /// The size of the file, holes included.
        let byteCount: Int64
        /// Bytes of content in the stream, a map included.
        let storedByteCount: Int64
        let padding: Int64
        /// Whether it stands in its row, in blocks whose checks are right.
        let isSure: Bool
        var hash = SHA256()
        /// The parts of the file that are still to come, the last first.
        var regions = [Range<Int64>]()

        /// Goes on with a hole of `count` bytes.
        mutating func skip(_ count: Int64) throws(ArchiveError) {
            file.skip(count)
            var hash = hash
            try BundleReader.fill(count) { zeros throws(ArchiveError) in hash.update(zeros) }
            self.hash = hash
        }
    }

    private static let prefixByteLimit: Int64 = 1 << 20

    private let files: MemberFiles
    private let object: String
    private let limits: BundleReader.Limits
    private let index: [MemberPath: IndexedMember]
    private let isListed: Bool
    private let isChecked: Bool
    private var top: [UInt8]?
    private var state = State.header
    private var open: Open?
    /// Bytes of a header block that is not yet whole.
    private var carry = [UInt8]()
    private var extended: PaxRecords?
    private var longName: [UInt8]?
    /// Whether the header at hand was searched for.
    private var isUnsure = false
    private var seen = Set<MemberPath>()
    private var contentByteCount: Int64 = 0
    /// Whether the end of the archive came, and no member behind it.
    private var hasEnd = false
    private(set) var result = Result()

    /// Saves into `files`; `index` has what is known of the members below the folder `top`, which
    /// is all of them where `isListed`. `isChecked` says that a check covers the pieces.
    init(
        into files: MemberFiles, object: String, limits: BundleReader.Limits,
        top: [UInt8]?, index: [MemberPath: IndexedMember], isListed: Bool,
        isChecked: Bool
    ) {
        self.files = files
        self.object = object
        self.limits = limits
        self.top = top
        self.index = index
        self.isListed = isListed
        self.isChecked = isChecked
    }

    /// Takes the next bytes of the stream.
    mutating func take(_ bytes: Span<UInt8>) throws(ArchiveError) {
        var start = 0
        while start < bytes.count {
            start += try step(bytes.extracting(start..<bytes.count))
        }
    }

    /// Takes it that bytes are lost: how many, where that is known.
    mutating func skip(_ byteCount: Int64?) {
        result.hasGap = true
        // What is open lacks bytes, and so does a header at hand.
        loseOpen()
        if let byteCount, carry.isEmpty, case .skipping(let remaining) = state,
            remaining >= byteCount
        {
            // The end of the member that was lost is known.
            state = remaining == byteCount ? .header : .skipping(remaining: remaining - byteCount)
            return
        }
        search()
    }

    /// Ends: what is not whole now is lost.
    mutating func finish() {
        loseOpen()
        if !hasEnd { result.hasGap = true }
        result.lost.removeAll { path in
            result.saved.contains(MemberPath(components: Array(path.components.dropFirst())))
        }
    }

    private mutating func search() {
        state = .searching
        isUnsure = true
        carry = []
        extended = nil
        longName = nil
    }

    /// Gives up the member that is being written; the rest of it is passed over.
    private mutating func loseOpen() {
        guard let lost = open else { return }
        result.lost.append(lost.path)
        open = nil
        if case .content(let remaining) = state {
            state = .skipping(remaining: remaining + lost.padding)
        } else if case .map(let reader) = state {
            let remaining = lost.storedByteCount + lost.padding - reader.byteCount
            state = remaining > 0 ? .skipping(remaining: remaining) : .header
        }
    }

    /// Takes some of `bytes`, at least one; how many.
    private mutating func step(_ bytes: Span<UInt8>) throws(ArchiveError) -> Int {
        switch state {
        case .header, .searching:
            let count = min(TarHeader.byteCount - carry.count, bytes.count)
            carry.append(copying: bytes.extracting(..<count))
            if carry.count == TarHeader.byteCount {
                let block = carry
                carry.removeAll(keepingCapacity: true)
                try begin(block)
            }
            return count
        case .prefix(let kind, let byteCount, var content):
            let padded = MemberIndexFormat.padded(byteCount)
            let count = Int(min(padded - Int64(content.count), Int64(bytes.count)))
            content.append(copying: bytes.extracting(..<count))
            state = .prefix(kind, byteCount: byteCount, bytes: content)
            if Int64(content.count) == padded {
                end(kind, Array(content.prefix(Int(byteCount))))
            }
            return count
        case .map(var reader):
            let before = reader.byteCount
            // An entry without an end must not go on in the next member.
            let room = open.map { $0.storedByteCount + $0.padding - before } ?? 0
            let most = Int(min(max(room, 1), Int64(bytes.count)))
            var isWrong = false
            do throws(SparseMapFault) { _ = try reader.take(bytes.extracting(..<most)) } catch {
                isWrong = true
            }
            state = .map(reader)
            try endMap(reader, isWrong: isWrong)
            return Int(reader.byteCount - before)
        case .content(let remaining):
            let count = Int(min(remaining, Int64(bytes.count)))
            try write(bytes.extracting(..<count))
            state = .content(remaining: remaining - Int64(count))
            if remaining == Int64(count) { try endMember() }
            return count
        case .skipping(let remaining):
            let count = Int(min(remaining, Int64(bytes.count)))
            state =
                remaining == Int64(count) ? .header : .skipping(remaining: remaining - Int64(count))
            return count
        }
    }

    /// Looks at a block where a header may stand.
    private mutating func begin(_ block: [UInt8]) throws(ArchiveError) {
        guard let header = TarHeader(block.span) else {
            if case .searching = state { return }
            // The end of the archive is of zeros.
            guard !block.allSatisfy({ $0 == 0 }) else {
                hasEnd = true
                return
            }
            result.hasGap = true
            return search()
        }
        hasEnd = false
        switch header.kind {
        case .extended, .longName:
            guard header.contentByteCount <= Self.prefixByteLimit else { return search() }
            state = .prefix(header.kind, byteCount: header.contentByteCount, bytes: [])
            if header.contentByteCount == 0 { end(header.kind, []) }
        case .other:
            if isUnsure { return search() }
            (extended, longName) = (nil, nil)
            pass(header.contentByteCount)
        case .file, .directory: try beginMember(header)
        }
    }

    /// Passes over content and its padding.
    private mutating func pass(_ byteCount: Int64) {
        guard byteCount <= IndexedMember.greatestOffset else { return search() }
        let padded = MemberIndexFormat.padded(byteCount)
        state = padded == 0 ? .header : .skipping(remaining: padded)
    }

    private mutating func end(_ kind: TarHeader.Kind, _ content: [UInt8]) {
        state = .header
        if kind == .longName {
            longName = Array(content.prefix { $0 != 0 })
        } else if let records = PaxRecords(content) {
            extended = records
        } else {
            result.hasGap = true
            search()
        }
    }

    private mutating func beginMember(_ header: TarHeader) throws(ArchiveError) {
        let bytes = extended?.path ?? longName ?? header.path
        let byteCount =
            header.kind == .directory ? 0 : extended?.byteCount ?? header.contentByteCount
        let isSparse = extended?.isSparse ?? false
        let fileByteCount = isSparse ? extended?.sparseByteCount : byteCount
        (extended, longName) = (nil, nil)
        let isSure = isChecked && !isUnsure
        let path = try? MemberPath(validating: bytes, of: object, hasTop: true)
        guard let path, let first = path.components.first,
            max(byteCount, fileByteCount ?? 0)
                <= min(limits.byteCount, IndexedMember.greatestOffset),
            first == top ?? first, isSure || isKnown(path, byteCount: fileByteCount)
        else {
            if isUnsure { return search() }
            result.hasGap = true
            // What the index does not know may have another size as well.
            if isListed, !isChecked { return search() }
            return pass(header.kind == .directory ? 0 : byteCount)
        }
        isUnsure = false
        top = first
        if path.isMemberIndex { return pass(byteCount) }
        guard seen.count < limits.memberCount else {
            throw ArchiveError(
                .refused, operation: "save", object: object,
                reason: "there are more than \(limits.memberCount) members")
        }
        // Of the other forms of sparse the map is elsewhere.
        guard seen.insert(path).inserted, let fileByteCount else {
            result.hasGap = true
            if fileByteCount == nil { result.lost.append(path) }
            return pass(byteCount)
        }
        if header.kind == .directory {
            try files.makeDirectory(path)
            return pass(0)
        }
        guard let file = try files.begin(path) else { return pass(byteCount) }
        open = Open(
            path: path, file: file, byteCount: fileByteCount, storedByteCount: byteCount,
            padding: MemberIndexFormat.padded(byteCount) - byteCount, isSure: isSure)
        if isSparse {
            state = .map(SparseMapReader(byteCount: fileByteCount))
            return
        }
        state = .content(remaining: byteCount)
        if byteCount == 0 { try endMember() }
    }

    /// Whether the index has such a member, as far as it could be read; `byteCount` is that of the
    /// file, holes included, where it is known.
    private func isKnown(_ path: MemberPath, byteCount: Int64?) -> Bool {
        guard isListed, path.components.count > 1, !path.isMemberIndex else { return true }
        guard let known = index[MemberPath(components: Array(path.components.dropFirst()))] else {
            return false
        }
        return byteCount.map { $0 == known.byteCount } ?? true
    }

    /// Goes on with the data of a sparse member when its map has passed.
    private mutating func endMap(
        _ reader: SparseMapReader, isWrong: Bool
    ) throws(ArchiveError) {
        guard let member = open else { return search() }
        let map = isWrong ? nil : reader.map
        if map == nil, !isWrong, reader.byteCount < member.storedByteCount + member.padding {
            return
        }
        guard let map, map.dataByteCount == member.storedByteCount - reader.byteCount else {
            result.hasGap = true
            return loseOpen()
        }
        try count(member.byteCount - map.dataByteCount)
        open?.regions = map.regions.reversed()
        state = .content(remaining: map.dataByteCount)
        if map.dataByteCount == 0 { try endMember() }
    }

    /// Counts bytes of files, holes included.
    private mutating func count(_ byteCount: Int64) throws(ArchiveError) {
        contentByteCount += byteCount
        guard contentByteCount <= limits.byteCount else {
            throw ArchiveError(
                .refused, operation: "save", object: object,
                reason: "the members hold more than \(limits.byteCount) bytes")
        }
    }

    private mutating func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
        guard var member = open else { return }
        try count(Int64(bytes.count))
        open = nil
        var rest = 0
        while rest < bytes.count {
            var count = bytes.count - rest
            if let region = member.regions.popLast() {
                try member.skip(region.lowerBound - member.file.byteCount)
                count = Int(min(Int64(count), region.upperBound - region.lowerBound))
                let left = region.lowerBound + Int64(count)..<region.upperBound
                if !left.isEmpty { member.regions.append(left) }
            }
            let part = bytes.extracting(rest..<rest + count)
            try member.file.write(part)
            member.hash.update(part)
            rest += count
        }
        open = member
    }

    /// Keeps the member whose last byte came, unless the index says that it was another.
    private mutating func endMember() throws(ArchiveError) {
        guard var member = open else { return }
        open = nil
        try member.skip(member.byteCount - member.file.byteCount)
        state = member.padding == 0 ? .header : .skipping(remaining: member.padding)
        let inside = MemberPath(components: Array(member.path.components.dropFirst()))
        let isContradicted = index[inside].map {
            $0.byteCount != member.byteCount || $0.sha256 != member.hash.digest().bytes
        }
        if isContradicted ?? isListed, member.isSure { result.contradicted.append(member.path) }
        if isContradicted ?? false, !member.isSure {
            result.lost.append(member.path)
            // It may have been in a file that is an archive itself.
            seen.remove(member.path)
            return
        }
        try member.file.keep()
        result.fileCount += 1
        result.byteCount += member.byteCount
        result.saved.insert(inside)
    }
}
