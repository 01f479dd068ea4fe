internal import DiagModel
public import DiagSystem

/// Stops a dump when memory runs short or its time is over, from a thread of its own.
///
/// The thread takes ordinary priority where ``HostCare/prepare()`` could allow it, so that it runs
/// when the host is busy and the dump gives way.
public final class PressureWatch: Sendable {
    /// When a dump is stopped.
    public struct Limits: Hashable, Sendable {
        /// Whether memory is watched at all.
        public var watchesMemory: Bool
        /// Bytes of memory that must stay available; none when that is not watched.
        public var availableFloor: UInt64?
        /// When the dump must have ended; none for no such moment.
        public var deadline: MonotonicTime?
        /// Seconds between two looks.
        public var interval = 0.25

        /// Limits for a machine with `totalMemory` bytes.
        public init(
            onPressure: LiveDumpOptions.OnPressure, totalMemory: UInt64?,
            deadline: MonotonicTime? = nil
        ) {
            watchesMemory = onPressure != .ignore
            availableFloor = totalMemory.map { MemoryFloor.whileDumping(total: $0) }
            self.deadline = deadline
        }
    }

    private let source: any PressureSource
    private let thread: BackgroundThread

    private init(source: any PressureSource, thread: BackgroundThread) {
        self.source = source
        self.thread = thread
    }

    /// Starts to watch `source` for `control`.
    ///
    /// - Throws: what the kernel said when no thread could be started.
    public static func start(
        _ source: any PressureSource, limits: Limits, control: DumpControl
    ) throws(SystemCallError) -> PressureWatch {
        let thread = try BackgroundThread.start(name: "dump-watch") {
            try? HostScheduling.takeOrdinaryPriority()
            run(source, limits: limits, control: control)
        }
        return PressureWatch(source: source, thread: thread)
    }

    /// Ends the watch and waits for its thread.
    public func end() {
        source.wake()
        thread.join()
    }

    deinit { source.wake() }

    /// Watches until there is a reason to stop the dump, or the watch is ended.
    static func run(_ source: any PressureSource, limits: Limits, control: DumpControl) {
        // The kernel keeps a signal until somebody asks: one from before the dump says nothing.
        if source.wait(seconds: 0) == .woken { return }
        var judge = PressureJudge(limits: limits, events: source.controlGroupEvents())
        while true {
            var seconds = limits.interval
            if let deadline = limits.deadline {
                seconds = min(seconds, max(0, deadline.seconds(since: source.now())))
            }
            let signal = source.wait(seconds: seconds)
            if signal == .woken { return }
            let obstacle = judge.judge(
                .init(
                    hasStalled: signal == .stalled,
                    available: limits.watchesMemory ? source.availableByteCount() : nil,
                    events: limits.watchesMemory ? source.controlGroupEvents() : nil,
                    now: source.now()))
            if let obstacle {
                control.stop(obstacle)
                return
            }
        }
    }
}

/// Decides from samples whether a dump must stop.
struct PressureJudge {
    /// What was seen at one look.
    struct Sample {
        /// Whether the kernel said that tasks wait for memory.
        var hasStalled: Bool
        /// Bytes of memory available.
        var available: UInt64?
        /// The counts of our control group.
        var events: ControlGroupEvents?
        /// When that was.
        var now: MonotonicTime
    }

    private let limits: PressureWatch.Limits
    private var events: ControlGroupEvents?
    private var throttledInARow = 0

    init(limits: PressureWatch.Limits, events: ControlGroupEvents?) {
        self.limits = limits
        self.events = events
    }

    /// Why the dump must stop; `nil` when it may go on.
    ///
    /// A control group whose cache fills it comes to its bound now and then without harm, so
    /// throttling counts only when four looks in a row show it.
    mutating func judge(_ sample: Sample) -> LiveDumpReport.Obstacle? {
        if let deadline = limits.deadline, sample.now >= deadline {
            return .init(
                cause: .interrupted, message: "copy memory: the time for this dump is over",
                remedy: "Give it more time, more threads or a level that leaves more out.")
        }
        guard limits.watchesMemory else { return nil }
        if sample.hasStalled {
            return stop("the kernel reports that tasks waited for memory during 15 % of the time")
        }
        if let floor = limits.availableFloor, let available = sample.available, available < floor {
            return stop(
                "\(words(available)) of memory are still available, and \(words(floor)) must stay")
        }
        guard let now = sample.events else { return nil }
        defer { events = now }
        guard let before = events else { return nil }
        if now.outOfMemory > before.outOfMemory {
            return stop("our control group ran out of memory")
        }
        throttledInARow = now.throttled > before.throttled ? throttledInARow + 1 : 0
        return throttledInARow < 4
            ? nil : stop("our control group has been at the bound of its memory for a second")
    }

    private func stop(_ why: String) -> LiveDumpReport.Obstacle {
        .init(
            cause: .memoryPressure, message: "copy memory: \(why)",
            remedy: "Try again when memory is free; `--on-pressure partial` keeps what was copied,"
                + " `--on-pressure ignore` goes on.")
    }

    private func words(_ count: UInt64) -> String { ByteCountText.describe(Int64(clamping: count)) }
}
