internal import CLinux
internal import Glibc
internal import SystemPackage

/// What a fork server does in its own process.
///
/// One process is always forked ahead, so that who asks waits for no fork.
struct ForkServing {
    /// A process that was forked ahead, and waits for what it is to do.
    private final class Spare {
        let identifier: Int32
        /// Where it takes a request. Its end is that of the server, and then it ends too.
        let socket: OwnedDescriptor

        init(_ identifier: Int32, _ socket: consuming OwnedDescriptor) {
            self.identifier = identifier
            self.socket = socket
        }
    }

    /// Whose children the processes are.
    private let parent: Int32
    private let body: () -> Never

    init(for parent: Int32, _ body: @escaping () -> Never) {
        self.parent = parent
        self.body = body
    }

    /// Serves until who asks has ended, or has given this server up.
    func serve() -> Never {
        guard let word = unsafe diag_shared_word()?.assumingMemoryBound(to: CInt.self) else {
            _exit(1)
        }
        var spare = try? unsafe makeSpare(word)
        var request = ForkRequest()
        while request.receive(from: 0) {
            if spare.map({ request.send(to: $0.socket.rawValue) }) != true {
                // It could not be had before, or was killed.
                spare = nil
            }
            var answer = spare?.identifier ?? 0
            if spare == nil {
                do throws(SystemCallError) {
                    let another = try unsafe makeSpare(word)
                    guard request.send(to: another.socket.rawValue) else { _exit(1) }
                    answer = another.identifier
                } catch { answer = -error.errno.rawValue }
            }
            request.clear()
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: answer >> ($0 * 8)) }
            guard unsafe diag_send(1, bytes, bytes.count, nil, 0) == bytes.count else { _exit(1) }
            spare = try? unsafe makeSpare(word)
        }
        _exit(0)
    }

    /// Forks a process that waits for a request, and then does what is asked.
    private func makeSpare(_ word: UnsafeMutablePointer<CInt>) throws(SystemCallError) -> Spare {
        var ends: [CInt] = [-1, -1]
        try systemCall("socketpair", on: "a process") { unsafe diag_socket_pair(&ends) }
        let ours = OwnedDescriptor(owning: ends[0])
        let theirs = OwnedDescriptor(owning: ends[1])
        let identifier = unsafe diag_fork_orphan(word)
        if identifier == 0 { work(from: theirs.rawValue) }
        guard identifier > 0 else {
            throw SystemCallError(
                operation: "fork", object: "a process", errno: Errno(rawValue: -identifier))
        }
        return Spare(identifier, ours)
    }

    /// In the new process.
    private func work(from socket: CInt) -> Never {
        Confinement.dieWithParent(parent)
        ChildProcess.settle(
            [socket, socket, 2], environment: [:], title: "diagbundle spare-worker")
        var request = ForkRequest()
        guard request.receive(from: 0) else { _exit(0) }
        ChildProcess.settle(
            request.descriptors, environment: request.environment, title: request.title)
        body()
    }
}
