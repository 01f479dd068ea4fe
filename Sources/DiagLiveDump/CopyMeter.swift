internal import DiagSystem

/// How fast a copy goes.
public final class CopyMeter {
    private let control: DumpControl
    private let estimate: Int64
    private let started = MonotonicTime.now

    /// The copy of `control`, which begins now; `estimate` is about how many bytes its file gets.
    public init(_ control: DumpControl, estimate: Int64) {
        self.control = control
        self.estimate = estimate
    }

    /// How far it is now.
    public var progress: LiveDump.Progress {
        let (pages, total, written) = control.position
        let seconds = max(MonotonicTime.now.seconds(since: started), 0.001)
        let fraction = total > 0 ? min(1, Double(pages) / Double(total)) : 0
        // What was written tells more of the size than the estimate, once there is enough of it.
        let whole = fraction > 0.05 ? Int64(Double(written) / fraction) : estimate
        return .init(
            pages: pages, totalPages: total, byteCount: written,
            totalByteCount: max(whole, written), bytesPerSecond: Double(written) / seconds,
            remainingSeconds: fraction > 0.02 ? seconds / fraction * (1 - fraction) : nil)
    }
}
