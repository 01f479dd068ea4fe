import ArgumentParser
import DiagCollect
import DiagModel
import DiagSystem

/// The process that makes the bundle; the front starts it.
struct Orchestrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a bundle, told by a request on standard input.", shouldDisplay: false)

    func run() throws {
        HostFacts.nameProcess("diagbundle")
        SignalDisposition.ignoreWriteSignals()
        let control = try OwnedDescriptor.standard(0)
        let link = try FrontLink(output: try OwnedDescriptor.standard(1))
        let request = try JSONDocument.decode(
            OrchestratorRequest.self, from: try Self.readLine(from: control))
        let started = MonotonicTime.now
        let result: RunResult
        do {
            let settings = try Settings(
                configuration: request.configurationPath, commandLine: request.commandLine)
            let director = try RunDirector(
                request: request, settings: settings, link: link, started: started)
            result = director.run(control: control)
        } catch let failure as CommandFailure {
            result = RunResult(exitCode: Int(failure.status.rawValue), error: failure.message)
        }
        RunProgress(started: started) { link.send($0) }.endRun(result)
        link.close(withinSeconds: 5)
        HostFacts.exitNow(Int32(result.exitCode))
    }

    /// Reads one line, byte by byte so that nothing behind it is taken.
    private static func readLine(from input: borrowing OwnedDescriptor) throws -> [UInt8] {
        var line = [UInt8]()
        var byte: [UInt8] = [0]
        while try input.read(into: &byte) == 1, byte[0] != 0x0A { line.append(byte[0]) }
        return line
    }
}
