import DiagCollect
import DiagDeclared
import DiagModel

/// The collectors of a run as the fork server holds them: what it forks finds its own in memory, and
/// neither reads a declaration nor the plan again.
///
/// Plugins are not among them: each is opened and checked by the worker that starts it.
struct PreparedCollectors {
    private let collectors: [String: any Collector]

    /// Those of `entries`, each held to what `plan` has of it.
    init(_ entries: [CollectorCatalogue.Entry], plan: CollectionPlan? = nil) {
        collectors = Dictionary(
            entries.filter { $0.plugin == nil }.map {
                ($0.name, CollectorCatalogue.held($0.collector, to: plan?[$0.name]))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The collector that a worker was told of; `nil` when there is none.
    func collector(for request: WorkerRequest) throws -> (any Collector)? {
        try collectors[request.collector] ?? CollectorCatalogue.collector(for: request)
    }
}
