import DiagModel
import DiagSystem
import SystemPackage

/// The pool of probe processes, which take targets that may block in turn.
extension Orchestrator {
    /// How many targets are probed in one run.
    static let mostProbes = 20_000

    /// Seconds that a probe process may take to start, before it looks at its first target.
    static let probeStartSeconds = 8.0

    /// Begins the time of the target: the process has started, and turns to it now.
    func noteStart(of session: WorkerSession) {
        guard session.isStarting, let task = session.currentProbe else { return }
        session.isStarting = false
        session.deadline = .now.advanced(bySeconds: task.probe.deadlineSeconds)
    }

    /// Queues what a collector asked to be probed; a kind that it does not declare is its mistake.
    func addProbe(_ request: ProbeRequest, for collector: Int) {
        if let planned = configuration.plannedProbes {
            let probe = PlannedProbe(kind: request.kind, target: request.target)
            let name = collectors[collector].descriptor.name
            guard planned[name]?.contains(probe) == true else { return }
            askedProbes[name, default: []].insert(probe)
        }
        guard let probe = collectors[collector].probes.first(where: { $0.kind == request.kind })
        else {
            missing[collector].append(
                Missing(
                    collector: collectors[collector].descriptor.name,
                    what: "\(request.kind) of \(request.target)",
                    why: "the collector declares no such probe"))
            return
        }
        guard probes.total < Self.mostProbes else {
            missing[collector].append(
                Missing(
                    collector: collectors[collector].descriptor.name,
                    what: "\(request.kind) of \(request.target)",
                    why: "more than \(Self.mostProbes) probes were asked for"))
            return
        }
        probes.add(ProbeTask(collector: collector, request: request, probe: probe))
    }

    /// Tells a probe process its next target.
    func assign(_ task: ProbeTask, to session: WorkerSession) {
        session.currentProbe = task
        session.collector = task.collector
        session.record = nil
        session.saidByteCount = 0
        session.openingByteCount = 0
        session.extensionCount = 0
        session.deadline = .now.advanced(
            bySeconds: task.probe.deadlineSeconds
                + (session.isStarting ? Self.probeStartSeconds : 0))
        // What it stands on is for the queue alone, and may be long.
        var target = task.request
        target.standsOn = nil
        let request = WorkerRequest(
            collector: collectors[task.collector].descriptor.name, root: configuration.root.string,
            deadlineSeconds: task.probe.deadlineSeconds,
            byteBudget: max(0, session.byteBudget - session.byteCount), boundary: session.boundary,
            probe: target)
        do { try tell(request, to: session) } catch {
            session.kill(
                .init(outcome: .failed, reason: "it could not be told its target: \(error)"))
        }
    }

    /// Takes the record of the target that the process is done with, and gives it another.
    func finishProbe(of session: WorkerSession) throws {
        guard let task = session.currentProbe else { return }
        session.currentProbe = nil
        moveSaid(from: session)
        if let record = session.record {
            conclude(task, record)
        } else {
            conclude(task, record(of: task, .failed, "the probe gave no record", session))
        }
        if let next = takeProbe(besides: session) {
            assign(next, to: session)
        } else {
            session.input = nil
            session.deadline = .now
        }
        reportIfProbesAreDone()
    }

    /// The next target that may be tried: one that stands on what does not answer is skipped, and
    /// one that stands on what is just being asked waits for that.
    func takeProbe(besides session: WorkerSession? = nil) -> ProbeTask? {
        let asked = Set(
            sessions.filter { $0 !== session }.compactMap(\.currentProbe?.request.target))
        skip(probes.removePoisoned())
        return probes.take(besides: asked)
    }

    /// Takes stock of a probe process that ended or was abandoned.
    func finishProbeProcess(
        _ session: WorkerSession, verdict: WorkerSession.Verdict, wasAbandoned: Bool
    ) throws {
        guard let task = session.currentProbe else { return }
        session.currentProbe = nil
        moveSaid(from: session)
        var record: ProbeRecord
        switch session.verdict?.outcome {
        case .timedOut:
            let limit = seconds(task.probe.deadlineSeconds)
            let place = session.standing.map { "; \($0.summary)" } ?? ""
            record = self.record(
                of: task, .hung,
                "no answer within \(limit)\(place)"
                    + (wasAbandoned ? "; SIGKILL did not end it" : ""), session)
            record.kernelStack = session.standing?.kernelStack
        case .interrupted:
            record = self.record(of: task, .skipped, session.verdict?.reason ?? "", session)
        default:
            record = self.record(
                of: task, .failed, "the probe process failed: \(verdict.reason)", session)
        }
        if record.outcome == .hung { probes.poison(task.request.target) }
        conclude(task, record)
        if probes.countLoss(ofKind: task.request.kind) {
            skip(
                probes.removeWaiting(kind: task.request.kind),
                why: "\(ProbeQueue.mostReplacements) probe processes were lost before it")
        }
        reportIfProbesAreDone()
    }

    /// Gives up targets that no process will take.
    func skip(_ tasks: [ProbeTask], why: String) {
        skip(tasks.map { ($0, why) })
    }

    private func skip(_ tasks: [(task: ProbeTask, why: String)]) {
        for (task, why) in tasks { conclude(task, record(of: task, .skipped, why, nil)) }
        if !tasks.isEmpty { reportIfProbesAreDone() }
    }

    private func moveSaid(from session: WorkerSession) {
        absent[session.collector] += session.absent
        missing[session.collector] += session.missing
        findings += session.findings
        session.absent = []
        session.missing = []
        session.findings = []
        probed[session.collector].artifactCount += session.artifactCount
        probed[session.collector].byteCount += session.storedByteCount
        session.artifactCount = 0
        session.storedByteCount = 0
    }

    private func record(
        of task: ProbeTask, _ outcome: ProbeRecord.Outcome, _ reason: String,
        _ session: WorkerSession?
    ) -> ProbeRecord {
        let waited = session.map {
            MonotonicTime.now.seconds(since: $0.deadline) + task.probe.deadlineSeconds
        }
        return ProbeRecord(
            kind: task.request.kind, target: task.request.target, outcome: outcome,
            seconds: max(0, ((waited ?? 0) * 1e6).rounded() / 1e6), reason: reason)
    }

    private func conclude(_ task: ProbeTask, _ record: ProbeRecord) {
        var record = record
        record.kind = task.request.kind
        record.target = task.request.target
        probes.keep(record, of: task)
        let name = collectors[task.collector].descriptor.name
        if record.outcome == .hung || record.outcome == .skipped {
            let (why, remedy) = Self.remedy(in: record.reason ?? record.outcome.rawValue)
            missing[task.collector].append(
                Missing(
                    collector: name, what: "\(record.kind) of \(record.target)", why: why,
                    remedy: remedy))
        }
    }

    /// Parts the reason of a probe that was refused from what would give it: what follows
    /// `; needs root`.
    private static func remedy(in reason: String) -> (why: String, remedy: String?) {
        guard let range = reason.firstRange(of: "; needs root") else { return (reason, nil) }
        return (
            String(reason[..<range.lowerBound]), "run as root\(reason[range.upperBound...])"
        )
    }

    private func reportIfProbesAreDone() {
        guard let started = probesStarted, probes.isDone else { return }
        let hung = probes.records.values.joined().count { $0.outcome == .hung }
        progress.end(
            "probes", hung > 0 ? .partial : .complete,
            elapsedSeconds: MonotonicTime.now.seconds(since: started),
            activity: "\(probes.done) probes" + (hung > 0 ? ", \(hung) hung" : ""))
    }

    /// Stores the records of each kind as one artifact of the collector that asked, and takes up
    /// what they mean.
    func storeProbeRecords(of index: Int) throws {
        let stored = probed[index]
        reports[index]?.artifactCount += stored.artifactCount
        reports[index]?.byteCount += stored.byteCount
        let name = collectors[index].descriptor.name
        for (key, records) in probes.records.filter({ $0.key.collector == index }).sorted(by: {
            $0.key.kind < $1.key.kind
        }) {
            let probe = collectors[index].probes.first { $0.kind == key.kind }
            // A collector that waited for them has said itself what they mean.
            let isSaid = concluded.contains(index)
            for var finding in isSaid ? [] : probe?.findings(in: records) ?? [] {
                finding.collector = name
                if finding.evidence.isEmpty {
                    finding.evidence = [.init(artifact: "\(name)/\(key.kind).json")]
                }
                findings.append(finding)
            }
            let document = try JSONDocument.encode(ProbeRecordList(records), layout: .document)
            let byteCount = try intake.store(
                document, at: "\(key.kind).json", collector: name, mediaType: "application/json",
                privacy: .technical)
            reports[index]?.artifactCount += 1
            reports[index]?.byteCount += byteCount
        }
    }
}

/// The probes of a reviewed plan.
extension Orchestrator {
    /// Says which of them nobody asked for: their devices and mounts are gone.
    func tellUnaskedProbes() {
        guard let planned = configuration.plannedProbes else { return }
        for (index, collector) in collectors.enumerated() {
            let name = collector.descriptor.name
            // One that did not come so far has said so itself.
            guard reports[index]?.outcome == .complete else { continue }
            let gone = (planned[name] ?? []).subtracting(askedProbes[name] ?? [])
            missing[index] += gone.sorted { ($0.kind, $0.target) < ($1.kind, $1.target) }.map {
                Missing(
                    collector: name, what: "\($0.kind) of \($0.target)",
                    why: "it is in the plan, and no longer there")
            }
        }
    }
}
