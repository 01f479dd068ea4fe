import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import SystemPackage

/// Runs a plugin as a run would, keeps nothing, and says what of it is not the protocol.
struct PluginCheck {
    let plugin: PluginCollector

    /// What a check found.
    struct Result {
        /// What is wrong, one sentence each; none when nothing is.
        var problems: [String] = []
        /// What it did, line by line, for whoever writes it.
        var account: [String] = []
    }

    private var name: String { plugin.declaration.name }

    /// Runs it to its end, and then once more to ask it to stop.
    func run() throws -> Result {
        var result = Result()
        let whole = try trial(stoppingAfter: nil)
        guard let report = whole.report else {
            result.problems.append("it was not run")
            return result
        }
        // Nothing else of such a report is the plugin's own.
        if let reason = report.reason, reason.hasPrefix(PluginFile.Refusal.opening) {
            result.problems.append(reason)
            return result
        }
        describe(whole, report, in: &result)
        for fault in whole.faults {
            result.problems.append("\(Self.words(.garbled)): \(fault)")
        }
        guard report.outcome == .complete || report.outcome == .failed else {
            let reason = report.reason.map { ": \($0)" } ?? ""
            result.problems.append("\(Self.words(report.outcome))\(reason)")
            return result
        }
        if let reason = report.reason {
            result.account.append("it says that it could not do its work: \(reason)")
        }
        if isLacking(in: whole.outcome), let obstacle {
            result.account.append("it was not run, for it does not apply here: \(obstacle)")
            return result
        }
        guard whole.faults.isEmpty else {
            result.account.append("it was not asked to stop: mend first what it says")
            return result
        }
        if whole.leftCount > 0 {
            result.problems.append(
                "it left \(Self.count(whole.leftCount, "process", "processes")) behind: a plugin ends"
                    + " what it starts")
        }
        checkContent(of: whole, report, in: &result)
        try checkStop(report.seconds, in: &result)
        return result
    }

    /// Whether it was said that nothing of it is there: by itself, or in its place.
    private func isLacking(in outcome: RunOutcome) -> Bool {
        outcome.absent.contains { $0.what == name } || outcome.missing.contains { $0.what == name }
    }

    /// Why a run would not start it here; `nil` when it would.
    private var obstacle: String? {
        guard let root = try? RootedTree("/") else { return nil }
        return (try? plugin.plan(in: CollectionContext(root: root)))?.doesNotApply
    }

    private func checkContent(
        of trial: Trial, _ report: CollectorReport, in result: inout Result
    ) {
        let outcome = trial.outcome
        let hasSaid =
            !outcome.absent.isEmpty || !outcome.missing.isEmpty || !outcome.findings.isEmpty
            || !report.notes.isEmpty
        if trial.artifacts.isEmpty, !hasSaid, report.reason == nil {
            result.problems.append(
                "it said end and nothing else: what it did not find is absent or missing")
        }
        let paths = Set(trial.artifacts.map(\.path))
        for finding in outcome.findings {
            for evidence in finding.evidence where !paths.contains(evidence.artifact) {
                result.problems.append(
                    "finding \(finding.fault): its evidence \(evidence.artifact) is no artifact of"
                        + " it; they are called \(name)/PATH")
            }
        }
    }

    /// Asks it to stop while it is at work.
    private func checkStop(_ seconds: Double, in result: inout Result) throws {
        let delay = min(max(seconds / 2, 0.02), 1)
        let stopped = try trial(stoppingAfter: delay)
        guard let report = stopped.report else { return }
        for fault in stopped.faults {
            result.problems.append("asked to stop: \(Self.words(.garbled)): \(fault)")
        }
        switch report.outcome {
        case .interrupted:
            if report.reason?.contains(Orchestrator.ignoredStop) == true {
                result.problems.append(
                    "asked to stop after \(DurationText.measured(seconds: delay)):"
                        + " \(Orchestrator.ignoredStop)")
            } else {
                let late = max(0, report.seconds - delay)
                result.account.append(
                    "asked to stop by SIGTERM, it ended within"
                        + " \(DurationText.measured(seconds: late))")
            }
        case .complete, .failed:
            result.account.append("it ended before it could be asked to stop")
        default:
            let reason = report.reason.map { ": \($0)" } ?? ""
            result.problems.append("asked to stop: \(Self.words(report.outcome))\(reason)")
        }
    }

    private func describe(_ trial: Trial, _ report: CollectorReport, in result: inout Result) {
        var line = "run: \(Self.words(report.outcome)) in"
        if !trial.faults.isEmpty {
            let end = report.outcome == .complete ? "to its end" : Self.words(report.outcome)
            line = "run: \(Self.words(.garbled)): a run ends at the first fault, unless that costs"
            line += " one artifact alone; here it went on, \(end) in"
        }
        line += " \(DurationText.measured(seconds: report.seconds));"
        line += " \(Self.count(trial.artifacts.count, "artifact")),"
        line += " \(ByteCountText.describe(report.byteCount))"
        if let peak = report.peakResidentByteCount {
            line += "; at most \(ByteCountText.describe(peak)) of memory"
        }
        result.account.append(line)
        for artifact in trial.artifacts.prefix(20) {
            result.account.append(
                "artifact \(artifact.path): \(ByteCountText.describe(artifact.byteCount)),"
                    + " \(artifact.privacy.rawValue)"
                    + (artifact.truncationReason.map { ", cut: \($0)" } ?? ""))
        }
        if trial.artifacts.count > 20 {
            result.account.append("and \(trial.artifacts.count - 20) artifacts more")
        }
        for finding in trial.outcome.findings.prefix(20) {
            result.account.append(
                "finding \(finding.severity.rawValue) \(finding.fault): \(finding.object),"
                    + " \(finding.place ?? "")")
        }
        for lack in trial.outcome.missing.prefix(20) {
            result.account.append("missing \(lack.what): \(lack.why)")
        }
        for note in report.notes.prefix(20) { result.account.append("note \(note)") }
        if let log = trial.log, let first = log.split(separator: 0x0A).first {
            result.account.append(
                "standard error, \(ByteCountText.describe(Int64(log.count))), begins:"
                    + " \(UntrustedText.escapingForPath(first.prefix(200)))")
        }
    }

    private static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        number == 1 ? "1 \(noun)" : "\(number) \(plural ?? noun + "s")"
    }

    /// Children of this process that have not ended.
    private static var runningChildCount: Int {
        ProcessStanding.children(of: HostFacts.processIdentifier).count {
            ![nil, "Z", "X"].contains(ProcessStanding.of($0).state)
        }
    }

    private static func words(_ outcome: CollectorReport.Outcome) -> String {
        switch outcome {
        case .complete: "complete"
        case .failed: "failed"
        case .crashed: "crashed"
        case .garbled: "not the protocol"
        case .overBudget: "too many bytes"
        case .timedOut: "too late"
        case .abandoned: "hung in the kernel"
        case .interrupted: "interrupted"
        }
    }

    // MARK: - One run

    private struct Trial {
        let outcome: RunOutcome
        /// What is against the protocol, and did not end it.
        let faults: [ProtocolViolation]
        let artifacts: [Artifact]
        let log: [UInt8]?
        /// Processes that ran on when it had ended.
        let leftCount: Int
        var report: CollectorReport? { outcome.reports.first }
    }

    /// The pipe that ends a run when something is written to it.
    private final class Control {
        private let pipe: Pipe
        private var isUsed = false

        init() throws(SystemCallError) { pipe = try Pipe() }

        func stop() {
            guard !isUsed else { return }
            isUsed = true
            try? pipe.writing.write([0x0A].span)
        }

        func run(_ orchestrator: Orchestrator) throws -> RunOutcome {
            try orchestrator.run(control: pipe.reading).outcome
        }
    }

    private func trial(stoppingAfter seconds: Double?) throws -> Trial {
        let descriptor = plugin.descriptor
        var configuration = OrchestratorConfiguration(
            jobs: 1, deadlineSeconds: descriptor.deadlineSeconds + 60,
            byteBudget: descriptor.byteBudget + (1 << 20),
            workerExecutable: HostFacts.ownExecutable, workerName: "diagbundle",
            collectorOptions: [name: plugin.source.workerOptions])
        configuration.isConformanceTest = true
        let log = "\(name)/worker.log"
        let kept = KeptArtifacts([log])
        let intake = ArtifactIntake(
            filter: UnchangedArtifacts(), sinks: [FolderShape(), kept],
            byteBudget: configuration.byteBudget)
        let control = try Control()
        let started = MonotonicTime.now
        let orchestrator = Orchestrator(
            collectors: [plugin], configuration: configuration, intake: intake,
            progress: RunProgress(started: started) { _ in }, started: started,
            turn: { _ in
                guard let seconds else { return }
                if MonotonicTime.now.seconds(since: started) >= seconds { control.stop() }
            })
        // What it leaves behind becomes ours, and is ended.
        Confinement.adoptOrphans()
        defer { ChildProcess.endAll(withinSeconds: 0.5) }
        let outcome = try control.run(orchestrator)
        return Trial(
            outcome: outcome, faults: orchestrator.faults,
            artifacts: intake.artifacts.filter { $0.path != log }, log: kept[log],
            leftCount: Self.runningChildCount)
    }
}
