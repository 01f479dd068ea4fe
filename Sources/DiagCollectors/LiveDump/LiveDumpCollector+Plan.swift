public import DiagCollect
internal import DiagLiveDump
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What the live dump would do.
extension LiveDumpCollector {
    /// One item: the memory that is read, and the stacks. No page of the memory is read for it.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        let options = try Self.value(LiveDumpOptions.self, "options", of: context) ?? .init()
        // The run says how long it may take.
        var seconds = descriptor.deadlineSeconds
        if case .number(let given)? = context.options["deadlineSeconds"] { seconds = given }
        let cost = Cost.of(options, secondsLimit: seconds, in: context.root)
        var plan = PlanBuilder(context)
        var item = self.item(options)
        item.secondsLimit = seconds
        item.knownEstimate = cost.estimate
        item.notCounted = cost.notCounted
        plan.add(item)
        for note in cost.notes { plan.note(note) }
        plan.note(
            "the dump has at most half of what may be used on the disk of --output, for the bundle"
                + " holds it a second time")
        return plan.work
    }

    /// What of the item of a plan is not as it would be with `options`; `nil` when all is. How long
    /// a dump takes is the run's to say.
    public static func difference(
        of item: CollectionPlan.Item, options: [String: JSONValue]
    ) throws -> String? {
        let own = LiveDumpCollector().item(
            try value(LiveDumpOptions.self, "options", of: options) ?? .init())
        if item.title != own.title { return "title" }
        if item.risk != own.risk { return "risk" }
        if item.actions != own.actions { return "list of actions" }
        if item.byteLimit != own.byteLimit { return "limit of bytes" }
        if item.artifact != own.artifact { return "artifact" }
        return item.files != own.files || item.trees != own.trees ? "list of files" : nil
    }

    /// The item of a dump with `options`, without its costs.
    private func item(_ options: LiveDumpOptions) -> CollectionPlan.Item {
        var item = CollectionPlan.Item(
            kind: .dump, number: 1, title: Self.title(options),
            risk: "R\(descriptor.risk.rawValue)")
        item.files = [
            .init(path: "/proc/kcore", byteCount: 0), .init(path: "/proc/kpageflags", byteCount: 0),
        ]
        item.trees = [ReadScope.processes]
        item.actions = Self.actions(options)
        item.artifact = descriptor.seekable?.path
        item.byteLimit = options.maxByteCount
        return item
    }

    private static func title(_ options: LiveDumpOptions) -> String {
        switch options.kind {
        case .full: "memory of the running kernel, level \(options.level)"
        case .stacks: "stacks of all threads, and the small dump that shows them (level 30)"
        }
    }

    private static func actions(_ options: LiveDumpOptions) -> [String] {
        let pages =
            switch options.kind {
            case .full: "leave out " + leftOut(options)
            case .stacks: "keep the kernel image, its tables, slab and the stacks alone"
            }
        return [
            "read /proc/kcore and /proc/kpageflags", pages,
            "read state and stacks of all threads",
            "perf_event_open(2), for the stacks of running processors",
            "take the lock \(DumpLock.folder.appending(DumpLock.name)), a file that stays",
            "read and write \(DumpHistory().path): when dumps were made, and how fast",
        ]
    }

    /// The pages that a dump of memory leaves out, in words.
    private static func leftOut(_ options: LiveDumpOptions) -> String {
        let level = options.level
        var pages = [String]()
        if level & 4 != 0 {
            pages.append("cache")
        } else if level & 2 != 0 {
            pages.append("cache without private data")
        }
        if level & 8 != 0 {
            if !options.includesUserPages { pages.append("pages of processes") }
            if !options.includesGuestPages { pages.append("memory of virtual machines") }
        }
        if level & 16 != 0 { pages.append("free pages") }
        return pages.isEmpty ? "nothing" : pages.joined(separator: ", ")
    }
}
