import ArgumentParser
import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle collectors show NAME`: one collector, as it is declared.
struct CollectorsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one collector: the YAML that declares it, or describes the plugin.",
        discussion: "What is printed of a declared collector can be changed and used as a file.")

    @Argument(help: "The collector's name.")
    var name: String
    // One value each time, so that the name may come behind it.
    @Option(help: .init("A folder with more collectors; may be repeated.", valueName: "dir"))
    var collectors: [String] = []
    @Option(
        help: .init(
            "A folder with plugins: programs that collect; may be repeated.", valueName: "dir"))
    var plugins: [String] = []

    func run() throws {
        let catalogue = try CollectorFolders.catalogue(collectors: collectors, plugins: plugins)
        guard let entry = catalogue[name] else {
            if let refused = catalogue.refused.first(where: { !$0.isFolder && $0.name == name }) {
                throw CommandFailure(refused.exitStatus, refused.reason)
            }
            throw CommandFailure(.usage, catalogue.unknown(name))
        }
        if let plugin = entry.plugin { return try show(plugin) }
        guard let declared = entry.collector as? DeclaredCollector else {
            return Self.lines(entry.collector).forEach { StandardStreams.print($0) }
        }
        switch declared.source {
        case .builtIn:
            guard let file = BuiltInDeclarations.file(of: name) else { return }
            _ = try StandardStreams.write(file.bytes)
        case .file(let path, _):
            let bytes = try RootedTree("/").read(
                path, limit: CollectorDeclaration.largestFileByteCount)
            StandardStreams.print("# \(path)")
            _ = try StandardStreams.write(bytes)
        }
    }

    /// What is said of a collector that is code of the program.
    private static func lines(_ collector: any Collector) -> [String] {
        let descriptor = collector.descriptor
        let byteBudget = ByteCountText.describe(descriptor.byteBudget)
        let head = [
            "# \(descriptor.name): \(descriptor.subject)",
            "# Code of the program, without a file. Risk R\(collector.highestRisk.rawValue),"
                + " confined as \(descriptor.confinement.rawValue),",
        ]
        guard descriptor.seekable != nil else {
            return head + [
                "# at most \(DurationText.words(seconds: descriptor.deadlineSeconds)) and"
                    + " \(byteBudget)."
            ]
        }
        return head + [
            "# at most as long as the run (--deadline) and \(byteBudget) of text. The dump is a"
                + " file of its own,",
            "# with no limit but the room on the disk, unless --dump-max-size sets one.",
        ]
    }

    private func show(_ plugin: PluginCollector) throws {
        let source = plugin.source
        let bytes = try RootedTree("/").read(
            source.description, limit: CollectorDeclaration.largestFileByteCount)
        StandardStreams.print("# \(UntrustedText.escapingControls(source.description.string))")
        StandardStreams.print(
            "# A plugin: \(UntrustedText.escapingControls(source.program.string)) is run.")
        _ = try StandardStreams.write(bytes)
    }
}
