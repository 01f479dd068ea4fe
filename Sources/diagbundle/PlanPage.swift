import DiagModel
import DiagTerminal

/// A plan as lines for a person, collector by collector.
struct PlanPage {
    private let plan: CollectionPlan
    private let showsAll: Bool
    /// How many files of an item are named, unless all are.
    private static let mostFiles = 3
    /// How many runs of a command are named, unless all are.
    private static let mostRuns = 3
    /// What stands above the items of a collector.
    private let head: String
    /// What stands before each item of the plan, in turn: risk, kind and estimate, in columns that
    /// are as wide in every collector.
    private let fronts: [String]

    init(_ plan: CollectionPlan, showsAll: Bool) {
        self.plan = plan
        self.showsAll = showsAll
        var table = TextTable([
            .init("risk"), .init("kind"), .init("about bytes", alignment: .right),
            .init("about seconds", alignment: .right),
        ])
        for item in plan.collectors.flatMap(\.items) {
            table.append([item.risk, item.kind.rawValue] + Self.cells(item.knownEstimate))
        }
        let lines = table.lines().map { "  \($0)  " }
        head = lines[0] + "what"
        fronts = Array(lines.dropFirst())
    }

    /// The lines; with `isBrief` only what it comes to in all.
    func lines(isBrief: Bool) -> [String] {
        var lines = [
            "Plan of \(plan.host.name), root \(plan.root), made \(plan.created) as user"
                + " \(plan.userIdentifier). Nothing was collected."
        ]
        if !isBrief {
            var fronts = self.fronts[...]
            for collector in plan.collectors {
                let count = collector.items.count
                lines += [""] + self.lines(collector, Array(fronts.prefix(count)))
                fronts = fronts.dropFirst(count)
            }
            for refused in refused {
                lines += ["", "\(refused.title)  plugin", "  refused: \(refused.reason)"]
            }
            lines.append("")
        }
        return (lines + total).map(UntrustedText.escapingControls)
    }

    private func lines(_ collector: CollectionPlan.Collector, _ fronts: [String]) -> [String] {
        var limits =
            "at most \(DurationText.words(seconds: collector.deadlineSeconds)) and"
            + " \(ByteCountText.describe(collector.byteLimit))"
        if let dump = collector.dump {
            let limit = dump.byteLimit.map { "of at most \(ByteCountText.describe($0))" }
            limits += " of text, a dump \(limit ?? "without a limit of its own")"
        }
        var lines = [
            "\(collector.name)  \(collector.subject)",
            "  \(collector.risk), \(collector.confinement), \(limits), \(collector.origin)",
            "  rights, where the run has them: \(collector.capabilities.joined(separator: ", "))",
        ]
        if let reason = collector.doesNotApply {
            return lines + ["  does not apply: \(reason)"]
        }
        if let reason = collector.unplanned {
            return lines + ["  not planned, so that a run by this plan leaves it out: \(reason)"]
        }
        let isCounted = Self.isCounted(collector.items)
        lines.append("  estimated: \(isCounted ? Self.text(collector.estimate) : "not counted")")
        let shown = zip(collector.items, fronts).filter { Self.isShown($0.0) }
        if !shown.isEmpty { lines.append(head) }
        for (item, front) in shown { lines += self.lines(item, front) }
        let others = collector.items.filter { !Self.isShown($0) }
        if showsAll {
            for item in others {
                lines.append(
                    "  --  \(item.kind.rawValue)  \(Self.what(item)): \(item.doesNotApply ?? "")")
            }
        } else if !others.isEmpty {
            lines.append(
                "  --  \(others.count) \(others.count == 1 ? "item does" : "items do") not apply"
                    + " here (--all names them)")
        }
        for note in collector.notes ?? [] { lines.append("  note: \(note)") }
        return lines
    }

    /// Whether an item gives something here, or might if it could be looked at.
    private static func isShown(_ item: CollectionPlan.Item) -> Bool {
        item.doesNotApply == nil || item.unreadable != nil || item.misfits != nil
    }

    /// What an item is called: a command as it runs, with each of its arguments.
    private static func what(_ item: CollectionPlan.Item) -> String {
        guard item.kind == .command, let arguments = item.arguments else { return item.title }
        return words(arguments)
    }

    /// Arguments as a shell would take them: each that is not plain stands in quotes.
    private static func words(_ arguments: [String]) -> String {
        arguments.map { argument -> String in
            let isPlain = argument.utf8.allSatisfy {
                switch $0 {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "._+-/:@%=,".utf8.contains($0)
                }
            }
            if isPlain, !argument.isEmpty { return argument }
            let parts = argument.split(separator: "'", omittingEmptySubsequences: false)
            return "'" + parts.joined(separator: #"'\''"#) + "'"
        }.joined(separator: " ")
    }

    private func lines(_ item: CollectionPlan.Item, _ front: String) -> [String] {
        var title = front + Self.what(item)
        if let seconds = item.secondsLimit {
            var limit = "at most \(DurationText.words(seconds: seconds))"
            if let runs = item.runs { limit += " each, " + Self.counted(runs.count, "run") }
            if item.kind == .dump {
                limit +=
                    item.byteLimit.map { " and \(ByteCountText.describe($0))" }
                    ?? ", no limit of its own for bytes"
            }
            title += "  (\(limit))"
        }
        var lines = [title]
        if let reason = item.notCounted { lines.append("        not counted: \(reason)") }
        if item.kind == .program, let arguments = item.arguments {
            lines.append("        \(Self.words(arguments))")
        } else if let executable = item.executable {
            lines.append("        \(executable)")
        }
        let runs = item.runs ?? []
        let shownRuns = showsAll ? runs.count : min(runs.count, Self.mostRuns)
        for run in runs.prefix(shownRuns) { lines.append("        \(Self.words(run.arguments))") }
        if runs.count > shownRuns {
            lines.append("        and " + Self.counted(runs.count - shownRuns, "more run"))
        }
        for action in item.actions ?? [] { lines.append("        \(action)") }
        let files = item.files ?? []
        let shown = showsAll ? files.count : min(files.count, Self.mostFiles)
        // A single file that is the title says nothing more.
        if files.map(\.path) != [item.title] {
            for file in files.prefix(shown) {
                let size =
                    file.byteCount > 0 && !file.path.hasPrefix("/sys/")
                    ? "  \(ByteCountText.describe(file.byteCount))" : ""
                lines.append("        \(file.path)\(size)")
            }
        }
        if files.count > shown { lines.append("        and \(files.count - shown) more files") }
        if let count = item.leftOutCount {
            let least = item.leftOutIsLeast == true ? "at least " : ""
            lines.append("        \(least)\(count) more match than its limit allows")
        }
        let (unreadable, moreCount) = item.shownUnreadable
        for one in unreadable {
            lines.append("        could not be looked at: \(one.path): \(one.why)")
        }
        if moreCount > 0 { lines.append("        and \(moreCount) more could not be looked at") }
        let misfits = item.shownMisfits
        for one in misfits.named { lines.append("        \(one.path) \(one.why)") }
        if misfits.moreCount > 0 {
            lines.append("        and \(misfits.moreCount) more paths of which nothing is taken")
        }
        for tree in item.trees ?? [] { lines.append("        \(tree)/**") }
        let folders = files.isEmpty || item.kind == .listing ? item.folders ?? [] : []
        let shownFolders = showsAll ? folders.count : min(folders.count, Self.mostFiles)
        for folder in folders.prefix(shownFolders) { lines.append("        names below \(folder)") }
        if folders.count > shownFolders {
            lines.append(
                "        and " + Self.counted(folders.count - shownFolders, "more folder"))
        }
        return lines
    }

    private var total: [String] {
        let items = plan.collectors.flatMap(\.items).filter { $0.doesNotApply == nil }
        func count(_ kind: CollectionPlan.Item.Kind) -> Int { items.count { $0.kind == kind } }
        // Of a command that runs for each of several things all runs count.
        let commands = items.reduce(0) {
            $0 + ($1.kind == .command ? $1.runs.map(\.count) ?? 1 : 0)
        }
        let files = items.reduce(0) { $0 + ($1.files?.count ?? 0) }
        let highest = plan.collectors.map(\.risk).max() ?? "R0"
        let doubt =
            plan.userIdentifier == 0
            ? "."
            : "; this is not root, so what needs them is not in the plan or will be missing."
        let rights = Set(plan.collectors.flatMap(\.capabilities)).sorted()
        let unreadable = plan.collectors.flatMap(\.items).reduce(0) {
            let (named, moreCount) = $1.shownUnreadable
            return $0 + named.count + moreCount
        }
        let sum = Self.text(plan.estimate, order: " one after the other")
        var lines = [
            "Total: " + Self.counted(plan.collectors.count, "collector") + ", "
                + Self.counted(files, "file") + ", " + Self.counted(commands, "command")
                + ", " + Self.counted(count(.probe), "probe") + ", risk \(highest);"
                + " \(Self.isCounted(items) ? "estimated \(sum)" : "not counted").",
            "Rights: " + rights.joined(separator: ", ") + doubt,
        ]
        if unreadable > 0 {
            lines.append(
                "Could not be looked at: " + Self.counted(unreadable, "path")
                    + "; what is there is not in the plan, and a run tells it as missing.")
        }
        let unplanned = plan.collectors.filter { $0.unplanned != nil }.map(\.name)
        if !unplanned.isEmpty {
            lines.append(
                "Not planned: " + unplanned.joined(separator: ", ")
                    + "; a run by this plan leaves them out, and tells them as missing.")
        }
        if plan.estimate.isAssumed == true {
            lines.append(
                Self.assumedMark + " is partly assumed: bytes or seconds that were not measured or"
                    + " counted on this host, so that a usual value stands there.")
        }
        if !refused.isEmpty {
            lines.append(
                "Refused: " + refused.map(\.title).joined(separator: ", ")
                    + "; a run by this plan leaves them out, and tells them as missing.")
        }
        return lines
    }

    /// The plugins that are not used.
    private var refused: [CollectionPlan.Refused] { (plan.refused ?? []).map(\.shown) }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)" + (count == 1 ? "" : "s")
    }

    /// Whether anything of `items` was counted; of none there is nothing that was not.
    private static func isCounted(_ items: [CollectionPlan.Item]) -> Bool {
        items.isEmpty || items.contains { $0.knownEstimate != nil }
    }

    /// Bytes and seconds of an item, for their columns.
    private static func cells(_ estimate: CollectionPlan.Estimate?) -> [String] {
        guard let estimate else { return ["not counted", "not counted"] }
        return [
            prefix(estimate) + ByteCountText.describe(estimate.byteCount),
            prefix(estimate) + words(seconds: estimate.seconds),
        ]
    }

    private static func text(
        _ estimate: CollectionPlan.Estimate, order: String = ""
    ) -> String {
        prefix(estimate) + ByteCountText.describe(estimate.byteCount) + " and "
            + (estimate.isAssumed == true ? assumedMark : "")
            + words(seconds: estimate.seconds) + order
            + (estimate.isAssumed == true ? ", partly assumed" : "")
            + (estimate.isPartial == true ? ", beside what is not counted" : "")
    }

    /// Seconds, below one with hundredths: most commands take less than a tenth.
    private static func words(seconds: Double) -> String {
        guard seconds < 0.995 else { return DurationText.measured(seconds: seconds) }
        let hundredths = Int((max(0, seconds) * 100).rounded())
        return "0.\(hundredths / 10)\(hundredths % 10) s"
    }

    /// What stands before a value that was not measured or counted on this host.
    private static let assumedMark = "~"

    /// What stands before a value: that it is a bound, and that it is assumed.
    private static func prefix(_ estimate: CollectionPlan.Estimate) -> String {
        (estimate.isBound == true ? "at most " : "")
            + (estimate.isAssumed == true ? assumedMark : "")
    }
}
