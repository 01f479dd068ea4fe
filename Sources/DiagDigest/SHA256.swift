internal import CNettle

/// SHA-256 of bytes that come in parts; a copy goes on by itself.
///
/// Source: FIPS 180-4, section 6.2, as Nettle computes it.
public struct SHA256: Sendable {
    private var context = sha256_ctx()

    /// No byte has passed.
    public init() { unsafe nettle_sha256_init(&context) }

    /// Takes the next bytes.
    public mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe nettle_sha256_update(&context, bytes.count, bytes.baseAddress)
        }
    }

    /// The digest of all bytes so far; more may follow.
    public func digest() -> Digest {
        var context = context
        return unsafe Digest(byteCount: 32) { unsafe diag_sha256_end(&context, $0) }
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.update(bytes.span)
        return hash.digest()
    }
}
