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

    /// Removes the file; nothing there is no error.
    static func remove(_ path: FilePath) throws(SystemCallError) {
        guard let name = path.lastComponent?.string,
            (try? OwnedDescriptor.open(path, .readOnly)) != nil
        else { return }
        let folder = try OutputDirectory.create(path.removingLastComponent())
        try folder.removeFile(name)
        try folder.synchronize()
    }
}
