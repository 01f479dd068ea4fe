import DiagCollect
import DiagCollectors

/// The collectors that are built in, in the order of the plan.
enum BuiltInCollectors {
    static let all: [any Collector] = [
        StorageCollector(), SystemCollector(), BootCollector(), LogsCollector(), liveDump,
    ]
    /// The one that runs only when it is asked for.
    static let liveDump: any Collector = LiveDumpCollector()
}
