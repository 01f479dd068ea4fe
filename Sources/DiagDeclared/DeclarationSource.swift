internal import Crypto
public import DiagModel
internal import DiagSystem
internal import DiagYAML
public import SystemPackage

/// Where a declaration comes from, and how a worker finds the same again.
public enum DeclarationSource: Hashable, Sendable {
    /// It is part of the program.
    case builtIn
    /// It is this file, with this SHA-256 in hexadecimal.
    case file(FilePath, sha256: String)

    /// What it is called in lists and messages.
    public var description: String {
        switch self {
        case .builtIn: "built in"
        case .file(let path, _): path.string
        }
    }

    private static let pathOption = "declaration"
    private static let digestOption = "declarationSHA256"
    private static let profileOption = "profile"

    /// What a worker is told to find the same declaration.
    public func workerOptions(profile: CollectionProfile) -> [String: JSONValue] {
        var options: [String: JSONValue] = [Self.profileOption: .string(profile.rawValue)]
        if case .file(let path, let digest) = self {
            options[Self.pathOption] = .string(path.string)
            options[Self.digestOption] = .string(digest)
        }
        return options
    }

    /// The collector that a worker was told of; `nil` when there is none of that name.
    public static func collector(
        named name: String, options: [String: JSONValue]
    ) throws -> DeclaredCollector? {
        let profile = options[profileOption]?.text.flatMap(CollectionProfile.init) ?? .default
        guard let path = options[pathOption]?.text else {
            guard let file = BuiltInDeclarations.file(of: name) else { return nil }
            return DeclaredCollector(
                try CollectorDeclaration(parsing: file.bytes, named: file.name), profile: profile)
        }
        let (declaration, source) = try DeclarationFile.read(FilePath(path))
        guard case .file(_, let digest) = source,
            digest == options[digestOption]?.text, declaration.name == name
        else {
            throw DeclarationFile.Failure(
                kind: .changed, message: "\(path) changed after the run was planned")
        }
        return DeclaredCollector(declaration, source: source, profile: profile)
    }
}

/// A file that declares a collector.
public enum DeclarationFile {
    /// Why a file or folder of declarations cannot be used.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What kind of failure.
        public enum Kind: Hashable, Sendable {
            /// What the file says is wrong.
            case content
            /// It cannot be read.
            case input(Errno)
            /// Somebody else could have written it.
            case untrusted
            /// It is not what it was.
            case changed
        }

        /// What kind of failure it is.
        public let kind: Kind
        /// The operation, the file and the cause.
        public let message: String
        /// The message.
        public var description: String { message }

        init(kind: Kind, message: String) {
            self.kind = kind
            self.message = message
        }

        /// A name that another file uses already.
        public init(_ name: String, of file: String, usedBy other: String) {
            kind = .content
            message = "\(file):1:1: the name `\(name)` is used by \(other), too"
        }
    }

    /// Reads the file at `path`, whoever owns it; errors call it `name`.
    public static func read(
        _ path: FilePath, named name: String? = nil
    ) throws(Failure) -> (CollectorDeclaration, DeclarationSource) {
        let limit = CollectorDeclaration.largestFileByteCount
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try RootedTree("/").read(path, limit: limit + 1)
        } catch {
            throw Failure(
                kind: .input(error.errno), message: "read \(name ?? path.string): \(error.errno)")
        }
        do throws(YAMLError) {
            let declaration = try CollectorDeclaration(
                parsing: bytes, named: name ?? path.string)
            let digest = SHA256.hash(data: bytes).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            return (declaration, .file(path, sha256: digest.joined()))
        } catch {
            throw Failure(kind: .content, message: error.description)
        }
    }

    /// Reads the files `*.yaml` and `*.yml` of a folder, sorted by their names.
    ///
    /// What runs as root must be root's: folder and files belong to root or to whoever runs this,
    /// and nobody else may write them.
    ///
    /// - Returns: nothing for a folder that does not exist where `isOptional`.
    public static func readFolder(
        _ folder: FilePath, isOptional: Bool
    ) throws(Failure) -> [(CollectorDeclaration, DeclarationSource)] {
        var read = [(CollectorDeclaration, DeclarationSource)]()
        var places = [String: FilePath]()
        let entries: [Directory.Entry]
        var isThere = false
        do throws(SystemCallError) {
            let tree = try RootedTree("/")
            entries = try tree.directory(folder).entries(limit: 10_000)
            isThere = true
            try check(folder, in: tree)
            for entry in entries where isDeclaration(entry.name.string) {
                try check(folder.appending(entry.name), in: tree)
            }
        } catch {
            if isOptional, !isThere, error.errno == .noSuchFileOrDirectory { return [] }
            if error.operation == untrusted {
                throw Failure(kind: .untrusted, message: "\(error.object)")
            }
            throw Failure(
                kind: .input(error.errno),
                message: "read the collectors in \(folder): \(error.operation) \(error.object): "
                    + "\(error.errno)")
        }
        for entry in entries where isDeclaration(entry.name.string) {
            let path = folder.appending(entry.name)
            let (declaration, source) = try Self.read(path)
            if let first = places.updateValue(path, forKey: declaration.name) {
                throw Failure(declaration.name, of: path.string, usedBy: first.string)
            }
            read.append((declaration, source))
        }
        return read
    }

    private static let untrusted = "trust"

    private static func isDeclaration(_ name: String) -> Bool {
        name.first != "." && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
    }

    private static func check(_ path: FilePath, in tree: RootedTree) throws(SystemCallError) {
        let status = try tree.status(of: path)
        let owner = Int(status.ownerIdentifier)
        if status.permissions & 0o022 != 0 {
            throw SystemCallError(
                operation: untrusted,
                object: "\(path) may be written by others: take that right away (chmod go-w)",
                errno: .notPermitted)
        }
        if owner != 0, owner != HostFacts.effectiveUser {
            throw SystemCallError(
                operation: untrusted,
                object: "\(path) belongs to user \(owner), neither root nor who runs this",
                errno: .notPermitted)
        }
    }
}
