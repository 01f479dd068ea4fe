internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// Where a process stands in the kernel: what is said of one that cannot be ended.
///
/// Source: proc(5), /proc/PID/{stat,wchan,syscall,stack} and
/// /proc/PID/task/TID/status; `stack` needs root.
public struct ProcessStanding: Hashable, Sendable {
    /// The process id.
    public let identifier: Int32
    /// The state letter: `D` is uninterruptible sleep.
    public let state: Character?
    /// The kernel function it sleeps in.
    public let waitChannel: String?
    /// The number of the system call it is in, and its arguments, as the kernel prints them.
    public let systemCall: String?
    /// The kernel functions it is in, innermost first, as `function+0x12/0x34`.
    public let kernelStack: [String]

    /// Seconds of processors that it has used.
    public let processorSeconds: Double
    /// How often its threads have given their processor away, or lost it, until now.
    public let switchCount: Int

    /// Whether procfs gave no answer: so it is of a process that hangs in exec, for whose lock
    /// these files wait.
    public let isUnanswered: Bool

    /// Whether the process is where not even SIGKILL reaches it, as far as can be told.
    public var hangs: Bool { state == "D" || isUnanswered }

    /// Where process `identifier` of this host stands. Only procfs is read, by another thread,
    /// which is left when it takes longer than `seconds`.
    public static func of(_ identifier: Int32, withinSeconds seconds: Double = 0.5) -> Self {
        // While one thread waits for a process no other is sent after it.
        guard unanswered.withLock({ $0.insert(identifier).inserted }) else {
            return Self(unanswered: identifier)
        }
        let look = try? BackgroundValue.start(name: "standing") {
            let standing = Self(reading: identifier)
            unanswered.withLock { _ = $0.remove(identifier) }
            return standing
        }
        guard let look else {
            unanswered.withLock { _ = $0.remove(identifier) }
            return Self(unanswered: identifier)
        }
        return look.wait(seconds: seconds) ?? Self(unanswered: identifier)
    }

    /// The processes that a thread waits for.
    private static let unanswered = Mutex(Set<Int32>())

    private init(unanswered identifier: Int32) {
        self.identifier = identifier
        (state, waitChannel, systemCall, kernelStack) = (nil, nil, nil, [])
        (processorSeconds, switchCount) = (0, 0)
        isUnanswered = true
    }

    private init(reading identifier: Int32) {
        self.identifier = identifier
        isUnanswered = false
        func text(_ name: String) -> String? {
            let path = FilePath("/proc/\(identifier)/\(name)")
            guard let file = try? OwnedDescriptor.open(path, .readOnly),
                let bytes = try? file.readAll(limit: 65_536)
            else { return nil }
            return String(decoding: bytes, as: UTF8.self)
        }
        // The name in parentheses may hold anything, so the state is what follows the last one.
        let fields = text("stat").flatMap { stat in
            stat.lastIndex(of: ")").map { stat[$0...].dropFirst(2).split(separator: " ") }
        }
        state = fields?.first?.first
        // utime and stime, the fields 14 and 15, in ticks.
        let ticks = (fields ?? []).dropFirst(11).prefix(2).compactMap { Double($0) }
        processorSeconds = ticks.reduce(0, +) / Double(max(1, sysconf(CInt(_SC_CLK_TCK))))
        let tasks = try? Directory.open(FilePath("/proc/\(identifier)/task")).entries(limit: 4096)
        switchCount = (tasks ?? []).reduce(0) { count, task in
            count + Self.switchCount(in: text("task/\(task.name)/status") ?? "")
        }
        func meaningful(_ text: String?) -> String? {
            guard let line = text?.split(separator: "\n").first, line != "0", !line.isEmpty else {
                return nil
            }
            return String(line)
        }
        waitChannel = meaningful(text("wchan"))
        systemCall = meaningful(text("syscall")).flatMap { $0 == "running" ? nil : $0 }
        kernelStack = (text("stack") ?? "").split(separator: "\n").map { line in
            String(line.drop { $0 != " " }.drop { $0 == " " })
        }
    }

    /// The sum of both counts of context switches that a `status` has.
    static func switchCount(in status: String) -> Int {
        status.split(separator: "\n").reduce(0) { sum, line in
            guard line.contains("ctxt_switches:"), let word = line.split(separator: "\t").last,
                let count = Int(word), count >= 0
            else { return sum }
            return sum &+ count
        }
    }

    /// One sentence for a person.
    public var summary: String {
        if isUnanswered {
            return "process \(identifier) gives no answer in /proc, as one that hangs in exec"
        }
        var words = "process \(identifier)"
        if let state { words += " is in state \(state)" }
        let place = waitChannel ?? kernelStack.first
        if let place { words += " in \(place)" }
        return words
    }

    /// Everything that is known, as the text of an artifact.
    public var text: String {
        if isUnanswered { return summary + "\n" }
        var lines = [
            "process: \(identifier)", "state: \(state.map(String.init) ?? "unknown")",
            "wchan: \(waitChannel ?? "unknown")", "syscall: \(systemCall ?? "unknown")",
            "kernel stack, innermost first:",
        ]
        lines +=
            kernelStack.isEmpty ? ["  not readable (needs root)"] : kernelStack.map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension ProcessStanding {
    /// The processes that `identifier` started and that still run; none where the kernel does not
    /// tell. Source: proc(5), /proc/PID/task/TID/children.
    public static func children(of identifier: Int32) -> [Int32] {
        if identifier == getpid() { return OwnChildren.list() }
        let path = FilePath("/proc/\(identifier)/task/\(identifier)/children")
        guard let file = try? OwnedDescriptor.open(path, .readOnly),
            let bytes = try? file.readAll(limit: 65_536)
        else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap {
            Int32($0)
        }
    }

    /// All that a process started and what these did, as far as they still have it for an
    /// ancestor; at most `limit`. The children of every one of its threads count.
    public static func descendants(of identifier: Int32, limit: Int = 4096) -> [Int32] {
        var found = [Int32]()
        var seen: Set<Int32> = [identifier]
        var waiting = [identifier]
        while let next = waiting.popLast(), found.count < limit {
            let tasks = try? Directory.open(FilePath("/proc/\(next)/task")).entries(limit: 4096)
            for task in tasks ?? [] {
                let path = FilePath("/proc/\(next)/task").appending(task.name)
                guard
                    let file = try? OwnedDescriptor.open(path.appending("children"), .readOnly),
                    let bytes = try? file.readAll(limit: 65_536)
                else { continue }
                for word in String(decoding: bytes, as: UTF8.self).split(separator: " ") {
                    guard let child = Int32(word), seen.insert(child).inserted else { continue }
                    found.append(child)
                    waiting.append(child)
                }
            }
        }
        return found
    }
}
