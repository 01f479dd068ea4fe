internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// What may be replaced by a host folder, or removed as an older one.
extension HostFolder {
    /// The documents that every whole host folder has at its top.
    private static let documents = ["manifest.json", "findings.json", "summary.txt"]

    /// Why what is called `name` in `output` must not be replaced by a host folder, as a clause
    /// such as `a regular file is there`; `nil` where nothing is, an empty folder, or an older host
    /// folder.
    ///
    /// A folder that cannot be looked into is an obstacle whoever owns it: what is in it could be
    /// anybody's, and a later run by root would remove it. So is one that cannot be moved: of
    /// another user, in a sticky directory that is another's too.
    public static func obstacle(
        to name: String, in output: OutputDirectory
    ) throws(SystemCallError) -> String? {
        guard let status = try output.status(of: name) else { return nil }
        guard status.kind == .directory else { return "a \(status.kind.words) is there" }
        let user = UInt32(HostFacts.effectiveUser)
        if user != 0, status.ownerIdentifier != user, let place = try output.status(of: "."),
            place.permissions & 0o1000 != 0, place.ownerIdentifier != user
        {
            return "a folder of user \(status.ownerIdentifier) is there, which only that user may"
                + " move, for the directory is sticky"
        }
        let lacking: [String]
        let isEmpty: Bool
        do throws(SystemCallError) {
            let folder = try output.directory(name)
            lacking = try self.lacking(in: folder)
            isEmpty = lacking.isEmpty ? false : try folder.names().isEmpty
        } catch {
            guard [.permissionDenied, .notPermitted].contains(error.errno) else { throw error }
            return "a folder of user \(status.ownerIdentifier) is there that cannot be looked into"
                + " (\(error.errno))"
        }
        return lacking.isEmpty || isEmpty
            ? nil
            : "a folder is there that is no host folder, for it lacks "
                + lacking.joined(separator: ", ")
    }

    private static func lacking(
        in folder: OutputDirectory
    ) throws(SystemCallError) -> [String] {
        var lacking = [String]()
        for document in documents {
            let isThere = try folder.status(of: document)?.kind == .regular
            if !isThere { lacking.append(document) }
        }
        return lacking
    }

    /// What an entry with the name of an older host folder is.
    enum Older: Hashable {
        /// A whole one, which may be put back.
        case whole
        /// What is left of one: nothing, or some of its documents, which are removed last.
        case remains
        /// Something else, or nobody knows, as the text says: it is neither removed nor put back.
        case stranger(String)
    }

    /// What `entry` is of an older host folder.
    static func older(_ entry: String, in output: OutputDirectory) -> Older {
        do throws(SystemCallError) {
            guard let obstacle = try obstacle(to: entry, in: output) else {
                return try output.directory(entry).names().isEmpty ? .remains : .whole
            }
            guard try output.status(of: entry)?.kind == .directory,
                let names = try? output.directory(entry).names(),
                names.allSatisfy(documents.contains)
            else { return .stranger(obstacle) }
            return .remains
        } catch { return .stranger("\(error)") }
    }

    /// Removes an older host folder, its documents last: what a killed run left of it is known by
    /// them.
    static func removeOlder(_ entry: String, in output: OutputDirectory) throws(SystemCallError) {
        let folder = try output.directory(entry)
        for name in try folder.names() where !documents.contains(name) {
            try folder.removeTree(name)
        }
        try output.removeTree(entry)
    }
}
