public import DiagCollect
public import DiagModel
internal import DiagSystem
public import DiagYAML

/// A collector that a YAML file declares: which files it copies and which commands it runs.
public struct CollectorDeclaration: Hashable, Sendable {
    /// What a file says on its first line of what it is.
    public static let schema = "diagbundle.collector/1"

    /// Its name, and that of its folder: lower-case letters, digits and hyphens.
    public var name: String
    /// Where the file says it.
    public var namePosition: YAMLPosition
    /// What it does, for a person, after "Collecting".
    public var subject: String
    /// What it collects, and for whom.
    public var description: String
    /// The highest risk of its items.
    public var risk: CollectorDescriptor.Risk
    /// The profiles that it is part of; of none where its risk is R2.
    public var profiles: Set<CollectionProfile>
    /// Seconds until its process is ended.
    public var deadlineSeconds: Double
    /// How many bytes all of it may have.
    public var byteLimit: Int64
    /// The capabilities that its commands need beside those of every inspector.
    public var capabilities: Set<CommandCapability>
    /// What must hold for it to be there at all.
    public var condition: Condition
    /// What it collects, in order.
    public var items: [Item]

    /// The items that belong to `profile`, each with its index among all.
    func items(of profile: CollectionProfile) -> [(index: Int, item: Item)] {
        items.enumerated().filter { $0.element.profiles?.contains(profile) ?? true }
            .map { ($0.offset, $0.element) }
    }

    /// The profile whose items a run of `profile` collects: that one, or where this collector is of
    /// others, so that it runs only for it was asked for by name, the first of its own.
    func profile(inRunOf profile: CollectionProfile) -> CollectionProfile {
        guard !profiles.contains(profile) else { return profile }
        return CollectionProfile.allCases.first(where: profiles.contains) ?? profile
    }

    /// Which items are left out for they are of other profiles than `profile`, as a note; `nil` when
    /// none is.
    func note(onItemsBeside profile: CollectionProfile) -> String? {
        let others = items.filter { item in
            item.profiles?.contains(profile) == false && !item.holdsSecrets
        }
        guard !others.isEmpty else { return nil }
        let names = others.prefix(8).map { item in
            let own = CollectionProfile.allCases.filter { item.profiles?.contains($0) == true }
            return "\(item.title) (\(own.map(\.rawValue).joined(separator: ", ")))"
        }
        let more = others.count - names.count
        return "not collected in the profile \(profile.rawValue): "
            + names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// One line of what it collects: files, a command, a listing.
    public struct Item: Hashable, Sendable {
        /// What is collected.
        public var source: Source
        /// What is kept of it at most.
        public var limits: Limits
        /// How careful one must be with it.
        public var privacy: PrivacyClass
        /// What it may touch.
        public var risk: CollectorDescriptor.Risk
        /// The profiles that it is part of; none for all of its collector's.
        public var profiles: Set<CollectionProfile>?
        /// What must hold for it to be collected.
        public var condition: Condition
        /// Whether it may hold passwords or keys, so that it is not collected without redaction.
        public var holdsSecrets: Bool
        /// The media type of its artifacts.
        public var mediaType: String
        /// Where it stands in its file.
        public var position: YAMLPosition
    }

    /// What an item collects.
    public enum Source: Hashable, Sendable {
        /// Files, each under its own path.
        case files(Files)
        /// What a command says.
        case command(Command)
        /// Names, kinds, modes, owners, sizes and times, without opening a file.
        case listing(Listing)
    }

    /// Which files.
    public struct Files: Hashable, Sendable {
        /// The patterns of their paths.
        public var patterns: [GlobPattern]
        /// What is left out of them: patterns of paths, or of names.
        public var excluded: [GlobPattern]
        /// Whether, with `--since`, files that did not change since are left out.
        public var onlyChanged: Bool
    }

    /// Which command.
    public struct Command: Hashable, Sendable {
        /// The program and its arguments, with ``ForEach/placeholder`` for the name of what it runs
        /// for. No shell sees them.
        public var arguments: [String]
        /// The artifact's path in the collector's folder, with such a name in it, too.
        public var artifact: String
        /// What it gives and takes on most hosts.
        public var typical = Typical()
        /// The exit codes that mean well.
        public var exitCodes: Set<Int>
        /// Arguments that are added with `--since`; `{since}` and `{since-epoch}` stand in them.
        public var sinceArguments: [String]
        /// Whether it gets no right to open a file for writing: for programs that would write
        /// beside what they read, such as the index of an SQLite database.
        public var isReadOnly = false
        /// What it runs for, once each; it runs once without.
        public var forEach: ForEach?
        /// How far a file may grow by such a command where the kernel cannot take that right away:
        /// the index of an SQLite database (`-shm`) has 32 KiB.
        static let indexByteCount: Int64 = 65_536
    }

    /// Which names.
    public struct Listing: Hashable, Sendable {
        /// The patterns of what is listed.
        public var patterns: [GlobPattern]
        /// How many levels of folders are entered.
        public var depth: Int
        /// The artifact's path in the collector's folder.
        public var artifact: String
    }

    /// What is kept of an item at most.
    public struct Limits: Hashable, Sendable {
        /// Bytes of each file, or of what the command says, in each run.
        public var byteCount: Int64
        /// Lines of each.
        public var lineCount: Int?
        /// How many files, or lines of a listing.
        public var fileCount: Int
        /// For how many things a command runs.
        public var runCount: Int
        /// Seconds that the command may take, each run of it.
        public var seconds: Double
        /// Whether the end of what is too long is kept, and of too many files the newest.
        public var keepsNewest: Bool
    }
}

/// How much a run collects.
public enum CollectionProfile: String, Hashable, Sendable, CaseIterable {
    /// What answers from memory and every support case needs.
    case minimal
    /// What every case is served by, in seconds.
    case `default`
    /// All about storage.
    case storage
    /// All there is.
    case full
}

/// A capability that a command needs beside those of every inspector.
///
/// Source: capabilities(7), linux/capability.h.
public enum CommandCapability: String, Hashable, Sendable, CaseIterable {
    /// Reads firewall rules, and the state of network devices.
    case netAdmin = "CAP_NET_ADMIN"
    /// Opens raw sockets, as the older listings of firewall rules do.
    case netRaw = "CAP_NET_RAW"
    /// Opens the sockets of daemons that belong to another user.
    case dacOverride = "CAP_DAC_OVERRIDE"
    /// Asks for the state of the audit system.
    case auditControl = "CAP_AUDIT_CONTROL"

    /// The same as a set of capabilities.
    var set: CapabilitySet {
        switch self {
        case .netAdmin: .netAdmin
        case .netRaw: .netRaw
        case .dacOverride: .dacOverride
        case .auditControl: .auditControl
        }
    }
}
