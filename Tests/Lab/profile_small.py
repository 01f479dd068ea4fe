"""A kernel, busybox and one disk: what the program says is what /proc and /sys say."""

import os
import re

import guestrun
from host import run as host
from machine import Machine

SECTOR = 512


def check(run, results):
    """Boots once, collects once, compares."""
    folder = os.path.join(run.folder, "guest")
    os.makedirs(folder)
    disk = os.path.join(folder, "disk")
    host("qemu-img", "create", "-q", "-f", "qcow2", disk, "48M")
    initrd = guestrun.joined(
        os.path.join(folder, "initrd"), run.images.initrd(),
        guestrun.program_archive(run.binary, os.path.join(folder, "program")))
    machine = Machine(folder, [
        *run.accelerator, "-kernel", run.images.kernel(), "-initrd", initrd,
        "-append", "console=ttyS0 panic=-1 init_on_alloc=0 lab.words=\"two words\"",
        "-drive", "file=%s,if=none,id=disk,format=qcow2" % disk,
        "-device", "virtio-blk-pci,drive=disk,serial=LABSMALL"])
    run.machines.append(machine)
    run.say("guest ready after %.1f s" % machine.start(240))
    machine.need("mke2fs -q -F -L labsmall /dev/vda && mkdir -p '/mnt/with space' &&"
                 " mount /dev/vda '/mnt/with space'")
    made = guestrun.collect(machine, "small")
    run.say("collected in %s s" % made.seconds)
    results.check("collect ends as complete", made.outcome.status == guestrun.COMPLETE,
                  "status %d\n%s%s" % (made.outcome.status, made.outcome.output,
                                       made.outcome.errors))
    if not results.check("a host folder is handed back", made.folder is not None,
                         made.outcome.output + made.outcome.errors):
        return
    guestrun.verified(results, machine, "small")
    guestrun.nothing_hung(results, "small", made)
    _compare(machine, made.folder, results)
    machine.run("dmesg > /lab/dmesg.txt")
    results.check("the guest shuts down in order", machine.stop(60))


def _compare(machine, ours, results):
    say = lambda command: machine.need(command).strip()
    for name in ("cmdline", "version"):
        area = "boot" if name == "cmdline" else "system"
        results.equal("%s/%s is /proc/%s" % (area, name, name),
                      (ours.bytes("%s/%s" % (area, name)) or b"").decode().strip(),
                      say("cat /proc/" + name))
    results.equal("storage/partitions.txt is /proc/partitions",
                  (ours.bytes("storage/partitions.txt") or b"").decode().strip(),
                  say("cat /proc/partitions"))
    nodes = {node["id"]: node for node in ours.json("storage/topology.json")["nodes"]}
    disks = {node["name"]: node for node in nodes.values() if node["kind"] == "disk"}
    names = say("ls /sys/block").split()
    names = [name for name in names if not name.startswith(("loop", "ram"))]
    results.equal("every disk of /sys/block is in the graph, and no other",
                  sorted(disks), sorted(names))
    disk = disks.get("vda", {})
    results.equal("the disk's size", disk.get("byteCount"),
                  int(say("cat /sys/block/vda/size")) * SECTOR)
    # This guest has no udev, and asking a virtio disk for its serial number may block.
    results.check("the disk's serial number is right or absent",
                  disk.get("attributes", {}).get("serial") in
                  (None, say("cat /sys/block/vda/serial")), disk.get("attributes"))
    mounts = [line.split(" - ")[0].split() for line in say("cat /proc/1/mountinfo").splitlines()]
    unescaped = lambda text: re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)
    results.equal("every mount of /proc/1/mountinfo is in the graph, and no other",
                  sorted((node["attributes"]["mountID"], node["name"])
                         for node in nodes.values() if node["kind"] == "mount"),
                  sorted((int(words[0]), unescaped(words[4])) for words in mounts))
    health = {record["target"]: record for record in
              ours.json("storage/mount-health.json").get("probes", [])
              if "target" in record}
    if results.check("the mounted disk answered its probe", "/mnt/with space" in health,
                     sorted(health)):
        facts = health["/mnt/with space"].get("facts", {})
        blocks = say("stat -f -c '%b %S' '/mnt/with space'").split()
        results.equal("its size is statfs's", facts.get("byteCount"),
                      int(blocks[0]) * int(blocks[1]))
