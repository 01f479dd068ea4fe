internal import Synchronization

/// A value that a thread of its own computes.
public final class BackgroundValue<Value: Sendable>: Sendable {
    private let thread: BackgroundThread
    private let result: Result

    private final class Result: Sendable {
        let value = Mutex<Value?>(nil)
    }

    private init(_ thread: BackgroundThread, _ result: Result) {
        self.thread = thread
        self.result = result
    }

    /// Starts a thread that computes the value.
    ///
    /// - Parameters:
    ///   - name: the thread's, at most 15 bytes.
    ///   - body: computes the value.
    /// - Returns: what is waited for.
    /// - Throws: `EAGAIN` where there may be no more threads.
    public static func start(
        name: String, _ body: @escaping @Sendable () -> Value
    ) throws(SystemCallError) -> BackgroundValue {
        let result = Result()
        let thread = try BackgroundThread.start(name: name) {
            let value = body()
            result.value.withLock { $0 = value }
        }
        return BackgroundValue(thread, result)
    }

    /// The value; `nil` when it is not there within `seconds`.
    public func wait(seconds: Double) -> Value? {
        thread.join(within: seconds) ? result.value.withLock { $0 } : nil
    }

    /// The value, when it is there.
    public func wait() -> Value {
        while true {
            if let value = wait(seconds: 3600) { return value }
        }
    }
}
