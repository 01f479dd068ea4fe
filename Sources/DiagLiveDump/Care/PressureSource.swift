internal import DiagFormats
public import DiagSystem
internal import Synchronization
internal import SystemPackage

/// Where the watch over memory looks; a test gives its own.
public protocol PressureSource: Sendable {
    /// Waits for a stall, until it is woken, or until `seconds` have passed.
    func wait(seconds: Double) -> PressureTrigger.Signal
    /// Ends the waiting, now and from then on.
    func wake()
    /// Bytes that can be had without swapping; `nil` when that cannot be told.
    func availableByteCount() -> UInt64?
    /// What happened in our own control group; `nil` when that cannot be told.
    func controlGroupEvents() -> ControlGroupEvents?
    /// The time.
    func now() -> MonotonicTime
}

/// How often a control group came to the bounds of its memory.
///
/// Source: Linux 6.12, Documentation/admin-guide/cgroup-v2.rst, `memory.events`.
public struct ControlGroupEvents: Hashable, Sendable {
    /// Times that it was throttled at `memory.high`, or kept below `memory.max`.
    public var throttled: UInt64
    /// Times that memory could not be had, and processes that were killed for it.
    public var outOfMemory: UInt64

    /// Counts of events.
    public init(throttled: UInt64, outOfMemory: UInt64) {
        self.throttled = throttled
        self.outOfMemory = outOfMemory
    }

    /// Reads the text of a `memory.events` file; what is not there counts as 0.
    public init(parsing text: String) {
        var values = [Substring: UInt64]()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { values[words[0]] = UInt64(words[1]) }
        }
        func sum(_ names: Substring...) -> UInt64 {
            names.reduce(0) { $0 &+ (values[$1] ?? 0) }
        }
        self.init(
            throttled: sum("high", "max"), outOfMemory: sum("oom", "oom_kill", "oom_group_kill"))
    }
}

/// The memory of the host below a root. Everything is opened at the start, before rights go.
public final class HostPressureSource: PressureSource {
    private let trigger: PressureTrigger?
    private let isTriggerGone = Atomic<Bool>(false)
    private let wakeUp: WakeUp
    private let meminfo: KeptOpenFile?
    private let events: KeptOpenFile?
    /// Why there is no signal from the kernel; `nil` when there is one.
    public let missingTrigger: String?

    /// Opens what the host has; what it has not is not watched.
    public init(in tree: RootedTree) throws(SystemCallError) {
        wakeUp = try WakeUp()
        var reason: String?
        do throws(SystemCallError) { trigger = try PressureTrigger.onMemory(in: tree) } catch {
            trigger = nil
            reason = "\(error)"
        }
        missingTrigger = reason
        meminfo = KeptOpenFile("/proc/meminfo", in: tree)
        events = Self.eventsPath(in: tree).flatMap { KeptOpenFile($0, in: tree) }
    }

    /// Waits for the kernel's signal, or as long as was asked for.
    public func wait(seconds: Double) -> PressureTrigger.Signal {
        let isGone = isTriggerGone.load(ordering: .relaxed)
        let signal = PressureTrigger.wait(
            for: isGone ? nil : trigger, or: wakeUp, seconds: seconds)
        if signal == .gone { isTriggerGone.store(true, ordering: .relaxed) }
        return signal
    }

    /// Ends the waiting.
    public func wake() { wakeUp.signal() }

    /// `MemAvailable` of /proc/meminfo.
    public func availableByteCount() -> UInt64? {
        meminfo?.text.flatMap { MemoryStatistics(parsing: $0).byteCounts["MemAvailable"] }
    }

    /// `memory.events` of our control group.
    public func controlGroupEvents() -> ControlGroupEvents? {
        events?.text.map { ControlGroupEvents(parsing: $0) }
    }

    /// The kernel's own clock.
    public func now() -> MonotonicTime { .now }

    /// `memory.events` of our own group in the unified hierarchy. The root group has none.
    private static func eventsPath(in tree: RootedTree) -> FilePath? {
        guard let text = try? tree.read("/proc/self/cgroup", limit: 65_536),
            let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first(where: {
                $0.hasPrefix("0::/")
            }),
            let table = try? tree.read("/proc/self/mountinfo", limit: 16 << 20),
            let mount = MountTable(parsing: table).entries.first(where: {
                $0.fileSystemType == "cgroup2"
            })
        else { return nil }
        let root = String(decoding: mount.root, as: UTF8.self)
        var group = line.dropFirst("0::".count)
        if root != "/", group.hasPrefix(root) { group = group.dropFirst(root.utf8.count) }
        let path = FilePath(String(decoding: mount.mountPoint, as: UTF8.self))
        return path.appending(String(group.drop { $0 == "/" })).appending("memory.events")
    }
}
