public import DiagCollect
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Collects by becoming another program, which speaks the protocol of the workers itself.
public struct PluginCollector: Collector {
    /// What the file beside the program says.
    public let declaration: PluginDeclaration
    /// Where both stand, and what they were when they were read.
    public let source: PluginSource
    /// What a reviewed plan has of it; everything without one.
    public var planned: CollectionPlan.Collector?

    /// A collector that is the program of `source`.
    public init(_ declaration: PluginDeclaration, source: PluginSource) {
        self.declaration = declaration
        self.source = source
    }

    /// All as described.
    public var descriptor: CollectorDescriptor {
        CollectorDescriptor(
            name: declaration.name, subject: declaration.subject, risk: declaration.risk,
            confinement: declaration.confinement, deadlineSeconds: declaration.deadlineSeconds,
            byteBudget: declaration.byteLimit,
            capabilities: declaration.capabilities.reduce(into: []) { $0.formUnion($1.set) },
            plugin: PluginTraits(privacy: declaration.privacy))
    }

    /// Runs the program in the place of this process, which then does not come back.
    ///
    /// - Throws: ``PluginFile/Refusal`` when the program cannot be run.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        if let planned, planned.items.isEmpty {
            return try sink.tell(
                planned.doesNotApply ?? "the plan does not have it", of: declaration.name)
        }
        guard context.root.isLiveHost else {
            return try sink.absent(
                declaration.name,
                why: "a plugin does not apply to a root that is not the running host's")
        }
        let host = HostTraits(try context.root.forDeclarations(), until: context.deadline)
        if let obstacle = declaration.condition.obstacle(on: host) {
            guard planned != nil, !Condition.sayWhatIsMissing.contains(obstacle) else {
                return try sink.tell(obstacle, of: declaration.name)
            }
            return try sink.missing(declaration.name, why: DeclaredRun.planned(but: obstacle))
        }
        guard var request = context.request else {
            throw PluginFile.Refusal(
                path: source.program.string, reason: "a plugin runs in a process of its own only")
        }
        if !context.confinementGaps.isEmpty {
            let gaps = context.confinementGaps.joined(separator: ", ")
            try sink.send(.note(.init(text: "this kernel could not give: \(gaps)")))
            try sink.progress(0)  // Whatever was sent goes out by it.
        }
        let program = try PluginFile.openProgram(of: source)
        request.options = [:]
        var environment = DeclaredRun.environment
        environment["PATH"] = PluginInterpreter.trustedFolders.joined(separator: ":")
        environment["DIAGBUNDLE_BOUNDARY"] = request.boundary
        environment["DIAGBUNDLE_PROTOCOL"] = "\(WorkerRequest.protocolVersion)"
        environment["DIAGBUNDLE_PLUGIN"] = source.program.string
        environment["DIAGBUNDLE_DEADLINE"] = "\(Int(request.deadlineSeconds))"
        environment["DIAGBUNDLE_BYTES"] = "\(request.byteBudget)"
        environment["DIAGBUNDLE_SINCE"] = request.since?.description ?? ""
        let input = try JSONDocument.encode(request, layout: .line) + [0x0A]
        let kind = program.kind
        do throws(SystemCallError) {
            try ProcessImage.replace(
                by: program.file, at: source.program, isScript: kind == .script,
                arguments: declaration.arguments, environment: environment, input: input)
        } catch { throw PluginFile.unexecuted(source.program, kind, error) }
    }
}
