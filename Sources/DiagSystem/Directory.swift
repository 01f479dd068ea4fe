internal import CLinux
internal import Glibc
public import SystemPackage

/// An open directory, and the small files in it: how sysfs and procfs are read.
public final class Directory: Sendable {
    /// One name in a directory.
    public struct Entry: Hashable, Sendable {
        /// The name, with the bytes that the file system gave.
        public let name: FilePath.Component
        /// The same as bytes.
        public let bytes: [UInt8]
        /// What it is, where the file system says; `unknown` otherwise.
        public let kind: FileStatus.Kind
    }

    /// Its path under the root it was opened below.
    public let path: FilePath
    /// The same with no link on the way, where ``RootedTree`` found that out.
    let place: FilePath
    private let descriptor: OwnedDescriptor
    /// What may be read in it; all without.
    let scope: ReadScope?
    /// Where the root ends that it was opened below; nowhere without.
    let border: RootBorder?
    /// The tree that it was opened in, where that leaves automount points alone.
    private let tree: RootedTree?
    var rawValue: CInt { descriptor.rawValue }

    init(
        _ descriptor: consuming OwnedDescriptor, path: FilePath, place: FilePath? = nil,
        scope: ReadScope? = nil, border: RootBorder? = nil, tree: RootedTree? = nil
    ) {
        self.descriptor = descriptor
        self.path = path
        self.place = place ?? path
        self.scope = scope
        self.border = border
        self.tree = tree
    }

    /// Makes sure that nothing is mounted when somebody looks into `name`, where the tree leaves
    /// automount points alone.
    ///
    /// - Returns: the place of it; `nil` where nothing had to be asked.
    @discardableResult
    func leaveAutomount(_ name: String) throws(SystemCallError) -> FilePath? {
        guard let tree else { return nil }
        return try tree.leaveAutomount(
            at: place.appending(name), hasLinks: name.utf8.contains(0x2F))
    }

    /// The names in it, without `.` and `..`, sorted by their bytes.
    ///
    /// At most `limit` of them; a directory with more throws `ENOBUFS`, so that a hostile or
    /// damaged one cannot exhaust the memory.
    public func entries(limit: Int = 1_000_000) throws(SystemCallError) -> [Entry] {
        let copy = try systemCall("open", on: path.string) {
            unsafe diag_openat(rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard let stream = unsafe fdopendir(copy) else {
            let errno = Errno.last
            _ = close(copy)
            throw SystemCallError(operation: "list", object: path.string, errno: errno)
        }
        defer { _ = unsafe closedir(stream) }
        var found = [Entry]()
        while true {
            Glibc.errno = 0
            guard let entry = unsafe readdir(stream) else {
                let errno = Errno.last
                guard errno.rawValue == 0 else {
                    throw SystemCallError(operation: "list", object: path.string, errno: errno)
                }
                break
            }
            let type = unsafe entry.pointee.d_type
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                let length = unsafe bytes.firstIndex(of: 0) ?? bytes.count
                return unsafe Array(bytes[..<length])
            }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            let component = unsafe FilePath(
                platformString: (name + [0]).map { CChar(bitPattern: $0) }
            ).lastComponent
            guard let component else { continue }
            guard found.count < limit else {
                throw SystemCallError(
                    operation: "list", object: path.string, errno: .noBufferSpace)
            }
            found.append(Entry(name: component, bytes: name, kind: Self.kind(ofType: type)))
        }
        found.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        return found
    }

    /// The first `limit` bytes of a small file that the kernel makes up when it is read.
    ///
    /// A last symbolic link is not followed. Waits for nothing: a FIFO gives no bytes.
    public func attribute(
        _ name: String, limit: Int = 65_536
    ) throws(SystemCallError) -> [UInt8] {
        try scope?.check(path.appending(name), isFolder: false)
        try leaveAutomount(name)
        let file = OwnedDescriptor(
            owning: try systemCall("open", on: path.appending(name).string) {
                unsafe diag_openat(
                    rawValue, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC, 0)
            })
        try border?.check(file, at: place.appending(name))
        var content = [UInt8](repeating: 0, count: min(limit, 4096))
        var count = 0
        while true {
            var part = count == 0 ? content : [UInt8](repeating: 0, count: 4096)
            let length: Int
            do throws(SystemCallError) { length = try file.read(into: &part) } catch {
                throw SystemCallError(
                    operation: "read", object: path.appending(name).string, errno: error.errno)
            }
            if count == 0 { content = part } else { content += part[..<length] }
            count += length
            if length == 0 || count >= limit { break }
            if count == length { content.removeLast(content.count - length) }
        }
        content.removeLast(max(0, content.count - min(count, limit)))
        return content
    }

    /// The text of an attribute without the newline at its end; `nil` when it cannot be read.
    public func text(_ name: String) -> String? {
        guard var bytes = try? attribute(name) else { return nil }
        while let last = bytes.last, last == 0x0A || last == 0x20 || last == 0 {
            bytes.removeLast()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The directory `name` in this one, which may be a relative path without `..`; links in it
    /// are followed by the kernel.
    public func directory(_ name: String) throws(SystemCallError) -> Directory {
        try scope?.check(path.appending(name), isFolder: true)
        let place = try leaveAutomount(name) ?? self.place.appending(name)
        if let border {
            // Looked at before it is opened: to open an automount point has it mounted.
            let found = OwnedDescriptor(
                owning: try systemCall("open", on: path.appending(name).string) {
                    unsafe diag_openat(rawValue, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)
                })
            try border.check(found, at: place)
        }
        let descriptor = OwnedDescriptor(
            owning: try systemCall("open", on: path.appending(name).string) {
                unsafe diag_openat(
                    rawValue, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0)
            })
        try border?.check(descriptor, at: place)
        return Directory(
            descriptor, path: path.appending(name), place: place, scope: scope, border: border,
            tree: tree)
    }

    /// Where the symbolic link `name` points, as it is written there.
    public func readLink(_ name: String) throws(SystemCallError) -> FilePath {
        try readLinkTarget(in: rawValue, name: name, object: path.appending(name))
    }

    /// What `name` is; a link is not followed.
    public func status(of name: FilePath.Component) throws(SystemCallError) -> FileStatus {
        var status = stat()
        try systemCall("stat", on: path.appending(name).string) {
            unsafe name.withPlatformString {
                unsafe fstatat(rawValue, $0, &status, AT_SYMLINK_NOFOLLOW)
            }
        }
        return FileStatus(status)
    }

    private static func kind(ofType type: UInt8) -> FileStatus.Kind {
        switch Int(type) {
        case Int(DT_REG): .regular
        case Int(DT_DIR): .directory
        case Int(DT_LNK): .symbolicLink
        case Int(DT_FIFO): .fifo
        case Int(DT_SOCK): .socket
        case Int(DT_BLK): .blockDevice
        case Int(DT_CHR): .characterDevice
        default: .unknown
        }
    }
}
