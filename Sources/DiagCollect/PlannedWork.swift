public import DiagModel

/// What a collector would do, before it does.
public struct PlannedWork: Hashable, Sendable {
    /// What it reads, runs and asks, in order.
    public var items: [CollectionPlan.Item]
    /// Why it collects nothing here.
    public var doesNotApply: String?
    /// What else there is to know.
    public var notes: [String]

    /// The work of a collector.
    public init(
        items: [CollectionPlan.Item] = [], doesNotApply: String? = nil, notes: [String] = []
    ) {
        self.items = items
        self.doesNotApply = doesNotApply
        self.notes = notes
    }
}

/// A probe as a plan names it.
public struct PlannedProbe: Hashable, Sendable {
    /// The kind of probe.
    public let kind: String
    /// What is probed.
    public let target: String

    /// A probe by kind and target.
    public init(kind: String, target: String) {
        self.kind = kind
        self.target = target
    }
}

/// What things cost, for estimates: measured on one host, and rounded up.
///
/// What does not follow from what was found on the host at hand is marked as assumed: of commands
/// all, also where their declaration says what is typical.
public enum PlanCost {
    /// A process of the program, from its start to its end.
    public static let process = CollectionPlan.Estimate(byteCount: 0, seconds: 0.02)
    /// A command of which its declaration does not say what is typical.
    public static let command = CollectionPlan.Estimate(
        byteCount: 1024, seconds: 0.03, isAssumed: true)
    /// A probe that is answered.
    public static let probe = CollectionPlan.Estimate(
        byteCount: 8192, seconds: 0.02, isAssumed: true)
    /// A program that does not say what it does.
    public static let program = CollectionPlan.Estimate(
        byteCount: 65_536, seconds: 1, isAssumed: true)
    /// Seconds for a file, whatever its size.
    private static let secondsPerFile = 3e-5
    /// Bytes a second of a file on a disk that nobody has read yet.
    private static let bytesPerSecond = 100e6

    /// A file of `byteCount` bytes at `path`, of which `limit` are kept.
    ///
    /// Procfs and devices give no sizes, sysfs 4096 for each: the usual text of one is taken.
    public static func file(
        _ path: some StringProtocol, byteCount: Int64, limit: Int64
    ) -> CollectionPlan.Estimate {
        let size: Int64 =
            path.hasPrefix("/sys/") ? 64 : path.hasPrefix("/proc/") ? 1024 : max(0, byteCount)
        let kept = min(size, max(0, limit))
        return .init(
            byteCount: kept, seconds: secondsPerFile + Double(kept) / bytesPerSecond,
            isAssumed: ["/sys/", "/proc/", "/dev/"].contains { path.hasPrefix($0) })
    }

    /// `count` names, read without opening a file.
    public static func names(_ count: Int) -> CollectionPlan.Estimate {
        .init(
            byteCount: Int64(count) * 80, seconds: Double(count) * 5e-6, isAssumed: count > 0)
    }

    /// All folders below a place in procfs or sysfs, of which few files are read.
    public static let tree = CollectionPlan.Estimate(
        byteCount: 16_384, seconds: 0.005, isAssumed: true)
}
