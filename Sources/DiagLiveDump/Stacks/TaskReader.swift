internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the files of one thread said.
struct TaskReading: Sendable {
    /// A file that was refused.
    enum Refusal: Hashable, Sendable {
        case stack
        case systemCall
        case noStackFile
    }

    var process: Int32
    var user: UInt32?
    var status: TaskStatus
    var waitChannel: String?
    var systemCall: KernelStacks.SystemCall?
    var stack: [UInt8] = []
    var refusals: Set<Refusal> = []
    /// When it last ran, in milliseconds on the scheduler's clock; read for blocked threads.
    var lastRunMilliseconds: Double?
}

/// A process and its threads.
struct ProcessListing: Sendable {
    var process: Int32
    var user: UInt32?
    /// The threads; empty when only the process's own files are there, as in a recorded tree.
    var threads: [Int32]
}

/// Reads the files of threads below /proc that need no lock of their memory.
///
/// Source: Linux 6.1 fs/proc. `stat`, `status`, `wchan` and `sched` take no lock there that is held
/// while waiting for a disk; `stack` and `syscall` take `exec_update_lock` (base.c, `lock_trace`),
/// which a process holds during exec: they come last. On 6.18 `stat` and `wchan` were seen to wait
/// for it, too: all is read by threads that can be given up. Never read: `cmdline`, `environ`,
/// `maps` (mmap_lock) and `cgroup` (cgroup_mutex).
struct TaskReader: Sendable {
    private let proc: Directory
    private let machine: String
    private let shared: SharedTexts

    init(
        _ root: RootedTree, machine: String, sharedByteCount: Int
    ) throws(SystemCallError) {
        proc = try root.directory("/proc")
        self.machine = machine
        shared = SharedTexts(limit: sharedByteCount)
    }

    /// The numbers of all processes, sorted.
    func processes() throws(SystemCallError) -> [Int32] { try proc.numbers(in: "") }

    /// The threads of a process; `nil` when it has ended.
    func listing(_ process: Int32) -> ProcessListing? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard let count = try? proc.read("\(process)/status", into: &buffer) else { return nil }
        var user: UInt32?
        for line in buffer[..<count].split(separator: 0x0A) where line.starts(with: "Uid:".utf8) {
            let first = line.dropFirst(4).split { $0 == 0x09 || $0 == 0x20 }.first
            user = first.flatMap { UInt32(String(decoding: $0, as: UTF8.self)) }
        }
        let threads = (try? proc.numbers(in: "\(process)/task")) ?? []
        return ProcessListing(process: process, user: user, threads: threads)
    }

    /// What the files of a thread say; `nil` when it has ended. `thread` is `nil` for a process
    /// whose threads are not listed. Without `locked` the files that take a lock are left out.
    func read(
        process: Int32, thread: Int32?, user: UInt32?, locked: Bool = true
    ) -> TaskReading? {
        let folder = thread.map { "\(process)/task/\($0)" } ?? "\(process)"
        var buffer = [UInt8](repeating: 0, count: 16_384)
        guard let count = try? proc.read("\(folder)/stat", into: &buffer),
            let status = TaskStatus(parsing: buffer[..<count])
        else { return nil }
        var reading = TaskReading(process: process, user: user, status: status)
        if let count = try? proc.read("\(folder)/wchan", into: &buffer) {
            let name = UntrustedText.escapingForPath(
                buffer[..<min(count, 256)].prefix { $0 > 0x20 })
            if !name.isEmpty, name != "0" { reading.waitChannel = shared.name(name) }
        }
        if status.state == "D", let count = try? proc.read("\(folder)/sched", into: &buffer) {
            reading.lastRunMilliseconds = Self.lastRun(buffer[..<count])
        }
        guard locked else { return reading }
        do throws(SystemCallError) {
            let count = try proc.read("\(folder)/stack", into: &buffer)
            reading.stack = shared.stack(Array(buffer[..<count]))
        } catch {
            switch error.errno {
            case .permissionDenied, .notPermitted: reading.refusals.insert(.stack)
            case .noSuchFileOrDirectory: reading.refusals.insert(.noStackFile)
            default: break
            }
        }
        if !status.isKernelThread {
            do throws(SystemCallError) {
                let count = try proc.read("\(folder)/syscall", into: &buffer)
                reading.systemCall = SystemCallLine.parse(buffer[..<count], machine: machine)
            } catch {
                if error.errno == .permissionDenied || error.errno == .notPermitted {
                    reading.refusals.insert(.systemCall)
                }
            }
        }
        return reading
    }

    /// The scheduler's clock now: when this thread, which runs, began to.
    func schedulerMilliseconds() -> Double? {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        guard let count = try? proc.read("thread-self/sched", into: &buffer) else { return nil }
        return Self.lastRun(buffer[..<count])
    }

    /// `se.exec_start`, in milliseconds. Source: Linux 6.1 kernel/sched/debug.c,
    /// `proc_sched_show_task`.
    static func lastRun(_ bytes: ArraySlice<UInt8>) -> Double? {
        for line in bytes.split(separator: 0x0A) where line.starts(with: "se.exec_start".utf8) {
            guard let colon = line.firstIndex(of: 0x3A) else { return nil }
            let digits = line[line.index(after: colon)...].filter { $0 > 0x20 }
            return Double(String(decoding: digits, as: UTF8.self))
        }
        return nil
    }
}
