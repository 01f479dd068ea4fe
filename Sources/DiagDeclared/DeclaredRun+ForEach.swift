internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Running a command once for each thing that it is for.
extension DeclaredRun {
    /// How many things that are gone since a plan are named.
    private static let mostGone = 100

    /// Runs `command` for each thing; with a reviewed plan for those that this has, and no others.
    ///
    /// `done` is how many items were collected before this.
    func run(
        each command: CollectorDeclaration.Command, _ item: CollectorDeclaration.Item,
        plan: CollectionPlan.Item?, done: Int
    ) throws {
        if let obstacle = command.obstacle(on: host, in: context) {
            return try tell(obstacle, of: item.title)
        }
        let planned = plan.map { ($0.runs ?? []).map(\.name) }
        let selection = try RunSelection(
            command, limits: item.limits, in: context.root, until: softDeadline,
            among: planned.map { Set($0) })
        try tell(selection, of: item)
        if let planned {
            let found = Set(selection.names)
            try tell(gone: planned.filter { !found.contains($0) }, selection, command, item)
        }
        if selection.names.isEmpty, planned?.isEmpty ?? true, selection.failures.isEmpty,
            selection.misfits.isEmpty, !selection.isCut
        {
            let why = plan == nil ? command.forEach?.emptiness : "the plan has no run of it"
            return try sink.absent(item.title, why: why)
        }
        for (index, name) in selection.names.enumerated() {
            let left = "before \(selection.names.count - index) of its runs"
            guard MonotonicTime.now < softDeadline else {
                return try sink.missing(
                    item.title, why: "the time of the collector was used up \(left)")
            }
            guard remaining > 0 else {
                return try sink.missing(item.title, why: "\(budgetReason), \(left)")
            }
            let one = command.run(for: name)
            var own = item
            own.source = .command(one)
            try sink.progress(
                Int64(done), of: Int64(items.count), unit: "items", activity: own.activity)
            try run(one, own)
        }
    }

    /// Tells what it does not run for, and why.
    private func tell(
        _ selection: RunSelection, of item: CollectorDeclaration.Item
    ) throws {
        try report(selection.failures, of: item)
        if selection.isCut { try sink.missing(item.title, why: RunSelection.tookTooLong) }
        for misfit in selection.misfits { try sink.missing(misfit.path, why: misfit.why) }
        try tellMisfits(selection.moreMisfitCount, of: item)
        try tellLeftOut(selection.leftOutCount, isLeast: selection.leftOutIsLeast, of: item)
    }

    /// Tells which runs of a plan are not there any more.
    ///
    /// Other than of a file below /sys or /dev it is missing: whoever reviewed the plan counted on
    /// that disk, and its end may be what is looked for.
    private func tell(
        gone names: [String], _ selection: RunSelection, _ command: CollectorDeclaration.Command,
        _ item: CollectorDeclaration.Item
    ) throws {
        guard !names.isEmpty else { return }
        guard selection.failures.isEmpty, !selection.isCut else {
            return try sink.missing(
                item.title,
                why: "\(names.count) of its runs are in the plan, and it is not known whether what"
                    + " they are for is there")
        }
        for name in names.prefix(Self.mostGone) {
            var own = item
            own.source = .command(command.run(for: name))
            try sink.missing(own.title, why: GoneSincePlan.reason)
        }
        if names.count > Self.mostGone {
            try sink.missing(
                "\(item.title): \(names.count - Self.mostGone) more runs",
                why: GoneSincePlan.reason)
        }
    }
}
