internal import DiagDigest

/// Members whose holes are left out of the stream.
extension Sealing {
    /// Adds the data of `map` with its headers; `body` gets the bytes before each is written.
    func add(
        _ map: SparseMap, of member: FolderWalk.Member, from file: borrowing MemberSource,
        _ body: (Span<UInt8>) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> IndexedMember {
        let encoded = map.encoded
        let storedByteCount = Int64(encoded.count) + map.dataByteCount
        let headerOffset = output.offset
        let header = SparseHeader.bytes(
            path: MemberPath(components: top.components + member.path.components),
            byteCount: map.byteCount, storedByteCount: storedByteCount,
            modifiedSeconds: modifiedSeconds)
        try output.take(header.span)
        let (contentOffset, block) = (output.offset, output.blockNumber)
        try output.take(encoded.span)
        let digest = try file.copy(map) { bytes throws(ArchiveError) in
            try body(bytes)
            try output.take(bytes)
        }
        try output.take(SparseHeader.zeros(behind: storedByteCount).span)
        return IndexedMember(
            path: member.path, kind: .sparse, byteCount: map.byteCount,
            storedByteCount: storedByteCount, sha256: digest.bytes, headerOffset: headerOffset,
            contentOffset: contentOffset, block: block)
    }
}
