/// What a run with other artifacts says in short of the live dump that it was to make.
public struct LiveDumpOutline: Codable, Hashable, Sendable {
    /// The dump's file at the top of the host folder; none when no dump was made.
    public struct File: Codable, Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Bytes of it.
        public var byteCount: Int64
        /// Which pages were asked for: `27`, or the stacks alone; none when that was not told.
        public var level: String?
        /// Whether every page that was asked for is in it.
        public var isComplete: Bool

        /// `complete`, or `partial: pages are missing`.
        public var completeness: String {
            isComplete ? "complete" : "partial: pages are missing"
        }
    }

    /// The file; none when no dump was made.
    public var file: File?
    /// The text of the stacks of all threads, by its name in the host folder.
    public var stacksName: String?

    /// What makes it other than a dump of a machine that stood still, in words.
    public static let smear = "smeared: pages were copied while the kernel ran"

    /// What became of a dump, by its own report and by what the host folder has.
    ///
    /// `nil` when there is neither a dump nor the stacks: then what is missing says why.
    public init?(of report: LiveDumpReport?, in artifacts: [Artifact]) {
        let types = [Artifact.kdumpMediaType, Artifact.elfCoreMediaType]
        let dumped = artifacts.first {
            $0.path.hasPrefix("LiveDump.") && types.contains($0.mediaType ?? "")
        }
        file = dumped.map {
            File(
                name: $0.path, byteCount: $0.byteCount, level: report.map(Self.level),
                isComplete: report?.outcome == .complete && !$0.isTruncated)
        }
        stacksName = artifacts.first { $0.path == "LiveDump-stacks.txt" }?.path
        if file == nil, stacksName == nil { return nil }
    }

    /// The level as it was asked for: the third parameter of the stop code. Where pages of zeros
    /// were to be left out they stay as one that all share, and the level made lacks their bit.
    private static func level(of report: LiveDumpReport) -> String {
        if report.kind == .stacks { return "what the stacks of all threads need" }
        let asked = report.parameters.count > 2 ? report.parameters[2] : ""
        guard asked.hasPrefix("0x"), let level = Int(asked.dropFirst(2), radix: 16),
            level & ~1 == report.level
        else { return "\(report.level)" }
        return "\(level)"
    }
}
