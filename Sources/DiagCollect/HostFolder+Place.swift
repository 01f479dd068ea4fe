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
    /// anybody's, and a later run by root would remove it.
    public static func obstacle(
        to name: String, in output: OutputDirectory
    ) throws(SystemCallError) -> String? {
        guard let status = try output.status(of: name) else { return nil }
        guard status.kind == .directory else { return "a \(status.kind.words) is there" }
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

    /// Whether `entry` is an older host folder, or empty: that alone is removed or put back.
    static func isOurs(_ entry: String, in output: OutputDirectory) -> Bool {
        do throws(SystemCallError) { return try obstacle(to: entry, in: output) == nil } catch {
            return false
        }
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
