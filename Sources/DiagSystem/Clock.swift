public import DiagModel
internal import CLinux
internal import Glibc

/// A moment on the clock that only goes forward and stops with no suspended machine.
///
/// Source: clock_gettime(2), `CLOCK_BOOTTIME`.
public struct MonotonicTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since the kernel started.
    public let nanoseconds: Int64

    /// The moment that many nanoseconds after the kernel started.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Now.
    public static var now: MonotonicTime {
        MonotonicTime(nanoseconds: read(CLOCK_BOOTTIME))
    }

    /// The moment `seconds` later.
    public func advanced(bySeconds seconds: Double) -> MonotonicTime {
        let nanosecondsLater = Int64((min(max(seconds, -4e9), 4e9) * 1e9).rounded())
        return MonotonicTime(nanoseconds: nanoseconds + nanosecondsLater)
    }

    /// Seconds from `earlier` to this moment.
    public func seconds(since earlier: MonotonicTime) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1e9
    }

    /// Orders by time.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Timestamp {
    /// Now, by the host's clock.
    public static var now: Timestamp {
        Timestamp(microsecondsSince1970: read(CLOCK_REALTIME) / 1000)
    }
}

private func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
