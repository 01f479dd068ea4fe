internal import DiagDigest
internal import DiagSystem
internal import SystemPackage

/// One host folder on its way into one bundle.
final class Sealing {
    let top: MemberPath
    private let source: Directory
    let content: BundleContent
    private let object: String
    /// Whether holes of files are left out.
    private let keepsHoles: Bool
    private var deadline: MonotonicTime?
    private var index: MemberIndexWriter
    private var hashes = [MemberPath: String]()

    /// Bytes of the index's pages in one block: who looks a path up decompresses one.
    private static let indexBlockByteCount = 256 << 10

    init(
        top: MemberPath, source: Directory, content: BundleContent, object: String,
        keepsHoles: Bool = true, deadline: MonotonicTime?
    ) throws(ArchiveError) {
        self.keepsHoles = keepsHoles
        self.top = top
        self.source = source
        self.content = content
        self.object = object
        self.deadline = deadline
        index = try MemberIndexWriter(top: top, object: object)
    }

    /// Writes the whole tar stream; the output is not finished then.
    func write(
        to output: BundleOutput, isCancelled: () -> Bool, progress: (BundleProgress) -> Void
    ) throws(ArchiveError) {
        let tar = try TarStream.start(into: output, hasRawNames: hasRawNames)
        try tar.begin(
            top.bytes, isDirectory: true, byteCount: 0, modifiedSeconds: content.modifiedSeconds)
        try tar.end()
        for member in content.members {
            let name = member.path.text
            let isCompressed = content.compressed.contains(member.path)
            let begun = MonotonicTime.now
            try begin(member, isCompressed: isCompressed, in: output)
            try add(member, to: tar, output, isCancelled) { bytes throws(ArchiveError) in
                if isCancelled() { throw BundleWriter.cancelled(source.path) }
                progress(position(output, name))
            }
            if isCompressed {
                let seconds = MonotonicTime.now.seconds(since: begun)
                deadline = deadline?.advanced(bySeconds: seconds)
            }
        }
        let manifest = try content.manifest.bytes(completedBy: hashes)
        let path = MemberPath(components: [Array(BundleWriter.manifestName.utf8)])
        let member = FolderWalk.Member(
            path: path, isDirectory: false, byteCount: Int64(manifest.count))
        try begin(member, isCompressed: false, in: output)
        try add(member, to: tar, output, sha256: SHA256.digest(of: manifest).bytes) {
            () throws(ArchiveError) in
            for start in stride(from: 0, to: manifest.count, by: BundleWriter.chunkByteCount) {
                if isCancelled() { throw BundleWriter.cancelled(source.path) }
                let count = min(BundleWriter.chunkByteCount, manifest.count - start)
                try tar.write(manifest.span.extracting(start..<(start + count)))
                progress(position(output, BundleWriter.manifestName))
            }
        }
        try writeIndex(to: tar, output)
        try tar.finish()
    }

    /// Cuts the stream where a member begins a block, and chooses how its blocks are made.
    private func begin(
        _ member: FolderWalk.Member, isCompressed: Bool, in output: BundleOutput
    ) throws(ArchiveError) {
        let isStored = isCompressed || deadline.map { $0 <= .now } ?? false
        let isLarge = member.byteCount >= BundleOptions.largeMemberByteCount
        let end = Int64(output.pendingByteCount) + member.byteCount
        if isStored != output.isStoring || isLarge || end > Int64(BundleOptions.packedByteCount) {
            try output.cut()
        }
        output.isStoring = isStored
    }

    /// Adds a file of the folder, or a directory; `body` gets the file's bytes before each is written.
    private func add(
        _ member: FolderWalk.Member, to tar: borrowing TarStream, _ output: BundleOutput,
        _ isCancelled: () -> Bool, _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        guard !member.isDirectory else {
            return try add(member, to: tar, output, sha256: []) { () throws(ArchiveError) in }
        }
        let file = try MemberSource(member, below: source, expected: content.hashes[member.path])
        // What is compressed has no rows of zeros.
        if keepsHoles, !content.compressed.contains(member.path),
            let map = try file.holes(isCancelled: isCancelled)
        {
            let sparse = try add(map, of: member, from: file, to: output, body)
            hashes[member.path] = sparse.sha256.hexadecimal
            return try index.add(sparse)
        }
        // The header is written first, so its hash is not yet known.
        let place = try header(of: member, in: tar, output)
        let digest = try file.copy { bytes throws(ArchiveError) in
            try body(bytes)
            try tar.write(bytes)
        }
        try tar.end()
        hashes[member.path] = digest.hexadecimal
        try list(member, place, digest.bytes)
    }

    /// Adds a member whose hash is known; `body` writes its content.
    private func add(
        _ member: FolderWalk.Member, to tar: borrowing TarStream, _ output: BundleOutput,
        sha256: [UInt8], _ body: () throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let place = try header(of: member, in: tar, output)
        try body()
        try tar.end()
        try list(member, place, sha256)
    }

    /// Where a member stands in the stream.
    private struct Place {
        var headerOffset: Int64
        var headerBlock: Int
        var contentOffset: Int64
        var contentBlock: Int
    }

    private func header(
        of member: FolderWalk.Member, in tar: borrowing TarStream, _ output: BundleOutput
    ) throws(ArchiveError) -> Place {
        let (offset, block) = (output.offset, output.blockNumber)
        try tar.begin(
            top.bytes + [0x2F] + member.path.bytes, isDirectory: member.isDirectory,
            byteCount: member.byteCount, modifiedSeconds: content.modifiedSeconds)
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

    /// Where the work is when all is in the file.
    var end: BundleProgress {
        BundleProgress(
            byteCount: content.byteCount, totalByteCount: content.byteCount,
            member: BundleWriter.manifestName)
    }

    private func position(_ output: BundleOutput, _ name: String) -> BundleProgress {
        BundleProgress(
            byteCount: min(output.writtenByteCount, content.byteCount),
            totalByteCount: content.byteCount, member: name)
    }

    /// Writes the index of all members as the last, some pages to a block.
    private func writeIndex(
        to tar: borrowing TarStream, _ output: BundleOutput
    ) throws(ArchiveError) {
        let layout = try index.layOut()
        try output.cut()
        output.isStoring = false
        try tar.begin(
            top.bytes + [0x2F] + Array(MemberIndexFormat.name.utf8), isDirectory: false,
            byteCount: layout.byteCount, modifiedSeconds: content.modifiedSeconds)
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

    private var hasRawNames: Bool {
        !top.bytes.allSatisfy { $0 < 0x80 }
            || content.members.contains { !$0.path.bytes.allSatisfy { $0 < 0x80 } }
    }
}
