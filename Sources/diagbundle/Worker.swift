import ArgumentParser
import DiagCollect
import DiagSystem

/// The process that runs one collector, of code or declared; the orchestrator starts it.
struct Worker: ParsableCommand {
    /// The subcommand.
    static let commandName = "worker"
    static let configuration = CommandConfiguration(
        commandName: commandName,
        abstract: "Run one collector, told by a request on standard input.", shouldDisplay: false)

    @Argument(help: "The collector's name, for whoever lists processes.")
    var name: String

    func run() throws { try Self.serve() }

    /// Serves the request, and ends the process.
    static func serve() throws -> Never {
        let status = WorkerLoop.serve(
            CollectorCatalogue.collector(for:), input: try OwnedDescriptor.standard(0),
            output: try OwnedDescriptor.standard(1))
        HostFacts.exitNow(status)
    }
}
