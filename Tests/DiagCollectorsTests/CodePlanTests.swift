import DiagCollect
import DiagCollectors
import DiagModel
import DiagSystem
import Foundation
import SystemPackage
import Testing

/// A plan of a collector of code holds all that it reads.
@Suite struct CodePlanTests {
    static let hosts = [
        "md-multipath", "nvme-fabrics", "nvme-luks-lvm", "scsi-fc", "scsi-megaraid",
        "scsi-sas-expander", "virtio-plain",
    ]
    static let collectors: [any Collector] = [
        StorageCollector(), SystemCollector(), BootCollector(), LogsCollector(),
    ]

    /// What `collector`, held to its own plan, sends of the host; and the notes of what it missed.
    private func held(
        _ collector: any Collector, tree: RootedTree,
        without title: String? = nil
    ) throws -> MemorySink {
        let context = CollectionContext(root: tree, byteBudget: collector.descriptor.byteBudget)
        var items = try collector.plan(in: context).items
        items.removeAll { $0.title == title }
        let plan = CollectionPlan.Collector(
            name: collector.descriptor.name, subject: "", origin: "built in", risk: "R0",
            confinement: "reader", capabilities: [], deadlineSeconds: 1, byteLimit: 1,
            items: items)
        let sink = MemorySink()
        try PlannedCollector(collector, plan: plan).collect(in: context, into: sink)
        return sink
    }

    private func notes(_ sink: MemorySink) -> [String] {
        sink.messages.compactMap { if case .note(let note) = $0 { note.text } else { nil } }
            .filter { $0.hasPrefix("not read, for the plan") }
    }

    @Test("Held to its plan a collector reads the same", arguments: hosts)
    func recorded(host: String) throws {
        let host = try FixtureHost(host)
        for collector in Self.collectors {
            let name = collector.descriptor.name
            let free = MemorySink()
            let context = CollectionContext(
                root: try host.tree(), byteBudget: collector.descriptor.byteBudget)
            try collector.collect(in: context, into: free)
            let bound = try held(collector, tree: try host.tree())
            #expect(notes(bound) == [], "\(name)")
            #expect(bound.artifacts.map(\.opening.path) == free.artifacts.map(\.opening.path))
        }
    }

    @Test("Held to its plan the boot collector reads the same of an EFI host")
    func boot() throws {
        let host = try TemporaryHost(BootHosts.efi)
        let sink = try held(BootCollector(), tree: RootedTree(FilePath(host.path)))
        #expect(notes(sink) == [])
        #expect(
            sink.artifacts.map(\.opening.path)
                == (try host.collect(BootCollector())).artifacts.map(\.opening.path))
    }

    @Test("What is taken out of a plan is not read, and that is said")
    func shortened() throws {
        let host = try TemporaryHost(SystemCollectorTests.host)
        let sink = try held(
            SystemCollector(), tree: RootedTree(FilePath(host.path)), without: "kernel parameters")
        #expect(sink.artifacts.contains { $0.opening.path == "meminfo" })
        #expect(!sink.artifacts.contains { $0.opening.path == "sysctl.txt" && !$0.bytes.isEmpty })
        #expect(notes(sink).count == 1)
    }

    @Test("Each probe says what it does to its target")
    func actions() {
        for probe in StorageCollector().probes { #expect(!probe.actions.isEmpty, "\(probe.kind)") }
    }

    @Test("A plan of storage has the probes that a run asks for")
    func probes() throws {
        let host = try FixtureHost("nvme-luks-lvm")
        let context = CollectionContext(root: try host.tree())
        let planned = try StorageCollector().plan(in: context).items.filter { $0.kind == .probe }
        let asked = try host.collect(StorageCollector()).messages.compactMap { message in
            guard case .probe(let request) = message else { return String?.none }
            return "\(request.kind) \(request.target)"
        }
        #expect(!asked.isEmpty)
        #expect(planned.map { "\($0.probe ?? "") \($0.target ?? "")" } == asked)
    }
}
