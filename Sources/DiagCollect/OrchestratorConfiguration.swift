public import DiagModel
public import SystemPackage

/// What the orchestrator is told of a run.
public struct OrchestratorConfiguration: Sendable {
    /// The root of the file system that workers read.
    public var root: FilePath
    /// How far back logs are wanted.
    public var since: Timestamp?
    /// How many workers, and how many probe processes, run at once.
    public var jobs: Int
    /// Seconds until collecting ends, whoever is at work.
    public var deadlineSeconds: Double
    /// How many bytes all artifacts together may have.
    public var byteBudget: Int64
    /// The program that is started as a worker, and its first arguments.
    public var workerExecutable: FilePath
    /// What lists of processes show the workers as; none for the program's path.
    public var workerName: String?
    /// The arguments before the name of the collector.
    public var workerArguments: [String]
    /// The environment of the workers, without the boundary.
    public var environment: [String: String]
    /// Options of single collectors, by name.
    public var collectorOptions: [String: [String: JSONValue]]
    /// The files that single collectors write themselves, by name, in the place of what their
    /// descriptors say.
    public var seekables: [String: SeekableArtifact]
    /// Seconds until the processes of single collectors are ended, by name, in the place of what
    /// their descriptors say; the run's own deadline comes before.
    public var deadlines: [String: Double]
    /// Whether workers are held to the protocol to the letter: to find out whether they keep it.
    public var isConformanceTest = false
    /// Whether all children of this process are workers, or were left by them: then what they left
    /// is reaped when it ends.
    public var reapsOrphans = false
    /// The probes that may be asked for, by the collector's name: what a reviewed plan has. All of
    /// them without.
    public var plannedProbes: [String: Set<PlannedProbe>]?
    /// Where collectors come from, by their names, for their reports.
    public var origins: [String: CollectorOrigin] = [:]

    /// What lists of processes show.
    var shownWorkerName: String { workerName ?? workerExecutable.string }

    /// A run over `root` with workers started from `workerExecutable`.
    public init(
        root: FilePath = "/", since: Timestamp? = nil, jobs: Int = 2,
        deadlineSeconds: Double = 600, byteBudget: Int64 = 2 << 30, workerExecutable: FilePath,
        workerName: String? = nil,
        workerArguments: [String] = ["worker"], environment: [String: String] = [:],
        collectorOptions: [String: [String: JSONValue]] = [:],
        seekables: [String: SeekableArtifact] = [:], deadlines: [String: Double] = [:],
        plannedProbes: [String: Set<PlannedProbe>]? = nil
    ) {
        self.root = root
        self.since = since
        self.jobs = max(1, jobs)
        self.deadlineSeconds = deadlineSeconds
        self.byteBudget = byteBudget
        self.workerExecutable = workerExecutable
        self.workerName = workerName
        self.workerArguments = workerArguments
        self.environment = environment
        self.collectorOptions = collectorOptions
        self.seekables = seekables
        self.deadlines = deadlines
        self.plannedProbes = plannedProbes
    }
}

/// What a run gave, apart from the artifacts' bytes.
public struct RunOutcome: Sendable {
    /// How each collector ended, in the order of the plan.
    public var reports: [CollectorReport] = []
    /// What does not exist on this host, in the order of the plan.
    public var absent: [Absent] = []
    /// What could not be had, in the order of the plan.
    public var missing: [Missing] = []
    /// The findings of collectors and orchestrator.
    public var findings: [Finding] = []
    /// Whether somebody stopped the run.
    public var isInterrupted = false
}
