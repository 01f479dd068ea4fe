"""The storage tools' answers as rows: (what it is called, its fields)."""

import re


def _unescaped(words):
    """A path of the mount table: `\\040` is a blank."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), words)


def block_devices(truth):
    """Every device of lsblk once, with the names of what it stands on."""
    found = {}

    def walk(device, above):
        row = found.setdefault(device["name"], {**device, "parents": []})
        row.pop("children", None)
        row["mountpoints"] = [one for one in device.get("mountpoints") or [] if one]
        # The tree shows a device below each of those it stands on, and then all below it again.
        if above and above not in row["parents"]:
            row["parents"].append(above)
        for child in device.get("children", []):
            walk(child, device["name"])
    for device in truth.json("lsblk.json").get("blockdevices", []):
        walk(device, None)
    return list(found.items())


def real_mounts(truth):
    """Every mount of findmnt that is no view of the kernel's state."""
    rows = []

    def walk(entry):
        row = dict(entry)
        row.pop("children", None)
        row["plain-source"] = re.sub(r"\[.*\]$", "", row.get("source") or "")
        rows.append((entry["target"], row))
        for child in entry.get("children", []):
            walk(child)
    for entry in truth.json("findmnt.json").get("filesystems", []):
        walk(entry)
    return rows


def mounts(truth):
    """Every line of the mount table of process 1."""
    rows = []
    for line in truth.text("mountinfo").splitlines():
        words = line.split()
        rows.append((_unescaped(words[4]), {"id": int(words[0]), "parent": int(words[1]),
                                            "place": _unescaped(words[4]),
                                            "options": words[5]}))
    return rows


def swaps(truth):
    """Swap areas in use."""
    return [(words[0], {"type": words[1], "size": int(words[2]), "used": int(words[3]),
                        "priority": int(words[4])})
            for words in map(str.split, truth.text("swapon").splitlines())]


def md_arrays(truth):
    """Arrays, with the names of their members."""
    rows = []
    for name in truth.devices("mdadm-detail"):
        row = truth.pairs("mdadm-detail@" + name)
        devices = {key[:-4]: value.removeprefix("/dev/") for key, value in row.items()
                   if re.fullmatch(r"MD_DEVICE_.*_DEV", key)}
        row["members"] = list(devices.values())
        row["roles"] = ["%s=%s" % (name, row.get(key + "_ROLE"))
                        for key, name in devices.items()]
        rows.append((name, row))
    return rows


def md_members(truth):
    """Members, in an array or not."""
    return [(name, truth.pairs("mdadm-examine@" + name))
            for name in truth.devices("mdadm-examine")]


def md_states(truth):
    """The kernel's own words."""
    rows = []
    for block in re.split(r"\n(?=md)", truth.text("mdstat")):
        head = re.match(r"(md\d+) : (\w+) (?:\([^)]*\) )?(\w+) (.*)\n\s+(\d+) blocks.*"
                        r"\[(\d+)/(\d+)\]", block)
        if head:
            rows.append((head[1], {
                "level": head[3], "byteCount": int(head[5]) * 1024,
                "missing": int(head[6]) - int(head[7]),
                "members": re.findall(r"(\w+)\[\d+\](?!\(F\))", head[4])}))
    return rows


def _report(truth, name, kind):
    reports = truth.json(name + ".json").get("report", [])
    return reports[0].get(kind, []) if reports else []


def logical_volumes(truth):
    """Volumes that are active; the volume group's identifier stands before the volume's."""
    groups = _report(truth, "vgs", "vg")
    prefix = groups[0]["vg_uuid"].replace("-", "") if groups else ""
    rows = []
    for row in _report(truth, "lvs", "lv"):
        if "active" not in row["lv_active"].split():
            continue
        name = row["lv_name"].strip("[]")
        row = {**row, "lv_name": name, "lv_suspended": row["lv_suspended"] != "",
               "permissions": row["lv_permissions"] == "read-only",
               "dm_name": re.sub(r"[][]", "", row["lv_dm_path"]).rsplit("/", 1)[-1],
               "vg_and_lv_uuid": prefix + row["lv_uuid"].replace("-", "")}
        rows.append((row["lv_full_name"].replace("[", "").replace("]", ""), row))
    return rows


def volume_groups(truth):
    """Volume groups."""
    return [(row["vg_name"], row) for row in _report(truth, "vgs", "vg")]


def physical_volumes(truth):
    """Physical volumes."""
    return [(row["pv_name"].removeprefix("/dev/"),
             {**row, "maj:min": "%s:%s" % (row["pv_major"], row["pv_minor"])})
            for row in _report(truth, "pvs", "pv")]


def dm_tables(truth):
    """Device-mapper tables: size, and the devices that the lines name."""
    names = {row["maj:min"]: name for name, row in block_devices(truth)}
    found = {}
    for line in truth.text("dmsetup-table").splitlines():
        name, rest = line.split(": ", 1)
        _, count, target, words = (rest.split(" ", 3) + [""])[:4]
        row = found.setdefault(name, {"byteCount": 0, "targets": [], "below": []})
        row["byteCount"] += int(count) * 512
        row["targets"].append(target)
        row["below"] = sorted(set(row["below"]) | {
            names[one] for one in re.findall(r"(?<![\d:])\d+:\d+(?![\d:])", words)
            if one in names})
    return list(found.items())


def dm_information(truth):
    """Device-mapper devices."""
    rows = []
    for line in truth.text("dmsetup-info").splitlines():
        name, identifier, major, minor, count, segments, suspended, readonly = \
            line.strip().split("|")
        rows.append((name, {"name": name, "uuid": identifier, "maj:min": major + ":" + minor,
                            "open": int(count), "segments": int(segments),
                            "suspended": suspended == "Suspended",
                            "readonly": readonly == "Read-only"}))
    return rows


def multipath_maps(truth):
    """Maps of dm-multipath."""
    rows = []
    for block in re.split(r"\n(?=\S+ \(\S+\) dm-)", truth.text("multipath")):
        head = re.match(r"(\S+) \((\S+)\) (dm-\d+)", block)
        if head:
            rows.append((head[1], {"name": head[1], "uuid": "mpath-" + head[2],
                                   "paths": re.findall(r"\d+:\d+:\d+:\d+ (\w+) ", block)}))
    return rows


def multipath_paths(truth):
    """Paths of dm-multipath."""
    return [(name, {"hctl": address, "maj:min": device, "dm_state": dm_state,
                    "checker": checker, "online": online})
            for address, name, device, dm_state, checker, online in re.findall(
                r"(\d+:\d+:\d+:\d+) (\w+) +(\d+:\d+) +(\w+) (\w+) (\w+)",
                truth.text("multipath"))]


def nvme_controllers(truth):
    """Identify Controller."""
    return [(name, truth.json("nvme-id-ctrl@" + name))
            for name in truth.devices("nvme-id-ctrl")]


def nvme_health(truth):
    """SMART / Health Information."""
    return [(name, truth.json("nvme-smart-log@" + name))
            for name in truth.devices("nvme-smart-log")]


def namespaces(truth):
    """Identify Namespace, with its size in bytes."""
    rows = []
    for name in truth.devices("nvme-id-ns"):
        row = truth.json("nvme-id-ns@" + name)
        if row:
            block = 1 << row["lbafs"][row["flbas"] & 0xF]["ds"]
            rows.append((name, {**row, "byteCount": row["nsze"] * block,
                                "blockByteCount": block}))
    return rows


def nvme_paths(truth):
    """Controllers below their subsystems."""
    hosts = truth.json("nvme-subsys.json") or []
    return [(path["Name"], {**path, "NQN": subsystem["NQN"]})
            for host in hosts for subsystem in host.get("Subsystems", [])
            for path in subsystem.get("Paths", [])]


def _value(row, *names):
    found = row.get("ata_smart_data", {})
    for name in names:
        found = found.get(name, {})
    return None if found == {} else found


def smart(truth):
    """What smartctl says of each disk that it knows a command set for."""
    rows = []
    for name in truth.devices("smartctl"):
        row = truth.json("smartctl@" + name)
        if "device" not in row or "user_capacity" not in row:
            continue
        rows.append((name, {
            **row, "byteCount": row["user_capacity"]["bytes"],
            "model": row.get("scsi_product") or row.get("model_name"),
            "firmware": row.get("scsi_revision") or row.get("firmware_version"),
            "smart_passed": row.get("smart_status", {}).get("passed"),
            "offline_status": _value(row, "offline_data_collection", "status", "value"),
            "short_minutes": _value(row, "self_test", "polling_minutes", "short"),
            "extended_minutes": _value(row, "self_test", "polling_minutes", "extended")}))
    return rows


def blkid(truth):
    """Signatures of each device that has one."""
    rows = []
    for name in truth.devices("blkid"):
        row = {key: value.replace("\\ ", " ")
               for key, value in truth.pairs("blkid@" + name).items()}
        if row:
            rows.append((name, row))
    return rows


def partition_tables(truth):
    """Partition tables. An empty one is left out: sfdisk takes the boot sector of a FAT for it."""
    found = [(name, truth.json("sfdisk@" + name).get("partitiontable", {}))
             for name in truth.devices("sfdisk")]
    return [(name, table) for name, table in found if table.get("partitions")]


def partitions(truth):
    """Partitions of all tables."""
    rows = []
    for disk, table in partition_tables(truth):
        for row in table.get("partitions", []):
            name = row["node"].removeprefix("/dev/")
            rows.append((name, {**row, "disk": disk,
                                "number": int(re.search(r"\d+$", name)[0])}))
    return rows


def smart_attributes(truth):
    """The SMART attributes of ATA disks."""
    return [("%s/%d" % (name, one["id"]), {
        "id": one["id"], "name": one["name"], "value": one["value"], "worst": one["worst"],
        "thresh": one["thresh"], "raw": one["raw"]["value"]})
            for name, row in smart(truth)
            for one in row.get("ata_smart_attributes", {}).get("table", [])]


def dm_targets(truth):
    """Each line of a device-mapper table, with its line of the status."""
    status = {}
    for line in truth.text("dmsetup-status").splitlines():
        name, rest = line.split(": ", 1)
        status.setdefault(name, []).append((rest.split(" ", 3) + [""])[3].strip())
    rows, seen = [], {}
    for line in truth.text("dmsetup-table").splitlines():
        name, rest = line.split(": ", 1)
        start, count, kind, words = (rest.split(" ", 3) + [""])[:4]
        index = seen[name] = seen.get(name, -1) + 1
        row = {"start": start, "length": count, "type": kind, "table": words,
               "status": status.get(name, [""] * 99)[index]}
        if kind == "thin-pool":
            row["thinPoolDevices"] = words.split()[:2]
        rows.append(("%s %d" % (name, index), row))
    return rows


def ext_superblocks(truth):
    """ext superblocks; a path of a multipath map shows what its own cache held before the mount."""
    paths = {row.get("name", key) for key, row in multipath_paths(truth)} | {
        key for key, row in multipath_paths(truth)}
    return [(name, truth.pairs("dumpe2fs@" + name)) for name in truth.devices("dumpe2fs")
            if name not in paths]


def xfs_superblocks(truth):
    """What xfs_info says of XFS."""
    rows = []
    for name in truth.devices("xfs-info"):
        words = truth.text("xfs-info@" + name)
        row = {key: int(value) for key, value in re.findall(r"(isize|agcount)=(\d+)", words)}
        for field, pattern in (("agsize", r"agsize=(\d+)"),
                               ("bsize", r"data +=\s*bsize=(\d+)"),
                               ("blocks", r"data +=.*?blocks=(\d+)"),
                               ("logblocks", r"log +=.*?blocks=(\d+)")):
            match = re.search(pattern, words)
            if match:
                row[field] = int(match[1])
        rows.append((name, row))
    return rows


def btrfs_superblocks(truth):
    """btrfs superblocks: a name, tabs, a value."""
    return [(name, dict(re.findall(r"^(\S+)\t+(\S+)", truth.text("btrfs@" + name), re.M)))
            for name in truth.devices("btrfs")]


def encryption(truth):
    """LUKS2 headers: identifiers, and how many of what."""
    rows = []
    for name in truth.devices("luks"):
        header = truth.json("luks@" + name)
        rows.append((name, {
            "uuid": truth.text("luks-uuid@" + name).strip(),
            "keyslots": len(header.get("keyslots", {})),
            "segments": len(header.get("segments", {})),
            "encryption": next(iter(header.get("segments", {}).values()), {}).get("encryption")}))
    return rows
