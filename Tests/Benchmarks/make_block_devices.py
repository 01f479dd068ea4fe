#!/usr/bin/env python3
"""Makes a root with many block devices, laid out as sysfs, udev and procfs are on a real host.

Usage: make_block_devices.py ROOT COUNT [DISKS]

COUNT is the number of entries of /sys/block. DISKS of them, one in ten if not said, are SCSI disks
with one partition; the others are device-mapper volumes, each on one partition. A third of the
volumes is mounted. The same numbers give the same root. Needs nothing but Python 3.
"""
import os
import sys

QUEUE = {
    "add_random": "0", "chunk_sectors": "0", "dax": "0", "discard_granularity": "512",
    "discard_max_bytes": "2147450880", "discard_max_hw_bytes": "2147450880",
    "dma_alignment": "3", "fua": "1", "hw_sector_size": "512", "io_poll": "0",
    "io_timeout": "30000", "iostats": "1", "logical_block_size": "512",
    "max_active_zones": "0", "max_discard_segments": "1", "max_hw_sectors_kb": "32767",
    "max_integrity_segments": "0", "max_open_zones": "0", "max_sectors_kb": "1280",
    "max_segment_size": "65536", "max_segments": "168", "minimum_io_size": "512",
    "nomerges": "0", "nr_requests": "256", "nr_zones": "0", "optimal_io_size": "0",
    "physical_block_size": "4096", "read_ahead_kb": "128", "rotational": "1",
    "rq_affinity": "1", "scheduler": "[mq-deadline] kyber bfq none", "stable_writes": "0",
    "virt_boundary_mask": "0", "wbt_lat_usec": "75000", "write_cache": "write back",
    "write_same_max_bytes": "0", "write_zeroes_max_bytes": "0", "zone_append_max_bytes": "0",
    "zone_write_granularity": "0", "zoned": "none",
}
STAT = "    1512      310    98214      702     1201      988    55402      913        0     1204     1615"


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def disk_name(index):
    name = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        name = chr(97 + digit) + name
    return "sd" + name


class Root:
    def __init__(self, path):
        self.path = path
        self.mounts = ["25 1 0:23 / / rw,relatime shared:1 - tmpfs rootfs rw"]
        self.statistics = []
        self.partitions = ["major minor  #blocks  name", ""]
        for folder in ("sys/block", "sys/class/block", "proc/1", "etc", "run/udev/data"):
            os.makedirs(os.path.join(path, folder))

    def device(self, folder, name, number, sectors, attributes, is_whole=True):
        """Makes the folder of a block device; the path of the folder."""
        path = os.path.join(self.path, folder)
        os.makedirs(os.path.join(path, "holders"))
        common = {
            "dev": number, "size": str(sectors), "ro": "0", "stat": STAT,
            "inflight": "       0        0", "alignment_offset": "0", "discard_alignment": "0",
        }
        if is_whole:
            common.update({
                "removable": "0", "hidden": "0", "capability": "0", "range": "16",
                "ext_range": "256", "diskseq": number.split(":")[1],
            })
        common.update(attributes)
        for attribute, text in common.items():
            write(os.path.join(path, attribute), text)
        if is_whole:
            os.makedirs(os.path.join(path, "slaves"))
            os.makedirs(os.path.join(path, "queue"))
            for attribute, text in QUEUE.items():
                write(os.path.join(path, "queue", attribute), text)
            os.symlink("../" + folder[4:], os.path.join(self.path, "sys/block", name))
        os.symlink("../../" + folder[4:], os.path.join(self.path, "sys/class/block", name))
        major, minor = number.split(":")
        self.statistics.append(f"{major:>4} {minor:>7} {name} {' '.join(STAT.split())} 0 0 0 0 0 0")
        self.partitions.append(f"{major:>4} {minor:>8} {sectors // 2:>10} {name}")
        return path

    def record(self, number, links, properties):
        lines = [f"S:{link}" for link in links] + ["I:2104571"]
        lines += [f"E:{name}={value}" for name, value in properties.items()]
        lines += ["G:systemd", "Q:systemd", "V:1"]
        write(os.path.join(self.path, "run/udev/data/b" + number), "\n".join(lines))

    def finish(self):
        write(os.path.join(self.path, "proc/1/mountinfo"), "\n".join(self.mounts))
        write(os.path.join(self.path, "proc/diskstats"), "\n".join(self.statistics))
        write(os.path.join(self.path, "proc/partitions"), "\n".join(self.partitions))
        write(os.path.join(self.path, "proc/swaps"),
              "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority")
        write(os.path.join(self.path, "etc/fstab"), "# none")


def add_disk(root, index):
    name = disk_name(index)
    host, target = divmod(index, 255)
    address = f"{host}:0:{target}:0"
    function = f"sys/devices/pci0000:00/0000:00:{host % 32:02x}.0"
    device = f"{function}/host{host}/target{host}:0:{target}/{address}"
    number = f"8:{index * 16}"
    wwid = f"naa.5000c500{index:08x}"
    folder = f"{device}/block/{name}"
    root.device(folder, name, number, 7814037168, {"events": ""})
    for attribute, text in {
        "vendor": "SYNTHET ", "model": "DISK4000        ", "rev": "0001", "state": "running",
        "type": "0", "wwid": wwid,
    }.items():
        write(os.path.join(root.path, device, attribute), text)
    known = os.path.join(root.path, "sys/class/scsi_device", address)
    os.makedirs(known)
    os.symlink("../../../" + device[4:], os.path.join(known, "device"))
    part = f"8:{index * 16 + 1}"
    root.device(f"{folder}/{name}1", f"{name}1", part, 7814033408,
                {"partition": "1", "start": "2048"}, is_whole=False)
    root.record(number, [f"disk/by-id/wwn-0x{wwid[4:]}", f"disk/by-path/pci-{address}"], {
        "ID_BUS": "scsi", "ID_MODEL": "DISK4000", "ID_VENDOR": "SYNTHET", "ID_TYPE": "disk",
        "ID_SERIAL": "3" + wwid[4:], "ID_WWN": "0x" + wwid[4:], "ID_PATH": f"pci-{address}",
        "ID_PART_TABLE_TYPE": "gpt",
    })
    root.record(part, [f"disk/by-id/wwn-0x{wwid[4:]}-part1"], {
        "ID_PART_ENTRY_UUID": f"{index:08x}-0000-4000-8000-000000000001",
        "ID_PART_ENTRY_NUMBER": "1", "ID_FS_TYPE": "LVM2_member", "ID_FS_USAGE": "raid",
    })
    return name, f"{folder}/{name}1"


def add_volume(root, index, disk):
    name, number = f"dm-{index}", f"253:{index}"
    folder = f"sys/devices/virtual/block/{name}"
    path = root.device(folder, name, number, 20971520, {})
    os.makedirs(os.path.join(path, "dm"))
    group = disk[0]
    uuid = f"LVM-{disk[0]:>032}{index:032d}"
    for attribute, text in {
        "name": f"vg{group}-lv{index}", "uuid": uuid, "suspended": "0",
    }.items():
        write(os.path.join(path, "dm", attribute), text)
    partition = os.path.basename(disk[1])
    os.symlink("../../../../../" + disk[1][4:], os.path.join(path, "slaves", partition))
    depth = disk[1].count("/")
    os.symlink("../" * (depth + 1) + f"devices/virtual/block/{name}",
               os.path.join(root.path, disk[1], "holders", name))
    file_system = f"{index:08x}-1111-4111-8111-111111111111"
    root.record(number, [f"disk/by-uuid/{file_system}", f"vg{group}/lv{index}",
                         f"mapper/vg{group}-lv{index}"], {
        "DM_NAME": f"vg{group}-lv{index}", "DM_UUID": uuid, "DM_VG_NAME": f"vg{group}",
        "DM_LV_NAME": f"lv{index}", "ID_FS_TYPE": "xfs", "ID_FS_USAGE": "filesystem",
        "ID_FS_UUID": file_system,
    })
    if index % 3 == 0:
        root.mounts.append(
            f"{100 + index} 25 {number} / /data/{index} rw,relatime shared:{index + 2} - xfs "
            f"/dev/mapper/vg{group}-lv{index} rw,attr2,inode64,logbufs=8,logbsize=32k,noquota")


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    root, count = Root(sys.argv[1]), int(sys.argv[2])
    wanted = int(sys.argv[3]) if len(sys.argv) == 4 else max(1, count // 10)
    disks = [add_disk(root, index) for index in range(wanted)]
    for index in range(count - len(disks)):
        add_volume(root, index, disks[index % len(disks)])
    root.finish()


main()
