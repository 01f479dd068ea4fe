import DiagModel

/// The targets that wait for a probe process, and what the others gave.
struct ProbeQueue {
    /// How many processes of one kind may be lost before the rest of the kind is given up.
    static let mostReplacements = 16

    private var waiting: [ProbeTask] = []
    private var next = 0
    private var lost: [String: Int] = [:]
    private(set) var records: [RecordKey: [ProbeRecord]] = [:]
    private(set) var total = 0
    private(set) var done = 0

    /// One artifact of records: a collector's, of one kind.
    struct RecordKey: Hashable {
        let collector: Int
        let kind: String
    }

    /// Whether every target has its record.
    var isDone: Bool { done == total }
    /// Whether a target waits.
    var hasWaiting: Bool { next < waiting.count }

    /// Adds a target.
    mutating func add(_ task: ProbeTask) {
        waiting.append(task)
        total += 1
    }

    /// The next target for a process.
    mutating func take() -> ProbeTask? {
        guard hasWaiting else { return nil }
        defer { next += 1 }
        return waiting[next]
    }

    /// Puts back the target that was taken last.
    mutating func putBack() { next -= 1 }

    /// Keeps what the probe of `task` found.
    mutating func keep(_ record: ProbeRecord, of task: ProbeTask) {
        done += 1
        records[RecordKey(collector: task.collector, kind: task.request.kind), default: []]
            .append(record)
    }

    /// Counts a lost process; `true` when the kind has lost as many as it may.
    mutating func countLoss(ofKind kind: String) -> Bool {
        lost[kind, default: 0] += 1
        return lost[kind, default: 0] > Self.mostReplacements
    }

    /// Takes all that wait, or all of one kind, out of the queue.
    mutating func removeWaiting(kind: String? = nil) -> [ProbeTask] {
        let rest = waiting[next...]
        let removed = rest.filter { kind == nil || $0.request.kind == kind }
        waiting = rest.filter { kind != nil && $0.request.kind != kind }
        next = 0
        return removed
    }
}
