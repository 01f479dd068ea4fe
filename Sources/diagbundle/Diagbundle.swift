import ArgumentParser
import DiagModel
import DiagSystem

/// The program: its subcommands, and how errors leave it.
@main
struct Diagbundle: ParsableCommand {
    static let version = "0.1.0"
    /// When that version was made, for the manual pages.
    static let date = "2026-11-22"

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
            Collect.self, PlanCommand.self, Subsystems.self, Verify.self, List.self, Cat.self,
            Grep.self, Extract.self, Archive.self, Dump.self, Collectors.self, SchemaCommand.self,
            Config.self, Completion.self, Manual.self, Complete.self, Orchestrate.self,
            Worker.self,
        ])

    static func main() {
        HostScheduling.avoidHugePages()
        // The runtime takes the arguments from /proc; without them nothing that was asked is known.
        guard !CommandLine.arguments.isEmpty else {
            StandardStreams.printError("diagbundle: /proc is not mounted here, and it is needed.")
            HostFacts.exitNow(ExitStatus.unavailable.rawValue)
        }
        orEnd {
            // Its own processes are started so often that they do not wait for the parser, which
            // takes half of a process's start.
            switch CommandLine.arguments.dropFirst().first {
            case Orchestrate.commandName where CommandLine.arguments.count == 2:
                try Orchestrate.serve()
            case Worker.commandName where CommandLine.arguments.count == 3:
                try Worker.serve()
            default:
                var command = try parseAsRoot()
                try command.run()
            }
        }
    }

    /// Does what this process is there for, and ends it with a message when that fails.
    static func orEnd<Result>(_ body: () throws -> Result) -> Result {
        do { return try body() } catch let failure as CommandFailure {
            StandardStreams.printError("diagbundle: \(failure.message)")
            HostFacts.exitNow(failure.status.rawValue)
        } catch {
            let status = exitCode(for: error).rawValue
            // What was typed may hold anything, and is shown again.
            let text = fullMessage(for: error).split(
                separator: "\n", omittingEmptySubsequences: false
            ).map { UntrustedText.escapingControls(String($0)) }.joined(separator: "\n")
            if status == 0 {
                StandardStreams.print(text)
            } else {
                StandardStreams.printError(text)
            }
            HostFacts.exitNow(status)
        }
    }
}
