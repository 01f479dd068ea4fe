import DiagLiveDump
import DiagModel
import DiagSystem
import DiagTerminal
import Synchronization
import SystemPackage

/// `diagbundle dump convert`: reads a dump and writes another, which gets its name when it is
/// whole.
enum DumpConversionCommand {
    /// Converts `input` to `output` and prints one line about it.
    ///
    /// - Throws: ``CommandFailure``; a file that was begun stays with the ending `.partial` when
    ///   it opens and nobody stopped it, and is removed else.
    static func run(
        _ input: FilePath, _ output: FilePath, options: LiveDumpOptions, style: ProgressStyle
    ) throws {
        SignalDisposition.ignoreWriteSignals()
        do throws(DumpInspectionError) { try ConversionInput.check(input) } catch {
            throw CommandFailure(inspecting: error)
        }
        // Before any thread is there: all leave the signals to this one.
        let signals = try SignalDescriptor(SignalDescriptor.Signal.allCases)
        let place = try ConversionOutput(output)
        let file = try place.create()
        // Where the input has no time, none is invented.
        var conversion = DumpConversion.Options(started: Timestamp(microsecondsSince1970: 0))
        conversion.level = options.level
        conversion.writing.threadCount = options.threadCount
        conversion.writing.compression = options.compression
        conversion.writing.format = options.format
        let started = MonotonicTime.now
        let control = DumpControl()
        let size = (try? OwnedDescriptor.open(input, .readOnly, options: [.nonBlocking]).status())
            .map(\.byteCount)
        let progress = try ConversionProgress(
            output.string, style: style, control: control, estimate: size ?? 0)
        let work = try Work.start(
            input: input, output: DumpOutput(file, name: output.string), options: conversion,
            control: control)
        let outcome: DumpConversion.Outcome
        do {
            outcome = try follow(work, signals, control, progress)
            if let obstacle = outcome.result.obstacle { throw LiveDumpError(obstacle) }
        } catch let error as LiveDumpError {
            let failure = end(work, error, place)
            progress.end(.failed, failure.status, reason: failure.message)
            throw failure
        }
        try place.commit()
        try tell(
            outcome, place, progress, style,
            seconds: MonotonicTime.now.seconds(since: started))
    }

    /// Waits for the end of the copy; an interruption makes it end early.
    private static func follow(
        _ work: Work, _ signals: borrowing SignalDescriptor, _ control: DumpControl,
        _ progress: ConversionProgress
    ) throws -> DumpConversion.Outcome {
        var poller = Poller()
        var isInterrupted = false
        while work.isRunning {
            poller.removeAll()
            poller.watch(signals.descriptor, tag: 0)
            _ = poller.wait(seconds: 0.05)
            for signal in signals.received() {
                progress.take(signal)
                switch signal {
                case .interrupt, .terminate, .hangUp:
                    // A file system that does not answer must not keep anybody here.
                    if isInterrupted, signal == .interrupt {
                        progress.end(.failed, .interrupted, reason: "left at once")
                        HostFacts.exitNow(ExitStatus.interrupted.rawValue)
                    }
                    guard !isInterrupted else { continue }
                    isInterrupted = true
                    progress.notice(
                        "Stopping: what was written is removed. Interrupt again to leave at once.")
                    control.stop(.init(cause: .interrupted, message: "interrupted"))
                case .windowChange, .goOn: break
                }
            }
            progress.tick()
        }
        return try work.result()
    }

    /// Tidies up behind a conversion that failed, and says why it did.
    private static func end(
        _ work: Work, _ error: LiveDumpError, _ place: ConversionOutput
    ) -> CommandFailure {
        if error.obstacle.cause == .interrupted {
            place.discard()
            return CommandFailure(
                .interrupted,
                "convert to \(place.path): interrupted; nothing was kept, and the input is as it"
                    + " was")
        }
        guard work.hasFile else {
            place.discard()
            return CommandFailure(dumping: error)
        }
        return CommandFailure(
            .inputOutput,
            error.obstacle.message + "; what was written opens, and is kept as"
                + " \(place.partialPath). The next attempt replaces it.")
    }

    private static func tell(
        _ outcome: DumpConversion.Outcome, _ place: ConversionOutput,
        _ progress: ConversionProgress, _ style: ProgressStyle, seconds: Double
    ) throws {
        let result = outcome.result
        let present = outcome.tally.present.reduce(0, +)
        var lacks = outcome.lacks
        if result.pagesUnreadable > 0 {
            lacks.insert(
                "\(result.pagesUnreadable) pages could not be read from the input", at: 0)
        }
        let isWhole = result.isComplete && lacks.isEmpty
        let reason = lacks.isEmpty ? "the input is incomplete" : lacks.joined(separator: "; ")
        progress.end(
            isWhole ? .complete : .partial, isWhole ? .complete : .partial,
            reason: isWhole ? nil : reason + ".")
        let path = UntrustedText.escapingControls(place.path.string)
        let summary =
            style.wantsSummary
            ? "\(path): \(result.pagesWanted) of \(present) pages (level \(outcome.level)),"
                + " \(ByteCountText.describe(result.byteCount)),"
                + " \(DurationText.measured(seconds: seconds))" : path
        _ = try StandardStreams.write(Array((summary + "\n").utf8))
        for warning in outcome.warnings where !lacks.contains(warning) {
            StandardStreams.printError("Note: " + UntrustedText.escapingControls(warning))
        }
        guard !isWhole else { return }
        for lack in lacks {
            StandardStreams.printError("Partial: " + UntrustedText.escapingControls(lack) + ".")
        }
        HostFacts.exitNow(ExitStatus.partial.rawValue)
    }
}

/// A conversion in a thread of its own.
private final class Work: Sendable {
    private let thread: BackgroundThread
    private let shared: Shared

    private final class Shared: Sendable {
        let value = Mutex<Result<DumpConversion.Outcome, LiveDumpError>?>(nil)
    }

    private init(_ thread: BackgroundThread, _ shared: Shared) {
        self.thread = thread
        self.shared = shared
    }

    static func start(
        input: FilePath, output: DumpOutput, options: DumpConversion.Options, control: DumpControl
    ) throws -> Work {
        let shared = Shared()
        let thread = try BackgroundThread.start(name: "dump-convert") {
            let result: Result<DumpConversion.Outcome, LiveDumpError>
            do throws(LiveDumpError) {
                result = .success(
                    try DumpConversion.run(
                        input: input, output: output, options: options, control: control))
            } catch { result = .failure(error) }
            shared.value.withLock { $0 = result }
        }
        return Work(thread, shared)
    }

    var isRunning: Bool { shared.value.withLock { $0 == nil } }

    /// Whether there is a file that opens.
    var hasFile: Bool {
        shared.value.withLock { result in
            if case .success? = result { true } else { false }
        }
    }

    /// What came of it, once it does not run.
    func result() throws(LiveDumpError) -> DumpConversion.Outcome {
        thread.join()
        guard let result = shared.value.withLock({ $0 }) else {
            throw LiveDumpError(.inputOutput, "the conversion was lost")
        }
        return try result.get()
    }
}
