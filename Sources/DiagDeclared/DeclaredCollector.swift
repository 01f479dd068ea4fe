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
    /// The profile of the run, which items may be bound to.
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
        self.profile = profile
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
        // What a service puts into its own folders must not name files of others.
        context.root = try context.root.followingTrustedLinks()
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
        if let planned, planned.items.isEmpty, planned.doesNotApply == Condition.outOfTime {
            return try run.tell(Condition.outOfTime, of: declaration.name)
        }
        try run.collect()
    }
}
