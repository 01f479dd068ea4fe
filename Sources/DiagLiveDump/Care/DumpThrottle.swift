public import DiagModel
public import DiagSystem
public import SystemPackage

/// Keeps a least time between dumps, of the system and of each originator.
///
/// What it knows lies in a small file that is replaced as a whole. It is used by whoever has the
/// ``DumpLock``. A dump counts from its begin: a cause that fails again and again must not keep the
/// host busy. One that left no file is taken back. The two kinds of dumps count apart.
public struct DumpThrottle: Sendable {
    /// What is known of earlier dumps of one kind.
    struct Dumps: Codable, Hashable {
        /// When the last dump began.
        var last: Timestamp?
        /// When the last dump for each originator began.
        var originators: [String: Timestamp] = [:]
    }

    /// What is known of earlier dumps.
    struct State: Codable, Hashable {
        var version = 1
        /// By the kind of dump.
        var dumps: [String: Dumps] = [:]
        /// What was known of the kind that began last, before that.
        var former: Dumps?
    }

    private let path: FilePath
    private let settings: DumpSettings
    private let kind: LiveDumpReport.Kind

    /// Where the state lies.
    public static let path: FilePath = "/var/lib/diagbundle/livedump.json"
    private static let originatorLimit = 64

    /// A throttle of dumps of `kind`, with its state at `path`.
    public init(
        settings: DumpSettings, kind: LiveDumpReport.Kind, path: FilePath = DumpThrottle.path
    ) {
        self.settings = settings
        self.kind = kind
        self.path = path
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
        let dumps = read(&warnings).dumps[kind.rawValue] ?? Dumps()
        var next: Timestamp?
        var why = ""
        func consider(_ last: Timestamp?, _ seconds: Int64, _ who: String) {
            guard let last else { return }
            guard last <= now else {
                warnings.append(
                    "\(path) says that \(who) began at \(last), which is in the future: the clock"
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
        var state = read(&ignored)
        var dumps = state.dumps[kind.rawValue] ?? Dumps()
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
        do {
            try StateFile.replace(path, with: JSONDocument.encode(state, layout: .document))
            return []
        } catch {
            return [
                "note the begin of the dump in \(path): \(error); the next dump may be made sooner"
                    + " than the settings allow"
            ]
        }
    }

    /// Takes back that a dump began at `time` or later: it left no file.
    ///
    /// - Returns: what should be known: a state that could not be written.
    public func withdrawBegin(since time: Timestamp) -> [String] {
        var ignored = [String]()
        var state = read(&ignored)
        guard let former = state.former, let last = state.dumps[kind.rawValue]?.last, last >= time
        else { return [] }
        state.dumps[kind.rawValue] = former
        state.former = nil
        do {
            try StateFile.replace(path, with: JSONDocument.encode(state, layout: .document))
            return []
        } catch { return ["note in \(path) that no dump was made: \(error)"] }
    }

    private func read(_ warnings: inout [String]) -> State {
        do throws(SystemCallError) {
            let bytes = try StateFile.read(path, limit: 1 << 20)
            if let state = try? JSONDocument.decode(State.self, from: bytes),
                state.version == State().version
            {
                return state
            }
            warnings.append(
                "\(path) is damaged, so it is not known when the last dump was made")
        } catch {
            if error.errno != .noSuchFileOrDirectory {
                warnings.append("\(error), so it is not known when the last dump was made")
            }
        }
        return State()
    }
}
