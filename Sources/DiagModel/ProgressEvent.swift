/// One step of a run, for whoever watches it: a bar, a line, or a program.
///
/// Three levels: the run, its operations (each collector, the probes, sealing), and the file
/// that an operation is busy with. With `--progress json` each is one line on standard error.
public struct ProgressEvent: Codable, Hashable, Sendable {
    /// What happened.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// The run has its plan; `run.total` is the number of operations.
        case runStarted
        /// An operation began.
        case operationStarted
        /// An operation, or the file it is busy with, came further.
        case operationProgress
        /// An operation ended; its `state` says how.
        case operationEnded
        /// Something a person should read now.
        case notice
        /// The run is over; `result` says how.
        case runEnded
    }

    /// The run as a whole.
    public struct Run: Codable, Hashable, Sendable {
        /// How many operations have ended.
        public var done: Int
        /// How many there are, sealing included.
        public var total: Int
        /// How much of the work is done, weighted by cost, from 0 to 1.
        public var fraction: Double
        /// Seconds since the run started.
        public var elapsedSeconds: Double
        /// An estimate of the seconds left, sealing and compressing included.
        public var remainingSeconds: Double?

        /// A run's position.
        public init(
            done: Int, total: Int, fraction: Double, elapsedSeconds: Double,
            remainingSeconds: Double? = nil
        ) {
            self.done = done
            self.total = total
            self.fraction = fraction
            self.elapsedSeconds = elapsedSeconds
            self.remainingSeconds = remainingSeconds
        }
    }

    /// How an operation stands.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// It is at work.
        case running
        /// It ended and nothing is missing.
        case complete
        /// It ended, and something is missing.
        case partial
        /// It could not do its work.
        case failed
    }

    /// One operation of the run.
    public struct Operation: Codable, Hashable, Sendable {
        /// The collector's name, `probes` or `seal`.
        public var name: String
        /// What it does, for a person: `Collecting logs`.
        public var title: String
        /// How it stands.
        public var state: State
        /// How many units are done.
        public var done: Int64
        /// Of how many; none while that is unknown.
        public var total: Int64?
        /// What is counted: `bytes`, `devices`, `files`.
        public var unit: String?
        /// What it is busy with, for a person.
        public var activity: String?
        /// Seconds since it started.
        public var elapsedSeconds: Double
        /// Why it is partial or failed.
        public var reason: String?
        /// The file it is busy with.
        public var file: File?

        /// An operation's position.
        public init(
            name: String, title: String, state: State, done: Int64 = 0, total: Int64? = nil,
            unit: String? = nil, activity: String? = nil, elapsedSeconds: Double = 0,
            reason: String? = nil, file: File? = nil
        ) {
            self.name = name
            self.title = title
            self.state = state
            self.done = done
            self.total = total
            self.unit = unit
            self.activity = activity
            self.elapsedSeconds = elapsedSeconds
            self.reason = reason
            self.file = file
        }
    }

    /// The file an operation is busy with.
    public struct File: Codable, Hashable, Sendable {
        /// Its path in the host folder.
        public var path: String
        /// How many bytes have passed.
        public var byteCount: Int64
        /// Of how many; none while that is unknown.
        public var totalByteCount: Int64?
        /// Bytes that pass in a second, lately.
        public var bytesPerSecond: Double?
        /// An estimate of the seconds left.
        public var remainingSeconds: Double?

        /// A file's position.
        public init(
            path: String, byteCount: Int64, totalByteCount: Int64? = nil,
            bytesPerSecond: Double? = nil, remainingSeconds: Double? = nil
        ) {
            self.bytesPerSecond = bytesPerSecond
            self.remainingSeconds = remainingSeconds
            self.path = path
            self.byteCount = byteCount
            self.totalByteCount = totalByteCount
        }
    }

    /// Names and versions this document's shape.
    public static let schemaName = "progress"

    /// `diagbundle.progress/1`.
    public var schema: String
    /// What happened.
    public var kind: Kind
    /// When.
    public var time: Timestamp
    /// The run as a whole.
    public var run: Run
    /// The operation it is about, except with `runStarted`, `notice` and `runEnded`.
    public var operation: Operation?
    /// What a person should read, with `notice`.
    public var message: String?
    /// How the run ended, with `runEnded`.
    public var result: RunResult?

    /// One step of a run.
    public init(
        kind: Kind, time: Timestamp, run: Run, operation: Operation? = nil,
        message: String? = nil, result: RunResult? = nil
    ) {
        schema = "diagbundle.progress/1"
        self.kind = kind
        self.time = time
        self.run = run
        self.operation = operation
        self.message = message
        self.result = result
    }
}

/// One volume of a bundle.
public struct BundleVolume: Codable, Hashable, Sendable {
    /// Where it is.
    public var path: String
    /// Its size in bytes.
    public var byteCount: Int64
    /// SHA-256 of its bytes.
    public var sha256: String

    /// The volume at `path`.
    public init(path: String, byteCount: Int64, sha256: String) {
        self.path = path
        self.byteCount = byteCount
        self.sha256 = sha256
    }
}

/// Who can read a bundle.
public struct BundleRecipients: Codable, Hashable, Sendable {
    /// What encrypted it: age or gpg.
    public var program: String
    /// Those who can, as they were named.
    public var recipients: [String]

    /// Those whom `program` encrypted for.
    public init(program: String, recipients: [String]) {
        self.program = program
        self.recipients = recipients
    }
}

/// How a run ended, and where what it made is.
public struct RunResult: Codable, Hashable, Sendable {
    /// The exit code that `collect` ends with.
    public var exitCode: Int
    /// The sealed bundle's path; none when there is none.
    public var bundlePath: String?
    /// The bundle's size in bytes.
    public var bundleByteCount: Int64?
    /// SHA-256 of the bundle.
    public var bundleSHA256: String?
    /// The volumes of the bundle in their order; none when it is one file.
    public var volumes: [BundleVolume]?
    /// What the bundle is encrypted with; none when it is in clear.
    public var encryption: BundleRecipients?
    /// Where its signature is; none when it has none.
    public var signaturePath: String?
    /// The host folder's path; none when there is none.
    public var folderPath: String?
    /// How many artifacts it holds.
    public var artifactCount: Int
    /// How many bytes they have.
    public var artifactByteCount: Int64
    /// Whether all that exists was collected.
    public var completeness: Manifest.Completeness
    /// What could not be had.
    public var missing: [Missing]
    /// The findings, worst first.
    public var findings: [Finding]
    /// Seconds of collecting.
    public var collectSeconds: Double
    /// Seconds of sealing.
    public var sealSeconds: Double
    /// What went wrong, when there is no bundle: operation, object, cause, what to do.
    public var error: String?
    /// How much each collector left out by design, by its name; none when none did.
    public var withheld: [String: Withheld.Count]?

    /// How a run ended.
    public init(
        exitCode: Int, bundlePath: String? = nil, bundleByteCount: Int64? = nil,
        bundleSHA256: String? = nil, folderPath: String? = nil, artifactCount: Int = 0,
        artifactByteCount: Int64 = 0, completeness: Manifest.Completeness = .partial,
        missing: [Missing] = [], findings: [Finding] = [], collectSeconds: Double = 0,
        sealSeconds: Double = 0, error: String? = nil,
        withheld: [String: Withheld.Count]? = nil, volumes: [BundleVolume]? = nil,
        encryption: BundleRecipients? = nil, signaturePath: String? = nil
    ) {
        self.exitCode = exitCode
        self.bundlePath = bundlePath
        self.bundleByteCount = bundleByteCount
        self.bundleSHA256 = bundleSHA256
        self.folderPath = folderPath
        self.artifactCount = artifactCount
        self.artifactByteCount = artifactByteCount
        self.completeness = completeness
        self.missing = missing
        self.findings = findings
        self.collectSeconds = collectSeconds
        self.sealSeconds = sealSeconds
        self.error = error
        self.withheld = withheld
        self.volumes = volumes
        self.encryption = encryption
        self.signaturePath = signaturePath
    }
}
