public import DiagModel
public import DiagSystem
internal import SystemPackage

/// A collector that is code, held to what a reviewed plan has of it: it can read nothing else.
public struct PlannedCollector: Collector {
    private let inner: any Collector
    private let scope: ReadScope
    /// The files that it reads by the plan, but for those that the kernel makes up; and whether
    /// each was found in a folder of which all that is wanted is read: a log, say.
    private let files: [(path: FilePath, isFound: Bool)]

    /// Why something is missing that the plan has.
    public static let goneReason = "it is in the plan, and no longer there"
    /// How many of such are named.
    private static let mostNamed = 100

    /// `inner`, as far as `plan` has it.
    public init(_ inner: any Collector, plan: CollectionPlan.Collector) {
        self.inner = inner
        let items = plan.items.filter { $0.kind == .reads }
        scope = Self.scope(of: items)
        files = items.flatMap { item in
            let folders = (item.folders ?? []).map { FilePath($0) }
            return (item.files ?? []).filter { !Self.isOfKernel($0.path) }.map { file in
                let path = FilePath(bytes: file.bytes)
                return (path, folders.contains { path.starts(with: $0) })
            }
        }
    }

    /// Whether what stands at `path` comes and goes while a host runs: procfs, sysfs, /dev, /run.
    public static func isOfKernel(_ path: String) -> Bool {
        ["/proc/", "/sys/", "/dev/", "/run/"].contains { path.hasPrefix($0) }
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

    /// Collects what the plan has, and says what it wanted beside that.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        var context = context
        context.root = try context.root.restricted(to: scope)
        try inner.collect(in: context, into: PlannedSink(sink, scope: scope))
        // What does not exist would not have been read either.
        let whole = try RootedTree(context.root.path)
        try tellGone(in: whole, into: sink)
        let refused = scope.refused.filter { path in
            (try? whole.status(of: FilePath(bytes: path))) != nil
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

    /// Tells of the files that the plan has and that are no longer there.
    private func tellGone(in tree: RootedTree, into sink: any CollectionSink) throws {
        let (gone, rotated) = files.reduce(into: ([FilePath](), [FilePath]())) { found, file in
            do throws(SystemCallError) { _ = try tree.status(of: file.path) } catch {
                guard [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) else { return }
                if file.isFound { found.1.append(file.path) } else { found.0.append(file.path) }
            }
        }
        if let first = rotated.first {
            let what = UntrustedText.escapingForPath(first.bytes)
            try sink.absent(
                rotated.count == 1 ? what : "\(what) and \(rotated.count - 1) other files",
                why: Self.goneReason)
        }
        for path in gone.prefix(Self.mostNamed) {
            try sink.missing(UntrustedText.escapingForPath(path.bytes), why: Self.goneReason)
        }
        if gone.count > Self.mostNamed {
            try sink.missing(
                "\(gone.count - Self.mostNamed) more files of the plan", why: Self.goneReason)
        }
    }
}

/// Passes on what a collector says, but not that something is absent which the plan leaves out.
private final class PlannedSink: CollectionSink {
    private let next: any CollectionSink
    private let scope: ReadScope

    init(_ next: any CollectionSink, scope: ReadScope) {
        self.next = next
        self.scope = scope
    }

    func open(_ opening: WorkerMessage.Opening) throws { try next.open(opening) }

    func write(_ bytes: Span<UInt8>) throws { try next.write(bytes) }

    func send(_ message: WorkerMessage) throws {
        if case .absent(let lack) = message, lack.what.hasPrefix("/"),
            scope.refused.contains(Array(lack.what.utf8))
        {
            return
        }
        try next.send(message)
    }

    func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer {
        try next.awaitProbes(turn: turn)
    }
}
