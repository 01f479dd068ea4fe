import ArgumentParser
import DiagCollect
import DiagModel
import DiagSystem

/// The process that makes the bundle; the front starts it.
struct Orchestrate: ParsableCommand {
    /// The subcommand.
    static let commandName = "orchestrate"
    static let configuration = CommandConfiguration(
        commandName: commandName,
        abstract: "Make a bundle, told by a request on standard input.", shouldDisplay: false)

    func run() throws { try Self.serve() }

    /// Makes the bundle, and ends the process.
    static func serve() throws -> Never {
        HostFacts.nameProcess("diagbundle")
        Confinement.raiseDescriptorLimit()
        Confinement.adoptOrphans()
        SignalDisposition.ignoreWriteSignals()
        let control = try OwnedDescriptor.standard(0)
        let link = try FrontLink(output: try OwnedDescriptor.standard(1))
        let request = try JSONDocument.decode(
            OrchestratorRequest.self, from: try readLine(from: control))
        let started = MonotonicTime.now
        let status: Int
        do {
            var settings = try Settings(
                configuration: request.configurationPath, commandLine: request.commandLine)
            settings.isOfDump = request.dump != nil
            let director = try RunDirector(
                request: request, settings: settings, link: link, started: started)
            let result = director.run(control: control)
            director.tellEnd(result)
            status = result.exitCode
        } catch let failure as CommandFailure {
            status = Int(failure.status.rawValue)
            RunProgress(started: started) { link.send($0) }
                .endRun(RunResult(exitCode: status, error: failure.message))
        }
        // What workers left behind became ours when they ended.
        ChildProcess.endAll(withinSeconds: 0.5)
        link.close(withinSeconds: 5)
        HostFacts.exitNow(Int32(status))
    }

    /// Reads one line, byte by byte so that nothing behind it is taken.
    private static func readLine(from input: borrowing OwnedDescriptor) throws -> [UInt8] {
        var line = [UInt8]()
        var byte: [UInt8] = [0]
        while try input.read(into: &byte) == 1, byte[0] != 0x0A { line.append(byte[0]) }
        return line
    }
}
