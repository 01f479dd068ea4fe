internal import CLinux
internal import Glibc
internal import SystemPackage

/// What a process gives up for good before it reads what it was started for.
public enum Confinement {
    /// A thing that this kernel or these rights could not give.
    public typealias Gap = String

    /// Low priority for the processor and the disk; failing to get it changes nothing else.
    public static func lowerPriority() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        _ = diag_ioprio_set(7)
    }

    /// Ends this process when the thread that started it ends, of `parent` where that is known.
    public static func dieWithParent(_ parent: Int32? = nil) {
        _ = diag_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL))
        // The parent may have ended before that call; then nobody is left to be told.
        let isOrphan = parent.map { getppid() != $0 } ?? (getppid() == 1)
        if isOrphan { _exit(1) }
    }

    /// No new privileges, no core files, no byte written to any file, a bound on memory.
    ///
    /// `fileByteCount` is how far a file may be written that the process was handed, and
    /// `growthByteCount` how far by what runs within ``allowingFileGrowth(byteCount:_:)``. With
    /// `locksMemory` as much memory may be locked as this user may have.
    public static func limitResources(
        addressSpaceByteCount: UInt = 4 << 30, fileByteCount: UInt = 0, growthByteCount: UInt = 0,
        locksMemory: Bool = false
    ) -> [Gap] {
        var gaps = [Gap]()
        if diag_prctl(PR_SET_NO_NEW_PRIVS, 1) != 0 { gaps.append("no-new-privileges") }
        func limit(
            _ resource: __rlimit_resource, _ value: UInt, _ name: String, most: UInt? = nil
        ) {
            var limits = rlimit()
            _ = unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limits)
            let hard = min(max(value, most ?? value), UInt(limits.rlim_max))
            limits = rlimit(rlim_cur: min(value, hard, UInt(limits.rlim_cur)), rlim_max: hard)
            if unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limits) != 0 {
                gaps.append(name)
            }
        }
        limit(RLIMIT_CORE, 0, "core limit")
        limit(RLIMIT_FSIZE, fileByteCount, "file size limit", most: growthByteCount)
        limit(RLIMIT_AS, addressSpaceByteCount, "address space limit")
        limit(RLIMIT_NOFILE, 1024, "descriptor limit")
        if locksMemory {
            var limits = rlimit()
            let resource = __rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue)
            _ = unsafe getrlimit(resource, &limits)
            limits.rlim_cur = limits.rlim_max
            _ = unsafe setrlimit(resource, &limits)
        }
        return gaps
    }

    /// Lets files grow up to `byteCount` while `body` runs, as far as ``limitResources`` left that:
    /// what it starts keeps it.
    public static func allowingFileGrowth<Value, Failure: Error>(
        byteCount: UInt, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var before = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
        guard unsafe getrlimit(resource, &before) == 0, before.rlim_cur < byteCount else {
            return try body()
        }
        var wider = rlimit(rlim_cur: min(byteCount, before.rlim_max), rlim_max: before.rlim_max)
        _ = unsafe setrlimit(resource, &wider)
        defer { _ = unsafe setrlimit(resource, &before) }
        return try body()
    }

    /// Takes as many descriptors as this user may have.
    public static func raiseDescriptorLimit() {
        var limits = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limits) == 0 else { return }
        limits.rlim_cur = limits.rlim_max
        _ = unsafe setrlimit(resource, &limits)
    }

    /// Becomes the parent of what our children leave behind, so that it can be ended.
    public static func adoptOrphans() { _ = diag_prctl(PR_SET_CHILD_SUBREAPER, 1) }

    /// The capabilities that reading needs; all others are given up.
    ///
    /// Source: linux/capability.h. `DAC_READ_SEARCH` reads any file, `SYS_PTRACE` the mount table
    /// and stacks of other processes, `SYSLOG` the kernel ring buffer, `SYS_ADMIN` and `SYS_RAWIO`
    /// device commands; the last two only for an inspector and for what commands devices.
    /// `PERFMON` reads registers and stacks of running processors, `IPC_LOCK` locks memory.
    /// `adding` are those that the collector declares.
    public static func boundCapabilities(
        isInspector: Bool, commandsDevices: Bool = false, locksMemory: Bool = false,
        adding: CapabilitySet = []
    ) -> [Gap] {
        let kept = CapabilitySet.kept(
            isInspector: isInspector, commandsDevices: commandsDevices, locksMemory: locksMemory,
            adding: adding
        ).rawValue
        var effective: [UInt32] = [0, 0]
        var permitted: [UInt32] = [0, 0]
        guard unsafe diag_capabilities_get(&effective, &permitted) == 0 else {
            return ["capability bounds"]
        }
        for capability in 0..<64 where kept & (1 << UInt64(capability)) == 0 {
            _ = diag_prctl(PR_CAPBSET_DROP, UInt(capability))
        }
        for word in 0..<2 {
            let mask = UInt32(truncatingIfNeeded: kept >> UInt64(word * 32))
            effective[word] &= mask
            permitted[word] &= mask
        }
        return unsafe diag_capabilities_set(effective, permitted) == 0 ? [] : ["capability bounds"]
    }

    /// Takes away every right to change a file system, where the kernel has Landlock (5.13): from
    /// the thread that calls it, and from what that starts.
    ///
    /// Source: linux/landlock.h. Reading is not restricted; looking into other processes is.
    public static func forbidWriting() -> [Gap] {
        let version = diag_landlock_abi()
        guard version >= 1 else { return ["Landlock (\(Errno.last))"] }
        // Bit 1 writes a file, 4 to 12 make and remove entries; version 2 adds moving between
        // directories (13), version 3 truncation (14).
        var handled: UInt64 = 1 << 1
        for bit in 4...12 { handled |= 1 << UInt64(bit) }
        if version >= 2 { handled |= 1 << 13 }
        if version >= 3 { handled |= 1 << 14 }
        let number = diag_landlock_create(handled)
        guard number >= 0 else { return ["Landlock (\(Errno.last))"] }
        let ruleset = OwnedDescriptor(owning: number)
        return diag_landlock_restrict(ruleset.rawValue) == 0 ? [] : ["Landlock (\(Errno.last))"]
    }
}
