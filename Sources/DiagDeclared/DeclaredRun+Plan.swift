internal import DiagCollect
internal import DiagModel

/// What of a reviewed plan is missing from a run by it, whatever the run finds.
extension DeclaredRun {
    /// Tells what could not be looked at when the plan was made, was no file to copy, or was more
    /// than the limit: nobody reviewed what is there, so it is not collected now, whether or not it
    /// could be.
    ///
    /// - Returns: whether there was any.
    func tellUnplanned(
        _ plan: CollectionPlan.Item, of item: CollectorDeclaration.Item
    ) throws -> Bool {
        let unreadable = plan.unreadableLacks
        for lack in unreadable { try sink.send(.missing(lack)) }
        let misfits = plan.shownMisfits
        for misfit in misfits.named { try sink.missing(misfit.path, why: misfit.why) }
        try tellMisfits(misfits.moreCount, of: item)
        let leftOutCount = max(0, plan.leftOutCount ?? 0)
        try tellLeftOut(leftOutCount, isLeast: plan.leftOutIsLeast == true, of: item)
        return !unreadable.isEmpty || !misfits.named.isEmpty || misfits.moreCount > 0
            || leftOutCount > 0
    }

    /// Tells that `count` more than the limit of an item allows are there; none when it is 0.
    func tellLeftOut(
        _ count: Int, isLeast: Bool, of item: CollectorDeclaration.Item
    ) throws {
        guard count > 0 else { return }
        let limits = item.limits
        let what =
            switch item.source {
            case .files:
                "files match than the \(limits.fileCount) that are kept, the "
                    + (limits.keepsNewest ? "newest" : "first")
            case .command: "match than the \(limits.runCount) that it runs for, the first"
            // A run without a plan has no such limit: it counts names.
            case .listing:
                "match than the \(DeclaredCollector.mostFolders) that a plan lists, the first"
            }
        try sink.missing(item.title, why: (isLeast ? "at least " : "") + "\(count) more \(what)")
    }

    /// Tells of `count` misfits that are not named; of none when it is 0.
    func tellMisfits(_ count: Int, of item: CollectorDeclaration.Item) throws {
        guard count > 0 else { return }
        try sink.missing(
            "\(item.title): \(count) more paths",
            why: item.kind == .command
                ? CollectorDeclaration.ForEach.unfitOrTaken : "are no files to copy")
    }
}
