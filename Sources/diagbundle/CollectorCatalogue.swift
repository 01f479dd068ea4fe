import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import DiagYAML
import SystemPackage

/// Every collector that a run could use: those of code, those that files declare, and plugins.
struct CollectorCatalogue {
    /// Where the host's own declarations stand.
    static let standardFolder: FilePath = "/etc/diagbundle/collectors.d"
    /// Where the host's own plugins stand.
    static let standardPluginFolder: FilePath = "/etc/diagbundle/plugins.d"

    /// One collector, and where it comes from.
    struct Entry: Sendable {
        let collector: any Collector
        /// `built in`, or the path of a file.
        let origin: String
        /// What a worker is told to find it again.
        let workerOptions: [String: JSONValue]
        /// The profiles that it is part of.
        let profiles: Set<CollectionProfile>
        /// What it replaces, when its name was taken.
        var replaced: String?

        var name: String { collector.descriptor.name }
        /// SHA-256 of the file that declares it; none for one of code.
        var definition: String? {
            (collector as? DeclaredCollector)?.definition
                ?? (collector as? PluginCollector)?.definition
        }
        /// What a file declares it to be; none for one of code.
        var declaration: CollectorDeclaration? {
            (collector as? DeclaredCollector)?.declaration
        }
        /// The plugin that it is; none for one of ours.
        var plugin: PluginCollector? { collector as? PluginCollector }
    }

    /// Those of code first, then the declared ones by name, then plugins by name: the order of the
    /// plan.
    private(set) var entries: [Entry]
    /// The plugins that are not run, and why.
    private(set) var refused: [PluginFile.Refusal] = []

    /// The collectors of the program, then those of the host's folder, then those of `folders`;
    /// a later one takes the place of an earlier one of its name. Items of declared collectors may
    /// be bound to `profile`. Then the plugins of the host and of `pluginFolders`, which replace
    /// each other, but no collector.
    ///
    /// - Throws: ``CommandFailure`` when a file or folder is wrong, or cannot be trusted; a plugin
    ///   that cannot be is refused, and the others stay.
    init(
        folders: [FilePath], pluginFolders: [FilePath] = [], profile: CollectionProfile
    ) throws {
        let code = BuiltInCollectors.all.map {
            Entry(
                collector: $0, origin: "built in", workerOptions: [:],
                profiles: BuiltInCollectors.profiles(of: $0.descriptor.name))
        }
        var declared = [String: Entry]()
        func add(_ declaration: CollectorDeclaration, _ source: DeclarationSource) throws {
            let name = declaration.name
            if code.contains(where: { $0.name == name }) {
                throw Self.failure(
                    DeclarationFile.Failure(ofCode: declaration, of: source.description))
            }
            declared[name] = Entry(
                collector: DeclaredCollector(declaration, source: source, profile: profile),
                origin: source.description, workerOptions: source.workerOptions(profile: profile),
                profiles: declaration.profiles, replaced: declared[name]?.origin)
        }
        for file in BuiltInDeclarations.files {
            let declaration: CollectorDeclaration
            do throws(YAMLError) {
                declaration = try CollectorDeclaration(parsing: file.bytes, named: file.name)
            } catch { throw CommandFailure(.failed, error.description) }
            try add(declaration, .builtIn)
        }
        for (folder, isOptional) in [(Self.standardFolder, true)] + folders.map({ ($0, false) }) {
            let found: [(CollectorDeclaration, DeclarationSource)]
            do throws(DeclarationFile.Failure) {
                found = try DeclarationFile.readFolder(folder, isOptional: isOptional)
            } catch { throw Self.failure(ofFolder: error) }
            for (declaration, source) in found { try add(declaration, source) }
        }
        entries = code + declared.values.sorted { $0.name < $1.name }
        try addPlugins(pluginFolders)
    }

    private mutating func addPlugins(_ folders: [FilePath]) throws {
        var plugins = [String: Entry]()
        let all = [(Self.standardPluginFolder, true)] + folders.map { ($0, false) }
        for (folder, isOptional) in all {
            let found: (plugins: [PluginCollector], refused: [PluginFile.Refusal])
            do throws(PluginFile.Refusal) {
                found = try PluginFile.readFolder(folder, isOptional: isOptional)
            } catch { throw CommandFailure(error.exitStatus, error.reason) }
            refused += found.refused
            for plugin in found.plugins {
                if let clash = clash(of: plugin) {
                    refused.append(clash)
                    continue
                }
                let name = plugin.declaration.name
                let program = plugin.source.program.string
                plugins[name] = Entry(
                    collector: plugin, origin: program,
                    workerOptions: plugin.source.workerOptions,
                    profiles: plugin.declaration.profiles, replaced: plugins[name]?.origin)
            }
        }
        entries += plugins.values.sorted { $0.name < $1.name }
    }

    /// The collector called `name`.
    subscript(name: String) -> Entry? { entries.first { $0.name == name } }

    /// That there is no collector `name`, with the nearest one that there is.
    func unknown(_ name: String) -> String {
        let names = entries.map(\.name)
        let hint = NearestName.of(name, in: names).map { "; did you mean \($0)?" } ?? "."
        // One of a folder that is refused was not even looked for.
        let folders = refused.filter(\.isFolder).map(\.reason).joined(separator: "; ")
        return "there is no collector \"\(name)\"\(hint)"
            + " There are: \(names.joined(separator: ", "))"
            + (folders.isEmpty ? "" : ". Refused: \(folders)")
    }

    /// What each collector of a run is told to find itself again, by its name.
    var workerOptions: [String: [String: JSONValue]] {
        Dictionary(
            entries.filter { !$0.workerOptions.isEmpty }.map { ($0.name, $0.workerOptions) }
        ) { $1 }
    }

    /// The collector that a worker was told of, held to what a reviewed plan has of it; `nil` when
    /// there is none.
    static func collector(for request: WorkerRequest) throws -> (any Collector)? {
        let planned = try PlanFile.collector(for: request)
        let own = BuiltInCollectors.all.first { $0.descriptor.name == request.collector }
        let collector: (any Collector)? =
            try own
            ?? PluginSource.collector(named: request.collector, options: request.options)
            ?? DeclarationSource.collector(named: request.collector, options: request.options)
        return collector.map { held($0, to: planned) }
    }

    /// `collector`, held to what a reviewed plan has of it.
    static func held(
        _ collector: any Collector, to planned: CollectionPlan.Collector?
    ) -> any Collector {
        guard let planned else { return collector }
        switch collector {
        case let declared as DeclaredCollector:
            return DeclaredCollector(
                declared.declaration, source: declared.source, profile: declared.profile,
                planned: planned)
        case var plugin as PluginCollector:
            plugin.planned = planned
            return plugin
        default:
            // The memory of the kernel is no file: what it does stands in its options alone.
            return collector.descriptor.seekable == nil
                ? PlannedCollector(collector, plan: planned) : collector
        }
    }

    /// What is wrong with a folder of declarations, or a file in it.
    private static func failure(ofFolder failure: DeclarationFile.Failure) -> CommandFailure {
        guard case .input(let errno) = failure.kind, errno == .notDirectory else {
            return Self.failure(failure)
        }
        return CommandFailure(.usage, "\(failure.message): name the folder that it is in")
    }

    /// What is wrong with a file of declarations, as the failure of a command.
    static func failure(_ failure: DeclarationFile.Failure) -> CommandFailure {
        switch failure.kind {
        case .content, .changed, .wrongKind: CommandFailure(.usage, failure.message)
        case .untrusted: CommandFailure(.notPermitted, failure.message)
        case .input(let errno):
            CommandFailure(
                errno == .noSuchFileOrDirectory ? .unavailable : .inputOutput, failure.message)
        }
    }
}
