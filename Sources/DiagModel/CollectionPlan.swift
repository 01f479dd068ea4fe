/// What a run would read, run and ask, before it does: `diagbundle plan`.
///
/// It may be reviewed, and what is taken out of it is not collected by `collect --plan`.
public struct CollectionPlan: Codable, Hashable, Sendable {
    /// Names and versions this document's shape.
    public static let schemaName = "plan"

    /// `diagbundle.plan/1`.
    public var schema = "diagbundle.plan/1"
    /// The program that made it.
    public var tool: Manifest.Tool
    /// The host that it is for.
    public var host: Host
    /// The user id that made it; 0 is root. Another may not read as much.
    public var userIdentifier: Int
    /// When it was made.
    public var created: Timestamp
    /// The root of the file system, `/` on a live host.
    public var root: String
    /// How far back logs are wanted; none for all within their budget.
    public var since: Timestamp?
    /// The options that it was made with, by name, as they are typed.
    public var options: [String: [String]]
    /// The collectors, in the order of the run.
    public var collectors: [Collector]
    /// What all of it is estimated to give and to take.
    public var estimate: Estimate

    /// A plan of `collectors`.
    public init(
        tool: Manifest.Tool, host: Host, userIdentifier: Int, created: Timestamp, root: String,
        since: Timestamp? = nil, options: [String: [String]], collectors: [Collector],
        estimate: Estimate
    ) {
        self.tool = tool
        self.host = host
        self.userIdentifier = userIdentifier
        self.created = created
        self.root = root
        self.since = since
        self.options = options
        self.collectors = collectors
        self.estimate = estimate
    }

    /// The collector called `name`.
    public subscript(name: String) -> Collector? { collectors.first { $0.name == name } }

    /// The host that a plan is for.
    public struct Host: Codable, Hashable, Sendable {
        /// What it calls itself.
        public var name: String
        /// SHA-256 of a word and its machine-id, so that the id itself does not leave it.
        public var machine: String?

        /// A host by its names.
        public init(name: String, machine: String? = nil) {
            self.name = name
            self.machine = machine
        }
    }

    /// How much something is likely to be. It is an estimate, and no limit.
    public struct Estimate: Codable, Hashable, Sendable {
        /// Bytes of artifacts.
        public var byteCount: Int64
        /// Seconds, one collector after the other.
        public var seconds: Double

        /// An estimate.
        public init(byteCount: Int64 = 0, seconds: Double = 0) {
            self.byteCount = byteCount
            self.seconds = seconds
        }

        /// Both together.
        public static func + (left: Estimate, right: Estimate) -> Estimate {
            Estimate(
                byteCount: left.byteCount.addingReportingOverflow(right.byteCount).overflow
                    ? .max : left.byteCount + right.byteCount,
                seconds: left.seconds + right.seconds)
        }
    }

    /// One collector of a plan.
    public struct Collector: Codable, Hashable, Sendable {
        /// Its name.
        public var name: String
        /// What it collects.
        public var subject: String
        /// `built in`, or the path of the file that declares it.
        public var origin: String
        /// SHA-256 of the file that declares it; none for one of code.
        public var definition: String?
        /// The highest risk of it: `R0`, `R1` or `R2`.
        public var risk: String
        /// How its process is confined.
        public var confinement: String
        /// The capabilities that its processes keep, where the run has them.
        public var capabilities: [String]
        /// Seconds until its process is ended.
        public var deadlineSeconds: Double
        /// The most bytes that it may send.
        public var byteLimit: Int64
        /// Why it collects nothing here.
        public var doesNotApply: String?
        /// Why it is not known what it would do, so that a run by this plan leaves it out.
        public var unplanned: String?
        /// What else there is to know.
        public var notes: [String]?
        /// What it reads, runs and asks, in order.
        public var items: [Item]
        /// What all of its items are estimated to give and to take.
        public var estimate: Estimate

        /// A collector without items.
        public init(
            name: String, subject: String, origin: String, definition: String? = nil,
            risk: String, confinement: String, capabilities: [String], deadlineSeconds: Double,
            byteLimit: Int64, items: [Item] = [], estimate: Estimate = Estimate()
        ) {
            self.name = name
            self.subject = subject
            self.origin = origin
            self.definition = definition
            self.risk = risk
            self.confinement = confinement
            self.capabilities = capabilities
            self.deadlineSeconds = deadlineSeconds
            self.byteLimit = byteLimit
            self.items = items
            self.estimate = estimate
        }
    }

    /// One file.
    public struct File: Codable, Hashable, Sendable {
        /// Its path below the root; what is not UTF-8 in it is written as `\xNN`.
        public var path: String
        /// The path as base64, only when it is not UTF-8.
        public var pathBytes: String?
        /// Its size, as the file system says.
        public var byteCount: Int64

        /// A file and its size.
        public init(path: String, pathBytes: String? = nil, byteCount: Int64) {
            self.path = path
            self.pathBytes = pathBytes
            self.byteCount = byteCount
        }
    }

    /// A path that could not be looked at.
    public struct Unreadable: Codable, Hashable, Sendable {
        /// The path, or what was looked for.
        public var path: String
        /// What the kernel said, or what was in the way.
        public var why: String

        /// A path and its reason.
        public init(path: String, why: String) {
            self.path = path
            self.why = why
        }
    }

    /// One thing that a collector does.
    public struct Item: Codable, Hashable, Sendable {
        /// What kinds of things there are.
        public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
            /// Files are copied, each under its own path.
            case files
            /// A command is run, and what it says is kept.
            case command
            /// Names, sizes and times are listed; no file is opened.
            case listing
            /// Code of the program reads files, and makes documents of them.
            case reads
            /// A device, a mount or a daemon is asked, in a process that is given up when it hangs.
            case probe
            /// The memory of the running kernel is read.
            case dump
            /// A program of somebody else runs, which does not say what it reads.
            case program
        }

        /// What kind of thing it is.
        public var kind: Kind
        /// Which item of its collector it is, from 1 on.
        public var number: Int
        /// What it is called.
        public var title: String
        /// What it may touch: `R0`, `R1` or `R2`.
        public var risk: String
        /// Why it gives nothing here.
        public var doesNotApply: String?
        /// The files that are read.
        public var files: [File]?
        /// How many more files there are than its limit allows.
        public var leftOutCount: Int?
        /// What could not be looked at, so that what is there is not in the plan; of many the
        /// first ``mostUnreadable``.
        public var unreadable: [Unreadable]?
        /// How many more there are.
        public var moreUnreadableCount: Int?
        /// Folders of which names are read, with all below them.
        public var folders: [String]?
        /// Folders of procfs, sysfs and udev of which any file may be read, with all below them.
        public var trees: [String]?
        /// The program and its arguments.
        public var arguments: [String]?
        /// Where the program stands.
        public var executable: String?
        /// The kind of probe.
        public var probe: String?
        /// What is probed.
        public var target: String?
        /// What is done to it: system calls, ioctls and commands, by their names.
        public var actions: [String]?
        /// The artifact, where there is one.
        public var artifact: String?
        /// Seconds until it is ended.
        public var secondsLimit: Double?
        /// The most bytes that are kept: of each file, or of all that a command says.
        public var byteLimit: Int64?
        /// What it is likely to give and to take.
        public var estimate: Estimate

        /// An item that has nothing but a name.
        public init(
            kind: Kind, number: Int, title: String, risk: String, estimate: Estimate = Estimate()
        ) {
            self.kind = kind
            self.number = number
            self.title = title
            self.risk = risk
            self.estimate = estimate
        }

        /// How many paths that could not be looked at are named.
        public static let mostUnreadable = 20

        /// What could not be looked at, fit to be shown or told whoever wrote the plan: few, short
        /// and without control characters; and how many more there are.
        public var shownUnreadable: (named: [Unreadable], moreCount: Int) {
            func shown(_ text: String) -> String {
                UntrustedText.shortened(UntrustedText.escapingControls(text))
            }
            let all = unreadable ?? []
            let (moreCount, overflow) = max(0, moreUnreadableCount ?? 0).addingReportingOverflow(
                max(0, all.count - Self.mostUnreadable))
            let named = all.prefix(Self.mostUnreadable).map {
                Unreadable(path: shown($0.path), why: shown($0.why))
            }
            return (named, overflow ? .max : moreCount)
        }
    }
}
