public import DiagCollect
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Collects what a YAML file declares.
public struct DeclaredCollector: Collector {
    /// What the file says.
    public let declaration: CollectorDeclaration
    /// Where that stands.
    public let source: DeclarationSource
    /// The profile that items may be bound to: that of the run, or where the collector is of others
    /// the first of its own.
    public let profile: CollectionProfile
    /// What a reviewed plan has of it; all of it without.
    private let planned: CollectionPlan.Collector?

    /// A collector of what `declaration` says, as far as it belongs to `profile`.
    public init(
        _ declaration: CollectorDeclaration, source: DeclarationSource = .builtIn,
        profile: CollectionProfile = .default, planned: CollectionPlan.Collector? = nil
    ) {
        self.declaration = declaration
        self.source = source
        self.profile = declaration.profile(inRunOf: profile)
        self.planned = planned
    }

    /// What `commands.json` may take beside the declared limit.
    private static let recordByteCount: Int64 = 1 << 20

    private var hasCommands: Bool {
        declaration.items.contains { if case .command = $0.source { true } else { false } }
    }

    /// Risk, deadline and bytes as declared; an inspector when it runs commands, else a reader.
    public var descriptor: CollectorDescriptor {
        CollectorDescriptor(
            name: declaration.name, subject: declaration.subject, risk: declaration.risk,
            confinement: hasCommands ? .inspector : .reader,
            deadlineSeconds: declaration.deadlineSeconds,
            byteBudget: declaration.byteLimit + Self.recordByteCount,
            capabilities: declaration.capabilities.reduce(into: []) { $0.formUnion($1.set) },
            fileGrowthByteCount: hasReadOnlyCommands
                ? CollectorDeclaration.Command.indexByteCount : 0)
    }

    private var hasReadOnlyCommands: Bool {
        declaration.items.contains {
            if case .command(let command) = $0.source { command.isReadOnly } else { false }
        }
    }

    /// Sends the artifacts of each item in turn, and `commands.json` when commands were run.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        var context = context
        context.root = try context.root.forDeclarations()
        let host = HostTraits(context.root, until: DeclaredRun.softDeadline(of: context))
        let run = DeclaredRun(
            declaration, profile: profile, host: host, context: context, sink: sink,
            planned: planned)
        if let obstacle = declaration.condition.obstacle(on: host) {
            guard let planned, planned.doesNotApply == nil,
                !Condition.sayWhatIsMissing.contains(obstacle)
            else {
                return try run.tell(obstacle, of: declaration.name)
            }
            return try sink.missing(
                declaration.name, why: DeclaredRun.planned(but: obstacle))
        }
        if let planned, planned.items.isEmpty, let obstacle = planned.doesNotApply,
            Condition.sayWhatIsMissing.contains(obstacle)
        {
            return try sink.tell(planned: obstacle, of: declaration.name)
        }
        try run.collect()
    }
}
