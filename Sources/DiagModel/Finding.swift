/// A fault that a collector or an analysis recognised, with what to do about it.
public struct Finding: Codable, Hashable, Sendable {
    /// How bad it is; the worst first.
    public enum Severity: String, Codable, Hashable, Sendable, CaseIterable, Comparable {
        /// Data or service is lost or about to be.
        case critical
        /// A function is impaired.
        case major
        /// Works, but deserves attention.
        case minor
        /// Worth knowing.
        case notice

        /// Orders the worse before the lesser.
        public static func < (left: Severity, right: Severity) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }
    }

    /// Where in the bundle the fact stands that the finding rests on.
    public struct Evidence: Codable, Hashable, Sendable {
        /// The artifact's path in the host folder.
        public var artifact: String
        /// The line in it, from 1; none for the whole artifact.
        public var line: Int?

        /// The artifact, and the line in it from 1.
        public init(artifact: String, line: Int? = nil) {
            self.artifact = artifact
            self.line = line
        }
    }

    /// Names the kind of fault for good, for example `storage.mount.hung`.
    public var fault: String
    /// How bad it is.
    public var severity: Severity
    /// The collector or analysis that says so.
    public var collector: String
    /// What is at fault: a mount, a device, a task.
    public var object: String
    /// Where that is: a topology node id, a slot, a path.
    public var place: String?
    /// Why this is a fault, in one or two sentences.
    public var reason: String
    /// What to do, most useful first.
    public var recommendedActions: [String]
    /// The facts it rests on.
    public var evidence: [Evidence]

    /// A fault with its place, reason and evidence.
    public init(
        fault: String, severity: Severity, collector: String, object: String,
        place: String? = nil, reason: String, recommendedActions: [String] = [],
        evidence: [Evidence] = []
    ) {
        self.fault = fault
        self.severity = severity
        self.collector = collector
        self.object = object
        self.place = place
        self.reason = reason
        self.recommendedActions = recommendedActions
        self.evidence = evidence
    }
}

/// `findings.json`: every finding of a run, worst first.
public struct FindingList: Codable, Hashable, Sendable {
    /// Names and versions this document's shape.
    public static let schemaName = "findings"

    /// `diagbundle.findings/1`.
    public var schema: String
    /// Worst first, then by fault, object and place.
    public var findings: [Finding]

    /// The list of `findings`, put in order.
    public init(_ findings: [Finding]) {
        schema = "diagbundle.findings/1"
        self.findings = findings.sorted {
            ($0.severity, $0.fault, $0.object, $0.place ?? "")
                < ($1.severity, $1.fault, $1.object, $1.place ?? "")
        }
    }
}
