internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Which folders are dumps of ours.
extension DumpStore {
    static let manifestName = "manifest.json"
    private static let reportName = "LiveDump.json"
    private static let dumpNames: Set<String> = ["LiveDump.kdump", "LiveDump.elf"]
    /// The files that a run that makes a dump alone writes.
    static let ownNames: Set<String> = dumpNames.union([
        manifestName, reportName, "LiveDump-stacks.txt", "LiveDump-stacks.json", "summary.txt",
        "findings.json",
    ])

    /// What of a manifest must be there; the rest may be of a later version.
    private struct ManifestHead: Decodable {
        struct Options: Decodable { var collectors: [String] }
        var schema: String
        var started: Timestamp
        var options: Options
    }

    /// The same of a report.
    private struct ReportHead: Decodable {
        struct File: Decodable { var isComplete: Bool }
        var schema: String
        var kind: LiveDumpReport.Kind
        var file: File?
    }

    /// The dump in the folder `name`; `nil` when it is none of ours, or there is more than a dump
    /// in it, as in a host folder of `collect`. No link leads out of the store.
    static func read(_ name: String, in tree: RootedTree) -> Kept? {
        let path = FilePath("/").appending(name)
        guard
            (try? tree.status(of: path, followingLinks: false).kind) == .directory,
            let manifest: ManifestHead = document(path.appending(manifestName), in: tree),
            manifest.schema == Manifest.schemaIdentifier,
            manifest.options.collectors == ["livedump"],
            let content = try? tree.directory(path), let entries = try? content.entries()
        else { return nil }
        // Not their sizes: an ELF file is as long as the memory, and mostly holes.
        let byteCount = sum(
            entries.map { (try? content.status(of: $0.name).allocatedByteCount) ?? 0 })
        let report: ReportHead? = document(path.appending(reportName), in: tree)
        // Without a report the worker was killed: what is there may be a dump of memory.
        let hasFile = entries.contains { dumpNames.contains($0.name.string) }
        let isStacks = report?.kind == .stacks
        return Kept(
            name: name, started: manifest.started, allocatedByteCount: byteCount,
            holdsMemory: !isStacks && hasFile && (report == nil || report?.file != nil),
            isComplete: report?.file?.isComplete ?? false,
            otherNames: otherNames(entries, in: content))
    }

    private static func document<Head: Decodable>(
        _ path: FilePath, in tree: RootedTree
    ) -> Head? {
        guard (try? tree.status(of: path, followingLinks: false).kind) == .regular,
            let bytes = try? tree.read(path, limit: 4 << 20)
        else { return nil }
        return try? JSONDocument.decode(Head.self, from: bytes)
    }

    /// All of them together; at most what there is a number for, since a damaged file system tells
    /// anything.
    static func sum(_ byteCounts: [Int64]) -> Int64 {
        byteCounts.reduce(0) { total, byteCount in
            let (next, overflows) = total.addingReportingOverflow(byteCount)
            return overflows ? .max : next
        }
    }

    /// The names that are not this program's, sorted.
    static func otherNames(_ entries: [Directory.Entry], in content: Directory) -> [String] {
        entries.filter {
            !ownNames.contains($0.name.string)
                || (try? content.status(of: $0.name).kind) != .regular
        }.map(\.name.string).sorted()
    }
}
