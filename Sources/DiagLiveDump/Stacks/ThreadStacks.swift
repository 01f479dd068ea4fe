internal import DiagFormats
public import DiagModel
public import DiagSystem
internal import SystemPackage

/// Collects the kernel stacks of all threads of a host, and what blocked ones wait for.
public enum ThreadStacks {
    /// What bounds the work.
    public struct Limits: Hashable, Sendable {
        /// Threads that are described at most.
        public var threadCount = 262_144
        /// Blocked threads whose place is looked for.
        public var placeCount = 4096
        /// Bytes of different stacks that are kept.
        public var stackByteCount = 64 << 20
        /// Seconds for all of it.
        public var seconds = 60.0
        /// Seconds after which a file of one thread is given up.
        public var stuckSeconds = 1.0
        /// Threads that read; none for as many as there are processors, 8 at most.
        public var readers: Int?

        /// The defaults.
        public init() {}
    }

    /// A thread that is looked at; none for a process whose threads are not listed.
    private struct Target: Sendable {
        var process: Int32
        var thread: Int32?
        var user: UInt32?
    }

    /// Looks at every thread below `root`.
    ///
    /// `samples` are taken just before: they have the call chains of threads that run, which have
    /// no stack in /proc. `isStopped` is asked a few hundred times a second; what is known by then
    /// is given back. `haveRead` is called once the threads are read, before that is put together.
    public static func collect(
        root: RootedTree, samples: ProcessorSamples, limits: Limits = Limits(),
        isStopped isEnded: () -> Bool = { false }, haveRead: () -> Void = {}
    ) -> KernelStacks {
        var wasStopped = false
        func isStopped() -> Bool {
            wasStopped = wasStopped || isEnded()
            return wasStopped
        }
        let start = MonotonicTime.now
        // The kernel takes long to make up its list of symbols, and one thread at that: it goes on
        // beside the threads, which are to be seen close to the samples, and not after them.
        let known = samples.samples
        let naming =
            known.isEmpty
            ? nil
            : try? BackgroundValue.start(name: "dump-symbols") { Self.symbols(root, at: known) }
        let names = HostNames(root)
        var result = KernelStacks(
            host: names.node, kernelRelease: names.release, machine: names.machine, taken: .now)
        let deadline = start.advanced(bySeconds: limits.seconds)
        let readers = limits.readers ?? min(8, HostFacts.processorCount)
        var readings = [TaskReading]()
        do {
            let reader = try TaskReader(
                root, machine: names.machine, sharedByteCount: limits.stackByteCount)
            let processes = try reader.processes()
            let listed = WatchedThreads.map(
                count: processes.count, threads: readers, stuckAfter: limits.stuckSeconds,
                deadline: deadline, isStopped: isStopped
            ) { reader.listing(processes[$0]) }
            let listings = listed.values.compactMap { $0 ?? nil }
            var targets = [Target]()
            for listing in listings {
                if listing.threads.isEmpty {
                    targets.append(Target(process: listing.process, user: listing.user))
                }
                for thread in listing.threads {
                    targets.append(
                        Target(process: listing.process, thread: thread, user: listing.user))
                }
            }
            if targets.count > limits.threadCount {
                result.lacks.append(
                    "\(targets.count - limits.threadCount) of \(targets.count) threads: more than "
                        + "\(limits.threadCount) are not described")
                targets.removeLast(targets.count - limits.threadCount)
                result.isComplete = false
            }
            let wanted = targets
            var read = WatchedThreads.map(
                count: wanted.count, threads: readers, stuckAfter: limits.stuckSeconds,
                deadline: deadline, isStopped: isStopped
            ) { index in
                let target = wanted[index]
                return reader.read(
                    process: target.process, thread: target.thread, user: target.user)
            }
            readings = read.values.compactMap { $0 ?? nil }
            let reached = read.values.count { $0 != nil }
            read.values = []
            readings += stuck(
                read.abandoned.prefix(64).map { wanted[$0] }, reader, limits, deadline: deadline,
                isStopped, &result)
            if listed.isCut || read.isCut {
                result.isComplete = false
                let why =
                    wasStopped
                    ? "the run was told to end"
                    : "no time was left after \(DurationText.measured(seconds: limits.seconds))"
                if listed.isCut {
                    let rest = processes.count - listed.values.count { $0 != nil }
                    result.lacks.append("\(rest) of \(processes.count) processes: \(why)")
                }
                if reached < wanted.count {
                    result.lacks.append(
                        "\(wanted.count - reached) of \(wanted.count) threads: \(why)")
                }
            }
            result.processCount = Set(readings.map(\.process)).count
            describeBlocked(
                readings, reader, root, limits, deadline: deadline, readers: readers, isStopped,
                &result)
        } catch {
            result.isComplete = false
            result.lacks.append("the threads: \(error)")
        }
        haveRead()
        let symbols = known.isEmpty ? nil : naming.map { $0.wait() } ?? symbols(root, at: known)
        result.processors = ProcessorStates.describe(samples, symbols, readings)
        StackGroups.fill(&result, readings, limits, samples: result.processors)
        addLacks(readings, samples, symbols, root, &result)
        result.seconds = MonotonicTime.now.seconds(since: start)
        return result
    }

    /// What can be told of threads whose files did not answer: what needs no lock, where the kernel
    /// gives at least that.
    private static func stuck(
        _ targets: [Target], _ reader: TaskReader, _ limits: Limits, deadline: MonotonicTime,
        _ isStopped: () -> Bool, _ result: inout KernelStacks
    ) -> [TaskReading] {
        let read = WatchedThreads.map(
            count: targets.count, threads: 1, stuckAfter: limits.stuckSeconds, deadline: deadline,
            isStopped: isStopped
        ) { index in
            let target = targets[index]
            return reader.read(
                process: target.process, thread: target.thread, user: target.user, locked: false)
        }
        for target in targets {
            result.lacks.append(
                "the stack of thread \(target.thread ?? target.process): reading it did not"
                    + " return, as when the thread hangs in exec")
        }
        return read.values.compactMap { $0 ?? nil }
    }

    /// The functions that the samples are in; `nil` where /proc/kallsyms cannot be read, or tells
    /// no addresses.
    static func symbols(_ root: RootedTree, at samples: [ProcessorSample]) -> KernelSymbols? {
        let places = samples.flatMap { [$0.instructionPointer] + $0.callChain }
        var symbols = KernelSymbols(at: places.lazy.filter { $0 >> 63 == 1 })
        do {
            let file = try root.openRegularFile("/proc/kallsyms")
            var buffer = [UInt8](repeating: 0, count: 65_536)
            var byteCount = 0
            while !symbols.isDone || symbols.count == 0, byteCount < 64 << 20 {
                let count = try file.read(into: &buffer)
                if count == 0 { break }
                symbols.consume(buffer.span.extracting(0..<count))
                byteCount += count
            }
        } catch { return nil }
        symbols.finish()
        return symbols.count == 0 ? nil : symbols
    }

    /// What the blocked threads wait for, those that have not run the longest first.
    private static func describeBlocked(
        _ readings: [TaskReading], _ reader: TaskReader, _ root: RootedTree, _ limits: Limits,
        deadline: MonotonicTime, readers: Int, _ isStopped: () -> Bool,
        _ result: inout KernelStacks
    ) {
        let blocked = readings.filter { $0.status.state == "D" }
        guard !blocked.isEmpty else { return }
        // The table of mounts and the links are read by threads that can be given up as well.
        let tables = WatchedThreads.map(
            count: 1, threads: 1, stuckAfter: limits.stuckSeconds, deadline: deadline,
            isStopped: isStopped
        ) { _ in (WaitPlaces(root), reader.schedulerMilliseconds()) }
        let known = tables.values[0]
        var places = [WaitPlace?]()
        if let (table, _) = known {
            places =
                WatchedThreads.map(
                    count: min(blocked.count, limits.placeCount), threads: readers,
                    stuckAfter: limits.stuckSeconds, deadline: deadline, isStopped: isStopped
                ) { index in
                    let reading = blocked[index]
                    return table.place(
                        process: reading.process, name: reading.status.name,
                        isKernelThread: reading.status.isKernelThread, call: reading.systemCall)
                }.values
        } else {
            result.lacks.append("the devices of blocked threads: the mounts could not be read")
        }
        var causes = [[UInt8]: WaitCause]()
        for (index, reading) in blocked.enumerated() {
            let place = index < places.count ? places[index] ?? WaitPlace() : WaitPlace()
            var seconds: Double?
            if let now = known?.1, let last = reading.lastRunMilliseconds, last > 0 {
                seconds = max(0, (now - last) / 1000)
            }
            // Thousands may wait in one place: its cause is looked for once.
            var key = reading.stack
            if key.isEmpty { key = Array((reading.waitChannel ?? "").utf8) }
            let cause =
                causes[key]
                ?? WaitReason.cause(
                    frames: StackText.frames(reading.stack), waitChannel: reading.waitChannel)
            causes[key] = cause
            result.blocked.append(
                .init(
                    thread: reading.status.identifier, seconds: seconds,
                    wait: WaitReason.wait(cause, call: reading.systemCall, place: place)))
        }
        result.blocked.sort {
            ($1.seconds ?? -1, $0.thread) < ($0.seconds ?? -1, $1.thread)
        }
    }

    /// Says once what was refused, and which right would give it.
    private static func addLacks(
        _ readings: [TaskReading], _ samples: ProcessorSamples, _ symbols: KernelSymbols?,
        _ root: RootedTree, _ result: inout KernelStacks
    ) {
        func add(_ refusal: TaskReading.Refusal, _ what: String) {
            let number = readings.count { $0.refusals.contains(refusal) }
            guard number > 0 else { return }
            let share = number == readings.count ? "all" : "\(number) of \(readings.count)"
            let why = refusal.reason(for: HostRights.read(in: root))
            result.lacks.append("\(what) of \(share) threads: \(why)")
        }
        add(.stack, "the kernel stacks")
        add(.noStackFile, "the kernel stacks")
        add(.systemCall, "the system calls and wait channels")
        if let why = samples.why {
            result.lacks.append("the states and registers of processors: \(why)")
        }
        if !samples.samples.isEmpty, symbols == nil {
            result.lacks.append(
                "the names of functions on processors: /proc/kallsyms shows no addresses without "
                    + "CAP_SYSLOG, or with kptr_restrict=2")
        }
    }
}

extension TaskReading.Refusal {
    /// Why a process with `rights` was refused the file: what it lacks of what the kernel asks for,
    /// or that it is something else.
    ///
    /// Source: Linux 6.1 fs/proc/base.c, `proc_pid_stack` and `lock_trace`; the first asks for
    /// CAP_SYS_ADMIN in the initial user namespace.
    func reason(for rights: HostRights) -> String {
        let file: String
        let needed: CapabilitySet
        switch self {
        case .noStackFile:
            return "they have no /proc/PID/stack, as in a kernel without CONFIG_STACKTRACE"
        case .stack:
            file = "/proc/PID/stack"
            needed = [.sysAdmin, .sysPtrace]
        case .systemCall:
            file = "/proc/PID/syscall"
            needed = .sysPtrace
        }
        let lacking = needed.subtracting(rights.capabilities)
        if lacking.isEmpty {
            let held = needed.names.joined(separator: " and ")
            let verb = needed.names.count == 1 ? "is" : "are"
            return "\(file) is refused although \(held) \(verb) held: "
                + (rights.isInInitialUserNamespace
                    ? "by a security module, or as the process is in another user namespace"
                    : "in this user namespace alone, which is not the initial one")
        }
        let others = "CAP_SYS_PTRACE for other users' processes"
        guard lacking.contains(.sysAdmin) else { return "\(file) needs \(others)" }
        return "\(file) needs CAP_SYS_ADMIN"
            + (lacking.contains(.sysPtrace) ? ", and \(others)" : "")
    }
}

/// The names of the host that a tree is of.
struct HostNames {
    var node: String
    var release: String
    var machine: String

    /// The running host's own, or those that the files below another root say.
    init(_ root: RootedTree) {
        let own = HostFacts.names
        if root.isLiveHost {
            node = own.node
            release = own.release
            machine = own.machine
            return
        }
        func text(_ path: FilePath) -> String? {
            guard let bytes = try? root.read(path, limit: 4096) else { return nil }
            let text = UntrustedText.escapingForPath(bytes.prefix { $0 != 0x0A })
            return text.isEmpty ? nil : text
        }
        node = text("/proc/sys/kernel/hostname") ?? text("/etc/hostname") ?? ""
        release = text("/proc/sys/kernel/osrelease") ?? ""
        machine = text("/proc/sys/kernel/arch") ?? own.machine
    }
}
