public import DiagCollect
internal import DiagLiveDump
internal import DiagModel
internal import DiagSystem

/// What the live dump would do.
extension LiveDumpCollector {
    /// One item: the memory that is read. How much that is, `dump full --dry-run` counts.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        var plan = PlanBuilder(context)
        var item = CollectionPlan.Item(
            kind: .dump, number: 1, title: "memory of the running kernel", risk: "R2")
        item.files = [
            .init(path: "/proc/kcore", byteCount: 0), .init(path: "/proc/kpageflags", byteCount: 0),
        ]
        item.trees = [ReadScope.processes]
        item.actions = [
            "read /proc/kcore and /proc/kpageflags", "read state and stacks of all threads",
            "perf_event_open(2), for the stacks of running processors",
        ]
        item.artifact = descriptor.seekable?.path
        item.secondsLimit = descriptor.deadlineSeconds
        item.byteLimit = descriptor.seekable?.byteLimit
        plan.add(item)
        plan.note(
            "how many bytes and seconds a dump takes is counted by:"
                + " diagbundle dump full --dry-run")
        return plan.work
    }
}
