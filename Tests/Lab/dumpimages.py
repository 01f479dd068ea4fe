"""What a guest whose memory is dumped is started from: Debian's kernel for clouds, whose symbols
are the smallest, its own initial RAM file system, and the Debian of the other profiles.

The kernel and its symbols are of one version; they stand in a folder named after it.
"""

import glob
import hashlib
import os
import shutil
import subprocess

import cpio
import packages
from errors import Infrastructure, Unavailable
from host import GUEST, HERE, run
from images import Images

# What the initial RAM file system is made from, beside the kernel.
SOURCES = ["dumpimages.py", "cpio.py", "guest/dump-init.sh", "guest/port-agent.sh",
           "guest/port-agent.service"]

# What the guest needs before its root file system is there; the modules in that one are those of
# another kernel. qemu_fw_cfg tells QEMU where VMCOREINFO is, for the notes of QEMU's own dump.
MODULES = ["virtio_pci", "virtio_blk", "virtio_console", "virtio_rng", "virtio_balloon",
           "qemu_fw_cfg"]

# Units of the guest's Debian that only cost time here.
MASKED = ["lab-agent.service", "lvm2-monitor.service", "systemd-udev-settle.service",
          "systemd-modules-load.service", "systemd-random-seed.service",
          "systemd-update-utmp.service", "systemd-binfmt.service"]


class DumpImages(Images):
    """The kernel, its symbols, the initial RAM file system; each is made when first asked for."""

    def __init__(self, cache, rebuild=False):  # The folder is another one than the images'.
        plain, _ = packages.kernel()
        self.kernel_package = plain.replace("-amd64", "-cloud-amd64")
        self.kernel_version = packages.candidate(self.kernel_package)
        self.release = self.kernel_package.removeprefix("linux-image-")
        made_from = "%s %s" % (self.kernel_package, self.kernel_version)
        self.folder = os.path.join(cache, hashlib.sha256(made_from.encode()).hexdigest()[:16])
        if rebuild:
            shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, exist_ok=True)
        os.utime(self.folder)

    def initrd(self):
        """Busybox, the modules, and the agent, which it puts into the root file system."""
        def make(path):
            tree = self._kernel_tree()
            modules = "lib/modules/%s/" % self.release
            units = "overlay/etc/systemd/system/"
            service = "port-agent.service"
            with cpio.Archive(path) as archive:
                for folder in ("proc", "sys", "dev", "mnt"):
                    archive.folder(folder)
                archive.copy(shutil.which("busybox"), "bin/busybox")
                archive.link("bin/sh", "busybox")
                with open(os.path.join(GUEST, "dump-init.sh"), "rb") as script:
                    archive.file("init", script.read(), 0o755)
                archive.copy(os.path.join(GUEST, "port-agent.sh"),
                             "overlay/usr/local/sbin/port-agent")
                archive.copy(os.path.join(GUEST, service), units + service)
                archive.link(units + "multi-user.target.wants/" + service,
                             "/etc/systemd/system/" + service)
                for name in MASKED:
                    archive.link(units + name, "/dev/null")
                archive.file("lab-modules", "".join(m + "\n" for m in MODULES).encode())
                for name in glob.glob(os.path.join(tree, modules, "modules.*")):
                    archive.copy(name, modules + os.path.basename(name))
                for name in self._module_paths():
                    archive.copy(os.path.join(tree, modules, name), modules + name)
        digest = hashlib.sha256()
        for name in SOURCES:
            with open(os.path.join(HERE, name), "rb") as source:
                digest.update(source.read())
        return self._made("initrd-" + digest.hexdigest()[:16], make)

    def symbols(self):
        """A folder with `vmlinux` and the guest's modules, all with their debugging symbols."""
        def make(path):
            os.makedirs(path)
            archive = _downloaded(self.kernel_package + "-dbg", self.kernel_version, path)
            prefix = "./usr/lib/debug/"
            wanted = [prefix + "boot/vmlinux-" + self.release] + [
                prefix + "lib/modules/%s/%s" % (self.release, name)
                for name in self._module_paths()]
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive],
                                  stdout=subprocess.PIPE) as unpacked:
                run("tar", "-x", "-f", "-", "-C", path, "--transform", "s,.*/,,", *wanted,
                    stdin=unpacked.stdout, timeout=900)
            os.unlink(archive)
            os.rename(os.path.join(path, "vmlinux-" + self.release), os.path.join(path, "vmlinux"))
        return self._made("symbols", make)

    def _module_paths(self):
        """The guest's modules and those that they need, as paths below the modules' folder."""
        return self._with_dependencies(
            os.path.join(self._kernel_tree(), "lib/modules", self.release), MODULES)


def _downloaded(package, version, folder):
    """The path of a package, downloaded into a folder and left as it is."""
    try:
        run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
            "%s=%s" % (package, version), cwd=folder, timeout=1800)
    except Infrastructure as error:
        raise Unavailable("%s %s cannot be downloaded: %s" % (package, version, error)) from error
    archive, = glob.glob(os.path.join(folder, package + "_*.deb"))
    return archive
