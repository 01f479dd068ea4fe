"""A disk with GPT, an EFI system partition with shim and GRUB, and Debian."""

import os
import shutil

import packages
from host import run

START = 1 << 20
SYSTEM_PARTITION_BYTES = 64 << 20

# GRUB reads this beside itself.
CONFIGURATION = """search --no-floppy --label labroot --set=root
set timeout=0
menuentry 'Laboratory' {
    linux /boot/vmlinuz-%(release)s root=LABEL=labroot ro console=ttyS0 quiet init_on_alloc=0 \
net.ifnames=0
    initrd /boot/initrd.img-%(release)s
}
"""


def make(path, root, release):
    """Makes the disk at `path` around the file system `root`, which holds kernel `release`."""
    tree = path + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    try:
        for package in ("shim-signed", "grub-efi-amd64-signed"):
            packages.unpack(package, packages.candidate(package), tree)
        partition = _system_partition(tree, release)
        size = os.path.getsize(root)
        with open(path, "wb") as disk:
            disk.truncate(START + SYSTEM_PARTITION_BYTES + size + (1 << 20))
        run("sfdisk", "-q", path, input="label: gpt\n"
            "start=1MiB,size=%dMiB,type=U,name=\"EFI system\"\n"
            "size=%dMiB,type=L,name=\"Linux root\"\n" % (SYSTEM_PARTITION_BYTES >> 20, size >> 20))
        for source, place in ((partition, START), (root, START + SYSTEM_PARTITION_BYTES)):
            run("dd", "if=" + source, "of=" + path, "bs=1M", "seek=%d" % (place >> 20),
                "conv=notrunc,sparse", "status=none")
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _system_partition(tree, release):
    """The EFI system partition, as a file. Its firmware's default is shim, too; without a program
    fbx64.efi beside it shim goes on to GRUB and makes no boot entries of its own."""
    path = os.path.join(tree, "esp")
    with open(path, "wb") as image:
        image.truncate(SYSTEM_PARTITION_BYTES)
    run("mkfs.vfat", "-n", "LABESP", path)
    shim = os.path.join(tree, "usr/lib/shim/shimx64.efi.signed")
    grub = os.path.join(tree, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed")
    configuration = os.path.join(tree, "grub.cfg")
    with open(configuration, "w", encoding="utf-8") as text:
        text.write(CONFIGURATION % {"release": release})
    for folder in ("EFI", "EFI/BOOT", "EFI/debian"):
        run("mmd", "-i", path, "::/" + folder)
    for source, name in ((shim, "EFI/BOOT/BOOTX64.EFI"), (grub, "EFI/BOOT/grubx64.efi"),
                         (shim, "EFI/debian/shimx64.efi"), (grub, "EFI/debian/grubx64.efi"),
                         (configuration, "EFI/debian/grub.cfg")):
        run("mcopy", "-i", path, source, "::/" + name)
    return path
