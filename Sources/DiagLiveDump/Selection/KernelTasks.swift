internal import DiagFormats
internal import DiagModel

/// A thread as the kernel has it.
public struct KernelTask: Hashable, Sendable {
    /// The address of its task_struct.
    public var address: UInt64
    /// Its thread id; 0 for the idle thread of a processor.
    public var identifier: Int32
    /// Its process id.
    public var process: Int32
    /// Its name, at most 15 bytes, as the kernel has it.
    public var name: String
    /// The lowest address of its kernel stack.
    public var stack: UInt64
}

/// The list of all threads, walked while it changes.
///
/// Source: Linux 6.1 include/linux/sched/signal.h, `for_each_process_thread`.
struct KernelTasks {
    /// Where the members lie that the walk needs, in bytes.
    struct Layout: Hashable, Sendable {
        var taskByteCount: Int
        var stackByteCount: Int
        var tasks: Int
        var threadNode: Int
        var identifier: Int
        var process: Int
        var name: Int
        var stack: Int
        var signal: Int
        var groupLeader: Int
        var threadHead: Int

        /// The structures that are needed.
        static let structures = ["task_struct", "signal_struct", "thread_union"]

        /// `nil` when a member is missing.
        init?(_ types: BTFStructures) {
            guard let size = types.size("task_struct"), 64...65_536 ~= size,
                let tasks = types.offset("task_struct.tasks"),
                let threadNode = types.offset("task_struct.thread_node"),
                let identifier = types.offset("task_struct.pid"),
                let process = types.offset("task_struct.tgid"),
                let name = types.offset("task_struct.comm"),
                let stack = types.offset("task_struct.stack"),
                let signal = types.offset("task_struct.signal"),
                let leader = types.offset("task_struct.group_leader"),
                let head = types.offset("signal_struct.thread_head")
            else { return nil }
            taskByteCount = size
            // Many kernels do not tell it: THREAD_SIZE of both machines, without KASAN.
            let union = types.size("thread_union") ?? 16_384
            stackByteCount = 4096...1_048_576 ~= union ? union : 16_384
            self.tasks = tasks
            self.threadNode = threadNode
            self.identifier = identifier
            self.process = process
            self.name = name
            self.stack = stack
            self.signal = signal
            groupLeader = leader
            threadHead = head
            let last = [tasks, threadNode, identifier, process, name + 8, stack, signal, leader]
            guard last.allSatisfy({ 0...(size - 8) ~= $0 }), 0...65_536 ~= head else {
                return nil
            }
        }
    }

    /// More threads than any kernel allows. Source: include/linux/threads.h, `PID_MAX_LIMIT`.
    static let limit = 4_194_304

    private(set) var tasks = [KernelTask]()
    private(set) var warnings = [String]()
    private let space: KernelAddressSpace
    private let layout: Layout
    private var seen = Set<UInt64>()

    /// Walks the list from `first`, the address of init_task, and adds the idle threads, until
    /// `isStopped` says that nobody wants it any more.
    init(
        in space: KernelAddressSpace, layout: Layout, first: UInt64, idle: [UInt64],
        limit: Int = Self.limit, isStopped: () -> Bool = { false }
    ) {
        self.space = space
        self.layout = layout
        for address in idle + [first] { _ = add(address) }
        let head = first &+ UInt64(layout.tasks)
        for direction in [UInt64(0), 8] {
            var link = space.word(head &+ direction)
            var steps = 0
            while let here = link, here != head, here >> 63 == 1, here & 7 == 0, steps < limit,
                steps <= seen.count, steps % 64 != 0 || !isStopped()
            {
                steps += 1
                guard let next = process(here &- UInt64(layout.tasks), direction, limit) else {
                    link = nil
                    break
                }
                link = next
            }
            if link == head { break }
            warnings.append(
                direction == 0
                    ? "the list of processes changed while it was walked, after \(steps) of them"
                    : "and again backward, after \(steps): threads may be missing")
        }
        tasks.sort { ($0.identifier, $0.address) < ($1.identifier, $1.address) }
    }

    /// Takes a process with its threads; the next link of the list of processes.
    private mutating func process(
        _ address: UInt64, _ direction: UInt64, _ limit: Int
    ) -> UInt64? {
        guard let bytes = add(address) ?? space.read(address, count: layout.taskByteCount),
            seen.contains(address)
        else { return nil }
        let head = bytes.word(layout.signal) &+ UInt64(layout.threadHead)
        var link = space.word(head)
        var steps = 0
        while let here = link, here != head, here >> 63 == 1, steps <= seen.count {
            steps += 1
            let thread = here &- UInt64(layout.threadNode)
            guard thread & 7 == 0, seen.count < limit else { break }
            if thread != address, seen.contains(thread) { break }
            link =
                thread == address
                ? bytes.word(layout.threadNode) : add(thread)?.word(layout.threadNode)
        }
        return bytes.word(layout.tasks + Int(direction))
    }

    /// Reads a task_struct and takes it when it looks like one; its bytes when it was new.
    private mutating func add(_ address: UInt64) -> [UInt8]? {
        guard address >> 63 == 1, address & 7 == 0, !seen.contains(address),
            let bytes = space.read(address, count: layout.taskByteCount)
        else { return nil }
        let identifier = Int32(truncatingIfNeeded: bytes.word(layout.identifier))
        let process = Int32(truncatingIfNeeded: bytes.word(layout.process))
        let stack = bytes.word(layout.stack)
        guard 0...Int32(Self.limit) ~= identifier, 0...Int32(Self.limit) ~= process,
            stack >> 63 == 1, stack & 4095 == 0
        else { return nil }
        seen.insert(address)
        let name = bytes[layout.name..<min(layout.name + 16, bytes.count)].prefix { $0 != 0 }
        tasks.append(
            KernelTask(
                address: address, identifier: identifier, process: process,
                name: UntrustedText.escapingInvalidUTF8(name), stack: stack))
        return bytes
    }
}

extension [UInt8] {
    /// The little-endian 64-bit word at `offset`; 0 beyond the end.
    func word(_ offset: Int) -> UInt64 {
        guard offset >= 0, offset <= count - 8 else { return 0 }
        return self[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
