internal import CLinux
internal import Glibc
public import SystemPackage

/// The file system below a root: `/` on a live host, a folder of a fixture, a rescued disk.
///
/// No path and no symbolic link leads out of it. Source: openat2(2), `RESOLVE_IN_ROOT`, Linux 5.6;
/// on older kernels, and where it matters which mounts are on the way, each component is opened
/// with `O_NOFOLLOW` and links are resolved here.
public final class RootedTree: Sendable {
    /// The root's own path.
    public let path: FilePath
    private let descriptor: OwnedDescriptor
    /// The number of the device that the root lies on.
    private let device: UInt64
    /// Whether a symbolic link is followed whoever owns it.
    private let followsLinksOfOthers: Bool
    /// What may be read; all of it without.
    private let scope: ReadScope?
    /// Where the root ends; nowhere on a live host.
    private let border: RootBorder?
    private let marks: RootBorder.Marks
    /// The automount points that are left alone whatever is asked; none without.
    private let automounts: AutomountTable?

    /// The tree below `path`, which must be a directory.
    public convenience init(_ path: FilePath) throws(SystemCallError) {
        try self.init(path, followsLinksOfOthers: true, scope: nil)
    }

    /// The same tree, in which nothing else can be read than `scope` has.
    public func restricted(to scope: ReadScope) throws(SystemCallError) -> RootedTree {
        try RootedTree(
            path, followsLinksOfOthers: followsLinksOfOthers, scope: scope, marks: marks,
            automounts: automounts)
    }

    /// The same tree, in which only links are followed that belong to root or to this process's
    /// user: one that a service has put into its own folder leads nowhere, and `EPERM` says so.
    public func followingTrustedLinks() throws(SystemCallError) -> RootedTree {
        try RootedTree(
            path, followsLinksOfOthers: false, scope: scope, marks: marks, automounts: automounts)
    }

    /// The same tree, in which nothing that is done has anything mounted: what lies at an
    /// ``AutomountPoint`` of `table` or below one, or behind a link to there, gives an error that
    /// names it (``SystemCallError/automountPoint``).
    ///
    /// Paths that lead past them are opened as ever, links excepted: each of these is followed here.
    /// In another root than the running host's there is no automount point anyway.
    public func leavingAutomounts(
        of table: AutomountTable
    ) throws(SystemCallError) -> RootedTree {
        guard isLiveHost, !table.isEmpty else { return self }
        return try RootedTree(
            path, followsLinksOfOthers: followsLinksOfOthers, scope: scope, marks: marks,
            automounts: table)
    }

    /// The tree below `path`; a test gives other `marks`, and so has borders without a mount.
    init(
        _ path: FilePath, followsLinksOfOthers: Bool, scope: ReadScope?,
        marks: RootBorder.Marks = .init(), automounts: AutomountTable? = nil
    ) throws(SystemCallError) {
        self.path = path
        self.automounts = automounts
        self.followsLinksOfOthers = followsLinksOfOthers
        self.scope = scope
        self.marks = marks
        descriptor = OwnedDescriptor(
            owning: try systemCall("open", on: path.string) {
                unsafe path.withPlatformString {
                    unsafe diag_openat(AT_FDCWD, $0, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
                }
            })
        device = try descriptor.status().deviceNumber
        border = path == "/" ? nil : RootBorder(device: device, marks: marks)
    }

    /// Whether this is the running host's own root, so that /proc and /sys tell of this machine.
    public var isLiveHost: Bool { path == "/" }

    /// Opens `path` under the root with the flags of open(2).
    ///
    /// - Throws: `ENOENT` for what the running kernel has mounted below another root than `/`.
    func open(_ path: FilePath, flags: CInt) throws(SystemCallError) -> OwnedDescriptor {
        var place = path
        return try open(path, flags: flags, leavesAutomounts: false, place: &place)
    }

    /// The same; where mounts on the way matter, `place` becomes that of what is opened, with no
    /// link on the way to it. It is `path` before.
    private func open(
        _ path: FilePath, flags: CInt, leavesAutomounts: Bool, place: inout FilePath
    ) throws(SystemCallError) -> OwnedDescriptor {
        if flags & O_PATH == 0 { try scope?.check(path, isFolder: flags & O_DIRECTORY != 0) }
        let leavesAutomounts = leavesAutomounts || automounts?.concerns(path) ?? false
        guard leavesAutomounts || border != nil else {
            return try resolve(path, flags: flags, place: &place)
        }
        return try walk(path, flags: flags, leavesAutomounts: leavesAutomounts, place: &place)
    }

    private func resolve(
        _ path: FilePath, flags: CInt, place: inout FilePath
    ) throws(SystemCallError) -> OwnedDescriptor {
        // Where no link is on the way, none of somebody else's is, nor one to an automount point.
        let followsLinks = followsLinksOfOthers && automounts == nil
        let forbidden = followsLinks ? RESOLVE_NO_MAGICLINKS : RESOLVE_NO_SYMLINKS
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
            let hasLink = !followsLinks && error.errno == .tooManySymbolicLinkLevels
            guard hasLink || error.errno == .noFunction || error.errno == .notPermitted else {
                throw error
            }
            return try walk(
                path, flags: flags, leavesAutomounts: automounts != nil, place: &place)
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
            if error.automountPoint != nil { throw error }
            throw SystemCallError(operation: "read", object: path.string, errno: error.errno)
        }
    }

    /// What is at `path`, links followed unless it says otherwise.
    ///
    /// - Throws: with `leavingAutomounts`, for what lies at an ``AutomountPoint`` or below one, an
    ///   error that names it: ``SystemCallError/automountPoint``. Without, the kernel has mounted
    ///   what is on the way, unless the whole tree leaves it alone (``leavingAutomounts(of:)``).
    public func status(
        of path: FilePath, followingLinks: Bool = true, leavingAutomounts: Bool = false
    ) throws(SystemCallError) -> FileStatus {
        var place = path
        let found = try open(
            path, flags: O_PATH | (followingLinks ? 0 : O_NOFOLLOW),
            leavesAutomounts: leavingAutomounts, place: &place)
        return try found.status()
    }

    /// Where the symbolic link at `path` points, as it is written there.
    public func readLink(_ path: FilePath) throws(SystemCallError) -> FilePath {
        let link = try open(path, flags: O_PATH | O_NOFOLLOW)
        return try readLinkTarget(in: link.rawValue, name: "", object: path)
    }

    /// The directory at `path`.
    ///
    /// - Throws: with `leavingAutomounts` as ``status(of:followingLinks:leavingAutomounts:)``.
    public func directory(
        _ path: FilePath, leavingAutomounts: Bool = false
    ) throws(SystemCallError) -> Directory {
        var place = path
        let found = try open(
            path, flags: O_RDONLY | O_DIRECTORY, leavesAutomounts: leavingAutomounts,
            place: &place)
        return Directory(
            found, path: path, place: place, scope: scope, border: border,
            tree: automounts == nil ? nil : self)
    }

    /// Makes sure that nothing is mounted when somebody looks into what is at `path`, a link there
    /// not followed, where this tree leaves automount points alone; `hasLinks` says that a link may
    /// be on the way to it. Gives the same path with no link on its way.
    func leaveAutomount(
        at path: FilePath, hasLinks: Bool
    ) throws(SystemCallError) -> FilePath {
        guard let automounts, hasLinks || automounts.concerns(path) else { return path }
        var place = path
        _ = try open(path, flags: O_PATH | O_NOFOLLOW, leavesAutomounts: true, place: &place)
            .status()
        return place
    }

    private static func relative(_ path: FilePath) -> FilePath {
        var relative = path
        relative.root = nil
        return relative.isEmpty ? "." : relative
    }

    /// The same without openat2, for kernels before 5.6 and sandboxes that forbid it.
    func walk(_ path: FilePath, flags: CInt) throws(SystemCallError) -> OwnedDescriptor {
        var place = path
        return try walk(
            path, flags: flags, leavesAutomounts: automounts != nil, place: &place)
    }

    /// A directory on the way, and the number of the device that it lies on.
    private struct Step {
        let directory: Directory
        let device: UInt64
        /// Whether it is a folder of autofs itself, in which each name may be an automount point.
        let isOfAutofs: Bool
    }

    /// Opens each component by itself, and asks at each mount whether it may be gone into.
    private func walk(
        _ path: FilePath, flags: CInt, leavesAutomounts: Bool, place: inout FilePath
    ) throws(SystemCallError) -> OwnedDescriptor {
        var pending = Array(Self.relative(path).components.reversed())
        var followed = 0
        // Every directory on the way, so that `..` goes back without asking the kernel.
        var way = [Step]()
        while let component = pending.popLast() {
            if component.kind == .currentDirectory { continue }
            if component.kind == .parentDirectory {
                _ = way.popLast()
                continue
            }
            let step = way.last
            place = Self.place(of: step).appending(component)
            let next = try find(component, from: step, of: path, at: place)
            let (status, isOfAutofs) = try examine(
                next, from: step, at: place, leavesAutomounts: leavesAutomounts)
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
                // Only now is it opened: to open what is of the kernel, or an automount point, may
                // do something. What is mounted there stays while the other descriptor is open.
                let here = rawValue(of: step)
                let opened = OwnedDescriptor(
                    owning: try systemCall("open", on: path.string) {
                        unsafe component.withPlatformString {
                            unsafe diag_openat(here, $0, flags | O_NOFOLLOW | O_CLOEXEC, 0)
                        }
                    })
                // Another file may have come to stand there meanwhile.
                _ = try examine(
                    opened, from: step, at: place, leavesAutomounts: leavesAutomounts)
                return opened
            } else {
                way.append(
                    Step(
                        directory: Directory(next, path: path, place: place),
                        device: status.deviceNumber, isOfAutofs: isOfAutofs))
            }
        }
        let here = rawValue(of: way.last)
        place = Self.place(of: way.last)
        return OwnedDescriptor(
            owning: try systemCall("open", on: path.string) {
                unsafe diag_openat(here, ".", flags | O_CLOEXEC, 0)
            })
    }

    private static func place(of step: Step?) -> FilePath { step?.directory.place ?? "/" }

    private func rawValue(of step: Step?) -> CInt {
        step?.directory.rawValue ?? descriptor.rawValue
    }

    /// Keeps the kernel from whatever may wait, and so from mounting anything.
    ///
    /// Source: `RESOLVE_CACHED`, include/uapi/linux/openat2.h of Linux 5.12.
    private static let onlyWhatIsCached: UInt64 = 0x20

    /// Opens `name` in the folder of `step` with `O_PATH`, as what it is.
    ///
    /// In a folder of autofs the kernel would have its daemon mount what it does not know. What is
    /// mounted there already it always finds in its cache; before Linux 5.12, which cannot be asked
    /// for that alone, it counts as not mounted.
    private func find(
        _ name: FilePath.Component, from step: Step?, of path: FilePath, at place: FilePath
    ) throws(SystemCallError) -> OwnedDescriptor {
        let here = rawValue(of: step)
        let flags = O_PATH | O_NOFOLLOW | O_CLOEXEC
        guard let step, step.isOfAutofs else {
            return OwnedDescriptor(
                owning: try systemCall("open", on: path.string) {
                    unsafe name.withPlatformString { unsafe diag_openat(here, $0, flags, 0) }
                })
        }
        var errno = Errno.resourceTemporarilyUnavailable
        // The kernel says the same when something was mounted or renamed anywhere meanwhile.
        for _ in 0..<8 where errno == .resourceTemporarilyUnavailable {
            let result = unsafe name.withPlatformString {
                unsafe diag_openat2(here, $0, UInt64(flags), Self.onlyWhatIsCached)
            }
            if result != -1 { return OwnedDescriptor(owning: result) }
            errno = Errno.last
        }
        switch errno {
        case .resourceTemporarilyUnavailable, .invalidArgument, .noFunction, .notPermitted:
            throw AutomountPoint.leftAlone(place)
        default: throw SystemCallError(operation: "open", object: path.string, errno: errno)
        }
    }

    /// What `found` is, which was opened in the folder of `step`, and whether it is of autofs itself.
    ///
    /// - Throws: when it lies on another device than that, and this is beyond the border or is to be
    ///   left alone.
    private func examine(
        _ found: borrowing OwnedDescriptor, from step: Step?, at place: FilePath,
        leavesAutomounts: Bool
    ) throws(SystemCallError) -> (status: FileStatus, isOfAutofs: Bool) {
        let status = try found.status()
        guard status.deviceNumber != step?.device ?? device else {
            return (status, step?.isOfAutofs ?? false)
        }
        if let border { try border.check(found, at: place) }
        guard leavesAutomounts else { return (status, false) }
        let type = try found.fileSystemType(at: place)
        guard marks.automountTypes.contains(type) else { return (status, false) }
        guard let automounts, automounts.isIndirect(place) else {
            throw AutomountPoint.leftAlone(place)
        }
        return (status, true)
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
