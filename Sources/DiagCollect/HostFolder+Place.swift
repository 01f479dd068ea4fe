internal import DiagModel
public import DiagSystem
internal import SystemPackage

/// What may be replaced by a host folder.
extension HostFolder {
    /// The documents that every whole host folder has at its top.
    private static let documents = ["manifest.json", "findings.json", "summary.txt"]

    /// Why what is called `name` in `output` must not be replaced by a host folder, as a clause
    /// such as `a regular file is there`; `nil` where nothing is, an empty folder, or an older host
    /// folder.
    ///
    /// A folder that must not be looked into is another user's, and ``commit()`` does not remove it.
    public static func obstacle(
        to name: String, in output: OutputDirectory
    ) throws(SystemCallError) -> String? {
        guard let status = try output.status(of: name) else { return nil }
        guard status.kind == .directory else { return "a \(status.kind.words) is there" }
        let folder: OutputDirectory
        do throws(SystemCallError) { folder = try output.directory(name) } catch {
            guard error.errno == .permissionDenied else { throw error }
            return nil
        }
        var lacking = [String]()
        for document in documents {
            let isThere = try folder.status(of: document)?.kind == .regular
            if !isThere { lacking.append(document) }
        }
        guard !lacking.isEmpty else { return nil }
        let isEmpty = try folder.names().isEmpty
        return isEmpty
            ? nil
            : "a folder is there that is no host folder, for it lacks "
                + lacking.joined(separator: ", ")
    }
}
