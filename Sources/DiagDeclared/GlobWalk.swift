internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Finds what patterns match below a root, within bounds.
///
/// A folder that is a link is entered where a pattern names it, and never for `**`. The names of a
/// folder come sorted by their bytes. An automount point that is not mounted is a failure.
struct GlobWalk {
    /// How deep `**` looks.
    static let deepestLevel = 24
    /// A folder with more names than this is not listed.
    static let mostNames = 1_000_000
    /// So many folders that are too deep are remembered.
    private static let mostTooDeep = 10_000

    let tree: RootedTree
    let deadline: MonotonicTime
    /// Folders that exist and could not be listed, with the reason.
    private(set) var failures: [SystemCallError] = []
    /// Folders that `**` did not enter, for they are deeper than it looks; one that several
    /// patterns, or several `**`, came to stands here as often.
    private(set) var tooDeep: [FilePath] = []
    /// How many different ones these are.
    var tooDeepCount: Int { Set(tooDeep.map(\.bytes)).count }
    /// Whether the deadline ended the search.
    private(set) var isCut = false

    init(_ tree: RootedTree, until deadline: MonotonicTime) {
        self.tree = tree
        self.deadline = deadline
    }

    /// Calls `found` with each path that the pattern matches, whatever is there.
    ///
    /// A path without anything to match is given as it is, whether it exists or not.
    mutating func walk(
        _ pattern: GlobPattern, found: (FilePath) throws -> Void
    ) throws {
        try descend(into: "/", pattern.components[...], level: 0, found)
    }

    private mutating func descend(
        into folder: FilePath, _ components: ArraySlice<GlobPattern.Component>, level: Int,
        _ found: (FilePath) throws -> Void
    ) throws {
        var folder = folder
        var rest = components
        while case .literal(let name, _)? = rest.first {
            folder.append(name)
            rest = rest.dropFirst()
        }
        guard let component = rest.first else { return try found(folder) }
        if MonotonicTime.now >= deadline { isCut = true }
        guard !isCut else { return }
        let entries: [Directory.Entry]
        do throws(SystemCallError) {
            entries = try tree.directory(folder).entries(limit: Self.mostNames)
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .notDirectory, .noSuchProcess: break
            default: failures.append(error)
            }
            return
        }
        let isLast = rest.count == 1
        if case .anyDepth = component {
            if !isLast { try descend(into: folder, rest.dropFirst(), level: level, found) }
            for entry in entries {
                guard entry.bytes.first != 0x2E else { continue }
                let path = folder.appending(entry.name)
                if isLast { try found(path) }
                guard isFolder(entry, path) else { continue }
                guard level < Self.deepestLevel else {
                    if tooDeep.count < Self.mostTooDeep { tooDeep.append(path) }
                    continue
                }
                try descend(into: path, rest, level: level + 1, found)
            }
            return
        }
        for entry in entries
        where GlobPattern.matches(component, entry.bytes[...]) {
            let path = folder.appending(entry.name)
            if isLast {
                try found(path)
            } else if [.directory, .symbolicLink, .unknown].contains(entry.kind) {
                try descend(into: path, rest.dropFirst(), level: level, found)
            }
            if isCut { return }
        }
    }

    /// That `count` different folders were too deep, as a reason; `nil` when none was.
    static func tooDeepReason(_ count: Int) -> String? {
        let end = "deeper than \(deepestLevel) levels below, and"
        switch count {
        case ..<1: return nil
        case 1: return "1 folder is \(end) was not looked into"
        default:
            let most = count >= mostTooDeep ? "at least " : ""
            return "\(most)\(count) folders are \(end) were not looked into"
        }
    }

    /// Whether it is a folder itself, not a link to one.
    private mutating func isFolder(_ entry: Directory.Entry, _ path: FilePath) -> Bool {
        guard entry.kind == .unknown else { return entry.kind == .directory }
        do throws(SystemCallError) {
            return try tree.status(of: path, followingLinks: false).kind == .directory
        } catch {
            if error.automountPoint != nil { failures.append(error) }
            return false
        }
    }
}
