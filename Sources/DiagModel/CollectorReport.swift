/// How one collector ended.
public struct CollectorReport: Codable, Hashable, Sendable {
    /// What became of a collector.
    public enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        /// It gave all that it is for; what is missing it said itself.
        case complete
        /// It said that it could not do its work.
        case failed
        /// Its process ended by a signal or with an error before it said `end`.
        case crashed
        /// What it sent was not the protocol.
        case garbled
        /// It sent more than its byte budget, or the run's.
        case overBudget
        /// It missed its deadline and was ended.
        case timedOut
        /// It missed its deadline, and not even SIGKILL ended it.
        case abandoned
        /// The run was interrupted or came to its deadline first.
        case interrupted
    }

    /// The origin of what is part of the program.
    public static let builtIn = "built in"

    /// The collector's name, which is its folder too.
    public var collector: String
    /// `built in`, or the path of the file that declares it or is it; none in older bundles.
    public var origin: String?
    /// SHA-256 of what it is made of, as a plan has it; none for one of code.
    public var definition: String?
    /// `true` when it took the place of one of the program's.
    public var replacesBuiltIn: Bool?
    /// What became of it.
    public var outcome: Outcome
    /// Why, when the outcome is not `complete`.
    public var reason: String?
    /// When its process started; none when it never did.
    public var started: Timestamp?
    /// Seconds from its start to its end.
    public var seconds: Double
    /// How many artifacts of it are stored.
    public var artifactCount: Int
    /// How many bytes of it are stored.
    public var byteCount: Int64
    /// The confinement its process ran under: `parser`, `reader` or `inspector`.
    public var confinement: String
    /// What of that confinement this kernel could not give.
    public var confinementGaps: [String]
    /// The seconds of processor time its process used.
    public var processorSeconds: Double?
    /// The most resident memory its process had, in bytes, page cache of mapped files included.
    public var peakResidentByteCount: Int64?
    /// What it noted for whoever reads the manifest.
    public var notes: [String]
    /// What it left out by design, until it can be redacted; none when there is nothing.
    public var withheld: Withheld?

    /// A report with all that is known of a collector's end.
    public init(
        collector: String, outcome: Outcome, reason: String? = nil, started: Timestamp? = nil,
        seconds: Double = 0, artifactCount: Int = 0, byteCount: Int64 = 0,
        confinement: String = "reader", confinementGaps: [String] = [],
        processorSeconds: Double? = nil, peakResidentByteCount: Int64? = nil,
        notes: [String] = [], withheld: Withheld? = nil, origin: String? = nil,
        definition: String? = nil, replacesBuiltIn: Bool? = nil
    ) {
        self.collector = collector
        self.outcome = outcome
        self.reason = reason
        self.started = started
        self.seconds = seconds
        self.artifactCount = artifactCount
        self.byteCount = byteCount
        self.confinement = confinement
        self.confinementGaps = confinementGaps
        self.processorSeconds = processorSeconds
        self.peakResidentByteCount = peakResidentByteCount
        self.notes = notes
        self.withheld = withheld
        self.origin = origin
        self.definition = definition
        self.replacesBuiltIn = replacesBuiltIn
    }
}
