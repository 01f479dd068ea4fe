"""What mdadm, lvm, dmsetup and multipath say beyond names and sizes, and where we have it."""

from compare import Rule, Table, hexadecimal, members, number, text, truth_value
from rows_storage import (dm_information, dm_targets, logical_volumes, md_arrays, md_members,
                          md_states, multipath_paths, physical_volumes, volume_groups)

MD, LVM, MAPPER, METADATA = ("storage/md/", "storage/lvm.json", "storage/device-mapper/",
                             "storage/metadata/")


def array(ours, key, row):
    """The document of an array."""
    return ours.document(MD + key + ".json")


def member(ours, key, row):
    """The superblock on a member."""
    return (ours.document(METADATA + key + ".json") or {}).get("raidSuperblock")


def _of_lvm(ours, kind, name):
    for one in (ours.document(LVM) or {}).get(kind, []):
        if name in (one.get("name"), one.get("device"), one.get("id")):
            return one
    return None


def group(ours, key, row):
    """A volume group."""
    return _of_lvm(ours, "volumeGroups", key)


def physical(ours, key, row):
    """A physical volume, by its identifier."""
    return _of_lvm(ours, "physicalVolumes", row["pv_uuid"])


def volume(ours, key, row):
    """A logical volume, by its identifier."""
    return _of_lvm(ours, "logicalVolumes", row["lv_uuid"])


def mapped(ours, key, row):
    """A device-mapper device."""
    return ours.mapped(key)


def target(ours, key, row):
    """One target of a device-mapper device."""
    name, _, index = key.rpartition(" ")
    targets = (ours.mapped(name) or {}).get("targets", [])
    return targets[int(index)] if int(index) < len(targets) else None


def path(ours, key, row):
    """A path of dm-multipath, by major:minor."""
    for node in ours.of_kind("multipath"):
        for one in (ours.mapped(node["name"]) or {}).get("targets", []):
            for set_of in ((one.get("status") or {}).get("multipath") or {}).get("groups", []):
                for found in set_of.get("paths", []):
                    if found.get("device") == row["maj:min"]:
                        return found
    return None


def word_of_path(value):
    """`A` of the kernel is `active` of multipath."""
    return {"A": "active", "F": "failed"}.get(value, value)


TABLES = [
    Table("mdadm --detail", md_arrays, 2, [
        Rule("MD_LEVEL", array, "level", text),
        Rule("MD_DEVICES", array, "memberCount", number),
        Rule("MD_METADATA", array, "metadataVersion", text),
        Rule("MD_UUID", array, "uuid", hexadecimal),
        Rule("members", array, lambda found: [one["name"] for one in found["members"]]
             if found else None, members),
        Rule("roles", array, lambda found: ["%s=%s" % (one["name"], one.get("slot"))
                                            for one in found["members"]] if found else None,
             members),
    ], MD),
    Table("/proc/mdstat", md_states, 2, [
        Rule("level", array, "level", text),
        Rule("missing", array, "degradedCount", number),
    ], MD),
    Table("mdadm --examine", md_members, 5, [
        Rule("MD_LEVEL", member, "level", text),
        Rule("MD_DEVICES", member, "raidDisks", number),
        Rule("MD_NAME", member, "arrayName", text),
        Rule("MD_UUID", member, "arrayUUID", hexadecimal),
        Rule("MD_DEV_UUID", member, "deviceUUID", hexadecimal),
        Rule("MD_EVENTS", member, "events", number,
             allowed="an array in use counts an event whenever it goes from clean to active"),
    ], METADATA),
    Table("vgs", volume_groups, 1, [
        Rule("vg_name", group, "name", text),
        Rule("vg_uuid", group, "id", text),
        Rule("vg_seqno", group, "seqno", number),
        Rule("vg_size", group, "byteCount", number),
        Rule("vg_free", group, "freeByteCount", number),
        Rule("vg_extent_size", group, "extentByteCount", number),
        Rule("vg_extent_count", group, "extentCount", number),
        Rule("vg_free_count", group, "freeExtentCount", number),
        Rule("max_lv", group, "maximumLogicalVolumes", number),
        Rule("max_pv", group, "maximumPhysicalVolumes", number),
        Rule("pv_count", group, "physicalVolumeCount", number),
        Rule("vg_missing_pv_count", group, "missingPhysicalVolumeCount", number),
        Rule("lv_count", group, "logicalVolumeCount", number),
        Rule("snap_count", group, "snapshotCount", number),
    ], LVM),
    Table("pvs", physical_volumes, 1, [
        Rule("pv_uuid", physical, "id", text),
        Rule("dev_size", physical, "deviceByteCount", number),
        Rule("pv_size", physical, "byteCount", number),
        Rule("pv_free", physical, "freeByteCount", number),
        Rule("pv_used", physical, "usedByteCount", number),
        Rule("pe_start", physical, "firstExtentOffset", number),
        Rule("pv_pe_count", physical, "extentCount", number),
        Rule("pv_pe_alloc_count", physical, "usedExtentCount", number),
    ], LVM),
    Table("lvs", logical_volumes, 6, [
        Rule("lv_name", volume, "name", text),
        Rule("lv_uuid", volume, "id", text),
        Rule("lv_size", volume, "byteCount", number, allowed=lambda key, row, found:
             "of a snapshot lvm shows the size of what holds its changes"
             if row.get("origin") and row.get("segtype") == "linear" else None),
        Rule("origin", volume, "origin", text),
        Rule("pool_lv", volume, "pool", text),
        Rule("lv_host", volume, "creationHost", text),
    ], LVM),
    Table("dmsetup info", dm_information, 11, [
        Rule("name", mapped, "name", text),
        Rule("uuid", mapped, "uuid", text),
        Rule("maj:min", mapped, "number", text),
        Rule("suspended", mapped, "isSuspended", truth_value),
        Rule("readonly", mapped, "isReadOnly", truth_value),
        Rule("open", mapped, "openCount", number),
        Rule("segments", mapped, "targetCount", number),
    ], MAPPER),
    Table("dmsetup table", dm_targets, 11, [
        Rule("start", target, "startSector", number),
        Rule("length", target, "sectorCount", number),
        Rule("type", target, "type", text),
        Rule("table", target, "tableText", text, allowed=lambda key, row, found:
             "the name of a key in the kernel's keyring is masked"
             if row["type"] == "crypt" else None),
        Rule("thinPoolDevices", target, lambda found: found and [
            found["table"]["thinPool"]["metadataDevice"],
            found["table"]["thinPool"]["dataDevice"]], members),
        Rule("status", target, "statusText", text, allowed=lambda key, row, found:
             "a volume in use moves" if row["type"] in ("thin", "thin-pool", "snapshot")
             else None),
    ], MAPPER),
    Table("multipath -ll", multipath_paths, 2, [
        Rule("dm_state", path, "state", word_of_path),
    ], MAPPER),
]
