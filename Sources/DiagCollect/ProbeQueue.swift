import DiagModel

/// The targets that wait for a probe process, and what the others gave.
struct ProbeQueue {
    /// How many processes of one kind may be lost before the rest of the kind is given up.
    static let mostReplacements = 16

    private var waiting: [ProbeTask] = []
    private var next = 0
    private var lost: [String: Int] = [:]
    private var poisoned: Set<String> = []
    private var isPoisonNew = false
    private(set) var records: [RecordKey: [ProbeRecord]] = [:]
    /// How many targets of each collector have no record yet.
    private var openCounts: [Int: Int] = [:]
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
        openCounts[task.collector, default: 0] += 1
        if !poisoned.isEmpty { isPoisonNew = true }
    }

    /// The next target that stands on none of `asked`, which other processes are asking now.
    mutating func take(besides asked: Set<String>) -> ProbeTask? {
        guard
            let index = waiting[next...].firstIndex(where: { task in
                !asked.contains(task.request.target)
                    && !(task.request.standsOn ?? []).contains(where: asked.contains)
            })
        else { return nil }
        if index > next { waiting.swapAt(index, next) }
        defer { next += 1 }
        return waiting[next]
    }

    /// Puts back the target that was taken last.
    mutating func putBack() { next -= 1 }

    /// Remembers that `target` does not answer, for what waits and what is asked for later.
    mutating func poison(_ target: String) {
        isPoisonNew = poisoned.insert(target).inserted || isPoisonNew
    }

    /// Takes out what stands on a target that does not answer, each with the reason.
    mutating func removePoisoned() -> [(task: ProbeTask, why: String)] {
        guard isPoisonNew else { return [] }
        isPoisonNew = false
        var removed: [(task: ProbeTask, why: String)] = []
        var left: [ProbeTask] = []
        for task in waiting[next...] {
            let request = task.request
            if poisoned.contains(request.target) {
                removed.append((task, "\(request.target) did not answer another probe"))
            } else if let below = request.standsOn?.first(where: poisoned.contains) {
                removed.append((task, "it stands on \(below), which did not answer"))
            } else {
                left.append(task)
            }
        }
        waiting = left
        next = 0
        return removed
    }

    /// Keeps what the probe of `task` found.
    mutating func keep(_ record: ProbeRecord, of task: ProbeTask) {
        done += 1
        openCounts[task.collector, default: 0] -= 1
        records[RecordKey(collector: task.collector, kind: task.request.kind), default: []]
            .append(record)
    }

    /// Whether every target of a collector has its record.
    func isDone(ofCollector collector: Int) -> Bool { openCounts[collector, default: 0] == 0 }

    /// What the probes of a collector found, of all kinds.
    func records(ofCollector collector: Int) -> [ProbeRecord] {
        records.filter { $0.key.collector == collector }.sorted { $0.key.kind < $1.key.kind }
            .flatMap(\.value)
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
