internal import CLinux
internal import Glibc
public import SystemPackage

/// The file system below a root: `/` on a live host, a folder of a fixture, a rescued disk.
///
/// No path and no symbolic link leads out of it. Source: openat2(2), `RESOLVE_IN_ROOT`, Linux 5.6;
/// on older kernels each component is opened with `O_NOFOLLOW` and links are resolved here.
public final class RootedTree: Sendable {
    /// The root's own path.
    public let path: FilePath
    private let descriptor: OwnedDescriptor
    /// Whether a symbolic link is followed whoever owns it.
    private let followsLinksOfOthers: Bool
    /// What may be read; all of it without.
    private let scope: ReadScope?
    /// Where the root ends; nowhere on a live host.
    private let border: RootBorder?

    /// The tree below `path`, which must be a directory.
    public convenience init(_ path: FilePath) throws(SystemCallError) {
        try self.init(path, followsLinksOfOthers: true, scope: nil)
    }

    /// The same tree, in which nothing else can be read than `scope` has.
    public func restricted(to scope: ReadScope) throws(SystemCallError) -> RootedTree {
        try RootedTree(path, followsLinksOfOthers: followsLinksOfOthers, scope: scope)
    }

    /// The same tree, in which only links are followed that belong to root or to this process's
    /// user: one that a service has put into its own folder leads nowhere, and `EPERM` says so.
    public func followingTrustedLinks() throws(SystemCallError) -> RootedTree {
        try RootedTree(path, followsLinksOfOthers: false, scope: scope)
    }

    private init(
        _ path: FilePath, followsLinksOfOthers: Bool, scope: ReadScope?
    ) throws(SystemCallError) {
        self.path = path
        self.followsLinksOfOthers = followsLinksOfOthers
        self.scope = scope
        descriptor = OwnedDescriptor(
            owning: try systemCall("open", on: path.string) {
                unsafe path.withPlatformString {
                    unsafe diag_openat(AT_FDCWD, $0, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
                }
            })
        border = path == "/" ? nil : try RootBorder(descriptor)
    }

    /// Whether this is the running host's own root, so that /proc and /sys tell of this machine.
    public var isLiveHost: Bool { path == "/" }

    /// Opens `path` under the root with the flags of open(2).
    ///
    /// - Throws: `ENOENT` for what the running kernel has mounted below another root than `/`.
    func open(_ path: FilePath, flags: CInt) throws(SystemCallError) -> OwnedDescriptor {
        if flags & O_PATH == 0 { try scope?.check(path, isFolder: flags & O_DIRECTORY != 0) }
        guard let border else { return try resolve(path, flags: flags) }
        // Looked at before it is opened: to open a file of the kernel's may do something.
        if flags & O_PATH == 0 {
            let isLink = flags & O_NOFOLLOW
            try border.check(try resolve(path, flags: O_PATH | isLink), at: path)
        }
        let found = try resolve(path, flags: flags)
        try border.check(found, at: path)
        return found
    }

    private func resolve(_ path: FilePath, flags: CInt) throws(SystemCallError) -> OwnedDescriptor {
        // Where no link is on the way, none of somebody else's is.
        let forbidden = followsLinksOfOthers ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS
        let directory = descriptor.rawValue
        // RESOLVE_IN_ROOT takes an absolute path from the directory on.
        let path = path.isEmpty ? "." : path
        do throws(SystemCallError) {
            return OwnedDescriptor(
                owning: try systemCall("open", on: path.string) {
                    unsafe path.withPlatformString { name in
                        var result: CInt = -1
                        // EAGAIN: something was renamed while the kernel walked; it says so.
                        for _ in 0..<32 {
                            result = unsafe diag_openat2(
                                directory, name, UInt64(flags | O_CLOEXEC),
                                UInt64(RESOLVE_IN_ROOT | forbidden))
                            if result != -1 || Errno.last != .resourceTemporarilyUnavailable {
                                break
                            }
                        }
                        return result
                    }
                })
        } catch {
            let hasLink = !followsLinksOfOthers && error.errno == .tooManySymbolicLinkLevels
            guard hasLink || error.errno == .noFunction || error.errno == .notPermitted else {
                throw error
            }
            return try walk(path, flags: flags)
        }
    }

    /// Opens the regular file at `path` for reading. A FIFO, socket or device node is never opened.
    ///
    /// - Throws: `EINVAL` as ``SystemCallError`` when something else than a regular file is there;
    ///   `EISDIR` for a directory.
    public func openRegularFile(_ path: FilePath) throws(SystemCallError) -> OwnedDescriptor {
        let status = try self.status(of: path)
        guard status.kind == .regular else {
            throw SystemCallError(
                operation: "read", object: "\(path) (a \(status.kind.rawValue))",
                errno: status.kind == .directory ? .isDirectory : .invalidArgument)
        }
        // O_NONBLOCK: what was swapped for a FIFO meanwhile does not hold us up, and is refused.
        let file = try open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        guard try file.status().kind == .regular else {
            throw SystemCallError(operation: "read", object: path.string, errno: .invalidArgument)
        }
        return file
    }

    /// Opens a device or kernel interface that is meant to be read so, without waiting for it.
    public func openDevice(_ path: FilePath) throws(SystemCallError) -> OwnedDescriptor {
        try open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// The content of the regular file at `path`, at most `limit` bytes of it.
    public func read(_ path: FilePath, limit: Int = 1 << 20) throws(SystemCallError) -> [UInt8] {
        do throws(SystemCallError) {
            return try openRegularFile(path).readAll(limit: limit)
        } catch {
            throw SystemCallError(operation: "read", object: path.string, errno: error.errno)
        }
    }

    /// What is at `path`, links followed unless it says otherwise.
    public func status(
        of path: FilePath, followingLinks: Bool = true
    ) throws(SystemCallError) -> FileStatus {
        try open(path, flags: O_PATH | (followingLinks ? 0 : O_NOFOLLOW)).status()
    }

    /// Where the symbolic link at `path` points, as it is written there.
    public func readLink(_ path: FilePath) throws(SystemCallError) -> FilePath {
        let link = try open(path, flags: O_PATH | O_NOFOLLOW)
        return try readLinkTarget(in: link.rawValue, name: "", object: path)
    }

    /// The directory at `path`.
    public func directory(_ path: FilePath) throws(SystemCallError) -> Directory {
        Directory(
            try open(path, flags: O_RDONLY | O_DIRECTORY), path: path, scope: scope, border: border)
    }

    private static func relative(_ path: FilePath) -> FilePath {
        var relative = path
        relative.root = nil
        return relative.isEmpty ? "." : relative
    }

    /// The same without openat2, for kernels before 5.6 and sandboxes that forbid it.
    func walk(_ path: FilePath, flags: CInt) throws(SystemCallError) -> OwnedDescriptor {
        var pending = Array(Self.relative(path).components.reversed())
        var followed = 0
        // Every directory on the way, so that `..` goes back without asking the kernel.
        var way = [Directory]()
        while let component = pending.popLast() {
            if component.kind == .currentDirectory { continue }
            if component.kind == .parentDirectory {
                _ = way.popLast()
                continue
            }
            let here = way.last?.rawValue ?? descriptor.rawValue
            let next = OwnedDescriptor(
                owning: try systemCall("open", on: path.string) {
                    unsafe component.withPlatformString {
                        unsafe diag_openat(here, $0, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
                    }
                })
            let status = try next.status()
            let kind = status.kind
            if kind == .symbolicLink, !(pending.isEmpty && flags & O_NOFOLLOW != 0) {
                followed += 1
                let owner = Int(status.ownerIdentifier)
                guard followsLinksOfOthers || owner == 0 || owner == HostFacts.effectiveUser else {
                    throw SystemCallError(
                        operation: "follow a link of user \(owner)", object: path.string,
                        errno: .notPermitted)
                }
                guard followed <= 40 else {
                    throw SystemCallError(
                        operation: "open", object: path.string, errno: .tooManySymbolicLinkLevels)
                }
                let target = try readLinkTarget(in: next.rawValue, name: "", object: path)
                if target.isAbsolute { way = [] }
                pending += target.components.reversed()
            } else if pending.isEmpty {
                if flags & O_PATH != 0 { return next }
                return OwnedDescriptor(
                    owning: try systemCall("open", on: path.string) {
                        unsafe component.withPlatformString {
                            unsafe diag_openat(here, $0, flags | O_NOFOLLOW | O_CLOEXEC, 0)
                        }
                    })
            } else {
                way.append(Directory(next, path: path))
            }
        }
        let here = way.last?.rawValue ?? descriptor.rawValue
        return OwnedDescriptor(
            owning: try systemCall("open", on: path.string) {
                unsafe diag_openat(here, ".", flags | O_CLOEXEC, 0)
            })
    }
}

/// Reads a link: `name` in the directory, or the link that the descriptor itself is when empty.
func readLinkTarget(
    in directory: CInt, name: String, object: FilePath
) throws(SystemCallError) -> FilePath {
    var buffer = [CChar](repeating: 0, count: 4097)
    let length = try systemCall("readlink", on: object.string) {
        unsafe readlinkat(directory, name, &buffer, buffer.count - 1)
    }
    buffer[length] = 0
    return FilePath(platformString: buffer)
}
