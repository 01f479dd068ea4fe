internal import DiagCodec
internal import DiagDigest
internal import DiagSystem

/// One host folder on its way into one zip.
final class ZipSealing {
    private let top: MemberPath
    private let source: Directory
    private let content: BundleContent
    private let deflateLevel: Int?
    private let deadline: MonotonicTime?
    private var hashes = [MemberPath: String]()

    /// `deflateLevel` is 1 to 9, `nil` to store everything.
    init(
        top: MemberPath, source: Directory, content: BundleContent, deflateLevel: Int?,
        deadline: MonotonicTime?
    ) {
        self.top = top
        self.source = source
        self.content = content
        self.deflateLevel = deflateLevel
        self.deadline = deadline
    }

    /// Writes the whole zip; the output is not finished then.
    ///
    /// A zip has its own directory, so there is no index of members; the manifest stands last, as
    /// in a tar stream. What is compressed already, and what a trial of the first MiB finds not to
    /// be worth it, is stored.
    ///
    /// - Returns: how many bytes of files are stored.
    func write(
        to output: BundleOutput, threadCount: Int, object: String, isCancelled: () -> Bool,
        progress: (BundleProgress) -> Void
    ) throws(ArchiveError) -> Int64 {
        let pool = try DeflatePool.start(
            level: deflateLevel ?? 1, threadCount: threadCount, object: object)
        defer { pool.stop() }
        // The bytes are a zip already.
        output.isStoring = true
        let zip = ZipStream(
            into: output, pool, threadCount: threadCount, modifiedSeconds: content.modifiedSeconds)
        try zip.addDirectory(top.bytes)
        for member in content.members {
            try add(member, to: zip) { () throws(ArchiveError) in
                if isCancelled() { throw BundleWriter.cancelled(source.path) }
                progress(
                    BundleProgress(
                        byteCount: min(zip.writtenByteCount, content.byteCount),
                        totalByteCount: content.byteCount, member: member.path.text))
            }
        }
        let manifest = try content.manifest.bytes(completedBy: hashes)
        let path = name(of: MemberPath(components: [Array(BundleWriter.manifestName.utf8)]))
        if isCancelled() { throw BundleWriter.cancelled(source.path) }
        try add(manifest, path, to: zip)
        try zip.finish()
        return zip.storedByteCount
    }

    private var deflates: Bool {
        deflateLevel != nil && !(deadline.map { $0 <= .now } ?? false)
    }

    private func name(of path: MemberPath) -> [UInt8] { top.bytes + [0x2F] + path.bytes }

    /// Adds a file whose content is at hand.
    private func add(
        _ content: [UInt8], _ path: [UInt8], to zip: ZipStream
    ) throws(ArchiveError) {
        guard deflates || content.count <= ZipStream.partByteCount else {
            var checksum = CRC32()
            checksum.update(content.span)
            return try zip.addStored(path, checksum) { take throws(ArchiveError) in
                try take(content.span)
            }
        }
        let parts = ZipParts(zip, path, byteCount: Int64(content.count), deflates: deflates)
        try parts.take(content.span)
        try parts.finish()
    }

    /// Adds a file of the folder, or a directory; `tick` is called for each part that is read.
    private func add(
        _ member: FolderWalk.Member, to zip: ZipStream, _ tick: () throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let path = name(of: member.path)
        guard !member.isDirectory else { return try zip.addDirectory(path) }
        let file = try MemberSource(member, below: source, expected: content.hashes[member.path])
        let isSmall = member.byteCount <= Int64(ZipStream.partByteCount)
        var deflates = deflates && !content.compressed.contains(member.path)
        if deflates, !isSmall { deflates = try file.isWorthCompressing() }
        let digest: Digest
        if deflates || isSmall {
            let parts = ZipParts(zip, path, byteCount: member.byteCount, deflates: deflates)
            digest = try file.copy { bytes throws(ArchiveError) in
                try tick()
                try parts.take(bytes)
            }
            try parts.finish()
        } else {
            // Its checksum stands before its content, so it is read twice.
            var checksum = CRC32()
            digest = try file.copy { bytes throws(ArchiveError) in
                try tick()
                checksum.update(bytes)
            }
            try zip.addStored(path, checksum) { take throws(ArchiveError) in
                _ = try file.copy { bytes throws(ArchiveError) in
                    try tick()
                    try take(bytes)
                }
            }
        }
        hashes[member.path] = digest.hexadecimal
    }
}

/// Cuts the content of one file of a zip into parts: one of several is deflated.
private final class ZipParts {
    private let zip: ZipStream
    private let path: [UInt8]
    private let deflates: Bool
    private let isSmall: Bool
    private var remaining: Int64
    private var part = [UInt8]()

    init(_ zip: ZipStream, _ path: [UInt8], byteCount: Int64, deflates: Bool) {
        self.zip = zip
        self.path = path
        isSmall = byteCount <= Int64(ZipStream.partByteCount)
        self.deflates = deflates
        remaining = byteCount
        if !isSmall { zip.begin(path, byteCount: byteCount) }
        part.reserveCapacity(Int(min(byteCount, Int64(ZipStream.partByteCount))))
    }

    func take(_ bytes: Span<UInt8>) throws(ArchiveError) {
        var start = 0
        while start < bytes.count {
            let count = min(bytes.count - start, ZipStream.partByteCount - part.count)
            part.append(copying: bytes.extracting(start..<start + count))
            start += count
            remaining -= Int64(count)
            guard !isSmall, part.count == ZipStream.partByteCount || remaining == 0 else {
                continue
            }
            try zip.addPart(part, isLast: remaining == 0)
            part = []
            part.reserveCapacity(Int(min(remaining, Int64(ZipStream.partByteCount))))
        }
    }

    func finish() throws(ArchiveError) {
        if isSmall { try zip.add(path, part, deflates: deflates) }
    }
}
