internal import CLinux
internal import Glibc

extension MonotonicTime {
    /// Nanoseconds since the kernel started, without those for which the machine was suspended.
    ///
    /// Source: clock_gettime(2), `CLOCK_MONOTONIC`.
    public static var nanosecondsAwake: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
