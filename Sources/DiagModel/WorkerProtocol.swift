/// The first thing a worker is told: one JSON object on its standard input.
public struct WorkerRequest: Codable, Hashable, Sendable {
    /// Names and versions this document's shape.
    public static let schemaName = "worker-request"
    /// The version of the protocol that this build speaks.
    public static let protocolVersion = 1

    /// `diagbundle.worker-request/1`.
    public var schema: String
    /// The version of the protocol, 1.
    public var protocolVersion: Int
    /// The collector to run.
    public var collector: String
    /// The root of the file system to read.
    public var root: String
    /// How far back logs are wanted; none for all within the budget.
    public var since: Timestamp?
    /// The collector's own options, by name.
    public var options: [String: JSONValue]
    /// Seconds from now until the worker is ended.
    public var deadlineSeconds: Double
    /// How many bytes the worker may send in all its artifacts together.
    public var byteBudget: Int64
    /// The random token that begins every message line.
    public var boundary: String
    /// What to probe, when the worker is a probe process; it is told one target at a time.
    public var probe: ProbeRequest?
    /// The file that it is handed, when the collector writes one itself.
    public var seekable: SeekableFile?

    /// A request for one collector.
    public init(
        collector: String, root: String, since: Timestamp? = nil,
        options: [String: JSONValue] = [:], deadlineSeconds: Double, byteBudget: Int64,
        boundary: String, probe: ProbeRequest? = nil, seekable: SeekableFile? = nil
    ) {
        schema = "diagbundle.worker-request/1"
        protocolVersion = Self.protocolVersion
        self.collector = collector
        self.root = root
        self.since = since
        self.options = options
        self.deadlineSeconds = deadlineSeconds
        self.byteBudget = byteBudget
        self.boundary = boundary
        self.probe = probe
        self.seekable = seekable
    }

    /// An artifact that is not sent: the worker inherits its file, open for reading and writing.
    ///
    /// Standard input stays open then. A line on it, `stop`, or its end tells the worker to finish
    /// the file with what it has, some seconds before it is killed.
    public struct SeekableFile: Codable, Hashable, Sendable {
        /// The number of the descriptor.
        public var descriptor: Int
        /// The artifact's path in the host folder.
        public var path: String
        /// The most bytes that it may have; the kernel refuses more.
        public var byteLimit: Int64

        /// A file that is handed to the worker.
        public init(descriptor: Int, path: String, byteLimit: Int64) {
            self.descriptor = descriptor
            self.path = path
            self.byteLimit = byteLimit
        }
    }
}

/// One thing to probe that may block: asked for by a collector, done by a disposable process.
public struct ProbeRequest: Codable, Hashable, Sendable {
    /// The kind of probe, one of those that the collector declares.
    public var kind: String
    /// What to probe: a mount point, a device.
    public var target: String
    /// The target as base64, only when it is not UTF-8.
    public var targetBytes: String?
    /// What the collector knows of the target already, for the probe to compare.
    public var facts: [String: JSONValue]?
    /// The targets that it stands on: when one of them does not answer, it is not tried.
    public var standsOn: [String]?

    /// A probe of one target.
    public init(
        kind: String, target: String, targetBytes: String? = nil,
        facts: [String: JSONValue]? = nil, standsOn: [String]? = nil
    ) {
        self.standsOn = standsOn
        self.kind = kind
        self.target = target
        self.targetBytes = targetBytes
        self.facts = facts
    }
}

/// What a collector that waits is told: one JSON object on its standard input.
public struct WorkerAnswer: Codable, Hashable, Sendable {
    /// Names and versions this document's shape.
    public static let schemaName = "worker-answer"

    /// `diagbundle.worker-answer/1`.
    public var schema: String
    /// Whether the run is ended early: the collector has a second to say the rest.
    public var isInterrupted: Bool
    /// One record for each probe that the collector asked for, in no order.
    public var probes: [ProbeRecord]

    /// The records of a collector's probes.
    public init(isInterrupted: Bool = false, probes: [ProbeRecord]) {
        schema = "diagbundle.worker-answer/1"
        self.isInterrupted = isInterrupted
        self.probes = probes
    }
}

/// A message of a worker: the verb and the JSON of one boundary line.
public enum WorkerMessage: Hashable, Sendable {
    /// Which version of the protocol is spoken; nobody needs to say it.
    case spoken(Spoken)
    /// Opens an artifact; its bytes follow, until the next message that is not `data`.
    case artifact(Opening)
    /// That many bytes of the open artifact follow, then a newline.
    case data(byteCount: Int)
    /// Bytes of the open artifact's source are left out, and why.
    case truncated(Truncation)
    /// How far the collector is.
    case progress(Progress)
    /// Something does not exist on this host.
    case absent(Lack)
    /// Something could not be had.
    case missing(Lack)
    /// A fault that the collector recognised; the orchestrator fills in the collector's name.
    case finding(Finding)
    /// Something for whoever reads the manifest.
    case note(Note)
    /// Asks for a probe of something that may block.
    case probe(ProbeRequest)
    /// What a probe found.
    case record(ProbeRecord)
    /// The collector waits for what its probes found, and for the other collectors to end: one
    /// ``WorkerAnswer`` on its standard input.
    case awaitProbes
    /// How the file is that the worker was handed. Without it the file counts as cut.
    case seekable(Seekable)
    /// The collector has said all. Without it a worker counts as crashed.
    case end(End)

    /// The version of the protocol that a worker speaks.
    public struct Spoken: Codable, Hashable, Sendable {
        /// The version.
        public var version: Int

        /// A version of the protocol.
        public init(version: Int) { self.version = version }
    }

    /// What opens an artifact.
    public struct Opening: Codable, Hashable, Sendable {
        /// The path below the collector's folder; relative, without `..`.
        public var path: String
        /// The path as base64, only when it is not UTF-8.
        public var pathBytes: String?
        /// Where the bytes come from on the host.
        public var source: String?
        /// The media type.
        public var mediaType: String?
        /// How careful one must be with it; `content` when not said.
        public var privacy: PrivacyClass?

        /// An artifact about to be sent.
        public init(
            path: String, pathBytes: String? = nil, source: String? = nil,
            mediaType: String? = nil, privacy: PrivacyClass? = nil
        ) {
            self.path = path
            self.pathBytes = pathBytes
            self.source = source
            self.mediaType = mediaType
            self.privacy = privacy
        }
    }

    /// Why bytes of an artifact's source are left out.
    public struct Truncation: Codable, Hashable, Sendable {
        /// The reason.
        public var why: String

        /// A truncation for a reason.
        public init(why: String) { self.why = why }
    }

    /// How far a collector is.
    public struct Progress: Codable, Hashable, Sendable {
        /// How many units are done.
        public var done: Int64
        /// Of how many; none while that is unknown.
        public var total: Int64?
        /// What is counted: `bytes`, `devices`, `files`.
        public var unit: String?
        /// What is being done, for a person.
        public var activity: String?
        /// The file that the worker was handed, when it is busy with that: `path` as it was told.
        public var file: ProgressEvent.File?

        /// A position on the way.
        public init(
            done: Int64, total: Int64? = nil, unit: String? = nil, activity: String? = nil,
            file: ProgressEvent.File? = nil
        ) {
            self.file = file
            self.done = done
            self.total = total
            self.unit = unit
            self.activity = activity
        }
    }

    /// Something absent or missing.
    public struct Lack: Codable, Hashable, Sendable {
        /// What it is.
        public var what: String
        /// Why it is not there.
        public var why: String?
        /// What would give it.
        public var remedy: String?

        /// Something that is not there.
        public init(what: String, why: String? = nil, remedy: String? = nil) {
            self.what = what
            self.why = why
            self.remedy = remedy
        }
    }

    /// Something for whoever reads the manifest.
    public struct Note: Codable, Hashable, Sendable {
        /// The text, one line.
        public var text: String
        /// What the collector leaves out by design, when the note is of that.
        public var withheld: Withheld?

        /// A note of one line.
        public init(text: String, withheld: Withheld? = nil) {
            self.text = text
            self.withheld = withheld
        }
    }

    /// How the file is that a worker was handed.
    public struct Seekable: Codable, Hashable, Sendable {
        /// Whether all is in it that was to be.
        public var isComplete: Bool
        /// Why not.
        public var reason: String?

        /// The last word about a file.
        public init(isComplete: Bool, reason: String? = nil) {
            self.isComplete = isComplete
            self.reason = reason
        }
    }

    /// The collector's last word.
    public struct End: Codable, Hashable, Sendable {
        /// Why it could not do its work; none when it did.
        public var failure: String?
        /// What of its confinement this kernel could not give.
        public var confinementGaps: [String]?

        /// The end, well or for a reason.
        public init(failure: String? = nil, confinementGaps: [String]? = nil) {
            self.failure = failure
            self.confinementGaps = confinementGaps
        }
    }

    /// The word after the boundary.
    public var verb: String {
        switch self {
        case .spoken: "protocol"
        case .artifact: "artifact"
        case .data: "data"
        case .truncated: "truncated"
        case .progress: "progress"
        case .absent: "absent"
        case .missing: "missing"
        case .finding: "finding"
        case .note: "note"
        case .probe: "probe"
        case .record: "record"
        case .awaitProbes: "await"
        case .seekable: "seekable"
        case .end: "end"
        }
    }

    /// What stands after the verb: JSON on one line, or the byte count of `data`.
    public func encodedBody() throws -> [UInt8] {
        switch self {
        case .spoken(let body): try JSONDocument.encode(body, layout: .line)
        case .artifact(let body): try JSONDocument.encode(body, layout: .line)
        case .data(let byteCount): Array(String(byteCount).utf8)
        case .truncated(let body): try JSONDocument.encode(body, layout: .line)
        case .progress(let body): try JSONDocument.encode(body, layout: .line)
        case .absent(let body), .missing(let body):
            try JSONDocument.encode(body, layout: .line)
        case .finding(let body): try JSONDocument.encode(body, layout: .line)
        case .note(let body): try JSONDocument.encode(body, layout: .line)
        case .probe(let body): try JSONDocument.encode(body, layout: .line)
        case .record(let body): try JSONDocument.encode(body, layout: .line)
        case .awaitProbes: Array("{}".utf8)
        case .seekable(let body): try JSONDocument.encode(body, layout: .line)
        case .end(let body): try JSONDocument.encode(body, layout: .line)
        }
    }

    /// The message of a line, after the boundary and a space.
    ///
    /// - Throws: `DecodingError`, when the JSON is broken or lacks what the verb needs.
    /// - Returns: `nil` for a verb that this version does not know.
    public static func decode(verb: String, body: some Collection<UInt8>) throws -> WorkerMessage? {
        func json<Body: Decodable>(_ type: Body.Type) throws -> Body {
            try JSONDocument.decode(type, from: body)
        }
        switch verb {
        case "protocol": return .spoken(try json(Spoken.self))
        case "artifact": return .artifact(try json(Opening.self))
        case "data":
            guard !body.isEmpty, body.count <= 12, body.allSatisfy({ (0x30...0x39).contains($0) })
            else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [], debugDescription: "data needs a byte count"))
            }
            return .data(byteCount: body.reduce(0) { $0 * 10 + Int($1 - 0x30) })
        case "truncated": return .truncated(try json(Truncation.self))
        case "progress": return .progress(try json(Progress.self))
        case "absent": return .absent(try json(Lack.self))
        case "missing": return .missing(try json(Lack.self))
        case "finding": return .finding(try json(SaidFinding.self).finding)
        case "note": return .note(try json(Note.self))
        case "probe": return .probe(try json(ProbeRequest.self))
        case "record": return .record(try json(ProbeRecord.self))
        case "await": return .awaitProbes
        case "seekable": return .seekable(try json(Seekable.self))
        case "end": return .end(body.isEmpty ? End() : try json(End.self))
        default: return nil
        }
    }
}

/// A finding as a worker says it: what it need not say has a value of its own.
private struct SaidFinding: Decodable {
    let fault: String
    let severity: Finding.Severity
    let collector: String?
    let object: String
    let place: String?
    let reason: String
    let recommendedActions: [String]?
    let evidence: [Finding.Evidence]?

    var finding: Finding {
        Finding(
            fault: fault, severity: severity, collector: collector ?? "", object: object,
            place: place, reason: reason, recommendedActions: recommendedActions ?? [],
            evidence: evidence ?? [])
    }
}
