internal import DiagCodec
internal import DiagDigest
public import SystemPackage

/// Tells what is in a bundle.
public enum BundleListing {
    /// One regular file.
    public struct Entry: Hashable, Sendable {
        /// Its path, the top folder included.
        public let path: MemberPath
        /// Its size in bytes.
        public let byteCount: Int64
        /// SHA-256 of its content: 64 lower-case hexadecimal digits.
        public let sha256: String
        /// Where its first header begins in the uncompressed tar stream; `nil` in a zip.
        public let offset: Int64?
        /// The number, from 0, of the compressed block with the first byte of its content, or of its
        /// header when it is empty; `nil` without an index of members.
        public let block: Int?
    }

    /// Gives the regular files of the bundle at `path` to `body`.
    ///
    /// With an index of members only that is read, and the files come sorted by path; without one
    /// everything is read, and they come in the order of the archive. The index itself is none of
    /// them. `notice` is told when this is slow for lack of an index.
    ///
    /// - Throws: ``ArchiveError``, or what `body` throws.
    public static func forEach(
        in path: FilePath, keys: DecryptionKeys = .init(),
        limits: BundleReader.Limits = .init(), notice: (String) -> Void = { _ in },
        _ body: (Entry) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        let file = try InputFile(path, keys: keys)
        if let bundle = try IndexedBundle.open(file, limits: limits) {
            try bundle.index.forEach { member throws(ArchiveError) in
                guard member.kind != .directory else { return }
                try body(
                    Entry(
                        path: bundle.path(of: member), byteCount: member.byteCount,
                        sha256: member.sha256.hexadecimal, offset: member.headerOffset,
                        block: bundle.stream.table.format == .none ? nil : bundle.block(of: member))
                )
            }
            return
        }
        tell(ofSlow: file, notice)
        let reader = try BundleReader(file, limits: limits)
        while let member = try reader.next() {
            if member.isDirectory || member.path.isMemberIndex { continue }
            var byteCount: Int64 = 0
            var hash = SHA256()
            try reader.read { bytes throws(ArchiveError) in
                byteCount += Int64(bytes.count)
                hash.update(bytes)
            }
            try body(
                Entry(
                    path: member.path, byteCount: byteCount, sha256: hash.digest().hexadecimal,
                    offset: reader.isStream ? member.headerOffset : nil, block: nil))
        }
    }

    /// From this size of an encrypted file on, a reader is told that it is read from its start.
    private static let slowByteCount: Int64 = 64 << 20

    /// Says that a file has no index, or is large and encrypted.
    static func tell(ofSlow file: InputFile, _ notice: (String) -> Void) {
        // Of an encrypted one that is known, and no index helps.
        guard file.cipher == nil || file.byteCount >= slowByteCount else { return }
        let reason =
            file.cipher.map { "is encrypted with \($0.rawValue)" } ?? "has no index of members"
        notice("\(file.object) \(reason): it is read from start to end, which is slow")
    }
}

extension [UInt8] {
    /// Lower-case hexadecimal digits, two for each byte.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
