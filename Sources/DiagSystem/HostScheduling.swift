internal import CLinux
internal import Glibc
internal import SystemPackage

/// How the calling thread, and the threads that it starts afterwards, give way to others.
///
/// Priority and scheduling class belong to a thread on Linux, so what is started before keeps its
/// own. Source: sched(7), ioprio_set(2), setpriority(2), "C library/kernel differences".
public enum HostScheduling {
    /// Nice value 10, unless it is higher already.
    public static func lowerNiceness() throws(SystemCallError) {
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        if getpriority(which, 0) >= 10 { return }
        try systemCall("setpriority", on: "this thread") { setpriority(which, 0, 10) }
    }

    /// Lets threads of this process take nice value 0 again when the right to do so is given up.
    ///
    /// Source: getrlimit(2), `RLIMIT_NICE`: 20 less the lowest nice value; to raise it needs
    /// `CAP_SYS_RESOURCE`.
    public static func allowOrdinaryPriority() throws(SystemCallError) {
        let resource = __rlimit_resource_t(__RLIMIT_NICE.rawValue)
        var limits = rlimit()
        _ = unsafe getrlimit(resource, &limits)
        guard limits.rlim_cur < 20 else { return }
        limits.rlim_cur = 20
        limits.rlim_max = max(20, limits.rlim_max)
        try systemCall("setrlimit", on: "RLIMIT_NICE") { unsafe setrlimit(resource, &limits) }
    }

    /// Nice value 0, unless it is lower already, and the ordinary class, for a thread that must run
    /// when the host is busy.
    public static func takeOrdinaryPriority() throws(SystemCallError) {
        var parameters = sched_param()
        try systemCall("sched_setscheduler", on: "this thread") {
            unsafe sched_setscheduler(0, SCHED_OTHER, &parameters)
        }
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        if getpriority(which, 0) <= 0 { return }
        try systemCall("setpriority", on: "this thread") { setpriority(which, 0, 0) }
    }

    /// The nice value of this thread.
    public static var niceness: Int {
        Int(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))
    }

    /// The last of the best-effort classes of disk access.
    ///
    /// Not the idle class: where others write all the time it would never get its turn, and a dump
    /// that takes longer shows a kernel that has changed more.
    public static func lowerDiskPriority() throws(SystemCallError) {
        try systemCall("ioprio_set", on: "this thread") { diag_ioprio_set(7) }
    }

    /// The class of long computations: it interrupts nobody that wakes up.
    public static func becomeBatch() throws(SystemCallError) {
        try systemCall("sched_setscheduler", on: "this thread") { diag_schedule_batch() }
    }

    /// Keeps this process and all that it starts from huge pages.
    ///
    /// With them the first byte of a thread's stack, or of the heap, makes the kernel find, clear and
    /// keep 2 MiB: time and memory that a sick host lacks. Source: prctl(2), `PR_SET_THP_DISABLE`;
    /// a kernel without it goes on as before.
    public static func avoidHugePages() { _ = diag_prctl(PR_SET_THP_DISABLE, 1) }

    /// Makes this process the one that is killed first when memory runs out: at least `score`.
    ///
    /// Source: proc(5), /proc/PID/oom_score_adj: −1000 to 1000; raising needs no right.
    ///
    /// - Returns: the score that it has now.
    @discardableResult
    public static func preferForKilling(score: Int = 500) throws(SystemCallError) -> Int {
        let path: FilePath = "/proc/self/oom_score_adj"
        let text = String(
            decoding: try OwnedDescriptor.open(path, .readOnly).readAll(limit: 32), as: UTF8.self)
        let current = text.split(separator: "\n").first.flatMap { Int($0) } ?? 0
        if current >= score { return current }
        let file = try OwnedDescriptor.open(path, .writeOnly)
        try file.write(Array("\(score)".utf8).span)
        return score
    }

    /// How many bytes this process may lock, as many as its hard limit allows; none for no limit.
    ///
    /// Source: getrlimit(2), `RLIMIT_MEMLOCK`; with `CAP_IPC_LOCK` it does not count.
    public static func raiseMemoryLockLimit() -> UInt64? {
        var limits = rlimit()
        let resource = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)
        guard unsafe getrlimit(resource, &limits) == 0 else { return 0 }
        if limits.rlim_cur < limits.rlim_max {
            let former = limits
            limits.rlim_cur = limits.rlim_max
            if unsafe setrlimit(resource, &limits) != 0 { limits = former }
        }
        return limits.rlim_cur == rlim_t.max ? nil : UInt64(limits.rlim_cur)
    }
}
