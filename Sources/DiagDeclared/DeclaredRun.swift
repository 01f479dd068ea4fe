internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// One run of a declared collector.
final class DeclaredRun {
    let declaration: CollectorDeclaration
    private let items: [CollectorDeclaration.Item]
    let host: HostTraits
    let context: CollectionContext
    let sink: any CollectionSink
    /// How many bytes may still be sent.
    var remaining: Int64
    var commands: [CommandRecord] = []
    private var collected = Set<[UInt8]>()
    /// The files that may hold secrets: no item collects them, by whatever pattern it finds them.
    private var withheld = Set<[UInt8]>()

    init(
        _ declaration: CollectorDeclaration, profile: CollectionProfile, host: HostTraits,
        context: CollectionContext, sink: any CollectionSink
    ) {
        self.declaration = declaration
        items = declaration.items.filter { $0.profiles?.contains(profile) ?? true }
        self.host = host
        self.context = context
        self.sink = sink
        remaining = min(context.byteBudget, declaration.byteLimit)
    }

    func collect() throws {
        try withholdSecrets()
        for (index, item) in items.enumerated() where !item.holdsSecrets {
            try sink.progress(
                Int64(index), of: Int64(items.count), unit: "items", activity: item.activity)
            if let obstacle = item.condition.obstacle(on: host) {
                try tell(obstacle, of: item.title)
                continue
            }
            switch item.source {
            case .files(let files): try collect(files, item)
            case .command(let command): try run(command, item)
            case .listing(let listing): try list(listing, item)
            }
        }
        if !commands.isEmpty {
            try sink.sendJSON(
                CommandRecord.artifact, CommandRecord.List(commands: commands), privacy: .identity)
        }
    }

    /// What root would get is missing; what the host has not is absent.
    func tell(_ obstacle: String, of what: String) throws {
        if obstacle == Condition.needsRoot {
            try sink.missing(what, why: "it needs root", remedy: "run as root")
        } else {
            try sink.absent(what, why: obstacle)
        }
    }

    // MARK: - Files

    private func withholdSecrets() throws {
        // Whatever the profile, and whether or not the item's own condition holds.
        for item in declaration.items where item.holdsSecrets {
            guard case .files(let files) = item.source else {
                guard item.condition.obstacle(on: host) == nil else { continue }
                try sink.send(
                    .note(.init(text: "not run, for what it says may hold secrets: \(item.title)")))
                continue
            }
            var limits = item.limits
            limits.fileCount = .max
            let selection = try FileSelection(
                files, limits: limits, in: context.root, since: nil, until: context.deadline)
            guard !selection.files.isEmpty else { continue }
            withheld.formUnion(selection.files.map(\.path.bytes))
            let names = selection.files.prefix(8).map {
                UntrustedText.escapingForPath($0.path.bytes)
            }
            let more = selection.files.count - names.count
            try sink.send(
                .note(
                    .init(
                        text: "not collected, for they may hold secrets: "
                            + names.joined(separator: ", ")
                            + (more > 0 ? " and \(more) more" : ""))))
        }
    }

    private func collect(
        _ files: CollectorDeclaration.Files, _ item: CollectorDeclaration.Item
    ) throws {
        let selection = try FileSelection(
            files, limits: item.limits, in: context.root, since: context.since,
            until: context.deadline, isTaken: { withheld.contains($0) })
        var failures = selection.failures
        for file in selection.files where collected.insert(file.path.bytes).inserted {
            try copy(file.path, item) { failures.append($0) }
        }
        try report(failures, of: item)
        if selection.leftOutCount > 0 {
            let which = item.limits.keepsNewest ? "newest" : "first"
            try sink.missing(
                item.title,
                why: "\(selection.leftOutCount) more files match than the \(item.limits.fileCount)"
                    + " that are kept, the \(which)")
        }
        if selection.isCut {
            try sink.missing(item.title, why: "looking for the files took too long")
        }
        if selection.files.isEmpty, failures.isEmpty, !selection.isCut, withheld.isEmpty,
            selection.unchangedCount == 0
        {
            try sink.absent(item.title)
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

    func tellBudget(_ what: String) throws {
        try sink.missing(
            what, why: "the \(declaration.byteLimit) bytes of the collector are used up")
    }

    /// Says of all that failed why: one line for each reason, with one path or their number.
    func report(_ failures: [SystemCallError], of item: CollectorDeclaration.Item) throws {
        var order = [Errno]()
        var byReason = [Errno: [SystemCallError]]()
        for failure in failures where !Self.saysNothing(failure) {
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

    /// What files of procfs and sysfs answer when they have nothing to say, or their process ended.
    private static func saysNothing(_ failure: SystemCallError) -> Bool {
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
        case .files(let files): Self.title(files.patterns)
        case .command(let command):
            UntrustedText.escapingControls(command.arguments.joined(separator: " "))
        case .listing(let listing): Self.title(listing.patterns)
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

    private static func title(_ patterns: [GlobPattern]) -> String {
        let first = patterns.first?.text ?? ""
        return patterns.count > 1 ? "\(first) and \(patterns.count - 1) others" : first
    }
}
