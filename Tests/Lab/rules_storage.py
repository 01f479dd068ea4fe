"""What the storage tools say, and where it stands in the program's documents.

One line is one field: the tool's name of it, our record, the path in that, the form of both,
and why a difference is no fault.
"""

import re

import rules_content
import rules_nvme
import rules_scsi
import rules_volumes
from compare import Rule, Table, hexadecimal, lower, members, number, text, truth_value
from finders import (SECTOR, any_volume, attribute, carried, chosen, device, file_system, health,
                     kind, mount, node, physical_names, plain_type, queue, sectors, space_of,
                     state_of, swap, volume_of, whole, whole_node)
from rows_storage import (blkid, block_devices, dm_information, dm_tables, logical_volumes,
                          md_arrays, md_members, md_states, mounts, multipath_maps,
                          multipath_paths, namespaces, nvme_controllers, nvme_paths,
                          partitions, partition_tables, physical_volumes, real_mounts, smart,
                          swaps, volume_groups)

MOVES = "it moves between two readings"
SERIALS = "serial|scsi/serial|metadata/serial|ID_SCSI_SERIAL|ID_SERIAL_SHORT"

GRAPH = [
    Table("lsblk", block_devices, 34, [
        Rule("name", node, "name"),
        Rule("maj:min", node, attribute("dev")),
        Rule("size", node, "byteCount", number),
        Rule("type", node, "kind", text, theirs=kind),
        Rule("ro", node, attribute("ro"), truth_value),
        Rule("rm", whole_node, attribute("removable"), truth_value),
        Rule("serial", node, attribute(SERIALS)),
        Rule("wwn", node, attribute("ID_WWN_WITH_EXTENSION|ID_WWN|wwid"), lower),
        Rule("model", node, attribute("model")),
        Rule("rev", node, attribute("rev|firmware_rev")),
        Rule("vendor", node, attribute("vendor|ID_VENDOR"), allowed=lambda key, row, found:
             "lsblk shows the PCI vendor of a virtio disk, which is a fact of the node above"
             if row["vendor"] == "0x1af4" else None),
        Rule("state", node, state_of),
        Rule("hctl", node, attribute("scsi_address")),
        Rule("start", node, attribute("start"), number),
        Rule("fstype", node, attribute("ID_FS_TYPE")),
        Rule("fsver", node, attribute("ID_FS_VERSION")),
        Rule("label", node, attribute("ID_FS_LABEL")),
        Rule("uuid", node, attribute("ID_FS_UUID")),
        Rule("pttype", node, attribute("ID_PART_TABLE_TYPE")),
        Rule("ptuuid", node, attribute("ID_PART_TABLE_UUID")),
        Rule("parttype", node, attribute("ID_PART_ENTRY_TYPE")),
        Rule("partuuid", node, attribute("ID_PART_ENTRY_UUID")),
        Rule("partlabel", node, attribute("ID_PART_ENTRY_NAME|PARTNAME")),
        Rule("parents", physical_names, "", members),
        Rule("mountpoints", carried, "mounts", members),
        Rule("fssize", health, "byteCount", number),
        Rule("fsused", health, lambda facts: facts and
             facts["byteCount"] - facts["freeByteCount"], number, allowed=MOVES),
        Rule("fsavail", health, "availableByteCount", number, allowed=MOVES),
        Rule("rota", whole, queue("rotational"), truth_value),
        Rule("rand", whole, queue("add_random"), truth_value),
        Rule("sched", whole, queue("scheduler"), chosen, theirs=text),
        Rule("log-sec", whole, queue("logical_block_size"), number),
        Rule("phy-sec", whole, queue("physical_block_size"), number),
        Rule("min-io", whole, queue("minimum_io_size"), number),
        Rule("opt-io", whole, queue("optimal_io_size"), number),
        Rule("ra", whole, queue("read_ahead_kb"), number),
        Rule("rq-size", whole, queue("nr_requests"), number),
        Rule("disc-gran", whole, queue("discard_granularity"), number),
        Rule("disc-max", whole, queue("discard_max_bytes"), number),
        Rule("zoned", whole, queue("zoned")),
        Rule("wsame", whole, queue("write_same_max_bytes"), number),
        Rule("alignment", device, "attributes/alignment_offset", number),
        Rule("disc-aln", device, "attributes/discard_alignment", number),
    ]),
    Table("findmnt", real_mounts, 14, [
        Rule("target", mount, "name"),
        Rule("id", mount, attribute("mountID"), number),
        Rule("parent", mount, attribute("parentID"), number),
        Rule("fsroot", mount, attribute("root")),
        Rule("vfs-options", mount, attribute("options"), members),
        Rule("fs-options", file_system, attribute("options"), members),
        Rule("fstype", file_system, attribute("type")),
        Rule("maj:min", file_system, attribute("dev")),
        Rule("plain-source", file_system, attribute("source")),
        Rule("size", health, "byteCount", number),
        Rule("used", health, lambda facts: facts and
             facts["byteCount"] - facts["freeByteCount"], number, allowed=MOVES),
        Rule("avail", health, "availableByteCount", number, allowed=MOVES),
    ]),
    Table("mountinfo", mounts, 20, [
        Rule("place", mount, "name"),
        Rule("parent", mount, attribute("parentID"), number),
        Rule("options", mount, attribute("options"), members),
    ]),
    Table("swapon", swaps, 1, [
        Rule("size", swap, "byteCount", number),
        Rule("used", swap, attribute("usedByteCount"), number, allowed=MOVES),
        Rule("priority", swap, attribute("priority"), number),
        Rule("type", swap, attribute("type")),
    ]),
    Table("mdadm --detail", md_arrays, 2, [
        Rule("MD_LEVEL", node, attribute("md/level")),
        Rule("MD_DEVICES", node, attribute("md/raid_disks"), number),
        Rule("MD_METADATA", node, attribute("md/metadata_version")),
        Rule("MD_UUID", node, attribute("md/uuid|MD_UUID"), hexadecimal),
        Rule("MD_NAME", node, attribute("MD_NAME")),
        Rule("members", physical_names, "", members),
    ]),
    Table("mdadm --examine", md_members, 5, [
        Rule("MD_UUID", node, attribute("ID_FS_UUID"), hexadecimal),
        Rule("MD_NAME", node, attribute("ID_FS_LABEL")),
    ]),
    Table("/proc/mdstat", md_states, 2, [
        Rule("level", node, attribute("md/level")),
        Rule("missing", node, attribute("md/degraded"), number),
        Rule("byteCount", node, "byteCount", number),
        Rule("members", physical_names, "", members),
    ]),
    Table("lvs", logical_volumes, 6, [
        Rule("lv_size", space_of, "byteCount", number),
        Rule("lv_name", volume_of, attribute("DM_LV_NAME")),
        Rule("vg_and_lv_uuid", volume_of, attribute("dm/uuid"),
             lambda value: value and re.sub(r"^LVM-|-(real|cow|pool|tpool|tdata|tmeta)$", "",
                                            value), theirs=text),
        Rule("lv_suspended", volume_of, attribute("dm/suspended"), truth_value),
        Rule("permissions", volume_of, attribute("ro"), truth_value, allowed=lambda key, *_:
             "lvm shows what may be done with a pool, the kernel that its own volume is read-only"
             if key == "vglab/pool" else None),
    ]),
    Table("vgs", volume_groups, 1, [
        Rule("vg_name", any_volume, attribute("DM_VG_NAME")),
        Rule("vg_uuid", any_volume, attribute("dm/uuid"), lambda value: value and value[4:36],
             theirs=lambda value: value.replace("-", "")),
    ]),
    Table("pvs", physical_volumes, 1, [
        Rule("pv_uuid", node, attribute("ID_FS_UUID")),
        Rule("dev_size", node, "byteCount", number),
        Rule("maj:min", node, attribute("dev")),
    ]),
    Table("dmsetup table", dm_tables, 11, [
        Rule("byteCount", node, "byteCount", number),
        Rule("below", physical_names, "", members),
    ]),
    Table("dmsetup info", dm_information, 11, [
        Rule("name", node, "name"),
        Rule("uuid", node, attribute("dm/uuid")),
        Rule("maj:min", node, attribute("dev")),
        Rule("suspended", node, attribute("dm/suspended"), truth_value),
        Rule("readonly", node, attribute("ro"), truth_value),
    ]),
    Table("multipath -ll", multipath_maps, 1, [
        Rule("name", node, "name"),
        Rule("uuid", node, attribute("dm/uuid")),
        Rule("paths", physical_names, "", members),
    ]),
    Table("multipath -ll", multipath_paths, 2, [
        Rule("hctl", node, attribute("scsi_address")),
        Rule("maj:min", node, attribute("dev")),
        Rule("online", node, attribute("state")),
    ]),
    Table("nvme id-ctrl", nvme_controllers, 3, [
        Rule("sn", node, attribute("serial")),
        Rule("mn", node, attribute("model")),
        Rule("fr", node, attribute("firmware_rev")),
        Rule("cntlid", node, attribute("cntlid"), number),
        Rule("subnqn", node, attribute("subsysnqn")),
    ]),
    Table("nvme id-ns", namespaces, 3, [
        Rule("byteCount", node, "byteCount", number),
        Rule("blockByteCount", device, queue("logical_block_size"), number),
    ]),
    Table("nvme list-subsys", nvme_paths, 3, [
        Rule("NQN", node, attribute("subsysnqn")),
        Rule("State", node, attribute("state")),
        Rule("Transport", node, attribute("transport")),
        Rule("Address", node, attribute("path"), lambda value: value and value.split("/")[-3],
             theirs=text),
    ]),
    Table("smartctl", smart, 15, [
        Rule("model", node, attribute("model")),
        Rule("serial_number", node, attribute(SERIALS)),
        Rule("firmware", node, attribute("rev|firmware_rev")),
        Rule("byteCount", node, "byteCount", number),
        Rule("logical_block_size", device, queue("logical_block_size"), number),
        Rule("physical_block_size", device, queue("physical_block_size"), number),
        Rule("logical_unit_id", node, attribute("ID_WWN_WITH_EXTENSION|wwid"), hexadecimal),
    ]),
    Table("blkid -p", blkid, 20, [
        Rule("TYPE", node, attribute("ID_FS_TYPE")),
        Rule("UUID", node, attribute("ID_FS_UUID")),
        Rule("LABEL", node, attribute("ID_FS_LABEL")),
        Rule("VERSION", node, attribute("ID_FS_VERSION")),
        Rule("USAGE", node, attribute("ID_FS_USAGE")),
        Rule("PTTYPE", node, attribute("ID_PART_TABLE_TYPE")),
        Rule("PTUUID", node, attribute("ID_PART_TABLE_UUID")),
        Rule("PART_ENTRY_UUID", node, attribute("ID_PART_ENTRY_UUID")),
        Rule("PART_ENTRY_TYPE", node, attribute("ID_PART_ENTRY_TYPE")),
        Rule("PART_ENTRY_NAME", node, attribute("ID_PART_ENTRY_NAME|PARTNAME")),
        Rule("PART_ENTRY_NUMBER", node, attribute("partition"), number),
        Rule("PART_ENTRY_OFFSET", node, attribute("start"), number),
        Rule("PART_ENTRY_SIZE", node, "byteCount", number, theirs=sectors,
             allowed=lambda key, row, found: "the kernel gives an extended partition two sectors"
             if found == 2 * SECTOR else None),
    ]),
    Table("sfdisk: tables", partition_tables, 3, [
        Rule("label", node, attribute("ID_PART_TABLE_TYPE")),
        Rule("id", node, attribute("ID_PART_TABLE_UUID"), lambda value: value and
             lower(value).removeprefix("0x")),
    ]),
    Table("sfdisk: partitions", partitions, 6, [
        Rule("start", node, attribute("start"), number),
        Rule("size", node, "byteCount", number, theirs=sectors,
             allowed=lambda key, row, found: "the kernel gives an extended partition two sectors"
             if found == 2 * SECTOR else None),
        Rule("type", node, attribute("ID_PART_ENTRY_TYPE"), plain_type),
        Rule("uuid", node, attribute("ID_PART_ENTRY_UUID"), lower),
        Rule("name", node, attribute("ID_PART_ENTRY_NAME|PARTNAME")),
    ]),
]

TABLES = GRAPH + rules_nvme.TABLES + rules_scsi.TABLES + rules_volumes.TABLES + \
    rules_content.TABLES
