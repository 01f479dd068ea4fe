public import DiagModel
public import DiagSystem
public import SystemPackage

/// The folder in which dumps are kept, and how many of them.
///
/// It is changed only by whoever has the ``DumpLock``. Only folders that hold a `LiveDump.json` of
/// ours are ever removed, and no link is followed.
public struct DumpStore: Sendable {
    /// A dump that is kept.
    public struct Kept: Hashable, Sendable {
        /// The name of its folder.
        public var name: String
        /// When it began, as its report says.
        public var started: Timestamp
        /// The bytes of all its files.
        public var byteCount: Int64
        /// Whether files in it show that it is still being written.
        public var isUnfinished: Bool
    }

    /// What became of the store.
    public struct Outcome: Hashable, Sendable {
        /// The names of the dumps that were removed, oldest first.
        public var removed: [String] = []
        /// What should be known: dumps that could not be removed, little room.
        public var warnings: [String] = []
    }

    /// The folder.
    public let folder: FilePath
    private let settings: DumpSettings
    /// Names that a folder has while it is removed begin so.
    static let removalPrefix = ".removing-"
    static let reportName = "LiveDump.json"

    /// The store of `settings`, in another folder where one is given.
    public init(settings: DumpSettings, folder: FilePath? = nil) {
        self.settings = settings
        self.folder = folder ?? FilePath(settings.folder)
    }

    /// The dumps in it, the oldest first.
    ///
    /// Nothing there is no error. Folders that are not ours are passed over.
    public func list() throws(SystemCallError) -> [Kept] {
        guard try open() != nil else { return [] }
        let tree = try RootedTree(folder)
        var kept = [Kept]()
        for entry in try tree.directory("/").entries() {
            let name = entry.name.string
            if !name.hasPrefix("."), let dump = Self.read(name, in: tree) { kept.append(dump) }
        }
        return kept.sorted { ($0.started, $0.name) < ($1.started, $1.name) }
    }

    /// Refuses a dump that would not be kept.
    ///
    /// - Parameters:
    ///   - estimatedByteCount: About how many bytes the dump will have.
    ///   - space: The file system of the folder.
    /// - Throws: ``LiveDumpError``: `throttled` when the settings keep no dumps at all, `noSpace`
    ///   when they keep them only while there is room, and there is too little.
    public func admit(
        estimatedByteCount: UInt64, space: FileSystemPlace
    ) throws(LiveDumpError) {
        guard settings.keepCount > 0 else {
            throw LiveDumpError(
                .throttled, "keep a dump in \(folder): the settings keep none (dump-keep 0)",
                remedy: "Write it elsewhere with --output, or set dump-keep.")
        }
        guard settings.keep == .whileRoom else { return }
        let floor = settings.floor(fileSystemByteCount: space.byteCount)
        let (needed, overflows) = floor.addingReportingOverflow(estimatedByteCount)
        guard overflows || space.availableByteCount < needed else { return }
        func words(_ count: UInt64) -> String {
            ByteCountText.describe(Int64(clamping: count))
        }
        throw LiveDumpError(
            .noSpace,
            "keep a dump in \(folder): \(words(space.availableByteCount)) are free; with about"
                + " \(words(estimatedByteCount)) for the dump less than \(words(floor)) would stay"
                + " free",
            remedy: "Free space, write it elsewhere with --output, or set dump-keep-policy to"
                + " always.")
    }

    /// Removes the oldest dumps, until at most as many are left as are to be kept and, where they
    /// are kept only while there is room, until there is room.
    ///
    /// The newest, the one called `current` and unfinished ones are never removed; the last do not
    /// count. What an interrupted removal left is removed first.
    ///
    /// - Parameters:
    ///   - current: The name of the folder of the dump that was just made.
    ///   - space: Asks the file system of the folder; called after each removal.
    /// - Returns: what was removed, and what should be known.
    /// - Throws: what the kernel said when the folder itself cannot be read.
    public func trim(
        current: String?, space: () throws(SystemCallError) -> FileSystemPlace
    ) throws(SystemCallError) -> Outcome {
        var outcome = Outcome()
        guard let directory = try open() else { return outcome }
        try finishRemovals(in: directory, &outcome)
        let finished = try list().filter { !$0.isUnfinished || $0.name == current }
        var count = finished.count
        for dump in finished.dropLast() where dump.name != current {
            let isOneTooMany = count > max(settings.keepCount, 1)
            if !isOneTooMany, try !lacksRoom(space) { break }
            do throws(SystemCallError) {
                try remove(dump.name, from: directory)
                outcome.removed.append(dump.name)
                count -= 1
            } catch { outcome.warnings.append("remove an old dump: \(error)") }
        }
        if try lacksRoom(space) {
            outcome.warnings.append(
                "\(folder) has less room left than its settings want, and nothing more that may be"
                    + " removed")
        }
        return outcome
    }

    private func lacksRoom(
        _ space: () throws(SystemCallError) -> FileSystemPlace
    ) throws(SystemCallError) -> Bool {
        guard settings.keep == .whileRoom else { return false }
        let space = try space()
        return space.availableByteCount < settings.floor(fileSystemByteCount: space.byteCount)
    }

    /// The folder, which is not made here; `nil` when there is none.
    private func open() throws(SystemCallError) -> OutputDirectory? {
        guard (try? OwnedDescriptor.open(folder, .readOnly).status().kind) == .directory else {
            return nil
        }
        return try OutputDirectory.create(folder)
    }

    // MARK: - Removing

    /// Removes one dump so that a crash in the middle leaves what is known as ours: it gets another
    /// name first, and its report goes last.
    private func remove(_ name: String, from directory: OutputDirectory) throws(SystemCallError) {
        let doomed = Self.removalPrefix + name
        try directory.rename(name, to: doomed)
        try directory.synchronize()
        try removeContent(of: doomed, in: directory)
    }

    private func removeContent(
        of name: String, in directory: OutputDirectory
    ) throws(SystemCallError) {
        let content = try directory.directory(name)
        for entry in try content.names() where entry != Self.reportName {
            try content.removeTree(entry)
        }
        try directory.removeTree(name)
    }

    private func finishRemovals(
        in directory: OutputDirectory, _ outcome: inout Outcome
    ) throws(SystemCallError) {
        let tree = try RootedTree(folder)
        for name in try directory.names() where name.hasPrefix(Self.removalPrefix) {
            do throws(SystemCallError) {
                guard try directory.status(of: name)?.kind == .directory else { continue }
                // Without a report only an empty folder can be the rest of a removal of ours.
                let isEmpty = try directory.directory(name).names().isEmpty
                guard isEmpty || Self.read(name, in: tree) != nil else { continue }
                try removeContent(of: name, in: directory)
            } catch { outcome.warnings.append("finish removing an old dump: \(error)") }
        }
    }

    // MARK: - Reading

    /// What of a report must be there; the rest may be of a later version.
    private struct Head: Decodable {
        var schema: String
        var started: Timestamp
    }

    /// The dump in the folder `name`; `nil` when it is none of ours. No link leads out of the store.
    private static func read(_ name: String, in tree: RootedTree) -> Kept? {
        let path = FilePath("/").appending(name)
        let report = path.appending(reportName)
        guard
            (try? tree.status(of: path, followingLinks: false).kind) == .directory,
            (try? tree.status(of: report, followingLinks: false).kind) == .regular,
            let bytes = try? tree.read(report, limit: 4 << 20),
            let head = try? JSONDocument.decode(Head.self, from: bytes),
            head.schema == "diagbundle.live-dump/1",
            let content = try? tree.directory(path), let entries = try? content.entries()
        else { return nil }
        var byteCount: Int64 = 0
        for entry in entries {
            byteCount &+= (try? content.status(of: entry.name).byteCount) ?? 0
        }
        return Kept(
            name: name, started: head.started, byteCount: byteCount,
            isUnfinished: entries.contains {
                $0.name.string.hasSuffix(".partial") || $0.name.string.hasSuffix(".new")
            })
    }
}
