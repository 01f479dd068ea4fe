import ArgumentParser
import DiagDeclared
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle collectors check FILE…`: whether files declare collectors, and where they do not.
struct CollectorsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check files that declare collectors.",
        discussion: """
            An error is told as file:line:column: what is wrong, and what was meant. Nothing of a \
            file is run.

            Exit codes: 0 all are right, 64 one is wrong, 69 one does not exist.
            """)

    @Argument(help: "The files.", completion: .file(extensions: ["yaml", "yml"]))
    var files: [String]

    func run() throws {
        var worst: CommandFailure?
        var names = [String: String]()
        for file in files {
            let path = try HostFacts.absolute(FilePath(file))
            do throws(DeclarationFile.Failure) {
                let (declaration, _) = try DeclarationFile.read(path, named: file)
                if let other = names.updateValue(file, forKey: declaration.name) {
                    throw DeclarationFile.Failure(declaration.name, of: file, usedBy: other)
                }
                StandardStreams.print(
                    "\(UntrustedText.escapingControls(file)): ok, \(declaration.name), "
                        + "\(declaration.items.count) items")
            } catch {
                StandardStreams.printError(UntrustedText.escapingControls(error.message))
                let failure = CollectorCatalogue.failure(error)
                if worst == nil || failure.status == .usage { worst = failure }
            }
        }
        if let worst { HostFacts.exitNow(worst.status.rawValue) }
    }
}
