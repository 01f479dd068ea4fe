public import DiagModel
public import DiagSystem
public import SystemPackage

/// Keeps a least time between dumps, of the system and of each originator.
///
/// What it knows lies in a small file that is replaced as a whole. It is used by whoever has the
/// ``DumpLock``. A dump counts from its begin, whatever becomes of it: a cause that fails again and
/// again must not keep the host busy.
public struct DumpThrottle: Sendable {
    /// What is known of earlier dumps.
    struct State: Codable, Hashable {
        var version = 1
        /// When the last dump began.
        var last: Timestamp?
        /// When the last dump for each originator began.
        var originators: [String: Timestamp] = [:]
    }

    private let path: FilePath
    private let settings: DumpSettings

    /// Where the state lies.
    public static let path: FilePath = "/var/lib/diagbundle/livedump.json"
    private static let originatorLimit = 64

    /// A throttle with its state at `path`.
    public init(settings: DumpSettings, path: FilePath = DumpThrottle.path) {
        self.settings = settings
        self.path = path
    }

    /// Refuses a dump that comes too soon.
    ///
    /// - Returns: what should be known, such as a state that could not be read and so forbids
    ///   nothing.
    /// - Throws: ``LiveDumpError`` with `throttled`, which says when the next dump may be made.
    public func check(
        originator: String, isThrottled: Bool = true, now: Timestamp = .now
    ) throws(LiveDumpError) -> [String] {
        guard isThrottled else { return [] }
        var warnings = [String]()
        let state = read(&warnings)
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
        consider(state.last, settings.systemIntervalSeconds, "the last dump")
        consider(
            state.originators[originator], settings.originatorIntervalSeconds,
            "the last dump for the originator \(UntrustedText.escapingControls(originator))")
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
    /// - Throws: ``LiveDumpError`` with `inputOutput`; the former state stays as it was.
    public func recordBegin(originator: String, now: Timestamp = .now) throws(LiveDumpError) {
        var ignored = [String]()
        var state = read(&ignored)
        state.last = now
        state.originators[originator] = now
        let newestFirst = state.originators.sorted {
            $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value
        }
        // What is in the future was written by a clock that ran ahead, and is of no use.
        state.originators = Dictionary(
            newestFirst.filter { $0.value <= now }.prefix(Self.originatorLimit)
                .map { ($0.key, $0.value) }
        ) { first, _ in first }
        do {
            try StateFile.replace(path, with: JSONDocument.encode(state, layout: .document))
        } catch {
            throw LiveDumpError(
                .inputOutput, "note the begin of the dump in \(path): \(error)",
                remedy: "Use --no-throttle where nothing can be written there.")
        }
    }

    private func read(_ warnings: inout [String]) -> State {
        do throws(SystemCallError) {
            let bytes = try OwnedDescriptor.open(path, .readOnly).readAll(limit: 1 << 20)
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
