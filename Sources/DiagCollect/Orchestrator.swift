internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// Runs the collectors of a plan, each in a process of its own, and stores what they send.
///
/// One thread, one wait for all of them: nothing a worker does or leaves undone can hold it up.
/// Collectors that only read memory come first, then those that may block, and the probes beside
/// them. Whoever misses its deadline is ended by SIGKILL, and abandoned when even that does not
/// end it.
public final class Orchestrator {
    /// Seconds that a worker has to end after SIGKILL before it is abandoned.
    static let killGraceSeconds = 1.0
    /// The same for a probe process, which has nothing to free: only so long that one which does
    /// end is not called stuck.
    static let probeKillGraceSeconds = 0.01
    /// How many bytes of messages of one worker are kept, a share for each message included.
    static let mostSaidBytes = 8 << 20
    /// The same of messages that open artifacts, which the manifest bounds besides.
    static let mostOpeningBytes = 64 << 20
    /// How many artifacts a plugin may send.
    static let mostPluginArtifacts = 10_000
    /// How many artifacts with names that cannot be stored are told one by one.
    static let mostRefusals = 1000

    let collectors: [any Collector]
    let configuration: OrchestratorConfiguration
    /// Where workers come from without a start of the program, when there is such a one.
    let forkServer: ForkServer?
    let intake: ArtifactIntake
    var progress: RunProgress
    var reports: [CollectorReport?]
    var absent: [[Absent]]
    var missing: [[Missing]]
    var findings: [Finding] = []
    /// What of a worker that is tested is against the protocol, and did not end its run.
    public internal(set) var faults: [ProtocolViolation] = []
    var isInterrupted = false
    /// What the probes of each collector stored, beside its own artifacts.
    var probed: [(artifactCount: Int, byteCount: Int64)]

    var sessions: [WorkerSession] = []
    var waiting: [Int] = []
    var probes = ProbeQueue()
    var probesStarted: MonotonicTime?
    /// Those of a plan that a collector did ask for.
    var askedProbes: [String: Set<PlannedProbe>] = [:]
    /// The collectors that were told what their probes found, and then said all.
    var concluded: Set<Int> = []
    /// The environment of plugins that have ended, by which what they left behind is known.
    var endedPlugins: Set<String> = []
    /// How often asking for that took too long.
    var unansweredCount = 0
    /// How many of the collectors are plugins.
    let pluginCount: Int
    /// Files that workers wrote, on their way through the hash.
    var hashing: [HashedSeekable] = []
    /// Processes that not even SIGKILL ended; reaped when they do end.
    var abandoned: [ChildProcess] = []
    /// The collectors of which more may come, in the order of the plan.
    var unended: [Int]
    /// When what workers left behind was looked for.
    private var orphansReaped = MonotonicTime.now
    var stopReason: (outcome: CollectorReport.Outcome, text: String)?
    private var stopped: MonotonicTime?
    private var poller = Poller()
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let started: MonotonicTime
    private let turn: (inout RunProgress) -> Void

    /// A run of `collectors` in the order given; their artifacts go through `intake`.
    ///
    /// `turn` is called several times a second while the run goes on, with how far that is. Workers come from `forkServer`
    /// where there is one; this process must adopt orphans then.
    public init(
        collectors: [any Collector], configuration: OrchestratorConfiguration,
        forkServer: ForkServer? = nil, intake: ArtifactIntake, progress: RunProgress,
        started: MonotonicTime = .now, turn: @escaping (inout RunProgress) -> Void = { _ in }
    ) {
        self.collectors = collectors
        self.configuration = configuration
        self.forkServer = forkServer
        self.intake = intake
        self.progress = progress
        self.started = started
        self.turn = turn
        pluginCount = collectors.count { $0.descriptor.plugin != nil }
        unended = Array(collectors.indices)
        reports = Array(repeating: nil, count: collectors.count)
        absent = Array(repeating: [], count: collectors.count)
        missing = Array(repeating: [], count: collectors.count)
        probed = Array(repeating: (0, 0), count: collectors.count)
    }

    /// Runs until every collector has ended or been given up.
    ///
    /// `control` ends the run when it gives a byte or its end: what is collected by then stays.
    /// The progress so far is handed back, for sealing to go on with.
    ///
    /// - Throws: ``ArtifactIntake/OutputFailure`` when the output cannot be written; all workers
    ///   are ended by then.
    public func run(
        control: borrowing OwnedDescriptor
    ) throws -> (outcome: RunOutcome, progress: RunProgress) {
        SignalDisposition.ignoreWriteSignals()
        // A stable order: by risk, then as planned.
        waiting = collectors.indices.sorted {
            (collectors[$0].descriptor.risk, $0) < (collectors[$1].descriptor.risk, $1)
        }
        do {
            while true {
                try startWhatMay()
                answerWhoMay()
                if sessions.isEmpty, waiting.isEmpty, probes.isDone, hashing.isEmpty { break }
                try serve(control)
                try checkDeadlines()
                try hashSome()
                try endWhoHaveAll()
            }
            try endWhoHaveAll()
        } catch {
            for session in sessions { ChildProcess.killTree(session.child.identifier) }
            throw error
        }
        if probesStarted == nil, collectors.contains(where: { !$0.probes.isEmpty }) {
            progress.end("probes", .complete, elapsedSeconds: 0)
        }
        keepTrueEvidence()
        tellUnaskedProbes()
        abandoned.removeAll { $0.reapIfEnded() != nil }
        let outcome = RunOutcome(
            reports: reports.compactMap(\.self), absent: absent.flatMap(\.self),
            missing: missing.flatMap(\.self), findings: findings, isInterrupted: isInterrupted)
        return (outcome, progress)
    }

    // MARK: - One turn

    private func serve(_ control: borrowing OwnedDescriptor) throws {
        poller.removeAll()
        if stopReason == nil { poller.watch(control, tag: -1) }
        for (index, session) in sessions.enumerated() {
            if session.outputIsOpen { poller.watch(session.output, tag: index * 4) }
            if session.errorsAreOpen { poller.watch(session.errors, tag: index * 4 + 1) }
            poller.watch(session.child.pidfd, tag: index * 4 + 2)
            if case .answering = session.waiting, let input = session.input {
                poller.watch(input.descriptor, writing: true, tag: index * 4 + 3)
            }
        }
        let current = sessions
        for tag in poller.wait(seconds: secondsToNextDeadline) {
            if tag < 0 {
                stop(.interrupted, "the run was interrupted")
                isInterrupted = true
                continue
            }
            let session = current[tag / 4]
            switch tag % 4 {
            case 0: try readOutput(of: session)
            case 1: readErrors(of: session)
            case 3: continueAnswer(to: session)
            default: break
            }
        }
        // By asking, not by what poll said: kernels before 5.3 have no pidfd.
        for session in current { try finishIfEnded(session) }
        reapOrphans()
        tellProgress()
        turn(&progress)
    }

    /// Once a second: reaps what workers left behind and has ended.
    private func reapOrphans() {
        guard configuration.reapsOrphans, MonotonicTime.now.seconds(since: orphansReaped) >= 1
        else { return }
        orphansReaped = .now
        killOrphans()
        ChildProcess.reapOrphans(besides: ownProcesses)
    }

    /// The processes that this one started itself and has not reaped.
    var ownProcesses: Set<Int32> {
        Set((sessions.map(\.child) + abandoned).map(\.identifier))
            .union(forkServer.map { [$0.identifier] } ?? [])
    }

    /// How long the next wait may be, so that no deadline is overslept.
    private var secondsToNextDeadline: Double {
        if !hashing.isEmpty { return 0 }
        let now = MonotonicTime.now
        let next = sessions.filter { !$0.isWaiting }.map { session in
            session.killed?.advanced(bySeconds: grace(of: session)) ?? session.deadline
        }.filter { $0 > now }.min()
        return min(0.1, next?.seconds(since: now) ?? 0.1)
    }

    private func grace(of session: WorkerSession) -> Double {
        guard case .probes = session.role, let killed = session.killed,
            MonotonicTime.now.seconds(since: killed) >= Self.probeKillGraceSeconds
        else {
            if case .probes = session.role { return Self.probeKillGraceSeconds }
            return Self.killGraceSeconds
        }
        // Asked only now: what SIGKILL did not end at once and sleeps in the kernel will not end.
        return ProcessStanding.of(session.child.identifier).hangs
            ? Self.probeKillGraceSeconds : Self.killGraceSeconds
    }

    /// Takes one buffer of a worker's output; `false` when there is none now.
    @discardableResult
    func readOutput(of session: WorkerSession) throws -> Bool {
        guard session.outputIsOpen else { return false }
        let count: Int
        do throws(SystemCallError) { count = try session.output.read(into: &buffer) } catch {
            if error.errno == .resourceTemporarilyUnavailable { return false }
            session.outputIsOpen = false
            return false
        }
        guard count > 0 else {
            session.outputIsOpen = false
            return false
        }
        guard session.verdict == nil else { return true }
        var handler = WorkerHandler(orchestrator: self, session: session)
        do {
            let received = buffer
            try session.parser.take(received.span.extracting(0..<count), handler: &handler)
        } catch let violation as ProtocolViolation {
            session.kill(.init(outcome: .garbled, reason: violation.description))
        } catch let refusal as ArtifactPath.Refusal {
            let reason =
                session.trust.plugin == nil
                ? refusal.description : session.parser.violation(refusal.description).description
            session.kill(.init(outcome: .garbled, reason: reason))
        } catch let misplaced as WorkerHandler.Misplaced {
            let violation = session.parser.violation(misplaced.reason)
            session.kill(.init(outcome: .garbled, reason: violation.description))
        } catch let excess as WorkerHandler.OverBudget {
            session.kill(
                .init(
                    outcome: .overBudget,
                    reason: excess.reason
                        ?? (intake.remainingByteCount == 0
                            ? "the run's byte budget is used up (--max-size)"
                            : "it sent more than its \(session.byteBudget) bytes")))
        }
        return true
    }

    private func readErrors(of session: WorkerSession) {
        var part = [UInt8](repeating: 0, count: 65_536)
        do throws(SystemCallError) {
            let count = try session.errors.read(into: &part)
            if count == 0 { session.errorsAreOpen = false } else { session.keepLog(part[..<count]) }
        } catch {
            if error.errno != .resourceTemporarilyUnavailable { session.errorsAreOpen = false }
        }
    }

    private func finishIfEnded(_ session: WorkerSession) throws {
        guard sessions.contains(where: { $0 === session }) else { return }
        guard let ending = session.child.reapIfEnded() else { return }
        // What it wrote before it ended is in the pipe still; a grandchild may hold the other end,
        // so what comes is bounded by time, and its group is ended first.
        session.child.killGroup()
        noteEnd(ofPlugin: session)
        let drainEnd = MonotonicTime.now.advanced(bySeconds: 1)
        while try readOutput(of: session), MonotonicTime.now < drainEnd {}
        readErrors(of: session)
        sessions.removeAll { $0 === session }
        try finish(session, ending: ending)
    }

    // MARK: - Deadlines

    private func checkDeadlines() throws {
        let now = MonotonicTime.now
        if stopReason == nil, now.seconds(since: started) >= configuration.deadlineSeconds {
            stop(
                .interrupted,
                "the run's deadline of \(seconds(configuration.deadlineSeconds)) passed")
        }
        for session in sessions {
            if let killed = session.killed {
                if now.seconds(since: killed) >= grace(of: session) {
                    sessions.removeAll { $0 === session }
                    try abandon(session)
                }
            } else if case .probes = session.role, session.currentProbe == nil {
                // The end of its input tells it to end; one that does not listen is ended.
                if now.seconds(since: session.deadline) > 2 { session.kill(nil) }
            } else if !session.isWaiting || !session.outputIsOpen {
                lookAhead(session, at: now)
                if !session.outputIsOpen || session.end != nil {
                    // Its own end should follow that of its output, or its last word, at once.
                    let grace = session.end == nil ? 0.2 : 1
                    session.deadline = min(session.deadline, now.advanced(bySeconds: grace))
                }
                // Its answer may have come while another worker's was read: a few buffers hold it.
                for _ in 0..<4 where now >= session.deadline {
                    if try !readOutput(of: session) { break }
                }
                if now >= session.deadline, sessions.contains(where: { $0 === session }) {
                    let standing = ProcessStanding.of(session.child.identifier)
                    if mayGoOn(session, standing) { continue }
                    session.standing = standing
                    let verdict = lateVerdict(of: session)
                    if askToStop(session, verdict) { continue }
                    session.kill(stopVerdict(of: session) ?? verdict)
                }
            }
        }
        abandoned.removeAll { $0.reapIfEnded() != nil }
    }

    /// Why a process that is late is ended; `nil` when it has said all and only does not go.
    private func lateVerdict(of session: WorkerSession) -> WorkerSession.Verdict? {
        if session.end != nil { return nil }
        if !session.outputIsOpen {
            return .init(outcome: .crashed, reason: "it closed its output before it said end")
        }
        let limit = session.allottedSeconds
        let place = session.standing.map { "; \($0.summary)" } ?? ""
        let more = session.extraSeconds
        return .init(
            outcome: .timedOut,
            reason: "it did not end within \(seconds(limit))"
                + (more > 0 ? ", nor within \(seconds(more)) more" : "") + place)
    }

    /// Ends collecting: the running are killed, the waiting never start.
    private func stop(_ outcome: CollectorReport.Outcome, _ text: String) {
        stopReason = (outcome, text)
        for session in sessions where !session.isWaiting {
            if askToStop(session, .init(outcome: outcome, reason: text)) { continue }
            if session.isAnswered {
                let end = MonotonicTime.now.advanced(bySeconds: Self.concludingSeconds)
                session.deadline = min(session.deadline, end)
            } else {
                session.kill(.init(outcome: outcome, reason: text))
            }
        }
        for index in waiting {
            let descriptor = collectors[index].descriptor
            conclude(
                index,
                CollectorReport(
                    collector: descriptor.name, outcome: outcome, reason: "\(text) before it began",
                    confinement: descriptor.confinement.rawValue))
        }
        waiting = []
        skip(probes.removeWaiting(), why: text)
        for session in sessions where session.isWaiting { answer(session, isInterrupted: true) }
    }

    private func tellProgress() {
        guard progress.isTimeToTell() else { return }
        for session in sessions {
            guard case .collector(let index) = session.role else { continue }
            let file =
                seekableProgress(of: session)
                ?? session.open.map {
                    ProgressEvent.File(path: $0.path.text, byteCount: $0.receivedByteCount)
                }
            progress.advance(
                collectors[index].descriptor.name, session.progress,
                elapsedSeconds: MonotonicTime.now.seconds(since: session.started), file: file)
        }
        tellHashing()
        if let probesStarted, !probes.isDone {
            progress.advance(
                "probes",
                .init(done: Int64(probes.done), total: Int64(probes.total), unit: "probes"),
                elapsedSeconds: MonotonicTime.now.seconds(since: probesStarted))
        }
    }
}

/// A number of seconds for a person: `2 s`, `0.5 s`.
func seconds(_ value: Double) -> String {
    let tenths = Int64((min(max(value, 0), 1e9) * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
}
