import ArgumentParser
import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle collectors new NAME`: the beginning of one's own collector, or plugin.
struct CollectorsNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write NAME.yaml, the beginning of a collector.",
        discussion: """
            The file is written into the working folder, and none is overwritten. Change it, check \
            it with "diagbundle collectors check", and put it into /etc/diagbundle/collectors.d.

            With --plugin it describes a plugin, and the program NAME is written beside it: a \
            script of sh that can be run as it is. Both belong into /etc/diagbundle/plugins.d.
            """)

    @Argument(help: "The collector's name: lower-case letters, digits and hyphens.")
    var name: String
    @Flag(help: "Begin a plugin: a program that collects, and the YAML file that describes it.")
    var plugin = false

    /// A file to be written.
    private struct File {
        let name: String
        let text: String
        var isProgram = false
    }

    func run() throws {
        let replaced = BuiltInDeclarations.file(of: name) != nil
        guard !BuiltInCollectors.all.contains(where: { $0.descriptor.name == name }),
            let files = plugin ? pluginFiles : declarationFiles
        else {
            throw CommandFailure(
                .usage,
                "\"\(name)\" is no name of a \(plugin ? "plugin" : "collector"): it has 1 to 40"
                    + " lower-case letters, digits and hyphens between them, and is none of the"
                    + " program's own")
        }
        guard !(plugin && replaced) else {
            throw CommandFailure(
                .usage,
                "`\(name)` is the name of a collector (built in), which a plugin cannot replace;"
                    + " choose another")
        }
        try write(files)
        if replaced {
            StandardStreams.printError(
                "\(name).yaml replaces the collector \(name) of the program wherever it is read:"
                    + " choose another name to have both.")
        }
    }

    private var declarationFiles: [File]? {
        // A collector may be called like a shell, which no item can run.
        [true, false].map { Self.template(name, withCommand: $0) }.first { text in
            (try? CollectorDeclaration(parsing: Array(text.utf8), named: "\(name).yaml")) != nil
        }.map { [File(name: "\(name).yaml", text: $0)] }
    }

    private var pluginFiles: [File]? {
        let description = Self.pluginTemplate(name)
        let declaration = try? PluginDeclaration(
            parsing: Array(description.utf8), named: "\(name).yaml", beside: name)
        guard declaration != nil else { return nil }
        return [
            File(name: "\(name).yaml", text: description),
            File(name: name, text: Self.programTemplate(name), isProgram: true),
        ]
    }

    /// Writes the files, all or none, and tells their paths.
    private func write(_ files: [File]) throws {
        let folder = try HostFacts.absolute(".")
        var written = [File]()
        for file in files {
            let path = folder.appending(file.name)
            do throws(SystemCallError) {
                let descriptor = try Self.create(file, at: path)
                written.append(file)
                let bytes = Array(file.text.utf8)
                try descriptor.write(bytes.span)
            } catch {
                let directory = try? OutputDirectory.create(folder)
                for file in written { try? directory?.removeFile(file.name) }
                throw CommandFailure(
                    .output(error.errno, isCreating: true),
                    error.errno == .fileExists
                        ? "\(path) is there already, and is not overwritten" : "\(error)")
            }
        }
        for file in files { StandardStreams.print("\(folder.appending(file.name))") }
    }

    private static func create(
        _ file: File, at path: FilePath
    ) throws(SystemCallError) -> OwnedDescriptor {
        let permissions: FilePermissions =
            file.isProgram
            ? [.ownerReadWriteExecute, .groupReadExecute, .otherReadExecute]
            : [.ownerReadWrite, .groupRead, .otherRead]
        return try OwnedDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: permissions)
    }
}
