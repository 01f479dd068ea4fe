import DiagModel
import Synchronization

/// Collects what a renderer writes, one element for each write.
final class Written: Sendable {
    private let writes = Mutex<[[UInt8]]>([])

    var sink: @Sendable (_ bytes: [UInt8]) -> Void {
        { bytes in self.writes.withLock { $0.append(bytes) } }
    }

    /// The writes since the last call.
    func take() -> [[UInt8]] {
        writes.withLock { taken in
            defer { taken = [] }
            return taken
        }
    }

    var text: String { take().map { String(decoding: $0, as: UTF8.self) }.joined() }
}

/// A generator that gives the same numbers in every run (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Texts that a broken or hostile host could give.
let hostileTexts = [
    "Collecting logs", "a", "", "\u{1B}[2J\u{1B}[1;1Hgone", "two\nlines\r\ttab",
    "\u{9B}5A\u{7F}\u{0}",
    "日本語の長い題名がここにあります", "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩\u{200D}💻 disk",
    String(repeating: "very long ", count: 60), "\u{202E}reversed", "한국어",
    String(repeating: "日", count: 300),
    "a\u{2028}b\u{85}c",
]

/// The moment `milliseconds` after the start of a run.
func moment(_ milliseconds: Int64) -> Timestamp {
    Timestamp(microsecondsSince1970: 1_800_000_000_000_000 + milliseconds * 1000)
}

func event(
    _ kind: ProgressEvent.Kind, at milliseconds: Int64, done: Int = 0, total: Int = 8,
    fraction: Double = 0, remaining: Double? = nil, operation: ProgressEvent.Operation? = nil,
    message: String? = nil, result: RunResult? = nil
) -> ProgressEvent {
    ProgressEvent(
        kind: kind, time: moment(milliseconds),
        run: .init(
            done: done, total: total, fraction: fraction,
            elapsedSeconds: Double(milliseconds) / 1000, remainingSeconds: remaining),
        operation: operation, message: message, result: result)
}
