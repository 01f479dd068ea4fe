import DiagDeclared
import DiagModel

/// The refused plugins in a plan.
extension CollectionPlan.Refused {
    init(_ refusal: PluginFile.Refusal) {
        self.init(
            name: refusal.isFolder ? nil : UntrustedText.escapingControls(refusal.name),
            path: UntrustedText.escapingControls(refusal.path),
            reason: UntrustedText.escapingControls(refusal.reason))
    }
}

extension PlanFile {
    /// How many of them are told.
    private static let mostRefused = 100

    /// What a run by the plan lacks, for plugins were refused when it was made: whether or not they
    /// still would be, nobody reviewed what they do.
    var missingPlugins: [Missing] {
        (plan.refused ?? []).prefix(Self.mostRefused).map(\.shown).map { refused in
            Missing(
                collector: "plugins", what: refused.title,
                why: "the plan does not have it: " + refused.reason,
                remedy: "mend it and make the plan anew")
        }
    }
}
