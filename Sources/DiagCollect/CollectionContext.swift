public import DiagModel
public import DiagSystem

/// What a collector is given: where to read, how far back, how much and how long.
public struct CollectionContext: Sendable {
    /// The file system to read. Nothing is opened but through it.
    public var root: RootedTree
    /// How far back logs are wanted; none for all within the budget.
    public let since: Timestamp?
    /// How many bytes all artifacts together may have.
    public let byteBudget: Int64
    /// When the process is ended.
    public let deadline: MonotonicTime
    /// The collector's own options.
    public let options: [String: JSONValue]
    /// The file that it writes itself; none unless its descriptor declares one.
    public var seekable: SeekableFile?
    /// Whether the run wants it to finish what it has; none where nobody can say so.
    public var stop: StopRequest?
    /// What ``Collector/prepare(in:)`` returned.
    public var prepared: (any Sendable)?
    /// What the worker was asked, for a collector that hands it on to another program.
    public var request: WorkerRequest?
    /// What of its confinement this kernel could not give.
    public var confinementGaps: [String] = []

    /// Whether the run wants it to finish what it has, in the few seconds that are left.
    public var isStopRequested: Bool { stop?.isMade ?? false }

    /// What a collector is given.
    public init(
        root: RootedTree, since: Timestamp? = nil, byteBudget: Int64 = 256 << 20,
        deadline: MonotonicTime = .now.advanced(bySeconds: 60), options: [String: JSONValue] = [:],
        seekable: SeekableFile? = nil, stop: StopRequest? = nil
    ) {
        self.root = root
        self.since = since
        self.byteBudget = byteBudget
        self.deadline = deadline
        self.options = options
        self.seekable = seekable
        self.stop = stop
    }
}
