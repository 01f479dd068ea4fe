public import DiagCollect
internal import DiagLiveDump
internal import DiagModel
internal import DiagSystem

/// The live kernel dump: the kernel's memory, or the stacks of all threads, without a crash.
///
/// It runs only when it is asked for. What the kernel refuses is missing, with what would give it;
/// the text of the stacks is sent even then, as far as it is permitted.
public struct LiveDumpCollector: Collector {
    /// The name of the collector.
    public static let name = "livedump"

    /// What it is and what it costs. The budget is that of the text: the dump is a file of its own,
    /// with the limit of its options, and takes as long as the run.
    public let descriptor = CollectorDescriptor(
        name: LiveDumpCollector.name, subject: "live kernel dump", risk: .media,
        confinement: .inspector, deadlineSeconds: 600, byteBudget: 512 << 20, weight: 100,
        seekable: SeekableArtifact(
            path: "LiveDump.kdump", mediaType: Artifact.kdumpMediaType, source: "/proc/kcore"),
        topArtifacts: ["LiveDump.json", "LiveDump-stacks.txt", "LiveDump-stacks.json"])

    /// The collector.
    public init() {}

    /// Takes the lock and opens what needs rights that go afterwards.
    public func prepare(in context: CollectionContext) throws -> (any Sendable)? {
        LiveDumpPreparation.make(in: context.root)
    }

    /// Sends the stacks, makes the dump, and sends the report of it.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let options = try Self.value(LiveDumpOptions.self, "options", of: context) ?? .init()
        let settings = try Self.value(DumpSettings.self, "settings", of: context) ?? .init()
        let place = try Self.value(LiveDumpPlace.self, "place", of: context) ?? .init()
        let preparation =
            context.prepared as? LiveDumpPreparation ?? .make(in: context.root)
        let file = context.seekable
        var stackFiles = [String]()
        let dump = LiveDump(
            options: options, settings: settings, isStored: place.isStored, tree: context.root,
            destination: file.map { file in
                .init(
                    name: file.name, byteLimit: min(file.byteLimit, place.byteLimit ?? .max),
                    byteLimitReason: place.byteLimitReason,
                    place: place.fileSystem(ofDescriptor: file.descriptor.rawValue)
                ) { () throws(SystemCallError) in try file.descriptor.duplicate() }
            },
            preparation: preparation, readsStacksAnyway: place.isInBundle)
        var report = try dump.run(
            .init(
                isStopRequested: { context.isStopRequested },
                tell: { try Self.tell($0, of: file?.name ?? "LiveDump.kdump", to: sink) },
                take: { stacks, between in
                    let privacy: PrivacyClass =
                        stacks.holdsUserRegisters ? .sensitive : .identity
                    try sink.open(
                        .init(
                            path: "LiveDump-stacks.txt", source: "/proc", mediaType: "text/plain",
                            privacy: privacy))
                    try KernelStacksText.encode(stacks) {
                        try sink.write($0.span)
                        between()
                    }
                    try sink.open(
                        .init(
                            path: "LiveDump-stacks.json", source: "/proc",
                            mediaType: "application/json", privacy: privacy))
                    try stacks.encodeDocument {
                        try sink.write($0.span)
                        between()
                    }
                    stackFiles = ["LiveDump-stacks.txt", "LiveDump-stacks.json"]
                }))
        report = place.worded(report)
        report.stackFiles = stackFiles
        try sink.sendJSON("LiveDump.json", report, source: "/proc/kcore", privacy: .identity)
        if report.file != nil {
            try sink.send(
                .seekable(
                    .init(
                        isComplete: report.outcome == .complete,
                        reason: report.outcome == .complete ? nil : report.obstacle?.message)))
        }
        if let obstacle = report.obstacle {
            try sink.missing(
                report.file.map { "pages of \($0.name)" } ?? file?.name ?? "LiveDump.kdump",
                why: obstacle.message, remedy: obstacle.remedy)
        }
    }

    /// One of the collector's own options; none where it is not given.
    static func value<Value: Decodable>(
        _ type: Value.Type, _ key: String, of context: CollectionContext
    ) throws -> Value? {
        try value(type, key, of: context.options)
    }

    /// The same of options that are no run's.
    static func value<Value: Decodable>(
        _ type: Value.Type, _ key: String, of options: [String: JSONValue]
    ) throws -> Value? {
        guard let json = options[key] else { return nil }
        return try JSONDocument.decode(
            Value.self, from: JSONDocument.encode(json, layout: .line))
    }

    private static func tell(
        _ progress: LiveDump.Progress, of name: String, to sink: any CollectionSink
    ) throws {
        try sink.send(
            .progress(
                .init(
                    done: Int64(progress.pages), total: Int64(progress.totalPages), unit: "pages",
                    activity: nil,
                    file: .init(
                        path: name, byteCount: progress.byteCount,
                        totalByteCount: progress.totalByteCount,
                        bytesPerSecond: progress.bytesPerSecond,
                        remainingSeconds: progress.remainingSeconds))))
    }
}
