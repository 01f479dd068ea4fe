public import DiagModel
public import DiagSystem
internal import SystemPackage

/// A collector that is code, held to what a reviewed plan has of it: it can read nothing else.
public struct PlannedCollector: Collector {
    private let inner: any Collector
    private let scope: ReadScope
    /// What the plan has of its reading.
    private let items: [CollectionPlan.Item]
    /// The files of that, each once.
    private let files: [FilePath]

    /// `inner`, as far as `plan` has it.
    public init(_ inner: any Collector, plan: CollectionPlan.Collector) {
        self.inner = inner
        items = plan.items.filter { $0.kind == .reads }
        scope = Self.scope(of: items)
        var seen = Set<[UInt8]>()
        files = items.flatMap { $0.files ?? [] }.map(\.bytes).filter { seen.insert($0).inserted }
            .map { FilePath(bytes: $0) }
    }

    /// What `items` let be read.
    public static func scope(of items: [CollectionPlan.Item]) -> ReadScope {
        ReadScope(
            files: items.flatMap { ($0.files ?? []).map(\.bytes) },
            trees: items.flatMap { ($0.trees ?? []).map { Array($0.utf8) } },
            folders: items.flatMap { ($0.folders ?? []).map { Array($0.utf8) } })
    }

    /// What a plan has of `collector`, one of code, that such a collector does not do; `nil` when
    /// there is nothing.
    ///
    /// Which files it reads is its own affair: a plan that has others is only never asked for them.
    public static func stranger(
        in plan: CollectionPlan.Collector, of collector: any Collector
    ) -> String? {
        let kinds = Set(collector.probes.map(\.kind))
        for item in plan.items {
            let isOwn =
                switch item.kind {
                case .dump: collector.descriptor.seekable != nil
                case .reads: collector.descriptor.seekable == nil
                case .probe: item.probe.map(kinds.contains) ?? false
                case .files, .command, .listing, .program: false
                }
            guard isOwn else { return "item \(item.number), \(item.title)" }
            guard item.kind == .reads else { continue }
            if let tree = item.trees?.first(where: { !isKernelTree($0) }) { return tree }
        }
        return nil
    }

    /// Whether all below a folder may stand in a plan as one: procfs, sysfs and udev are so.
    private static func isKernelTree(_ text: String) -> Bool {
        if text == ReadScope.processes { return true }
        let path = FilePath(text)
        return path.isAbsolute && path.isLexicallyNormal && !text.contains("\0")
            && ["/proc", "/sys", "/run/udev"].contains { path.starts(with: FilePath($0)) }
    }

    /// That of the collector.
    public var descriptor: CollectorDescriptor { inner.descriptor }
    /// Those of the collector.
    public var probes: [any Probe] { inner.probes }

    /// What the collector prepares.
    public func prepare(in context: CollectionContext) throws -> (any Sendable)? {
        try inner.prepare(in: context)
    }

    /// The plan of the collector, as it would be made now.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        try inner.plan(in: context)
    }

    /// Collects what the plan has, and says what it wanted beside that, and what is gone.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let whole = context.root
        var context = context
        context.root = try whole.restricted(to: scope)
        let sink = PlannedSink(sink, scope: scope, files: files, in: whole)
        try inner.collect(in: context, into: sink)
        for lack in items.flatMap(\.unreadableLacks) { try sink.missOnce(lack) }
        for lack in items.compactMap(\.leftOutLack) { try sink.missOnce(lack) }
        try tellGone(in: whole, into: sink)
        // What does not exist would not have been read either.
        let refused = scope.refused.filter { path in
            (try? whole.status(of: FilePath(bytes: path), leavingAutomounts: true)) != nil
        }
        guard !refused.isEmpty else { return }
        let names = refused.prefix(8).map { UntrustedText.escapingForPath($0) }
        let more = refused.count - names.count
        try sink.send(
            .note(
                .init(
                    text: "not read, for the plan does not have it: "
                        + names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : ""))))
    }

    /// Tells of the files that the plan has and that are no longer there, and of automount points
    /// that have come between: whether there is something behind one, nobody looked.
    private func tellGone(in tree: RootedTree, into sink: PlannedSink) throws {
        var gone = [FilePath]()
        for path in files {
            do throws(SystemCallError) {
                _ = try tree.status(of: path, leavingAutomounts: true)
            } catch {
                if let point = error.automountPoint {
                    try sink.missOnce(
                        .init(
                            what: UntrustedText.escapingForPath(point.bytes),
                            why: AutomountPoint.reason))
                } else if error.isGone {
                    gone.append(path)
                }
            }
        }
        try sink.tellGone(gone)
    }
}

/// Passes on what a collector says, but not that something is absent which the plan leaves out, and
/// of a file that the plan has and that is gone, that it is.
private final class PlannedSink: CollectionSink {
    private let next: any CollectionSink
    private let scope: ReadScope
    private let tree: RootedTree
    /// The files that the plan has, by the names that a collector gives them.
    private let files: [String: FilePath]
    /// Of what it was said already that it is absent or missing.
    private var told = Set<String>()

    init(
        _ next: any CollectionSink, scope: ReadScope, files: [FilePath], in tree: RootedTree
    ) {
        self.next = next
        self.scope = scope
        self.tree = tree
        self.files = Dictionary(files.map { ($0.string, $0) }) { first, _ in first }
    }

    func open(_ opening: WorkerMessage.Opening) throws { try next.open(opening) }

    func write(_ bytes: Span<UInt8>) throws { try next.write(bytes) }

    func send(_ message: WorkerMessage) throws {
        switch message {
        case .absent(let lack):
            if lack.what.hasPrefix("/"), scope.refused.contains(Array(lack.what.utf8)) { return }
            if let file = files[lack.what], isGone(file) { return try tellGone([file]) }
            told.insert(lack.what)
        case .missing(let lack): told.insert(lack.what)
        default: break
        }
        try next.send(message)
    }

    func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer {
        try next.awaitProbes(turn: turn)
    }

    /// Tells of those of `paths` of which nothing was said yet that they are gone.
    func tellGone(_ paths: [FilePath]) throws {
        let names = paths.filter { told.insert($0.string).inserted }
            .map { UntrustedText.escapingForPath($0.bytes) }
        try GoneSincePlan.tell(names, into: next)
    }

    /// Says that something is missing of which nothing was said yet.
    func missOnce(_ lack: WorkerMessage.Lack) throws {
        guard told.insert(lack.what).inserted else { return }
        try next.send(.missing(lack))
    }

    private func isGone(_ path: FilePath) -> Bool {
        do throws(SystemCallError) {
            _ = try tree.status(of: path, leavingAutomounts: true)
            return false
        } catch { return error.isGone }
    }
}

extension SystemCallError {
    /// Whether nothing is there.
    fileprivate var isGone: Bool {
        [.noSuchFileOrDirectory, .notDirectory].contains(errno)
    }
}
