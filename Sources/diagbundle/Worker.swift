import ArgumentParser
import DiagCollect
import DiagModel
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

    /// Serves the request with what `collector` finds for it, and ends the process.
    static func serve(
        _ collector: (WorkerRequest) throws -> (any Collector)? = CollectorCatalogue.collector(for:)
    ) throws -> Never {
        let status = WorkerLoop.serve(
            collector, input: try OwnedDescriptor.standard(0),
            output: try OwnedDescriptor.standard(1))
        HostFacts.exitNow(status)
    }
}
