/// What a file is, by its first bytes.
enum ArchiveStart: Hashable {
    case xz, zstd, tar, zip
    /// gzip, bzip2 or lz4.
    case other
    /// A file of age, or an armored one. The bytes of OpenPGP's packets are too common to tell it.
    case encrypted

    /// `nil` for bytes that begin no archive that is known; `bytes` should be 512.
    init?(_ bytes: [UInt8]) {
        let magics: [(ArchiveStart, [UInt8])] = [
            (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), (.zstd, [0x28, 0xB5, 0x2F, 0xFD]),
            (.zstd, [0x5E, 0x2A, 0x4D, 0x18]), (.zip, [0x50, 0x4B, 3, 4]),
            (.zip, [0x50, 0x4B, 5, 6]), (.other, [0x1F, 0x8B, 8]), (.other, [0x42, 0x5A, 0x68]),
            (.other, [4, 0x22, 0x4D, 0x18]),
        ]
        if let found = magics.first(where: { bytes.starts(with: $0.1) }) {
            self = found.0
            return
        }
        if BundleCipher.lines.contains(where: { bytes.starts(with: $0.text.utf8) }) {
            self = .encrypted
            return
        }
        guard bytes.count >= TarHeader.byteCount,
            TarHeader(bytes.span.extracting(..<TarHeader.byteCount)) != nil
        else { return nil }
        self = .tar
    }
}
