"""What the firmware's tools say and where it stands in `boot/efi.json`; disks as in storage."""

import re

import rules_storage
from compare import Rule, Table, number, truth_value

DOCUMENT = "boot/efi.json"
LINE = re.compile(r"Boot([0-9A-F]{4})(\*| ) ([^\t\n]*)(?:\t(.*))?$")


# --- rows -----------------------------------------------------------------------------------

def entries(truth):
    """Boot entries of efibootmgr, by number."""
    return [(match[1], {"number": match[1], "active": match[2] == "*", "description": match[3],
                        "path": match[4] or ""})
            for match in map(LINE.match, truth.text("efibootmgr").splitlines()) if match]


def firmware(truth):
    """What holds for all entries, and Secure Boot's variable: four bytes of attributes, a value."""
    lines = dict(re.findall(r"^(Boot\w+|Timeout): (.*)$", truth.text("efibootmgr"), re.M))
    value = truth.text("secureboot").split()
    if not lines or len(value) != 5:
        return []
    return [("firmware", {
        "BootCurrent": lines.get("BootCurrent"), "BootNext": lines.get("BootNext"),
        "BootOrder": lines.get("BootOrder", "").split(","),
        "Timeout": lines.get("Timeout", "").split()[0], "SecureBoot": value[4] == "1"})]


# --- records of ours ------------------------------------------------------------------------

def efi(ours, key, row):
    """The whole document."""
    return ours.document(DOCUMENT)


def entry(ours, key, row):
    """A boot entry."""
    for one in (ours.document(DOCUMENT) or {}).get("entries", []):
        if one.get("number") == key:
            return one
    return None


# --- forms ----------------------------------------------------------------------------------

def words(value):
    """A list in its order."""
    return None if value in (None, "", []) else list(value)


def device_path(value):
    """A device path in the words of the UEFI Specification: efibootmgr writes `FvVol` for `Fv`, and
    `File(…)` around a file's path, which the specification does not."""
    if not value:
        return None
    return re.sub(r"(?<![A-Za-z])File\(([^)]*)\)", r"\1", value).replace("FvVol(", "Fv(")


def optional_data(key, row, found):
    """efibootmgr writes an entry's optional data behind its path, without anything between."""
    if found and device_path(row["path"]).startswith(found):
        return "the tool writes the entry's optional data behind its path"
    return None


LEAST = {"lsblk": 3, "findmnt": 3, "mountinfo": 15, "blkid -p": 3, "sfdisk: tables": 1,
         "sfdisk: partitions": 2, "dumpe2fs -h": 1, "blkid -p: file systems": 2}

TABLES = [
    Table("efibootmgr", entries, 5, [
        Rule("number", entry, "number"),
        Rule("active", entry, "isActive", truth_value),
        Rule("description", entry, "description"),
        Rule("path", entry, "paths/0", device_path, optional_data),
    ]),
    Table("efibootmgr", firmware, 1, [
        Rule("BootCurrent", efi, "bootCurrent"),
        Rule("BootNext", efi, "bootNext"),
        Rule("BootOrder", efi, "bootOrder", words),
        Rule("Timeout", efi, "timeoutSeconds", number),
        Rule("SecureBoot", efi, "isSecureBootOn", truth_value),
    ]),
    *[Table(one.tool, one.rows, LEAST[one.tool], one.rules, one.awaits)
      for one in rules_storage.TABLES if one.tool in LEAST],
]
