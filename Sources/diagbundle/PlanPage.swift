import DiagModel

/// A plan as lines for a person, collector by collector.
struct PlanPage {
    private let plan: CollectionPlan
    private let showsAll: Bool
    /// How many files of an item are named, unless all are.
    private static let mostFiles = 3

    init(_ plan: CollectionPlan, showsAll: Bool) {
        self.plan = plan
        self.showsAll = showsAll
    }

    /// The lines; with `isBrief` only what it comes to in all.
    func lines(isBrief: Bool) -> [String] {
        var lines = [
            "Plan of \(plan.host.name), root \(plan.root), made \(plan.created) as user"
                + " \(plan.userIdentifier). Nothing was collected."
        ]
        if !isBrief {
            for collector in plan.collectors { lines += [""] + self.lines(collector) }
            lines.append("")
        }
        return (lines + total).map(UntrustedText.escapingControls)
    }

    private func lines(_ collector: CollectionPlan.Collector) -> [String] {
        let limits =
            "at most \(DurationText.words(seconds: collector.deadlineSeconds)) and"
            + " \(ByteCountText.describe(collector.byteLimit))"
        var lines = [
            "\(collector.name)  \(collector.subject)",
            "  \(collector.risk), \(collector.confinement), \(limits), \(collector.origin)",
            "  rights, where the run has them: \(collector.capabilities.joined(separator: ", "))",
        ]
        if let reason = collector.doesNotApply {
            return lines + ["  does not apply: \(reason)"]
        }
        lines.append("  estimated: \(Self.text(collector.estimate))")
        let applying = collector.items.filter { $0.doesNotApply == nil }
        for item in applying { lines += self.lines(item) }
        let others = collector.items.filter { $0.doesNotApply != nil }
        if showsAll {
            for item in others {
                lines.append(
                    "  --  \(item.kind.rawValue)  \(item.title): \(item.doesNotApply ?? "")")
            }
        } else if !others.isEmpty {
            lines.append(
                "  --  \(others.count) \(others.count == 1 ? "item does" : "items do") not apply"
                    + " here (--all names them)")
        }
        for note in collector.notes ?? [] { lines.append("  note: \(note)") }
        return lines
    }

    private func lines(_ item: CollectionPlan.Item) -> [String] {
        var title = "  \(item.risk)  \(item.kind.rawValue)  \(item.title)"
        if let seconds = item.secondsLimit {
            title += "  (at most \(DurationText.words(seconds: seconds)))"
        }
        var lines = [title]
        if let executable = item.executable { lines.append("        \(executable)") }
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
            lines.append("        \(count) more match than its limit allows")
        }
        for tree in item.trees ?? [] { lines.append("        \(tree)/**") }
        for folder in item.folders ?? [] where files.isEmpty || item.kind == .listing {
            lines.append("        names below \(folder)")
        }
        return lines
    }

    private var total: [String] {
        let items = plan.collectors.flatMap(\.items).filter { $0.doesNotApply == nil }
        func count(_ kind: CollectionPlan.Item.Kind) -> Int { items.count { $0.kind == kind } }
        let files = items.reduce(0) { $0 + ($1.files?.count ?? 0) }
        let highest = plan.collectors.map(\.risk).max() ?? "R0"
        let doubt =
            plan.userIdentifier == 0
            ? "."
            : "; this is not root, so what needs them is not in the plan or will be missing."
        let rights = Set(plan.collectors.flatMap(\.capabilities)).sorted()
        return [
            "Total: " + Self.counted(plan.collectors.count, "collector") + ", "
                + Self.counted(files, "file") + ", " + Self.counted(count(.command), "command")
                + ", " + Self.counted(count(.probe), "probe") + ", risk \(highest);"
                + " estimated \(Self.text(plan.estimate)) one after the other.",
            "Rights: " + rights.joined(separator: ", ") + doubt,
        ]
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)" + (count == 1 ? "" : "s")
    }

    private static func text(_ estimate: CollectionPlan.Estimate) -> String {
        "\(ByteCountText.describe(estimate.byteCount)) and"
            + " \(DurationText.measured(seconds: estimate.seconds))"
    }
}
