internal import CLzma

/// What liblzma refused to do.
public struct XZError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    public let operation: String
    /// What liblzma said, in words.
    public let reason: String

    /// For example `start the xz encoder: out of memory`.
    public var description: String { "\(operation): \(reason)" }

    init(_ operation: String, _ status: lzma_ret) {
        self.operation = operation
        reason =
            switch status {
            case LZMA_MEM_ERROR: "out of memory"
            case LZMA_MEMLIMIT_ERROR: "the memory limit is too low"
            case LZMA_OPTIONS_ERROR: "liblzma does not know these options"
            case LZMA_UNSUPPORTED_CHECK: "liblzma was built without CRC64"
            case LZMA_DATA_ERROR: "the stream would grow past the limits of the xz format"
            case LZMA_BUF_ERROR: "no progress is possible"
            case LZMA_PROG_ERROR: "liblzma was called in the wrong order"
            default: "liblzma status \(status.rawValue)"
            }
    }
}
