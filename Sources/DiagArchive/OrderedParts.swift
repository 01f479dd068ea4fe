internal import DiagSystem

/// Results of numbered jobs that several threads do side by side, read in the order of the jobs.
///
/// A job gives its result in parts. A thread whose job is not yet read stops when
/// `byteLimit` bytes of it wait, so memory is bounded however much a job gives.
final class OrderedParts<Part: Sendable>: Sendable {
    private struct Slot: Sendable {
        var parts = [(part: Part, byteCount: Int)]()
        var byteCount = 0
        var isDone = false
        var failure: ArchiveError?
    }

    private struct State: Sendable {
        /// The job that the next free thread takes.
        var next = 0
        /// The job whose parts are read.
        var head = 0
        /// Those under way or waiting to be read, by number.
        var slots = [Int: Slot]()
        var isStopped = false
    }

    private let state = Monitor(State())
    private let jobCount: Int
    private let aheadCount: Int
    private let byteLimit: Int

    /// For `jobCount` jobs, of which at most `aheadCount` are under way or wait to be read.
    init(jobCount: Int, aheadCount: Int, byteLimit: Int) {
        self.jobCount = jobCount
        self.aheadCount = max(1, aheadCount)
        self.byteLimit = max(1, byteLimit)
    }

    /// Lets the threads end: each when it gives its next part.
    func stop() {
        state.change { state in
            state.isStopped = true
            state.slots = [:]
        }
    }

    // MARK: - The reader, one thread

    /// The next part and the number of its job; `nil` behind the last of the last job.
    ///
    /// - Throws: what the job failed with, behind its parts; then again and again.
    func next() throws(ArchiveError) -> (job: Int, part: Part)? {
        while true {
            switch step() {
            case .part(let part, let job): return (job, part)
            case .failure(let error): throw error
            case .end: return nil
            case .nextJob: continue
            }
        }
    }

    private enum Step: Sendable {
        case part(Part, job: Int)
        case failure(ArchiveError)
        /// The job at hand was read; those who wait for that are woken when this is returned.
        case nextJob
        case end
    }

    private func step() -> Step {
        let count = jobCount
        return state.wait { state -> Step? in
            let head = state.head
            guard head < count else { return .end }
            // Taken out while it is changed: its array would be copied otherwise.
            guard var slot = state.slots.removeValue(forKey: head) else {
                return state.isStopped ? .end : nil
            }
            if !slot.parts.isEmpty {
                // A few at most, by the limit: moving them costs nothing.
                let (part, byteCount) = slot.parts.removeFirst()
                slot.byteCount -= byteCount
                state.slots[head] = slot
                return .part(part, job: head)
            }
            if slot.isDone, slot.failure == nil {
                state.head += 1
                return .nextJob
            }
            state.slots[head] = slot
            return slot.failure.map { .failure($0) }
        }
    }

    // MARK: - The threads

    /// The number of the job to do next; `nil` at the end.
    func take() -> Int? {
        let (count, ahead) = (jobCount, aheadCount)
        return state.wait { state -> Int?? in
            if state.isStopped || state.next == count { return .some(nil) }
            guard state.next - state.head < ahead else { return nil }
            let number = state.next
            state.next += 1
            state.slots[number] = Slot()
            return .some(number)
        }
    }

    /// Whether anybody still wants the results.
    var isWanted: Bool { state.change { !$0.isStopped } }

    /// Gives the next part of job `number`, once there is room; `false` when nobody wants it.
    func give(_ part: Part, byteCount: Int, of number: Int) -> Bool {
        let limit = byteLimit
        return state.wait { state -> Bool? in
            guard !state.isStopped, let waiting = state.slots[number]?.byteCount else {
                return false
            }
            guard waiting < limit else { return nil }
            state.slots[number]?.byteCount += byteCount
            state.slots[number]?.parts.append((part, byteCount))
            return true
        }
    }

    /// Says that job `number` has given all, or why it cannot.
    func end(_ number: Int, _ failure: ArchiveError? = nil) {
        state.change { state in
            state.slots[number]?.isDone = true
            state.slots[number]?.failure = failure
        }
    }
}
