public import SystemPackage

/// What a command said, and how it ended.
public struct CommandRun: Sendable {
    /// What it wrote to standard output, up to the limit.
    public let output: [UInt8]
    /// What it wrote to standard error, up to 64 KiB.
    public let errors: [UInt8]
    /// Whether output beyond the limit was left out.
    public let isCut: Bool
    /// How it ended; `nil` when it did not in time and was killed.
    public let cause: ChildProcess.Ending.Cause?

    private static let errorLimit = 64 << 10

    /// Runs `executable` with nothing on its standard input.
    ///
    /// One that is not done after `seconds`, or writes more than `limit` bytes, is killed with its
    /// whole group; it is not waited for any longer.
    ///
    /// - Throws: when it cannot be started.
    public static func run(
        _ executable: FilePath, _ arguments: [String], environment: [String: String],
        seconds: Double, limit: Int
    ) throws(SystemCallError) -> CommandRun {
        let output = try Pipe()
        let errors = try Pipe()
        try output.reading.setNonBlocking()
        try errors.reading.setNonBlocking()
        let end = MonotonicTime.now.advanced(bySeconds: seconds)
        let child = try ChildProcess.spawn(
            executable, arguments: arguments, environment: environment,
            streams: .init(
                input: try OwnedDescriptor.open("/dev/null", .readOnly),
                output: try output.writing.duplicate(), error: try errors.writing.duplicate()))
        var said = [UInt8]()
        var complained = [UInt8]()
        var isCut = false
        var ending: ChildProcess.Ending?
        var poller = Poller()
        while ending == nil, !isCut, MonotonicTime.now < end {
            poller.removeAll()
            poller.watch(output.reading, tag: 0)
            poller.watch(errors.reading, tag: 1)
            poller.watch(child.pidfd, tag: 2)
            _ = poller.wait(seconds: min(0.1, max(0, end.seconds(since: .now))))
            ending = child.reapIfEnded()
            isCut = drain(output.reading, into: &said, limit: limit)
            _ = drain(errors.reading, into: &complained, limit: errorLimit)
        }
        if ending == nil {
            child.kill()
            _ = child.reapIfEnded()
        }
        return CommandRun(output: said, errors: complained, isCut: isCut, cause: ending?.cause)
    }

    /// Takes what is there; `true` when there was more than `limit` allows.
    private static func drain(
        _ descriptor: borrowing OwnedDescriptor, into bytes: inout [UInt8], limit: Int
    ) -> Bool {
        var part = [UInt8](repeating: 0, count: 65_536)
        while let count = try? descriptor.read(into: &part), count > 0 {
            let room = limit - bytes.count
            bytes += part[..<min(count, room)]
            if count > room { return true }
        }
        return false
    }
}
