public import DiagModel
public import DiagSystem
internal import SystemPackage

/// The worker's end of the pipe: frames what a collector sends.
public final class WorkerSink: CollectionSink {
    private let output: OwnedDescriptor
    private let boundary: [UInt8]
    private var buffer: [UInt8] = []
    private let lines: WorkerLineReader?
    private static let bufferByteCount = 128 << 10

    /// Writes messages that begin with `boundary` to `output`; nobody answers.
    public convenience init(output: consuming OwnedDescriptor, boundary: String) {
        self.init(output: output, boundary: boundary, lines: nil)
    }

    /// Writes messages that begin with `boundary` to `output`; answers come from `lines`.
    init(output: consuming OwnedDescriptor, boundary: String, lines: WorkerLineReader?) {
        self.output = output
        self.lines = lines
        self.boundary = Array(boundary.utf8) + [0x20]
        buffer.reserveCapacity(Self.bufferByteCount)
    }

    /// Opens an artifact.
    public func open(_ opening: WorkerMessage.Opening) throws {
        try append(.artifact(opening))
    }

    /// Sends `bytes` as `data` messages; large ones go out without being copied.
    public func write(_ bytes: Span<UInt8>) throws {
        var offset = 0
        while offset < bytes.count {
            let count = min(bytes.count - offset, WorkerStreamParser.largestData)
            try append(.data(byteCount: count))
            if count >= Self.bufferByteCount / 2 {
                try flush()
                try output.write(bytes.extracting(offset..<offset + count))
            } else {
                for index in offset..<offset + count { buffer.append(bytes[index]) }
            }
            buffer.append(0x0A)
            offset += count
        }
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    /// Sends a message. Progress and notes go out at once, so that they are seen in time.
    public func send(_ message: WorkerMessage) throws {
        try append(message)
        switch message {
        case .progress, .end, .record, .awaitProbes: try flush()
        default: if buffer.count >= Self.bufferByteCount { try flush() }
        }
    }

    /// Says that it waits, and waits for the answer.
    public func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer {
        try send(.awaitProbes)
        while let lines, !lines.isReady(withinSeconds: 1) { try turn() }
        guard let line = try lines?.next() else {
            throw SystemCallError(
                operation: "read", object: "the answer of the orchestrator", errno: .brokenPipe)
        }
        return try JSONDocument.decode(WorkerAnswer.self, from: line)
    }

    /// Writes what is still held back.
    public func flush() throws {
        guard !buffer.isEmpty else { return }
        var held = [UInt8]()
        swap(&held, &buffer)  // A property's own span would outlive the access to it.
        try output.write(held.span)
        held.removeAll(keepingCapacity: true)
        swap(&held, &buffer)
    }

    private func append(_ message: WorkerMessage) throws {
        let body = try message.encodedBody()
        buffer += boundary
        buffer += Array(message.verb.utf8)
        buffer.append(0x20)
        buffer += body
        buffer.append(0x0A)
    }
}
