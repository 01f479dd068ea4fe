internal import DiagDigest
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

extension DeclaredCollector {
    /// The SHA-256 of the file that declares it, 64 hexadecimal digits.
    public var definition: String? {
        switch source {
        case .file(_, let digest): digest
        case .builtIn:
            BuiltInDeclarations.file(of: declaration.name).map { DeclarationFile.digest($0.bytes) }
        }
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
            /// It is no regular file.
            case wrongKind
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

        /// Something in the file is wrong, as `message` says with file and place.
        public init(content message: String) { self.init(kind: .content, message: message) }

        /// A name that another file uses already.
        public init(_ declaration: CollectorDeclaration, of file: String, usedBy other: String) {
            kind = .content
            message =
                "\(file):\(declaration.namePosition): the name `\(declaration.name)` is used by"
                + " \(other), too"
        }

        /// A name that the program itself uses, in a file.
        public init(ofCode declaration: CollectorDeclaration, of file: String) {
            kind = .content
            message =
                "\(file):\(declaration.namePosition): `\(declaration.name)` is a collector of the"
                + " program's own code, which cannot be replaced; choose another name"
        }
    }

    /// Reads the file at `path`, whoever owns it; errors call it `name`.
    public static func read(
        _ path: FilePath, named name: String? = nil
    ) throws(Failure) -> (CollectorDeclaration, DeclarationSource) {
        let limit = CollectorDeclaration.largestFileByteCount
        let bytes: [UInt8]
        do throws(OwnedDescriptor.InputFailure) {
            bytes = try OwnedDescriptor.readInput(path, limit: limit + 1)
        } catch {
            let what = "read \(name ?? path.string)"
            switch error {
            case .system(let error):
                throw Failure(kind: .input(error.errno), message: "\(what): \(error.errno)")
            case .kind(let kind):
                throw Failure(
                    kind: .wrongKind,
                    message: "\(what): it is a \(kind.words), and a declaration is a regular file")
            }
        }
        return try parse(bytes, of: path, named: name ?? path.string)
    }

    private static func parse(
        _ bytes: [UInt8], of path: FilePath, named name: String
    ) throws(Failure) -> (CollectorDeclaration, DeclarationSource) {
        do throws(YAMLError) {
            let declaration = try CollectorDeclaration(parsing: bytes, named: name)
            return (declaration, .file(path, sha256: Self.digest(bytes)))
        } catch {
            throw Failure(kind: .content, message: error.description)
        }
    }

    /// Reads the files `*.yaml` and `*.yml` of a folder, sorted by their names.
    ///
    /// What runs as root must be root's: folder and files belong to root or to whoever runs this,
    /// and nobody else may write them; as root that holds for the folders on the way, too. What is
    /// checked is what is open, so that nothing can be put in its place meanwhile.
    ///
    /// - Returns: nothing for a folder that does not exist where `isOptional`.
    public static func readFolder(
        _ folder: FilePath, isOptional: Bool
    ) throws(Failure) -> [(CollectorDeclaration, DeclarationSource)] {
        var read = [(CollectorDeclaration, DeclarationSource)]()
        var places = [String: FilePath]()
        var contents = [(path: FilePath, bytes: [UInt8])]()
        var isThere = false
        do throws(TrustedFolder.Refusal) {
            let trusted = try TrustedFolder(folder)
            isThere = true
            for name in try names(in: trusted) {
                contents.append(
                    (
                        folder.appending(name),
                        try trusted.read(
                            name, limit: CollectorDeclaration.largestFileByteCount + 1)
                    ))
            }
        } catch {
            guard let errno = error.errno else {
                throw Failure(kind: .untrusted, message: error.description)
            }
            if isOptional, !isThere, errno == .noSuchFileOrDirectory { return [] }
            throw Failure(
                kind: .input(errno),
                message: "read the collectors in \(folder): \(error.description)")
        }
        for (path, bytes) in contents {
            let (declaration, source) = try parse(bytes, of: path, named: path.string)
            if let first = places.updateValue(path, forKey: declaration.name) {
                throw Failure(declaration, of: path.string, usedBy: first.string)
            }
            read.append((declaration, source))
        }
        return read
    }

    /// SHA-256 in hexadecimal.
    public static func digest(_ bytes: [UInt8]) -> String {
        SHA256.digest(of: bytes).hexadecimal
    }

    /// The same of a file up to its end, of which no more than a part is held.
    static func digest(of file: borrowing OwnedDescriptor) throws(SystemCallError) -> String {
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var offset: Int64 = 0
        while true {
            let count = try file.read(into: &buffer, at: offset)
            guard count > 0 else { return hash.digest().hexadecimal }
            hash.update(buffer.span.extracting(..<count))
            offset += Int64(count)
        }
    }

    /// The names of what looks like a declaration, sorted.
    private static func names(
        in folder: TrustedFolder
    ) throws(TrustedFolder.Refusal) -> [String] {
        do throws(SystemCallError) {
            return try folder.directory.entries(limit: 10_000).map(\.name.string)
                .filter(isRead).sorted()
        } catch { throw TrustedFolder.refusal(folder.path, error) }
    }

    /// Whether a file of that name in a folder of declarations is read.
    public static func isRead(_ name: String) -> Bool {
        name.first != "." && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
    }

    /// Why the file at `path` would be refused in a run, whatever it says: it, or its folder, could
    /// have been written by others, or it is a link. `nil` when it would not.
    public static func doubt(of path: FilePath) -> String? {
        do throws(TrustedFolder.Refusal) {
            _ = try TrustedFolder(path.removingLastComponent())
                .file(path.lastComponent?.string ?? "")
            return nil
        } catch { return error.description }
    }
}
