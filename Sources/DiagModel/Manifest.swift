/// `manifest.json`: how and when a bundle was made, and all that is and is not in it.
public struct Manifest: Codable, Hashable, Sendable {
    /// Bytes of the largest manifest that is read: 300,000 artifacts at 330 bytes each.
    public static let byteLimit = 96 << 20
    /// Values of the largest manifest that is read: those artifacts have twelve each.
    public static let valueLimit = 4_000_000
    /// Bytes of the largest manifest that a run writes: 45,000 artifacts at 700 bytes each, and a
    /// third of it for what is missing and absent.
    public static let writtenByteLimit = 48 << 20

    /// The program that made the bundle.
    public struct Tool: Codable, Hashable, Sendable {
        /// `diagbundle`.
        public var name: String
        /// Its version.
        public var version: String

        /// A program by name and version.
        public init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    /// The host the bundle is of.
    public struct Host: Codable, Hashable, Sendable {
        /// The host name, which the host folder is named after.
        public var name: String
        /// The kernel's release, as `uname -r` prints it.
        public var kernelRelease: String
        /// The processor architecture, as `uname -m` prints it.
        public var architecture: String
        /// `PRETTY_NAME` of os-release, where there is one.
        public var operatingSystem: String?
        /// Seconds since the kernel started.
        public var uptimeSeconds: Double?

        /// A host by its names.
        public init(
            name: String, kernelRelease: String, architecture: String,
            operatingSystem: String? = nil, uptimeSeconds: Double? = nil
        ) {
            self.name = name
            self.kernelRelease = kernelRelease
            self.architecture = architecture
            self.operatingSystem = operatingSystem
            self.uptimeSeconds = uptimeSeconds
        }
    }

    /// What was asked for.
    public struct Options: Codable, Hashable, Sendable {
        /// The root of the file system that was read, `/` on a live host.
        public var root: String
        /// The collectors of the run, in the order of the plan.
        public var collectors: [String]
        /// How far back logs were asked for; none for all within their budget.
        public var since: Timestamp?
        /// The deadline of collecting, in seconds.
        public var deadlineSeconds: Double
        /// The deadline of sealing, in seconds.
        public var sealDeadlineSeconds: Double
        /// How many workers ran at once.
        public var jobs: Int
        /// The byte budget of the run.
        public var maxByteCount: Int64
        /// SHA-256 of the reviewed plan that was run, when there was one: nothing else than it has
        /// was collected.
        public var planSHA256: String?

        /// The options a run was started with.
        public init(
            root: String, collectors: [String], since: Timestamp? = nil, deadlineSeconds: Double,
            sealDeadlineSeconds: Double, jobs: Int, maxByteCount: Int64,
            planSHA256: String? = nil
        ) {
            self.root = root
            self.collectors = collectors
            self.since = since
            self.deadlineSeconds = deadlineSeconds
            self.sealDeadlineSeconds = sealDeadlineSeconds
            self.jobs = jobs
            self.maxByteCount = maxByteCount
            self.planSHA256 = planSHA256
        }
    }

    /// Whether all that exists was collected.
    public enum Completeness: String, Codable, Hashable, Sendable, CaseIterable {
        /// Nothing is missing; what is absent or withheld does not count.
        case complete
        /// Something is missing, or a collector did not end well.
        case partial
    }

    /// Names and versions this document's shape.
    public static let schemaName = "manifest"
    /// The value of `schema`.
    public static let schemaIdentifier = "diagbundle.manifest/1"

    /// `diagbundle.manifest/1`.
    public var schema: String
    /// The program that made the bundle.
    public var tool: Tool
    /// The host it is of.
    public var host: Host
    /// The support case it is for, as given.
    public var caseIdentifier: String?
    /// The user id that ran it; 0 is root.
    public var userIdentifier: Int
    /// When the run started.
    public var started: Timestamp
    /// When collecting ended.
    public var collected: Timestamp
    /// What was asked for.
    public var options: Options
    /// Whether the run was interrupted by a signal.
    public var isInterrupted: Bool
    /// Whether all that exists was collected.
    public var completeness: Completeness
    /// How each collector ended, in the order of the plan.
    public var reports: [CollectorReport]
    /// The collectors in the order in which their artifacts stand in the bundle; without it that of
    /// the reports.
    public var memberOrder: [String]?
    /// Every artifact, sorted by path.
    public var artifacts: [Artifact]
    /// What does not exist on this host, in the order of the plan.
    public var absent: [Absent]
    /// What could not be had, in the order of the plan.
    public var missing: [Missing]

    /// A manifest; its completeness follows from `reports` and `missing`.
    public init(
        tool: Tool, host: Host, caseIdentifier: String? = nil, userIdentifier: Int,
        started: Timestamp, collected: Timestamp, options: Options, isInterrupted: Bool = false,
        reports: [CollectorReport], artifacts: [Artifact],
        absent: [Absent], missing: [Missing], memberOrder: [String]? = nil
    ) {
        schema = Self.schemaIdentifier
        self.tool = tool
        self.host = host
        self.caseIdentifier = caseIdentifier
        self.userIdentifier = userIdentifier
        self.started = started
        self.collected = collected
        self.options = options
        self.isInterrupted = isInterrupted
        self.reports = reports
        self.artifacts = []
        self.absent = absent
        self.missing = missing
        self.memberOrder = memberOrder
        let isComplete =
            missing.isEmpty && !isInterrupted && reports.allSatisfy { $0.outcome == .complete }
            && !artifacts.contains { $0.isTruncated }
        completeness = isComplete ? .complete : .partial
        listArtifacts(artifacts)
    }

    /// How much each collector withheld, by its name; empty when none did.
    public var withheld: [String: Withheld.Count] {
        let counts = reports.compactMap { report in
            report.withheld.map { (report.collector, $0.count) }
        }
        return Dictionary(counts) { $0 + $1 }
    }

    /// Lists `artifacts`, sorted by the bytes of their paths; completeness stays as it is.
    public mutating func listArtifacts(_ artifacts: [Artifact]) {
        self.artifacts = artifacts.sorted {
            $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
        }
    }
}
