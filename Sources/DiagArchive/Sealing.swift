internal import DiagDigest
internal import DiagSystem
internal import SystemPackage

/// One host folder on its way into one bundle, member by member.
///
/// What a member becomes follows from itself and from those before it alone, so that it may be added
/// before anybody knows which members come behind it.
final class Sealing {
    /// Where the tar stream goes.
    let output: BundleOutput
    /// The members added so far, in their order.
    private(set) var members = [FolderWalk.Member]()
    /// The SHA-256 of each file added so far.
    private(set) var hashes = [MemberPath: String]()

    let top: MemberPath
    let modifiedSeconds: Int64
    private let source: Directory
    /// Whether holes of files are left out.
    private let keepsHoles: Bool
    private let deadline: SealingDeadline
    private let tar: Streams
    private var index: MemberIndexWriter

    /// Bytes of the index's pages in one block: who looks a path up decompresses one.
    private static let indexBlockByteCount = 256 << 10

    /// A name in ASCII has a plain ustar entry, with a pax header where that is too narrow; any other
    /// a GNU entry, which holds bytes. A tar may have entries of both kinds.
    private final class Streams {
        private let plain: TarStream
        private let raw: TarStream
        private var isRaw = false

        init(into output: BundleOutput) throws(ArchiveError) {
            plain = try TarStream.start(into: output, hasRawNames: false)
            raw = try TarStream.start(into: output, hasRawNames: true)
        }

        func begin(
            _ path: [UInt8], isDirectory: Bool, byteCount: Int64, modifiedSeconds: Int64
        ) throws(ArchiveError) {
            isRaw = !path.allSatisfy { $0 < 0x80 }
            if isRaw {
                try raw.begin(
                    path, isDirectory: isDirectory, byteCount: byteCount,
                    modifiedSeconds: modifiedSeconds)
            } else {
                try plain.begin(
                    path, isDirectory: isDirectory, byteCount: byteCount,
                    modifiedSeconds: modifiedSeconds)
            }
        }

        func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
            if isRaw { try raw.write(bytes) } else { try plain.write(bytes) }
        }

        func end() throws(ArchiveError) {
            if isRaw { try raw.end() } else { try plain.end() }
        }

        func finish() throws(ArchiveError) { try plain.finish() }
    }

    /// Begins with the top folder; every member gets the time `modifiedSeconds`.
    init(
        top: MemberPath, source: Directory, modifiedSeconds: Int64, object: String,
        into output: BundleOutput, keepsHoles: Bool = true, deadline: SealingDeadline
    ) throws(ArchiveError) {
        self.keepsHoles = keepsHoles
        self.top = top
        self.source = source
        self.modifiedSeconds = modifiedSeconds
        self.output = output
        self.deadline = deadline
        tar = try Streams(into: output)
        index = try MemberIndexWriter(top: top, object: object)
        try tar.begin(
            top.bytes, isDirectory: true, byteCount: 0, modifiedSeconds: modifiedSeconds)
        try tar.end()
    }

    /// Adds a directory, or a file of the folder with all its bytes; `step` is called behind each
    /// part read, with how many bytes that had.
    ///
    /// - Throws: ``ArchiveError``: `invalid` when the file has not the bytes that were counted, or
    ///   another SHA-256 than `item` gives; what `step` throws.
    func add(
        _ item: BundleContent.Item, step: (Int) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let member = item.member
        let begun = MonotonicTime.now
        try begin(member, isCompressed: item.isCompressed)
        if member.isDirectory {
            let place = try header(of: member)
            try tar.end()
            try list(member, place, [])
        } else {
            try addFile(item, step)
        }
        members.append(member)
        if item.isCompressed { deadline.extend(since: begun) }
    }

    private func addFile(
        _ item: BundleContent.Item, _ step: (Int) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let member = item.member
        let file = try MemberSource(member, below: source, expected: item.sha256)
        func pass(_ bytes: Span<UInt8>) throws(ArchiveError) {
            if !output.isStoring, deadline.isOver {
                try output.cut()
                output.isStoring = true
            }
            try step(bytes.count)
        }
        // What is compressed has no rows of zeros.
        if keepsHoles, !item.isCompressed,
            let map = try file.holes(step: { () throws(ArchiveError) in try step(0) })
        {
            let sparse = try add(map, of: member, from: file, pass)
            hashes[member.path] = sparse.sha256.hexadecimal
            try index.add(sparse)
            return try step(Int(map.byteCount - map.dataByteCount))
        }
        // The header is written first, so the hash is not yet known.
        let place = try header(of: member)
        let digest = try file.copy { bytes throws(ArchiveError) in
            try pass(bytes)
            try tar.write(bytes)
        }
        try tar.end()
        hashes[member.path] = digest.hexadecimal
        try list(member, place, digest.bytes)
    }

    /// Adds the manifest, completed by the hashes of what was read, and the index of all members, and
    /// ends the stream; the output is not finished then.
    func finish(
        with manifest: BundleManifest, step: (Int) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let bytes = try manifest.bytes(completedBy: hashes)
        let path = MemberPath(components: [Array(BundleWriter.manifestName.utf8)])
        let member = FolderWalk.Member(
            path: path, isDirectory: false, byteCount: Int64(bytes.count))
        try begin(member, isCompressed: false)
        let place = try header(of: member)
        for start in stride(from: 0, to: bytes.count, by: BundleWriter.chunkByteCount) {
            let count = min(BundleWriter.chunkByteCount, bytes.count - start)
            try tar.write(bytes.span.extracting(start..<(start + count)))
            try step(count)
        }
        try tar.end()
        try list(member, place, SHA256.digest(of: bytes).bytes)
        try writeIndex()
        try tar.finish()
    }

    /// Cuts the stream where a member begins a block, and chooses how its blocks are made.
    private func begin(
        _ member: FolderWalk.Member, isCompressed: Bool
    ) throws(ArchiveError) {
        let isStored = isCompressed || deadline.isOver
        let isLarge = member.byteCount >= BundleOptions.largeMemberByteCount
        let end = Int64(output.pendingByteCount) + member.byteCount
        if isStored != output.isStoring || isLarge || end > Int64(BundleOptions.packedByteCount) {
            try output.cut()
        }
        output.isStoring = isStored
    }

    /// Where a member stands in the stream.
    private struct Place {
        var headerOffset: Int64
        var headerBlock: Int
        var contentOffset: Int64
        var contentBlock: Int
    }

    private func header(of member: FolderWalk.Member) throws(ArchiveError) -> Place {
        let (offset, block) = (output.offset, output.blockNumber)
        try tar.begin(
            top.bytes + [0x2F] + member.path.bytes, isDirectory: member.isDirectory,
            byteCount: member.byteCount, modifiedSeconds: modifiedSeconds)
        return Place(
            headerOffset: offset, headerBlock: block, contentOffset: output.offset,
            contentBlock: output.blockNumber)
    }

    private func list(
        _ member: FolderWalk.Member, _ place: Place, _ sha256: [UInt8]
    ) throws(ArchiveError) {
        let byteCount = member.isDirectory ? 0 : member.byteCount
        try index.add(
            IndexedMember(
                path: member.path, kind: member.isDirectory ? .directory : .regular,
                byteCount: byteCount, storedByteCount: byteCount, sha256: sha256,
                headerOffset: place.headerOffset, contentOffset: place.contentOffset,
                block: byteCount > 0 ? place.contentBlock : place.headerBlock))
    }

    /// Writes the index of all members as the last, some pages to a block.
    private func writeIndex() throws(ArchiveError) {
        let layout = try index.layOut()
        try output.cut()
        output.isStoring = false
        try tar.begin(
            top.bytes + [0x2F] + Array(MemberIndexFormat.name.utf8), isDirectory: false,
            byteCount: layout.byteCount, modifiedSeconds: modifiedSeconds)
        let last = layout.boundaries.last
        try layout.write(contentOffset: output.offset) { offset, bytes throws(ArchiveError) in
            if offset == last
                || output.pendingByteCount + bytes.count > Self.indexBlockByteCount
            {
                try output.cut()
            }
            try tar.write(bytes)
        }
        try tar.end()
    }
}
