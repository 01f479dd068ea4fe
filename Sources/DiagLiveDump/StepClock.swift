internal import DiagModel
internal import DiagSystem
internal import Synchronization

/// A step of a dump, as ``LiveDumpReport/Step`` names it.
enum DumpStep: String, CaseIterable, Sendable {
    /// The lock, low priority and the watch over memory, until rights are given up.
    case prepare
    /// Whether it may: the throttle, rights, memory, the room on the disk.
    case preflight
    /// Samples of the processors for the text of the stacks.
    case processors
    /// Where memory lies, VMCOREINFO, and what the kernel is called.
    case layout
    /// /proc/kallsyms and the kernel's own types; of a dump of stacks alone.
    case symbols
    /// Where the kernel has its stacks and page tables; of a dump of stacks alone.
    case landmarks
    /// Which pages are dumped, by the flags of all.
    case pageFlags
    /// What waited for the text of the stacks: until it was read, or because it was sent longer
    /// than what went on beside it.
    case stacks
    /// The file that knows of earlier dumps.
    case history
    /// Registers of the processors with their stacks, which go into the dump.
    case registers
    /// Memory is set aside and locked, and the head of the file written.
    case setUp
    /// All pages, for the first time.
    case copy
    /// What holds the kernel together, again.
    case reread
    /// The flags of all pages once more.
    case latePageFlags
    /// Pages that came late.
    case lateCopy
    /// A sample, to count what changed.
    case sample
    /// The tables of the file.
    case tables
    /// The file is brought to the disk and called complete.
    case sync
    /// What follows the copy.
    case finish
}

/// Divides the time of a dump into steps that follow one another without a gap, so that they sum
/// to the whole whatever ends a step.
///
/// It is shared: the thread that does the work says which step begins, and whoever waits for it
/// does not.
final class StepClock: Sendable {
    private struct State {
        var step: DumpStep
        var since: Int64
        /// The steps that ended, in the order in which each began first.
        var spent: [(step: DumpStep, nanoseconds: Int64)] = []

        func nanoseconds(adding nanoseconds: Int64) -> [(step: DumpStep, nanoseconds: Int64)] {
            var spent = spent
            if let place = spent.firstIndex(where: { $0.step == step }) {
                spent[place].nanoseconds += nanoseconds
            } else {
                spent.append((step, nanoseconds))
            }
            return spent
        }
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Int64

    /// A clock whose first step began at `start`, in nanoseconds of `now`: at once when none is
    /// given.
    init(
        _ first: DumpStep, since start: Int64? = nil,
        now: @escaping @Sendable () -> Int64 = { MonotonicTime.nanosecondsAwake }
    ) {
        self.now = now
        state = Mutex(State(step: first, since: start ?? now()))
    }

    /// Ends the step that runs and begins `step`, which may have run before.
    func begin(_ step: DumpStep) {
        state.withLock { state in
            let now = now()
            state.spent = state.nanoseconds(adding: max(0, now - state.since))
            state.step = step
            state.since = now
        }
    }

    /// Counts what has run of `step` as part of `other`, where that is the step that runs: when it
    /// turns out what it was that took so long.
    func rename(_ step: DumpStep, to other: DumpStep) {
        state.withLock { if $0.step == step { $0.step = other } }
    }

    /// All steps until now, the one that runs among them.
    var steps: [LiveDumpReport.Step] {
        state.withLock { $0.nanoseconds(adding: max(0, now() - $0.since)) }.map {
            .init(name: $0.step.rawValue, seconds: (Double($0.nanoseconds) / 1e3).rounded() / 1e6)
        }
    }
}
