/// The attributes of sysfs that are known to answer from the kernel's memory, by folder.
///
/// Not among them, because reading them asks the device: `serial` and `cache_type` of a virtio disk
/// (a request on its queue), `nuse` of an NVMe namespace (Identify). Nor those that wait for a lock
/// that is held while a device is reset: `product` and `manufacturer` of a USB device, `address` of
/// an NVMe controller over TCP. Source: drivers/block/virtio_blk.c, drivers/nvme/host/{sysfs,tcp}.c
/// and drivers/usb/core/sysfs.c of Linux 6.12.
enum DeviceAttributeNames {
    /// Of a disk or partition; what the graph needs.
    static let identity = ["dev", "size", "ro", "removable", "hidden", "diskseq", "wwid", "nsid"]
    /// Of a hidden path of a namespace: whether the controller serves it, asymmetric access.
    /// Source: `ana_state_show`, drivers/nvme/host/multipath.c of Linux 6.12.
    static let hiddenPath = ["ana_state"]
    /// Of a partition; what the graph needs.
    static let partition = ["dev", "size", "ro", "partition", "start"]
    /// Of the device that a disk is, one folder above it.
    static let parent = [
        "vendor", "model", "rev", "state", "wwid", "serial", "firmware_rev", "type", "transport",
        "subsysnqn", "name", "cid", "access_state", "dh_state",
    ]
    /// Of the folders inside a disk's.
    static let folders: [(name: String, attributes: [String])] = [
        ("dm", ["name", "uuid", "suspended"]),
        ("loop", ["backing_file", "offset", "sizelimit", "autoclear", "partscan", "dio"]),
        (
            "md",
            [
                "level", "array_state", "degraded", "raid_disks", "metadata_version", "uuid",
                "sync_action", "consistency_policy", "mismatch_cnt",
            ]
        ),
    ]
    /// Of a zram disk.
    static let zram = ["disksize", "comp_algorithm", "mm_stat", "io_stat", "initstate"]

    /// Of a disk or partition; what `devices.jsonl` has beside that.
    ///
    /// Not `capability`: the kernel logs a warning that it is deprecated. Source:
    /// `disk_capability_show`, block/genhd.c of Linux 6.12.
    static let more = [
        "alignment_offset", "discard_alignment", "ext_range", "inflight", "range",
        "stat", "events", "start", "partition",
    ]
    /// Of a disk's queue, last of all: their lock is held while a queue is frozen, so that a
    /// dead device with a pending change of its scheduler blocks whoever reads them.
    static let queue = [
        "add_random", "atomic_write_max_bytes", "chunk_sectors", "dax", "discard_granularity",
        "discard_max_bytes", "discard_max_hw_bytes", "dma_alignment", "fua", "hw_sector_size",
        "io_poll", "io_timeout", "iostats", "logical_block_size", "max_active_zones",
        "max_discard_segments", "max_hw_sectors_kb", "max_integrity_segments", "max_open_zones",
        "max_sectors_kb", "max_segment_size", "max_segments", "minimum_io_size", "nomerges",
        "nr_requests", "nr_zones", "optimal_io_size", "physical_block_size", "read_ahead_kb",
        "rotational", "rq_affinity", "scheduler", "stable_writes", "virt_boundary_mask",
        "wbt_lat_usec", "write_cache", "write_same_max_bytes", "write_zeroes_max_bytes",
        "zone_append_max_bytes", "zone_write_granularity", "zoned",
    ]

    /// Of a bus device, controller or path, and of the class folder of the same name inside it.
    static func ancestor(_ name: String) -> (own: [String], classFolder: String?, ofClass: [String])
    {
        if name.hasPrefix("host") { return ([], "scsi_host", ["proc_name", "state", "unique_id"]) }
        if name.hasPrefix("nvme") {
            return (
                [
                    "model", "serial", "firmware_rev", "transport", "state", "cntlid", "subsysnqn",
                    "numa_node",
                ], nil, []
            )
        }
        if name.hasPrefix("rport-") {
            return ([], "fc_remote_ports", ["port_name", "node_name", "port_state"])
        }
        if name.hasPrefix("session") { return ([], "iscsi_session", ["targetname", "state"]) }
        if name.hasPrefix("end_device-") || name.hasPrefix("expander-") {
            return ([], "sas_device", ["sas_address"])
        }
        return (
            [
                "vendor", "device", "subsystem_vendor", "subsystem_device", "class", "numa_node",
                "idVendor", "idProduct", "speed",
            ], nil, []
        )
    }
}
