"""What the guest's own tools say: the truth that the program is compared with."""

import json
import os
import re
import tarfile

# Name of the file, then a shell command. `@DISK` in a name stands for each block device of the list
# behind the command; the command's `$d` is then its path.
TOOLS = [
    ("lsblk.json", "lsblk -J -O -b"),
    ("findmnt.json", "findmnt -J -b --output-all --real"),
    ("mountinfo", "cat /proc/1/mountinfo"),
    ("swapon", "swapon --show=NAME,TYPE,SIZE,USED,PRIO --bytes --noheadings --raw"),
    ("mdstat", "cat /proc/mdstat"),
    ("mdadm-detail@md", "mdadm --detail --export $d"),
    ("mdadm-examine@mdmember", "mdadm --examine --export $d"),
    ("lvs.json", "lvs -a -o lv_all,seg_all --reportformat json --units b --nosuffix"),
    ("vgs.json", "vgs -o all --reportformat json --units b --nosuffix"),
    ("pvs.json", "pvs -o all --reportformat json --units b --nosuffix"),
    ("dmsetup-table", "dmsetup table"),
    ("dmsetup-status", "dmsetup status"),
    ("dmsetup-info", "dmsetup info -c --noheadings --separator '|' -o"
     " name,uuid,major,minor,open,segments,suspended,readonly"),
    ("multipath", "multipath -ll"),
    ("nvme-id-ctrl@nvmectrl", "nvme id-ctrl $d -o json"),
    ("nvme-smart-log@nvmectrl", "nvme smart-log $d -o json"),
    ("nvme-id-ns@nvmens", "nvme id-ns $d -o json"),
    ("nvme-subsys.json", "nvme list-subsys -o json"),
    ("smartctl@disk", "smartctl -j -x $d"),
    ("blkid@block", "blkid -p -o export $d"),
    ("sfdisk@disk", "sfdisk -J $d"),
    ("dumpe2fs@ext4", "dumpe2fs -h $d 2>/dev/null"),
    ("xfs-info@xfs", "xfs_info $d"),
    ("btrfs@btrfs", "btrfs inspect-internal dump-super $d"),
    ("luks@luks", "cryptsetup luksDump --dump-json-metadata $d"),
    ("luks-uuid@luks", "cryptsetup luksUUID $d"),
    ("efibootmgr", "if [ -d /sys/firmware/efi ]; then efibootmgr -v; else exit 66; fi"),
    ("secureboot", "od -An -tu1 /sys/firmware/efi/efivars/"
     "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
]

# Shell words that print the devices of each list.
LISTS = {
    "md": "lsblk -dnpro NAME,TYPE | awk '$2 ~ /^raid/ { print $1 }';"
          " lsblk -npro NAME,TYPE | awk '$2 ~ /^raid/ { print $1 }'",
    "mdmember": "lsblk -npro NAME,FSTYPE | awk '$2 == \"linux_raid_member\" { print $1 }'",
    "nvmectrl": "ls -d /dev/nvme[0-9] 2>/dev/null",
    "nvmens": "lsblk -dnpro NAME | grep nvme",
    "disk": "lsblk -dnpro NAME,TYPE | awk '$2 == \"disk\" { print $1 }' | grep -v zram",
    "block": "lsblk -npro NAME",
    "ext4": "lsblk -npro NAME,FSTYPE | awk '$2 == \"ext4\" { print $1 }'",
    "xfs": "lsblk -npro NAME,FSTYPE | awk '$2 == \"xfs\" { print $1 }'",
    "btrfs": "lsblk -npro NAME,FSTYPE | awk '$2 == \"btrfs\" { print $1 }'",
    "luks": "lsblk -npro NAME,FSTYPE | awk '$2 == \"crypto_LUKS\" { print $1 }'",
}


def script(seconds=40):
    """A shell script that asks every tool there is and packs the answers into /lab/truth.tar."""
    lines = ["mkdir -p /run/truth && cd /run/truth || exit 1", "PATH=$PATH:/usr/sbin:/sbin"]
    for name, command in TOOLS:
        inner = "timeout %d sh -c '%s'" % (seconds, command.replace("'", "'\\''"))
        if "@" in name:
            tool, kind = name.split("@")
            lines.append("for d in $( { %s; } | sort -u); do export d; n=%s@${d##*/}; "
                         "%s >$n 2>$n.err; echo $? >$n.status; done" % (LISTS[kind], tool, inner))
        else:
            lines.append("%s >%s 2>%s.err; echo $? >%s.status" % (inner, name, name, name))
    lines.append("tar -cf /lab/truth.tar .")
    return "\n".join(lines)


class Truth:
    """The tools' answers, read back."""

    def __init__(self, archive, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")

    def text(self, name):
        """What a tool printed; empty when it was not there."""
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def status(self, name):
        """A tool's exit status, or None when it was not run."""
        text = self.text(name + ".status").strip()
        return int(text) if text else None

    def json(self, name):
        """What a tool printed as JSON, or an empty object."""
        try:
            return json.loads(self.text(name))
        except ValueError:
            return {}

    def devices(self, tool):
        """The devices a tool was asked about, by name."""
        prefix = tool + "@"
        return sorted(name[len(prefix):] for name in os.listdir(self.folder)
                      if name.startswith(prefix) and not name.endswith((".err", ".status")))

    def pairs(self, name):
        """Lines `KEY=value` as a dictionary; lines of `Key: value` too."""
        found = {}
        for line in self.text(name).splitlines():
            match = re.match(r"\s*([^=:]+?)\s*[=:]\s*(.*)$", line)
            if match and match[1] not in found:
                found[match[1]] = match[2].strip()
        return found
