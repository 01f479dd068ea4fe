"""What stands on the devices by the tools that read it, and in `storage/metadata/`."""

import re

from compare import Rule, Table, hexadecimal, lower, number, text
from finders import plain_type
from rows_storage import (blkid, btrfs_superblocks, encryption, ext_superblocks,
                          partition_tables, partitions, xfs_superblocks)

FOLDER, KERNEL = "storage/metadata/", "storage/file-systems.json"


def metadata(ours, key, row):
    """The document of a device; the kernel's name of a mapped one is in the graph."""
    document = ours.document(FOLDER + key + ".json")
    if document is None:
        node = ours.node(key) or {}
        # The paths of a multipath map are not read one by one, but through it.
        node = next(iter(ours.children(node, "multipath")), node)
        if node.get("kind") in ("logicalVolume", "crypt", "multipath", "mapped"):
            minor = node["attributes"].get("dev", "").rpartition(":")[2]
            document = ours.document(FOLDER + "dm-" + minor + ".json")
    return document


def content(ours, key, row):
    """The file system on a device."""
    return (metadata(ours, key, row) or {}).get("fileSystem")


def ext(ours, key, row):
    """An ext superblock."""
    return (content(ours, key, row) or {}).get("ext")


def mounted_ext(ours, key, row):
    """What the kernel counts of a mounted ext4, by the name of its device."""
    name = (ours.device(key) or {}).get("name", key)
    for one in (ours.document(KERNEL) or {}).get("ext4", []):
        if one.get("device") == name:
            return one
    return None


def xfs(ours, key, row):
    """An XFS superblock."""
    return (content(ours, key, row) or {}).get("xfs")


def btrfs(ours, key, row):
    """A btrfs superblock."""
    return (content(ours, key, row) or {}).get("btrfs")


def luks(ours, key, row):
    """A LUKS header."""
    return (metadata(ours, key, row) or {}).get("encryption")


def table(ours, key, row):
    """A partition table."""
    return (metadata(ours, key, row) or {}).get("partitionTable")


def partition(ours, key, row):
    """A partition, by number, in the table of its disk."""
    for one in (table(ours, row["disk"], row) or {}).get("partitions", []):
        if one.get("number") == row["number"]:
            return one
    return None


TABLES = [
    Table("sfdisk: tables", partition_tables, 3, [
        Rule("label", table, "label", text),
        Rule("id", table, "id", hexadecimal),
        Rule("firstlba", table, "firstlba", number),
        Rule("lastlba", table, "lastlba", number),
        Rule("sectorsize", table, "sectorsize", number),
    ], FOLDER),
    Table("sfdisk: partitions", partitions, 6, [
        Rule("start", partition, "start", number),
        Rule("size", partition, "size", number),
        Rule("type", partition, "type", plain_type),
        Rule("uuid", partition, "uuid", lower),
        Rule("name", partition, "name", text),
    ], FOLDER),
    Table("blkid -p: file systems", lambda truth: [
        (key, row) for key, row in blkid(truth) if row.get("USAGE") == "filesystem"], 10, [
        Rule("TYPE", content, "type", text),
        Rule("UUID", content, "uuid", lower),
        Rule("LABEL", content, "label", text),
        Rule("UUID_SUB", content, "deviceUUID", lower),
    ], FOLDER),
    Table("dumpe2fs -h", ext_superblocks, 6, [
        Rule("Filesystem UUID", ext, "uuid", lower),
        Rule("Filesystem volume name", ext, "label", text),
        Rule("Inode count", ext, "inodeCount", number),
        Rule("Block count", ext, "blockCount", number),
        Rule("Reserved block count", ext, "reservedBlockCount", number),
        Rule("Block size", ext, "blockByteCount", number),
        Rule("Blocks per group", ext, "blocksPerGroup", number),
        Rule("Inode size", ext, "inodeByteCount", number),
        Rule("Filesystem features", ext, "features", lambda value: sorted(
            value.split() if isinstance(value, str) else value or [])),
        Rule("Mount count", ext, "mountCount", number),
        Rule("Errors behavior", ext, "errorsBehavior", lambda value: value and re.sub(
            r"[^a-z]", "", value.lower()).replace("remountreadonly", "remountro")),
        Rule("FS Error count", ext, "errorCount", number),
        Rule("First error function", ext, "firstError/function", text),
        Rule("First error line #", ext, "firstError/line", number),
        Rule("Last error function", ext, "lastError/function", text),
        Rule("Last error line #", ext, "lastError/line", number),
        Rule("Last error inode #", ext, "lastError/inode", number),
    ], FOLDER),
    Table("dumpe2fs -h: errors", lambda truth: [
        (key, row) for key, row in ext_superblocks(truth) if "FS Error count" in row], 1, [
        Rule("FS Error count", mounted_ext, "errorCount", number),
        Rule("First error function", mounted_ext, "firstError/function", text),
        Rule("First error line #", mounted_ext, "firstError/line", number),
        Rule("Last error function", mounted_ext, "lastError/function", text),
        Rule("Last error line #", mounted_ext, "lastError/line", number),
        Rule("Last error inode #", mounted_ext, "lastError/inode", number),
    ], KERNEL),
    Table("xfs_info", xfs_superblocks, 1, [
        Rule("agcount", xfs, "allocationGroupCount", number),
        Rule("agsize", xfs, "allocationGroupBlockCount", number),
        Rule("isize", xfs, "inodeByteCount", number),
        Rule("blocks", xfs, "dataBlockCount", number),
        Rule("bsize", xfs, "blockByteCount", number),
        Rule("logblocks", xfs, "logBlockCount", number),
    ], FOLDER),
    Table("btrfs dump-super", btrfs_superblocks, 2, [
        Rule("fsid", btrfs, "uuid", lower),
        Rule("label", btrfs, "label", text),
        Rule("total_bytes", btrfs, "totalByteCount", number),
        Rule("num_devices", btrfs, "deviceCount", number),
        Rule("sectorsize", btrfs, "sectorByteCount", number),
        Rule("nodesize", btrfs, "nodeByteCount", number),
        Rule("dev_item.devid", btrfs, "deviceID", number),
        Rule("dev_item.uuid", btrfs, "deviceUUID", lower),
        Rule("dev_item.total_bytes", btrfs, "deviceByteCount", number),
    ], FOLDER),
    Table("cryptsetup", encryption, 1, [
        Rule("uuid", luks, "primary/uuid|luks1/uuid", lower),
        Rule("keyslots", luks, lambda found: found and len(
            (found.get("metadata") or {}).get("keyslots", {})), number),
        Rule("segments", luks, lambda found: found and len(
            (found.get("metadata") or {}).get("segments", {})), number),
        Rule("encryption", luks, lambda found: found and next(iter(
            (found.get("metadata") or {}).get("segments", {}).values()), {}).get("encryption"),
             text),
    ], FOLDER),
]
