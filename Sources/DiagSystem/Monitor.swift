internal import Glibc

/// A value that several threads change in turn, and that any of them may wait for to become what
/// it needs. Source: pthread_cond_wait(3).
@safe public final class Monitor<Value>: @unchecked Sendable {
    // The lock guards `value`; both stay where they are as long as somebody may use them.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    /// A value that nobody has changed yet.
    public init(_ value: sending Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        _ = unsafe pthread_mutex_init(mutex, nil)
        unsafe changed = .allocate(capacity: 1)
        unsafe changed.initialize(to: pthread_cond_t())
        _ = unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        _ = unsafe pthread_cond_destroy(changed)
        _ = unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    /// Changes the value, and lets those who wait look at it again.
    public func change<Result>(_ body: (inout Value) -> sending Result) -> sending Result {
        _ = unsafe pthread_mutex_lock(mutex)
        defer {
            _ = unsafe pthread_cond_broadcast(changed)
            _ = unsafe pthread_mutex_unlock(mutex)
        }
        return body(&value)
    }

    /// Asks `body` now and after each change, until it gives something; what it changes itself the
    /// others see.
    public func wait<Result>(_ body: (inout Value) -> sending Result?) -> sending Result {
        _ = unsafe pthread_mutex_lock(mutex)
        defer {
            _ = unsafe pthread_cond_broadcast(changed)
            _ = unsafe pthread_mutex_unlock(mutex)
        }
        while true {
            if let result = body(&value) { return result }
            _ = unsafe pthread_cond_wait(changed, mutex)
        }
    }
}
