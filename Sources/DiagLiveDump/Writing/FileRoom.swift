internal import Synchronization

/// How far a file has grown, and how far it may: threads take room at its end piece by piece.
///
/// The end never lies behind the limit, not for a moment. Were it moved first and back when the
/// piece is too large, another thread could take its place from in between, and two pieces overlap.
final class FileRoom: Sendable {
    private let limit: UInt64
    private let taken: Atomic<UInt64>

    /// The room from `start` on; without `maxByteCount` the file has no limit.
    init(from start: UInt64, maxByteCount: Int64?) {
        limit = maxByteCount.map { UInt64(max(0, $0)) } ?? .max
        taken = Atomic(start)
    }

    /// Where the last piece ends.
    var end: UInt64 { taken.load(ordering: .relaxed) }

    /// Whether the file may be so large.
    func mayReach(_ end: UInt64) -> Bool { end <= limit }

    /// Takes `byteCount` bytes, which no other thread gets.
    ///
    /// - Returns: where they begin; `nil` when the file may not become so large.
    func take(_ byteCount: Int) -> UInt64? {
        var start = end
        while true {
            let (next, overflows) = start.addingReportingOverflow(UInt64(byteCount))
            guard !overflows, mayReach(next) else { return nil }
            let (isTaken, found) = taken.weakCompareExchange(
                expected: start, desired: next, ordering: .relaxed)
            if isTaken { return start }
            start = found
        }
    }
}
