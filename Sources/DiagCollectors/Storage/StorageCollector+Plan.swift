public import DiagCollect
internal import DiagModel
internal import DiagSystem

/// What the storage collector would do.
extension StorageCollector {
    /// What it reads, and the probes that it would ask for.
    ///
    /// The probes are found by the code that asks for them in a run: it reads procfs, sysfs and the
    /// udev database, which answer from memory, and is ended before it would wait for them.
    public func plan(in context: CollectionContext) throws -> PlannedWork {
        var plan = PlanBuilder(context)
        plan.reads(
            "tables of mounts, swap areas and devices",
            files: [
                "/proc/1/mountinfo", "/proc/self/mountinfo", "/proc/swaps", "/proc/partitions",
                "/proc/diskstats", "/proc/mdstat", "/proc/filesystems", "/proc/fs/xfs/stat",
                "/proc/sys/kernel/hostname", "/proc/sys/kernel/osrelease", "/proc/drbd",
                "/etc/fstab",
            ], limit: 16 << 20)
        plan.reads(
            "attributes of block devices, controllers and file systems",
            trees: [
                "/sys/block", "/sys/dev/block", "/sys/devices", "/sys/bus", "/sys/fs",
                "/sys/class", "/sys/module", "/sys/kernel/sunrpc", "/sys/kernel/debug/block",
                "/run/udev/data",
            ])
        plan.reads(
            "counters, pressure and the state of file systems in procfs",
            files: ["/proc/1/mountstats", "/proc/self/mountstats", "/proc/vmstat"],
            trees: ["/proc/pressure", "/proc/fs", "/proc/spl"], limit: 4 << 20)
        plan.reads(
            "names of the links to devices", listed: ["/dev/disk", "/dev/mapper", "/dev/md"])
        if context.options["subsystems"] == nil {
            plan.reads(
                "state, stack and wait channel of tasks that are blocked",
                trees: [ReadScope.processes])
        }
        plan.reads(
            "storage configuration, without its secrets", risk: .mayBlock,
            files: StorageConfiguration.files.map(\.path),
            below: StorageConfiguration.folders.map { folder in
                .init(folder.path) { $0.hasSuffix(folder.ending) && !$0.hasPrefix(".") }
            }
                + StorageConfiguration.trees.map { tree in
                    .init(tree.path, depth: 3) { !$0.hasPrefix(".") }
                },
            listed: StorageConfiguration.listed + [StorageConfiguration.archive],
            limit: Int64(StorageConfiguration.byteLimit),
            total: Int64(StorageConfiguration.totalByteLimit))
        let asked = RequestSink()
        do { try collect(in: context, into: asked) } catch is RequestSink.HasAsked {}
        for request in asked.requests {
            guard let probe = probes.first(where: { $0.kind == request.kind }) else { continue }
            plan.probe(request, of: probe)
        }
        for lack in asked.missing { plan.note("\(lack.what): \(lack.why ?? "cannot be asked")") }
        return plan.work
    }
}

/// Keeps the probes that a collector asks for, and ends it when it begins to wait.
private final class RequestSink: CollectionSink {
    /// The collector has asked for all.
    struct HasAsked: Error {}

    private(set) var requests: [ProbeRequest] = []
    private(set) var missing: [WorkerMessage.Lack] = []

    func open(_ opening: WorkerMessage.Opening) {}

    func write(_ bytes: Span<UInt8>) {}

    func send(_ message: WorkerMessage) {
        switch message {
        case .probe(let request): requests.append(request)
        case .missing(let lack): missing.append(lack)
        default: break
        }
    }

    func awaitProbes(turn: () throws -> Void) throws -> WorkerAnswer { throw HasAsked() }
}
