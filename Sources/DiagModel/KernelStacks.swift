/// What every processor and every thread of a host does in the kernel: `LiveDump-stacks.json`.
///
/// Addresses are texts with `0x`. Names come from processes and are as these gave them: escape
/// them before a terminal.
public struct KernelStacks: Codable, Hashable, Sendable {
    /// A processor at the moment of its sample.
    public struct Processor: Codable, Hashable, Sendable {
        /// What it was doing.
        public enum Mode: String, Codable, Hashable, Sendable, CaseIterable {
            /// Nothing: the idle thread ran.
            case idle
            /// A process's own code.
            case user
            /// The kernel's code, for a thread or in an interrupt.
            case kernel
            /// Not known: there is no sample.
            case unknown
        }

        /// Its number.
        public var number: Int
        /// What it was doing.
        public var mode: Mode
        /// The process that ran; none for the idle thread.
        public var process: Int32?
        /// The thread that ran.
        public var thread: Int32?
        /// That thread's name.
        public var name: String?
        /// The function at the instruction pointer, or the address.
        public var place: String?
        /// The registers that are not zero, by name: `0x…`.
        public var registers: [String: String]
        /// The kernel's call chain, innermost first.
        public var frames: [String]
        /// Why there is no sample, or no registers.
        public var problem: String?

        /// A processor, of which nothing else is known yet.
        public init(number: Int, mode: Mode, problem: String? = nil) {
            self.number = number
            self.mode = mode
            self.problem = problem
            registers = [:]
            frames = []
        }
    }

    /// A system call that a thread is in.
    public struct SystemCall: Codable, Hashable, Sendable {
        /// Its number.
        public var number: Int
        /// Its name, where the number is known.
        public var name: String?
        /// Its six arguments: `0x…`.
        public var arguments: [String]

        /// A system call.
        public init(number: Int, name: String?, arguments: [String]) {
            self.number = number
            self.name = name
            self.arguments = arguments
        }
    }

    /// One thread.
    public struct Thread: Codable, Hashable, Sendable {
        /// Its process.
        public var process: Int32
        /// Its own number.
        public var thread: Int32
        /// Its process's parent.
        public var parent: Int32?
        /// Its name.
        public var name: String
        /// The letter of its state, as in /proc/PID/stat: `R`, `S`, `D`, `I` …
        public var state: String
        /// Whether it is a thread of the kernel's own.
        public var isKernelThread: Bool
        /// The user that its process runs as.
        public var user: UInt32?
        /// The processor that it ran on last.
        public var processor: Int?
        /// Since when it exists, in seconds after the kernel started.
        public var startSeconds: Double?
        /// The function that it sleeps in.
        public var waitChannel: String?
        /// The system call that it is in.
        public var systemCall: SystemCall?
        /// The index of its stack among ``KernelStacks/stacks``.
        public var stack: Int?

        /// A thread by its names.
        public init(
            process: Int32, thread: Int32, name: String, state: String, isKernelThread: Bool
        ) {
            self.process = process
            self.thread = thread
            self.name = name
            self.state = state
            self.isKernelThread = isKernelThread
        }
    }

    /// A kernel stack, and how many threads have it.
    public struct Stack: Codable, Hashable, Sendable {
        /// The threads that have it; they name it by its index.
        public var count: Int
        /// Its frames, innermost first: `function+0x12/0x34 [module]`.
        public var frames: [String]
        /// Whether the frames are those of a sample of the processor, not of /proc/PID/stack.
        public var isSampled: Bool

        /// A stack of `count` threads.
        public init(count: Int, frames: [String], isSampled: Bool = false) {
            self.count = count
            self.frames = frames
            self.isSampled = isSampled
        }
    }

    /// What a thread waits for that cannot be interrupted.
    public struct Wait: Codable, Hashable, Sendable {
        /// What kind of thing answers.
        public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
            /// A block device.
            case blockDevice
            /// A device's queue: no free tag, frozen, throttled.
            case queue
            /// The recovery of a device or its host adapter.
            case recovery
            /// A RAID array or a mapped device that is stopped or busy.
            case storageStack
            /// A file system's journal, log or transaction.
            case journal
            /// A frozen file system.
            case frozenFileSystem
            /// The server of a network file system.
            case server
            /// The process behind a FUSE file system.
            case fuse
            /// Dirty pages to be written.
            case writeback
            /// Memory.
            case memory
            /// A lock that another thread holds.
            case lock
            /// Another thread's or the kernel's own work.
            case work
            /// A fixed time.
            case timer
            /// Being frozen, traced or ended.
            case control
            /// Nothing that is known.
            case unknown
        }

        /// What kind of thing answers.
        public var kind: Kind
        /// The reason in plain words, device and system call included.
        public var reason: String
        /// The function that waits.
        public var function: String?
        /// The device: `/dev/sdb`.
        public var device: String?
        /// Its number: `8:16`.
        public var deviceNumber: String?
        /// The file that the system call is about.
        public var path: String?
        /// Where the file system is mounted that the file lies on.
        public var mountPoint: String?

        /// A wait.
        public init(kind: Kind, reason: String) {
            self.kind = kind
            self.reason = reason
        }
    }

    /// A thread in uninterruptible sleep.
    public struct Blocked: Codable, Hashable, Sendable {
        /// The thread's number.
        public var thread: Int32
        /// About how many seconds it has not run.
        public var seconds: Double?
        /// What it waits for.
        public var wait: Wait

        /// A blocked thread.
        public init(thread: Int32, seconds: Double? = nil, wait: Wait) {
            self.thread = thread
            self.seconds = seconds
            self.wait = wait
        }
    }

    /// The schema's name.
    public var schema = "diagbundle.kernel-stacks/1"
    /// The host's name.
    public var host: String
    /// `uname -r`.
    public var kernelRelease: String
    /// `uname -m`.
    public var machine: String
    /// When it began.
    public var taken: Timestamp
    /// How long it took.
    public var seconds: Double
    /// Whether every thread was looked at.
    public var isComplete: Bool
    /// What is not here, and which right or setting would give it; each said once.
    public var lacks: [String]
    /// How many processes were looked at.
    public var processCount: Int
    /// How many threads are in each state, by its letter.
    public var states: [String: Int]
    /// The processors, by their numbers.
    public var processors: [Processor]
    /// The threads in uninterruptible sleep, longest first.
    public var blocked: [Blocked]
    /// The stacks, the most frequent first; those of blocked threads before all others.
    public var stacks: [Stack]
    /// The threads, by process and number.
    public var threads: [Thread]

    /// What is known before anything was looked at.
    public init(host: String, kernelRelease: String, machine: String, taken: Timestamp) {
        self.host = host
        self.kernelRelease = kernelRelease
        self.machine = machine
        self.taken = taken
        seconds = 0
        isComplete = true
        lacks = []
        processCount = 0
        states = [:]
        processors = []
        blocked = []
        stacks = []
        threads = []
    }
}
