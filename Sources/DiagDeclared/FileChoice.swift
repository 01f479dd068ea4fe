internal import DiagCollect
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Which files the items of a declaration take: each once, and those that may hold secrets never.
struct FileChoice {
    private let declaration: CollectorDeclaration
    private let context: CollectionContext
    /// When looking for files ends.
    private let deadline: MonotonicTime
    private var taken = Set<[UInt8]>()
    /// The files that may hold secrets: no item takes them, by whatever name it finds them.
    private var withheld: WithheldFiles

    init(
        _ declaration: CollectorDeclaration, in context: CollectionContext,
        until deadline: MonotonicTime
    ) {
        self.declaration = declaration
        self.context = context
        self.deadline = deadline
        withheld = WithheldFiles(declaration)
    }

    /// Looks for the files that may hold secrets; what there is to say of them. The last note names
    /// all of them.
    ///
    /// Whatever the profile, and whether or not the condition of their own item holds.
    mutating func withhold(_ host: HostTraits) throws -> [WithheldNote] {
        var notes = [WithheldNote]()
        var all = Withheld()
        var seen = Set<[UInt8]>()
        for item in declaration.items where item.holdsSecrets {
            guard case .files(let files) = item.source else {
                guard item.condition.obstacle(on: host) == nil else { continue }
                // What cannot run here is not withheld.
                if case .command(let command) = item.source,
                    command.obstacle(on: host, in: context) == nil
                {
                    notes.append(
                        .init(text: "not run, for what it says may hold secrets: \(item.title)"))
                    all.add(command: item.title)
                }
                continue
            }
            var limits = item.limits
            limits.fileCount = WithheldFiles.mostIdentities
            limits.keepsNewest = false
            let selection = try FileSelection(
                files, limits: limits, in: context.root, since: nil, until: deadline)
            let isLeast =
                selection.isCut || selection.leftOutIsLeast || selection.tooDeepCount > 0
                || !selection.failures.isEmpty
            all.add(Withheld.Count(isLeast: isLeast))
            guard !selection.files.isEmpty else { continue }
            withheld.add(selection.files)
            for file in selection.files where seen.insert(file.path.bytes).inserted {
                all.add(file: UntrustedText.escapingForPath(file.path.bytes))
            }
            all.add(Withheld.Count(files: selection.leftOutCount))
            let names = selection.files.prefix(8).map {
                UntrustedText.escapingForPath($0.path.bytes)
            }
            let more = selection.files.count + selection.leftOutCount - names.count
            notes.append(
                .init(
                    text: "not collected, for they may hold secrets: "
                        + names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")))
        }
        if !notes.isEmpty, !all.isEmpty { notes[notes.count - 1].withheld = all }
        return notes
    }

    /// The files that an item matches, those with secrets left out.
    func select(
        _ files: CollectorDeclaration.Files, _ item: CollectorDeclaration.Item
    ) throws -> FileSelection {
        try FileSelection(
            files, limits: item.limits, in: context.root, since: context.since,
            until: deadline, isTaken: { withheld.contains($0, $1) })
    }

    /// Those of the files that an item matches which a reviewed plan has, by the bytes of their
    /// paths; and which of the plan's were met on the way, those beyond a limit included.
    ///
    /// A plan can be written by hand: what its patterns match, and no walk along them finds, is not
    /// among them. Whether a file is one of the newest was decided when the plan was made.
    func select(
        _ files: CollectorDeclaration.Files, _ item: CollectorDeclaration.Item,
        among planned: Set<[UInt8]>
    ) throws -> (selection: FileSelection, met: Set<[UInt8]>) {
        var met = Set<[UInt8]>()
        let selection = try FileSelection(
            files, limits: item.limits, in: context.root, since: context.since,
            until: deadline,
            isTaken: { path, status in
                guard planned.contains(path.bytes) else { return true }
                met.insert(path.bytes)
                return withheld.contains(path, status)
            })
        return (selection, met)
    }

    /// Takes a file; `false` when another item has, or when it may hold secrets.
    mutating func take(_ path: FilePath, _ status: FileStatus?) -> Bool {
        !withheld.contains(path, status) && taken.insert(path.bytes).inserted
    }
}
