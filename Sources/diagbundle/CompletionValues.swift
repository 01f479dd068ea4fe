import DiagArchive
import DiagCodec
import DiagCollect
import DiagDeclared
import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// What the values of options and arguments may be, for completion.
enum CompletionValues {
    /// Completion of this program's own command lines.
    static func completion() throws -> CommandCompletion {
        CommandCompletion(try CommandTree.own(), values: values)
    }

    private typealias Values = CommandCompletion.Values

    @Sendable private static func values(
        of command: [String], _ argument: CommandTree.Argument, _ words: [String]
    ) -> CommandCompletion.Values {
        argument.kind == .positional
            ? positional(command, argument) : option(command, argument, words)
    }

    private static func option(
        _ command: [String], _ argument: CommandTree.Argument, _ words: [String]
    ) -> Values {
        switch argument.nameTexts.last ?? "" {
        case "--only", "--skip": return collectors(words)
        case "--profile":
            return Values(CollectionProfile.allCases.map { .init($0.rawValue) }, files: .files)
        case "--output" where [["archive"], ["plan"]].contains(command):
            return Values(files: .files)
        case "--collectors", "--plugins", "--root", "--output", "--directory":
            return Values(files: .folders)
        case "--config", "--plan", "--identity", "--signers", "--sign", "--encrypt-to":
            return Values(files: .files)
        case "--progress": return .of(ProgressStyle.allCases.map(\.rawValue))
        case "--live-dump": return .of(["full", "stacks", "no"])
        case "--compress", "--dump-compress": return .of(["zstd", "zlib", "none"])
        case "--format" where [["archive"], ["collect"]].contains(command):
            return .of(BundleOptions.Container.allCases.map(\.rawValue))
        case "--dump-format", "--format": return .of(["kdump", "elf"])
        case "--on-pressure", "--dump-on-pressure": return .of(["abort", "partial", "ignore"])
        case "--compression": return .of(BlockFormat.allCases.map(\.rawValue))
        case "--level" where [["archive"], ["collect"]].contains(command):
            return .of((0...9).map(String.init))
        case "--level", "--dump-level": return .of(["0", "1", "16", "27", "31"])
        // Times, sizes, numbers, names of a case or of who asks: only the person knows.
        default: return .free
        }
    }

    private static func positional(
        _ command: [String], _ argument: CommandTree.Argument
    ) -> Values {
        switch (command.joined(separator: " "), argument.valueName ?? "") {
        // Of any name: what a ticket system or a person calls a bundle is theirs to choose.
        case ("verify", _), ("list", _), ("cat", "bundle"), ("extract", "bundle"),
            ("grep", "bundle"),
            ("dump info", _), ("dump stacks", _), ("dump convert", _), ("collectors check", _):
            return Values(files: .files)
        case ("archive", _): return Values(files: .folders)
        case ("collectors show", _):
            var values = collectors([])
            values.isList = false
            return values
        case ("schema", _): return .of(PublishedSchema.allCases.map(\.name))
        case ("completion", _): return .of(Completion.Shell.allCases.map(\.rawValue))
        case ("manual", _):
            let names = (try? CommandTree.own())?.command.shown.map(\.commandName) ?? []
            return .of(names.filter { $0 != "help" })
        default: return .free
        }
    }

    /// The collectors that there are, those of the folders named in the line included. What is
    /// wrong with a folder is told when the line is run.
    private static func collectors(_ words: [String]) -> Values {
        var folders = [FilePath]()
        var isFolder = false
        for word in words where word != "=" {
            if word.hasPrefix("-") {
                isFolder = word == "--collectors"
                if word.hasPrefix("--collectors=") {
                    folders.append(FilePath(String(word.dropFirst("--collectors=".count))))
                }
            } else if isFolder {
                folders.append(FilePath(word))
            }
        }
        let absolute = folders.compactMap { try? HostFacts.absolute($0) }
        let catalogue =
            (try? CollectorCatalogue(folders: absolute, profile: .default))
            ?? (try? CollectorCatalogue(folders: [], profile: .default))
        let names = (catalogue?.entries ?? []).map {
            CommandCompletion.Candidate($0.name, $0.collector.descriptor.subject)
        }
        return Values(names, isList: true)
    }
}
