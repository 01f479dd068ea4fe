internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the run tells the collector of where the dump goes.
public struct LiveDumpPlace: Codable, Hashable, Sendable {
    /// The folder that was named for it, for messages: the collector has an open file alone.
    public var folder: String?
    /// The most bytes that may be written, as the disk has room; none for no limit.
    public var byteLimit: Int64?
    /// Why not more: `half of what is free in /srv/logs`.
    public var byteLimitReason: String?
    /// Whether `collect` makes it, whose options begin with `--dump-`.
    public var isInBundle = false
    /// Whether it goes into the host's own folder of dumps.
    public var isStored = false

    /// A place of which nothing is known.
    public init() {}

    /// The file system of an open file, by the folder's name.
    func fileSystem(ofDescriptor number: Int32) -> FileSystemPlace? {
        var place = try? FileSystemPlace.of(FilePath("/proc/self/fd/\(number)"))
        if let folder { place?.path = FilePath(folder) }
        return place
    }

    /// Options of `dump` that `collect` calls otherwise.
    private static let renamedOptions = [
        "level", "compress", "format", "user-pages", "guest-pages", "on-pressure", "max-size",
        "originator", "threads", "no-throttle",
    ]

    /// `text` with the names that options have in the run that asks.
    func namingOptions(in text: String) -> String {
        guard isInBundle else { return text }
        return Self.renamedOptions.reduce(text) { text, name in
            text.replacing("--\(name)", with: "--dump-\(name)")
        }
    }

    /// The report in the words of the run that asks.
    func worded(_ report: LiveDumpReport) -> LiveDumpReport {
        var report = report
        report.warnings = report.warnings.map { namingOptions(in: $0) }
        if var obstacle = report.obstacle {
            obstacle.message = namingOptions(in: obstacle.message)
            obstacle.remedy = obstacle.remedy.map { namingOptions(in: $0) }
            report.obstacle = obstacle
        }
        return report
    }
}
