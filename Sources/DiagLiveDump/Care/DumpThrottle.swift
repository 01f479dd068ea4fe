public import DiagModel
public import DiagSystem

/// Keeps a least time between dumps, of the system and of each originator.
///
/// What it knows is the ``DumpHistory``. It is used by whoever has the ``DumpLock``. A dump counts
/// from its begin: a cause that fails again and again must not keep the host busy. One that left no
/// file is taken back. The two kinds of dumps count apart.
public struct DumpThrottle: Sendable {
    private let history: DumpHistory
    private let settings: DumpSettings
    private let kind: LiveDumpReport.Kind

    private static let originatorLimit = 64

    /// A throttle of dumps of `kind`.
    public init(
        settings: DumpSettings, kind: LiveDumpReport.Kind, history: DumpHistory = .init()
    ) {
        self.settings = settings
        self.kind = kind
        self.history = history
    }

    /// Refuses a dump that comes too soon.
    ///
    /// The time between two for one originator is not asked of the default one, which stands for
    /// nobody: whoever dumps by hand has it.
    ///
    /// - Returns: what should be known, such as a state that could not be read and so forbids
    ///   nothing.
    /// - Throws: ``LiveDumpError`` with `throttled`, which says when the next dump may be made.
    public func check(
        originator: String, isThrottled: Bool = true, now: Timestamp = .now
    ) throws(LiveDumpError) -> [String] {
        guard isThrottled else { return [] }
        var warnings = [String]()
        let dumps = history.read(&warnings).dumps[kind.rawValue] ?? .init()
        var next: Timestamp?
        var why = ""
        func consider(_ last: Timestamp?, _ seconds: Int64, _ who: String) {
            guard let last else { return }
            guard last <= now else {
                warnings.append(
                    "\(history.path) says that \(who) began at \(last), which is in the future: the clock"
                        + " was set back, so the least time between dumps is not kept")
                return
            }
            let allowed = Timestamp(
                microsecondsSince1970: last.microsecondsSince1970 &+ min(
                    seconds, 1 << 42) * 1_000_000)
            guard allowed > now, allowed > next ?? now else { return }
            next = allowed
            why = "\(who) began at \(last), and \(DurationText.words(seconds: Double(seconds)))"
        }
        consider(dumps.last, settings.systemIntervalSeconds, "the last dump")
        if originator != LiveDumpOptions().originator {
            consider(
                dumps.originators[originator], settings.originatorIntervalSeconds,
                "the last dump for the originator \(UntrustedText.escapingControls(originator))")
        }
        if let next {
            throw LiveDumpError(
                .throttled,
                "begin the dump: \(why) must lie between two: the next is allowed at \(next)",
                remedy: "Wait until then, or use --no-throttle.")
        }
        return warnings
    }

    /// Notes that a dump begins now.
    ///
    /// - Returns: what should be known: that it could not be written, and the former state stays.
    ///   A full disk is no reason to forbid a dump, which may go to another.
    public func recordBegin(originator: String, now: Timestamp = .now) -> [String] {
        var ignored = [String]()
        var state = history.read(&ignored)
        var dumps = state.dumps[kind.rawValue] ?? .init()
        state.former = dumps
        dumps.last = now
        dumps.originators[originator] = now
        let newestFirst = dumps.originators.sorted {
            $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value
        }
        // What is in the future was written by a clock that ran ahead, and is of no use.
        dumps.originators = Dictionary(
            newestFirst.filter { $0.value <= now }.prefix(Self.originatorLimit)
                .map { ($0.key, $0.value) }
        ) { first, _ in first }
        state.dumps[kind.rawValue] = dumps
        return history.replace(
            with: state, purpose: "note the begin of the dump",
            consequence: "; the next dump may be made sooner than the settings allow")
    }

    /// Takes back that a dump began at `time` or later: it left no file.
    ///
    /// - Returns: what should be known: a state that could not be written.
    public func withdrawBegin(since time: Timestamp) -> [String] {
        var ignored = [String]()
        var state = history.read(&ignored)
        guard let former = state.former, let last = state.dumps[kind.rawValue]?.last, last >= time
        else { return [] }
        state.dumps[kind.rawValue] = former
        state.former = nil
        return history.replace(with: state, purpose: "note that no dump was made")
    }
}
