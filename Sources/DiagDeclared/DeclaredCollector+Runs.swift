internal import DiagCollect
internal import DiagModel
internal import DiagSystem

/// The runs of a command that a plan has.
extension CollectionPlan.Item {
    /// Adds what `command` would run for now, with the arguments of each run; no program is started.
    ///
    /// The estimate is that of one run before, and of all after.
    mutating func addRuns(
        of command: CollectorDeclaration.Command, _ item: CollectorDeclaration.Item,
        in context: CollectionContext
    ) throws {
        guard let forEach = command.forEach else { return }
        let selection = try RunSelection(
            command, limits: item.limits, in: context.root, until: context.deadline)
        let each = estimate
        estimate = selection.names.reduce(CollectionPlan.Estimate()) { sum, _ in sum + each }
        runs = selection.names.map { name in
            let run = command.run(for: name)
            return CollectionPlan.Run(
                name: name, arguments: run.fullArguments(since: context.since),
                artifact: run.artifact)
        }
        noteLeftOut(selection.leftOutCount, isLeast: selection.leftOutIsLeast)
        noteUnreadable(
            selection.failures, cut: selection.isCut ? RunSelection.tookTooLong : nil,
            tooDeepCount: 0)
        note(selection.misfits, moreCount: selection.moreMisfitCount)
        guard selection.names.isEmpty else { return }
        if let first = unreadable?.first {
            doesNotApply = "\(first.path): \(first.why)"
        } else if let first = misfits?.first {
            doesNotApply = "\(first.path) \(first.why)"
        } else {
            doesNotApply = forEach.emptiness
        }
    }
}
