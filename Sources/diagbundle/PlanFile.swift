import DiagCollect
import DiagCollectors
import DiagDeclared
import DiagModel
import DiagSystem
import SystemPackage

/// A reviewed plan, from its file.
struct PlanFile {
    /// What it says.
    let plan: CollectionPlan
    /// The file.
    let path: FilePath
    /// SHA-256 of the file.
    let digest: String

    /// The most bytes of a file.
    static let largestByteCount = 64 << 20
    private static let pathOption = "plan"
    private static let digestOption = "planSHA256"

    /// What a worker is told to find the same plan.
    var workerOptions: [String: JSONValue] {
        [Self.pathOption: .string(path.string), Self.digestOption: .string(digest)]
    }

    /// Reads a plan that somebody may have changed.
    ///
    /// - Throws: ``CommandFailure`` when there is none, or when it is not as its schema says.
    static func read(_ path: FilePath) throws -> PlanFile {
        let bytes = try load(path)
        do {
            let document = try JSONTextReader.parse(bytes)
            if let error = PublishedSchema.plan.errors(in: document, limit: 1).first {
                throw wrong(path, "it is no plan: \(error)")
            }
            let plan = try decode(document)
            for file in plan.collectors.flatMap(\.items).flatMap({ $0.files ?? [] })
            where UntrustedText.escapingInvalidUTF8(file.bytes) != file.path {
                throw wrong(path, "the bytes of \(file.path) are those of another path")
            }
            return PlanFile(plan: plan, path: path, digest: DeclarationFile.digest(bytes))
        } catch let failure as CommandFailure {
            throw failure
        } catch { throw wrong(path, "it is no plan: \(error)") }
    }

    /// Decodes what was checked: of equal names another reader may take another.
    private static func decode(_ document: JSONValue) throws -> CollectionPlan {
        try JSONDocument.decode(
            CollectionPlan.self, from: JSONDocument.encode(document, layout: .line))
    }

    /// What the plan that a worker was told of has of its collector; `nil` without a plan.
    static func collector(for request: WorkerRequest) throws -> CollectionPlan.Collector? {
        guard let text = request.options[pathOption]?.text else { return nil }
        let path = FilePath(text)
        let bytes = try load(path)
        guard DeclarationFile.digest(bytes) == request.options[digestOption]?.text,
            let plan = try decode(JSONTextReader.parse(bytes))[request.collector]
        else { throw wrong(path, "it changed after the run began") }
        return plan
    }

    private static func load(_ path: FilePath) throws -> [UInt8] {
        do throws(OwnedDescriptor.InputFailure) {
            let bytes = try OwnedDescriptor.readInput(path, limit: largestByteCount + 1)
            if bytes.count <= largestByteCount { return bytes }
        } catch {
            throw CommandFailure(
                reading: "the plan \(path)", error, wanted: "a plan is a regular file")
        }
        throw wrong(path, "it has more than \(largestByteCount) bytes")
    }

    private static func wrong(_ path: FilePath, _ what: String) -> CommandFailure {
        CommandFailure(.usage, "the plan \(path): \(what)")
    }

    private func wrong(_ what: String) -> CommandFailure { Self.wrong(path, what) }

    // MARK: - Whether it can be run

    /// Checks that the plan was made by this version.
    func checkVersion() throws {
        guard plan.tool.version == Diagbundle.version else {
            throw wrong(
                "it was made by version \(plan.tool.version), and this is"
                    + " \(Diagbundle.version); make it anew")
        }
    }

    /// Checks that the plan was made for this host.
    func check(_ host: CollectionPlan.Host) throws {
        guard plan.host == host else {
            let which = plan.host.name == host.name ? "another machine that is called" : "the host"
            throw wrong(
                "it was made for \(which) \(plan.host.name), and this is \(host.name)")
        }
    }

    /// The collectors that it has, each with what it has of it; those without items are left out.
    func entries(of catalogue: CollectorCatalogue) throws -> [CollectorCatalogue.Entry] {
        var names = Set<String>()
        let entries = try plan.collectors.map { planned in
            guard let entry = catalogue[planned.name] else {
                throw wrong("\(catalogue.unknown(planned.name))")
            }
            guard names.insert(planned.name).inserted else {
                throw wrong("the collector \(planned.name) stands in it twice")
            }
            guard planned.definition == entry.definition else {
                throw wrong(
                    "the collector \(planned.name) is not what it was: its definition in"
                        + " \(entry.origin) has another SHA-256; make the plan anew")
            }
            if let number = Self.numberOfTwo(planned.items) {
                throw wrong(
                    "item \(number) of the collector \(planned.name) stands in it twice")
            }
            if let stranger = stranger(in: planned, of: entry.collector) {
                throw wrong(
                    "the collector \(planned.name) does not have \(stranger); a plan can be"
                        + " shortened, and nothing can be added to it")
            }
            if let difference = Self.difference(of: planned, from: entry) {
                throw wrong(
                    "the collector \(planned.name) has another \(difference) than the plan says;"
                        + " make the plan anew")
            }
            return entry
        }
        let wanted = Set(
            plan.collectors.filter { planned in
                // One that did not apply says so once more; a dump has no such word.
                !planned.items.isEmpty
                    || planned.doesNotApply != nil
                        && catalogue[planned.name]?.collector.descriptor.seekable == nil
            }.map(\.name))
        let order = catalogue.entries.filter { wanted.contains($0.name) }
        guard !order.isEmpty, !entries.isEmpty else { throw wrong("it has nothing to collect") }
        return order
    }

    /// Checks that a dump that it has is the one that its options mean: these make the dump, and its
    /// item is what was reviewed.
    ///
    /// - Parameter options: What each collector is told, by its name.
    /// - Throws: ``CommandFailure`` when it is another.
    func checkDump(_ options: [String: [String: JSONValue]]) throws {
        let name = LiveDumpCollector.name
        for item in plan[name]?.items ?? [] {
            guard
                let difference = try LiveDumpCollector.difference(
                    of: item, options: options[name] ?? [:])
            else { continue }
            throw wrong(
                "its live dump has another \(difference) than its options mean; make a new plan"
                    + " with the options that are wanted, or take the dump out of it")
        }
    }

    /// The number that two items have.
    private static func numberOfTwo(_ items: [CollectionPlan.Item]) -> Int? {
        var numbers = Set<Int>()
        return items.first { !numbers.insert($0.number).inserted }?.number
    }

    /// What a collector may do, or how long or how much, that is not as its plan says; `nil` when
    /// all is.
    private static func difference(
        of planned: CollectionPlan.Collector, from entry: CollectorCatalogue.Entry
    ) -> String? {
        let now = PlanMaker.outline(entry, PlannedWork(items: planned.items))
        // What was taken out of the plan of one of code may have had a higher risk than the rest.
        let hasRisk =
            planned.risk == now.risk || entry.definition == nil && planned.risk > now.risk
        if !hasRisk { return "risk" }
        if planned.confinement != now.confinement { return "confinement" }
        if planned.capabilities != now.capabilities { return "set of capabilities" }
        // A dump has as long as the run, of which a plan says nothing.
        let hasOwnDeadline = entry.collector.descriptor.seekable == nil
        if hasOwnDeadline, planned.deadlineSeconds != now.deadlineSeconds { return "deadline" }
        return planned.byteLimit != now.byteLimit ? "limit of bytes" : nil
    }

    /// What a run by the plan lacks, for it is not known what it would do.
    var missing: [Missing] {
        missingPlugins
            + plan.collectors.filter { $0.items.isEmpty }.compactMap { planned in
                planned.unplanned.map { reason in
                    Missing(
                        collector: planned.name, what: planned.name,
                        why: "the plan does not have it: "
                            + UntrustedText.shortened(UntrustedText.escapingControls(reason)),
                        remedy: "make the plan anew, or collect without one")
                }
            }
    }

    private func stranger(
        in planned: CollectionPlan.Collector, of collector: any Collector
    ) -> String? {
        switch collector {
        case let declared as DeclaredCollector: declared.stranger(in: planned, since: plan.since)
        case let plugin as PluginCollector: plugin.stranger(in: planned)
        default: PlannedCollector.stranger(in: planned, of: collector)
        }
    }

    /// The probes that may be asked for, by the collector's name.
    var probes: [String: Set<PlannedProbe>] {
        Dictionary(
            plan.collectors.map { collector in
                (
                    collector.name,
                    Set(
                        collector.items.compactMap { item in
                            guard let kind = item.probe, let target = item.target else {
                                return nil
                            }
                            return PlannedProbe(kind: kind, target: target)
                        })
                )
            }, uniquingKeysWith: { $0.union($1) })
    }
}
