internal import DiagDigest
internal import SystemPackage

extension SealedBundle {
    /// How the bytes on the disk, those of volumes joined, differ from those that were written; `nil`
    /// when they do not. It needs no key.
    ///
    /// - Throws: ``ArchiveError`` when they cannot be read, or `isCancelled` says so.
    public func differenceOnDisk(
        isCancelled: () -> Bool = { false }
    ) throws(ArchiveError) -> String? {
        let file = try InputFile(path)
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var offset: Int64 = 0
        while true {
            if isCancelled() {
                throw ArchiveError(
                    .cancelled, operation: "read", object: path.string, reason: "interrupted")
            }
            let count = try file.read(into: &buffer, at: offset)
            guard count > 0 else { break }
            hash.update(buffer.span.extracting(..<count))
            offset += Int64(count)
        }
        guard hash.digest().hexadecimal == sha256 else {
            return "its \(offset) bytes are not the \(byteCount) that were written"
        }
        return nil
    }
}
