public import SystemPackage

extension TrustedFolder {
    /// Checks that only root and who runs this could have written the program at `path`, or have
    /// put another in its place: each folder on the way, each link, and the folders that links lead
    /// through.
    public static func checkProgram(_ path: FilePath) throws(Refusal) {
        var path = path
        for _ in 0...mostLinks {
            let folder = try TrustedFolder(path.removingLastComponent())
            guard let name = path.lastComponent, name.kind == .regular else {
                throw refusal(
                    path,
                    SystemCallError(operation: "open", object: path.string, errno: .isDirectory))
            }
            let status: FileStatus
            let target: FilePath?
            do throws(SystemCallError) {
                status = try folder.directory.status(of: name)
                target =
                    status.kind == .symbolicLink
                    ? try folder.directory.readLink(name.string) : nil
            } catch { throw refusal(path, error) }
            guard let target else {
                if let doubt = doubt(status) {
                    throw Refusal(description: "\(path) \(doubt)", errno: nil)
                }
                return
            }
            let owner = Int(status.ownerIdentifier)
            if owner != 0, owner != HostFacts.effectiveUser {
                throw Refusal(description: "\(path) is a link of user \(owner)", errno: nil)
            }
            path = path.removingLastComponent().pushing(target)
        }
        throw refusal(
            path,
            SystemCallError(
                operation: "open", object: path.string, errno: .tooManySymbolicLinkLevels))
    }
}
