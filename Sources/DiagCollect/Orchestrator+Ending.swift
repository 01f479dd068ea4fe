import DiagModel
import DiagSystem

/// How workers end, and what then stands in the reports.
extension Orchestrator {
    /// Closes the artifact that is open, if one is; it is whole unless it was marked truncated.
    func closeArtifact(of session: WorkerSession, cutBy reason: String? = nil) throws {
        guard let open = session.open else { return }
        session.open = nil
        let truncation = session.truncation ?? reason
        session.truncation = nil
        session.artifactCount += 1
        session.storedByteCount += try intake.close(open, truncation: truncation)
    }

    /// Takes stock of a worker whose process has ended.
    func finish(_ session: WorkerSession, ending: ChildProcess.Ending) throws {
        let verdict = verdict(on: session, ending: ending)
        try closeArtifact(
            of: session,
            cutBy: session.end == nil ? "the worker ended before the artifact did" : nil)
        guard case .collector(let index) = session.role else {
            return try finishProbeProcess(session, verdict: verdict, wasAbandoned: false)
        }
        var report = report(on: session, verdict)
        report.processorSeconds = (ending.processorSeconds * 1e6).rounded() / 1e6
        report.peakResidentByteCount = ending.peakResidentByteCount
        if try holdForHash(session, index, report) { return }
        try conclude(session, index, report)
    }

    private func verdict(
        on session: WorkerSession, ending: ChildProcess.Ending
    ) -> WorkerSession.Verdict {
        if let verdict = session.verdict ?? pluginVerdict(on: session, ending: ending) {
            return verdict
        }
        if let failure = session.end?.failure {
            return .init(outcome: .failed, reason: failure)
        }
        if session.end != nil, let verdict = session.stopVerdict,
            session.seekableEnd?.isComplete != true
        {
            return verdict
        }
        if session.end != nil, session.killed != nil {
            return .init(outcome: .complete, reason: "")
        }
        switch ending.cause {
        case .exited(code: 0) where session.end != nil:
            return .init(outcome: .complete, reason: "")
        case .exited(let code):
            return .init(
                outcome: .crashed,
                reason: session.end == nil
                    ? "it exited with code \(code) before it said end"
                    : "it exited with code \(code)")
        case .signalled(let number):
            return .init(outcome: .crashed, reason: "\(signalName(number)) ended it")
        }
    }

    /// Leaves a process that not even SIGKILL ended, and says where it hangs.
    func abandon(_ session: WorkerSession) throws {
        let standing = ProcessStanding.of(session.child.identifier)
        abandoned.append(session.child)
        noteEnd(ofPlugin: session)
        try closeArtifact(of: session, cutBy: "the worker was abandoned")
        try giveUpSeekable(of: session)
        guard case .collector(let index) = session.role else {
            let verdict = WorkerSession.Verdict(outcome: .abandoned, reason: standing.summary)
            return try finishProbeProcess(session, verdict: verdict, wasAbandoned: true)
        }
        let name = collectors[index].descriptor.name
        let why = session.verdict?.reason ?? "it did not end"
        session.storedByteCount += try intake.store(
            Array(standing.text.utf8), at: "abandoned.txt", collector: name,
            source: "/proc/\(standing.identifier)", mediaType: "text/plain", privacy: .technical)
        session.artifactCount += 1
        findings.append(
            Finding(
                fault: "run.worker.abandoned", severity: .major, collector: name,
                object: "collector \(name)",
                reason: "\(why); SIGKILL did not end it: \(standing.summary).",
                recommendedActions: [
                    "See where it hangs in the kernel stack; a device or file system behind it does"
                        + " not answer.",
                    "The process ends by itself when that answers or is taken away.",
                ], evidence: [.init(artifact: "\(name)/abandoned.txt")]))
        try conclude(
            session, index,
            report(
                on: session,
                .init(outcome: .abandoned, reason: "\(why); SIGKILL did not end it")))
    }

    private func report(
        on session: WorkerSession, _ verdict: WorkerSession.Verdict
    ) -> CollectorReport {
        let descriptor = collectors[session.collector].descriptor
        return CollectorReport(
            collector: descriptor.name, outcome: verdict.outcome,
            reason: verdict.outcome == .complete ? nil : verdict.reason,
            started: session.startedAt,
            seconds: (MonotonicTime.now.seconds(since: session.started) * 1e6).rounded() / 1e6,
            artifactCount: session.artifactCount, byteCount: session.storedByteCount,
            confinement: descriptor.confinement.rawValue,
            confinementGaps: session.end?.confinementGaps ?? [], notes: session.notes,
            withheld: session.withheld.isEmpty ? nil : session.withheld)
    }

    func conclude(
        _ session: WorkerSession, _ index: Int, _ report: CollectorReport
    ) throws {
        var report = report
        if !session.log.isEmpty {
            if session.logIsCut { session.log += Array("\n[cut after 256 KiB]\n".utf8) }
            report.byteCount += try intake.store(
                session.log, at: "worker.log", collector: report.collector,
                source: "standard error of the worker", mediaType: "text/plain",
                privacy: session.trust.plugin?.privacy == .sensitive ? .sensitive : .content)
            report.artifactCount += 1
        }
        absent[index] += session.absent
        missing[index] += session.missing
        if session.refusedCount > Self.mostRefusals {
            missing[index].append(
                Missing(
                    collector: report.collector,
                    what: "\(session.refusedCount - Self.mostRefusals) more artifacts",
                    why: "they were refused, as those before"))
        }
        findings += session.findings
        faults += session.parser.faults
        if session.isAnswered, session.end?.failure == nil, report.outcome == .complete {
            concluded.insert(index)
        }
        conclude(index, report)
    }

    /// Keeps the report of a collector that has come to its end.
    func conclude(_ index: Int, _ report: CollectorReport) {
        var report = report
        if let origin = configuration.origins[report.collector] {
            report.origin = origin.place
            report.definition = origin.definition
            report.replacesBuiltIn = origin.replacesBuiltIn ? true : nil
        }
        reports[index] = report
        if report.outcome != .complete {
            // Of what failed before it sent anything there is no rest.
            let what =
                report.outcome == .failed && !hasSent(index, report)
                ? report.collector : "the rest of \(report.collector)"
            missing[index].append(
                Missing(
                    collector: report.collector, what: what,
                    why: report.reason ?? report.outcome.rawValue,
                    remedy: report.outcome == .overBudget && intake.remainingByteCount == 0
                        ? "a larger --max-size" : nil))
        }
        let lacks = missing[index].count
        let state: ProgressEvent.State =
            switch report.outcome {
            case .complete: lacks == 0 ? .complete : .partial
            case .interrupted, .timedOut, .overBudget: .partial
            case .failed, .crashed, .garbled, .abandoned: .failed
            }
        progress.end(
            report.collector, state, elapsedSeconds: report.seconds,
            activity: (report.artifactCount == 1
                ? "1 artifact" : "\(report.artifactCount) artifacts")
                + (lacks > 0 ? ", \(lacks) missing" : ""), reason: report.reason)
    }

    /// Says of the collectors that have a report, and whose probes have their records, that nothing
    /// more of them comes.
    func endWhoHaveAll() throws {
        let ended = unended.filter(hasAll)
        guard !ended.isEmpty else { return }
        unended.removeAll(where: ended.contains)
        for index in ended {
            try storeProbeRecords(of: index)
            intake.end(collectors[index].descriptor.name)
        }
    }

    private func hasAll(_ index: Int) -> Bool {
        reports[index] != nil && probes.isDone(ofCollector: index)
            && !sessions.contains {
                $0.collector == index && ($0.open != nil || $0.currentProbe != nil)
            }
    }

    /// Whether anything of a collector was kept, beside notes.
    private func hasSent(_ index: Int, _ report: CollectorReport) -> Bool {
        report.artifactCount > 0 || !absent[index].isEmpty || !missing[index].isEmpty
            || findings.contains { $0.collector == report.collector }
    }

    /// Whether an artifact of that name is stored by the orchestrator itself.
    func isReserved(_ path: String, for collector: Int) -> Bool {
        ["worker.log", "abandoned.txt"].contains(path)
            || collectors[collector].probes.contains { path == "\($0.kind).json" }
    }

    /// Drops evidence that names no artifact of this run: a worker may have said anything.
    func keepTrueEvidence() {
        if configuration.isConformanceTest { return }
        let stored = Set(intake.artifacts.map(\.path))
        for index in findings.indices {
            findings[index].evidence.removeAll { !stored.contains($0.artifact) }
        }
    }

    private func signalName(_ number: Int) -> String {
        let names = [
            3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
            9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM", 24: "SIGXCPU",
            25: "SIGXFSZ", 31: "SIGSYS",
        ]
        return "signal \(number)" + (names[number].map { " (\($0))" } ?? "")
    }
}
