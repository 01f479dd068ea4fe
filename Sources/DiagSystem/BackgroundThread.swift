internal import CLinux
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A thread of its own, for what waits or blocks beside the work.
public final class BackgroundThread: Sendable {
    /// What the thread runs, kept alive until it has begun.
    private final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: Mutex<pthread_t?>

    private init(_ thread: pthread_t) { self.thread = Mutex(thread) }

    /// Starts a thread that runs `body`; it has the scheduling of the thread that starts it.
    ///
    /// - Parameters:
    ///   - name: At most 15 bytes, for lists of threads.
    ///   - body: What it runs; the thread ends when it returns.
    /// - Returns: the thread, which may be waited for.
    /// - Throws: `EAGAIN` where there may be no more threads.
    public static func start(
        name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemCallError) -> BackgroundThread {
        let work = unsafe Unmanaged.passRetained(Work(name: name, body: body))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                _ = unsafe diag_set_name(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            unsafe work.release()
            throw SystemCallError(
                operation: "start", object: "the thread \(name)", errno: Errno(rawValue: status))
        }
        return BackgroundThread(thread)
    }

    /// Waits until it has ended; at once when somebody did so before.
    public func join() {
        let thread = thread.withLock { thread in
            let taken = thread
            thread = nil
            return taken
        }
        if let thread { _ = pthread_join(thread, nil) }
    }

    /// Waits at most `seconds` for its end; whether it has ended.
    public func join(within seconds: Double) -> Bool {
        // Not MonotonicTime.now, which counts the time that the host slept as well.
        let end = MonotonicTime.nanosecondsAwake &+ Int64(max(0, min(seconds, 1e6)) * 1e9)
        return thread.withLock { thread in
            guard let running = thread else { return true }
            guard diag_join_until(running, end) != ETIMEDOUT else { return false }
            thread = nil
            return true
        }
    }

    deinit {
        thread.withLock { thread in
            if let thread { _ = pthread_detach(thread) }
        }
    }
}
