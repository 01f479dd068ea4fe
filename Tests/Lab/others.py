"""The library's commands that the first Debian has no program for, in a second one."""

import os
import re
import shutil

import declared
import guestrun
import library
import openings
from contents import OTHERS, OTHERS_FAILING, OTHERS_SILENT
from errors import Infrastructure
from host import GUEST, run as host_run
from machine import Machine

READY_SECONDS = 400
COMMAND_LINE = "console=ttyS0 panic=-1 init_on_alloc=0 quiet lab.root=labroot net.ifnames=0" \
    " systemd.show_status=0 loglevel=5 security=selinux selinux=1 enforcing=0"
# By this file libselinux tells whether SELinux is on, where the kernel has it.
SELINUX = "/etc/selinux/config"
DEVICES = ["-device", "virtio-net-pci", "-device", "qemu-xhci", "-device", "usb-tablet"]

# Programs whose commands run here whatever their condition says: neither OpenRC nor Xen is what was
# started, and with SELinux but without a policy systemd makes no socket.
REGARDLESS = ("rc-status", "sestatus", "xl")

SECTIONS = sorted({artifact.split("/")[0] for artifact in OTHERS})
ONLY = "--only " + ",".join(SECTIONS)

# Who makes sockets that are neither local nor of netlink, and why.
ASKING = r" *(?:" + "|".join([
    "ntpq|ntpd",  # ntpq asks the daemon of this host, at 127.0.0.1
    "ip6?tables-(?:save|legac)\\S*",  # the kernel, for rules
    "ethtool",
    "mysqld",  # the kernel, for the hardware address of a link
    "snapd",  # by itself
]) + r")-\d"

# What may change, and why: packets to this host itself are of ntpq; those of eth0 are none's.
CHANGES = [
    (r"traffic +(?:lo|Ip|Udp|IpExt|Ip6\w*|Udp6\w*)\b", "ntpq asks the daemon of this host"),
]

# Files that are written meanwhile, and by whom.
WRITES = [
    (r"/var/lib/snapd(?:/|$)", "snapd, which runs"),
    (r"/var/(?:lib|log)/ntpsec(?:/|$)", "ntpd, which runs"),
    (r"/var/lib/(?:containerd|docker)/\S+\.db$", "the daemons' own databases"),
]

# What only these programs may open of /dev, and why.
OPENED = {
    "/dev/mapper/control": "dmsetup, to ask the device mapper",
    "/dev/xen/privcmd": "xl, to ask Xen",
    "/dev/vsock": "vmware-toolbox-cmd, to ask VMware",
}


def check(run, results):
    """Boots the second Debian and runs the library there, once watched, once under strace."""
    folder = os.path.join(run.folder, "others")
    machine = _machine(run, folder)
    run.say("others: guest ready after %.1f s" % machine.start(READY_SECONDS))
    try:
        machine.need("install -m 755 /lab/diagbundle /usr/bin/diagbundle && sync", 60)
        machine.need("sh /lab/scripts/others.sh", 1800)
        run.say("others: furnished")
        declared.patient(machine, REGARDLESS)
        commands = [one for one in declared.commands(REGARDLESS) if one.collector in SECTIONS]
        watched = library.ran(
            run, machine, results, commands, "others", OTHERS, SECTIONS, ONLY,
            library.Allowances(re.compile(ASKING), CHANGES, WRITES,
                               library.SILENT | OTHERS_SILENT, OTHERS_FAILING))
        if watched.made.folder is not None:
            _opened(machine, results)
            run.say("others: collected under strace")
    finally:
        machine.run("dmesg > /lab/dmesg.txt", 30)
        machine.kill()


def _machine(run, folder):
    scripts = os.path.join(folder, "share", "scripts")
    os.makedirs(scripts)
    for name in os.listdir(GUEST):
        shutil.copy(os.path.join(GUEST, name), scripts)
    shutil.copy(run.binary, os.path.join(folder, "share", "diagbundle"))
    root = _root(run, os.path.join(folder, "root.disk"))
    machine = Machine(folder, [
        *run.accelerator, "-kernel", run.images.kernel(), "-initrd", run.images.initrd(),
        "-append", COMMAND_LINE,
        "-drive", "file=%s,if=none,id=root,format=raw,cache=unsafe" % root,
        "-device", "virtio-blk-pci,drive=root,serial=LABROOT", *DEVICES], "2G")
    run.machines.append(machine)
    return machine


def _root(run, path):
    """The guest's disk at `path`: a copy of the image, without the configuration of SELinux.

    policycoreutils makes it when it is installed. With it and without a policy systemd takes SELinux
    to be on as it boots and labels no socket, so the journal, the bus and Docker do not start.
    others.sh makes it when all others run."""
    host_run("cp", "--sparse=always", "--reflink=auto", run.images.others(), path)
    host_run("debugfs", "-w", "-R", "rm " + SELINUX, path)
    left = host_run("debugfs", "-R", "ls -p " + os.path.dirname(SELINUX), path)
    if "/%s/" % os.path.basename(SELINUX) in left:
        raise Infrastructure("%s is still in the image:\n%s" % (SELINUX, left))
    return path


def _opened(machine, results):
    """Claims that no command opens a device, but those that have a reason."""
    made = guestrun.collect(
        machine, "traced", seconds=2400, before=openings.QUICK,
        options="--deadline 30m --profile full --collectors /run/library --only "
        + ",".join(one for one in SECTIONS if one != "processes"))  # it has a thousand files
    results.check("others, strace: collect ends in order",
                  made.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                  made.outcome.output[-800:] + made.outcome.errors[-800:])
    lines = openings.traced(machine)
    started = openings.executed(lines)
    results.check("others, strace: %d programs were started" % len(started), len(started) > 20)
    results.equal("others, strace: no device is opened but %d with a reason" % len(OPENED),
                  sorted(openings.devices(lines) - set(OPENED)), [])
