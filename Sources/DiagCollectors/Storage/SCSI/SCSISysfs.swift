internal import DiagCollect
internal import DiagFormats
internal import DiagModel
internal import DiagSystem
internal import SystemPackage

/// Reads what sysfs knows of SCSI devices, hosts and transports, without a command to any device.
///
/// Left to ``SCSILinkProbe`` is what looks like an attribute but asks an adapter or expander: the
/// error counters of SAS links and the statistics of Fibre Channel ports. Source: drivers/scsi of
/// Linux 6.12: scsi_sysfs.c, scsi_transport_fc.c, scsi_transport_sas.c; drivers/ata/libata-transport.c.
struct SCSISysfs {
    /// How many objects of one class are read at most.
    private static let limit = 100_000

    private static let deviceAttributes = [
        "timeout", "eh_timeout", "queue_depth", "queue_type", "wwid", "access_state",
        "preferred_path", "dh_state", "blacklist", "scsi_level",
    ]
    private static let deviceCounters = [
        "iorequest_cnt", "iodone_cnt", "ioerr_cnt", "iotmo_cnt",
    ]

    /// The attributes of each class that answer from memory. Of scsi_host, the second line on are
    /// those of the drivers mpt3sas, qla2xxx, lpfc, smartpqi, hpsa and aacraid.
    private static let classes: [(name: String, attributes: [String])] = [
        (
            "scsi_host",
            [
                "state", "proc_name", "host_busy", "can_queue", "cmd_per_lun", "sg_tablesize",
                "nr_hw_queues", "host_blocked", "link_power_management_policy", "unique_id",
                "active_mode", "supported_mode", "eh_deadline", "prot_capabilities",
                "version_fw", "version_bios", "version_product", "version_mpi", "board_name",
                "fw_version", "driver_version", "model_name", "link_state", "model_desc",
                "fwrev", "modelname", "modeldesc", "option_rom_version", "lpfc_drvr_version",
                "firmware_revision", "firmware_version", "model", "transport_mode",
                "lockup_detected", "hba_kernel_version", "hba_bios_version",
            ]
        ),
        (
            "fc_host",
            [
                "node_name", "port_name", "port_id", "port_type", "port_state", "speed",
                "supported_speeds", "fabric_name", "maxframe_size", "symbolic_name",
                "dev_loss_tmo", "npiv_vports_inuse", "max_npiv_vports", "tgtid_bind_type",
            ]
        ),
        (
            "fc_remote_ports",
            [
                "node_name", "port_name", "port_id", "port_state", "roles", "scsi_target_id",
                "dev_loss_tmo", "fast_io_fail_tmo", "maxframe_size",
            ]
        ),
        (
            "sas_phy",
            [
                "device_type", "sas_address", "phy_identifier", "negotiated_linkrate",
                "minimum_linkrate", "maximum_linkrate", "minimum_linkrate_hw",
                "maximum_linkrate_hw", "initiator_port_protocols", "target_port_protocols",
            ]
        ),
        ("sas_port", ["num_phys"]),
        (
            "sas_device",
            [
                "device_type", "sas_address", "phy_identifier", "scsi_target_id",
                "initiator_port_protocols", "target_port_protocols",
            ]
        ),
        (
            "sas_expander",
            [
                "vendor_id", "product_id", "product_rev", "component_vendor_id", "component_id",
                "component_revision_id", "level",
            ]
        ),
        ("ata_port", ["nr_pmp_links", "idle_irq", "port_no"]),
        ("ata_link", ["sata_spd", "sata_spd_limit", "hw_sata_spd_limit"]),
        (
            "ata_device",
            ["class", "pio_mode", "dma_mode", "xfer_mode", "spdn_cnt", "ering", "trim"]
        ),
    ]

    private let root: RootedTree
    private var reader = AttributeReader()
    private(set) var document = SCSISysfsDocument()

    /// A reader of the sysfs below `root`.
    init(_ root: RootedTree) { self.root = root }

    /// Reads all of it, and sends it as `scsi-devices.json`; nothing where there is no SCSI.
    ///
    /// - Returns: the faults that it shows.
    static func send(
        in context: CollectionContext, into sink: any CollectionSink
    ) throws -> [Finding] {
        var sysfs = SCSISysfs(context.root)
        sysfs.readAll()
        let document = sysfs.document
        guard !document.devices.isEmpty || !document.objects.isEmpty else {
            try sink.absent("SCSI devices", why: "/sys/class/scsi_device and scsi_host are empty")
            return []
        }
        try sink.sendJSON(
            "scsi-devices.json", document, source: "/sys/class/scsi_device", privacy: .identity)
        return SCSISysfsFindings.findings(document)
    }

    /// Reads all devices and objects.
    mutating func readAll() {
        document.devices = names(of: "scsi_device").compactMap { device($0) }
        for (name, attributes) in Self.classes {
            for object in names(of: name) {
                guard let folder = try? root.directory(FilePath("/sys/class/\(name)/\(object)"))
                else { continue }
                var found = [String: String]()
                reader.add(attributes, of: folder, to: &found)
                document.objects.append(
                    .init(
                        kind: name, name: UntrustedText.escapingControls(object),
                        attributes: found))
            }
        }
    }

    private func names(of name: String) -> [String] {
        guard let folder = try? root.directory(FilePath("/sys/class/\(name)")),
            let entries = try? folder.entries(limit: Self.limit)
        else { return [] }
        return entries.map(\.name.string).sorted(by: NaturalOrder.precedes)
    }

    private mutating func device(_ address: String) -> SCSISysfsDocument.Device? {
        guard let folder = SCSITarget.folder(of: address, in: root) else { return nil }
        var attributes = [String: String]()
        reader.add(Self.deviceAttributes, of: folder, to: &attributes)
        var counters = [String: UInt64]()
        for name in Self.deviceCounters {
            guard let text = reader.text(name, of: folder), let count = Self.number(text) else {
                continue
            }
            counters[name] = count
        }
        let serial = (try? folder.attribute("vpd_pg80")).flatMap {
            try? SCSIUnitSerialNumber(parsing: $0.span)
        }
        let identification = (try? folder.attribute("vpd_pg83")).flatMap {
            try? SCSIDeviceIdentification(parsing: $0.span)
        }
        return SCSISysfsDocument.Device(
            address: address, block: SCSIProbe.first("block", of: folder),
            generic: SCSIProbe.first("scsi_generic", of: folder),
            type: reader.text("type", of: folder).flatMap(Self.number),
            vendor: reader.text("vendor", of: folder), model: reader.text("model", of: folder),
            revision: reader.text("rev", of: folder), state: reader.text("state", of: folder),
            serialNumber: serial?.serialNumber, worldWideName: identification?.worldWideName,
            designators: identification?.designators, enclosureSlots: slots(of: folder),
            attributes: attributes, counters: counters)
    }

    /// The names of the slots, from the links that the enclosure driver made.
    private func slots(of folder: Directory) -> [String]? {
        let prefix = "enclosure_device:"
        let slots = (try? folder.entries(limit: 10_000))?.map(\.name.string)
            .filter { $0.hasPrefix(prefix) }
            .map { UntrustedText.escapingControls(String($0.dropFirst(prefix.utf8.count))) }
        return slots?.isEmpty == false ? slots : nil
    }

    /// A number as the kernel writes it, decimal or with `0x`.
    static func number(_ text: String) -> UInt64? {
        text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
}
