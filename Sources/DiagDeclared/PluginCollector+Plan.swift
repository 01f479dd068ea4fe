public import DiagCollect
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What a plugin would do.
extension PluginCollector {
    /// One item, the program with its arguments: it does not say what it reads.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        guard context.root.isLiveHost else {
            return PlannedWork(
                doesNotApply: "a plugin does not apply to a root that is not the running host's")
        }
        let host = HostTraits(try context.root.forDeclarations(), until: context.deadline)
        if let obstacle = declaration.condition.obstacle(on: host) {
            return PlannedWork(doesNotApply: obstacle)
        }
        return PlannedWork(items: [item])
    }

    private var item: CollectionPlan.Item {
        var item = CollectionPlan.Item(
            kind: .program, number: 1, title: declaration.subject,
            risk: "R\(declaration.risk.rawValue)", estimate: PlanCost.program)
        item.executable = UntrustedText.escapingInvalidUTF8(source.program.bytes)
        item.arguments = [item.executable ?? ""] + declaration.arguments
        item.byteLimit = declaration.byteLimit
        item.secondsLimit = declaration.deadlineSeconds
        return item
    }

    /// What a plan has of this plugin that it does not do; `nil` when there is nothing.
    public func stranger(in plan: CollectionPlan.Collector) -> String? {
        plan.items.first { $0 != item }.map { "item \($0.number), \($0.title)" }
            ?? (plan.items.count > 1 ? "a second program" : nil)
    }

    /// Tells it apart from every other plugin, and from itself once it was changed: SHA-256 of that
    /// of its description and that of its program.
    public var definition: String {
        DeclarationFile.digest(Array((source.digest + " " + source.programDigest).utf8))
    }
}
