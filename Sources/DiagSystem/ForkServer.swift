internal import CLinux
internal import Glibc
internal import SystemPackage

/// A process that forks others from what it is itself: a small copy of this program, made before
/// there is anything that those may not know, and while there is one thread.
///
/// What it forks are children of the process that asks for them, which must adopt orphans
/// (``Confinement/adoptOrphans()``): it signals, watches and reaps them. The server ends with it.
///
/// One thread at a time may ask. A server that fails, or is killed, is given up: then processes are
/// to be started as others are.
public final class ForkServer {
    /// Seconds that the server has to answer; it waits for nothing but memory and the processor.
    /// Who asks does nothing else meanwhile, so this is less than anybody takes for a hang.
    private static let patience = 2.0

    private let process: ChildProcess
    private let socket: OwnedDescriptor
    /// Whether it is of no use any more.
    public private(set) var isGivenUp = false

    /// The process id of the server, which is a child of this process.
    public var identifier: Int32 { process.identifier }

    private init(_ process: ChildProcess, _ socket: consuming OwnedDescriptor) {
        self.process = process
        self.socket = socket
    }

    /// Forks the server.
    ///
    /// - Parameters:
    ///   - title: what lists of processes show it as.
    ///   - prepare: what the server does before it forks any, which each of them then has.
    ///   - body: what the processes do that it forks.
    /// - Returns: the server; `nil` when this process has other threads, or adopts no orphans.
    /// - Throws: what socketpair(2) or fork(2) said.
    public static func start(
        title: String, prepare: () -> Void = {}, _ body: @escaping () -> Never
    ) throws(SystemCallError) -> ForkServer? {
        guard diag_adopts_orphans() == 1 else { return nil }
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair", on: title) { unsafe diag_socket_pair(&ends) }
        let ours = OwnedDescriptor(owning: ends[0])
        let theirs = OwnedDescriptor(owning: ends[1])
        let parent = getpid()
        let streams = ChildProcess.Streams(
            input: try theirs.duplicate(), output: try theirs.duplicate(),
            error: try OwnedDescriptor.standard(2))
        guard
            let process = try ChildProcess.fork(
                title: title, environment: [:], streams: streams,
                {
                    Confinement.dieWithParent(parent)
                    prepare()
                    ForkServing(for: parent, body).serve()
                })
        else { return nil }
        return ForkServer(process, ours)
    }

    deinit { process.kill() }

    /// Forks a process that does what the server was started for.
    ///
    /// - Parameters:
    ///   - title: what lists of processes show.
    ///   - environment: the whole environment of the process.
    ///   - streams: its standard streams.
    ///   - inherited: the number of a descriptor of ours that it gets as its descriptor 3.
    /// - Returns: the process; `nil` when the server is given up. The streams may have reached a
    ///   process that nobody knows, so they are of no use any more either.
    public func fork(
        title: String, environment: [String: String],
        streams: borrowing ChildProcess.Streams, inherited: CInt? = nil
    ) -> ChildProcess? {
        guard !isGivenUp else { return nil }
        let descriptors =
            [streams.input.rawValue, streams.output.rawValue, streams.error.rawValue]
            + (inherited.map { [$0] } ?? [])
        guard
            let request = ForkRequest(
                title: title, environment: environment, descriptors: descriptors)
        else {
            isGivenUp = true
            return nil
        }
        // One that may have no more processes is given up too: there may be room without it.
        guard let answer = exchange(request), answer > 0 else {
            isGivenUp = true
            process.kill()
            return nil
        }
        return ChildProcess(forked: answer)
    }

    /// Sends a request; the answer, or `nil` when none came.
    private func exchange(_ request: ForkRequest) -> Int32? {
        guard request.send(to: socket.rawValue) else { return nil }
        var poller = Poller()
        poller.watch(socket, tag: 0)
        let end = MonotonicTime.now.advanced(bySeconds: Self.patience)
        while poller.wait(seconds: end.seconds(since: .now)).isEmpty {
            if MonotonicTime.now >= end { return nil }
        }
        var answer = [UInt8](repeating: 0, count: 8)
        guard let count = try? socket.read(into: &answer), count == 4 else { return nil }
        return (0..<4).reversed().reduce(Int32(0)) { $0 << 8 | Int32(answer[$1]) }
    }
}
