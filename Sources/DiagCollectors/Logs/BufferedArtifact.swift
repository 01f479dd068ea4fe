internal import DiagCollect

/// Gathers short lines into writes of 64 KiB.
struct BufferedArtifact {
    private static let flushByteCount = 64 << 10
    private let sink: any CollectionSink
    private var buffer = [UInt8]()

    init(_ sink: any CollectionSink) { self.sink = sink }

    mutating func append(_ bytes: [UInt8]) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.flushByteCount { try flush() }
    }

    mutating func flush() throws {
        guard !buffer.isEmpty else { return }
        try sink.write(buffer.span)
        // A single long line must not keep its memory.
        buffer.removeAll(keepingCapacity: buffer.capacity <= 4 * Self.flushByteCount)
    }
}
