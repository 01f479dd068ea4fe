import DiagModel
import DiagSystem
import Synchronization
import SystemPackage
import Testing

@testable import DiagLiveDump

@Suite("The steps of a dump")
struct StepClockTests {
    /// A clock that shows what it is told.
    private final class Hand: Sendable {
        let nanoseconds = Atomic<Int64>(0)

        func advance(milliseconds: Int64) {
            nanoseconds.add(milliseconds * 1_000_000, ordering: .relaxed)
        }
    }

    private func clock(_ first: DumpStep, since start: Int64? = nil) -> (Hand, StepClock) {
        let hand = Hand()
        return (
            hand, StepClock(first, since: start) { hand.nanoseconds.load(ordering: .relaxed) }
        )
    }

    @Test("They sum to the whole, each once, in the order in which they began")
    func sum() {
        let (hand, clock) = clock(.prepare, since: -500_000_000)
        hand.advance(milliseconds: 250)
        clock.begin(.preflight)
        hand.advance(milliseconds: 1)
        clock.begin(.copy)
        hand.advance(milliseconds: 2000)
        clock.begin(.preflight)
        hand.advance(milliseconds: 2)
        clock.begin(.finish)
        #expect(
            clock.steps == [
                .init(name: "prepare", seconds: 0.75), .init(name: "preflight", seconds: 0.003),
                .init(name: "copy", seconds: 2), .init(name: "finish", seconds: 0),
            ])
        // The step that runs counts, and goes on.
        hand.advance(milliseconds: 40)
        #expect(clock.steps.last == .init(name: "finish", seconds: 0.04))
        hand.advance(milliseconds: 10)
        #expect(clock.steps.last == .init(name: "finish", seconds: 0.05))
        #expect(abs(clock.steps.reduce(0) { $0 + $1.seconds } - 2.803) < 1e-9)
    }

    @Test("What runs is renamed only when it is what is meant")
    func renamed() {
        let (hand, clock) = clock(.copy)
        hand.advance(milliseconds: 1)
        clock.rename(.finish, to: .stacks)
        clock.begin(.finish)
        hand.advance(milliseconds: 2)
        clock.rename(.finish, to: .stacks)
        clock.begin(.finish)
        #expect(
            clock.steps == [
                .init(name: "copy", seconds: 0.001), .init(name: "stacks", seconds: 0.002),
                .init(name: "finish", seconds: 0),
            ])
    }

    @Test("A clock that goes back takes nothing away")
    func back() {
        let (hand, clock) = clock(.copy)
        hand.advance(milliseconds: -5)
        clock.begin(.sync)
        #expect(clock.steps.map(\.seconds) == [0, 0])
    }

    private struct Broken: Error {}

    private func dump(began: Int64, readsAnyway: Bool = false) throws -> LiveDump {
        LiveDump(
            options: LiveDumpOptions(), settings: DumpSettings(), isStored: false,
            tree: try CareRoot(isEmpty: true).tree,
            destination: .init(name: "LiveDump.kdump", byteLimit: .max, place: nil) {
                () throws(SystemCallError) in try OwnedDescriptor.open("/dev/null", .readWrite)
            },
            preparation: LiveDumpPreparation(
                lock: nil, pressure: nil, refusal: nil, warnings: [], began: began))
    }

    private let listener = LiveDump.Listener(
        isStopRequested: { false }, tell: { _ in }, take: { _, _ in })

    @Test("A dump tells its steps from when it was prepared, also when one of them throws")
    func whole() throws {
        for fails in [false, true] {
            let before = MonotonicTime.nanosecondsAwake
            // Five seconds before there is a dump, so that they are seen.
            let dump = try dump(began: before - 5_000_000_000)
            let report = try dump.run(listener) { _ in
                dump.clock.begin(.layout)
                dump.clock.begin(.copy)
                if fails { throw Broken() }
            }
            let after = MonotonicTime.nanosecondsAwake
            let steps = try #require(report.steps)
            #expect(report.outcome == .refused)
            #expect(steps.first.map { $0.name == "prepare" && $0.seconds >= 5 } == true)
            #expect(steps.last?.name == "stacks" || steps.last?.name == "finish")
            for name in ["preflight", "processors", "layout", "copy", "finish"] {
                #expect(steps.count { $0.name == name } == 1, "\(name)")
            }
            #expect(Set(steps.map(\.name)).isSubset(of: DumpStep.allCases.map(\.rawValue)))
            let sum = steps.reduce(0) { $0 + $1.seconds }
            #expect(sum >= 5 && sum <= Double(after - before) / 1e9 + 5.001)
            #expect(report.stacksRead.map { $0.start <= $0.end } == true)
        }
    }
}
