public import DiagModel
public import DiagSystem

/// Gathers one subject. It runs in a process of its own and only sends.
public protocol Collector: Sendable {
    /// What it is, what it costs and how it is confined.
    var descriptor: CollectorDescriptor { get }
    /// The probes it may ask for, by kind.
    var probes: [any Probe] { get }

    /// Opens what needs rights that the process is about to give up: the lock of the host, a
    /// pressure trigger. It runs in the worker, before it is confined, and only for
    /// ``collect(in:into:)``, which finds what it returns as ``CollectionContext/prepared``.
    ///
    /// - Throws: when nothing can be collected without it; the reason stands in the report.
    func prepare(in context: CollectionContext) throws -> (any Sendable)?

    /// What it would read, run and ask, and how much that is: one item for each, in its order.
    ///
    /// It opens no device, runs no command, and reads no file's content that is not of memory.
    func plan(in context: CollectionContext) throws -> PlannedWork

    /// Reads the host below `context.root` and sends what it finds.
    ///
    /// What does not exist is sent as absent, what is refused as missing; neither is an error.
    ///
    /// - Throws: only when the whole subject cannot be read, or the sink is gone. What was sent
    ///   before stays, and the report carries the reason.
    func collect(in context: CollectionContext, into sink: any CollectionSink) throws
}

extension Collector {
    /// No probes.
    public var probes: [any Probe] { [] }

    /// Nothing.
    public func prepare(in context: CollectionContext) throws -> (any Sendable)? { nil }

    /// The highest risk of it: its own, or that of its probes, which open what may not answer.
    public var highestRisk: CollectorDescriptor.Risk {
        probes.isEmpty ? descriptor.risk : max(descriptor.risk, .mayBlock)
    }

    /// One item, that a program of somebody else runs: it does not say what it reads.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        PlannedWork(items: [
            .init(
                kind: .program, number: 1, title: descriptor.subject,
                risk: "R\(descriptor.risk.rawValue)", estimate: PlanCost.program)
        ])
    }
}

/// Asks one thing that may block, in a process that is given up when it does.
public protocol Probe: Sendable {
    /// Names the kind, for example `mount-health`; the artifact of its records is named after it.
    var kind: String { get }
    /// Seconds until a probe counts as hung.
    var deadlineSeconds: Double { get }
    /// Whether it sends commands to devices, for which its process keeps the capabilities
    /// `SYS_ADMIN` and `SYS_RAWIO`.
    var commandsDevices: Bool { get }
    /// What it does to its target, for a plan: system calls, ioctls and commands, by their names.
    var actions: [String] { get }

    /// Probes one target. May block for ever: nothing else waits for it.
    ///
    /// - Throws: only when the sink is gone; what the host refuses is a record.
    func run(
        _ request: ProbeRequest, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> ProbeRecord

    /// What the records of this kind mean for the host: asked once, with all of a run's.
    func findings(in records: [ProbeRecord]) -> [Finding]
}

extension Probe {
    /// No commands.
    public var commandsDevices: Bool { false }

    /// Nothing that it names.
    public var actions: [String] { [] }
}

/// What a collector is, what it costs and how it is confined.
public struct CollectorDescriptor: Hashable, Sendable {
    /// What it may touch; each is part of the next.
    public enum Risk: Int, Comparable, Hashable, Sendable {
        /// Procfs, sysfs and udev files that are known to answer from memory.
        case memoryOnly = 0
        /// Opens devices, sends them commands, asks daemons: may block.
        case mayBlock = 1
        /// Reads media, or changes state.
        case media = 2

        /// Orders by cost.
        public static func < (left: Risk, right: Risk) -> Bool { left.rawValue < right.rawValue }
    }

    /// How its process is confined.
    public enum Confinement: String, Hashable, Sendable, CaseIterable {
        /// Reads bytes that a stranger may have written: no write access anywhere.
        case parser
        /// Reads what the kernel and root wrote.
        case reader
        /// Looks into processes, runs commands, takes dumps.
        case inspector
    }

    /// Its name, and that of its folder: lower-case letters, digits and hyphens.
    public let name: String
    /// What it does, for a person, after "Collecting": `storage topology`.
    public let subject: String
    /// What it may touch.
    public let risk: Risk
    /// How its process is confined.
    public let confinement: Confinement
    /// Seconds until its process is ended.
    public let deadlineSeconds: Double
    /// How many bytes it may send.
    public let byteBudget: Int64
    /// Its share of the run's progress; 1 is a tenth of a second of work on a usual host.
    public let weight: Double
    /// The file that it writes itself, when it needs one that can be sought in.
    public let seekable: SeekableArtifact?
    /// Its artifacts that stand at the top of the host folder, not in its own.
    public let topArtifacts: Set<String>
    /// The capabilities that its commands need beside those that its confinement leaves.
    public let capabilities: CapabilitySet
    /// How far a file may grow by one of its commands, where that cannot be forbidden.
    public let fileGrowthByteCount: Int64
    /// What it is allowed as a program that is not ours; none for our own collectors.
    public let plugin: PluginTraits?

    /// A collector by name and cost.
    public init(
        name: String, subject: String, risk: Risk, confinement: Confinement,
        deadlineSeconds: Double, byteBudget: Int64, weight: Double = 1,
        seekable: SeekableArtifact? = nil, topArtifacts: Set<String> = [],
        capabilities: CapabilitySet = [], fileGrowthByteCount: Int64 = 0,
        plugin: PluginTraits? = nil
    ) {
        self.name = name
        self.subject = subject
        self.risk = risk
        self.confinement = confinement
        self.deadlineSeconds = deadlineSeconds
        self.byteBudget = byteBudget
        self.weight = weight
        self.seekable = seekable
        self.topArtifacts = topArtifacts
        self.capabilities = capabilities
        self.fileGrowthByteCount = fileGrowthByteCount
        self.plugin = plugin
    }
}

/// What is particular to a collector that is a program of somebody else.
public struct PluginTraits: Hashable, Sendable {
    /// The privacy class of artifacts for which it names none.
    public let privacy: PrivacyClass

    /// A plugin whose artifacts are of `privacy` unless it says otherwise.
    public init(privacy: PrivacyClass) { self.privacy = privacy }
}
