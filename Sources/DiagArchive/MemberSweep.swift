internal import DiagCodec
internal import DiagDigest

/// Members read one after the other, in the order of the stream, each held against the index.
///
/// Only the blocks that hold them are decoded, each once and as far as it is needed, side by side
/// and ahead of the reading.
final class MemberSweep {
    private let bundle: IndexedBundle.Stream
    private let stream: StreamInput

    /// Begins to decode `members`, which are sorted by their places, with at most `threadCount`
    /// threads.
    init(
        _ bundle: IndexedBundle.Stream, _ members: some Collection<IndexedMember>,
        threadCount: Int = .max
    ) throws(ArchiveError) {
        self.bundle = bundle
        stream = try StreamInput(
            bundle.file, bundle.table,
            ranges: members.map { $0.headerOffset..<$0.endOffset },
            threadCount: threadCount)
    }

    /// Gives the content of the next member, in parts, holes as zeros.
    ///
    /// - Throws: ``ArchiveError``, or what `body` throws; see ``read(_:hole:_:)``.
    func read(
        _ member: IndexedMember, _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        try read(
            member,
            hole: { byteCount throws(ArchiveError) in try BundleReader.fill(byteCount, body) },
            body)
    }

    /// Gives the content of the next member, in parts: `hole` gets how many bytes one has.
    ///
    /// Its header must be at the place, and have the path, the kind and the size, that the index
    /// says; at the end its SHA-256 is compared. What came before is not what was packed when that
    /// differs.
    ///
    /// - Throws: ``ArchiveError``, or what `hole` or `body` throws.
    func read(
        _ member: IndexedMember, hole: (Int64) throws(ArchiveError) -> Void,
        _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        try stream.narrow(
            to: member.headerOffset..<member.endOffset)
        let reader = try BundleReader(reading: stream, object: bundle.file.object)
        let path = bundle.path(of: member)
        guard let header = try reader.next(), header.path == path,
            header.isDirectory == (member.kind == .directory),
            header.headerOffset == 0,
            header.contentOffset - (member.mapByteCount(ofData: header.dataByteCount) ?? -1)
                == member.contentOffset - member.headerOffset,
            header.byteCount ?? 0 == member.byteCount
        else {
            throw error(
                member, "another member, or none, stands where the index of members says it is")
        }
        guard member.kind != .directory else { return }
        var hash = SHA256()
        var byteCount: Int64 = 0
        try reader.read(
            hole: { count throws(ArchiveError) in
                // A hash knows no short cut.
                try BundleReader.fill(count) { zeros throws(ArchiveError) in hash.update(zeros) }
                byteCount += count
                try hole(count)
            }
        ) { bytes throws(ArchiveError) in
            hash.update(bytes)
            byteCount += Int64(bytes.count)
            try body(bytes)
        }
        guard byteCount == member.byteCount else {
            throw error(member, "it has \(byteCount) of \(member.byteCount) bytes")
        }
        let digest = hash.digest()
        guard digest.bytes == member.sha256 else {
            throw error(
                member,
                "its SHA-256 is \(digest.hexadecimal), the index of members says another")
        }
    }

    private func error(_ member: IndexedMember, _ reason: String) -> ArchiveError {
        let path = MemberPath.text(bundle.path(of: member).bytes)
        return ArchiveError(
            .invalid, operation: "read", object: "\(bundle.place(of: member)), member \(path)",
            reason: reason)
    }
}
