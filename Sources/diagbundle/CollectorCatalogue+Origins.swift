import DiagCollect
import DiagDeclared
import DiagModel

/// Where collectors come from, for the manifest.
extension CollectorCatalogue {
    /// The origins of `entries`, by their names.
    static func origins(of entries: [Entry]) -> [String: CollectorOrigin] {
        Dictionary(entries.map { ($0.name, $0.reportedOrigin) }) { $1 }
    }
}

extension CollectorCatalogue.Entry {
    /// Where it comes from, what it is made of, and whether it took the place of one of the
    /// program's, be it by way of others.
    var reportedOrigin: CollectorOrigin {
        CollectorOrigin(
            place: UntrustedText.escapingControls(origin), definition: definition,
            replacesBuiltIn: origin != CollectorReport.builtIn
                && BuiltInDeclarations.file(of: name) != nil)
    }
}
