internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The files of a declaration that may hold secrets, by the patterns that name them, and by what
/// those files are on the disk: another name of one leads to the same.
struct WithheldFiles {
    /// How many files are known by what they are; the patterns hold for any number.
    static let mostIdentities = 100_000

    private struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private let patterns: [GlobPattern]
    private var identities = Set<Identity>()

    /// What the items of `declaration` name, whatever their profile and condition.
    init(_ declaration: CollectorDeclaration) {
        patterns = declaration.items.filter(\.holdsSecrets).flatMap { item -> [GlobPattern] in
            guard case .files(let files) = item.source else { return [] }
            return files.patterns
        }
    }

    /// Remembers what these files are.
    mutating func add(_ files: [FileSelection.File]) {
        for file in files.prefix(Self.mostIdentities - identities.count) {
            identities.insert(Self.identity(file.status))
        }
    }

    /// Whether the file at `path` is one of them; its `status` is `nil` where there is none.
    func contains(_ path: FilePath, _ status: FileStatus?) -> Bool {
        guard !patterns.isEmpty else { return false }
        if let status, identities.contains(Self.identity(status)) { return true }
        let names = GlobPattern.names(of: path)
        return patterns.contains { $0.matches(names) }
    }

    private static func identity(_ status: FileStatus) -> Identity {
        Identity(device: status.deviceNumber, inode: status.inode)
    }
}

/// What there is to say of files or of a command that may hold secrets.
struct WithheldNote {
    /// The text, with the first names.
    let text: String
    /// The names of all that the collector withholds; in one of its notes.
    var withheld: Withheld?
}

extension WorkerMessage.Note {
    /// A note with the names that it carries.
    init(text note: WithheldNote) {
        self.init(text: note.text, withheld: note.withheld)
    }
}
