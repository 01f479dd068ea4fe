/// How one command of a collector was run, as `commands.json` of its folder lists it.
public struct CommandRecord: Codable, Hashable, Sendable {
    /// The artifact that lists a collector's commands.
    public static let artifact = "commands.json"

    /// All commands of a collector.
    public struct List: Codable, Hashable, Sendable {
        /// Names and versions this document's shape.
        public static let schemaName = "commands"
        /// `diagbundle.commands/1`.
        public var schema = "diagbundle.commands/1"
        /// The commands, in the order in which they ran.
        public var commands: [CommandRecord]

        /// A list of commands.
        public init(commands: [CommandRecord]) { self.commands = commands }
    }

    /// The program and its arguments.
    public var arguments: [String]
    /// The program's path.
    public var executable: String
    /// The artifact with what it said; none when it said nothing.
    public var artifact: String?
    /// Its exit code; none when a signal ended it.
    public var exitCode: Int?
    /// The signal that ended it.
    public var signal: Int?
    /// Whether it did not end in time.
    public var isLate = false
    /// Whether it was still there after SIGKILL.
    public var isAbandoned = false
    /// Seconds that it took.
    public var seconds: Double
    /// How many bytes it wrote to standard output, kept or not.
    public var outputByteCount: Int64
    /// What it wrote to standard error, at most 4 KiB of it.
    public var errors: String?
    /// Why the kernel did not start it, in the words of its error; none for a command that ran.
    public var failure: String?

    /// A command that ran.
    public init(
        arguments: [String], executable: String, seconds: Double, outputByteCount: Int64,
        isLate: Bool = false, isAbandoned: Bool = false, errors: String? = nil
    ) {
        self.arguments = arguments
        self.executable = executable
        self.seconds = seconds
        self.outputByteCount = outputByteCount
        self.isLate = isLate
        self.isAbandoned = isAbandoned
        self.errors = errors
    }
}
