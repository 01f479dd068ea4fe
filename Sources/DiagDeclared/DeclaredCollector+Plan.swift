public import DiagCollect
public import DiagModel
internal import DiagSystem
internal import SystemPackage

/// What a declared collector would do.
extension DeclaredCollector {
    /// One item for each of the declaration's, with the files that it matches now, found by the
    /// code that collects them; no file is opened but those that conditions ask for.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        var context = context
        context.root = try context.root.forDeclarations()
        let host = HostTraits(context.root, until: context.deadline)
        var work = PlannedWork()
        if let obstacle = declaration.condition.obstacle(on: host) {
            work.doesNotApply = obstacle
            return work
        }
        var choice = FileChoice(declaration, in: context, until: context.deadline)
        work.notes = try choice.withhold(host).map(\.text)
        if let note = declaration.note(onItemsBeside: profile) { work.notes.append(note) }
        for (index, item) in declaration.items(of: profile) where !item.holdsSecrets {
            work.items.append(try plan(item, index, host, &choice, context))
        }
        return work
    }

    private func plan(
        _ item: CollectorDeclaration.Item, _ index: Int, _ host: HostTraits,
        _ choice: inout FileChoice, _ context: CollectionContext
    ) throws -> CollectionPlan.Item {
        var planned = CollectionPlan.Item(
            kind: item.kind, number: index + 1, title: item.title, risk: "R\(item.risk.rawValue)")
        planned.artifact = item.artifact
        planned.byteLimit = item.limits.byteCount
        planned.doesNotApply = item.condition.obstacle(on: host)
        switch item.source {
        case .files(let files):
            guard planned.doesNotApply == nil else { break }
            let selection = try choice.select(files, item)
            let chosen = selection.files.filter { choice.take($0.path, $0.status) }
            planned.files = chosen.map {
                PlanBuilder.file($0.path, byteCount: $0.status.byteCount)
            }
            planned.estimate = chosen.reduce(into: .init()) {
                $0 =
                    $0
                    + PlanCost.file(
                        $1.path.string, byteCount: $1.status.byteCount,
                        limit: item.limits.byteCount)
            }
            // How long so many lines are is seen only in the files.
            if item.limits.lineCount != nil, !chosen.isEmpty { planned.estimate.isAssumed = true }
            planned.noteLeftOut(selection.leftOutCount, isLeast: selection.leftOutIsLeast)
            planned.noteUnreadable(
                selection.failures, cut: selection.isCut ? FileSelection.tookTooLong : nil,
                tooDeepCount: selection.tooDeepCount)
            planned.note(selection.misfits)
            if chosen.isEmpty {
                planned.doesNotApply = Self.emptiness(planned, of: item, host, selection)
            }
        case .command(let command):
            planned.arguments = command.fullArguments(since: context.since)
            planned.secondsLimit = item.limits.seconds
            guard planned.doesNotApply == nil else { break }
            planned.doesNotApply = command.obstacle(on: host, in: context)
            guard planned.doesNotApply == nil else { break }
            planned.executable = host.executable(command.arguments[0])?.string
            planned.estimate = command.typical.estimate(within: item.limits)
            try planned.addRuns(of: command, item, in: context)
        case .listing(let listing):
            guard planned.doesNotApply == nil else { break }
            let folders = try self.folders(listing, context, of: &planned)
            planned.folders = folders
            if folders.isEmpty {
                planned.doesNotApply = Self.emptiness(planned, of: item, host)
            }
            planned.estimate = PlanCost.names(
                min(item.limits.fileCount, folders.count * (listing.depth > 0 ? 50 : 1)))
        }
        return planned
    }

    /// Why nothing is chosen.
    private static func emptiness(
        _ planned: CollectionPlan.Item, of item: CollectorDeclaration.Item, _ host: HostTraits,
        _ selection: FileSelection? = nil
    ) -> String {
        if !host.hasKernel, item.isOfKernel { return Condition.noKernel }
        if let selection, selection.unchangedCount > 0 {
            return "nothing of it changed since then"
        }
        if let first = planned.unreadable?.first { return "\(first.path): \(first.why)" }
        if let first = planned.misfits?.first { return "\(first.path) \(first.why)" }
        return selection?.emptiness ?? "nothing of it is on this host"
    }

    /// What a listing lists; notes in `planned` what is left out, and what could not be looked at.
    private func folders(
        _ listing: CollectorDeclaration.Listing, _ context: CollectionContext,
        of planned: inout CollectionPlan.Item
    ) throws -> [String] {
        var walk = GlobWalk(context.root, until: context.deadline)
        var folders = [String]()
        var failures = [SystemCallError]()
        var leftOutCount = 0
        for pattern in listing.patterns {
            try walk.walk(pattern) { path in
                guard folders.count < Self.mostFolders else {
                    leftOutCount += 1
                    return
                }
                do throws(SystemCallError) {
                    _ = try context.root.status(of: path, followingLinks: false)
                    folders.append(UntrustedText.escapingInvalidUTF8(path.bytes))
                } catch { failures.append(error) }
            }
        }
        planned.noteLeftOut(leftOutCount, isLeast: false)
        planned.noteUnreadable(
            walk.failures + failures, cut: walk.isCut ? FileSelection.tookTooLong : nil,
            tooDeepCount: walk.tooDeepCount)
        return folders
    }

    /// How many places a plan of a listing names.
    static let mostFolders = 1000

    /// What of a plan is not this declaration's: something that was put in by hand.
    ///
    /// - Returns: `nil` when all of it is.
    public func stranger(in plan: CollectionPlan.Collector, since: Timestamp?) -> String? {
        let items = declaration.items(of: profile)
        for planned in plan.items {
            guard let item = items.first(where: { $0.index == planned.number - 1 })?.item,
                item.kind == planned.kind, !item.holdsSecrets, item.title == planned.title,
                planned.risk == "R\(item.risk.rawValue)",
                planned.byteLimit == item.limits.byteCount,
                item.kind == .command || planned.runs == nil
            else { return "item \(planned.number), \(planned.title)" }
            switch item.source {
            case .command(let command):
                if command.fullArguments(since: since) != planned.arguments
                    || planned.secondsLimit != item.limits.seconds
                {
                    return (planned.arguments ?? []).joined(separator: " ")
                }
                if let stranger = command.stranger(
                    among: planned.runs, atMost: item.limits.runCount, since: since)
                {
                    return stranger
                }
            case .files(let files):
                for file in planned.files ?? [] {
                    let path = FilePath(bytes: file.bytes)
                    guard !file.bytes.contains(0), path.isAbsolute, path.isLexicallyNormal,
                        files.patterns.contains(where: {
                            $0.matches(path)
                                && !FileSelection.isExcluded(
                                    path, by: files.excluded, below: $0.fixedCount)
                        })
                    else { return file.path }
                }
            case .listing(let listing):
                for folder in planned.folders ?? [] {
                    let path = FilePath(folder)
                    guard !folder.contains("\0"), path.isAbsolute, path.isLexicallyNormal,
                        listing.patterns.contains(where: { $0.matches(path) })
                    else { return folder }
                }
            }
        }
        return nil
    }
}

extension CollectionPlan.Item {
    /// Notes what could not be looked at, which a run without a plan tells as missing: that the
    /// search was cut (`cut` says by what) or did not go deep enough, then paths, each once.
    mutating func noteUnreadable(
        _ failures: [SystemCallError], cut: String?, tooDeepCount: Int
    ) {
        var found = [CollectionPlan.Unreadable]()
        if let cut { found.append(.init(path: title, why: cut)) }
        if let why = GlobWalk.tooDeepReason(tooDeepCount) {
            found.append(.init(path: title, why: why))
        }
        var seen = Set<CollectionPlan.Unreadable>()
        for failure in failures where !DeclaredRun.saysNothing(failure) {
            let one = CollectionPlan.Unreadable(
                path: UntrustedText.escapingControls(failure.object),
                why: failure.automountPoint == nil
                    ? "\(failure.operation): \(failure.errno)" : AutomountPoint.reason)
            if seen.insert(one).inserted { found.append(one) }
        }
        guard !found.isEmpty else { return }
        unreadable = Array(found.prefix(Self.mostUnreadable))
        let moreCount = found.count - Self.mostUnreadable
        if moreCount > 0 { moreUnreadableCount = moreCount }
    }

    /// Notes how many more there are than the limit allows, which a run without a plan tells, too.
    mutating func noteLeftOut(_ count: Int, isLeast: Bool) {
        guard count > 0 else { return }
        leftOutCount = count
        if isLeast { leftOutIsLeast = true }
    }

    /// Notes what is no file to copy, which a run without a plan tells as missing, too.
    fileprivate mutating func note(_ misfits: [FileMisfit]) {
        note(
            misfits.prefix(Self.mostMisfits).map { misfit in
                CollectionPlan.Misfit(
                    path: UntrustedText.escapingForPath(misfit.path.bytes),
                    why: misfit.why ?? "is no file")
            }, moreCount: misfits.count - Self.mostMisfits)
    }

    /// Notes misfits, and how many there are beside these.
    mutating func note(_ misfits: [CollectionPlan.Misfit], moreCount: Int) {
        if !misfits.isEmpty { self.misfits = misfits }
        if moreCount > 0 { moreMisfitCount = moreCount }
    }
}

extension CollectorDeclaration.Item {
    /// Whether all of it is there only while a kernel runs.
    var isOfKernel: Bool {
        switch source {
        case .files(let files): files.patterns.allSatisfy(\.isOfKernel)
        case .listing(let listing): listing.patterns.allSatisfy(\.isOfKernel)
        case .command: true
        }
    }

    /// What a plan calls its source.
    var kind: CollectionPlan.Item.Kind {
        switch source {
        case .files: .files
        case .command: .command
        case .listing: .listing
        }
    }
}

extension GlobPattern {
    /// Whether what it matches is there only while a kernel runs: procfs, sysfs, and /run.
    var isOfKernel: Bool {
        ["/proc/", "/sys/", "/run/", "/dev/"].contains { text.hasPrefix($0) }
    }
}
