import DiagCollect
import DiagModel
import DiagSystem
import SystemPackage

/// Measures how many bytes a second the worker protocol carries from one process to another:
/// the framing alone, then with hashing and writing as a run does it.
@main
enum FramingBenchmark {
    static let byteCount = 4 << 30
    /// The orchestrator chooses one for its worker; without it our own.
    static let boundary =
        HostFacts.environment("DIAGBUNDLE_BOUNDARY") ?? "0123456789abcdef0123456789abcdef"

    static func main() throws {
        if CommandLine.arguments.dropFirst().first == "send" { return try send() }
        let runs = 5
        let framing = try (0..<runs).map { _ in try frame() }.sorted()[runs / 2]
        let stored = try (0..<runs).map { _ in try store() }.sorted()[runs / 2]
        print(
            "framing: \(text(framing)) GB/s; with hashing and writing: \(text(stored)) GB/s")
    }

    private static func text(_ seconds: Double) -> String {
        let hundredths = Int((Double(byteCount) / seconds / 1e7).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    /// The worker: one artifact of zeros, in the pieces that a collector copies a file in.
    private static func send() throws {
        let sink = WorkerSink(output: try OwnedDescriptor.standard(1), boundary: boundary)
        let piece = [UInt8](repeating: 0, count: 256 << 10)
        try sink.open(.init(path: "zeros"))
        for _ in 0..<byteCount / piece.count { try sink.write(piece.span) }
        try sink.send(.end(.init()))
    }

    private struct Counter: WorkerStreamHandler {
        var byteCount = 0
        mutating func receive(_ message: WorkerMessage, byteCount: Int) {}
        mutating func receive(_ bytes: Span<UInt8>) { byteCount += bytes.count }
    }

    private static func frame() throws -> Double {
        let output = try Pipe(bufferByteCount: 1 << 20)
        let started = MonotonicTime.now
        let child = try ChildProcess.spawn(
            HostFacts.ownExecutable, arguments: ["send"], environment: [:],
            streams: .init(
                input: try OwnedDescriptor.open("/dev/null", .readOnly),
                output: try output.writing.duplicate(),
                error: try OwnedDescriptor.standard(2)))
        let reading = output.takeReading()
        var parser = WorkerStreamParser(boundary: boundary)
        var counter = Counter()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while case let count = try reading.read(into: &buffer), count > 0 {
            try parser.take(buffer.span.extracting(0..<count), handler: &counter)
        }
        let seconds = MonotonicTime.now.seconds(since: started)
        while child.reapIfEnded() == nil {}
        guard counter.byteCount == byteCount else { throw Wrong(count: counter.byteCount) }
        return seconds
    }

    private struct Sender: Collector {
        let descriptor = CollectorDescriptor(
            name: "send", subject: "zeros", risk: .memoryOnly, confinement: .reader,
            deadlineSeconds: 600, byteBudget: 8 << 30)
        func collect(in context: CollectionContext, into sink: any CollectionSink) {}
    }

    private static func store() throws -> Double {
        let output = try OutputDirectory.create(
            FilePath(HostFacts.environment("TMPDIR") ?? "/tmp").appending("framing-benchmark"))
        let folder = try HostFolder(name: "host", in: output)
        defer { folder.discard() }
        let intake = ArtifactIntake(
            filter: UnchangedArtifacts(), sinks: [folder], byteBudget: 8 << 30)
        let started = MonotonicTime.now
        let orchestrator = Orchestrator(
            collectors: [Sender()],
            configuration: .init(
                workerExecutable: HostFacts.ownExecutable, workerArguments: []),
            intake: intake, progress: RunProgress(started: started) { _ in })
        _ = try orchestrator.run(control: try Pipe().reading)
        guard intake.artifacts.first?.byteCount == Int64(byteCount) else {
            throw Wrong(count: Int(intake.artifacts.first?.byteCount ?? 0))
        }
        return MonotonicTime.now.seconds(since: started)
    }

    private struct Wrong: Error {
        let count: Int
    }
}
