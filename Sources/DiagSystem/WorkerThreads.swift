internal import CLinux
internal import Glibc

/// Threads of the operating system that share one piece of work and end with it.
///
/// For work that computes or blocks for seconds, which the threads of Swift's own pool must not.
public enum WorkerThreads {
    /// Runs `body` once for each number below `count`, each on a thread of its own, and waits for
    /// all. What cannot have a thread runs on the calling one, so every number is served.
    public static func run(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        guard count > 1 else {
            if count == 1 { body(0) }
            return
        }
        var threads = [pthread_t]()
        threads.reserveCapacity(count)
        var unserved = [Int]()
        for index in 0..<count {
            let task = unsafe Unmanaged.passRetained(Task(index: index, body: body))
            var thread = pthread_t()
            let status = unsafe pthread_create(
                &thread, nil,
                { argument in
                    if let argument = unsafe argument {
                        let task = unsafe Unmanaged<Task>.fromOpaque(argument).takeRetainedValue()
                        task.body(task.index)
                    }
                    return nil
                }, task.toOpaque())
            if status == 0 {
                threads.append(thread)
            } else {
                unsafe task.release()
                unserved.append(index)
            }
        }
        for index in unserved { body(index) }
        for thread in threads { _ = pthread_join(thread, nil) }
    }

    /// How many processors this process may run on: at least 1.
    public static var processorCount: Int { max(1, Int(diag_usable_processors())) }

    private final class Task: Sendable {
        let index: Int
        let body: @Sendable (Int) -> Void

        init(index: Int, body: @escaping @Sendable (Int) -> Void) {
            self.index = index
            self.body = body
        }
    }
}
