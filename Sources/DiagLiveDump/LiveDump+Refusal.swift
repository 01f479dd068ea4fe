internal import DiagModel
internal import DiagSystem

/// What is said where there is no dump.
extension LiveDump {
    /// `obstacle` with the way to the stacks of all threads: for a full dump without which these
    /// were not read either.
    static func namingStacks(
        _ obstacle: LiveDumpReport.Obstacle, kind: LiveDumpReport.Kind,
        isRoot: Bool = HostFacts.effectiveUser == 0
    ) -> LiveDumpReport.Obstacle {
        guard kind == .full else { return obstacle }
        let way: String
        switch obstacle.cause {
        // The dump that is being made has its own, and forbids another one of any kind.
        case .alreadyRunning: return obstacle
        case .throttled:
            way =
                "The stacks of all threads alone can be had by `diagbundle dump stacks`, whose time"
                + " between two counts apart."
        case .memoryPressure:
            way =
                "The stacks of all threads can be had then, too, alone by `diagbundle dump stacks`."
        // The host's own folder of dumps is root's.
        case _ where obstacle.cause == .notPermitted || !isRoot:
            way =
                "What is permitted of the stacks of all threads can be had as text by `diagbundle"
                + " dump stacks --output DIR`."
        default:
            way = "The stacks of all threads as text can be had by `diagbundle dump stacks`."
        }
        var obstacle = obstacle
        obstacle.remedy = obstacle.remedy.map { "\($0) \(way)" } ?? way
        return obstacle
    }
}
