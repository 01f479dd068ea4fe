internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// The kernel's and the administrator's tables, read once, sent as evidence and parsed.
struct StorageTables {
    /// The mounts of the host.
    let mounts: MountTable
    /// For each mount, whether its mount point leads to it.
    let visibility: [Bool]
    /// The swap areas in use.
    let swaps: SwapTable
    /// All block devices with their sizes, for hosts without sysfs.
    let partitions: PartitionTableListing
    /// What is to be mounted.
    let fileSystems: FileSystemTable

    /// Reads and sends the tables.
    init(in context: CollectionContext, into sink: any CollectionSink) throws {
        mounts = MountTable(parsing: try Self.mountInformation(in: context, into: sink))
        visibility = mounts.visibility
        swaps = SwapTable(
            parsing: try Self.copy("/proc/swaps", as: "swaps.txt", in: context, into: sink) ?? [])
        partitions = PartitionTableListing(
            parsing: try Self.copy(
                "/proc/partitions", as: "partitions.txt", in: context, into: sink) ?? [])
        try context.copy("/proc/diskstats", as: "diskstats.txt", privacy: .technical, into: sink)
        // Secrets known to stand in mount options are masked, but a comment may hold anything.
        fileSystems = FileSystemTable(
            parsing: try Self.copy(
                "/etc/fstab", as: "fstab.txt", privacy: .sensitive, masking: true, in: context,
                into: sink) ?? [])
        for (name, lines) in [
            ("mountinfo", mounts.unreadableLines), ("swaps", swaps.unreadableLines),
            ("partitions", partitions.unreadableLines), ("fstab", fileSystems.unreadableLines),
        ] where !lines.isEmpty {
            let list = lines.prefix(10).map(String.init).joined(separator: ", ")
            let more = lines.count > 10 ? " and \(lines.count - 10) more" : ""
            try sink.send(.note(.init(text: "\(name): cannot read line \(list)\(more)")))
        }
    }

    /// The mounts that the first process sees; our own where that is refused.
    private static func mountInformation(
        in context: CollectionContext, into sink: any CollectionSink
    ) throws -> [UInt8] {
        guard
            let table = try HostMountTable.read(in: context, limit: limit(of: context), into: sink)
        else { return [] }
        try send(
            table.bytes, as: "mountinfo.txt", from: table.source.string, masking: true,
            in: context, sink)
        return table.bytes
    }

    private static func limit(of context: CollectionContext) -> Int {
        Int(clamping: min(max(0, context.byteBudget / 4), 32 << 20))
    }

    private static func copy(
        _ path: FilePath, as name: String, privacy: PrivacyClass = .identity,
        masking: Bool = false, in context: CollectionContext, into sink: any CollectionSink
    ) throws -> [UInt8]? {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try context.root.read(path, limit: limit(of: context))
        } catch {
            try context.report(error, on: path, into: sink)
            return nil
        }
        try send(
            bytes, as: name, from: path.string, privacy: privacy, masking: masking, in: context,
            sink)
        return bytes
    }

    private static func send(
        _ bytes: [UInt8], as name: String, from source: String,
        privacy: PrivacyClass = .identity, masking: Bool, in context: CollectionContext,
        _ sink: any CollectionSink
    ) throws {
        try sink.send(
            name, masking ? MountOptionSecrets.masking(bytes) : bytes, source: source,
            mediaType: "text/plain", privacy: privacy)
        if bytes.count >= limit(of: context) {
            try sink.send(.truncated(.init(why: "only the first \(bytes.count) bytes are kept")))
        }
    }
}
