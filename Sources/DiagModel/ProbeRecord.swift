/// What one probe of something that may block found.
public struct ProbeRecord: Codable, Hashable, Sendable {
    /// How a probe ended.
    public enum Outcome: String, Codable, Hashable, Sendable, CaseIterable {
        /// It answered.
        case ok
        /// It answered, but took longer than it should.
        case slow
        /// It did not answer before its deadline.
        case hung
        /// It answered with an error.
        case failed
        /// It was not tried.
        case skipped
    }

    /// What kind of probe it was, for example `mount-health`.
    public var kind: String
    /// What was probed: a mount point, a device.
    public var target: String
    /// How it ended.
    public var outcome: Outcome
    /// Seconds until the answer, or until it was given up.
    public var seconds: Double
    /// What the kernel said, unless it answered well.
    public var reason: String?
    /// The facts it gave.
    public var facts: [String: JSONValue]
    /// What only the collector that asked is told; it is not kept in the artifact of the records.
    public var details: [String: JSONValue]?
    /// Where the probe's process stood in the kernel when it was given up, innermost first.
    public var kernelStack: [String]?

    /// What one probe found.
    public init(
        kind: String, target: String, outcome: Outcome, seconds: Double, reason: String? = nil,
        facts: [String: JSONValue] = [:], details: [String: JSONValue]? = nil,
        kernelStack: [String]? = nil
    ) {
        self.kind = kind
        self.target = target
        self.outcome = outcome
        self.seconds = seconds
        self.reason = reason
        self.facts = facts
        self.details = details
        self.kernelStack = kernelStack
    }
}

/// All probes of one kind in one artifact, sorted by target.
public struct ProbeRecordList: Codable, Hashable, Sendable {
    /// Names and versions this document's shape.
    public static let schemaName = "probes"

    /// `diagbundle.probes/1`.
    public var schema: String
    /// One record for each target.
    public var probes: [ProbeRecord]

    /// The list of `probes`, put in order.
    public init(_ probes: [ProbeRecord]) {
        schema = "diagbundle.probes/1"
        self.probes = probes.map { record in
            var record = record
            record.details = nil
            return record
        }.sorted { ($0.kind, $0.target) < ($1.kind, $1.target) }
    }
}
