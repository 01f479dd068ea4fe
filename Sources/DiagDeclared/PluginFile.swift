internal import DiagCollect
public import DiagModel
internal import DiagSystem
internal import DiagYAML
public import SystemPackage

/// Where a plugin stands, and what it was when the run was planned.
public struct PluginSource: Hashable, Sendable {
    /// The program.
    public let program: FilePath
    /// The file that describes it.
    public let description: FilePath
    /// SHA-256 of that file in hexadecimal.
    let digest: String
    /// SHA-256 of the program in hexadecimal.
    let programDigest: String

    private static let options = (
        program: "plugin", description: "pluginDescription", digest: "pluginDescriptionSHA256",
        programDigest: "pluginSHA256"
    )

    /// What a worker is told to find the same plugin.
    public var workerOptions: [String: JSONValue] {
        [
            Self.options.program: .string(program.string),
            Self.options.description: .string(description.string),
            Self.options.digest: .string(digest),
            Self.options.programDigest: .string(programDigest),
        ]
    }

    /// The plugin that a worker was told of; `nil` when it was told of none.
    ///
    /// - Throws: ``PluginFile/Refusal`` when it may not be run, or is not what it was.
    public static func collector(
        named name: String, options: [String: JSONValue]
    ) throws(PluginFile.Refusal) -> PluginCollector? {
        guard let program = options[Self.options.program]?.text,
            let description = options[Self.options.description]?.text
        else { return nil }
        let plugin = try PluginFile.read(FilePath(program), description: FilePath(description))
        guard plugin.source.digest == options[Self.options.digest]?.text,
            plugin.source.programDigest == options[Self.options.programDigest]?.text,
            plugin.declaration.name == name
        else {
            throw PluginFile.Refusal(
                path: program, reason: "\(program) changed after the run was planned")
        }
        return plugin
    }
}

/// The files of plugins: a program `NAME` and `NAME.yaml` beside it.
public enum PluginFile {
    /// Why a plugin is not run.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The program, or the folder.
        public let path: String
        /// What is wrong, as one sentence with what to do; names the file.
        public let reason: String
        /// The profiles that it is part of, where so much could be read.
        public var profiles: Set<CollectionProfile>?
        /// Whether its description, its program or the folder is wrong, not who may have written
        /// it.
        public var isAboutContent = false
        /// Whether the program, its description or the folder does not exist.
        public var isAboutNothing = false
        /// Whether it is about a folder, all of whose plugins are lost, or those that it has too
        /// many of.
        public var isFolder = false

        /// How the report of a plugin begins that was not run.
        public static let opening = "it was not run: "

        /// The name that it would have.
        public var name: String { FilePath(path).lastComponent?.string ?? path }
        /// The reason, told apart from what a plugin says itself.
        public var description: String { Self.opening + reason }

        /// A plugin at `path` that is not run.
        public init(path: String, reason: String, profiles: Set<CollectionProfile>? = nil) {
            self.path = path
            self.reason = reason
            self.profiles = profiles
        }

        /// What is wrong with a file or folder of the one at `path`, and `hint`, what to do.
        fileprivate init(
            _ path: FilePath, _ doubt: TrustedFolder.Refusal, hint: String = "",
            profiles: Set<CollectionProfile>? = nil
        ) {
            self.init(path: path.string, reason: doubt.description + hint, profiles: profiles)
            isAboutNothing = doubt.errno == .noSuchFileOrDirectory
            // What the kernel says of what is of another kind, or too large to be looked at.
            let kinds: [Errno] = [.notDirectory, .invalidArgument, .fileTooLarge]
            isAboutContent = doubt.errno.map { kinds.contains($0) } ?? false
        }
    }

    /// The most programs of one folder, and the most names in it.
    private static let (mostPlugins, mostNames) = (1000, 10_000)

    /// Reads every plugin of a folder, sorted by their names, and says which are refused.
    ///
    /// - Returns: nothing for a folder that does not exist where `isOptional`.
    /// - Throws: ``Refusal`` when a folder that is not optional does not exist, or is none.
    public static func readFolder(
        _ path: FilePath, isOptional: Bool
    ) throws(Refusal) -> (plugins: [PluginCollector], refused: [Refusal]) {
        let folder: TrustedFolder
        var names: [String]
        do throws(TrustedFolder.Refusal) { folder = try TrustedFolder(path) } catch {
            if isOptional, error.errno == .noSuchFileOrDirectory { return ([], []) }
            let isNone = error.errno == .notDirectory
            var refusal = Refusal(
                path, error, hint: isNone ? ": name the folder that it is in" : "")
            refusal.isFolder = true
            // Who named it meant something else.
            guard !refusal.isAboutNothing, isOptional || !isNone else { throw refusal }
            return ([], [refusal])
        }
        func refusal(_ reason: String) -> Refusal {
            var refusal = Refusal(path: path.string, reason: reason)
            refusal.isFolder = true
            return refusal
        }
        do throws(SystemCallError) {
            names = try candidates(in: folder)
        } catch {
            let why =
                error.errno == .noBufferSpace
                ? "it has more than \(mostNames) names" : "\(error.errno)"
            return ([], [refusal("read \(path): \(why)")])
        }
        var plugins = [PluginCollector]()
        var refused = [Refusal]()
        if names.count > mostPlugins {
            refused.append(
                refusal(
                    "\(path) has \(names.count) plugins; those from \(names[mostPlugins]) on"
                        + " are not looked at"))
            names.removeLast(names.count - mostPlugins)
        }
        for name in names {
            do throws(Refusal) {
                plugins.append(
                    try read(
                        path.appending(name), description: path.appending(name + ".yaml")))
            } catch { refused.append(error) }
        }
        return (plugins, refused)
    }

    /// The names of what looks like a plugin: described, or a program and not described.
    private static func candidates(in folder: TrustedFolder) throws(SystemCallError) -> [String] {
        var names = Set<String>()
        for entry in try folder.directory.entries(limit: mostNames) {
            let name = entry.name.string
            if name.hasPrefix(".") || name.hasSuffix("~") { continue }
            if name.hasSuffix(".yaml") {
                names.insert(String(name.dropLast(5)))
                continue
            }
            guard let status = try? folder.directory.status(of: entry.name) else { continue }
            let isProgram = status.kind == .regular && status.permissions & 0o111 != 0
            if isProgram || status.kind == .symbolicLink { names.insert(name) }
        }
        return names.sorted()
    }

    /// Reads the plugin whose program is at `program`, without running it.
    ///
    /// - Throws: ``Refusal`` when folder, description or program could have been written by others,
    ///   is not there, or is wrong.
    public static func read(
        _ program: FilePath, description: FilePath
    ) throws(Refusal) -> PluginCollector {
        let (name, file) = (lastName(program), lastName(description))
        let folder = try trusting(program) { () throws(TrustedFolder.Refusal) -> TrustedFolder in
            try TrustedFolder(program.removingLastComponent())
        }
        let bytes: [UInt8]
        do throws(TrustedFolder.Refusal) {
            bytes = try folder.read(file, limit: YAMLDocument.largestByteCount + 1)
        } catch {
            let isLacking = error.errno == .noSuchFileOrDirectory
            throw Refusal(program, error, hint: isLacking ? lacking : "")
        }
        let declaration: PluginDeclaration
        do throws(YAMLError) {
            declaration = try PluginDeclaration(
                parsing: bytes, named: description.string, beside: name)
        } catch {
            var refusal = Refusal(path: program.string, reason: error.description)
            refusal.isAboutContent = true
            throw refusal
        }
        let opened = try trusting(program, declaration.profiles) {
            () throws(TrustedFolder.Refusal) -> OwnedDescriptor in
            try folder.file(name)
        }
        if let permissions = try? opened.status().permissions, permissions & 0o111 == 0 {
            var refusal = Refusal(
                path: program.string,
                reason: "\(program) may not be executed: give it that right (chmod +x)",
                profiles: declaration.profiles)
            refusal.isAboutContent = true
            throw refusal
        }
        let programDigest = try trusting(program, declaration.profiles) {
            () throws(TrustedFolder.Refusal) -> String in
            try Self.digest(of: opened, at: program)
        }
        return PluginCollector(
            declaration,
            source: PluginSource(
                program: program, description: description,
                digest: DeclarationFile.digest(bytes), programDigest: programDigest))
    }

    /// What is said of a description that is not there.
    private static let lacking =
        ": a plugin is described by such a file beside it; \"diagbundle schema plugin\" says what"
        + " stands in it"

    // MARK: - Running

    /// What a program is, by its first bytes.
    enum ProgramKind {
        /// It begins with `#!`: another program interprets it.
        case script
        /// It begins as an ELF file does.
        case binary
        /// Whatever else a kernel may have been told to execute.
        case other

        init(_ start: ArraySlice<UInt8>) {
            if start.starts(with: [0x23, 0x21]) {
                self = .script
            } else if start.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
                self = .binary
            } else {
                self = .other
            }
        }
    }

    /// A program that is open and trusted.
    struct Program: ~Copyable {
        let file: OwnedDescriptor
        let kind: ProgramKind
        /// Whether another program interprets it.
        var isScript: Bool { kind == .script }
    }

    /// Checks what a run checks before it starts the program: who may have written it and what
    /// interprets it, and whether that is there.
    public static func checkProgram(of source: PluginSource) throws(Refusal) {
        _ = try openProgram(of: source)
    }

    /// Opens the program, checks once more what is open, and whoever interprets it.
    static func openProgram(of source: PluginSource) throws(Refusal) -> Program {
        let path = source.program
        let file = try trusting(path) { () throws(TrustedFolder.Refusal) -> OwnedDescriptor in
            try TrustedFolder(path.removingLastComponent()).file(lastName(path), isProgram: true)
        }
        let current = try trusting(path) { () throws(TrustedFolder.Refusal) -> String in
            try Self.digest(of: file, at: path)
        }
        guard current == source.programDigest else {
            throw Refusal(
                path: path.string, reason: "\(path) changed after the run was planned")
        }
        var start = [UInt8](repeating: 0, count: 256)
        let count = (try? file.read(into: &start, at: 0)) ?? 0
        let kind = ProgramKind(start.prefix(count))
        if kind == .script { try PluginInterpreter.check(Array(start[2..<count]), of: path) }
        return Program(file: file, kind: kind)
    }

    /// That the kernel did not execute a program, and what is usually wrong then.
    static func unexecuted(
        _ path: FilePath, _ kind: ProgramKind, _ error: SystemCallError
    ) -> Refusal {
        var refusal = Refusal(
            path: path.string, reason: "\(path) \(UnexecutedProgram.words(kind, error.errno))")
        refusal.isAboutContent = true
        return refusal
    }

    // MARK: -

    private static func lastName(_ path: FilePath) -> String { path.lastComponent?.string ?? "" }

    /// The largest program: none is read without end before it is run.
    private static let largestProgramByteCount: Int64 = 512 << 20

    private static func digest(
        of file: borrowing OwnedDescriptor, at path: FilePath
    ) throws(TrustedFolder.Refusal) -> String {
        do throws(SystemCallError) {
            guard try file.status().byteCount <= largestProgramByteCount else {
                throw SystemCallError(operation: "read", object: path.string, errno: .fileTooLarge)
            }
            return try DeclarationFile.digest(of: file)
        } catch { throw TrustedFolder.refusal(path, error) }
    }

    private static func trusting<Value: ~Copyable>(
        _ program: FilePath, _ profiles: Set<CollectionProfile>? = nil,
        _ body: () throws(TrustedFolder.Refusal) -> Value
    ) throws(Refusal) -> Value {
        do throws(TrustedFolder.Refusal) { return try body() } catch {
            throw Refusal(program, error, profiles: profiles)
        }
    }
}
