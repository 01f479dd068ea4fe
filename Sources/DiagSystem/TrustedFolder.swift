internal import CLinux
internal import Glibc
public import SystemPackage

/// A folder, and files in it, that only root and who runs this could have written.
///
/// Each is opened below the one before and checked by its descriptor: what is checked is what is
/// used, and nothing can be exchanged in between. Of files no symbolic link is followed.
public struct TrustedFolder: Sendable {
    /// Why a folder or a file is not trusted, or cannot be opened.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The path, and what is wrong with it, as a sentence with its remedy.
        public let description: String
        /// What the kernel said, when it did.
        public let errno: Errno?
    }

    /// The names in it.
    public let directory: Directory

    /// Its path, as it was named.
    public let path: FilePath

    static let mostLinks = 40
    private static let here: FilePath.Component = "."

    /// Opens the folder at `path`, which its owner alone can change.
    ///
    /// For root that must hold for each folder on the way, too: where everybody may write, nobody
    /// may take another's away (`/tmp`). Links on the way are followed; for root those of root.
    public init(_ path: FilePath) throws(Refusal) {
        self.path = path
        do throws(SystemCallError) {
            var way = [try Directory.open("/")]
            var pending = Array(try HostFacts.absolute(path).components.reversed())
            var linkCount = 0
            while let name = pending.popLast() {
                guard let parent = way.last else { break }
                if name.kind == .currentDirectory { continue }
                if name.kind == .parentDirectory {
                    if way.count > 1 { way.removeLast() }
                    continue
                }
                do throws(SystemCallError) {
                    let child = try parent.subdirectory(name)
                    if !pending.isEmpty { try Self.checkWay(to: child) }
                    way.append(child)
                } catch {
                    guard error.errno == .notDirectory || error.errno == .tooManySymbolicLinkLevels,
                        let status = try? parent.status(of: name), status.kind == .symbolicLink,
                        linkCount < Self.mostLinks
                    else { throw error }
                    linkCount += 1
                    if HostFacts.effectiveUser == 0, status.ownerIdentifier != 0 {
                        throw Self.distrust(
                            "\(parent.path.appending(name)) is a link of user "
                                + "\(status.ownerIdentifier)")
                    }
                    let target = try parent.readLink(name.string)
                    if target.isAbsolute { way.removeLast(way.count - 1) }
                    pending += target.components.reversed()
                }
            }
            guard let last = way.last else {
                throw SystemCallError(
                    operation: "open", object: path.string, errno: .noSuchFileOrDirectory)
            }
            if let doubt = Self.doubt(try last.status(of: Self.here)) {
                throw Self.distrust("\(path) \(doubt)")
            }
            directory = last
        } catch {
            if error.operation == Self.distrusting {
                throw Refusal(description: error.object, errno: nil)
            }
            throw Self.refusal(path, error)
        }
    }

    /// Checks a folder on the way to another.
    private static func checkWay(to folder: Directory) throws(SystemCallError) {
        guard HostFacts.effectiveUser == 0 else { return }
        let status = try folder.status(of: here)
        let isSticky = status.permissions & 0o1000 != 0
        if let doubt = doubt(status, mayBeWritten: isSticky) {
            throw distrust("\(folder.path) \(doubt)")
        }
    }

    private static let distrusting = "trust"

    private static func distrust(_ what: String) -> SystemCallError {
        SystemCallError(operation: distrusting, object: what, errno: .notPermitted)
    }

    /// Opens the regular file `name` for reading; with `isProgram` it must be one that can be run.
    public func file(_ name: String, isProgram: Bool = false) throws(Refusal) -> OwnedDescriptor {
        let path = path.appending(name)
        do throws(SystemCallError) {
            // A device or a FIFO is not even opened.
            guard let component = FilePath.Component(name) else {
                throw SystemCallError(
                    operation: "open", object: path.string, errno: .noSuchFileOrDirectory)
            }
            let kind = try directory.status(of: component).kind
            guard kind == .regular || kind == .symbolicLink else {
                throw SystemCallError(
                    operation: "open", object: path.string, errno: .invalidArgument)
            }
        } catch { throw Self.refusal(path, error) }
        let file = try Self.open(path, in: directory.rawValue, name, O_NONBLOCK | O_NOCTTY)
        try Self.check(file, path, isProgram: isProgram, mustBeRegular: true)
        return file
    }

    /// The content of the regular file `name`, at most `limit` bytes of it.
    public func read(_ name: String, limit: Int) throws(Refusal) -> [UInt8] {
        let file = try file(name)
        do throws(SystemCallError) { return try file.readAll(limit: limit) } catch {
            throw Self.refusal(path.appending(name), error)
        }
    }

    private static func open(
        _ path: FilePath, in folder: CInt, _ name: String, _ flags: CInt
    ) throws(Refusal) -> OwnedDescriptor {
        do throws(SystemCallError) {
            return OwnedDescriptor(
                owning: try systemCall("open", on: path.string) {
                    unsafe diag_openat(
                        folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0)
                })
        } catch {
            var status = stat()
            let isLink =
                unsafe fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0
                && status.st_mode & S_IFMT == S_IFLNK
            if isLink {
                throw Refusal(
                    description: "\(path) is a symbolic link, and none is followed here: put what"
                        + " it names in its place", errno: nil)
            }
            throw refusal(path, error)
        }
    }

    /// What the kernel said of `path`, as a sentence.
    public static func refusal(_ path: FilePath, _ error: SystemCallError) -> Refusal {
        let what =
            switch error.errno {
            case .noSuchFileOrDirectory: "does not exist"
            case .invalidArgument: "is no regular file"
            case .notDirectory: "is no folder"
            default: "cannot be opened: \(error.errno)"
            }
        return Refusal(description: "\(path) \(what)", errno: error.errno)
    }

    private static func check(
        _ descriptor: borrowing OwnedDescriptor, _ path: FilePath, isProgram: Bool,
        mustBeRegular: Bool = false
    ) throws(Refusal) {
        let status: FileStatus
        do throws(SystemCallError) { status = try descriptor.status() } catch {
            throw refusal(path, error)
        }
        func refuse(_ what: String) throws(Refusal) {
            throw Refusal(description: "\(path) \(what)", errno: nil)
        }
        if mustBeRegular, status.kind != .regular { try refuse("is no regular file") }
        if let doubt = doubt(status) { try refuse(doubt) }
        if isProgram, status.permissions & 0o111 == 0 {
            try refuse("may not be executed: give it that right (chmod +x)")
        }
    }

    /// Why what has this status is not trusted; `nil` when it is.
    public static func doubt(_ status: FileStatus, mayBeWritten: Bool = false) -> String? {
        let owner = Int(status.ownerIdentifier)
        if owner != 0, owner != HostFacts.effectiveUser {
            return "belongs to user \(owner), neither root nor who runs this: change that (chown)"
        }
        if status.permissions & 0o022 != 0, !mayBeWritten {
            return "may be written by others: take that right away (chmod go-w)"
        }
        return nil
    }
}
