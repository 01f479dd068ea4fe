import DiagSystem
import SystemPackage

/// A file that a command writes beside its name, and then gives that.
enum OutputFile {
    /// Refuses a path where something is that is no regular file: /dev/null would be replaced by
    /// the output, for everybody. A link counts as what it leads to.
    ///
    /// - Parameters:
    ///   - path: where the file is to be.
    ///   - operation: what would be done, as an error begins.
    /// - Throws: ``CommandFailure`` with exit code 73. What cannot be looked at is left to the
    ///   kernel's own words when it is written.
    static func check(_ path: FilePath, _ operation: String) throws(CommandFailure) {
        let kind: FileStatus.Kind
        do throws(SystemCallError) { kind = try OwnedDescriptor.kind(of: path) } catch { return }
        let hint: String
        switch kind {
        case .regular: return
        case .directory: hint = "name a file in it"
        default: hint = "name a regular file, or one that does not exist"
        }
        throw CommandFailure(
            .cannotCreate, "\(operation) \(path): it is a \(kind.words); \(hint)")
    }
}
