"""Where the program has what a storage tool says: our records by the tools' names, and forms."""

import re

from compare import lower, text

SECTOR = 512


# --- records of ours ------------------------------------------------------------------------

def node(ours, key, row):
    """The node of a block device, by its number where the tool gives it, else by its name."""
    return (row.get("maj:min") and ours.node(row["maj:min"])) or ours.node(key)


def device(ours, key, row):
    """A block device in `devices.jsonl`."""
    return ours.device(row.get("kname", key))


def whole(ours, key, row):
    """The same, of a partition its disk: lsblk shows a disk's queue on its partitions too."""
    return ours.device(row["pkname"] if row.get("type") == "part" else row["kname"])


def whole_node(ours, key, row):
    """The node of a device, of a partition that of its disk."""
    return ours.node(row["pkname"]) if row.get("type") == "part" else node(ours, key, row)


def health(ours, key, row):
    """The facts of a mount's probe."""
    place = row.get("target") or row.get("mountpoint")
    for probe in (ours.document("storage/mount-health.json") or {}).get("probes", []):
        if probe.get("target") == place:
            return probe.get("facts")
    return None


def mount(ours, key, row):
    """The node of a mount."""
    return ours.mount(row["id"])


def file_system(ours, key, row):
    """The node of a mount's file system."""
    found = ours.parents(ours.mount(row["id"]), "fileSystem")
    return found[0] if found else None


def below(ours, node):
    """The names of what a node stands on; a volume group is no block device."""
    return [one["name"] for one in ours.parents(node) if one["kind"] != "volumeGroup"]


def carried(ours, key, row):
    """What stands on a device."""
    found = node(ours, key, row)
    kinds = ("fileSystem", "swap")
    if not found:
        return None
    standing = ours.children(found, *kinds)
    return {"below": below(ours, found),
            "mounts": [place["name"] for one in standing for place in
                       ours.children(one, "mount")] + ["[SWAP]" for one in standing
                                                       if one["kind"] == "swap"
                                                       and one["attributes"].get("active")]}


def physical_names(ours, key, row):
    """The nodes that a device stands on, by name."""
    found = node(ours, key, row)
    return below(ours, found) if found else None


def swap(ours, key, row):
    """The node of a swap area."""
    for one in ours.of_kind("swap"):
        if one["name"] == key:
            return one
    return None


def volume_of(ours, key, row):
    """The node of a logical volume, by its path below /dev/mapper."""
    return ours.node(row["dm_name"])


def space_of(ours, key, row):
    """The same; of a snapshot the volume that holds its changes, whose size lvm shows."""
    return ours.node(row["dm_name"] + "-cow") or ours.node(row["dm_name"])


def any_volume(ours, key, row):
    """The first logical volume of a group."""
    for one in ours.of_kind("logicalVolume"):
        if one["attributes"].get("DM_VG_NAME") == key:
            return one
    return None


# --- forms ----------------------------------------------------------------------------------

def attribute(name):
    """A path to an attribute of a node, or the first of several."""
    return "|".join("attributes/" + one for one in name.split("|"))


def queue(name):
    """A path to an attribute of a device's queue."""
    return "attributes/queue/" + name


def chosen(value):
    """The scheduler in brackets, or the only word."""
    match = re.search(r"\[([^\]]*)\]", value or "")
    return match[1] if match else text(value)


KINDS = {"disk": "disk", "part": "partition", "crypt": "crypt", "lvm": "logicalVolume",
         "mpath": "multipath"}


def kind(value):
    """lsblk's type in our words."""
    return "array" if str(value).startswith("raid") else KINDS.get(value, value)


def dm_state(value):
    """Suspended or not: lsblk's word of a dm device, our boolean."""
    if isinstance(value, bool):
        return "suspended" if value else "running"
    return text(value)


def state_of(found):
    """The state of a node in lsblk's words."""
    attributes = (found or {}).get("attributes", {})
    if "dm/suspended" in attributes:
        return dm_state(attributes["dm/suspended"])
    return attributes.get("state")


def sectors(value):
    """Sectors of 512 bytes to bytes."""
    return None if value in (None, "") else int(value) * SECTOR


def plain_type(value):
    """A partition type: `0x0c` and `c` are the same."""
    words = lower(value)
    return words if words is None or "-" in words else words.removeprefix("0x").lstrip("0")
