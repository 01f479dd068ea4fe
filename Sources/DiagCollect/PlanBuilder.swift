internal import FoundationEssentials
public import DiagModel
internal import DiagSystem
public import SystemPackage

/// Makes the plan of a collector that is code: which of the files and folders that its tables name
/// are there.
public struct PlanBuilder {
    /// A folder whose files are read when their names say so.
    public struct Folder: Sendable {
        /// Its path.
        public let path: String
        /// How many levels of folders: 1 for its own files alone.
        public let depth: Int
        /// Whether the file of a name is read.
        public let isWanted: @Sendable (String) -> Bool

        /// A folder; without `isWanted` all of its files.
        public init(
            _ path: String, depth: Int = 1,
            isWanted: @escaping @Sendable (String) -> Bool = { _ in true }
        ) {
            self.path = path
            self.depth = depth
            self.isWanted = isWanted
        }
    }

    /// The most files of one item; what is beyond is counted.
    static let mostFiles = 20_000

    private let root: RootedTree
    private let deadline: MonotonicTime
    /// What was planned so far.
    public private(set) var work = PlannedWork()

    /// A plan for the host below `context.root`.
    public init(_ context: CollectionContext) {
        root = context.root
        deadline = context.deadline
    }

    /// Adds an item of what the collector reads; what is not there is left out.
    ///
    /// `files` are single files and devices, `below` folders whose files are read, too; of `listed`
    /// the names alone are read, with all below them, and of `trees`, in procfs, sysfs and udev, any
    /// file. `actions` is what is done beside reading, `limit` the most bytes of each file, `total`
    /// those of all. What lies behind an automount point is not looked at, and named as such.
    public mutating func reads(
        _ title: String, risk: CollectorDescriptor.Risk = .memoryOnly, files: [String] = [],
        below: [Folder] = [], listed: [String] = [], trees: [String] = [],
        actions: [String] = [], limit: Int64 = 1 << 20, total: Int64 = .max
    ) {
        var item = CollectionPlan.Item(
            kind: .reads, number: work.items.count + 1, title: title,
            risk: "R\(risk.rawValue)")
        var found = [CollectionPlan.File]()
        var seen = Set<[UInt8]>()
        var leftOutCount = 0
        let look = PlanLook(root, until: deadline)
        func add(_ path: FilePath) {
            guard let status = look.status(of: path),
                status.kind == .regular || status.kind == .characterDevice,
                seen.insert(path.bytes).inserted
            else { return }
            guard found.count < Self.mostFiles else { return leftOutCount += 1 }
            found.append(Self.file(path, byteCount: status.byteCount))
        }
        for path in files { add(FilePath(path)) }
        for folder in below {
            look.enter(FilePath(folder.path), depth: folder.depth, folder.isWanted, add)
        }
        let folders = (listed + below.map(\.path)).filter { look.isFolder($0) }
        let trees = trees.filter { look.isFolder($0) }
        item.estimate = found.reduce(into: .init()) {
            $0 = $0 + PlanCost.file($1.path, byteCount: $1.byteCount, limit: limit)
        }
        item.estimate = trees.reduce(item.estimate) { estimate, _ in estimate + PlanCost.tree }
        item.estimate = listed.filter { look.isFolder($0) }.reduce(item.estimate) { estimate, _ in
            estimate + PlanCost.names(100)
        }
        item.estimate.byteCount = min(item.estimate.byteCount, total)
        // What is made of the files is not as long as they are.
        if !found.isEmpty { item.estimate.isAssumed = true }
        let leftAlone = look.leftAlone.map {
            CollectionPlan.Unreadable(
                path: UntrustedText.escapingForPath($0.bytes), why: AutomountPoint.reason)
        }
        if found.isEmpty, folders.isEmpty, trees.isEmpty {
            item.doesNotApply =
                leftAlone.first.map { "\($0.path): \($0.why)" } ?? "nothing of it is on this host"
        }
        if !leftAlone.isEmpty {
            item.unreadable = Array(leftAlone.prefix(CollectionPlan.Item.mostUnreadable))
            let moreCount = leftAlone.count - CollectionPlan.Item.mostUnreadable
            if moreCount > 0 { item.moreUnreadableCount = moreCount }
        }
        if !found.isEmpty { item.files = found }
        if !folders.isEmpty { item.folders = folders }
        if !trees.isEmpty { item.trees = trees }
        if !actions.isEmpty { item.actions = actions }
        if leftOutCount > 0 { item.leftOutCount = leftOutCount }
        if limit < .max { item.byteLimit = limit }
        work.items.append(item)
    }

    /// Adds an item for a probe that the collector would ask for.
    public mutating func probe(_ request: ProbeRequest, of probe: any Probe) {
        var item = CollectionPlan.Item(
            kind: .probe, number: work.items.count + 1,
            title: "\(request.kind) of \(request.target)", risk: "R1", estimate: PlanCost.probe)
        item.probe = request.kind
        item.target = request.target
        item.actions = probe.actions
        item.secondsLimit = probe.deadlineSeconds
        work.items.append(item)
    }

    /// Adds an item of another kind.
    public mutating func add(_ item: CollectionPlan.Item) {
        var item = item
        item.number = work.items.count + 1
        work.items.append(item)
    }

    /// Adds something to know.
    public mutating func note(_ text: String) { work.notes.append(text) }

    /// A file as a plan names it.
    public static func file(_ path: FilePath, byteCount: Int64) -> CollectionPlan.File {
        let bytes = path.bytes
        let isText = String(validating: bytes, as: UTF8.self) != nil
        return .init(
            path: UntrustedText.escapingInvalidUTF8(bytes),
            pathBytes: isText ? nil : Data(bytes).base64EncodedString(),
            byteCount: max(0, byteCount))
    }
}

/// Looks at what is there by stat and readdir, and has nothing mounted by that.
private final class PlanLook {
    private let root: RootedTree
    private let deadline: MonotonicTime
    /// The automount points that were left alone, each once.
    private(set) var leftAlone: [FilePath] = []

    init(_ root: RootedTree, until deadline: MonotonicTime) {
        self.root = root
        self.deadline = deadline
    }

    func status(of path: FilePath) -> FileStatus? {
        do throws(SystemCallError) {
            return try root.status(of: path, leavingAutomounts: true)
        } catch {
            note(error)
            return nil
        }
    }

    func isFolder(_ path: String) -> Bool {
        let path = path == ReadScope.processes ? "/proc" : path
        return status(of: FilePath(path))?.kind == .directory
    }

    /// Calls `add` with each file in the folder, and below it, whose name is wanted.
    func enter(
        _ folder: FilePath, depth: Int, _ isWanted: (String) -> Bool, _ add: (FilePath) -> Void
    ) {
        guard MonotonicTime.now < deadline else { return }
        let entries: [Directory.Entry]
        do throws(SystemCallError) {
            entries = try root.directory(folder, leavingAutomounts: true).entries(limit: 100_000)
        } catch { return note(error) }
        for entry in entries {
            let path = folder.appending(entry.name)
            if entry.kind == .directory {
                if depth > 1 { enter(path, depth: depth - 1, isWanted, add) }
            } else if isWanted(entry.name.string) {
                add(path)
            }
        }
    }

    private func note(_ error: SystemCallError) {
        guard let point = error.automountPoint, !leftAlone.contains(point) else { return }
        leftAlone.append(point)
    }
}

extension CollectionPlan.File {
    /// The path in the bytes of the host.
    public var bytes: [UInt8] {
        pathBytes.flatMap { Data(base64Encoded: $0) }.map { Array($0) } ?? Array(path.utf8)
    }
}
