internal import Synchronization

/// The JSON Schemas of every document that this program writes, built in.
public enum PublishedSchema: String, CaseIterable, Hashable, Sendable {
    /// `manifest.json`.
    case manifest
    /// `findings.json`.
    case findings
    /// `storage/topology.json`.
    case topology
    /// `storage/subsystems.json`.
    case subsystems
    /// `storage/io-rates.json`.
    case ioRates = "io-rates"
    /// `storage/io-samples.jsonl`; definitions for its first line and for the others.
    case ioSamples = "io-samples"
    /// `storage/blocked-tasks.json`.
    case blockedTasks = "blocked-tasks"
    /// The probes of one kind.
    case probes
    /// `storage/devices.jsonl`; definitions for its first line and for the others.
    case blockDevices = "block-devices"
    /// `storage/device-mapper/*.jsonl`; definitions for its first line and for the others.
    case deviceMapper = "device-mapper"
    /// `storage/md/*.json`.
    case md
    /// `storage/network-storage.json`.
    case networkStorage = "network-storage"
    /// `storage/nvme/<controller>.json`.
    case nvme
    /// `storage/nvme-controllers.json`.
    case nvmeControllers = "nvme-controllers"
    /// `storage/metadata/DEVICE.json`.
    case deviceMetadata = "device-metadata"
    /// `storage/scsi/<device>.json`.
    case scsi
    /// `storage/scsi-devices.json`.
    case scsiDevices = "scsi-devices"
    /// `system/system.json`.
    case system
    /// `system/identity.json`.
    case systemIdentity = "system-identity"
    /// `boot/boot.json`.
    case boot
    /// `boot/root-stack.json`.
    case rootStack = "root-stack"
    /// `boot/dmi.json`.
    case dmi
    /// `boot/dmi-identity.json`.
    case dmiIdentity = "dmi-identity"
    /// `boot/efi.json`.
    case efi
    /// `boot/loader.json`.
    case loader
    /// `boot/kernels.json`.
    case kernels
    /// `boot/esp.json`.
    case esp
    /// `boot/initramfs.json`.
    case initramfs
    /// `boot/tpm.json`.
    case tpm
    /// `boot/kdump.json`.
    case kdump
    /// `boot/boot-history.json`.
    case bootHistory = "boot-history"
    /// `logs/boots.json`.
    case boots
    /// `storage/file-systems.json`.
    case fileSystems = "file-systems"
    /// What `dump full --dry-run` prints as JSON.
    case dumpEstimate = "dump-estimate"
    /// `storage/lvm.json`.
    case lvm
    /// What `dump info --json` prints.
    case dumpInfo = "dump-info"
    /// `LiveDump.json`.
    case liveDump = "live-dump"
    /// `LiveDump-stacks.json`.
    case kernelStacks = "kernel-stacks"
    /// A YAML file that declares a collector.
    case collector
    /// A YAML file that describes a plugin.
    case plugin
    /// What `collectors list --json` prints.
    case collectors
    /// `commands.json` of a declared collector.
    case commands
    /// A YAML file that `--profile` takes.
    case profile
    /// What `plan --json` prints.
    case plan
    /// One line of `--progress json`.
    case progress
    /// What a worker is told on its standard input.
    case workerRequest = "worker-request"
    /// What a collector that waits for its probes is told.
    case workerAnswer = "worker-answer"
    /// What a worker sends; one definition for the body of each verb, named after it.
    case workerMessages = "worker-messages"

    /// Its name, as `diagbundle schema` takes it.
    public var name: String { rawValue }

    /// What the document's `schema` member says, for example `diagbundle.manifest/1`.
    public var identifier: String { "diagbundle.\(rawValue)/1" }

    /// The schema whose ``identifier`` is `identifier`.
    public init?(identifier: String) {
        guard let match = Self.allCases.first(where: { $0.identifier == identifier }) else {
            return nil
        }
        self = match
    }

    /// The schema itself, draft 2020-12, as a JSON text with sorted names.
    public var text: String {
        guard let bytes = try? JSONDocument.encode(value, layout: .document) else { return source }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The schema itself, as a value.
    public var value: JSONValue {
        Self.parsed.withLock { parsed in
            if let value = parsed[self] { return value }
            let value = (try? JSONDocument.decode(JSONValue.self, from: source.utf8)) ?? .null
            parsed[self] = value
            return value
        }
    }

    /// What of `document` is against this schema, as `JSON pointer: what is wrong`.
    ///
    /// `definition` names one of the schema's `$defs` to check against instead: a verb, for
    /// ``workerMessages``.
    public func errors(
        in document: JSONValue, definition: String? = nil, limit: Int = 100
    ) -> [String] {
        JSONSchemaValidator(value).errors(in: document, definition: definition, limit: limit)
    }

    /// What of `document` is against the schema that it names itself; nothing for a document that
    /// names none of these.
    public static func errors(in document: JSONValue, limit: Int = 100) -> [String] {
        let schema = document["schema"]?.text.flatMap(PublishedSchema.init(identifier:))
        return schema?.errors(in: document, limit: limit) ?? []
    }

    /// Those that were asked for: a run needs one of some fifty.
    private static let parsed = Mutex<[PublishedSchema: JSONValue]>([:])

    private var source: String {
        """
        {"$schema": "https://json-schema.org/draft/2020-12/schema",
         "$id": "urn:diagbundle:schema:\(rawValue):1",
         "title": "\(identifier)", \(body)}
        """
    }

    /// The members that follow the title.
    private var body: String {
        switch self {
        case .manifest: Self.manifestBody
        case .findings: Self.findingsBody
        case .topology: Self.topologyBody
        case .subsystems: Self.subsystemsBody
        case .ioRates: Self.ioRatesBody
        case .ioSamples: Self.ioSamplesBody
        case .blockedTasks: Self.blockedTasksBody
        case .probes: Self.probesBody
        case .blockDevices: Self.blockDevicesBody
        case .deviceMapper: Self.deviceMapperBody
        case .md: Self.mdBody
        case .networkStorage: Self.networkStorageBody
        case .nvme: Self.nvmeBody
        case .nvmeControllers: Self.nvmeControllersBody
        case .deviceMetadata: Self.deviceMetadataBody
        case .scsi: Self.scsiBody
        case .scsiDevices: Self.scsiDevicesBody
        case .system: Self.systemBody
        case .systemIdentity: Self.systemIdentityBody
        case .boot: Self.bootBody
        case .rootStack: Self.rootStackBody
        case .dmi, .dmiIdentity: Self.firmwareTableBody(identifier)
        case .efi: Self.efiBody
        case .loader: Self.loaderBody
        case .kernels: Self.kernelsBody
        case .esp: Self.espBody
        case .initramfs: Self.initramfsBody
        case .tpm: Self.tpmBody
        case .kdump: Self.kdumpBody
        case .bootHistory: Self.bootHistoryBody
        case .boots: Self.bootsBody
        case .fileSystems: Self.fileSystemsBody
        case .dumpEstimate: Self.dumpEstimateBody
        case .lvm: Self.lvmBody
        case .dumpInfo: Self.dumpInfoBody
        case .liveDump: Self.liveDumpBody
        case .kernelStacks: Self.kernelStacksBody
        case .collector: Self.collectorBody
        case .plugin: Self.pluginBody
        case .collectors: Self.collectorsBody
        case .commands: Self.commandsBody
        case .profile: Self.profileBody
        case .plan: Self.planBody
        case .progress: Self.progressBody
        case .workerRequest: Self.workerRequestBody
        case .workerAnswer: Self.workerAnswerBody
        case .workerMessages: Self.workerMessagesBody
        }
    }
}
