import ArgumentParser
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle config`: where the options' values come from.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show or restore the defaults of the options.",
        discussion: """
            /etc/diagbundle/config.yaml may set the default of every option that "config show" \
            lists, one "name: value" on a line.
            """,
        subcommands: [Show.self, Reset.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show every option's value and where it comes from.")

        @Option(help: "Configuration file (default: /etc/diagbundle/config.yaml).")
        var config: String?
        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let path = try config.map { try HostFacts.absolute(FilePath($0)).string }
            let settings = try Settings(configuration: path, commandLine: [:])
            try settings.check()
            if json {
                let members = SettingName.allCases.map { name in
                    let value = settings.values[name]
                    let texts = (value?.texts ?? []).map(JSONValue.string)
                    return (
                        name.rawValue,
                        JSONValue.object([
                            "value": name.isList ? .array(texts) : texts.last ?? .null,
                            "source": .string(value?.source.description ?? ""),
                        ])
                    )
                }
                let document = JSONValue.object(Dictionary(uniqueKeysWithValues: members))
                _ = try StandardStreams.write(JSONDocument.encode(document, layout: .document))
                return
            }
            var table = TextTable([.init("OPTION"), .init("VALUE"), .init("FROM"), .init("IS")])
            for name in SettingName.allCases {
                let value = settings.values[name]
                let text = (value?.texts ?? []).joined(separator: ", ")
                table.append([
                    name.rawValue, text.isEmpty ? "-" : text, value?.source.description ?? "",
                    name.purpose,
                ])
            }
            for line in table.lines() { StandardStreams.print(line) }
        }
    }

    struct Reset: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset",
            abstract:
                "Restore the built-in defaults; the file is kept beside it as config.yaml.old.",
            discussion: "Where there is one of that name already, it gets a number, too.")

        @Option(help: "Configuration file (default: /etc/diagbundle/config.yaml).")
        var config: String?

        func run() throws {
            let path = try HostFacts.absolute(FilePath(config ?? Settings.standardPath))
            let folder = path.removingLastComponent()
            guard let name = path.lastComponent?.string else {
                throw CommandFailure(.usage, "--config: a file is needed")
            }
            do {
                guard (try? RootedTree("/").status(of: path)) != nil else {
                    StandardStreams.print("\(path) does not exist: the built-in defaults hold.")
                    return
                }
                // A device of this name would be gone for the whole host.
                let kind = try OwnedDescriptor.kind(of: path)
                guard kind == .regular else {
                    throw CommandFailure(
                        .usage,
                        "reset the configuration \(path): it is a \(kind.words), and a"
                            + " configuration is a regular file")
                }
                let directory = try OutputDirectory.create(folder)
                let kept = try directory.freeName("\(name).old")
                try directory.renameNew(name, to: kept)
                StandardStreams.print(
                    "The built-in defaults hold again; what was set is kept in"
                        + " \(folder.appending(kept)).")
            } catch let error as SystemCallError {
                throw CommandFailure(
                    error.errno == .permissionDenied ? .notPermitted : .inputOutput,
                    "\(error). Run it as root to change the host's configuration.")
            }
        }
    }
}
