@testable import DiagLiveDump
import DiagModel
import DiagSystem
import Synchronization
import Testing

/// A host that goes through prepared looks, one for each wait, and ends the watch after the last.
final class ScriptedPressure: PressureSource {
    struct Look: Sendable {
        var signal = PressureTrigger.Signal.quiet
        var available: UInt64? = 8 << 30
        var events: ControlGroupEvents? = .init(throttled: 0, outOfMemory: 0)
        var seconds = 0.0
    }

    private let looks: [Look]
    private let place = Mutex(-1)
    let waits = Mutex([Double]())

    /// What the kernel kept from before.
    private let kept: PressureTrigger.Signal

    init(_ looks: [Look], kept: PressureTrigger.Signal = .quiet) {
        self.looks = looks
        self.kept = kept
    }

    private var look: Look {
        let index = place.withLock { $0 }
        return index < 0 ? Look() : looks[min(index, looks.count - 1)]
    }

    func wait(seconds: Double) -> PressureTrigger.Signal {
        let isFirst = waits.withLock { waits in
            waits.append(seconds)
            return waits.count == 1
        }
        if isFirst, seconds == 0 { return kept }
        let index = place.withLock { place in
            place += 1
            return place
        }
        return index < looks.count ? looks[index].signal : .woken
    }
    func wake() {}
    func availableByteCount() -> UInt64? { look.available }
    func controlGroupEvents() -> ControlGroupEvents? { look.events }
    func now() -> MonotonicTime { MonotonicTime(nanoseconds: Int64(look.seconds * 1e9)) }
}

@Suite("While a dump runs")
struct CareWatchTests {
    typealias Look = ScriptedPressure.Look

    private func limits(
        _ onPressure: LiveDumpOptions.OnPressure = .abort, deadline: Double? = nil
    ) -> PressureWatch.Limits {
        PressureWatch.Limits(
            onPressure: onPressure, totalMemory: 16 << 30,
            deadline: deadline.map { MonotonicTime(nanoseconds: Int64($0 * 1e9)) })
    }

    private func reason(
        _ looks: [Look], _ limits: PressureWatch.Limits? = nil
    ) -> LiveDumpReport.Obstacle? {
        let control = DumpControl()
        PressureWatch.run(
            ScriptedPressure(looks), limits: limits ?? self.limits(), control: control)
        #expect(control.isStopped == (control.stopReason != nil))
        return control.stopReason
    }

    @Test("A quiet host lets the dump run to its end")
    func quiet() {
        let source = ScriptedPressure([Look(), Look(), Look(signal: .gone), Look()])
        let control = DumpControl()
        PressureWatch.run(source, limits: limits(), control: control)
        #expect(!control.isStopped)
        #expect(source.waits.withLock { $0 } == [0, 0.25, 0.25, 0.25, 0.25, 0.25])
    }

    @Test("A signal from before the dump stops nothing")
    func oldStall() {
        let control = DumpControl()
        let source = ScriptedPressure([Look(), Look()], kept: .stalled)
        PressureWatch.run(source, limits: limits(), control: control)
        #expect(!control.isStopped)
        #expect(source.waits.withLock { $0.count } == 4)
    }

    @Test("The kernel's signal stops the dump")
    func stall() {
        let obstacle = reason([Look(), Look(signal: .stalled)])
        #expect(obstacle?.cause == .memoryPressure)
        #expect(
            obstacle?.message
                == "copy memory: the kernel reports that tasks waited for memory during 15 % of the"
                + " time")
    }

    @Test("Too little memory left stops the dump, at half of what it began with")
    func available() {
        let floor = MemoryFloor.whileDumping(total: 16 << 30)
        #expect(reason([Look(available: floor)]) == nil)
        let obstacle = reason([Look(available: floor - 1)])
        #expect(obstacle?.cause == .memoryPressure)
        #expect(
            obstacle?.message
                == "copy memory: 409.5 MiB of memory are still available, and 409.5 MiB must stay")
        #expect(reason([Look(available: nil)]) == nil)
    }

    @Test("Our control group: out of memory at once, throttling when it goes on")
    func controlGroup() {
        func look(_ throttled: UInt64, _ outOfMemory: UInt64 = 0) -> Look {
            Look(events: .init(throttled: throttled, outOfMemory: outOfMemory))
        }
        #expect(reason([look(0, 1)])?.message.contains("ran out of memory") == true)
        #expect(reason([look(1), look(2), look(3), look(3), look(4)]) == nil)
        #expect(reason([look(1), look(2), look(3), look(4)])?.cause == .memoryPressure)
        #expect(reason([Look(events: nil), look(9, 9), look(9, 9)])?.cause == .memoryPressure)
    }

    @Test("With pressure ignored only the deadline counts")
    func ignored() {
        let bad = Look(
            signal: .stalled, available: 0, events: .init(throttled: 9, outOfMemory: 9))
        #expect(reason([bad, bad, bad, bad, bad], limits(.ignore)) == nil)
        let late = Look(signal: .stalled, available: 0, seconds: 3)
        #expect(reason([bad, late], limits(.ignore, deadline: 3))?.cause == .interrupted)
    }

    @Test("The deadline stops the dump, and is waited for no longer than it takes")
    func deadline() {
        let source = ScriptedPressure([Look(seconds: 1), Look(seconds: 1.9), Look(seconds: 2)])
        let control = DumpControl()
        PressureWatch.run(source, limits: limits(deadline: 2), control: control)
        #expect(control.stopReason?.cause == .interrupted)
        let waits = source.waits.withLock { $0 }
        #expect(waits.count == 4)
        #expect(waits.prefix(3) == [0, 0.25, 0.25])
        #expect(abs(waits[3] - 0.1) < 1e-6)
    }

    @Test("The first reason is the one that is kept")
    func firstReason() {
        let control = DumpControl()
        control.stop(.init(cause: .noSpace, message: "full"))
        PressureWatch.run(
            ScriptedPressure([Look(signal: .stalled)]), limits: limits(), control: control)
        #expect(control.stopReason?.cause == .noSpace)
    }

    @Test("memory.events is read by name; nonsense counts as nothing")
    func events() {
        let text = "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"
        #expect(ControlGroupEvents(parsing: text) == .init(throttled: 5, outOfMemory: 15))
        #expect(
            ControlGroupEvents(parsing: "high x\nmax\n\n oom -1\nhigh 1 2")
                == .init(throttled: 0, outOfMemory: 0))
        #expect(
            ControlGroupEvents(parsing: "oom \(UInt64.max)\noom_kill 2\n").outOfMemory == 1)
    }

    @Test("A host below a root is read through its own files")
    func host() throws {
        let root = try CareRoot()
        try root.write(
            "proc/self/mountinfo",
            CareRoot.mounts + "60 22 0:60 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
        try root.write("proc/self/cgroup", "4:memory:/x\n0::/system.slice/our.service\n")
        try root.write(
            "sys/fs/cgroup/system.slice/our.service/memory.events", "high 7\noom_kill 1\n")
        try root.remove("proc/pressure/memory")
        let source = try HostPressureSource(in: root.tree)
        #expect(source.availableByteCount() == 8 << 30)
        #expect(source.controlGroupEvents() == .init(throttled: 7, outOfMemory: 1))
        #expect(
            source.missingTrigger
                == "watch /proc/pressure/memory: No such file or directory")
        #expect(source.wait(seconds: 0) == .quiet)
        source.wake()
        #expect(source.wait(seconds: 60) == .woken)
        #expect(source.wait(seconds: 60) == .woken)
        let bare = try HostPressureSource(in: CareRoot(isEmpty: true).tree)
        #expect(bare.availableByteCount() == nil)
        #expect(bare.controlGroupEvents() == nil)
    }

    @Test("The watch's thread ends when it is told to")
    func thread() throws {
        let root = try CareRoot()
        try root.remove("proc/pressure/memory")
        let control = DumpControl()
        let watch = try PressureWatch.start(
            HostPressureSource(in: root.tree), limits: limits(), control: control)
        watch.end()
        watch.end()
        #expect(!control.isStopped)
        let late = try PressureWatch.start(
            HostPressureSource(in: root.tree), limits: limits(deadline: 0), control: control)
        late.end()
        _ = control.stopReason
    }
}
