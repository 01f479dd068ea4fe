public import DiagModel

/// A sink that keeps everything, for tests and for those who embed a collector.
public final class MemorySink: CollectionSink {
    /// One artifact as it was sent.
    public struct Received: Hashable, Sendable {
        /// What opened it.
        public var opening: WorkerMessage.Opening
        /// Its bytes.
        public var bytes: [UInt8]
        /// Why it is truncated, when it is.
        public var truncation: String?

        /// The bytes as text, with the replacement character for what is not UTF-8.
        public var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// The artifacts, in the order they were opened.
    public private(set) var artifacts: [Received] = []
    /// All other messages, in the order they were sent.
    public private(set) var messages: [WorkerMessage] = []

    private let answer: (ProbeRequest, MemorySink) throws -> ProbeRecord?

    /// An empty sink. `answer` stands for the probe processes: it is asked once for each probe when
    /// the collector waits for them, and may send artifacts into the sink.
    public init(
        answer: @escaping (ProbeRequest, MemorySink) throws -> ProbeRecord? = { _, _ in nil }
    ) {
        self.answer = answer
    }

    /// The probes that were asked for.
    public var probeRequests: [ProbeRequest] {
        messages.compactMap { if case .probe(let request) = $0 { request } else { nil } }
    }

    /// Has every probe answered.
    public func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer {
        try turn()
        return WorkerAnswer(probes: try probeRequests.compactMap { try answer($0, self) })
    }

    /// The artifact at `path`.
    public subscript(path: String) -> Received? { artifacts.first { $0.opening.path == path } }

    /// What was said to be missing.
    public var missing: [WorkerMessage.Lack] {
        messages.compactMap { if case .missing(let lack) = $0 { lack } else { nil } }
    }

    /// What was said to be absent.
    public var absent: [WorkerMessage.Lack] {
        messages.compactMap { if case .absent(let lack) = $0 { lack } else { nil } }
    }

    /// The findings.
    public var findings: [Finding] {
        messages.compactMap { if case .finding(let finding) = $0 { finding } else { nil } }
    }

    /// Keeps a new artifact.
    public func open(_ opening: WorkerMessage.Opening) {
        artifacts.append(Received(opening: opening, bytes: [], truncation: nil))
    }

    /// Adds to the last artifact.
    public func write(_ bytes: Span<UInt8>) {
        guard !artifacts.isEmpty else { return }
        unsafe bytes.withUnsafeBufferPointer {
            unsafe artifacts[artifacts.count - 1].bytes.append(contentsOf: $0)
        }
    }

    /// Keeps the message; a truncation is kept with its artifact.
    public func send(_ message: WorkerMessage) {
        if case .truncated(let truncation) = message, !artifacts.isEmpty {
            artifacts[artifacts.count - 1].truncation = truncation.why
        } else {
            messages.append(message)
        }
    }
}
