"""Disks that do not answer, and a service that sees another mount table: what they cost a run."""

import os
import signal
import subprocess
import time

import guestrun
from errors import Infrastructure

# A device's own deadline, and what one run may take more than another on a busy machine.
DEADLINE_SECONDS = 5
SLACK_SECONDS = 10


class NetworkDisk:
    """A disk behind qemu-storage-daemon, an NBD server that can be stopped and let go on."""

    def __init__(self, image, folder):
        self.socket = os.path.join(folder, "nbd")
        self._log = os.path.join(folder, "nbd.log")
        self._image = image

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                ["qemu-storage-daemon",
                 "--blockdev", "driver=file,node-name=file,filename=" + self._image,
                 "--blockdev", "driver=qcow2,node-name=disk,file=file",
                 "--nbd-server", "addr.type=unix,addr.path=" + self.socket,
                 "--export", "type=nbd,id=export,node-name=disk,name=hang,writable=on"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(100):
            if os.path.exists(self.socket):
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        with open(self._log, encoding="utf-8") as log:
            raise Infrastructure("qemu-storage-daemon does not serve: " + log.read())

    def __exit__(self, *_):
        self.go_on()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def stop(self):
        """From here on the disk answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        """The disk answers again."""
        self._process.send_signal(signal.SIGCONT)


# LVM's own tool reads every disk, and so would hang on the one: it is not started then. What we
# read of LVM ourselves, `lvm.json`, must be there.
READS_ALL = ("storage/lvm-fullreport.txt", "storage/lvm-report.json")


def _others(folder, *words):
    """The artifacts that are not of the device in question."""
    return [name for name in folder.names() if not any(word in name for word in words)]


def _costs_only_itself(results, claim, good, bad, device, target):
    """Claims that one device costs a run its own deadline and none of the other artifacts."""
    results.check(claim + ": collect ends in order",
                  bad.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                  "status %d\n%s%s" % (bad.outcome.status, bad.outcome.output,
                                       bad.outcome.errors))
    if bad.folder is None or bad.seconds is None:
        results.check(claim + ": a host folder is there", False)
        return
    limit = good.seconds + DEADLINE_SECONDS + max(SLACK_SECONDS, good.seconds)
    results.check("%s: %.1f s, beside %.1f s without" % (claim, bad.seconds, good.seconds),
                  bad.seconds <= limit, "more than %.1f s" % limit)
    lost = sorted(set(_others(good.folder, device, target, *READS_ALL))
                  - set(_others(bad.folder)))
    results.equal(claim + ": no other artifact is lost", lost, [])
    before, after = ({node["id"] for node in one.folder.json("storage/topology.json")["nodes"]}
                     for one in (good, bad))
    results.equal(claim + ": no node of the graph is lost", sorted(before - after), [])
    missing = _missing_targets(good, bad)
    strangers = [one for one in missing if device not in one and target not in one]
    results.equal(claim + ": nothing else is missing", strangers, [])


def _missing_targets(good, bad):
    """What the manifest of one run says is missing, and that of the other does not."""
    def entries(made):
        manifest = made.folder.json("manifest.json")
        return {"%s: %s" % (entry.get("what") or entry.get("path"), entry.get("why")
                            or entry.get("reason"))
                for entry in manifest.get("missing", [])}
    return sorted(entries(bad) - entries(good))


def check(run, machine, results, network_disk):
    """A stopped NBD server below a disk, and a suspended device-mapper volume."""
    suffix = str(time.monotonic_ns())
    good = guestrun.collect(machine, "well-" + suffix, options="--only storage --only boot")
    if good.folder is None:
        results.check("a run to compare with", False, good.outcome.errors)
        return
    name = os.path.basename(machine.need(
        ". /lab/scripts/find.sh; disk LABHANG").strip())
    network_disk.stop()
    try:
        # A reader that hangs in the kernel: proof that the disk does not answer.
        machine.need("dd if=/dev/%s of=/dev/null bs=4096 count=1 iflag=direct "
                     ">/dev/null 2>&1 & sleep 2; kill -0 $!" % name, 30)
        bad = guestrun.collect(machine, "hanging-" + suffix,
                               options="--only storage --only boot", seconds=400)
        stuck = machine.run("for p in /proc/[0-9]*; do grep -q '^State:.D' $p/status && "
                            "cat $p/comm; done", 30).output.split()
        results.check("the disk did hang all the time", "dd" in stuck, stuck)
    finally:
        network_disk.go_on()
    _costs_only_itself(results, "a disk that hangs", good, bad, name, "LABHANG")
    run.say("a hanging disk: collected in %s s" % bad.seconds)

    volume = os.path.basename(machine.need("readlink -f /dev/vglab/plain").strip())
    machine.need("dmsetup suspend --nolockfs vglab-plain")
    try:
        bad = guestrun.collect(machine, "suspended-" + suffix,
                               options="--only storage --only boot", seconds=400)
    finally:
        machine.need("dmsetup resume vglab-plain")
    _costs_only_itself(results, "a suspended volume", good, bad, volume, "plain")
    run.say("a suspended volume: collected in %s s" % bad.seconds)


def _mounts(folder):
    """What stands in the graph as a mount: place, options, identifier."""
    return sorted((node["name"], node["attributes"].get("options"),
                   node["attributes"].get("mountID"))
                  for node in folder.json("storage/topology.json")["nodes"]
                  if node["kind"] == "mount")


def hardened(results, machine, plain):
    """A service for which systemd makes everything read-only sees the true mount table."""
    made = guestrun.collect(
        machine, "hardened", options="--only storage", seconds=300,
        before="systemd-run --quiet --wait --pipe -p ProtectSystem=strict -p PrivateTmp=yes"
        " -p ReadWritePaths=/run/hardened")
    if not results.check("ProtectSystem=strict: a host folder is there", made.folder is not None,
                         made.outcome.output + made.outcome.errors):
        return
    results.equal("ProtectSystem=strict: the mounts are those of the host",
                  _mounts(made.folder), _mounts(plain.folder))
