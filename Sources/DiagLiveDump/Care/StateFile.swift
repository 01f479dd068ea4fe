internal import DiagSystem
internal import SystemPackage

/// A small file that is only ever replaced as a whole.
enum StateFile {
    /// Writes `bytes` beside `path`, syncs and renames; the folder is made when it is missing.
    static func replace(_ path: FilePath, with bytes: [UInt8]) throws(SystemCallError) {
        let folder = try OutputDirectory.create(path.removingLastComponent())
        guard let name = path.lastComponent?.string else {
            throw SystemCallError(
                operation: "write", object: path.string, errno: .invalidArgument)
        }
        let new = ".\(name).new"
        try folder.removeFile(new)
        let file = try folder.createFile(new)
        do throws(SystemCallError) {
            try file.write(bytes.span)
            try file.synchronize()
            try folder.rename(new, to: name)
        } catch {
            try? folder.removeFile(new)
            throw error
        }
        try folder.synchronize()
    }

    /// Reads at most `limit` bytes of it; what is no regular file, such as a FIFO, is an error and
    /// holds nobody up.
    static func read(_ path: FilePath, limit: Int) throws(SystemCallError) -> [UInt8] {
        let file = try OwnedDescriptor.open(path, .readOnly, options: .nonBlocking)
        let kind = try file.status().kind
        guard kind == .regular else {
            throw SystemCallError(
                operation: "read", object: "\(path) (a \(kind.words))",
                errno: kind == .directory ? .isDirectory : .invalidArgument)
        }
        return try file.readAll(limit: limit)
    }
}
