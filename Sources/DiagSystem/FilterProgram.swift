internal import Synchronization
internal import SystemPackage

/// A program that bytes are given to and taken from, such as one that encrypts.
///
/// One thread writes and one reads; whoever does both must know that the program does not wait for
/// one while we wait for the other. It dies with the thread that started it.
public final class FilterProgram: Sendable {
    /// One end of a pipe, closed when nobody has it any more.
    private final class PipeEnd: Sendable {
        let descriptor: OwnedDescriptor
        init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }
    }

    /// What it wrote to standard error.
    private final class Complaint: Sendable {
        let bytes = Mutex([UInt8]())
    }

    /// How it ended.
    public enum Ending: Hashable, Sendable {
        /// By itself or by a signal.
        case ended(ChildProcess.Ending.Cause)
        /// It did not, though its output was closed, and was killed.
        case late
    }

    /// What of its standard error is kept.
    private static let complaintByteLimit = 64 << 10
    /// How long it may go on when it has closed its output, in seconds.
    private static let patience = 60.0

    private let child: ChildProcess
    private let input: Mutex<PipeEnd?>
    private let output: PipeEnd
    private let complaint: Complaint
    private let listener: BackgroundThread
    private let known = Mutex<Ending?>(nil)

    private init(
        _ child: ChildProcess, input: PipeEnd, output: PipeEnd, _ complaint: Complaint,
        _ listener: BackgroundThread
    ) {
        self.child = child
        self.input = Mutex(input)
        self.output = output
        self.complaint = complaint
        self.listener = listener
    }

    deinit {
        if known.withLock({ $0 == nil }) { child.kill() }
        child.release()
    }

    /// Starts `tool`. From now on a program that reads no more is an error of the write, and does
    /// not end this process.
    ///
    /// - Throws: when it cannot be started.
    public static func start(
        _ tool: InstalledTool, _ arguments: [String]
    ) throws(SystemCallError) -> FilterProgram {
        SignalDisposition.ignoreWriteSignals()
        let size = 1 << 20
        let input = try Pipe(bufferByteCount: size)
        let output = try Pipe(bufferByteCount: size)
        let errors = try Pipe()
        let child = try ChildProcess.reserving { () throws(SystemCallError) in
            try ChildProcess.spawnDying(
                tool.path, arguments: arguments, environment: InstalledTool.environment,
                streams: .init(
                    input: try input.reading.duplicate(), output: try output.writing.duplicate(),
                    error: try errors.writing.duplicate()))
        }
        // Our own copies of its ends go now: otherwise nobody would see that it closed them.
        let writing = PipeEnd(input.takeWriting())
        let reading = PipeEnd(output.takeReading())
        let errorEnd = PipeEnd(errors.takeReading())
        let complaint = Complaint()
        let listener: BackgroundThread
        do throws(SystemCallError) {
            listener = try BackgroundThread.start(name: "complaints") {
                var part = [UInt8](repeating: 0, count: 4096)
                while let count = try? errorEnd.descriptor.read(into: &part), count > 0 {
                    complaint.bytes.withLock { bytes in
                        let room = max(0, complaintByteLimit - bytes.count)
                        bytes += part.prefix(min(count, room))
                    }
                }
            }
        } catch {
            child.kill()
            child.release()
            throw error
        }
        return FilterProgram(child, input: writing, output: reading, complaint, listener)
    }

    /// Gives it `bytes`; waits while it does not take them.
    ///
    /// - Throws: `EPIPE` when it takes no more, or when ``closeInput()`` was called.
    public func write(_ bytes: Span<UInt8>) throws(SystemCallError) {
        guard let end = input.withLock({ $0 }) else {
            throw SystemCallError(
                operation: "write", object: "a program that has its input", errno: .brokenPipe)
        }
        try end.descriptor.write(bytes)
    }

    /// Says that no more bytes come.
    public func closeInput() { input.withLock { $0 = nil } }

    /// Takes what it wrote into the start of `buffer`, at most that many bytes; 0 is the end.
    public func read(into buffer: inout [UInt8]) throws(SystemCallError) -> Int {
        try output.descriptor.read(into: &buffer)
    }

    /// Ends it by SIGKILL: ``write(_:)`` and ``read(into:)`` end as well.
    public func kill() { known.withLock { if $0 == nil { child.kill() } } }

    /// Waits for its end, after it closed its output or ``kill()``.
    public func wait() -> Ending {
        known.withLock { known in
            if let known { return known }
            let end = MonotonicTime.now.advanced(bySeconds: Self.patience)
            var ending: Ending?
            while ending == nil, MonotonicTime.now < end {
                ending = child.reapIfEnded().map { .ended($0.cause) }
                if ending != nil { break }
                var poller = Poller()
                poller.watch(child.pidfd, tag: 0)
                _ = poller.wait(seconds: 0.1)
            }
            if ending == nil { child.kill() } else { child.release() }
            _ = listener.join(within: 1)
            known = ending ?? .late
            return known ?? .late
        }
    }

    /// What it wrote to standard error until now, at most 64 KiB.
    public var errors: [UInt8] { complaint.bytes.withLock { $0 } }
}

extension FilterProgram.Ending: CustomStringConvertible {
    /// For example `exit code 1`.
    public var description: String {
        switch self {
        case .ended(.exited(let code)): "exit code \(code)"
        case .ended(.signalled(let number)): "ended by signal \(number)"
        case .late: "it did not end"
        }
    }

    /// Whether it ended well.
    public var isWell: Bool { self == .ended(.exited(code: 0)) }
}
