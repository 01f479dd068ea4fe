internal import DiagFormats
public import DiagModel
public import DiagSystem
internal import SystemPackage

/// Makes one live dump of the running kernel: asks whether it may, takes stacks and registers,
/// selects and copies pages, and reports.
///
/// Whatever happens there is a report; a file that was begun opens.
public final class LiveDump {
    /// The file to write, empty at first.
    public struct Destination: Sendable {
        /// The file's name, for messages and the report.
        public var name: String
        /// The most bytes that may be written into it, as the disk has room.
        public var byteLimit: Int64
        /// Why not more, for a message: `half of what is free in /srv/logs`.
        public var byteLimitReason: String?
        /// Opens the file once more, for reading and writing.
        public var open: @Sendable () throws(SystemCallError) -> OwnedDescriptor
        /// Where it lies; none when that cannot be told.
        public var place: FileSystemPlace?

        /// A file to write.
        public init(
            name: String, byteLimit: Int64, byteLimitReason: String? = nil,
            place: FileSystemPlace?,
            open: @escaping @Sendable () throws(SystemCallError) -> OwnedDescriptor
        ) {
            self.name = name
            self.byteLimit = byteLimit
            self.byteLimitReason = byteLimitReason
            self.place = place
            self.open = open
        }
    }

    let options: LiveDumpOptions
    let settings: DumpSettings
    let isStored: Bool
    let tree: RootedTree
    let destination: Destination?
    let preparation: LiveDumpPreparation
    let deadline: MonotonicTime?
    let history: DumpHistory
    let started = Timestamp.now
    var report: LiveDumpReport
    /// What has the kernel's symbols, once the kernel is known.
    var debugPackage: DebugPackage?
    /// The stacks of all threads, until they are given to the listener.
    private var stacks: BackgroundValue<KernelStacks>?
    /// What was found before anything was read.
    private(set) var early: Preflight.Findings?
    /// When the threads were read, told by whoever reads them.
    private let readThreads = ThreadReading()
    /// Divides its time.
    let clock: StepClock
    /// Whether the listener has them.
    private var hasStacks = false
    /// When the throttle was told that this dump begins; none before that.
    private var recorded: Timestamp?
    /// Ends the reading of the stacks.
    let stacksControl = DumpControl()
    /// Whether the stacks are read also where another dump, or one of a short while ago, forbids
    /// this one.
    private let readsStacksAnyway: Bool
    /// What stopped the copy while it was made, or the choice of its pages.
    var stopReason: LiveDumpReport.Obstacle?

    /// A dump that is not begun.
    ///
    /// - Parameters:
    ///   - options: what is wanted.
    ///   - settings: how often dumps may be made, and when they are kept.
    ///   - isStored: whether it goes into the host's own folder of dumps.
    ///   - tree: the root of the running host.
    ///   - destination: the file; without it there is a report and the stacks' text alone.
    ///   - preparation: what was taken before rights were given up.
    ///   - deadline: when copying ends with what there is.
    ///   - history: what is known of earlier dumps.
    ///   - readsStacksAnyway: whether the stacks are read also beside another dump, or too soon
    ///     after one: for a bundle, which has other things in it.
    public init(
        options: LiveDumpOptions, settings: DumpSettings, isStored: Bool, tree: RootedTree,
        destination: Destination?, preparation: LiveDumpPreparation, deadline: MonotonicTime? = nil,
        history: DumpHistory = .init(), readsStacksAnyway: Bool = false
    ) {
        self.options = options
        self.settings = settings
        self.isStored = isStored
        self.tree = tree
        self.destination = destination
        self.preparation = preparation
        self.deadline = deadline
        self.history = history
        self.readsStacksAnyway = readsStacksAnyway
        clock = StepClock(.prepare, since: preparation.began)
        report = Self.begin(options, tree: tree, started: started)
    }

    /// Makes the dump.
    ///
    /// - Throws: what `listener` throws; the file is one that opens even then.
    public func run(_ listener: Listener) throws -> LiveDumpReport {
        try run(listener) { try self.copy($0) }
    }

    /// Takes the stacks, lets `copy` make the dump, and says what came of it, whatever it throws.
    func run(
        _ listener: Listener, copy: (Listener) throws -> Void
    ) throws -> LiveDumpReport {
        clock.begin(.preflight)
        var failure: (any Error)?
        var heard = listener
        heard.tell = { progress in
            do { try listener.tell(progress) } catch {
                failure = error
                throw error
            }
        }
        heard.take = { stacks, between in
            do { try listener.take(stacks, between) } catch {
                failure = error
                throw error
            }
        }
        report.warnings += preparation.warnings
        var refusal: LiveDumpError?
        do throws(LiveDumpError) { try admit() } catch {
            guard readsStacksAnyway else {
                refuse(error.obstacle)
                end()
                return report
            }
            refusal = error
        }
        // Where memory is short the stacks of thousands of threads are too much as well.
        let early = Preflight.check(.init(options: options, budgetByteCount: 0), in: tree)
        self.early = early
        if early.allowsTextStacks {
            try startStacks(heard)
        } else {
            report.warnings.append("the stacks of all threads were not read: memory is short")
        }
        do {
            // Whatever comes of the copy, the stacks are delivered.
            let result = Result {
                if let refusal { throw refusal }
                try copy(heard)
            }
            clock.begin(.finish)
            if let reason = stopReason, reason.cause == .memoryPressure {
                stacksControl.stop(reason)
            } else if case .failure(let error as LiveDumpError) = result,
                !allowsStacks(after: error)
            {
                stacksControl.stop(error.obstacle)
            }
            if stacks != nil { clock.begin(.stacks) }
            try deliverStacks(heard, within: .infinity)
            clock.begin(.finish)
            try result.get()
        } catch {
            if let failure { throw failure }
            refuse(
                (error as? LiveDumpError)?.obstacle
                    ?? .init(cause: .inputOutput, message: "dump the kernel: \(error)"))
        }
        nameByteLimit()
        // Another dump's is never taken back: this one may not even have had the lock.
        if let recorded, report.file == nil || report.pages["copied"] == 0 {
            clock.begin(.history)
            report.warnings += throttle.withdrawBegin(since: recorded)
        }
        end()
        return report
    }

    private func end() {
        report.ended = .now
        report.steps = clock.steps
    }

    /// Whether the stacks still go on being read when the dump was refused before it began. It may
    /// need more memory than there is on a host that is not short of it.
    private func allowsStacks(after error: LiveDumpError) -> Bool {
        switch error.obstacle.cause {
        case .interrupted: false
        case .memoryPressure:
            Preflight.check(.init(options: options, budgetByteCount: 0), in: tree).allowsTextStacks
        default: true
        }
    }

    private var throttle: DumpThrottle {
        DumpThrottle(settings: settings, kind: options.kind, history: history)
    }

    /// Asks what forbids the stacks of a dump alone as well as the copy: another dump that is being
    /// made, and one that was made a short while ago.
    private func admit() throws(LiveDumpError) {
        // Without a file, or of another root, there will be no dump in any case.
        guard tree.isLiveHost, destination != nil else { return }
        if let refusal = preparation.refusal {
            if refusal.cause == .alreadyRunning { throw LiveDumpError(refusal) }
            // Who may not take the lock makes no dump, which is said later.
            return
        }
        report.warnings += try throttle.check(
            originator: options.originator, isThrottled: options.isThrottled)
    }

    /// Notes that there is no dump, and why.
    private func refuse(_ obstacle: LiveDumpReport.Obstacle) {
        report.outcome = .refused
        report.obstacle =
            hasStacks ? obstacle : Self.namingStacks(obstacle, kind: options.kind)
    }

    /// The last question before the copy, whether the file has room; then the throttle is told.
    func begin(
        _ destination: Destination, estimatedByteCount: UInt64
    ) throws(LiveDumpError) {
        if let refusal = destination.refusal(
            estimatedByteCount: estimatedByteCount, maxByteCount: options.maxByteCount)
        {
            throw refusal
        }
        clock.begin(.history)
        let now = Timestamp.now
        recorded = now
        report.warnings += throttle.recordBegin(originator: options.originator, now: now)
    }

    /// Says of a file that ended for want of room how large it could have been, and why.
    private func nameByteLimit() {
        guard let destination, report.file != nil, report.obstacle?.cause == .noSpace else {
            return
        }
        let most = options.maxByteCount ?? .max
        guard min(most, destination.byteLimit) < .max else { return }
        let reason =
            most <= destination.byteLimit
            ? "as --max-size says" : destination.byteLimitReason ?? "as the disk has room"
        report.obstacle?.message +=
            "; it could have \(ByteCountText.describe(min(most, destination.byteLimit))): \(reason)"
    }

    // MARK: - What is known before

    private static func begin(
        _ options: LiveDumpOptions, tree: RootedTree, started: Timestamp
    ) -> LiveDumpReport {
        let names = HostFacts.names
        let kernel = LiveDumpReport.Kernel(
            release: names.release, version: names.version, machine: names.machine,
            buildIdentifier: buildIdentifier(tree))
        var report = LiveDumpReport(
            kind: options.kind, outcome: .refused, originator: options.originator,
            parameters: LiveSystemDumpCode.parameters(
                originator: options.originator, kind: options.kind, level: options.level),
            reason: options.reason, host: names.node, kernel: kernel, started: started,
            ended: started, level: options.level)
        report.includesUserPages = options.includesUserPages
        report.includesGuestPages = options.includesGuestPages
        return report
    }

    /// The build identifier of the running kernel: the note `GNU` of type 3.
    private static func buildIdentifier(_ tree: RootedTree) -> String? {
        guard let bytes = try? tree.read("/sys/kernel/notes", limit: 65_536),
            let notes = try? ELFNote.parse(bytes.span)
        else { return nil }
        return notes.first { $0.name == "GNU" && $0.type == 3 }?.descriptor
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: - The stacks of all threads

    /// Samples the processors, before this dump itself keeps them busy, and begins to read the
    /// stacks: that needs no right to read the kernel's memory, and goes on beside what is done
    /// before the first page is copied.
    private func startStacks(_ listener: Listener) throws {
        let (tree, control, reading) = (tree, stacksControl, readThreads)
        clock.begin(.processors)
        let samples = ProcessorSamples.take(root: tree)
        report.registers = samples.report
        do throws(SystemCallError) {
            stacks = try BackgroundValue.start(name: "dump-stacks") {
                ThreadStacks.collect(
                    root: tree, samples: samples, isStopped: { control.isStopped },
                    haveRead: reading.end)
            }
        } catch {
            // No thread is to be had: then one after the other.
            clock.begin(.stacks)
            try deliver(
                ThreadStacks.collect(
                    root: tree, samples: samples, isStopped: listener.isStopRequested,
                    haveRead: reading.end), listener)
        }
        clock.begin(.preflight)
    }

    /// Gives the stacks to the listener, when they are there within `seconds`.
    ///
    /// A stop of the run ends the reading: what is known is given. `between` is called between the
    /// parts that the listener makes of them.
    func deliverStacks(
        _ listener: Listener, within seconds: Double, between: () -> Void = {}
    ) throws {
        guard let reading = stacks else { return }
        let start = MonotonicTime.now
        var taken = reading.wait(seconds: 0)
        while taken == nil, MonotonicTime.now.seconds(since: start) < seconds {
            if listener.isStopRequested() { stopStacks() }
            taken = reading.wait(seconds: min(0.05, seconds))
        }
        guard let taken else { return }
        stacks = nil
        try deliver(taken, listener, between: between)
        // A copy that ended meanwhile began its own end, and waits for this.
        clock.rename(.finish, to: .stacks)
    }

    /// Waits at most `seconds` until the stacks are read: then the text is of the moment at which
    /// the copy begins, the reading does not change what is copied, and it is on no processor whose
    /// registers are taken. They are given beside the copy.
    ///
    /// A stop of the run, or of `dump`, ends the reading.
    func awaitStacks(_ listener: Listener, within seconds: Double, dump: DumpControl) {
        guard let reading = stacks else { return }
        clock.begin(.stacks)
        let start = MonotonicTime.now
        var taken = reading.wait(seconds: 0)
        while taken == nil, MonotonicTime.now.seconds(since: start) < seconds {
            if listener.isStopRequested() || dump.isStopped { stopStacks() }
            taken = reading.wait(seconds: min(0.05, seconds))
        }
        // The mark in the dump has what they lack, too.
        if let taken { note(taken) }
    }

    private func stopStacks() {
        stacksControl.stop(.init(cause: .interrupted, message: "the run was told to end"))
    }

    private func deliver(
        _ stacks: KernelStacks, _ listener: Listener, between: () -> Void = {}
    ) throws {
        note(stacks)
        try listener.take(stacks, between)
        hasStacks = true
    }

    /// Says in the report when the stacks were read and what they lack, once.
    private func note(_ stacks: KernelStacks) {
        guard report.stacksRead == nil else { return }
        report.stacksRead = .init(start: stacks.taken, end: readThreads.ended ?? .now)
        report.warnings += stacks.lacks
    }
}
