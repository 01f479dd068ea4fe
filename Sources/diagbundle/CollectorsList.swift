import ArgumentParser
import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle collectors list`: every collector that a run could use.
struct CollectorsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the collectors, and which profiles they are part of.",
        discussion: """
            Risk R0 answers from memory. R1 opens devices, runs commands or asks daemons, and may \
            block. R2 reads media or changes state, and runs only when it is asked for by name.
            """)

    @Flag(help: "Print one JSON document.")
    var json = false
    @OptionGroup var folders: CollectorFolders

    func run() throws {
        let catalogue = try folders.catalogue()
        if json { return try printDocument(catalogue) }
        var table = TextTable([
            .init("NAME"), .init("RISK"), .init("PROFILES"), .init("FROM"),
            .init("SUBJECT", isFlexible: true),
        ])
        for entry in catalogue.entries {
            let descriptor = entry.collector.descriptor
            table.append([
                descriptor.name, "R\(entry.collector.highestRisk.rawValue)",
                Self.profiles(entry).text, entry.origin, descriptor.subject,
            ])
        }
        for line in table.lines() { StandardStreams.print(line) }
        for refusal in catalogue.refused {
            StandardStreams.printError(
                UntrustedText.escapingControls("refused: \(refusal.reason)"))
        }
    }

    /// The profiles of a collector, smallest first, and as one text.
    private static func profiles(_ entry: CollectorCatalogue.Entry) -> (
        text: String, names: [String]
    ) {
        let names = CollectionProfile.allCases.filter(entry.profiles.contains).map(\.rawValue)
        return (names.isEmpty ? "when asked for" : names.joined(separator: ","), names)
    }

    private struct Document: Encodable {
        var schema = "diagbundle.collectors/1"
        var collectors: [Collector]
        var refused: [Refusal]?
    }

    private struct Refusal: Encodable {
        var path: String
        var reason: String
    }

    private struct Collector: Encodable {
        var name: String
        var subject: String
        var description: String?
        var risk: String
        var profiles: [String]
        var origin: String
        var replaced: String?
        var plugin: String?
        var confinement: String
        var deadlineSeconds: Double
        var byteLimit: Int64
    }

    private func printDocument(_ catalogue: CollectorCatalogue) throws {
        var document = Document(
            collectors: catalogue.entries.map { entry in
                let descriptor = entry.collector.descriptor
                return Collector(
                    name: descriptor.name, subject: descriptor.subject,
                    description: entry.declaration?.description
                        ?? entry.plugin?.declaration.description,
                    risk: "R\(entry.collector.highestRisk.rawValue)",
                    profiles: Self.profiles(entry).names, origin: entry.origin,
                    replaced: entry.replaced,
                    plugin: entry.plugin?.source.program.string,
                    confinement: descriptor.confinement.rawValue,
                    deadlineSeconds: descriptor.deadlineSeconds, byteLimit: descriptor.byteBudget)
            })
        if !catalogue.refused.isEmpty {
            document.refused = catalogue.refused.map {
                Refusal(
                    path: UntrustedText.escapingControls($0.path),
                    reason: UntrustedText.escapingControls($0.reason))
            }
        }
        _ = try StandardStreams.write(try JSONDocument.encode(document, layout: .document))
    }
}

/// The folders whose collectors and plugins are added to those of the program.
struct CollectorFolders: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: .init("Folders with more collectors.", valueName: "dir"))
    var collectors: [String] = []
    @Option(
        parsing: .upToNextOption,
        help: .init("Folders with plugins: programs that collect.", valueName: "dir"))
    var plugins: [String] = []

    /// The collectors of the program, of the host's folder, and of these.
    func catalogue() throws -> CollectorCatalogue {
        try Self.catalogue(collectors: collectors, plugins: plugins)
    }

    /// The same with folders that were named otherwise.
    static func catalogue(
        collectors: [String], plugins: [String]
    ) throws -> CollectorCatalogue {
        var settings = Settings()
        if !collectors.isEmpty {
            settings.override(with: [SettingName.collectors.rawValue: collectors])
        }
        if !plugins.isEmpty {
            settings.override(with: [SettingName.plugins.rawValue: plugins])
        }
        let here = try? HostFacts.absolute(".").string
        return try CollectorCatalogue(
            folders: try settings.collectorFolders(from: here),
            pluginFolders: try settings.pluginFolders(from: here), profile: .full)
    }
}
