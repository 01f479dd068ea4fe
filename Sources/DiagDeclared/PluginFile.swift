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
    /// Tells the program apart from one that was put in its place: device, inode, size, time.
    let identity: String

    private static let options = (
        program: "plugin", description: "pluginDescription", digest: "pluginDescriptionSHA256",
        identity: "pluginIdentity"
    )

    /// What a worker is told to find the same plugin.
    public var workerOptions: [String: JSONValue] {
        [
            Self.options.program: .string(program.string),
            Self.options.description: .string(description.string),
            Self.options.digest: .string(digest), Self.options.identity: .string(identity),
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
            plugin.source.identity == options[Self.options.identity]?.text,
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
        /// Whether what its description says is wrong, not who may have written it.
        public var isAboutContent = false
        /// Whether the file or folder itself does not exist.
        public var isAboutNothing = false

        /// The name that it would have.
        public var name: String { FilePath(path).lastComponent?.string ?? path }
        /// The reason.
        public var description: String { reason }

        /// A plugin at `path` that is not run.
        public init(path: String, reason: String, profiles: Set<CollectionProfile>? = nil) {
            self.path = path
            self.reason = reason
            self.profiles = profiles
        }
    }

    /// The most programs of one folder.
    private static let mostPlugins = 1000

    /// Reads every plugin of a folder, sorted by their names, and says which are refused.
    ///
    /// - Returns: nothing for a folder that does not exist where `isOptional`.
    /// - Throws: ``Refusal`` when a folder that is not optional does not exist.
    public static func readFolder(
        _ path: FilePath, isOptional: Bool
    ) throws(Refusal) -> (plugins: [PluginCollector], refused: [Refusal]) {
        let folder: TrustedFolder
        let names: [String]
        do throws(TrustedFolder.Refusal) { folder = try TrustedFolder(path) } catch {
            if error.errno == .noSuchFileOrDirectory {
                if isOptional { return ([], []) }
                var refusal = Refusal(path: path.string, reason: error.description)
                refusal.isAboutNothing = true
                throw refusal
            }
            return ([], [Refusal(path: path.string, reason: error.description)])
        }
        do throws(SystemCallError) {
            names = try candidates(in: folder)
        } catch {
            return ([], [Refusal(path: path.string, reason: "read \(path): \(error.errno)")])
        }
        var plugins = [PluginCollector]()
        var refused = [Refusal]()
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
        for entry in try folder.directory.entries(limit: 10_000) {
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
        return Array(names.sorted().prefix(mostPlugins))
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
            throw Refusal(
                path: program.string,
                reason: error.description
                    + (isLacking ? ": a plugin is described by such a file beside it" : ""))
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
        let identity = try trusting(program, declaration.profiles) {
            () throws(TrustedFolder.Refusal) -> String in
            try Self.identity(of: try folder.file(name, isProgram: true), at: program)
        }
        return PluginCollector(
            declaration,
            source: PluginSource(
                program: program, description: description,
                digest: DeclarationFile.digest(bytes), identity: identity))
    }

    // MARK: - Running

    /// A program that is open and trusted.
    struct Program: ~Copyable {
        let file: OwnedDescriptor
        /// Whether another program interprets it.
        let isScript: Bool
    }

    /// Opens the program, checks once more what is open, and whoever interprets it.
    static func openProgram(of source: PluginSource) throws(Refusal) -> Program {
        let path = source.program
        let file = try trusting(path) { () throws(TrustedFolder.Refusal) -> OwnedDescriptor in
            try TrustedFolder(path.removingLastComponent()).file(lastName(path), isProgram: true)
        }
        let current = try trusting(path) { () throws(TrustedFolder.Refusal) -> String in
            try Self.identity(of: file, at: path)
        }
        guard current == source.identity else {
            throw Refusal(
                path: path.string, reason: "\(path) changed after the run was planned")
        }
        var start = [UInt8](repeating: 0, count: 256)
        let count = (try? file.read(into: &start, at: 0)) ?? 0
        let isScript = start.prefix(count).starts(with: [0x23, 0x21])
        if isScript { try checkInterpreter(Array(start[2..<count]), of: path) }
        return Program(file: file, isScript: isScript)
    }

    /// Refuses a script whose first line names what others could have written: it would be run in
    /// the script's place.
    private static func checkInterpreter(_ line: [UInt8], of path: FilePath) throws(Refusal) {
        let blanks: [UInt8] = [0x20, 0x09]
        let name = line.prefix { $0 != 0x0A }.drop(while: blanks.contains)
            .prefix { !blanks.contains($0) }
        let shown = UntrustedText.escapingForPath(name)
        guard name.first == 0x2F, let text = String(validating: name, as: UTF8.self) else {
            throw Refusal(
                path: path.string,
                reason: "\(path) begins with #! and names no absolute path: \"\(shown)\"")
        }
        let interpreter = FilePath(text)
        var doubt: String?
        do throws(SystemCallError) {
            let tree = try RootedTree("/")
            for place in [interpreter, interpreter.removingLastComponent()] where doubt == nil {
                doubt = TrustedFolder.doubt(try tree.status(of: place)).map {
                    "\(UntrustedText.escapingControls(place.string)) \($0)"
                }
            }
        } catch {
            doubt =
                error.errno == .noSuchFileOrDirectory
                ? "that does not exist here" : UntrustedText.escapingControls("\(error)")
        }
        if let doubt {
            throw Refusal(
                path: path.string, reason: "\(path) is interpreted by \(shown), but \(doubt)")
        }
    }

    /// The folders of programs that nobody else could have put something into, for `PATH`.
    static func trustedProgramFolders() -> String {
        guard let tree = try? RootedTree("/") else { return "" }
        return HostTraits.programFolders.filter { folder in
            (try? tree.status(of: folder)).map { TrustedFolder.doubt($0) == nil } ?? false
        }.map(\.string).joined(separator: ":")
    }

    // MARK: -

    private static func lastName(_ path: FilePath) -> String { path.lastComponent?.string ?? "" }

    private static func identity(
        of file: borrowing OwnedDescriptor, at path: FilePath
    ) throws(TrustedFolder.Refusal) -> String {
        do throws(SystemCallError) {
            let status = try file.status()
            return "\(status.deviceNumber):\(status.inode):\(status.byteCount)"
                + ":\(status.modified.microsecondsSince1970)"
        } catch { throw TrustedFolder.refusal(path, error) }
    }

    private static func trusting<Value: ~Copyable>(
        _ program: FilePath, _ profiles: Set<CollectionProfile>? = nil,
        _ body: () throws(TrustedFolder.Refusal) -> Value
    ) throws(Refusal) -> Value {
        do throws(TrustedFolder.Refusal) { return try body() } catch {
            throw Refusal(path: program.string, reason: error.description, profiles: profiles)
        }
    }
}
