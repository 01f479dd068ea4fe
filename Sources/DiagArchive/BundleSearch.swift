internal import DiagCodec
internal import DiagSystem
public import SystemPackage

/// Finds lines in the members of a bundle.
public enum BundleSearch {
    /// What is looked for.
    public struct Query: Hashable, Sendable {
        /// A POSIX extended regular expression, or a text.
        public var pattern: String
        /// Whether it is a text, in which no character has another meaning.
        public var isText = false
        /// Whether small letters of ASCII are large ones.
        public var ignoresCase = false
        /// What is told.
        public var answer = Answer.lines

        /// A query for an expression.
        public init(_ pattern: String) { self.pattern = pattern }

        /// Whether the pattern can be used: the C library's words, when it cannot.
        public var fault: String? {
            do throws(LinePattern.Failure) {
                _ = try compiled()
                return nil
            } catch { return error.reason }
        }

        func compiled() throws(LinePattern.Failure) -> LinePattern {
            try LinePattern.compile(pattern, isText: isText, ignoresCase: ignoresCase)
        }
    }

    /// What is told of a member.
    public enum Answer: Hashable, Sendable {
        /// Every line that matches.
        case lines
        /// That there is a line that matches.
        case names
        /// How many lines match.
        case counts
    }

    /// What was found.
    public struct Hit: Hashable, Sendable {
        /// The member's path, the top folder included.
        public let path: MemberPath
        /// The number of the line, from 1; how many lines there are, for ``Answer/counts``.
        public let number: Int64
        /// The line without its line feed, or a part of it; empty unless lines are asked for.
        public let line: [UInt8]
    }

    /// What a search gave.
    public struct Outcome: Hashable, Sendable {
        /// How often something was found.
        public var hitCount = 0
        /// The paths asked for that the bundle does not hold.
        public var notFound = [String]()
    }

    /// Searches the regular files of the bundle at `path`, in the order of the archive.
    ///
    /// `wanted` are paths of files or directories, with or without the top folder; empty for all.
    /// With an index of members only the blocks that hold them are read, and members are searched
    /// side by side; the hits come in the same order. Without one `notice` is told when this is
    /// slow. Lines end at line feeds; one of more than a MiB is searched in parts.
    ///
    /// - Throws: ``ArchiveError``, or what `body` throws. A hit in a member that turns out to be
    ///   damaged at its end was told before.
    public static func search(
        _ query: Query, in path: FilePath, wanted: [String] = [],
        keys: DecryptionKeys = .init(), limits: BundleReader.Limits = .init(),
        notice: (String) -> Void = { _ in },
        _ body: (Hit) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Outcome {
        let selection = try MemberSelection(wanted, of: path.string)
        let file = try InputFile(path, keys: keys)
        if let bundle = try IndexedBundle.open(file, limits: limits) {
            return try search(query, selection, in: bundle, body)
        }
        BundleListing.tell(ofSlow: file, notice)
        let pattern = try compile(query, path.string)
        let reader = try BundleReader(file, limits: limits)
        var outcome = Outcome()
        var matched = Set<MemberPath>()
        while let member = try reader.next() {
            guard !member.path.isMemberIndex, selection.selects(member.path, &matched),
                !member.isDirectory
            else { continue }
            var search = MemberSearch(query, pattern, path: member.path)
            try reader.read { bytes throws(ArchiveError) in
                try search.take(bytes) { hit throws(ArchiveError) in
                    outcome.hitCount += 1
                    try body(hit)
                }
            }
            try search.finish { hit throws(ArchiveError) in
                outcome.hitCount += 1
                try body(hit)
            }
        }
        outcome.notFound = selection.notFound(matched)
        return outcome
    }

    private static func search(
        _ query: Query, _ selection: MemberSelection, in bundle: IndexedBundle,
        _ body: (Hit) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Outcome {
        var outcome = Outcome()
        var members: [IndexedMember]
        if selection.wanted.isEmpty {
            members = try bundle.allMembers()
        } else {
            (members, outcome.notFound) = try bundle.members(selectedBy: selection.wanted)
        }
        members.removeAll { $0.kind == .directory || $0.byteCount == 0 }
        guard !members.isEmpty else { return outcome }
        let search = try ParallelSearch.start(query, bundle.stream, members)
        defer { search.stop() }
        while let hits = try search.next() {
            for hit in hits {
                outcome.hitCount += 1
                try body(hit)
            }
        }
        return outcome
    }

    static func compile(_ query: Query, _ object: String) throws(ArchiveError) -> LinePattern {
        do throws(LinePattern.Failure) { return try query.compiled() } catch {
            throw ArchiveError(
                .refused, operation: "search", object: object,
                reason: "the pattern: \(error.reason)")
        }
    }
}

/// The search of one member.
struct MemberSearch {
    private let query: BundleSearch.Query
    private let path: MemberPath
    private var search: LineSearch

    init(_ query: BundleSearch.Query, _ pattern: LinePattern, path: MemberPath) {
        self.query = query
        self.path = path
        search = LineSearch(pattern, object: MemberPath.text(path.bytes))
    }

    /// Takes what was found.
    typealias Found = (BundleSearch.Hit) throws(ArchiveError) -> Void

    /// Searches the next bytes of its content.
    ///
    /// What stands behind the last hit that is wanted is to be given all the same: the member's
    /// hash says whether the hit was in it.
    mutating func take(_ bytes: Span<UInt8>, _ found: Found) throws(ArchiveError) {
        let (query, path) = (query, path)
        try search.take(bytes) { number, line throws(ArchiveError) in
            try Self.tell(number, line, query, path, found)
        }
    }

    /// Says that all of it was given.
    mutating func finish(_ found: Found) throws(ArchiveError) {
        let (query, path) = (query, path)
        try search.finish { number, line throws(ArchiveError) in
            try Self.tell(number, line, query, path, found)
        }
        if query.answer == .counts, search.count > 0 {
            try found(.init(path: path, number: search.count, line: []))
        }
    }

    /// Tells of a line, and says whether more are wanted.
    private static func tell(
        _ number: Int64, _ line: Span<UInt8>, _ query: BundleSearch.Query, _ path: MemberPath,
        _ found: Found
    ) throws(ArchiveError) -> Bool {
        switch query.answer {
        case .counts: return true
        case .names:
            try found(.init(path: path, number: number, line: []))
            return false
        case .lines:
            var bytes = [UInt8]()
            bytes.append(copying: line)
            try found(.init(path: path, number: number, line: bytes))
            return true
        }
    }
}
