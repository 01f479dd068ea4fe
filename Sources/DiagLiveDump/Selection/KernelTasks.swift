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
    /// Where in `tasks` the one at an address stands.
    private var seen = [UInt64: Int]()
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

    /// An entry of the list of processes, and the number of the process there when the list led to
    /// it: its memory may be another's by now.
    private struct Entry: Hashable {
        var link: UInt64
        var identifier: Int32?
    }

    /// How often a link is read while the entry that it leads to does not point back.
    private static let attemptLimit = 8

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
            let walk = followProcesses(head, direction, isStopped: isStopped)
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

    /// Follows the list of processes with the head at `head` until it is there again.
    ///
    /// The threads of one process alone may take 100 ms: where the list goes on is read when they
    /// are done. What lies behind a gap is taken all the same.
    ///
    /// - Returns: how many entries were met, and whether the head was, with no gap before.
    private mutating func followProcesses(
        _ head: UInt64, _ direction: Direction, isStopped: () -> Bool
    ) -> (count: Int, isWhole: Bool) {
        var path = [entry(at: head)]
        var met = Set<Entry>()
        var hasGap = false
        while let last = path.last {
            let next: Entry
            if let known = goOn(&path, head, direction, met) {
                next = known
            } else {
                hasGap = true
                path = []
                guard let link = space.word(last.link &+ UInt64(direction.rawValue)) else { break }
                next = entry(at: link)
            }
            if next.link == head { return (met.count, !hasGap) }
            if stepCount % 64 == 0, isStopped() { isEnded = true }
            // Each is met a few times at most, unless lists of changed memory run together.
            guard !isEnded, stepCount / 8 < limit, isLink(next.link), met.insert(next).inserted
            else { break }
            stepCount += 1
            guard takeProcess(next.link, isStopped: isStopped) else { break }
            path.append(next)
        }
        return (met.count, false)
    }

    /// The entry behind the last of `path`. Where that has left the list meanwhile it leaves `path`
    /// too, and the one before it counts.
    ///
    /// - Returns: `nil` for a gap; `path` is then as it was.
    private mutating func goOn(
        _ path: inout [Entry], _ head: UInt64, _ direction: Direction, _ met: Set<Entry>
    ) -> Entry? {
        for index in path.indices.reversed() {
            guard let next = neighbour(path[index], direction) else { continue }
            // One that was met is in the list all the same, and the gap is behind it.
            guard next.link == head || !met.contains(next) else { return nil }
            for gone in path[(index + 1)...] {
                // Its other threads went before it, or another place has them.
                cutProcesses.remove(gone.link &- UInt64(layout.tasks))
            }
            path.removeSubrange((index + 1)...)
            return next
        }
        return nil
    }

    /// The entry behind one that is in the list; `nil` when that has left it, or nobody can tell.
    ///
    /// A process comes in at the end of the list; a thread that takes its process over by execve(2)
    /// takes over its place. One that leaves keeps its link forward. That leads to memory which may
    /// soon be a new process's, and so to the end of the list: the entry there has to point back.
    /// Others come and go between two reads, so it is read a few times. The link backward is gone
    /// with the place in the list, and proves itself.
    ///
    /// Source: Linux 6.1 kernel/fork.c, `copy_process`; kernel/exit.c, `__unhash_process`;
    /// fs/exec.c, `de_thread`.
    private func neighbour(_ entry: Entry, _ direction: Direction) -> Entry? {
        for _ in 0..<Self.attemptLimit {
            guard let link = space.word(entry.link &+ UInt64(direction.rawValue)), isLink(link)
            else { return nil }
            let next = self.entry(at: link)
            let back =
                direction == .forward
                ? space.word(link &+ UInt64(Direction.backward.rawValue)) : entry.link
            // Last: so the link was read while the entry was still this process's.
            guard self.entry(at: entry.link) == entry else { return nil }
            if back == entry.link { return next }
        }
        return nil
    }

    /// The entry of the list of processes at `link`, as it is now.
    private func entry(at link: UInt64) -> Entry {
        let address = link &- UInt64(layout.tasks) &+ UInt64(layout.identifier)
        let number = space.read(address, count: 4).map { bytes in
            Int32(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
        return Entry(link: link, identifier: number)
    }

    /// Whether it may lead to an entry, and does not say that this one has left its list.
    ///
    /// Source: Linux 6.1 include/linux/poison.h, `LIST_POISON2`.
    private func isLink(_ word: UInt64) -> Bool {
        word >> 63 == 1 && word & 7 == 0 && word >> 48 != 0xDEAD
    }

    /// Takes a process with its threads; whether it looks like one.
    private mutating func takeProcess(_ link: UInt64, isStopped: () -> Bool) -> Bool {
        let address = link &- UInt64(layout.tasks)
        guard let bytes = read(address), add(address, bytes) else { return false }
        if addThreads(of: address, bytes, isStopped: isStopped) {
            cutProcesses.remove(address)
        } else {
            cutProcesses.insert(address)
        }
        return true
    }

    /// Follows a list of threads with the head at `head` until it is there again; `next` takes an
    /// entry and gives the next link.
    ///
    /// - Returns: whether the head was met.
    private mutating func follow(
        _ head: UInt64, _ direction: Direction, isStopped: () -> Bool,
        _ next: (inout Self, UInt64) -> UInt64?
    ) -> Bool {
        // How many tasks were found bounds nothing here: each may be met once more from the other
        // side, and an entry may be none.
        var met = Set<UInt64>()
        var link = space.word(head &+ UInt64(direction.rawValue))
        while let here = link, here != head {
            if stepCount % 64 == 0, isStopped() { isEnded = true }
            guard !isEnded, stepCount / 8 < limit, isLink(here), met.insert(here).inserted else {
                return false
            }
            stepCount += 1
            link = next(&self, here)
        }
        return link == head
    }

    /// Takes the threads of the process whose task_struct is `bytes`; whether these are all.
    private mutating func addThreads(
        of leader: UInt64, _ bytes: [UInt8], isStopped: () -> Bool
    ) -> Bool {
        let head = bytes.word(layout.signal) &+ UInt64(layout.threadHead)
        for direction in Direction.allCases {
            let oddBefore = oddCount
            let reachesHead = follow(head, direction, isStopped: isStopped) { list, link in
                list.thread(link, direction, of: leader, bytes)
            }
            if reachesHead, oddCount == oddBefore { return true }
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

    /// Takes the task_struct at `address`, in place of what was there before; whether it looks like
    /// one.
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
        let name = bytes[layout.name..<min(layout.name + 16, bytes.count)].prefix { $0 != 0 }
        let task = KernelTask(
            address: address, identifier: identifier, process: process,
            name: UntrustedText.escapingInvalidUTF8(name), stack: stack)
        if let index = seen[address] {
            tasks[index] = task
        } else {
            guard tasks.count < limit else { return false }
            seen[address] = tasks.count
            tasks.append(task)
        }
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
