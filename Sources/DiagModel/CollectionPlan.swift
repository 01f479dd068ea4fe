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
    /// The plugins that a run would have used, had they not been refused; none where there are none.
    public var refused: [Refused]?
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
        /// `true` when it is no estimate but an upper bound, or has one in it.
        public var isBound: Bool?
        /// `true` when something is not in it of which nothing is known.
        public var isPartial: Bool?
        /// `true` when not both of it were measured or counted on this host, so that a usual value
        /// stands there, or in a part of it. That of a command always is.
        public var isAssumed: Bool?

        /// An estimate.
        public init(
            byteCount: Int64 = 0, seconds: Double = 0, isBound: Bool = false,
            isPartial: Bool = false, isAssumed: Bool = false
        ) {
            self.byteCount = byteCount
            self.seconds = seconds
            self.isBound = isBound ? true : nil
            self.isPartial = isPartial ? true : nil
            self.isAssumed = isAssumed ? true : nil
        }

        /// Both together.
        public static func + (left: Estimate, right: Estimate) -> Estimate {
            Estimate(
                byteCount: left.byteCount.addingReportingOverflow(right.byteCount).overflow
                    ? .max : left.byteCount + right.byteCount,
                seconds: left.seconds + right.seconds,
                isBound: left.isBound == true || right.isBound == true,
                isPartial: left.isPartial == true || right.isPartial == true,
                isAssumed: left.isAssumed == true || right.isAssumed == true)
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
        /// The most bytes that it may send. A dump is not sent: it has the limit of its item.
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

        /// Whether whoever reviewed the plan took all out of it that it would have done.
        public var isTakenOut: Bool { items.isEmpty && doesNotApply == nil && unplanned == nil }

        /// The live dump of it, where it makes one: a file of its own, beside what it sends.
        public var dump: Item? { items.first { $0.kind == .dump } }
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

    /// One run of a command that runs for each of several things.
    public struct Run: Codable, Hashable, Sendable {
        /// What the thing is called, for example `sda`.
        public var name: String
        /// The program and its arguments, the name in them.
        public var arguments: [String]
        /// The artifact with what it says.
        public var artifact: String

        /// A run for the thing called `name`.
        public init(name: String, arguments: [String], artifact: String) {
            self.name = name
            self.arguments = arguments
            self.artifact = artifact
        }
    }

    /// Something that a declaration names as a file and that is none to copy, or a thing whose name
    /// no command is given.
    public struct Misfit: Codable, Hashable, Sendable {
        /// Where it is.
        public var path: String
        /// What it is, as the rest of a sentence, with what to write instead.
        public var why: String

        /// A path and what is there.
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
        /// How many more files, or things to run it for, there are than its limit allows.
        public var leftOutCount: Int?
        /// `true` when there may be more than that.
        public var leftOutIsLeast: Bool?
        /// What could not be looked at, so that what is there is not in the plan; of many the
        /// first ``mostUnreadable``.
        public var unreadable: [Unreadable]?
        /// How many more there are.
        public var moreUnreadableCount: Int?
        /// What is named as a file and is none to copy, and things whose names no command is given
        /// or another thing has, so that a run tells them as missing; of many the first
        /// ``mostMisfits``.
        public var misfits: [Misfit]?
        /// How many more there are.
        public var moreMisfitCount: Int?
        /// Folders of which names are read, with all below them.
        public var folders: [String]?
        /// Folders of procfs, sysfs and udev of which any file may be read, with all below them.
        public var trees: [String]?
        /// The program and its arguments; of a command that runs for each of several things with
        /// `{name}` in them.
        public var arguments: [String]?
        /// The runs of such a command; none where it runs once.
        public var runs: [Run]?
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
        /// The most bytes that are kept: of each file, of all that a command says, or of a dump;
        /// none where it has no limit of its own.
        public var byteLimit: Int64?
        /// What it is likely to give and to take; none when nothing is known of that.
        public var knownEstimate: Estimate?
        /// Why nothing is known of that.
        public var notCounted: String?

        /// What is known of what it is likely to give and to take.
        public var estimate: Estimate {
            get { knownEstimate ?? Estimate(isPartial: true) }
            set { knownEstimate = newValue }
        }

        private enum CodingKeys: String, CodingKey {
            case kind, number, title, risk, doesNotApply, files, leftOutCount, leftOutIsLeast
            case unreadable, moreUnreadableCount, misfits, moreMisfitCount, folders, trees
            case arguments, runs, executable, probe, target, actions, artifact
            case secondsLimit, byteLimit, notCounted
            case knownEstimate = "estimate"
        }

        /// An item that has nothing but a name.
        public init(
            kind: Kind, number: Int, title: String, risk: String, estimate: Estimate = Estimate()
        ) {
            self.kind = kind
            self.number = number
            self.title = title
            self.risk = risk
            knownEstimate = estimate
        }

        /// How many paths that could not be looked at are named.
        public static let mostUnreadable = 20
        /// How many paths that are no files to copy, or no things to run a command for, are named.
        public static let mostMisfits = 100

        /// What is no file to copy or no thing to run for, fit to be shown or told whoever wrote the
        /// plan, as ``shownUnreadable``; and how many more there are.
        public var shownMisfits: (named: [Misfit], moreCount: Int) {
            let all = misfits ?? []
            let named = all.prefix(Self.mostMisfits).map {
                Misfit(path: Self.shown($0.path), why: Self.shown($0.why))
            }
            return (named, Self.sum(moreMisfitCount, all.count - Self.mostMisfits))
        }

        /// How many are not named: those that a plan counts, and those beyond what is shown.
        private static func sum(_ counted: Int?, _ unshown: Int) -> Int {
            let (sum, overflow) = max(0, counted ?? 0).addingReportingOverflow(max(0, unshown))
            return overflow ? .max : sum
        }

        private static func shown(_ text: String) -> String {
            UntrustedText.shortened(UntrustedText.escapingControls(text))
        }

        /// What could not be looked at, fit to be shown or told whoever wrote the plan: few, short
        /// and without control characters; and how many more there are.
        public var shownUnreadable: (named: [Unreadable], moreCount: Int) {
            let all = unreadable ?? []
            let named = all.prefix(Self.mostUnreadable).map {
                Unreadable(path: Self.shown($0.path), why: Self.shown($0.why))
            }
            return (named, Self.sum(moreUnreadableCount, all.count - Self.mostUnreadable))
        }
    }
}
