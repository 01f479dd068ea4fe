public import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import FoundationEssentials
internal import SystemPackage

/// Gathers what storage the host has, what stands on what, and how it is.
///
/// Sends the mount, swap and device tables as they are, from memory alone, and asks for a probe of
/// every mount and device. When they have answered it sends one graph of all that, `topology.json`
/// and `topology.txt`, and `subsystems.json`; and `devices.jsonl` last. Source: sysfs, procfs, the
/// udev database and /etc/fstab; the collector itself opens no device and starts no process.
public struct StorageCollector: Collector {
    /// How many unreadable devices are named at most.
    private static let reportLimit = 20

    /// What it is, what it costs and how it is confined.
    public let descriptor = CollectorDescriptor(
        name: "storage", subject: "storage topology", risk: .memoryOnly, confinement: .reader,
        deadlineSeconds: 30, byteBudget: 256 << 20, weight: 3)

    /// What is asked of mounts, arrays, mapped devices, controllers, disks and adapters.
    public let probes: [any Probe] = [
        MountHealthProbe(), MDProbe(), MapperProbe(), NVMeProbe(), SCSIProbe(), SCSILinkProbe(),
        MetadataProbe(), LVMReportProbe(),
    ]

    /// A collector of the storage topology.
    public init() {}

    /// Reads the tables first and each device's queue last, so that what may be held up by a
    /// lock of a dead device costs that document alone.
    public func collect(in context: CollectionContext, into sink: any CollectionSink) throws {
        let sink = CountingSink(sink)
        var sampler = IOSampler(context.root)
        sampler.take()
        var blocked = BlockedTaskScan(context.root)
        try sink.progress(0, of: 5, unit: "steps", activity: "mounts and swap areas")
        let tables = try StorageTables(in: context, into: sink)
        let narrowing = context.options["subsystems"].map { Self.texts($0) } ?? []
        if narrowing.isEmpty { try requestProbes(tables, from: sink) }

        try sink.progress(1, of: 5, unit: "steps", activity: "udev database")
        let udev = try UdevDatabase(in: context, into: sink)

        try sink.progress(2, of: 5, unit: "steps", activity: "block devices")
        var reader = BlockDeviceReader(context.root, udev: udev.facts)
        do throws(SystemCallError) {
            try reader.readAll()
        } catch {
            try context.report(error, on: "/sys/block", into: sink)
        }
        try report(reader.unreadable, into: sink)
        let hasDevices = !reader.devices.isEmpty
        let devices =
            hasDevices ? reader.devices : Self.devices(listedIn: tables.partitions, udev: udev)
        let links = DeviceLinks(context.root)

        try sink.progress(3, of: 5, unit: "steps", activity: "topology")
        var builder = TopologyBuilder(
            devices: devices, ancestorFacts: reader.ancestorFacts, links: links.links)
        let used =
            tables.mounts.entries.map { builder.position(of: $0) }
            + tables.swaps.entries.map { builder.position(ofPath: $0.path) }
        builder.addDevices(used: Set(used.compactMap(\.self)))
        let mountIDs = builder.addMounts(
            tables.mounts, visibility: tables.visibility, members: members(in: context))
        let files = FileLocator(tables.mounts, visibility: tables.visibility, ids: mountIDs)
        let swapped = builder.addSwaps(tables.swaps, files: files)
        builder.addBackingFiles(files: files)
        builder.addUnused(swaps: swapped)

        var graph = builder.graph(mounts: tables.mounts, mountIDs: mountIDs)
        let artifact = hasDevices ? "storage/devices.jsonl" : "storage/partitions.txt"
        for id in builder.deviceIDs { graph.setArtifact(artifact, of: id) }
        for id in mountIDs { graph.setArtifact("storage/mountinfo.txt", of: id) }
        var isKept: ((String) -> Bool) = { _ in true }
        if !narrowing.isEmpty {
            let ids = try narrow(&graph, to: narrowing, in: context, into: sink)
            isKept = { ids.contains($0) }
            try requestProbes(tables, from: sink) { isKept(mountIDs[$0]) }
        }
        let isIncluded = builder.deviceIDs.map { $0.isEmpty || isKept($0) }
        var findings =
            StorageFindings.ofDevices(
                devices, ids: builder.deviceIDs, isIncluded: isIncluded)
            + StorageFindings.ofMounts(tables, mountIDs: mountIDs) { mount in
                builder.position(of: mount).map { devices[$0] }
            }
        if !narrowing.isEmpty { findings.removeAll { !isKept($0.place ?? "") } }

        try sink.progress(4, of: 5, unit: "steps", activity: "device attributes")
        let requests = DeviceRequests(
            context.root, devices: devices, isIncluded: isIncluded,
            mounted: builder.mountedPositions,
            persistentEvents: context.options["persistentEvents"] == true,
            isWanted: { name in graph.id(of: name).map(isKept) ?? narrowing.isEmpty })
        try requestDevices(requests, isLiveHost: context.root.isLiveHost, from: sink)
        let health = try FileSystemHealth.send(
            in: context, tables: tables, devices: devices, links: links, into: sink)
        findings += health.findings
        findings += try NVMeSysfs.send(in: context, into: sink)
        findings += try SCSISysfs.send(in: context, into: sink)
        findings += try NetworkStorage.send(in: context, into: sink)
        try StorageConfiguration.send(in: context, into: sink)
        try sink.progress(5, of: 5, unit: "steps", activity: "waiting for mounts and devices")
        let answer = try sink.awaitProbes { sampler.take() }
        sampler.take(isLast: true)
        if narrowing.isEmpty {
            let fileSystems = graph.fileSystemsByMount
            blocked.lookAgain(graph) { files.fileSystem(of: Array($0.utf8), in: fileSystems) }
            findings += try blocked.send(into: sink)
        }
        try InFlightRequests.send(
            devices: zip(devices, isIncluded).filter { $0.0.disk == nil && $0.1 }.map(\.0.name),
            busy: sampler.busyDevices, in: context, into: sink)
        var conclusion = StorageConclusion(
            graph, records: answer.probes, findings: findings, host: hostName(in: context),
            asked: requests.devicesByTarget, isNarrowed: !narrowing.isEmpty)
        conclusion.addMeaning(of: probes)
        let rates = sampler.rates
        conclusion.join(devices: devices, fileSystems: health.facts, rates: rates)
        try conclusion.send(into: sink)
        try sampler.send(rates, into: sink)
        // A queue that is frozen blocks whoever reads its attributes.
        if hasDevices {
            var document = DeviceDocument(context.root)
            try document.send(
                devices, isIncluded: isIncluded, links: links.pathsByDevice,
                limit: max(0, context.byteBudget - sink.byteCount - (1 << 20)), into: sink)
        }
    }

    private func report(
        _ unreadable: [(name: String, error: SystemCallError)], into sink: any CollectionSink
    ) throws {
        for (name, error) in unreadable.prefix(Self.reportLimit) {
            let name = UntrustedText.escapingInvalidUTF8(name.utf8)
            try sink.missing("/sys/block/\(name)", why: error.description)
        }
        if unreadable.count > Self.reportLimit {
            try sink.missing(
                "\(unreadable.count - Self.reportLimit) more below /sys/block",
                why: "they cannot be read")
        }
    }

    /// The devices of each mounted btrfs, by its UUID.
    private func members(in context: CollectionContext) -> [String: [String]] {
        guard let folder = try? context.root.directory("/sys/fs/btrfs"),
            let entries = try? folder.entries(limit: 100_000)
        else { return [:] }
        var members = [String: [String]]()
        for entry in entries where entry.name.string.utf8.count == 36 {
            guard let inner = try? folder.directory(entry.name.string).directory("devices"),
                let names = try? inner.entries(limit: 100_000)
            else { continue }
            members[entry.name.string] = names.map(\.name.string)
        }
        return members
    }

    /// What /proc/partitions knows, where there is no sysfs.
    private static func devices(
        listedIn table: PartitionTableListing, udev: UdevDatabase
    ) -> [BlockDevice] {
        table.entries.map { entry in
            let isMapped = entry.name.hasPrefix("dm-")
            let isVirtual = ["loop", "zram", "ram", "nbd"].contains { entry.name.hasPrefix($0) }
            return BlockDevice(
                name: entry.name, folder: "/proc/partitions", number: entry.device,
                byteCount: entry.byteCount,
                kind: isMapped
                    ? .mapped : entry.name.hasPrefix("md") ? .array : isVirtual ? .virtual : .disk,
                facts: [:], udev: udev.facts[entry.device])
        }
    }
}
