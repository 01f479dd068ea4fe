internal import DiagModel
public import DiagSystem

/// What a live dump takes and opens before its process gives up its rights: the lock that only one
/// dump has at a time, the pressure trigger, low priority.
public final class LiveDumpPreparation: Sendable {
    /// The lock; none when it was refused.
    let lock: DumpLock?
    /// The host's memory pressure; none where it cannot be watched.
    let pressure: HostPressureSource?
    /// Why there may be no dump now: another is being made.
    let refusal: LiveDumpReport.Obstacle?
    /// What a reader of the report should know.
    let warnings: [String]
    /// When it began, in nanoseconds: ``MonotonicTime/nanosecondsAwake``.
    let began: Int64

    init(
        lock: DumpLock?, pressure: HostPressureSource?, refusal: LiveDumpReport.Obstacle?,
        warnings: [String], began: Int64 = MonotonicTime.nanosecondsAwake
    ) {
        self.began = began
        self.lock = lock
        self.pressure = pressure
        self.refusal = refusal
        self.warnings = warnings
    }

    /// Takes and opens what can be had; what cannot is said later, by the dump's report.
    public static func make(in tree: RootedTree) -> LiveDumpPreparation {
        let began = MonotonicTime.nanosecondsAwake
        var warnings = HostCare.prepare().warnings
        var lock: DumpLock?
        var refusal: LiveDumpReport.Obstacle?
        do throws(LiveDumpError) { lock = try DumpLock.acquire() } catch {
            refusal = error.obstacle
        }
        var pressure: HostPressureSource?
        do throws(SystemCallError) {
            let source = try HostPressureSource(in: tree)
            if let missing = source.missingTrigger { warnings.append(missing) }
            pressure = source
        } catch { warnings.append("the host's memory is not watched: \(error)") }
        return LiveDumpPreparation(
            lock: lock, pressure: pressure, refusal: refusal, warnings: warnings,
            began: began)
    }
}
