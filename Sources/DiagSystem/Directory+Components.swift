internal import CLinux
internal import Glibc
public import SystemPackage

/// Work on the entries of an open directory by their bytes, no link followed: how a host folder
/// is sealed, and how a bundle that nobody trusts is unpacked.
extension Directory {
    /// Opens the directory at `path`, which is not resolved under any root.
    public static func open(_ path: FilePath) throws(SystemCallError) -> Directory {
        Directory(try OwnedDescriptor.open(path, .readOnly, options: [.directory]), path: path)
    }

    /// Opens the directory `name` in this one; a link is refused with `ENOTDIR`.
    public func subdirectory(
        _ name: FilePath.Component
    ) throws(SystemCallError) -> Directory {
        let child = path.appending(name)
        return Directory(
            try openEntry(name, O_RDONLY | O_DIRECTORY, operation: "open"), path: child)
    }

    /// Opens the regular file `name` for reading; a link is refused with `ELOOP`, anything else
    /// that is not a regular file with `EINVAL`. Waits for nothing.
    public func regularFile(
        _ name: FilePath.Component
    ) throws(SystemCallError) -> OwnedDescriptor {
        let file = try openEntry(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, operation: "open")
        guard try file.status().kind == .regular else {
            throw SystemCallError(
                operation: "open", object: path.appending(name).string, errno: .invalidArgument)
        }
        return file
    }

    /// Makes the directory `name` with mode 0700; one that exists is refused with `EEXIST`.
    public func makeSubdirectory(_ name: FilePath.Component) throws(SystemCallError) {
        try systemCall("create", on: path.appending(name).string) {
            unsafe name.withPlatformString { unsafe mkdirat(rawValue, $0, 0o700) }
        }
    }

    /// Makes the new file `name` with mode 0600 for writing; what exists is refused with `EEXIST`.
    public func makeRegularFile(
        _ name: FilePath.Component
    ) throws(SystemCallError) -> OwnedDescriptor {
        try openEntry(name, O_WRONLY | O_CREAT | O_EXCL, operation: "create")
    }

    /// Removes the file or link `name`, never a directory.
    public func removeFile(_ name: FilePath.Component) throws(SystemCallError) {
        try systemCall("remove", on: path.appending(name).string) {
            unsafe name.withPlatformString { unsafe unlinkat(rawValue, $0, 0) }
        }
    }

    private func openEntry(
        _ name: FilePath.Component, _ flags: CInt, operation: String
    ) throws(SystemCallError) -> OwnedDescriptor {
        OwnedDescriptor(
            owning: try systemCall(operation, on: path.appending(name).string) {
                unsafe name.withPlatformString {
                    unsafe diag_openat(rawValue, $0, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
                }
            })
    }
}
