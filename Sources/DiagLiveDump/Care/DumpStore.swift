public import DiagModel
public import DiagSystem
public import SystemPackage

/// The folder in which dumps are kept, and how many of them.
///
/// It is changed only by whoever has the lock of the folder. Only folders are ever removed that
/// this program made for a dump alone, as their manifest says, and in which no other file lies;
/// no link is followed.
public struct DumpStore: Sendable {
    /// A dump that is kept.
    public struct Kept: Hashable, Sendable {
        /// The name of its folder.
        public var name: String
        /// When it began, as its manifest says.
        public var started: Timestamp
        /// The bytes that all its files take on the disk, without holes: what its removal frees.
        public var allocatedByteCount: Int64
        /// Whether it holds the kernel's memory; otherwise stacks, as text or as a small dump.
        public var holdsMemory: Bool
        /// Whether every page that was to be dumped is in it.
        public var isComplete: Bool
        /// Names in it that are not this program's, sorted: with one of them it is not removed.
        public var otherNames: [String]
    }

    /// What became of the store.
    public struct Outcome: Hashable, Sendable {
        /// The names of the dumps that were removed, in the order of removal.
        public var removed: [String] = []
        /// The names of folders of runs that were killed, which were removed, sorted.
        public var removedUnfinished: [String] = []
        /// What should be known: dumps that were not removed and why, little room.
        public var warnings: [String] = []
    }

    /// The folder.
    public let folder: FilePath
    private let settings: DumpSettings
    /// Names that a folder has while it is removed begin so.
    static let removalPrefix = ".removing-"

    /// The store of `settings`, in another folder where one is given.
    public init(settings: DumpSettings, folder: FilePath? = nil) {
        self.settings = settings
        self.folder = folder ?? FilePath(settings.folder)
    }

    /// The dumps in it, the oldest first.
    ///
    /// Nothing there is no error. Folders that are not ours, and those of runs that did not end,
    /// are passed over.
    public func list() throws(SystemCallError) -> [Kept] {
        guard try open() != nil else { return [] }
        let tree = try RootedTree(folder)
        var kept = [Kept]()
        for entry in try tree.directory("/").entries() {
            let name = entry.name.string
            guard !name.hasPrefix("."), !name.hasSuffix(Self.unfinishedSuffix) else { continue }
            if let dump = Self.read(name, in: tree) { kept.append(dump) }
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
                + " always." + olderWords)
    }

    /// What the older dumps take: they give way only to a dump that was made.
    private var olderWords: String {
        guard let dumps = try? list(), let oldest = dumps.first else { return "" }
        let bytes = Self.sum(dumps.map(\.allocatedByteCount))
        return " Kept dumps are not removed for one that is not made yet: \(dumps.count) of them"
            + " hold \(ByteCountText.describe(bytes)), the oldest is \(oldest.name)."
    }

    /// Removes the oldest dumps, until at most as many are left as are to be kept and, where they
    /// are kept only while there is room, until there is room for one more like the newest.
    ///
    /// Dumps of memory and those of stacks count apart. The newest of each, the newest complete
    /// one and the one called `current` are never removed; those with files of other people
    /// neither, and these do not count. Folders of killed runs that are older than the newest
    /// complete dump go with them. What an interrupted removal left is removed first.
    ///
    /// - Parameters:
    ///   - current: The name of the folder that was just made.
    ///   - madeDump: Whether there is a dump in it: otherwise only folders of stacks are removed.
    ///   - space: Asks the file system of the folder; called after each removal.
    /// - Returns: what was removed, and what should be known.
    /// - Throws: what the kernel said when the folder itself cannot be read.
    public func trim(
        current: String?, madeDump: Bool, space: () throws(SystemCallError) -> FileSystemPlace
    ) throws(SystemCallError) -> Outcome {
        var outcome = Outcome()
        guard let directory = try open() else { return outcome }
        try finishRemovals(in: directory, &outcome)
        let all = try list()
        let newestComplete = all.last { $0.holdsMemory && $0.isComplete }
        let limit = max(settings.keepCount, 1)
        let spared = [current, newestComplete?.name]
        let stacks = all.filter { !$0.holdsMemory }
        try trim(stacks, to: limit, sparing: spared, in: directory, &outcome) {
            () throws(SystemCallError) in false
        }
        guard madeDump else { return outcome }
        if let newestComplete {
            try removeUnfinished(before: newestComplete.started, in: directory, &outcome)
        }
        let memory = all.filter(\.holdsMemory)
        let newest = memory.last?.allocatedByteCount ?? 0
        let next = UInt64(clamping: newest)
        try trim(memory, to: limit, sparing: spared, in: directory, &outcome) {
            () throws(SystemCallError) in try lacksRoom(for: next, space)
        }
        if try lacksRoom(for: 0, space) {
            outcome.warnings.append(
                "\(folder) has less room left than its settings want, and nothing more that may be"
                    + " removed")
        } else if try lacksRoom(for: next, space) {
            outcome.warnings.append(
                "\(folder) has no room for one more dump of \(ByteCountText.describe(newest)),"
                    + " and nothing more that may be removed")
        }
        return outcome
    }

    private func trim(
        _ dumps: [Kept], to limit: Int, sparing spared: [String?], in directory: OutputDirectory,
        _ outcome: inout Outcome, lacksRoom: () throws(SystemCallError) -> Bool
    ) throws(SystemCallError) {
        var count = dumps.count { $0.otherNames.isEmpty }
        for (index, dump) in dumps.enumerated().dropLast() where !spared.contains(dump.name) {
            let isOneTooMany = count > limit
            guard dump.otherNames.isEmpty else {
                // It is told only of those whose turn it is.
                if dumps.count - index > limit {
                    outcome.warnings.append(
                        "the older dump \(dump.name) stays, since it has files that are not this"
                            + " program's: "
                            + dump.otherNames.prefix(3).map(UntrustedText.escapingControls)
                            .joined(separator: ", "))
                }
                continue
            }
            if !isOneTooMany, try !lacksRoom() { continue }
            do throws(SystemCallError) {
                try remove(dump.name, from: directory)
                outcome.removed.append(dump.name)
                count -= 1
            } catch { outcome.warnings.append("remove an old dump: \(error)") }
        }
    }

    private func lacksRoom(
        for byteCount: UInt64, _ space: () throws(SystemCallError) -> FileSystemPlace
    ) throws(SystemCallError) -> Bool {
        guard settings.keep == .whileRoom else { return false }
        let space = try space()
        let (needed, overflows) = settings.floor(fileSystemByteCount: space.byteCount)
            .addingReportingOverflow(byteCount)
        return overflows || space.availableByteCount < needed
    }

    /// The folder, which is not made here; `nil` when there is none.
    private func open() throws(SystemCallError) -> OutputDirectory? {
        guard (try? OwnedDescriptor.open(folder, .readOnly).status().kind) == .directory else {
            return nil
        }
        return try OutputDirectory.create(folder)
    }
}
