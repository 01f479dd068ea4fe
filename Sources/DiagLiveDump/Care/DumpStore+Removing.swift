internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// How dumps are removed: so that a crash in the middle leaves what is known as ours.
extension DumpStore {
    /// The folder of a run that did not end is called so.
    static let unfinishedSuffix = ".partial"

    /// Removes one dump: it gets another name first, and its manifest goes last.
    func remove(_ name: String, from directory: OutputDirectory) throws(SystemCallError) {
        let doomed = Self.removalPrefix + name
        try directory.rename(name, to: doomed)
        try directory.synchronize()
        try removeContent(of: doomed, in: directory)
    }

    private func removeContent(
        of name: String, in directory: OutputDirectory
    ) throws(SystemCallError) {
        let content = try directory.directory(name)
        for entry in Self.ownNames where entry != Self.manifestName {
            try content.removeFile(entry)
        }
        try content.removeFile(Self.manifestName)
        // What came into it meanwhile is not ours.
        guard try content.names().isEmpty else {
            throw SystemCallError(
                operation: "remove", object: content.path.string, errno: .directoryNotEmpty)
        }
        try directory.removeTree(name)
    }

    func finishRemovals(
        in directory: OutputDirectory, _ outcome: inout Outcome
    ) throws(SystemCallError) {
        let tree = try RootedTree(folder)
        for name in try directory.names() where name.hasPrefix(Self.removalPrefix) {
            guard Self.holdsOwnFilesAlone(name, in: tree) else { continue }
            do throws(SystemCallError) { try removeContent(of: name, in: directory) } catch {
                outcome.warnings.append("finish removing an old dump: \(error)")
            }
        }
    }

    /// Removes folders of runs that were killed, where nothing in them changed after `time`.
    func removeUnfinished(
        before time: Timestamp, in directory: OutputDirectory, _ outcome: inout Outcome
    ) throws(SystemCallError) {
        let tree = try RootedTree(folder)
        for name in try directory.names().sorted()
        where name.hasSuffix(Self.unfinishedSuffix) && !name.hasPrefix(".") {
            let path = FilePath("/").appending(name)
            guard Self.holdsOwnFilesAlone(name, in: tree),
                let content = try? tree.directory(path), let entries = try? content.entries(),
                let changed = try? tree.status(of: path, followingLinks: false).modified,
                changed < time,
                // A folder without the files of a dump could be anybody's.
                entries.contains(where: { $0.name.string.hasPrefix("LiveDump") }),
                entries.allSatisfy({
                    (try? content.status(of: $0.name)).map { $0.modified < time } ?? false
                })
            else { continue }
            do throws(SystemCallError) {
                try remove(name, from: directory)
                outcome.removedUnfinished.append(name)
            } catch { outcome.warnings.append("remove an unfinished dump: \(error)") }
        }
    }

    /// Whether `name` is a folder with nothing in it but files that this program writes beside a
    /// dump.
    private static func holdsOwnFilesAlone(_ name: String, in tree: RootedTree) -> Bool {
        let path = FilePath("/").appending(name)
        guard (try? tree.status(of: path, followingLinks: false).kind) == .directory,
            let content = try? tree.directory(path), let entries = try? content.entries()
        else { return false }
        return otherNames(entries, in: content).isEmpty
    }
}
