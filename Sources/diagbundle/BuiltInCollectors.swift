import DiagCollect
import DiagCollectors
import DiagDeclared

/// The collectors that are code of the program, in the order of the plan.
enum BuiltInCollectors {
    static let all: [any Collector] = [
        StorageCollector(), SystemCollector(), BootCollector(), LogsCollector(), liveDump,
    ]
    /// The one that runs only when it is asked for.
    static let liveDump: any Collector = LiveDumpCollector()

    /// The profiles that the collector `name` is part of.
    static func profiles(of name: String) -> Set<CollectionProfile> {
        switch name {
        case liveDump.descriptor.name: []
        case "logs": [.default, .storage, .full]
        default: Set(CollectionProfile.allCases)
        }
    }
}
