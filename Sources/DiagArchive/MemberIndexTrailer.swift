internal import DiagDigest

/// The last 128 bytes of an index of members; ``MemberIndexFormat`` has their layout.
struct MemberIndexTrailer: Hashable {
    static let firstWord = Array("DiagMIdx".utf8)
    static let lastWord = Array("xdIMgaiD".utf8)
    private static let hashedByteCount = 88

    var pageCount: Int
    var memberCount: Int
    /// The byte count of the whole index, this trailer included.
    var byteCount: Int64
    /// The byte count of the stream that the index is the last member of.
    var streamByteCount: Int64
    /// Where the directory begins in the index.
    var directoryOffset: Int64
    /// SHA-256 of all between there and the trailer.
    var directoryDigest: [UInt8]

    /// The directory's byte count, with the zeros behind it.
    var directoryByteCount: Int64 {
        byteCount - directoryOffset - Int64(MemberIndexFormat.trailerByteCount)
    }

    /// Its bytes.
    var bytes: [UInt8] {
        var bytes = Self.firstWord
        bytes.append(littleEndian: MemberIndexFormat.version)
        bytes.append(littleEndian: UInt32(clamping: pageCount))
        bytes.append(littleEndian: UInt64(clamping: memberCount))
        for value in [byteCount, streamByteCount, directoryOffset] {
            bytes.append(littleEndian: UInt64(clamping: value))
        }
        bytes += directoryDigest
        bytes.append(littleEndian: UInt64(0))
        bytes += SHA256.digest(of: bytes).bytes
        return bytes + Self.lastWord
    }
}

extension MemberIndexTrailer {
    /// The trailer in `bytes`, the last of a stream of `streamByteCount` bytes before the
    /// archive's end; `nil` when nothing there looks like one.
    ///
    /// - Throws: ``MemberIndexFault`` for one that is damaged, of another version or stream, or
    ///   that gives places outside of the index.
    static func read(
        _ bytes: Span<UInt8>, streamByteCount: Int64
    ) throws(MemberIndexFault) -> MemberIndexTrailer? {
        let first = try bytes.array(at: 0, byteCount: 8, "the trailer")
        let last = try bytes.array(at: 120, byteCount: 8, "the trailer")
        guard first == firstWord || last == lastWord else { return nil }
        let hashed = try bytes.array(at: 0, byteCount: hashedByteCount, "the trailer")
        let digest = try bytes.array(
            at: hashedByteCount, byteCount: MemberIndexFormat.digestByteCount, "the trailer")
        guard first == firstWord, last == lastWord, SHA256.digest(of: hashed).bytes == digest
        else { throw MemberIndexFault("its trailer is damaged: the SHA-256 is another") }
        let version: UInt32 = try bytes.littleEndian(at: 8, "its version")
        guard version == MemberIndexFormat.version else {
            throw MemberIndexFault("it is of version \(version), which is not known here")
        }
        let stream = try bytes.integer(at: 32, "the size of its stream")
        guard stream == streamByteCount else {
            throw MemberIndexFault(
                "it is the index of a stream of \(stream) bytes, and this has \(streamByteCount)")
        }
        let unit = MemberIndexFormat.tarBlockByteCount
        // At least one header stands before the content of the index.
        let most = streamByteCount - Int64(MemberIndexFormat.archiveEndByteCount) - unit
        guard unit <= most, stream % unit == 0 else {
            throw MemberIndexFault("a stream of \(stream) bytes has no place for it")
        }
        let byteCount = try bytes.integer(at: 24, "its size", in: unit...most)
        guard byteCount % unit == 0 else { throw MemberIndexFault("its size is \(byteCount)") }
        let directoryOffset = try bytes.integer(
            at: 40, "the directory's offset",
            in: 0...byteCount - Int64(MemberIndexFormat.trailerByteCount))
        let pages: UInt32 = try bytes.littleEndian(at: 12, "the count of pages")
        let members = try bytes.integer(at: 16, "the count of members")
        guard bytes.isZero(80..<88) else {
            throw MemberIndexFault("its trailer says more than version 1 has words for")
        }
        let trailer = MemberIndexTrailer(
            pageCount: Int(pages), memberCount: Int(clamping: members), byteCount: byteCount,
            streamByteCount: stream, directoryOffset: directoryOffset,
            directoryDigest: try bytes.array(
                at: 48, byteCount: MemberIndexFormat.digestByteCount, "the trailer"))
        guard trailer.directoryByteCount <= MemberIndexFormat.directoryByteLimit else {
            throw MemberIndexFault(
                "its directory has \(trailer.directoryByteCount) bytes, more than "
                    + "\(MemberIndexFormat.directoryByteLimit)")
        }
        return trailer
    }
}
