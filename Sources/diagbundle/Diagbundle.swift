import ArgumentParser
import DiagSystem

/// The program: its subcommands, and how errors leave it.
@main
struct Diagbundle: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "diagbundle",
        abstract: "Collects the facts about storage, boot, logs and kernel of a Linux host.",
        discussion: """
            It never hangs on a sick device, changes nothing on the host, says exactly what it \
            could not get, and leaves one bundle that anyone can verify.

            Start with: diagbundle collect
            """,
        version: version,
        subcommands: [
            Collect.self, Verify.self, List.self, Cat.self, Extract.self, Archive.self,
            SchemaCommand.self, Config.self, Orchestrate.self, Worker.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as CommandFailure {
            StandardStreams.printError("diagbundle: \(failure.message)")
            HostFacts.exitNow(failure.status.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
