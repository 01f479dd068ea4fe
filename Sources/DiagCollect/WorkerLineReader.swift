internal import DiagSystem

/// Takes the lines that the orchestrator writes to a worker's standard input.
final class WorkerLineReader {
    private let descriptor: OwnedDescriptor
    private var pending: [UInt8] = []
    /// How much of ``pending`` is known to have no newline.
    private var searched = 0

    /// Reads from `descriptor`.
    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

    /// What tells whether another line comes: the one that tells the worker to stop.
    func stopRequest() throws(SystemCallError) -> StopRequest {
        StopRequest(try descriptor.duplicate(), isMade: !pending.isEmpty)
    }

    /// Whether there is something to read, or the end of the input, within that time.
    func isReady(withinSeconds seconds: Double) -> Bool {
        if searched < pending.count { return true }
        var poller = Poller()
        poller.watch(descriptor, tag: 0)
        return !poller.wait(seconds: seconds).isEmpty
    }

    /// The next line without its newline; `nil` at the end of the input.
    func next() throws(SystemCallError) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = pending[searched...].firstIndex(of: 0x0A) {
                let line = Array(pending[..<end])
                pending.removeFirst(end + 1)
                searched = 0
                return line
            }
            searched = pending.count
            let count = try descriptor.read(into: &part)
            guard count > 0 else {
                defer {
                    pending = []
                    searched = 0
                }
                return pending.isEmpty ? nil : pending
            }
            pending += part[..<count]
        }
    }
}
