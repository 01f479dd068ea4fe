public import DiagModel

/// A sink that passes everything on and counts the bytes, for a collector that minds its budget.
public final class CountingSink: CollectionSink {
    private let next: any CollectionSink
    /// How many bytes of artifacts have been passed on.
    public private(set) var byteCount: Int64 = 0

    /// A sink before `next`.
    public init(_ next: any CollectionSink) { self.next = next }

    /// Passes the artifact's opening on.
    public func open(_ opening: WorkerMessage.Opening) throws { try next.open(opening) }

    /// Passes the bytes on and counts them.
    public func write(_ bytes: Span<UInt8>) throws {
        byteCount += Int64(bytes.count)
        try next.write(bytes)
    }

    /// Passes the message on.
    public func send(_ message: WorkerMessage) throws { try next.send(message) }

    /// Waits behind the next sink.
    public func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer {
        try next.awaitProbes(turn: turn)
    }
}
