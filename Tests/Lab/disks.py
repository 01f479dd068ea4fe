"""The disks of the storage profile: how large each is and how the guest sees it.

Their serial numbers are how scripts find them, because sdX and nvmeN change between boots.
"""

import json

MIB = 1 << 20

# Name, which is the file's name, and size.
SIZES = {
    "nv1": 256 * MIB,  # NVMe, first namespace of two: swap, and a full file system
    "nv2": 384 * MIB,  # NVMe, second namespace: XFS
    "nvs": 128 * MIB,  # NVMe, one namespace behind two controllers: native multipath
    "m1": 200 * MIB, "m2": 200 * MIB,  # SCSI: RAID1, degraded, below LUKS
    "r1": 256 * MIB, "r2": 256 * MIB, "r3": 256 * MIB,  # SCSI: RAID5 below LVM
    "b1": 192 * MIB, "b2": 192 * MIB,  # SCSI: btrfs RAID1
    "e1": 64 * MIB,   # SCSI: ext4 that has errors on record
    "x1": 64 * MIB,   # SCSI: answers some reads with errors
    "mp": 128 * MIB,  # SCSI: two paths to it, dm-multipath
    "s1": 128 * MIB,  # SATA: MBR with a logical partition, a file system out of inodes
    "g1": 64 * MIB,   # megasas: a file system on the whole disk
    "hang": 32 * MIB,  # virtio-blk on an NBD server that can be stopped
}

# Sectors of x1 that cannot be read, and the error: 61 (ENODATA) shows as a medium error, 5 as I/O.
BAD_SECTORS = {65536: 61, 81920: 5}


def _node(name, path, share=False):
    """The block nodes of a qcow2 overlay."""
    node = {"driver": "qcow2", "node-name": name,
            "file": {"driver": "file", "filename": path, "locking": "off" if share else "auto"}}
    return ["-blockdev", json.dumps(node)]


def words(path_of, hanging_socket):
    """QEMU's words for all disks but the root; `path_of` gives the overlay of a name."""
    result = []
    for name in SIZES:
        if name == "hang":
            continue
        result += _node(name, path_of(name))
    result += [
        "-blockdev", json.dumps({
            "driver": "blkdebug", "node-name": "x1-faulty", "image": "x1",
            "inject-error": [{"event": "none", "iotype": "read", "errno": number,
                              "sector": sector, "once": False}
                             for sector, number in BAD_SECTORS.items()]}),
        "-device", "nvme,id=nvme1,serial=LABNV1",
        "-device", "nvme-ns,bus=nvme1,drive=nv1,nsid=1",
        "-device", "nvme-ns,bus=nvme1,drive=nv2,nsid=2",
        "-device", "nvme-subsys,id=subsystem,nqn=labsubsystem",
        "-device", "nvme,id=nvmea,serial=LABNVS,subsys=subsystem",
        "-device", "nvme,id=nvmeb,serial=LABNVS,subsys=subsystem",
        "-device", "nvme-ns,bus=nvmea,drive=nvs,nsid=1,shared=on",
        "-device", "virtio-scsi-pci,id=first",
        "-device", "virtio-scsi-pci,id=second",
        "-device", "megasas,id=mega",
    ]
    for number, name in enumerate(["m1", "m2", "r1", "r2", "r3", "b1", "b2", "e1", "x1"]):
        result += ["-device", "scsi-hd,bus=first.0,scsi-id=%d,drive=%s,serial=LAB%s,"
                   "wwn=0x50001ab0000000%02x" % (
                       number, "x1-faulty" if name == "x1" else name, name.upper(), number + 1)]
    for bus in ("first", "second"):
        result += ["-device", "scsi-hd,bus=%s.0,scsi-id=40,drive=mp,share-rw=on,serial=LABMP,"
                   "wwn=0x50001ab0000000f0,id=path-%s" % (bus, bus)]
    result += [
        "-device", "ide-hd,bus=ide.0,drive=s1,serial=LABS1,model=LAB SATA,wwn=0x50001ab0000000f1",
        "-device", "scsi-hd,bus=mega.0,drive=g1,serial=LABG1,wwn=0x50001ab0000000f2",
    ]
    if hanging_socket:
        result += ["-blockdev", json.dumps({
            "driver": "nbd", "node-name": "hang", "export": "hang",
            "server": {"type": "unix", "path": hanging_socket}}),
            "-device", "virtio-blk-pci,drive=hang,serial=LABHANG"]
    return result
