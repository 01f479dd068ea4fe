import DiagModel
import DiagSystem
import SystemPackage

@testable import DiagCollect

/// Keeps artifacts in memory.
final class KeepingSink: ArtifactSink {
    var contents: [String: [UInt8]] = [:]
    var failure: (any Error)?

    func open(_ path: ArtifactPath) { contents[path.text] = [] }
    func write(_ bytes: Span<UInt8>, to path: ArtifactPath) throws {
        if let failure { throw failure }
        for index in 0..<bytes.count { contents[path.text]?.append(bytes[index]) }
    }
    func close(_ path: ArtifactPath, as artifact: Artifact) {}
    func text(_ path: String) -> String? {
        contents[path].map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A collector that exists in the plan only; its process is a script of the test.
struct Scripted: Collector {
    let descriptor: CollectorDescriptor
    var probes: [any Probe] = []
    func collect(in context: CollectionContext, into sink: any CollectionSink) {}

    init(
        _ name: String, risk: CollectorDescriptor.Risk = .memoryOnly, deadline: Double = 20,
        budget: Int64 = 1 << 20, probes: [any Probe] = [], seekable: SeekableArtifact? = nil,
        topArtifacts: Set<String> = [], plugin: PluginTraits? = nil
    ) {
        descriptor = CollectorDescriptor(
            name: name, subject: name, risk: risk, confinement: .reader, deadlineSeconds: deadline,
            byteBudget: budget, seekable: seekable, topArtifacts: topArtifacts, plugin: plugin)
        self.probes = probes
    }
}

struct ScriptedProbe: Probe {
    let kind = "touch"
    var deadlineSeconds = 0.5
    func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) -> ProbeRecord { ProbeRecord(kind: kind, target: request.target, outcome: .ok, seconds: 0) }
    func findings(in records: [ProbeRecord]) -> [Finding] {
        records.filter { $0.outcome == .hung }.map {
            Finding(
                fault: "test.hung", severity: .critical, collector: "", object: $0.target,
                reason: $0.reason ?? "")
        }
    }
}

/// One run of workers that are Python: the protocol is spoken by a stranger.
struct Run {
    var outcome: RunOutcome
    var artifacts: [Artifact]
    let sink: KeepingSink
    var events: [ProgressEvent]
    /// What was against the protocol, and did not end a run that `isTested`.
    var faults: [ProtocolViolation]

    func report(_ name: String) -> CollectorReport? {
        outcome.reports.first { $0.collector == name }
    }

    /// `script` sees `name`, `request`, `B` (the boundary), `say(verb, body)` and `data(bytes)`.
    init(
        _ collectors: [Scripted], _ script: String, deadline: Double = 30, jobs: Int = 2,
        budget: Int64 = 64 << 20, sink: KeepingSink = KeepingSink(), stopAfter: Double? = nil,
        folder: HostFolder? = nil, deadlines: [String: Double] = [:], isTested: Bool = false,
        more: [any ArtifactSink] = []
    ) throws {
        let prelude = """
            import json, os, signal, sys, time
            name = sys.argv[1]
            request = json.loads(sys.stdin.readline())
            B = request["boundary"]
            assert B == os.environ["DIAGBUNDLE_BOUNDARY"]
            out = sys.stdout.buffer
            def say(verb, body=None):
                out.write((B + " " + verb + " " + ("" if body is None else json.dumps(body)) + "\\n").encode())
                out.flush()
            def data(b):
                out.write(("%s data %d\\n" % (B, len(b))).encode() + b + b"\\n"); out.flush()

            """
        var configuration = OrchestratorConfiguration(
            jobs: jobs, deadlineSeconds: deadline, byteBudget: budget,
            workerExecutable: "/usr/bin/python3", workerArguments: ["-c", prelude + script],
            deadlines: deadlines)
        configuration.isConformanceTest = isTested
        let sinks: [any ArtifactSink] = [sink] + (folder.map { [$0] } ?? []) + more
        let intake = ArtifactIntake(filter: UnchangedArtifacts(), sinks: sinks, byteBudget: budget)
        final class Log { var events: [ProgressEvent] = [] }
        let log = Log()
        let started = MonotonicTime.now
        let orchestrator = Orchestrator(
            collectors: collectors, configuration: configuration, intake: intake,
            progress: RunProgress(started: started) { log.events.append($0) }, started: started)
        let control = try Pipe()
        if let stopAfter {
            // The control pipe is written by a child, so that no thread of the test is needed.
            _ = try ChildProcess.spawn(
                "/bin/sh", arguments: ["-c", "sleep \(stopAfter); echo stop"], environment: [:],
                streams: .init(
                    input: try OwnedDescriptor.open("/dev/null", .readOnly),
                    output: try control.writing.duplicate(),
                    error: try OwnedDescriptor.open("/dev/null", .writeOnly)))
        }
        outcome = try orchestrator.run(control: control.reading).outcome
        artifacts = intake.artifacts
        faults = orchestrator.faults
        self.sink = sink
        events = log.events
    }
}
