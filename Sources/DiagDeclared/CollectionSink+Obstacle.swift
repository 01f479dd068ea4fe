internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

extension CollectionSink {
    /// Tells why nothing of `what` is there: what root would get is missing, what there was no time
    /// for, what a program would say that is there and is refused, and what depends on something
    /// that could not be looked at, such as behind an automount point; what the host has not is
    /// absent.
    func tell(_ obstacle: String, of what: String) throws {
        if obstacle == Condition.needsRoot {
            try missing(what, why: "it needs root", remedy: "run as root")
        } else if Condition.sayWhatIsMissing.contains(obstacle) {
            try missing(what, why: obstacle, remedy: Condition.remedy(for: obstacle))
        } else {
            try absent(what, why: obstacle)
        }
    }

    /// Tells why a plan has nothing of `what`, so that a run of it collects nothing, however that is
    /// now.
    func tell(planned obstacle: String, of what: String) throws {
        guard obstacle != Condition.outOfTime, Condition.sayWhatIsMissing.contains(obstacle) else {
            return try tell(obstacle, of: what)
        }
        let needsRoot = obstacle == Condition.needsRoot && HostFacts.effectiveUser != 0
        try missing(
            what, why: "when the plan was made: \(obstacle)",
            remedy: needsRoot ? "Make a new plan as root." : "Make a new plan.")
    }
}

extension Condition {
    /// The obstacles of which it is told that something is missing, and what would give it.
    struct MissingObstacles: Sendable {
        /// Whether this is one of them.
        func contains(_ obstacle: String) -> Bool {
            [Condition.needsRoot, Condition.outOfTime].contains(obstacle)
                || obstacle.contains(Condition.notKnown) || InstalledProgram.isRefusal(obstacle)
        }
    }

    /// What stands before what was in the way of a look.
    private static let notKnown = " is not known: "

    /// Why it is not known `whether` something is so that a look behind an automount point would
    /// tell.
    static func doubt(whether claim: String, behind point: FilePath) -> String {
        let place = UntrustedText.escapingForPath(point.bytes)
        return "whether \(claim)\(notKnown)\(place) is \(AutomountPoint.reason)"
    }

    /// The same where a look failed.
    static func doubt(whether claim: String, for error: SystemCallError) -> String {
        let place = UntrustedText.escapingControls(error.object)
        return "whether \(claim)\(notKnown)\(error.operation) \(place): \(error.errno)"
    }

    /// What would take an obstacle away that says so; `nil` for any other.
    static func remedy(for obstacle: String) -> String? {
        obstacle.contains(AutomountPoint.reason)
            ? "mount it and collect again" : InstalledProgram.remedy(for: obstacle)
    }

    /// The obstacles of which it is told that something is missing, and what would give it.
    static let sayWhatIsMissing = MissingObstacles()
}
