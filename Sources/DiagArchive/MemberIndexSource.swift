/// The stream that an index of members is read from, and the name that errors give it.
struct MemberIndexSource {
    /// A name for errors: the path of the bundle.
    let object: String
    /// The byte count of the whole uncompressed stream.
    let streamByteCount: Int64
    let read: MemberIndex.Reading

    /// Exactly `byteCount` bytes from `offset` on.
    func bytes(at offset: Int64, _ byteCount: Int) throws(ArchiveError) -> [UInt8] {
        guard offset >= 0, byteCount >= 0, Int64(byteCount) <= streamByteCount,
            offset <= streamByteCount - Int64(byteCount)
        else {
            throw error(.invalid, "\(byteCount) bytes at \(offset) are not all in the stream")
        }
        let bytes = try byteCount == 0 ? [] : read(offset, byteCount)
        guard bytes.count == byteCount else {
            throw error(
                .invalid, "\(bytes.count) bytes came of the \(byteCount) at \(offset) of the stream"
            )
        }
        return bytes
    }

    /// What `body` gives; what it finds wrong as an error that names the bundle, and `place`.
    func check<Value>(
        _ place: String = "", _ body: () throws(MemberIndexFault) -> Value
    ) throws(ArchiveError) -> Value {
        do throws(MemberIndexFault) { return try body() } catch {
            throw self.error(.invalid, place.isEmpty ? error.reason : "\(place): \(error.reason)")
        }
    }

    /// An error of reading this index.
    func error(_ kind: ArchiveError.Kind, _ reason: String) -> ArchiveError {
        ArchiveError(
            kind, operation: "read", object: "\(object), \(MemberIndexFormat.name)", reason: reason)
    }
}
