import ArgumentParser
import DiagModel
import DiagSystem
import DiagTerminal
import SystemPackage

/// `diagbundle manual`: the manual pages, made from the help.
struct Manual: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Print or write the manual pages.",
        discussion: """
            Without a command the page of diagbundle itself is printed, in the language man(7): \
            "diagbundle manual collect | man -l -" shows one. With --all and --output the pages of \
            all commands are written as DIR/diagbundle.1, DIR/diagbundle-collect.1 and so on, for \
            example into /usr/local/share/man/man1; older ones are replaced.

            Exit codes: 0 printed or written, 64 there is no such command, 73 the folder cannot \
            be written to, 74 input/output error.
            """)

    @Argument(help: "The command's words, such as: dump full.")
    var command: [String] = []
    @Flag(help: "All pages; needs --output.")
    var all = false
    @Option(name: .shortAndLong, help: .init("Folder to write pages to.", valueName: "dir"))
    var output: String?

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        if all, !command.isEmpty {
            throw CommandFailure(.usage, "--all and the name of a command contradict each other")
        }
        if all, output == nil {
            throw CommandFailure(.usage, "--all needs --output: the folder for the pages")
        }
        let tree = try CommandTree.own()
        let pages = try (all ? tree.paths : [command]).map { try Self.page($0, in: tree) }
        guard let output else {
            for page in pages { _ = try StandardStreams.write(Array(page.text.utf8)) }
            return
        }
        let folder = try HostFacts.absolute(FilePath(output))
        for page in pages {
            do throws(SystemCallError) {
                try Self.write(page, into: try Self.directory(folder))
            } catch { throw CommandFailure(.output(error.errno, isCreating: true), "\(error)") }
            StandardStreams.print(
                UntrustedText.escapingControls(folder.appending(page.fileName).string))
        }
    }

    private static func page(_ words: [String], in tree: CommandTree) throws -> ManualPage {
        let supplement = ManualSupplement.of(words, in: tree)
        if let page = ManualPage(
            of: tree, path: words, version: Diagbundle.version, date: Diagbundle.date,
            supplement: supplement), tree.paths.contains(words)
        {
            return page
        }
        let names = tree.paths.dropFirst().map { $0.joined(separator: " ") }
        throw CommandFailure(
            .usage,
            "there is no command \"\(words.joined(separator: " "))\". There are: "
                + names.joined(separator: ", "))
    }

    /// The folder, which everybody may read when it is made here.
    private static func directory(_ folder: FilePath) throws(SystemCallError) -> OutputDirectory {
        let tree = try RootedTree("/")
        if (try? tree.status(of: folder)) != nil { return try OutputDirectory.create(folder) }
        // Parents made here would be for one user alone: that is the caller's to decide.
        _ = try tree.status(of: folder.removingLastComponent())
        let directory = try OutputDirectory.create(folder)
        try OwnedDescriptor.open(folder, .readOnly).setPermissions([
            .ownerReadWriteExecute, .groupReadExecute, .otherReadExecute,
        ])
        return directory
    }

    /// Writes a page beside its name first: what reads the folder finds whole pages alone.
    private static func write(
        _ page: ManualPage, into directory: OutputDirectory
    ) throws(SystemCallError) {
        let partial = ".\(page.fileName).\(HostFacts.processIdentifier)"
        do throws(SystemCallError) {
            let file = try directory.createFile(partial)
            let bytes = Array(page.text.utf8)
            try file.write(bytes.span)
            try file.setPermissions([.ownerReadWrite, .groupRead, .otherRead])
            try directory.rename(partial, to: page.fileName)
        } catch {
            try? directory.removeFile(partial)
            throw error
        }
    }
}
