import DiagSystem
import SystemPackage

/// A file that a command writes beside its name, and then gives that.
enum OutputFile {
    /// Refuses a path where something is that is no regular file: /dev/null would be replaced by
    /// the output, for everybody. So would a link, and what it leads to would stay as it was.
    ///
    /// - Parameters:
    ///   - path: where the file is to be.
    ///   - operation: what would be done, as an error begins.
    /// - Throws: ``CommandFailure`` with exit code 73. What cannot be looked at is left to the
    ///   kernel's own words when it is written.
    static func check(_ path: FilePath, _ operation: String) throws(CommandFailure) {
        var kind: FileStatus.Kind
        do throws(SystemCallError) {
            kind = try OwnedDescriptor.kind(of: path, followingLinks: false)
        } catch { return }
        // What is behind a link says more, unless it would do as well itself, or does not exist.
        if kind == .symbolicLink, let target = try? OwnedDescriptor.kind(of: path),
            target != .regular
        {
            kind = target
        }
        let hint: String
        switch kind {
        case .regular: return
        case .directory: hint = "name a file in it"
        case .symbolicLink: hint = "name the file that it leads to"
        default: hint = "name a regular file, or one that does not exist"
        }
        throw CommandFailure(
            .cannotCreate, "\(operation) \(path): it is a \(kind.words); \(hint)")
    }
}
