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
    /// The lowest address of its kernel stack; 0 for one that ended and is not reaped yet.
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
    /// Whether the list of processes and that of each one's threads were followed to their ends,
    /// from one side or the other.
    private(set) var isWhole = false
    private let space: KernelAddressSpace
    private let layout: Layout
    private let limit: Int
    private var seen = Set<UInt64>()
    /// Processes whose threads may not all have been found.
    private var cutProcesses = Set<UInt64>()
    /// Entries of lists of threads that do not look like one.
    private var oddCount = 0
    private var stepCount = 0
    private var isEnded = false

    /// Which way a list is followed: where the link lies in a `list_head`, in bytes.
    private enum Direction: Int, CaseIterable {
        case forward = 0
        case backward = 8
    }

    /// Walks the list from `first`, the address of init_task, and adds the idle threads, until
    /// `isStopped` says that nobody wants it any more.
    init(
        in space: KernelAddressSpace, layout: Layout, first: UInt64, idle: [UInt64],
        limit: Int = Self.limit, isStopped: () -> Bool = { false }
    ) {
        self.space = space
        self.layout = layout
        self.limit = limit
        for address in idle + [first] {
            if let bytes = read(address) { _ = add(address, bytes) }
        }
        let head = first &+ UInt64(layout.tasks)
        var isListWhole = false
        for direction in Direction.allCases {
            let walk = follow(head, direction, isStopped: isStopped) { list, link in
                list.process(link, direction, isStopped: isStopped)
            }
            isListWhole = walk.isWhole
            if isListWhole || isEnded { break }
            warnings.append(
                direction == .forward
                    ? "the list of processes changed while it was walked, "
                        + "after \(walk.count) of them"
                    : "and again backward, after \(walk.count): threads may be missing")
        }
        if !cutProcesses.isEmpty, !isEnded {
            warnings.append(
                "\(counted: cutProcesses.count, "list") of threads could not be walked whole: "
                    + "threads may be missing")
        }
        isWhole = isListWhole && cutProcesses.isEmpty && !isEnded
        tasks.sort { ($0.identifier, $0.address) < ($1.identifier, $1.address) }
    }

    /// Follows the list with the head at `head` until it is there again; `next` takes an entry and
    /// gives the next link.
    ///
    /// - Returns: how many entries were met, and whether the head was.
    private mutating func follow(
        _ head: UInt64, _ direction: Direction, isStopped: () -> Bool,
        _ next: (inout Self, UInt64) -> UInt64?
    ) -> (count: Int, isWhole: Bool) {
        // How many tasks were found bounds nothing here: each may be met once more from the other
        // side, and an entry may be none.
        var met = Set<UInt64>()
        var link = space.word(head &+ UInt64(direction.rawValue))
        while let here = link, here != head {
            if stepCount % 64 == 0, isStopped() { isEnded = true }
            // Each is met a few times at most, unless lists of changed memory run together.
            guard !isEnded, stepCount / 8 < limit, here >> 63 == 1, here & 7 == 0,
                met.insert(here).inserted
            else { return (met.count, false) }
            stepCount += 1
            link = next(&self, here)
        }
        return (met.count, link == head)
    }

    /// Takes a process with its threads; the next link of the list of processes.
    private mutating func process(
        _ link: UInt64, _ direction: Direction, isStopped: () -> Bool
    ) -> UInt64? {
        let address = link &- UInt64(layout.tasks)
        guard let bytes = read(address), add(address, bytes) else { return nil }
        if addThreads(of: address, bytes, isStopped: isStopped) {
            cutProcesses.remove(address)
        } else {
            cutProcesses.insert(address)
        }
        return bytes.word(layout.tasks + direction.rawValue)
    }

    /// Takes the threads of the process whose task_struct is `bytes`; whether these are all.
    private mutating func addThreads(
        of leader: UInt64, _ bytes: [UInt8], isStopped: () -> Bool
    ) -> Bool {
        let head = bytes.word(layout.signal) &+ UInt64(layout.threadHead)
        for direction in Direction.allCases {
            let oddBefore = oddCount
            let walk = follow(head, direction, isStopped: isStopped) { list, link in
                list.thread(link, direction, of: leader, bytes)
            }
            if walk.isWhole, oddCount == oddBefore { return true }
        }
        return false
    }

    /// Takes a thread of the process with the task_struct `leaderBytes`; the next link.
    private mutating func thread(
        _ link: UInt64, _ direction: Direction, of leader: UInt64, _ leaderBytes: [UInt8]
    ) -> UInt64? {
        let address = link &- UInt64(layout.threadNode)
        if address == leader { return leaderBytes.word(layout.threadNode + direction.rawValue) }
        guard let bytes = read(address) else { return nil }
        if !add(address, bytes) {
            // It may have been freed just now: its link then mostly leads on all the same.
            oddCount += 1
        } else if number(bytes, layout.process) != number(leaderBytes, layout.process) {
            // Its memory is another process's by now, and so is the list that it is in.
            return nil
        }
        return bytes.word(layout.threadNode + direction.rawValue)
    }

    private func read(_ address: UInt64) -> [UInt8]? {
        space.read(address, count: layout.taskByteCount)
    }

    private func number(_ bytes: [UInt8], _ offset: Int) -> Int32 {
        Int32(truncatingIfNeeded: bytes.word(offset))
    }

    /// Takes the task_struct at `address` unless it was taken before; whether it looks like one.
    private mutating func add(_ address: UInt64, _ bytes: [UInt8]) -> Bool {
        let identifier = number(bytes, layout.identifier)
        let process = number(bytes, layout.process)
        let stack = bytes.word(layout.stack)
        guard address >> 63 == 1, address & 7 == 0,
            0...Int32(Self.limit) ~= identifier, 0...Int32(Self.limit) ~= process
        else { return false }
        if stack == 0 {
            // One that ended gives its stack back before its parent reaps it, and stays in the
            // lists until then. Source: Linux 6.1 kernel/fork.c, `put_task_stack`. Idle threads,
            // of number 0, never end; memory that was wiped has that number too.
            guard identifier > 0, process > 0 else { return false }
        } else {
            guard stack >> 63 == 1, stack & 4095 == 0 else { return false }
        }
        if seen.contains(address) { return true }
        guard seen.count < limit else { return false }
        seen.insert(address)
        let name = bytes[layout.name..<min(layout.name + 16, bytes.count)].prefix { $0 != 0 }
        tasks.append(
            KernelTask(
                address: address, identifier: identifier, process: process,
                name: UntrustedText.escapingInvalidUTF8(name), stack: stack))
        return true
    }
}

extension [UInt8] {
    /// The little-endian 64-bit word at `offset`; 0 beyond the end.
    func word(_ offset: Int) -> UInt64 {
        guard offset >= 0, offset <= count - 8 else { return 0 }
        return self[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
