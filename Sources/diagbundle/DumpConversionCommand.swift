import DiagLiveDump
import DiagModel
import DiagSystem
import SystemPackage

/// `diagbundle dump convert`: reads a dump and writes another, which gets its name when it is
/// whole.
enum DumpConversionCommand {
    /// Converts `input` to `output` and prints one line about it.
    ///
    /// - Throws: ``CommandFailure``; a file that was begun stays with the ending `.partial` when
    ///   it opens, and is removed when it does not.
    static func run(_ input: FilePath, _ output: FilePath, options: LiveDumpOptions) throws {
        SignalDisposition.ignoreWriteSignals()
        guard let name = output.lastComponent?.string else {
            throw CommandFailure(.cannotCreate, "\(output): a file name is needed")
        }
        let partial = name + ".partial"
        let directory: OutputDirectory
        let file: OwnedDescriptor
        do throws(SystemCallError) {
            directory = try OutputDirectory.create(output.removingLastComponent())
            if try directory.status(of: name) != nil {
                throw SystemCallError(
                    operation: "create", object: output.string, errno: .fileExists)
            }
            file = try directory.createFile(partial, isReadable: true)
        } catch { throw CommandFailure(.output(error.errno, isCreating: true), "\(error)") }

        var conversion = DumpConversion.Options(started: .now)
        conversion.level = options.level
        conversion.writing.threadCount = options.threadCount
        conversion.writing.compression = options.compression
        conversion.writing.format = options.format
        let started = MonotonicTime.now
        let outcome: DumpConversion.Outcome
        do throws(LiveDumpError) {
            outcome = try DumpConversion.run(
                input: input, output: DumpOutput(file, name: output.string), options: conversion,
                control: DumpControl())
        } catch {
            try? directory.removeFile(partial)
            throw CommandFailure(dumping: error)
        }
        if let obstacle = outcome.result.obstacle {
            throw CommandFailure(
                .inputOutput,
                obstacle.message + "; what was written opens, and is kept as \(output).partial")
        }
        do throws(SystemCallError) {
            try directory.rename(partial, to: name)
            try directory.synchronize()
        } catch { throw CommandFailure(.inputOutput, "\(error)") }
        try tell(outcome, output, seconds: MonotonicTime.now.seconds(since: started))
    }

    private static func tell(
        _ outcome: DumpConversion.Outcome, _ output: FilePath, seconds: Double
    ) throws {
        let result = outcome.result
        let present = outcome.tally.present.reduce(0, +)
        _ = try StandardStreams.write(
            Array(
                (UntrustedText.escapingControls(output.string)
                    + ": \(result.pagesWanted) of \(present) pages (level \(outcome.level)),"
                    + " \(ByteCountText.describe(result.byteCount)),"
                    + " \(DurationText.measured(seconds: seconds))\n").utf8))
        for warning in outcome.warnings {
            StandardStreams.printError("Note: " + UntrustedText.escapingControls(warning))
        }
        if !result.isComplete || result.pagesUnreadable > 0 {
            if result.pagesUnreadable > 0 {
                StandardStreams.printError(
                    "Partial: \(result.pagesUnreadable) pages could not be read from the input.")
            }
            HostFacts.exitNow(ExitStatus.partial.rawValue)
        }
    }
}
