import DiagModel
import DiagSystem

/// What the front tells the orchestrator: one JSON object on its standard input.
struct OrchestratorRequest: Codable {
    /// The options of the command line, as they were typed, by name.
    var commandLine: [String: [String]]
    /// The configuration file that was named, when one was.
    var configurationPath: String?
    /// The directory that relative paths start from; none when it is gone.
    var workingDirectory: String?
    /// The support case.
    var caseIdentifier: String?
    /// The reviewed plan to run, when there is one.
    var planPath: String?
    /// Why a dump goes into the bundle, in the words of whoever asks.
    var dumpReason: String?
    /// The variables of the programs that encrypt and sign, which nobody else gets.
    var toolEnvironment: [String: String]?
    /// The live dump to make, in the place of a bundle.
    var dump: DumpRequest?
}

/// What `diagbundle dump` asks for beside the settings.
struct DumpRequest: Codable {
    /// Which of the two dumps.
    var kind: LiveDumpReport.Kind
    /// Why, in the words of whoever asks.
    var reason: String?
    /// Whether the least time between dumps is kept.
    var isThrottled = true
}

/// What the orchestrator tells the front: one JSON object a line on its standard output.
struct OrchestratorLine: Codable {
    /// What the front must know of the settings, told first.
    struct Settings: Codable {
        var progress: String
        var deadlineSeconds: Double
        var sealDeadlineSeconds: Double
        var outputPath: String
        var rootPath: String
        /// Seconds beyond the deadline that a run with a dump may not come further.
        var stallSeconds: Double?
    }

    /// How far the run is, for the front's own deadlines.
    enum Stage: String, Codable {
        /// The root answered.
        case rootIsReady
        /// Programs that encrypt and sign are tried; ``rootIsReady`` comes once more after that.
        case keysAreTried
        /// The output directory answered.
        case outputIsReady
        /// Collecting is over.
        case sealing
        /// The bundle has its final name.
        case bundleIsNamed
        /// It is alive.
        case heartbeat
    }

    var settings: Settings?
    var stage: Stage?
    /// Where the run puts what it collects, told when that is there.
    var folderPath: String?
    var event: ProgressEvent?
    var dump: Dump?
    /// What became of a live dump beside the other artifacts.
    var outline: LiveDumpOutline?

    /// What became of a live dump, told last.
    struct Dump: Codable {
        /// The collector's own word; none when it did not come to that.
        var report: LiveDumpReport?
        /// The folder that it is in; none when there is nothing to keep.
        var folderPath: String?
        /// The file, as the manifest lists it.
        var file: Artifact?
        /// Why the collector ended, when it did not end well.
        var failure: String?
        /// Seconds that it all took.
        var seconds: Double
        /// What else a person should know: older dumps that were removed.
        var notices: [String]
    }
}

/// The orchestrator's end of the link. It never waits for the front: when the front does not read,
/// progress is left out, and changes of state are kept until it does.
final class FrontLink {
    private let output: OwnedDescriptor
    private var pending: [UInt8] = []
    private var lastSent = MonotonicTime.now

    init(output: consuming OwnedDescriptor) throws {
        try output.setNonBlocking()
        self.output = output
    }

    func send(_ line: OrchestratorLine) {
        if line.event?.kind == .operationProgress || line.stage == .heartbeat, !pending.isEmpty {
            flush()
            guard pending.isEmpty else { return }
        }
        guard let bytes = try? JSONDocument.encode(line, layout: .line) else { return }
        pending += bytes + [0x0A]
        lastSent = .now
        flush()
    }

    func send(_ event: ProgressEvent) { send(OrchestratorLine(event: event)) }

    /// Says that this process lives, when it has said nothing for a second.
    func beat() {
        if MonotonicTime.now.seconds(since: lastSent) >= 1 { send(.init(stage: .heartbeat)) }
    }

    private func flush() {
        while !pending.isEmpty {
            var held = [UInt8]()
            swap(&held, &pending)
            guard let count = try? output.writeSome(held.span) else {
                swap(&held, &pending)
                return
            }
            pending = Array(held[count...])
        }
    }

    /// Writes what is held back, for at most `seconds`.
    func close(withinSeconds seconds: Double) {
        let end = MonotonicTime.now.advanced(bySeconds: seconds)
        var poller = Poller()
        poller.watch(output, writing: true, tag: 0)
        while !pending.isEmpty, MonotonicTime.now < end {
            _ = poller.wait(seconds: 0.1)
            flush()
        }
    }
}
