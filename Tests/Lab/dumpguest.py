"""The guest whose memory is dumped: a Debian with systemd on a kernel with symbols, and an empty
ext4 at /srv/dump for what the dump program writes."""

import io
import os
import tarfile

import guestrun
from host import overlay, run as host
from portmachine import PortMachine

READY_SECONDS = 400
DATA_BYTES = 3 << 30

# Where a program's libraries are put that the guest's Debian has not.
LIBRARY_FOLDER = "usr/lib/x86_64-linux-gnu/"


class DumpGuest:
    """One guest, with the program in it when it is ready."""

    def __init__(self, run, name, memory="1G", processors=2, words="", devices=()):
        self.images = run.dump_images
        self.folder = os.path.join(run.folder, name)
        os.makedirs(self.folder)
        root = overlay(run.images.debian(), "raw", os.path.join(self.folder, "root"))
        self.data = data = os.path.join(self.folder, "data")
        with open(data, "wb") as disk:
            disk.truncate(DATA_BYTES)
        # Nothing is kept back for root, so that a full disk is full.
        host("mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-L", "labdump",
             "-E", "lazy_itable_init=1", data)
        disks = []
        for number, (path, kind) in enumerate(((root, "qcow2"), (data, "raw"))):
            disks += ["-drive", "file=%s,if=none,id=d%d,format=%s,cache=unsafe" % (
                          path, number, kind),
                      "-device", "virtio-blk-pci,drive=d%d" % number]
        self.machine = PortMachine(self.folder, [
            *run.accelerator, "-kernel", self.images.kernel(), "-initrd", self.images.initrd(),
            "-append", "console=ttyS0 panic=-1 init_on_alloc=0 net.ifnames=0 quiet " + words,
            "-device", "vmcoreinfo", "-device", "virtio-balloon-pci,id=balloon", *disks, *devices],
            memory, processors)
        run.machines.append(self.machine)

    def start(self, *programs):
        """Starts the guest and puts programs into /usr/bin; gives the seconds until it was ready.

        A program is a path, or a path and the name that it gets."""
        seconds = self.machine.start(READY_SECONDS)
        self.machine.need("mkdir -p /srv/dump /lab && mount LABEL=labdump /srv/dump", 60)
        for one in programs:
            self.install(*(one if isinstance(one, tuple) else (one, "diagbundle")))
        return seconds

    def install(self, program, name):
        """Puts a program of this machine into the guest's /usr/bin, with the libraries that the
        guest has not."""
        there = set(self.machine.need(
            "cd /%s && ls; ls /lib64 /lib/x86_64-linux-gnu" % LIBRARY_FOLDER).split())
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(program, "usr/bin/" + name)
            for library in guestrun.libraries(program):
                if os.path.basename(library) not in there:
                    tar.add(os.path.realpath(library), LIBRARY_FOLDER + os.path.basename(library))
        self.machine.put(packed.getvalue(), "/run/program.tar")
        self.machine.need("tar -x --no-same-owner -f /run/program.tar -C / && rm /run/program.tar"
                          " && chmod 755 /usr/bin/" + name, 120)

    def stop(self):
        """Keeps the guest's kernel log and shuts it down."""
        outcome = self.machine.run("dmesg", 30)
        with open(os.path.join(self.machine.share, "dmesg.txt"), "w", encoding="utf-8") as text:
            text.write(outcome.output)
        self.machine.stop(60)
