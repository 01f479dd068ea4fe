internal import DiagSystem
internal import SystemPackage

/// The folder that members are unpacked into; no link in it is followed.
struct MemberFiles {
    private let target: Directory
    private let replacesFiles: Bool
    private let isCancelled: () -> Bool

    /// Opens `folder`, which is made when needed.
    init(
        in folder: FilePath, replacesFiles: Bool, isCancelled: @escaping () -> Bool
    ) throws(ArchiveError) {
        do throws(SystemCallError) {
            _ = try OutputDirectory.create(folder)
            target = try Directory.open(folder)
        } catch { throw ArchiveError(error, kind: .cannotCreate) }
        self.replacesFiles = replacesFiles
        self.isCancelled = isCancelled
    }

    /// Makes a directory, and those above it.
    func makeDirectory(_ path: MemberPath) throws(ArchiveError) {
        _ = try Self.descend(path.components, below: target)
    }

    /// Writes the file at `path`, whose content `content` gives to the file that it is given.
    ///
    /// - Returns: how many bytes it has, holes included.
    /// - Throws: ``ArchiveError``, or what `content` throws; the file is removed then.
    func write(
        _ path: MemberPath, _ content: (PartialFile) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Int64 {
        guard let file = try begin(path) else { return 0 }
        try content(file)
        try file.keep()
        return file.byteCount
    }

    /// Removes a file that was written here, when it turns out that it is not to be believed.
    func remove(_ path: MemberPath) {
        guard let name = path.components.last.flatMap(MemberPath.component) else { return }
        var here = target
        for bytes in path.components.dropLast() {
            guard let below = MemberPath.component(bytes).flatMap({ try? here.subdirectory($0) })
            else { return }
            here = below
        }
        try? here.removeFile(name)
    }

    /// Creates the file at `path`, to be written part by part.
    func begin(_ path: MemberPath) throws(ArchiveError) -> PartialFile? {
        let parent = try Self.descend(path.components.dropLast(), below: target)
        guard let name = path.components.last.flatMap(MemberPath.component) else { return nil }
        let file = try Self.create(name, in: parent, replacing: replacesFiles)
        return PartialFile(
            file: file, parent: parent, name: name,
            object: parent.path.appending(name).string, isCancelled: isCancelled)
    }

    /// A file that is removed unless ``keep()`` is called.
    final class PartialFile {
        private let file: OwnedDescriptor
        private let parent: Directory
        private let name: FilePath.Component
        private let object: String
        private let isCancelled: () -> Bool
        private var isKept = false
        /// Whether the last thing given was a hole, which the file does not yet end with.
        private var endsWithHole = false
        /// How many bytes it has, holes included.
        private(set) var byteCount: Int64 = 0

        fileprivate init(
            file: consuming OwnedDescriptor, parent: Directory, name: FilePath.Component,
            object: String, isCancelled: @escaping () -> Bool
        ) {
            self.isCancelled = isCancelled
            self.file = file
            self.parent = parent
            self.name = name
            self.object = object
        }

        deinit { if !isKept { try? parent.removeFile(name) } }

        /// Writes the next bytes.
        func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
            if isCancelled() {
                throw ArchiveError(
                    .cancelled, operation: "extract", object: object, reason: "interrupted")
            }
            guard !bytes.isEmpty else { return }
            let hole = endsWithHole ? byteCount : nil
            try call { () throws(SystemCallError) in
                if let hole { try file.seek(to: hole) }
                try file.write(bytes)
            }
            endsWithHole = false
            byteCount += Int64(bytes.count)
        }

        /// Goes on behind a hole of `count` bytes, which read as zeros.
        func skip(_ count: Int64) {
            guard count > 0 else { return }
            byteCount += count
            endsWithHole = true
        }

        /// Says that it is whole.
        func keep() throws(ArchiveError) {
            if endsWithHole {
                try call { () throws(SystemCallError) in try file.setByteCount(byteCount) }
            }
            isKept = true
        }

        private func call(
            _ body: () throws(SystemCallError) -> Void
        ) throws(ArchiveError) {
            do throws(SystemCallError) { try body() } catch {
                throw ArchiveError(error, object: object)
            }
        }
    }

    private static func create(
        _ name: FilePath.Component, in parent: Directory, replacing: Bool
    ) throws(ArchiveError) -> OwnedDescriptor {
        do throws(SystemCallError) {
            if replacing { try parent.removeFile(name) }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else {
                throw ArchiveError(error, kind: .cannotCreate)
            }
        }
        do throws(SystemCallError) { return try parent.makeRegularFile(name) } catch {
            throw ArchiveError(error, kind: .cannotCreate)
        }
    }

    /// Opens the directory with these components, making what is not there; a link is refused.
    private static func descend(
        _ components: some Sequence<[UInt8]>, below target: Directory
    ) throws(ArchiveError) -> Directory {
        var here = target
        for bytes in components {
            guard let name = MemberPath.component(bytes) else { continue }
            do throws(SystemCallError) {
                do throws(SystemCallError) { here = try here.subdirectory(name) } catch {
                    guard error.errno == .noSuchFileOrDirectory else { throw error }
                    try here.makeSubdirectory(name)
                    here = try here.subdirectory(name)
                }
            } catch { throw ArchiveError(error, kind: .cannotCreate) }
        }
        return here
    }
}
