"""The guests' images, made once and kept: a kernel, initial RAM file systems, a Debian, disks.

All stand in a folder named after what they are made from: these scripts, the kernel's version.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import time

import cpio
import debian
import disks
import packages
import uefidisk
from host import GUEST, HERE, overlay, run

SOURCES = ["images.py", "debian.py", "cpio.py", "packages.py", "guest/init.sh", "guest/agent.sh",
           "guest/lab-agent.service", "guest/lab-failing.service", "guest/multipath.conf",
           "guest/fstab"]
STORAGE_SOURCES = ["disks.py", "guest/find.sh", "guest/provision.sh"]
UEFI_SOURCES = ["uefidisk.py"]
UNUSED_DAYS = 14

# What the first process needs before the root file system is there.
EARLY_MODULES = ["virtio_pci", "virtio_blk", "virtio_rng", "crc32c_generic", "ext4",
                 "9pnet_virtio", "9p"]


def _digest(names, more=""):
    """A short name for what these scripts and words make."""
    digest = hashlib.sha256(more.encode())
    for name in names:
        with open(os.path.join(HERE, name), "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()[:16]


class Images:
    """What stands in one cache folder; each is made when first asked for."""

    def __init__(self, cache, rebuild=False):
        self.kernel_package, self.kernel_version = packages.kernel()
        self.release = self.kernel_package.removeprefix("linux-image-")
        self.suite = packages.suite()
        self.folder = os.path.join(cache, _digest(SOURCES, "%s %s %s" % (
            self.suite, self.kernel_package, self.kernel_version)))
        if rebuild:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, exist_ok=True)
        os.utime(self.folder)
        self._forget_unused(cache)

    @staticmethod
    def _forget_unused(cache):
        """Deletes the images of other scripts and kernels that no run has used for a while."""
        for name in os.listdir(cache):
            path = os.path.join(cache, name)
            if re.fullmatch("[0-9a-f]{16}", name) and \
                    os.path.getmtime(path) < time.time() - UNUSED_DAYS * 86400:
                shutil.rmtree(path, ignore_errors=True)

    def _made(self, name, make):
        """The path of `name`, which `make(path)` makes beside it first: it is whole or absent."""
        path = os.path.join(self.folder, name)
        with open(path + ".lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # Two runs at once make it once.
            if not os.path.exists(path):
                print("making %s" % name, flush=True)
                part = path + ".part"
                if os.path.isdir(part):
                    shutil.rmtree(part)
                make(part)
                os.rename(part, path)
        return path

    # --- kernel and initial RAM file system --------------------------------------------------

    def kernel(self):
        """The kernel that QEMU starts by itself."""
        return os.path.join(self._kernel_tree(), "boot", "vmlinuz-" + self.release)

    def _kernel_tree(self):
        def make(path):
            packages.unpack(self.kernel_package, self.kernel_version, path)
            run("depmod", "-b", path, self.release)
        return self._made("kernel", make)

    def initrd(self):
        """Busybox, a few modules, and the agent: a small system, or the way into a larger one."""
        def make(path):
            tree = self._kernel_tree()
            modules = "lib/modules/%s/" % self.release
            with cpio.Archive(path) as archive:
                for folder in ("proc", "sys", "dev", "run", "tmp", "mnt", "root", "etc"):
                    archive.folder(folder)
                archive.copy(shutil.which("busybox"), "bin/busybox")
                archive.link("bin/sh", "busybox")
                with open(os.path.join(GUEST, "init.sh"), "rb") as script:
                    archive.file("init", script.read(), 0o755)
                archive.copy(os.path.join(GUEST, "agent.sh"), "agent.sh")
                archive.file("etc/os-release", b"ID=lab\nPRETTY_NAME=\"laboratory\"\n")
                archive.file("lab-modules", "".join(m + "\n" for m in EARLY_MODULES).encode())
                for name in glob.glob(os.path.join(tree, modules, "modules.*")):
                    archive.copy(name, modules + os.path.basename(name))
                for name in self._with_dependencies(os.path.join(tree, modules), EARLY_MODULES):
                    archive.copy(os.path.join(tree, modules, name), modules + name)
        return self._made("initrd", make)

    @staticmethod
    def _with_dependencies(folder, names):
        depends = {}
        with open(os.path.join(folder, "modules.dep"), encoding="utf-8") as lines:
            for line in lines:
                path, others = line.rstrip("\n").split(":", 1)
                depends[path] = others.split()
        wanted = {re.sub("[-_]", "_", name) for name in names}
        chosen = [path for path in depends
                  if re.sub("[-_]", "_", os.path.basename(path).split(".ko")[0]) in wanted]
        return sorted({one for path in chosen for one in [path] + depends[path]})

    # --- disks -------------------------------------------------------------------------------

    def debian(self):
        """A file system with Debian, the storage tools and the agent; labelled labroot."""
        return self._made("debian.ext4", lambda path: debian.make(
            path, self.suite, self.kernel_package, self.kernel_version))

    def others(self):
        """The same with what else the library of collectors asks, and no disk tools."""
        return self._made("others.ext4", lambda path: debian.make_others(
            path, self.suite, self.kernel_package, self.kernel_version))

    def storage(self, provision):
        """A folder with the storage profile's disks; `provision(folder)` fills empty ones once."""
        def make(path):
            os.makedirs(path)
            overlay(self.debian(), "raw", os.path.join(path, "root"))
            for name, size in disks.SIZES.items():
                run("qemu-img", "create", "-q", "-f", "qcow2", os.path.join(path, name), str(size))
            provision(path)
        return self._made("storage-" + _digest(STORAGE_SOURCES), make)

    def uefi(self):
        """A disk with GPT, an EFI system partition with shim and GRUB, and Debian."""
        return self._made("uefi-" + _digest(UEFI_SOURCES), lambda path: uefidisk.make(
            path, self.debian(), self.release))
