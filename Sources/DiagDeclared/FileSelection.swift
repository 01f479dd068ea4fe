internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The files that the patterns of an item choose on a host.
struct FileSelection {
    /// One chosen file.
    struct File {
        let path: FilePath
        let status: FileStatus
    }

    /// What is chosen, in the order in which it is collected.
    private(set) var files: [File] = []
    /// How many more matched than the limit allows.
    private(set) var leftOutCount = 0
    /// Whether that may be fewer than there are.
    private(set) var leftOutIsLeast = false
    /// How many did not change since the time that the run asks for.
    private(set) var unchangedCount = 0
    /// How many are another item's.
    private(set) var takenCount = 0
    /// What is named by its whole path, and is no file to copy.
    private(set) var misfits: [FileMisfit] = []
    /// How much else is there that is no file to copy.
    private var misfitCounts: [FileMisfit.Kind: Int] = [:]
    /// Whether `exclude` leaves out something that is there; not looked for once a file is chosen.
    private var hasExcluded = false
    /// Paths and folders that are there and could not be looked at.
    private(set) var failures: [SystemCallError] = []
    /// How many folders `**` did not look into, for they are deeper than it looks.
    private(set) var tooDeepCount = 0
    /// Whether time ran out.
    private(set) var isCut = false

    /// What is said then.
    static let tookTooLong = "looking for the files took too long"

    /// So many names are remembered, so that none counts twice; and so many failures.
    private static let mostNames = 200_000
    private static let mostFailures = 10_000
    /// So many beyond the limit are looked at, whether they are files, before names alone count.
    private static let mostLookedAt = 1000
    private let limits: CollectorDeclaration.Limits

    /// Looks for the files of an item.
    ///
    /// Only regular files are chosen; what else matches is counted, and what a pattern without
    /// anything to match names is remembered (``misfits``). Of more than the limit the first are
    /// chosen, or the newest. `isTaken` says whether a file is another item's.
    init(
        _ item: CollectorDeclaration.Files, limits: CollectorDeclaration.Limits,
        in tree: RootedTree, since: Timestamp?, until deadline: MonotonicTime,
        isTaken: (FilePath, FileStatus) -> Bool = { _, _ in false }
    ) throws {
        self.limits = limits
        var walk = GlobWalk(tree, until: deadline)
        var seen = Set<[UInt8]>()
        var tooDeep = Set<[UInt8]>()
        var ended = false
        for pattern in item.patterns where !ended {
            let fixedCount = pattern.fixedCount
            let tooDeepBefore = walk.tooDeep.count
            try walk.walk(pattern) { path in
                if ended || MonotonicTime.now >= deadline {
                    ended = true
                    return
                }
                guard !Self.isExcluded(path, by: item.excluded, below: fixedCount) else {
                    if files.isEmpty, !hasExcluded {
                        hasExcluded = pattern.endsInMatch || (try? tree.status(of: path)) != nil
                    }
                    return
                }
                // A pattern finds a path once; several may find it again.
                if item.patterns.count > 1 {
                    if seen.count < Self.mostNames {
                        guard seen.insert(path.bytes).inserted else { return }
                    } else if seen.contains(path.bytes) {
                        return
                    }
                }
                // A name that a folder listed is there; one that the pattern made up need not be.
                if !limits.keepsNewest, leftOutCount >= Self.mostLookedAt, pattern.endsInMatch {
                    leftOutCount += 1
                    return
                }
                guard let status = look(at: path, in: tree) else { return }
                if let kind = FileMisfit.Kind(status, at: path) {
                    note(FileMisfit(path: path, kind: kind), of: pattern, among: item.patterns)
                    return
                }
                guard !isTaken(path, status) else {
                    takenCount += 1
                    return
                }
                if item.onlyChanged, let since, status.modified < since {
                    unchangedCount += 1
                    return
                }
                choose(File(path: path, status: status))
            }
            for folder in walk.tooDeep[tooDeepBefore...]
            where !Self.isExcluded(folder, by: item.excluded, below: fixedCount) {
                tooDeep.insert(folder.bytes)
            }
        }
        tooDeepCount = tooDeep.count
        leftOutIsLeast = seen.count >= Self.mostNames
        isCut = ended || walk.isCut
        failures += walk.failures
        if limits.keepsNewest { keepNewest() }
    }

    /// Whether a pattern leaves out the path, or a folder on the way that was not named itself.
    static func isExcluded(
        _ path: FilePath, by patterns: [GlobPattern], below fixedCount: Int
    ) -> Bool {
        guard !patterns.isEmpty else { return false }
        var part = path
        for _ in fixedCount..<max(path.components.count, fixedCount + 1) {
            if patterns.contains(where: { $0.matches(part) }) { return true }
            part.removeLastComponent()
        }
        return false
    }

    /// Notes what is no file to copy.
    ///
    /// Where another pattern goes below a folder, somebody knew that it may be one: what is a file
    /// on one host is a folder on another.
    private mutating func note(
        _ misfit: FileMisfit, of pattern: GlobPattern, among patterns: [GlobPattern]
    ) {
        guard pattern.isLiteral, misfit.why != nil,
            misfit.kind != .folder || !Self.isEntered(pattern, by: patterns)
        else {
            misfitCounts[misfit.kind, default: 0] += 1
            return
        }
        misfits.append(misfit)
    }

    private static func isEntered(_ folder: GlobPattern, by patterns: [GlobPattern]) -> Bool {
        patterns.contains {
            $0.components.count > folder.components.count
                && $0.components.starts(with: folder.components)
        }
    }

    /// Why nothing is chosen, where something else is there; `nil` when nothing is.
    var emptiness: String? {
        guard files.isEmpty, takenCount == 0 else { return nil }
        return FileMisfit.reason(misfitCounts, hasExcluded: hasExcluded)
    }

    private mutating func choose(_ file: File) {
        guard limits.keepsNewest else {
            if files.count < limits.fileCount {
                files.append(file)
            } else {
                leftOutCount += 1
            }
            return
        }
        files.append(file)
        // However many match, few are held at once.
        if files.count >= 2 * limits.fileCount + 1024 { keepNewest() }
    }

    /// Sorts by age and keeps no more than the limit.
    private mutating func keepNewest() {
        files.sort { left, right in
            if left.status.modified != right.status.modified {
                return left.status.modified > right.status.modified
            }
            return left.path.bytes.lexicographicallyPrecedes(right.path.bytes)
        }
        if files.count > limits.fileCount {
            leftOutCount += files.count - limits.fileCount
            files.removeLast(files.count - limits.fileCount)
        }
    }

    /// What is there; `nil` when nothing is, or when it cannot be looked at.
    private mutating func look(at path: FilePath, in tree: RootedTree) -> FileStatus? {
        do throws(SystemCallError) { return try tree.status(of: path) } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory, .noSuchProcess: break
            default: if failures.count < Self.mostFailures { failures.append(error) }
            }
            return nil
        }
    }
}
