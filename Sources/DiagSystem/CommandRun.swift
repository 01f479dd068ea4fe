public import SystemPackage

/// What a command said, and how it ended.
public struct CommandRun: Sendable {
    /// What it wrote to standard output, up to the limit.
    public let output: [UInt8]
    /// How many bytes it wrote, kept or not.
    public let outputByteCount: Int64
    /// What it wrote to standard error, up to 64 KiB.
    public let errors: [UInt8]
    /// Whether output beyond the limit was left out.
    public let isCut: Bool
    /// How it ended; `nil` when it did not in time and was killed.
    public let cause: ChildProcess.Ending.Cause?
    /// Whether something else still had its standard output when it had ended.
    public let leftPipeOpen: Bool
    /// Whether it was still there a moment after SIGKILL: it hangs in the kernel.
    public let isAbandoned: Bool
    /// Seconds from its start to its end, or to when it was given up.
    public let seconds: Double

    /// How much of what a command says is kept when it says too much.
    public enum Kept: Sendable {
        /// The start; the command is killed then.
        case beginning
        /// The end; the command goes on until it ends.
        case newest
    }

    private static let errorLimit = 64 << 10
    /// How long a command may take to end after SIGTERM, and then after SIGKILL, in seconds.
    private static let grace = 0.5
    /// Bytes that are taken from the pipes of a command that has ended: more than they hold.
    private static let lastByteCount: Int64 = 1 << 20

    /// Runs `executable` with nothing on its standard input, in a session of its own and so
    /// without a terminal.
    ///
    /// One that is not done after `seconds`, or writes more than `limit` bytes of which the
    /// beginning is kept, is told to end and then killed, with its whole group; one that does not
    /// end even then is left. It dies with the thread that runs it, and so with its process. What it
    /// started and left behind in its group is killed, too, and
    /// nobody waits for what keeps its pipes open.
    ///
    /// - Throws: when it cannot be started.
    public static func run(
        _ executable: FilePath, _ arguments: [String], environment: [String: String],
        seconds: Double, limit: Int, keeping kept: Kept = .beginning
    ) throws(SystemCallError) -> CommandRun {
        let output = try Pipe()
        let errors = try Pipe()
        try output.reading.setNonBlocking()
        try errors.reading.setNonBlocking()
        let start = MonotonicTime.now
        let end = start.advanced(bySeconds: seconds)
        let child = try ChildProcess.spawnDying(
            executable, arguments: arguments, environment: environment,
            streams: .init(
                input: try OwnedDescriptor.open("/dev/null", .readOnly),
                output: try output.writing.duplicate(), error: try errors.writing.duplicate()))
        // Without our own writing ends what is read ends when nobody else has them.
        let (outputFile, errorFile) = (PipeEnd(output.takeReading()), PipeEnd(errors.takeReading()))
        var said = Bytes(limit: limit, kept: kept)
        var complained = Bytes(limit: errorLimit, kept: .beginning)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var ending: ChildProcess.Ending?
        var poller = Poller()
        func turn(until moment: MonotonicTime) {
            poller.removeAll()
            if !said.isEnded { poller.watch(outputFile.descriptor, tag: 0) }
            if !complained.isEnded { poller.watch(errorFile.descriptor, tag: 1) }
            poller.watch(child.pidfd, tag: 2)
            _ = poller.wait(seconds: min(0.1, max(0, moment.seconds(since: .now))))
            ending = child.reapIfEnded()
            let rest: Int64? = ending == nil ? nil : Self.lastByteCount
            said.drain(outputFile.descriptor, &buffer, until: moment, atMost: rest)
            complained.drain(errorFile.descriptor, &buffer, until: moment, atMost: rest)
            guard ending != nil else { return }
            if !said.isEnded {
                // One that was just started has the pipe for as long as it takes to redirect it.
                poller.removeAll()
                poller.watch(outputFile.descriptor, tag: 0)
                _ = poller.wait(seconds: 0.02)
                said.drain(outputFile.descriptor, &buffer, until: moment, atMost: rest)
            }
            // What it left behind goes at once, and is not listened to for long.
            child.killGroup()
        }
        var isOver = false
        while ending == nil, !isOver, MonotonicTime.now < end {
            turn(until: end)
            isOver = kept == .beginning && said.isCut
        }
        let cause = ending?.cause
        if ending == nil {
            child.terminate()
            let patience = MonotonicTime.now.advanced(bySeconds: grace)
            while ending == nil, MonotonicTime.now < patience { turn(until: patience) }
        }
        if ending == nil {
            child.kill()
            let patience = MonotonicTime.now.advanced(bySeconds: grace)
            while ending == nil, MonotonicTime.now < patience { turn(until: patience) }
        }
        return CommandRun(
            output: said.result, outputByteCount: said.byteCount, errors: complained.result,
            isCut: said.isCut, cause: cause,
            leftPipeOpen: cause != nil && !said.isEnded && !(kept == .beginning && said.isCut),
            isAbandoned: ending == nil,
            seconds: MonotonicTime.now.seconds(since: start))
    }

    /// The end of a pipe that is read, for closures.
    private final class PipeEnd {
        let descriptor: OwnedDescriptor
        init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
    }

    /// Bytes of a stream, the first or the last of them.
    private struct Bytes {
        let limit: Int
        let kept: Kept
        private(set) var byteCount: Int64 = 0
        /// Whether nobody can write to it any more.
        private(set) var isEnded = false
        private var bytes = [UInt8]()

        init(limit: Int, kept: Kept) {
            self.limit = max(0, limit)
            self.kept = kept
        }

        var isCut: Bool { byteCount > Int64(limit) }

        var result: [UInt8] { kept == .newest ? Array(bytes.suffix(limit)) : bytes }

        /// Takes what is there; of a stream that never rests, what comes until `moment`, and at most
        /// about `rest` bytes.
        mutating func drain(
            _ descriptor: borrowing OwnedDescriptor, _ buffer: inout [UInt8],
            until moment: MonotonicTime, atMost rest: Int64?
        ) {
            let last = rest.map { byteCount + $0 } ?? .max
            while byteCount < last, !isEnded, let count = try? descriptor.read(into: &buffer) {
                guard count > 0 else {
                    isEnded = true
                    return
                }
                byteCount += Int64(count)
                switch kept {
                case .beginning: bytes += buffer[..<min(count, limit - bytes.count)]
                case .newest:
                    bytes += buffer[..<count]
                    // Twice the limit, so that each byte is moved about once.
                    if bytes.count > 2 * limit + buffer.count {
                        bytes.removeFirst(bytes.count - limit)
                    }
                }
                if kept == .beginning && isCut || MonotonicTime.now >= moment { return }
            }
        }
    }
}
