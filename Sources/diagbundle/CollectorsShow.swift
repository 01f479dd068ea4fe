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
    @OptionGroup var folders: CollectorFolders

    func run() throws {
        let catalogue = try folders.catalogue()
        guard let entry = catalogue[name] else {
            if let refused = catalogue.refused.first(where: { $0.name == name }) {
                throw CommandFailure(.notPermitted, refused.reason)
            }
            throw CommandFailure(.usage, catalogue.unknown(name))
        }
        if let plugin = entry.plugin { return try show(plugin) }
        guard let declared = entry.collector as? DeclaredCollector else {
            let descriptor = entry.collector.descriptor
            let lines = [
                "# \(descriptor.name): \(descriptor.subject)",
                "# Code of the program, without a file. Risk R\(entry.collector.highestRisk.rawValue),"
                    + " confined as \(descriptor.confinement.rawValue),",
                "# at most \(DurationText.words(seconds: descriptor.deadlineSeconds)) and"
                    + " \(ByteCountText.describe(descriptor.byteBudget)).",
            ]
            return lines.forEach { StandardStreams.print($0) }
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
