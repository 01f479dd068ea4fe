internal import CNettle

/// A hash function that a format on a disk names.
///
/// Source: FIPS 180-4, as Nettle computes it. SHA-1 is here to check what is old, and for nothing
/// else.
public enum HashFunction: String, CaseIterable, Sendable {
    /// 20 bytes.
    case sha1
    /// 32 bytes.
    case sha256
    /// 48 bytes.
    case sha384
    /// 64 bytes.
    case sha512

    /// The digest of `bytes`.
    public func digest(of bytes: [UInt8]) -> Digest {
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            let (start, count) = (bytes.baseAddress, bytes.count)
            return switch self {
            case .sha1: unsafe Digest(byteCount: 20) { unsafe diag_sha1(start, count, $0) }
            case .sha256: unsafe Digest(byteCount: 32) { unsafe diag_sha256(start, count, $0) }
            case .sha384: unsafe Digest(byteCount: 48) { unsafe diag_sha384(start, count, $0) }
            case .sha512: unsafe Digest(byteCount: 64) { unsafe diag_sha512(start, count, $0) }
            }
        }
    }
}
