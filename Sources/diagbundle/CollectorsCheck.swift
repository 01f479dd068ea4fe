import ArgumentParser
import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import DiagYAML
import SystemPackage

/// `diagbundle collectors check FILE…`: whether files declare collectors, and where they do not;
/// whether plugins keep the protocol.
struct CollectorsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check files that declare collectors, and plugins.",
        discussion: """
            An error in a file is told as file:line:column: what is wrong, and what was meant. \
            Nothing of a declared collector is run.

            A plugin, named by its program or by the YAML file beside it, is run twice, as a run \
            would: once to its end, and once to ask it to stop. What it says against the protocol \
            is told with the line and the byte of its output. Nothing of it is kept.

            Files, plugins and their folders belong to root or to whoever runs this, and nobody \
            else may write them: as in a run. Check as root what root is to run.

            Exit codes: 0 all are right, 64 one is wrong or cannot be run, 69 one does not exist, \
            77 one could have been written by others, or is a link.
            """)

    @Argument(help: "The files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String] = []
    @Option(
        help: .init("A folder whose plugins are all checked; may be repeated.", valueName: "dir"))
    var plugins: [String] = []

    func validate() throws {
        if files.isEmpty, plugins.isEmpty { throw ValidationError("Name a file, or --plugins.") }
    }

    func run() throws {
        var checks = Checks()
        for file in files {
            let path = try HostFacts.absolute(FilePath(file))
            if let program = Self.program(of: path) {
                checks.checkPlugin(program)
            } else if Self.isFolder(path) {
                checks.refuseFolder(file)
            } else {
                checks.checkDeclaration(path, named: file)
            }
        }
        for folder in plugins {
            checks.checkPlugins(in: try HostFacts.absolute(FilePath(folder)))
        }
        if let worst = checks.worst { HostFacts.exitNow(worst.rawValue) }
    }

    /// The program of the plugin that `path` names, by itself or by its description; `nil` for what
    /// declares a collector.
    private static func program(of path: FilePath) -> FilePath? {
        guard let tree = try? RootedTree("/") else { return nil }
        if let ending = path.extension, ending == "yaml" || ending == "yml" {
            let bytes = try? tree.read(path, limit: YAMLDocument.largestByteCount)
            guard let bytes, PluginDeclaration.isDescribed(in: bytes) else { return nil }
            var program = path
            program.extension = nil
            return program
        }
        if (try? tree.status(of: description(of: path))) != nil { return path }
        guard let status = try? tree.status(of: path, followingLinks: false) else { return nil }
        let isProgram = status.kind == .regular && status.permissions & 0o111 != 0
        return isProgram || status.kind == .symbolicLink ? path : nil
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        (try? RootedTree("/").status(of: path))?.kind == .directory
    }

    private static func description(of program: FilePath) -> FilePath {
        program.removingLastComponent().appending((program.lastComponent?.string ?? "") + ".yaml")
    }

    /// What was checked so far.
    private struct Checks {
        /// How the command ends; none while all are right.
        var worst: ExitStatus?
        private var names = [String: String]()
        private var catalogue: CollectorCatalogue?

        private mutating func fail(_ status: ExitStatus, _ message: String) {
            StandardStreams.printError(UntrustedText.escapingControls(message))
            if worst == nil || status == .usage { worst = status }
        }

        mutating func refuseFolder(_ file: String) {
            fail(
                .usage,
                "\(file) is a folder: name the files in it, or --plugins before one of plugins")
        }

        mutating func checkDeclaration(_ path: FilePath, named file: String) {
            let doubt = DeclarationFile.doubt(of: path)
            do throws(DeclarationFile.Failure) {
                let (declaration, _) = try DeclarationFile.read(path, named: file)
                let name = declaration.name
                if BuiltInCollectors.all.contains(where: { $0.descriptor.name == name }) {
                    throw DeclarationFile.Failure(ofCode: declaration, of: file)
                }
                if let other = names.updateValue(file, forKey: declaration.name) {
                    throw DeclarationFile.Failure(declaration, of: file, usedBy: other)
                }
                if doubt == nil { Self.tell(declaration, of: path, named: file) }
            } catch {
                fail(CollectorCatalogue.failure(error).status, error.message)
                // Whose it is says nothing more of what cannot be read.
                switch error.kind {
                case .input, .wrongKind: return
                case .content, .untrusted, .changed: break
                }
            }
            if let doubt { fail(.notPermitted, "\(file): a run refuses it: \(doubt)") }
        }

        /// Says that a file is right, and what its writer may not have meant.
        private static func tell(
            _ declaration: CollectorDeclaration, of path: FilePath, named file: String
        ) {
            let count = declaration.items.count
            StandardStreams.print(
                "\(UntrustedText.escapingControls(file)): ok, \(declaration.name), "
                    + (count == 1 ? "1 item" : "\(count) items"))
            if BuiltInDeclarations.file(of: declaration.name) != nil {
                StandardStreams.print(
                    "  it replaces the collector \(declaration.name) of the program")
            }
            if !DeclarationFile.isRead(path.lastComponent?.string ?? "") {
                StandardStreams.print(
                    "  warning: no run reads it by this name; one of a declaration ends in .yaml or"
                        + " .yml, and begins with no dot")
            }
        }

        mutating func checkPlugin(_ program: FilePath) {
            do throws(PluginFile.Refusal) {
                check(
                    try PluginFile.read(
                        program, description: CollectorsCheck.description(of: program)))
            } catch { refuse(error) }
        }

        mutating func checkPlugins(in folder: FilePath) {
            do throws(PluginFile.Refusal) {
                let found = try PluginFile.readFolder(folder, isOptional: false)
                for refusal in found.refused { refuse(refusal) }
                for plugin in found.plugins { check(plugin) }
            } catch { refuse(error) }
        }

        private mutating func refuse(_ refusal: PluginFile.Refusal) {
            fail(refusal.exitStatus, refusal.reason)
        }

        private mutating func check(_ plugin: PluginCollector) {
            let program = plugin.source.program.string
            do {
                if catalogue == nil {
                    catalogue = try CollectorCatalogue(folders: [], profile: .full)
                }
                if let clash = catalogue?.clash(of: plugin) { return refuse(clash) }
                do throws(PluginFile.Refusal) {
                    try PluginFile.checkProgram(of: plugin.source)
                } catch { return refuse(error) }
                let result = try PluginCheck(plugin: plugin).run()
                for problem in result.problems { fail(.usage, "\(program): \(problem)") }
                if result.problems.isEmpty {
                    let name = plugin.declaration.name
                    StandardStreams.print(
                        UntrustedText.escapingControls("\(program): ok, \(name)"))
                }
                for line in result.account {
                    StandardStreams.print(UntrustedText.escapingControls("  \(line)"))
                }
            } catch let failure as CommandFailure {
                fail(failure.status, failure.message)
            } catch { fail(.failed, "\(program): \(error)") }
        }
    }
}
