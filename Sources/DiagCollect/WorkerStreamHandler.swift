public import DiagModel

/// Takes what a worker's output is made of.
public protocol WorkerStreamHandler {
    /// A message other than `data`, whose line had `byteCount` bytes behind the boundary.
    mutating func receive(_ message: WorkerMessage, byteCount: Int) throws
    /// Bytes of the open artifact.
    mutating func receive(_ bytes: Span<UInt8>) throws
}
