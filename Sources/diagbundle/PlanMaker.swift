import DiagCollect
import DiagDeclared
import DiagModel
import DiagSystem
import Synchronization
import SystemPackage

/// Asks all collectors of a run what they would do.
///
/// Each is asked on a thread of a few, and what does not answer in time is left: a plan is made
/// even where a file system hangs.
final class PlanMaker: Sendable {
    /// Seconds that all of them together have.
    static let seconds = 60.0

    private let entries: [CollectorCatalogue.Entry]
    private let contexts: [CollectionContext]
    private let next = Mutex(0)
    private let results: Mutex<[CollectionPlan.Collector?]>
    private let ended: WakeUpCount

    private init(
        _ entries: [CollectorCatalogue.Entry], _ contexts: [CollectionContext]
    ) throws {
        self.entries = entries
        self.contexts = contexts
        results = Mutex(Array(repeating: nil, count: entries.count))
        ended = try WakeUpCount()
    }

    /// The plans of `entries`, in their order; `threads` of them are asked at once, each with its
    /// `options` by its name.
    static func plans(
        of entries: [CollectorCatalogue.Entry], root: RootedTree, since: Timestamp?,
        options: [String: [String: JSONValue]], threads: Int
    ) throws -> [CollectionPlan.Collector] {
        let deadline = MonotonicTime.now.advanced(bySeconds: seconds)
        let maker = try PlanMaker(
            entries,
            entries.map { entry in
                CollectionContext(
                    root: root, since: since,
                    byteBudget: entry.collector.descriptor.byteBudget, deadline: deadline,
                    options: options[entry.name] ?? [:])
            })
        for _ in 0..<min(threads, entries.count) {
            _ = try BackgroundThread.start(name: "plan") { maker.work() }
        }
        maker.ended.wait(for: entries.count, until: deadline.advanced(bySeconds: 1))
        return maker.results.withLock { results in
            zip(entries, results).map { entry, result in
                result
                    ?? unplanned(
                        entry,
                        "it did not say what it would do in"
                            + " \(DurationText.words(seconds: seconds)): a file system hangs")
            }
        }
    }

    private func work() {
        while true {
            let index = next.withLock { next in
                defer { next += 1 }
                return next
            }
            guard index < entries.count else { return }
            let entry = entries[index]
            let plan: CollectionPlan.Collector
            do { plan = Self.outline(entry, try entry.collector.plan(in: contexts[index])) } catch {
                plan = Self.unplanned(entry, UntrustedText.escapingControls("\(error)"))
            }
            results.withLock { $0[index] = plan }
            ended.add()
        }
    }

    /// The plan of a collector of which nobody knows what it would do, for `reason`.
    private static func unplanned(
        _ entry: CollectorCatalogue.Entry, _ reason: String
    ) -> CollectionPlan.Collector {
        var plan = outline(entry, PlannedWork())
        plan.unplanned = reason
        return plan
    }

    /// The plan of a collector that does `work`: what it may do, and for how long, whatever that is.
    static func outline(
        _ entry: CollectorCatalogue.Entry, _ work: PlannedWork
    ) -> CollectionPlan.Collector {
        let descriptor = entry.collector.descriptor
        let dump = work.items.first { $0.kind == .dump }
        let risk = work.items.map(\.risk).reduce("R\(entry.collector.highestRisk.rawValue)", max)
        let commandsDevices = entry.collector.probes.contains(where: \.commandsDevices)
        var plan = CollectionPlan.Collector(
            name: descriptor.name, subject: descriptor.subject, origin: entry.origin,
            definition: entry.definition, risk: risk,
            confinement: descriptor.confinement.rawValue,
            capabilities: CapabilitySet.kept(
                isInspector: descriptor.confinement == .inspector,
                commandsDevices: commandsDevices, locksMemory: descriptor.seekable != nil,
                adding: descriptor.capabilities
            ).names, deadlineSeconds: dump?.secondsLimit ?? descriptor.deadlineSeconds,
            byteLimit: descriptor.byteBudget, items: work.items)
        plan.doesNotApply = work.doesNotApply
        if !work.notes.isEmpty { plan.notes = work.notes }
        plan.estimate = work.items.filter { $0.kind != .dump }.reduce(PlanCost.process) {
            $0 + $1.estimate
        }
        plan.estimate.byteCount = min(plan.estimate.byteCount, descriptor.byteBudget)
        plan.estimate.seconds = min(plan.estimate.seconds, descriptor.deadlineSeconds)
        // A dump is a file of its own, with limits of its own.
        if let dump { plan.estimate = plan.estimate + dump.estimate }
        return plan
    }
}

/// Counts what has ended, for a thread that waits for a number of it.
private final class WakeUpCount: Sendable {
    private let count = Atomic(0)
    private let pipe: Pipe

    init() throws(SystemCallError) { pipe = try Pipe() }

    func add() {
        count.wrappingAdd(1, ordering: .releasing)
        let byte: [UInt8] = [0]
        try? pipe.writing.write(byte.span)
    }

    func wait(for wanted: Int, until deadline: MonotonicTime) {
        var poller = Poller()
        var byte: [UInt8] = [0]
        while count.load(ordering: .acquiring) < wanted, MonotonicTime.now < deadline {
            poller.removeAll()
            poller.watch(pipe.reading, tag: 0)
            let left = deadline.seconds(since: .now)
            guard !poller.wait(seconds: max(0.001, left)).isEmpty else { continue }
            _ = try? pipe.reading.read(into: &byte)
        }
    }
}

extension HostIdentity {
    /// The host as a plan names it: with a number of its machine-id that cannot be turned back.
    func planHost(of tree: RootedTree) -> CollectionPlan.Host {
        let identifier = ((try? tree.read("/etc/machine-id", limit: 4096)) ?? [])
            .prefix { $0 > 0x20 }
        guard !identifier.isEmpty else { return .init(name: name) }
        return .init(
            name: name,
            machine: DeclarationFile.digest(Array("diagbundle.plan ".utf8) + identifier))
    }
}
