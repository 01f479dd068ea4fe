/// How a live kernel dump was made, or why not: `LiveDump.json`, and in short the dump's own note.
///
/// Counts of pages are by class; bytes are integers; addresses are texts with `0x`, since JSON
/// numbers cannot hold 64 bits everywhere.
public struct LiveDumpReport: Codable, Hashable, Sendable {
    /// Which of the two dumps.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// The kernel's memory.
        case full
        /// Processor states and the kernel stacks of all threads, with what they need to be read.
        case stacks
    }

    /// How it ended.
    public enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        /// All pages that were to be dumped were read.
        case complete
        /// A file that opens, with pages missing.
        case partial
        /// Nothing was dumped.
        case refused
        /// Something broke before there was a file that opens.
        case failed
    }

    /// Why there is no dump, or only a part.
    public struct Obstacle: Codable, Hashable, Sendable {
        /// What stands in the way.
        public enum Cause: String, Codable, Hashable, Sendable, CaseIterable {
            /// There is no /proc/kcore.
            case noKernelCore
            /// A capability is missing.
            case notPermitted
            /// Kernel lockdown forbids it.
            case lockdown
            /// We run in a container that hides it.
            case container
            /// Memory is short.
            case memoryPressure
            /// The last dump is too recent.
            case throttled
            /// Another dump is being made.
            case alreadyRunning
            /// The disk has no room, or the size allowed is reached.
            case noSpace
            /// The output cannot hold a dump: tmpfs, zram.
            case unsuitableOutput
            /// Reading or writing failed.
            case inputOutput
            /// Stopped by a person or the deadline.
            case interrupted
            /// This kernel or machine is not one that can be dumped.
            case unsupported
        }

        /// What stands in the way.
        public var cause: Cause
        /// The operation, the object and what the kernel said.
        public var message: String
        /// Which capability, setting or other way gives the dump.
        public var remedy: String?

        /// What stands in the way, and what helps.
        public init(cause: Cause, message: String, remedy: String? = nil) {
            self.cause = cause
            self.message = message
            self.remedy = remedy
        }
    }

    /// The kernel that was dumped.
    public struct Kernel: Codable, Hashable, Sendable {
        /// `uname -r`.
        public var release: String
        /// `uname -v`.
        public var version: String
        /// `uname -m`.
        public var machine: String
        /// The build identifier, in hexadecimal digits.
        public var buildIdentifier: String?
        /// The package that has its symbols, where that can be told.
        public var debugPackage: String?
        /// By how much KASLR moved the image: `0x…`.
        public var kernelOffset: String?
        /// Physical base: `0x…`.
        public var physicalBase: String?

        /// A kernel by its names.
        public init(
            release: String, version: String, machine: String, buildIdentifier: String? = nil,
            debugPackage: String? = nil, kernelOffset: String? = nil, physicalBase: String? = nil
        ) {
            self.release = release
            self.version = version
            self.machine = machine
            self.buildIdentifier = buildIdentifier
            self.debugPackage = debugPackage
            self.kernelOffset = kernelOffset
            self.physicalBase = physicalBase
        }
    }

    /// The span of time over which one class of pages was copied: what makes a dump smeared.
    public struct Window: Codable, Hashable, Sendable {
        /// `all`, or the class: `kernelText`, `kernelImage`, `anchors`, `kernel`, `slab`,
        /// `pageMap`, `other`, `late`.
        public var pages: String
        /// When the first was read.
        public var start: Timestamp
        /// When the last was read.
        public var end: Timestamp

        /// A span of time for a class of pages.
        public init(pages: String, start: Timestamp, end: Timestamp) {
            self.pages = pages
            self.start = start
            self.end = end
        }
    }

    /// How much changed while it was copied.
    public struct Torn: Codable, Hashable, Sendable {
        /// Pages of a sample that were read again at the end.
        public var sampled: Int
        /// How many of these had changed.
        public var changed: Int
        /// Rounds of reading again.
        public var rounds: Int
        /// Pages whose newer bytes took the place of the older.
        public var replaced: Int
        /// How many of these had changed again when they were read once more: they may be torn in
        /// the file.
        public var remaining: Int

        /// Counts of pages read again.
        public init(sampled: Int, changed: Int, rounds: Int, replaced: Int, remaining: Int) {
            self.sampled = sampled
            self.changed = changed
            self.rounds = rounds
            self.replaced = replaced
            self.remaining = remaining
        }
    }

    /// The file that was made.
    public struct File: Codable, Hashable, Sendable {
        /// Its name, beside this document.
        public var name: String
        /// `kdump-compressed` or `elf`.
        public var format: String
        /// `zstd`, `zlib` or `none`.
        public var compression: String
        /// Bytes of the file.
        public var byteCount: Int64
        /// Whether every page that was to be dumped is in it.
        public var isComplete: Bool

        /// A dump file.
        public init(
            name: String, format: String, compression: String, byteCount: Int64, isComplete: Bool
        ) {
            self.name = name
            self.format = format
            self.compression = compression
            self.byteCount = byteCount
            self.isComplete = isComplete
        }
    }

    /// Registers of the processors, from perf samples.
    public struct Registers: Codable, Hashable, Sendable {
        /// Processors online.
        public var processors: Int
        /// How many of them were sampled.
        public var sampled: Int
        /// Why the others have zero registers.
        public var why: String?
        /// How many of those that were sampled ran the kernel, with a stack that could be read.
        public var inKernel: Int?
        /// How many of those stacks are in the dump as they were sampled: each place that the call
        /// chain returns to stands in them. The others went on before they were read.
        public var withStack: Int?

        /// How many processors were sampled.
        public init(
            processors: Int, sampled: Int, why: String? = nil, inKernel: Int? = nil,
            withStack: Int? = nil
        ) {
            self.processors = processors
            self.sampled = sampled
            self.why = why
            self.inKernel = inKernel
            self.withStack = withStack
        }
    }

    /// What one stage of the work cost.
    public struct Stage: Codable, Hashable, Sendable {
        /// `pageFlags`, `read`, `zeroScan`, `compress`, `write`, `reread`.
        public var name: String
        /// Pages that went through it.
        public var pages: Int
        /// Seconds of all threads together.
        public var threadSeconds: Double

        /// The cost of a stage.
        public init(name: String, pages: Int, threadSeconds: Double) {
            self.name = name
            self.pages = pages
            self.threadSeconds = threadSeconds
        }
    }

    /// What one step of the dump took of its time. Steps follow one another without a gap, while
    /// stages are the work of several threads at once.
    public struct Step: Codable, Hashable, Sendable {
        /// `prepare`, `preflight`, `processors`, `layout`, `symbols`, `landmarks`, `pageFlags`,
        /// `stacks`, `history`, `registers`, `setUp`, `copy`, `reread`, `latePageFlags`, `lateCopy`,
        /// `sample`, `tables`, `sync`, `finish`.
        public var name: String
        /// Seconds of the clock on the wall.
        public var seconds: Double

        /// The time of a step.
        public init(name: String, seconds: Double) {
            self.name = name
            self.seconds = seconds
        }
    }

    /// A span of time.
    public struct Span: Codable, Hashable, Sendable {
        /// Its begin.
        public var start: Timestamp
        /// Its end.
        public var end: Timestamp

        /// A span from `start` to `end`.
        public init(start: Timestamp, end: Timestamp) {
            self.start = start
            self.end = end
        }
    }

    /// The limits under which it was made.
    public struct Limits: Codable, Hashable, Sendable {
        /// Threads that copied.
        public var threads: Int
        /// Bytes of memory set aside at the start.
        public var memoryBudget: Int64
        /// Whether that memory was locked.
        public var isMemoryLocked: Bool
        /// The most bytes that the file may have; none for no limit.
        public var maxByteCount: Int64?
        /// `abort`, `partial` or `ignore`.
        public var onPressure: String
        /// Whether the file was written past the page cache.
        public var isDirect: Bool

        /// The limits of a dump.
        public init(
            threads: Int, memoryBudget: Int64, isMemoryLocked: Bool, maxByteCount: Int64?,
            onPressure: String, isDirect: Bool
        ) {
            self.threads = threads
            self.memoryBudget = memoryBudget
            self.isMemoryLocked = isMemoryLocked
            self.maxByteCount = maxByteCount
            self.onPressure = onPressure
            self.isDirect = isDirect
        }
    }

    /// The schema's name.
    public var schema = "diagbundle.live-dump/1"
    /// The stop code's name, as Windows has it.
    public var code = "LIVE_SYSTEM_DUMP"
    /// The stop code.
    public var codeNumber = "0x161"
    /// Its four parameters: who asked, as eight bytes of text in a number; kind; level; 0.
    public var parameters: [String]
    /// Who asked for it: at most eight characters.
    public var originator: String
    /// Why, in the words of whoever asked.
    public var reason: String?
    /// Which of the two dumps.
    public var kind: Kind
    /// How it ended.
    public var outcome: Outcome
    /// Why there is no dump, or only a part.
    public var obstacle: Obstacle?
    /// The host's name.
    public var host: String
    /// The kernel.
    public var kernel: Kernel
    /// When it began.
    public var started: Timestamp
    /// When it ended.
    public var ended: Timestamp
    /// Always `smeared`: pages were copied while the kernel went on.
    public var consistency = "smeared"
    /// The spans of time over which pages were copied.
    public var windows: [Window] = []
    /// What changed meanwhile.
    public var torn: Torn?
    /// Which classes of pages were left out: makedumpfile's bits.
    public var level: Int
    /// Whether pages of processes were wanted.
    public var includesUserPages = false
    /// Whether the memory of virtual machines was wanted.
    public var includesGuestPages = false
    /// Pages by class; those that are in the file have the prefix `kept.`.
    public var pages: [String: Int] = [:]
    /// Bytes of one page.
    public var pageByteCount = 4096
    /// Registers of the processors.
    public var registers: Registers?
    /// The file; none when there is none.
    public var file: File?
    /// The text and JSON of the stacks beside it, by name.
    public var stackFiles: [String] = []
    /// When the files of all threads were read; none when they were not, or by an earlier version.
    public var stacksRead: Span?
    /// What each stage cost.
    public var stages: [Stage] = []
    /// Where the time went: each step once, in the order in which they began first. Their sum is
    /// the time from when the dump was prepared, just before `started`, to `ended`. None in reports
    /// of an earlier version.
    public var steps: [Step]?
    /// The limits under which it was made.
    public var limits: Limits?
    /// Commands that open the file.
    public var openWith: [String] = []
    /// What a reader should know: registers that are zero, ranges that changed.
    public var warnings: [String] = []

    /// A report with what is known before anything is read.
    public init(
        kind: Kind, outcome: Outcome, originator: String, parameters: [String],
        reason: String? = nil, host: String, kernel: Kernel, started: Timestamp, ended: Timestamp,
        level: Int
    ) {
        self.kind = kind
        self.outcome = outcome
        self.originator = originator
        self.parameters = parameters
        self.reason = reason
        self.host = host
        self.kernel = kernel
        self.started = started
        self.ended = ended
        self.level = level
    }
}
