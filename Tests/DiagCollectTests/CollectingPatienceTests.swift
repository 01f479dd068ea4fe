import DiagModel
import DiagSystem
import Testing

@testable import DiagCollect

@Suite("How long the end of collecting is waited for")
struct CollectingPatienceTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    private func after(_ seconds: Double) -> MonotonicTime { start.advanced(bySeconds: seconds) }

    private func hashed(_ byteCount: Int64) -> ProgressEvent {
        ProgressEvent(
            kind: .operationProgress, time: Timestamp(microsecondsSince1970: 0),
            run: .init(done: 0, total: 1, fraction: 0, elapsedSeconds: 0),
            operation: .init(
                name: "livedump", title: "", state: .running,
                file: .init(path: "LiveDump.kdump", byteCount: byteCount)))
    }

    @Test("A run without a dump has some seconds beyond its deadline, and speaks meanwhile")
    func plain() {
        var patience = CollectingPatience(deadlineSeconds: 10, stallSeconds: nil, started: start)
        #expect(!patience.isOver(at: after(14)) { true })
        #expect(patience.isOver(at: after(14.5)) { false })
        patience.hear(nil, at: after(14.4))
        #expect(!patience.isOver(at: after(19)) { true })
        patience.hear(nil, at: after(39))
        #expect(!patience.isOver(at: after(40)) { true })
        #expect(patience.isOver(at: after(40.5)) { false })
    }

    @Test("Silence before the deadline counts while the run waits for something")
    func silence() {
        let plain = CollectingPatience(deadlineSeconds: 600, stallSeconds: nil, started: start)
        #expect(!plain.isOver(at: after(31)) { false })
        #expect(plain.isOver(at: after(31)) { true })
        let dump = CollectingPatience(deadlineSeconds: 600, stallSeconds: 120, started: start)
        #expect(!dump.isOver(at: after(119)) { true })
        #expect(!dump.isOver(at: after(121)) { false })
        #expect(dump.isOver(at: after(121)) { true })
    }

    @Test("A dump is read back for as long as that comes further, hours beyond the deadline")
    func hashing() {
        var patience = CollectingPatience(deadlineSeconds: 600, stallSeconds: 120, started: start)
        for minute in 10..<200 {
            patience.hear(hashed(Int64(minute)), at: after(Double(minute * 60)))
            #expect(!patience.isOver(at: after(Double(minute * 60 + 100))) { true })
        }
        // It says that it lives, and comes no further.
        patience.hear(hashed(199), at: after(12_050))
        patience.hear(nil, at: after(12_060))
        #expect(!patience.isOver(at: after(12_059)) { false })
        #expect(patience.isOver(at: after(12_061)) { false })
    }
}
