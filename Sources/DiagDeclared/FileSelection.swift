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
    /// How many did not change since the time that the run asks for.
    private(set) var unchangedCount = 0
    /// Paths and folders that are there and could not be looked at.
    private(set) var failures: [SystemCallError] = []
    /// Whether time ran out.
    private(set) var isCut = false

    /// Looks for the files of an item.
    ///
    /// Only regular files count, whatever else matches; a file that nobody may read, as some of
    /// sysfs, does not. Of more than the limit the first are chosen, or the newest. `isTaken` says
    /// whether a path is another item's.
    init(
        _ item: CollectorDeclaration.Files, limits: CollectorDeclaration.Limits,
        in tree: RootedTree, since: Timestamp?, until deadline: MonotonicTime,
        isTaken: ([UInt8]) -> Bool = { _ in false }
    ) throws {
        var walk = GlobWalk(tree, until: deadline)
        var seen = Set<[UInt8]>()
        var ended = false
        for pattern in item.patterns where !ended {
            try walk.walk(pattern) { path in
                if ended || MonotonicTime.now >= deadline {
                    ended = true
                    return
                }
                guard !item.excluded.contains(where: { $0.matches(path) }) else { return }
                // Of the first ones no more than the limit are looked at, however many there are.
                if !limits.keepsNewest, files.count >= limits.fileCount {
                    leftOutCount += 1
                    return
                }
                let name = path.bytes
                guard !isTaken(name), seen.insert(name).inserted else { return }
                look(at: path, in: tree, onlyAfter: item.onlyChanged ? since : nil)
            }
        }
        isCut = ended || walk.isCut
        failures += walk.failures
        guard limits.keepsNewest else { return }
        files.sort {
            ($1.status.modified, $0.path.string) < ($0.status.modified, $1.path.string)
        }
        if files.count > limits.fileCount {
            leftOutCount += files.count - limits.fileCount
            files.removeLast(files.count - limits.fileCount)
        }
    }

    private mutating func look(at path: FilePath, in tree: RootedTree, onlyAfter: Timestamp?) {
        let status: FileStatus
        do throws(SystemCallError) { status = try tree.status(of: path) } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory, .noSuchProcess: break
            default: failures.append(error)
            }
            return
        }
        guard status.kind == .regular, status.permissions & 0o444 != 0 else { return }
        if let onlyAfter, status.modified < onlyAfter {
            unchangedCount += 1
            return
        }
        files.append(File(path: path, status: status))
    }
}
