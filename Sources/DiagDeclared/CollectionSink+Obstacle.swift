internal import DiagCollect

extension CollectionSink {
    /// Tells why nothing of `what` is there: what root would get is missing, and what there was no
    /// time for; what the host has not is absent.
    func tell(_ obstacle: String, of what: String) throws {
        switch obstacle {
        case Condition.needsRoot:
            try missing(what, why: "it needs root", remedy: "run as root")
        case Condition.outOfTime: try missing(what, why: obstacle)
        default: try absent(what, why: obstacle)
        }
    }
}

extension Condition {
    /// The obstacles of which it is told that something is missing, and what would give it.
    static let sayWhatIsMissing = [needsRoot, outOfTime]
}
