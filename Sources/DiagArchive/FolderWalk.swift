internal import DiagSystem
internal import SystemPackage

/// All that is in a host folder, found with open directories and without following a link.
struct FolderWalk {
    /// One directory or regular file.
    struct Member: Hashable {
        let path: MemberPath
        let isDirectory: Bool
        let byteCount: Int64
    }

    /// Every directory and file, sorted by the bytes of the path.
    private(set) var members = [Member]()
    private let folder: String

    /// Walks `directory`, or only the folder `name` at its top, which need not be there.
    ///
    /// - Throws: ``ArchiveError`` of kind `refused` for a symbolic link, FIFO, device or socket,
    ///   for more than `limit` members, or 64 levels.
    init(
        _ directory: Directory, below name: [UInt8]? = nil, limit: Int = 1_000_000
    ) throws(ArchiveError) {
        folder = directory.path.string
        var pending: [[[UInt8]]] = [[]]
        if let name {
            let path = MemberPath(components: [name])
            guard try Self.status(of: path, below: directory)?.kind == .directory else { return }
            members.append(Member(path: path, isDirectory: true, byteCount: 0))
            pending = [[name]]
        }
        while let above = pending.popLast() {
            let here = try Self.call { () throws(SystemCallError) in
                try Self.descend(above, below: directory)
            }
            for entry in try Self.call({ () throws(SystemCallError) in try here.entries() }) {
                let path = MemberPath(components: above + [entry.name.bytes])
                let status = try Self.call { () throws(SystemCallError) in
                    try here.status(of: entry.name)
                }
                guard members.count < limit, path.components.count <= 64 else {
                    throw refuse(path, "too many files, or too deep")
                }
                switch status.kind {
                case .directory:
                    members.append(Member(path: path, isDirectory: true, byteCount: 0))
                    pending.append(path.components)
                case .regular:
                    members.append(
                        Member(path: path, isDirectory: false, byteCount: status.byteCount))
                default:
                    throw refuse(
                        path, "a \(status.kind.rawValue) has no place in a host folder")
                }
            }
        }
        let keyed = members.map { (key: $0.path.bytes, member: $0) }
        members = keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.member)
    }

    private func refuse(_ path: MemberPath, _ why: String) -> ArchiveError {
        ArchiveError(
            .refused, operation: "read",
            object: "\(folder)/\(MemberPath.text(path.bytes))", reason: why)
    }

    /// Opens the file `path` below `directory`, component by component.
    static func open(
        _ path: MemberPath, below directory: Directory
    ) throws(ArchiveError) -> OwnedDescriptor {
        try call { () throws(SystemCallError) in
            guard let name = path.components.last, let last = MemberPath.component(name) else {
                throw SystemCallError(
                    operation: "open", object: directory.path.string, errno: .isDirectory)
            }
            let here = try descend(path.components.dropLast(), below: directory)
            return try here.regularFile(last)
        }
    }

    /// What is at `path` below `directory`; `nil` where nothing is.
    static func status(
        of path: MemberPath, below directory: Directory
    ) throws(ArchiveError) -> FileStatus? {
        guard let name = path.components.last.flatMap(MemberPath.component) else { return nil }
        do throws(SystemCallError) {
            let here = try descend(path.components.dropLast(), below: directory)
            return try here.status(of: name)
        } catch {
            if error.errno == .noSuchFileOrDirectory { return nil }
            throw ArchiveError(error)
        }
    }

    private static func descend(
        _ components: some Sequence<[UInt8]>, below directory: Directory
    ) throws(SystemCallError) -> Directory {
        var here = directory
        for name in components {
            guard let component = MemberPath.component(name) else { continue }
            here = try here.subdirectory(component)
        }
        return here
    }

    private static func call<Value: ~Copyable>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(ArchiveError) -> Value {
        do throws(SystemCallError) { return try body() } catch { throw ArchiveError(error) }
    }
}
