import DiagModel
import DiagSystem

/// One running worker: its process, its pipes, and what it has said so far.
final class WorkerSession {
    /// What the process is for.
    enum Role {
        /// It runs the collector at this place of the plan.
        case collector(Int)
        /// It probes one target after the other.
        case probes
    }

    /// Whether a collector waits for its probes.
    enum Waiting {
        /// It has not said so.
        case notYet
        /// It waits since then.
        case since(MonotonicTime)
        /// It is being told; the bytes from `written` on are still to be written.
        case answering([UInt8], written: Int)
        /// It has been told.
        case answered
    }

    /// How much a worker is believed.
    struct Trust {
        /// What it is allowed as a plugin; none for a worker of our own.
        var plugin: PluginTraits?
        /// Whether it is held to the protocol to the letter.
        var isTested = false
    }

    /// Why the orchestrator ended the process.
    struct Verdict {
        let outcome: CollectorReport.Outcome
        let reason: String
    }

    let role: Role
    let child: ChildProcess
    let output: OwnedDescriptor
    let errors: OwnedDescriptor
    let boundary: String
    let trust: Trust
    let started = MonotonicTime.now
    let startedAt = Timestamp.now
    var parser: WorkerStreamParser
    var outputIsOpen = true
    var errorsAreOpen = true
    var deadline: MonotonicTime
    /// How many seconds a collector was given when its deadline was set.
    var allottedSeconds = 0.0
    /// Whether a probe process has said nothing yet: its own start costs the target no time.
    var isStarting = true
    /// How often the current probe, or the collector, has been given its time once more.
    var extensionCount = 0
    /// Seconds that it was given beyond ``allottedSeconds``.
    var extraSeconds = 0.0
    /// Where its process stood some time before its deadline.
    var earlier: (time: MonotonicTime, standing: ProcessStanding)?
    /// When the process was told to end by SIGKILL.
    var killed: MonotonicTime?
    var verdict: Verdict?
    /// Where it stood just before it was killed for being late.
    var standing: ProcessStanding?
    var open: ArtifactIntake.Open?
    var truncation: String?
    var end: WorkerMessage.End?
    var artifactCount = 0
    /// How many bytes of artifacts it has sent: what its budget counts.
    var byteCount: Int64 = 0
    /// How many of them are stored, behind the filter.
    var storedByteCount: Int64 = 0
    var byteBudget: Int64
    /// How many bytes of messages it has said that are kept.
    var saidByteCount = 0
    /// How many bytes of messages have opened artifacts, which are kept in the manifest.
    var openingByteCount = 0
    /// How many artifacts it has opened or tried to, how many of them were refused, and at most how
    /// many bytes of the manifest they fill.
    var openingCount = 0
    var refusedCount = 0
    var manifestByteCount = 0
    var log: [UInt8] = []
    var logIsCut = false
    var absent: [Absent] = []
    var missing: [Missing] = []
    var findings: [Finding] = []
    var notes: [String] = []
    var withheld = Withheld()
    var progress: WorkerMessage.Progress?
    /// The collector whose artifacts and lacks come now; of a probe process, the current one's.
    var collector: Int
    /// Where a probe process is told its next target.
    var input: InputEnd?
    /// How far the collector is with waiting for its probes.
    var waiting = Waiting.notYet
    var currentProbe: ProbeTask?
    var record: ProbeRecord?
    /// The artifact whose file it was handed.
    var seekable: ArtifactIntake.Seekable?
    /// What it said last of that file.
    var seekableEnd: WorkerMessage.Seekable?
    /// Why it was told to finish that file; it is killed for that when it does not.
    var stopVerdict: Verdict?

    /// The orchestrator's end of a worker's standard input.
    final class InputEnd {
        let descriptor: OwnedDescriptor
        init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
    }

    init(
        role: Role, child: ChildProcess, input: InputEnd?, output: consuming OwnedDescriptor,
        errors: consuming OwnedDescriptor, boundary: String, collector: Int,
        deadline: MonotonicTime, byteBudget: Int64, trust: Trust = Trust()
    ) {
        self.role = role
        self.child = child
        self.input = input
        self.output = output
        self.errors = errors
        self.boundary = boundary
        self.collector = collector
        self.deadline = deadline
        self.byteBudget = byteBudget
        self.trust = trust
        parser = WorkerStreamParser(
            boundary: boundary, tellsLines: trust.plugin != nil, isTested: trust.isTested)
    }

    /// Whether it waits for its probes, and uses neither a place nor a deadline.
    var isWaiting: Bool { if case .since = waiting { true } else { false } }
    /// Whether it has been told what its probes found, or is being told.
    var isAnswered: Bool {
        switch waiting {
        case .answering, .answered: true
        case .notYet, .since: false
        }
    }

    /// Gives it `seconds` from now on, as its first: nothing was added to them.
    func allot(_ seconds: Double) {
        deadline = .now.advanced(bySeconds: seconds)
        allottedSeconds = seconds
        extensionCount = 0
        extraSeconds = 0
        earlier = nil
    }

    /// Gives it `seconds` more, from now on.
    func extend(by seconds: Double) {
        deadline = .now.advanced(bySeconds: seconds)
        extensionCount += 1
        extraSeconds += seconds
        earlier = nil
    }

    /// Whether the process has come further since ``earlier``: a tenth of the time on a processor,
    /// or off and on one twenty times a second; what hangs does neither.
    func hasAdvanced(to standing: ProcessStanding, at now: MonotonicTime) -> Bool {
        guard let earlier, !standing.isUnanswered, !earlier.standing.isUnanswered else {
            return false
        }
        let seconds = max(0.001, now.seconds(since: earlier.time))
        let used = standing.processorSeconds - earlier.standing.processorSeconds
        let switched = standing.switchCount - earlier.standing.switchCount
        return used >= seconds / 10 || Double(switched) >= seconds * 20
    }

    /// Ends the process and what it started; what it says from now on is not taken.
    func kill(_ verdict: Verdict?) {
        if self.verdict == nil { self.verdict = verdict }
        guard killed == nil else { return }
        killed = .now
        ChildProcess.killTree(child.identifier)
    }

    /// Keeps what the worker wrote to standard error, up to 256 KiB.
    func keepLog(_ bytes: ArraySlice<UInt8>) {
        let room = (256 << 10) - log.count
        log += bytes.prefix(room)
        if bytes.count > room { logIsCut = true }
    }
}

/// One target that waits for a probe process, or is with one.
struct ProbeTask {
    let collector: Int
    let request: ProbeRequest
    let probe: any Probe
}
