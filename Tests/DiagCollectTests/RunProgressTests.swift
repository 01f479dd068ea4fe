import DiagModel
import DiagSystem
import Testing

@testable import DiagCollect

@Suite struct RunProgressTests {
    private static func progress() -> RunProgress {
        var progress = RunProgress(started: .now) { _ in }
        progress.plan("logs", title: "Collecting logs", weight: 10)
        progress.plan("seal", title: "Sealing", weight: RunProgress.sealingWeight)
        return progress
    }

    private static func left(_ progress: RunProgress) throws -> Double {
        try #require(progress.run.remainingSeconds)
    }

    @Test("What is compressed while collectors run is not in the time that is left")
    func sealing() throws {
        var progress = Self.progress()
        progress.end("logs", .complete, elapsedSeconds: 0)
        progress.weighSealing(byteCount: 12_000_000_000, processorCount: 2)
        let all = try Self.left(progress)
        progress.weighSealing(byteCount: 3_000_000_000, processorCount: 2)
        let rest = try Self.left(progress)
        #expect(rest < all / 3)
        #expect(rest > all / 5)
    }

    @Test("While collectors run, sealing counts for what is there, and for at least what is usual")
    func expected() throws {
        var progress = Self.progress()
        let usual = try Self.left(progress)
        progress.expectSealing(byteCount: 0, processorCount: 2)
        #expect(try abs(Self.left(progress) - usual) < 0.5)
        progress.expectSealing(byteCount: 12_000_000_000, processorCount: 2)
        #expect(try Self.left(progress) > usual * 10)
        // More to do takes none of the progress back.
        progress.end("logs", .complete, elapsedSeconds: 0)
        let fraction = progress.run.fraction
        progress.expectSealing(byteCount: 24_000_000_000, processorCount: 2)
        #expect(progress.run.fraction == fraction)
    }
}
