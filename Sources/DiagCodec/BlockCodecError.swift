internal import CLzma
internal import CZstd

/// A codec of blocks that could not be set up or go on; the cause is memory or the library, never
/// the bytes.
public struct BlockCodecError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public let operation: String
    /// What the library said, in words.
    public let reason: String

    /// For example `start the xz encoder: out of memory`.
    public var description: String { "\(operation): \(reason)" }

    init(_ operation: String, _ reason: String) {
        self.operation = operation
        self.reason = reason
    }

    init(_ operation: String, xz status: lzma_ret) {
        let reason =
            switch status {
            case LZMA_MEM_ERROR: "out of memory"
            case LZMA_OPTIONS_ERROR: "liblzma does not know these options"
            case LZMA_UNSUPPORTED_CHECK: "liblzma was built without CRC64"
            case LZMA_DATA_ERROR: "larger than the xz format allows"
            case LZMA_BUF_ERROR: "no progress is possible"
            case LZMA_PROG_ERROR: "liblzma was called in the wrong order"
            default: "liblzma status \(status.rawValue)"
            }
        self.init(operation, reason)
    }

    init(_ operation: String, zstd result: Int) {
        self.init(operation, unsafe String(cString: ZSTD_getErrorName(result)))
    }
}
