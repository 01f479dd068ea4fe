internal import CLinux
internal import Glibc
public import SystemPackage

/// A directory that this program writes into: every name is opened below it, no link followed.
///
/// New directories have mode 0700, new files 0600.
public final class OutputDirectory: Sendable {
    /// Its path, for messages.
    public let path: FilePath
    private let descriptor: OwnedDescriptor

    /// Refuses what is no single name: a path would be resolved elsewhere.
    private func checkName(_ name: String, _ operation: String) throws(SystemCallError) {
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(0x2F),
            !name.utf8.contains(0)
        else {
            throw SystemCallError(
                operation: operation, object: "\(path): the name \"\(name)\"",
                errno: .invalidArgument)
        }
    }

    private init(_ descriptor: consuming OwnedDescriptor, path: FilePath) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Opens `path`, making it and its parents when they do not exist.
    public static func create(_ path: FilePath) throws(SystemCallError) -> OutputDirectory {
        var missing = [FilePath]()
        var parent = path
        var descriptor = openDirectory(AT_FDCWD, parent)
        while descriptor < 0, Errno.last == .noSuchFileOrDirectory, !parent.isEmpty,
            parent.lastComponent != nil
        {
            missing.append(parent)
            parent.removeLastComponent()
            if parent.isEmpty { break }
            descriptor = openDirectory(AT_FDCWD, parent)
        }
        if descriptor >= 0 {
            _ = close(descriptor)
        } else if missing.isEmpty {
            throw SystemCallError(operation: "open", object: path.string, errno: .last)
        }
        for directory in missing.reversed() {
            let status = unsafe directory.withPlatformString { unsafe mkdir($0, 0o700) }
            if status != 0, Errno.last != .fileExists {
                throw SystemCallError(operation: "create", object: directory.string, errno: .last)
            }
        }
        return OutputDirectory(
            OwnedDescriptor(
                owning: try systemCall("open", on: path.string) { openDirectory(AT_FDCWD, path) }),
            path: path)
    }

    private static func openDirectory(_ base: CInt, _ path: FilePath) -> CInt {
        unsafe path.withPlatformString {
            unsafe diag_openat(base, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
    }

    /// Opens the directory `name` in this one; a link is refused.
    public func directory(_ name: String) throws(SystemCallError) -> OutputDirectory {
        try checkName(name, "open")
        return OutputDirectory(
            OwnedDescriptor(
                owning: try systemCall("open", on: path.appending(name).string) {
                    unsafe diag_openat(
                        descriptor.rawValue, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                        0)
                }), path: path.appending(name))
    }

    /// Makes the directory `name` unless it is there, and opens it.
    ///
    /// - Throws: `EEXIST` with `isNew`, when there is anything of that name: it may be another
    ///   user's.
    public func makeDirectory(
        _ name: String, isNew: Bool = false
    ) throws(SystemCallError) -> OutputDirectory {
        try checkName(name, "create")
        do throws(SystemCallError) {
            try systemCall("create", on: path.appending(name).string) {
                unsafe mkdirat(descriptor.rawValue, name, 0o700)
            }
        } catch { guard error.errno == .fileExists, !isNew else { throw error } }
        return try directory(name)
    }

    /// Opens the file `name` for reading; a link is refused.
    public func openFile(_ name: String) throws(SystemCallError) -> OwnedDescriptor {
        try checkName(name, "open")
        return OwnedDescriptor(
            owning: try systemCall("open", on: path.appending(name).string) {
                unsafe diag_openat(
                    descriptor.rawValue, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0)
            })
    }

    /// Makes the new file `name` for writing, and for reading too where wanted; one that exists
    /// is an error.
    public func createFile(
        _ name: String, isReadable: Bool = false
    ) throws(SystemCallError) -> OwnedDescriptor {
        try checkName(name, "create")
        return OwnedDescriptor(
            owning: try systemCall("create", on: path.appending(name).string) {
                unsafe diag_openat(
                    descriptor.rawValue, name,
                    (isReadable ? O_RDWR : O_WRONLY) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0o600)
            })
    }

    /// Opens `name` for reading and writing, making it when it does not exist.
    public func openOrCreateFile(_ name: String) throws(SystemCallError) -> OwnedDescriptor {
        try checkName(name, "open")
        return OwnedDescriptor(
            owning: try systemCall("open", on: path.appending(name).string) {
                unsafe diag_openat(
                    descriptor.rawValue, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
            })
    }

    /// What `name` is; a link is not followed. `nil` when there is nothing.
    public func status(of name: String) throws(SystemCallError) -> FileStatus? {
        var status = stat()
        do throws(SystemCallError) {
            try systemCall("stat", on: path.appending(name).string) {
                unsafe fstatat(descriptor.rawValue, name, &status, AT_SYMLINK_NOFOLLOW)
            }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
        return FileStatus(status)
    }

    /// Gives the entry `name` the name `newName`, replacing a file that has it.
    public func rename(_ name: String, to newName: String) throws(SystemCallError) {
        try checkName(newName, "rename")
        try systemCall("rename", on: "\(path.appending(name)) to \(newName)") {
            unsafe renameat(descriptor.rawValue, name, descriptor.rawValue, newName)
        }
    }

    /// Gives the entry `name` the name `newName`, which nothing may have yet.
    ///
    /// - Throws: `EEXIST` when something has it.
    public func renameNew(_ name: String, to newName: String) throws(SystemCallError) {
        try checkName(newName, "rename")
        let object = "\(path.appending(name)) to \(newName)"
        do throws(SystemCallError) {
            try systemCall("rename", on: object) {
                unsafe diag_renameat2(descriptor.rawValue, name, descriptor.rawValue, newName, 1)
            }
        } catch {
            // A file system without the flag: the name is looked for first.
            guard [.invalidArgument, .noFunction].contains(error.errno) else { throw error }
            guard try status(of: newName) == nil else {
                throw SystemCallError(operation: "rename", object: object, errno: .fileExists)
            }
            try rename(name, to: newName)
        }
    }

    /// Lets two entries change names in one step.
    ///
    /// - Throws: `EINVAL` on a file system that cannot.
    public func exchange(_ name: String, with other: String) throws(SystemCallError) {
        try systemCall("exchange", on: "\(path.appending(name)) and \(other)") {
            unsafe diag_renameat2(descriptor.rawValue, name, descriptor.rawValue, other, 2)
        }
    }

    /// Removes the file or link `name`; nothing there is no error.
    public func removeFile(_ name: String) throws(SystemCallError) {
        do throws(SystemCallError) {
            try systemCall("remove", on: path.appending(name).string) {
                unsafe unlinkat(descriptor.rawValue, name, 0)
            }
        } catch { guard error.errno == .noSuchFileOrDirectory else { throw error } }
    }

    /// Removes `name` and, when it is a directory, all below it; no link is followed, and no other
    /// file system entered.
    public func removeTree(_ name: String) throws(SystemCallError) {
        guard let component = FilePath.Component(name) else {
            throw SystemCallError(
                operation: "remove", object: "\(path): \(name)", errno: .invalidArgument)
        }
        guard let status = try self.status(of: name) else { return }
        let parent = Directory(try descriptor.duplicate(), path: path)
        try Self.remove(component, status, in: parent, device: try descriptor.status().deviceNumber)
    }

    /// By the names' own bytes, which need not be UTF-8.
    private static func remove(
        _ name: FilePath.Component, _ status: FileStatus, in parent: Directory, device: UInt64
    ) throws(SystemCallError) {
        guard status.kind == .directory else { return try parent.removeFile(name) }
        let object = parent.path.appending(name)
        guard status.deviceNumber == device else {
            throw SystemCallError(operation: "remove", object: object.string, errno: .resourceBusy)
        }
        let child = try parent.subdirectory(name)
        for entry in try child.entries() {
            try remove(entry.name, try child.status(of: entry.name), in: child, device: device)
        }
        try systemCall("remove", on: object.string) {
            unsafe name.withPlatformString {
                unsafe unlinkat(parent.rawValue, $0, AT_REMOVEDIR)
            }
        }
    }

    /// The names in it that are UTF-8.
    public func names() throws(SystemCallError) -> [String] {
        try Directory(try descriptor.duplicate(), path: path).entries().map(\.name.string)
    }

    /// Waits until every byte written to its file system has reached the disk.
    public func synchronizeFileSystem() throws(SystemCallError) {
        try systemCall("sync", on: path.string) { syncfs(descriptor.rawValue) }
    }

    /// Waits until the names in it have reached the disk.
    public func synchronize() throws(SystemCallError) {
        do throws(SystemCallError) { try descriptor.synchronize() } catch {
            throw SystemCallError(operation: "sync", object: path.string, errno: error.errno)
        }
    }
}
