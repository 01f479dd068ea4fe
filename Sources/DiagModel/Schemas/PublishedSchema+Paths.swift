/// Where in a host folder the documents stand.
extension PublishedSchema {
    /// The schema of the artifact at `path`, relative to the host folder; `nil` for one that has
    /// none.
    public init?(path: String) {
        let depth = path.utf8.count(where: { $0 == 0x2F })
        if let schema = Self.byPath[path] {
            self = schema
        } else if depth == 1, path.hasSuffix("/\(CommandRecord.artifact)") {
            self = .commands
        } else if depth == 1, Self.probeKinds.contains(where: { path.hasSuffix("/\($0).json") }) {
            self = .probes
        } else if depth == 2,
            let schema = Self.byFolder.first(where: { folder, ending, _ in
                path.hasPrefix(folder) && path.hasSuffix(ending)
            })?.schema
        {
            self = schema
        } else {
            return nil
        }
    }

    /// Whether its documents are JSON lines: a `header`, then any number of `line`.
    public var isLines: Bool {
        self == .blockDevices || self == .ioSamples || self == .deviceMapper
    }

    /// The kinds of probes, which their records are named after.
    private static let probeKinds = [
        "mount-health", "nvme", "scsi", "metadata", "mapper", "md", "lvm-report",
        "scsi-link",
    ]

    /// Folders with a document for each device.
    private static let byFolder: [(folder: String, ending: String, schema: PublishedSchema)] = [
        ("storage/device-mapper/", ".jsonl", .deviceMapper), ("storage/md/", ".json", .md),
        ("storage/nvme/", ".json", .nvme), ("storage/scsi/", ".json", .scsi),
        ("storage/metadata/", ".json", .deviceMetadata),
    ]

    /// The folders of the collectors that these schemas are of.
    public static let collectorNames = Set(
        byPath.keys.compactMap { path in
            path.utf8.firstIndex(of: 0x2F).map { String(path[..<$0]) }
        })

    private static let byPath: [String: PublishedSchema] = [
        "manifest.json": .manifest, "findings.json": .findings, "LiveDump.json": .liveDump,
        "LiveDump-stacks.json": .kernelStacks,
        "storage/topology.json": .topology, "storage/devices.jsonl": .blockDevices,
        "storage/subsystems.json": .subsystems, "storage/io-rates.json": .ioRates,
        "storage/io-samples.jsonl": .ioSamples, "storage/blocked-tasks.json": .blockedTasks,
        "storage/network-storage.json": .networkStorage,
        "storage/nvme-controllers.json": .nvmeControllers,
        "storage/scsi-devices.json": .scsiDevices, "storage/file-systems.json": .fileSystems,
        "storage/lvm.json": .lvm,
        "system/system.json": .system, "system/identity.json": .systemIdentity,
        "boot/boot.json": .boot, "boot/root-stack.json": .rootStack, "boot/dmi.json": .dmi,
        "boot/dmi-identity.json": .dmiIdentity, "boot/efi.json": .efi,
        "boot/loader.json": .loader, "boot/kernels.json": .kernels, "boot/esp.json": .esp,
        "boot/initramfs.json": .initramfs, "boot/tpm.json": .tpm, "boot/kdump.json": .kdump,
        "boot/boot-history.json": .bootHistory, "logs/boots.json": .boots,
    ]
}
