internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// One run of a declared collector.
final class DeclaredRun {
    let declaration: CollectorDeclaration
    private let profile: CollectionProfile
    let items: [(index: Int, item: CollectorDeclaration.Item)]
    /// What a reviewed plan has of the items, by their index.
    private let planned: [Int: CollectionPlan.Item]?
    let host: HostTraits
    let context: CollectionContext
    let sink: any CollectionSink
    /// How many bytes may still be sent.
    var remaining: Int64
    var commands: [CommandRecord] = []
    private var choice: FileChoice
    /// The automount points of which it was told already that they were left alone.
    private var toldAutomounts = Set<FilePath>()
    /// Why an item is missing that no time was left for.
    static let outOfTime = "the time of the collector was used up before"
    /// When walks, copies and commands end, so that what came of them can still be told.
    let softDeadline: MonotonicTime

    init(
        _ declaration: CollectorDeclaration, profile: CollectionProfile, host: HostTraits,
        context: CollectionContext, sink: any CollectionSink,
        planned: CollectionPlan.Collector? = nil
    ) {
        self.declaration = declaration
        self.planned = planned.map { plan in
            Dictionary(plan.items.map { ($0.number - 1, $0) }) { $1 }
        }
        self.profile = profile
        items = declaration.items(of: profile)
        softDeadline = Self.softDeadline(of: context)
        choice = FileChoice(declaration, in: context, until: softDeadline)
        self.host = host
        self.context = context
        self.sink = sink
        remaining = min(context.byteBudget, declaration.byteLimit)
    }

    /// Two seconds before the process is ended, or a twentieth of its time where that is more; of
    /// less than four seconds the half.
    ///
    /// A last command takes a second to be ended, and its record has to be sent after that.
    static func softDeadline(of context: CollectionContext) -> MonotonicTime {
        let left = max(0, context.deadline.seconds(since: .now))
        return context.deadline.advanced(bySeconds: -min(max(2, left / 20), left / 2))
    }

    func collect() throws {
        var leftOut = [String]()
        for note in try choice.withhold(host) { try sink.send(.note(.init(text: note))) }
        if let note = declaration.note(onItemsBeside: profile) {
            try sink.send(.note(.init(text: note)))
        }
        for (done, (index, item)) in items.enumerated() where !item.holdsSecrets {
            let plan = planned?[index]
            if planned != nil, plan == nil {
                leftOut.append(item.title)
                continue
            }
            try sink.progress(
                Int64(done), of: Int64(items.count), unit: "items", activity: item.activity)
            let isTold = try plan.map { try tellUnplanned($0, of: item) } ?? false
            if let obstacle = plan?.doesNotApply {
                if !isTold { try sink.tell(planned: obstacle, of: item.title) }
                continue
            }
            guard MonotonicTime.now < softDeadline else {
                try sink.missing(item.title, why: Self.outOfTime)
                continue
            }
            if let obstacle = item.condition.obstacle(on: host) {
                if plan == nil || Condition.sayWhatIsMissing.contains(obstacle) {
                    try tell(obstacle, of: item.title)
                } else {
                    try sink.missing(item.title, why: Self.planned(but: obstacle))
                }
                continue
            }
            switch item.source {
            case .files(let files):
                if let plan { try collect(plan, files, item) } else { try collect(files, item) }
            case .command(let command):
                if let plan, let change = change(of: command, since: plan) {
                    try sink.missing(item.title, why: change)
                } else if command.forEach != nil {
                    try run(each: command, item, plan: plan, done: done)
                } else {
                    try run(command, item)
                }
            case .listing(let listing):
                try list(listing, item, plan: plan)
            }
        }
        if !leftOut.isEmpty {
            let names = leftOut.prefix(8).joined(separator: ", ")
            let more = leftOut.count > 8 ? " and \(leftOut.count - 8) more" : ""
            try sink.send(
                .note(.init(text: "not collected, for the plan does not have it: \(names)\(more)")))
        }
        if !commands.isEmpty {
            try sink.sendJSON(
                CommandRecord.artifact, CommandRecord.List(commands: commands), privacy: .identity)
        }
    }

    /// Why something is missing that the plan has.
    static func planned(but obstacle: String) -> String {
        "it is in the plan, but now \(obstacle)"
    }

    /// Why a command is not run that the plan has; `nil` when all is as it was.
    private func change(
        of command: CollectorDeclaration.Command, since plan: CollectionPlan.Item
    ) -> String? {
        if let obstacle = command.obstacle(on: host, in: context) {
            // What is there and is refused is told as that.
            guard !Condition.sayWhatIsMissing.contains(obstacle) else { return nil }
            return Self.planned(but: obstacle)
        }
        guard let planned = plan.executable,
            let program = host.executable(command.arguments[0])?.string, planned != program
        else { return nil }
        return "it is in the plan as \(planned), but now is \(program)"
    }

    /// Why nothing of an item is there, where that is plain.
    func absence(of item: CollectorDeclaration.Item) -> String? {
        !host.hasKernel && item.isOfKernel ? Condition.noKernel : nil
    }

    /// Tells why nothing of something is there.
    func tell(_ obstacle: String, of what: String) throws {
        try sink.tell(obstacle, of: what)
    }

    // MARK: - Files

    /// Collects the files that a reviewed plan has of an item, and no others.
    private func collect(
        _ plan: CollectionPlan.Item, _ files: CollectorDeclaration.Files,
        _ item: CollectorDeclaration.Item
    ) throws {
        let paths = (plan.files ?? []).map(\.bytes)
        let (selection, found) = try choice.select(files, item, among: Set(paths))
        var failures = [SystemCallError]()
        var strangers = [FilePath]()
        for path in paths.map({ FilePath(bytes: $0) }) where !found.contains(path.bytes) {
            do throws(SystemCallError) {
                _ = try context.root.status(of: path)
                strangers.append(path)
            } catch { failures.append(error) }
        }
        // A folder on the way that could not be listed is why those below it were not found.
        let unlisted = selection.failures.filter { failure in
            strangers.contains { $0.starts(with: FilePath(failure.object)) }
        }
        failures += unlisted
        strangers.removeAll { path in
            unlisted.contains { path.starts(with: FilePath($0.object)) }
        }
        if selection.isCut {
            try sink.missing(item.title, why: FileSelection.tookTooLong)
        } else if let first = strangers.first {
            try sink.missing(
                strangers.count == 1
                    ? UntrustedText.escapingForPath(first.bytes)
                    : "\(item.title): \(strangers.count) paths",
                why: "it is in the plan, but is none of the files that the collector takes here")
        }
        try copy(
            selection.files.filter { choice.take($0.path, $0.status) }.map(\.path), item
        ) {
            failures.append($0)
        }
        let gone = failures.filter {
            [.noSuchFileOrDirectory, .notDirectory, .noSuchProcess].contains($0.errno)
        }
        try GoneSincePlan.tell(gone.map(\.object), into: sink)
        try report(failures, of: item)
        try tellLeftOut(selection.leftOutCount, isLeast: selection.leftOutIsLeast, of: item)
        if plan.files?.isEmpty ?? true, plan.unreadable?.isEmpty ?? true,
            plan.misfits?.isEmpty ?? true
        {
            try sink.absent(item.title)
        }
    }

    private func collect(
        _ files: CollectorDeclaration.Files, _ item: CollectorDeclaration.Item
    ) throws {
        let selection = try choice.select(files, item)
        var failures = selection.failures
        try copy(
            selection.files.filter { choice.take($0.path, $0.status) }.map(\.path), item
        ) {
            failures.append($0)
        }
        for misfit in selection.misfits {
            try sink.missing(
                UntrustedText.escapingForPath(misfit.path.bytes), why: misfit.why ?? "is no file")
        }
        try report(failures, of: item)
        try tellLeftOut(selection.leftOutCount, isLeast: selection.leftOutIsLeast, of: item)
        if selection.isCut { try sink.missing(item.title, why: FileSelection.tookTooLong) }
        try tellTooDeep(selection.tooDeepCount, of: item)
        if selection.files.isEmpty, failures.isEmpty, !selection.isCut,
            selection.misfits.isEmpty, selection.takenCount == 0, selection.unchangedCount == 0,
            selection.tooDeepCount == 0
        {
            try sink.absent(item.title, why: absence(of: item) ?? selection.emptiness)
        }
    }

    /// Tells of `count` folders that nobody looked into, for they are too deep.
    func tellTooDeep(_ count: Int, of item: CollectorDeclaration.Item) throws {
        guard let why = GlobWalk.tooDeepReason(count) else { return }
        try sink.missing(item.title, why: why)
    }

    /// Copies files as long as there is time.
    private func copy(
        _ paths: [FilePath], _ item: CollectorDeclaration.Item,
        failing: @escaping (SystemCallError) -> Void
    ) throws {
        for (done, path) in paths.enumerated() {
            guard MonotonicTime.now < softDeadline else {
                return try sink.missing(
                    item.title,
                    why: "the time of the collector was used up before \(paths.count - done) of "
                        + "its files")
            }
            try copy(path, item, failing: failing)
        }
    }

    private func copy(
        _ path: FilePath, _ item: CollectorDeclaration.Item,
        failing: @escaping (SystemCallError) -> Void
    ) throws {
        let name = Array(path.bytes.dropFirst())
        let artifact = UntrustedText.escapingForPath(name)
        let limit = min(item.limits.byteCount, remaining)
        guard limit > 0 else { return try tellBudget(UntrustedText.escapingForPath(path.bytes)) }
        let counter = CountingSink(sink)
        defer { remaining -= counter.byteCount }
        guard let lines = item.limits.lineCount else {
            try context.copy(
                path, as: artifact, bytes: name, limit: limit,
                part: item.limits.keepsNewest ? .newest : .beginning, mediaType: item.mediaType,
                privacy: item.privacy, into: counter, failing: failing)
            return
        }
        let memory = MemorySink()
        try context.copy(
            path, as: artifact, bytes: name, limit: limit,
            part: item.limits.keepsNewest ? .newest : .beginning, privacy: item.privacy,
            into: memory, failing: failing)
        guard let copy = memory.artifacts.first else { return }
        let cut = LineLimit.cut(copy.bytes, to: lines, keepingNewest: item.limits.keepsNewest)
        var opening = copy.opening
        opening.mediaType = item.mediaType
        try counter.open(opening)
        let kept = cut ?? copy.bytes[...]
        try counter.write(kept.span)
        if cut != nil || copy.truncation != nil {
            let which = item.limits.keepsNewest ? "last" : "first"
            try counter.send(
                .truncated(
                    .init(
                        why: cut == nil
                            ? copy.truncation ?? "" : "only the \(which) \(lines) lines are kept")))
        }
    }

    /// Why something is cut, or missing, that no bytes were left for.
    var budgetReason: String {
        "the \(declaration.byteLimit) bytes of the collector are used up"
    }

    func tellBudget(_ what: String) throws { try sink.missing(what, why: budgetReason) }

    /// Says of all that failed why: one line for each reason, with one path or their number.
    func report(_ failures: [SystemCallError], of item: CollectorDeclaration.Item) throws {
        var order = [Errno]()
        var byReason = [Errno: [SystemCallError]]()
        try tellAutomounts(failures, of: item)
        for failure in failures
        where failure.automountPoint == nil && !Self.saysNothing(failure) {
            if byReason[failure.errno] == nil { order.append(failure.errno) }
            byReason[failure.errno, default: []].append(failure)
        }
        for errno in order {
            guard let same = byReason[errno], let first = same.first else { continue }
            let isRefused = errno == .permissionDenied || errno == .notPermitted
            try sink.missing(
                same.count == 1
                    ? UntrustedText.escapingControls(first.object)
                    : "\(item.title): \(same.count) paths",
                why: "\(first.operation): \(errno)",
                remedy: isRefused && HostFacts.effectiveUser != 0
                    ? "run as root, or with CAP_DAC_READ_SEARCH" : nil)
        }
    }

    /// How many automount points of an item are named.
    private static let mostAutomounts = 8

    /// Says that what lies behind automount points is missing: of each once in a run, whatever is
    /// looked for behind it.
    private func tellAutomounts(
        _ failures: [SystemCallError], of item: CollectorDeclaration.Item
    ) throws {
        let points = Set(failures.compactMap(\.automountPoint)).subtracting(toldAutomounts)
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        toldAutomounts.formUnion(points)
        for point in points.prefix(Self.mostAutomounts) {
            try sink.missing(
                UntrustedText.escapingForPath(point.bytes), why: AutomountPoint.reason,
                remedy: AutomountPoint.remedy(for: point))
        }
        let moreCount = points.count - Self.mostAutomounts
        guard moreCount > 0 else { return }
        try sink.missing(
            item.title,
            why: "\(moreCount) more automount points that are not mounted; they were left alone")
    }

    /// What files of procfs and sysfs answer when they have nothing to say, or their process ended.
    static func saysNothing(_ failure: SystemCallError) -> Bool {
        switch failure.errno {
        case .noSuchFileOrDirectory, .notDirectory, .noSuchProcess: true
        case .noData, .invalidArgument, .notSupported, .noSuchAddressOrDevice,
            .notSupportedOnSocket:
            failure.object.hasPrefix("/sys/") || failure.object.hasPrefix("/proc/")
        default: false
        }
    }
}

extension CollectorDeclaration.Item {
    /// What it is called where something is said of it: its command, or its first pattern.
    var title: String {
        switch source {
        case .files(let files): GlobPattern.title(files.patterns)
        case .command(let command):
            UntrustedText.escapingControls(command.arguments.joined(separator: " "))
        case .listing(let listing): GlobPattern.title(listing.patterns)
        }
    }

    /// What is being done, for a person.
    var activity: String {
        switch source {
        case .files: "copying \(title)"
        case .command: "running \(title)"
        case .listing: "listing \(title)"
        }
    }
}
