public import DiagSystem

/// Makes this thread, and the threads that it starts, give way to the work of the host.
///
/// To be called before the right to write goes: the score for running out of memory is set through
/// /proc/self. Nothing here is worth refusing a dump for; what could not be had is said.
public enum HostCare {
    /// What was reached.
    public struct Outcome: Hashable, Sendable {
        /// What could not be had, in words.
        public var warnings: [String] = []
        /// The score for running out of memory, 0 to 1000; none when it is not known.
        public var killScore: Int?
    }

    /// Nice value 10, the last best-effort class of disk access, the batch class of scheduling, and
    /// a score of at least 500 for being killed when memory runs out.
    public static func prepare() -> Outcome {
        var outcome = Outcome()
        func attempt(_ loss: String, _ step: () throws(SystemCallError) -> Void) {
            do throws(SystemCallError) { try step() } catch {
                outcome.warnings.append("\(loss): \(error)")
            }
        }
        // For the watch over memory; where it is refused that runs like the rest.
        try? HostScheduling.allowOrdinaryPriority()
        attempt("the priority for processors stays as it was", HostScheduling.lowerNiceness)
        attempt("the priority for disks stays as it was", HostScheduling.lowerDiskPriority)
        attempt("the scheduling class stays as it was", HostScheduling.becomeBatch)
        do throws(SystemCallError) {
            outcome.killScore = try HostScheduling.preferForKilling()
        } catch {
            outcome.warnings.append(
                "should memory run out, others may be killed before this dump: \(error)")
        }
        return outcome
    }

    /// Keeps the memory of a dump's budget from being swapped out, so that copying never waits for
    /// memory itself.
    ///
    /// - Returns: whether all of it is locked, and otherwise why not.
    public static func lock(_ budget: [MappedMemory]) -> (isLocked: Bool, warning: String?) {
        let limit = HostScheduling.raiseMemoryLockLimit()
        let failed = budget.count { !$0.lock() }
        guard failed > 0 else { return (true, nil) }
        let wanted = budget.reduce(0) { $0 + $1.byteCount }
        let bound = limit.map { "at most \($0) bytes may be" } ?? "there is no limit"
        return (
            false,
            "the \(wanted) bytes of memory set aside are not locked (\(bound) without CAP_IPC_LOCK,"
                + " RLIMIT_MEMLOCK): when memory is short the copying may wait for it"
        )
    }
}
