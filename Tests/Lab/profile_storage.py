"""Debian with every storage stack: compared with the tools, then with disks that hang."""

import os
import shutil

import besidesos
import compare
import disks
import guestrun
import hangs
import library
import openings
import others
import rules_storage
import ubuntu
from errors import Infrastructure, Unavailable
from host import GUEST, overlay
from machine import Machine
from ours import Ours
from truth import Truth, script

READY_SECONDS = 400
COMMAND_LINE = "console=ttyS0 panic=-1 init_on_alloc=0 quiet lab.root=labroot net.ifnames=0" \
    " systemd.show_status=0 loglevel=5"


def check(run, results):
    """One boot for everything; with `run.sos` for the comparison with sos alone."""
    sos = _sos(run, results) if run.sos or run.everything else None
    base = run.images.storage(lambda folder: _provision(run, folder))
    folder = os.path.join(run.folder, "guest")
    os.makedirs(folder)
    paths = {name: overlay(os.path.join(base, name), "qcow2", os.path.join(folder, name + ".disk"))
             for name in ["root", *disks.SIZES]}
    with hangs.NetworkDisk(paths["hang"], folder) as network_disk:
        machine = _machine(run, folder, paths, network_disk.socket)
        run.say("guest ready after %.1f s" % machine.start(READY_SECONDS))
        try:
            machine.need("sh /lab/scripts/activate.sh", 300)
            run.say("stacks are up")
            machine.need("install -m 755 /lab/diagbundle /usr/bin/diagbundle && sync", 60)
            if run.sos:
                library.furnish(run, machine)
            else:
                _all(run, machine, results, network_disk)
            if sos:
                besidesos.check(run, machine, results, sos)
        finally:
            machine.run("dmesg > /lab/dmesg.txt", 30)
            machine.kill()
    if run.everything and not run.sos:
        others.check(run, results)
        library.never_started(run, results)


def _sos(run, results):
    """The archive of sos. Without it `--sos` is not run at all, and `--all` without its last part."""
    try:
        return besidesos.fetched(run)
    except Unavailable as error:
        if run.sos:
            raise
        if run.need:
            results.check("sos can be had", False, error)
        else:
            results.skip("sos", error)
        return None


def _all(run, machine, results, network_disk):
    """All tests but the comparison with sos, which takes long."""
    _plain(run, machine, results)
    hangs.check(run, machine, results, network_disk)
    library.check(run, machine, results)
    if run.everything:
        hangs.check(run, machine, results, network_disk)
        _lost_path(machine, results)
        _ubuntu(run, results)


def _ubuntu(run, results):
    """Of a root, without the guest: where its packages cannot be had that alone is left out."""
    try:
        ubuntu.check(run, results)
    except Unavailable as error:
        results.skip("ubuntu", error)


def _lost_path(machine, results):
    """Pulls one of two paths to a disk: the graph has one left, and a finding says so."""
    machine.monitor("device_del", id="path-second")
    machine.need("n=0; until [ $(multipath -ll labmulti | grep -c ':40:0') = 1 ]; do n=$((n + 1));"
                 " [ $n -lt 60 ] || exit 1; sleep 1; done", 120)
    made = guestrun.collect(machine, "path", options="--only storage")
    if not results.check("a lost path: a host folder is there", made.folder is not None,
                         made.outcome.errors):
        return
    ours = Ours(made.folder)
    results.equal("a lost path: one is left in the graph",
                  len(ours.parents(ours.node("labmulti"))), 1)
    results.check("a lost path is a finding",
                  any("labmulti" in str(one) and "path" in str(one)
                      for one in made.folder.findings()),
                  [one.get("fault") for one in made.folder.findings()])


def _machine(run, folder, paths, socket):
    share = os.path.join(folder, "share")
    scripts = os.path.join(share, "scripts")
    os.makedirs(scripts)
    for name in os.listdir(GUEST):
        shutil.copy(os.path.join(GUEST, name), scripts)
    shutil.copy(run.binary, os.path.join(share, "diagbundle"))
    machine = Machine(folder, [
        *run.accelerator, "-kernel", run.images.kernel(), "-initrd", run.images.initrd(),
        "-append", COMMAND_LINE,
        "-drive", "file=%s,if=none,id=root,format=qcow2,cache=unsafe" % paths["root"],
        "-device", "virtio-blk-pci,drive=root,serial=LABROOT",
        *library.DEVICES, *disks.words(lambda name: paths[name], socket)], "1536M")
    run.machines.append(machine)
    return machine


def _provision(run, base):
    """Boots with empty disks and makes the stacks; the disks stay as they are then."""
    folder = os.path.join(run.folder, "provision")
    os.makedirs(folder)
    machine = _machine(run, folder, {name: os.path.join(base, name)
                                     for name in ["root", *disks.SIZES]}, None)
    run.say("provisioning: guest ready after %.1f s" % machine.start(READY_SECONDS))
    outcome = machine.run("sh /lab/scripts/provision.sh", 600)
    with open(os.path.join(folder, "provision.log"), "w", encoding="utf-8") as log:
        log.write(outcome.output + outcome.errors)
    if outcome.status != 0:
        raise Infrastructure("provisioning failed with status %d:\n%s%s" % (
            outcome.status, outcome.output[-2500:], outcome.errors[-2500:]))
    if not machine.stop(120):
        raise Infrastructure("the guest did not shut down after provisioning")
    run.machines.remove(machine)
    shutil.rmtree(folder)
    run.say("provisioned")


# What is wrong in this guest: what a person calls it, and words that a finding about it must have.
FAULTS = [
    ("the degraded mirror", "mirror=$(basename $(readlink -f /dev/md/mirror)); echo $mirror",
     "degraded"),
    ("the file system without space", "echo /srv/full", "space"),
    ("the file system without inodes", "echo /srv/inodes", "inodes"),
    ("the disk with sectors that cannot be read", "basename $(disk LABX1)", "medium"),
    ("the errors that ext4 recorded", "basename $(disk LABE1)", "error"),
    ("the thin pool that is nearly full", "echo pool", "full"),
    ("the line of fstab that cannot be mounted", "echo /srv/absent", "fstab"),
]


def _faults(machine, made, results):
    """Claims a finding for each fault that was built in."""
    findings = [str(one).lower() for one in made.folder.findings()]
    for claim, name, word in FAULTS:
        called = machine.need(". /lab/scripts/find.sh; " + name).strip().lower()
        results.check("%s (%s) is a finding" % (claim, called),
                      any(called in one and word in one for one in findings),
                      "none of %d findings names it with \"%s\"" % (len(findings), word))


def _failed_unit(made, results):
    """Claims that the unit that fails at each boot is told."""
    claim = "the unit that failed is in the history of the boots"
    history = made.folder.json("boot/boot-history.json")
    named = [boot["failedUnits"] for boot in history["boots"]] if history else None
    results.check(claim, named and any("lab-failing.service" in units for units in named),
                  (named, history and history.get("isComplete")))


def _declared(machine, results):
    """Collects what the tools say of stacks that only this guest has."""
    made = guestrun.collect(machine, "declared", options="--only multipath,md,lvm")
    if not results.check("declared: a host folder is there", made.folder is not None,
                         made.outcome.output + made.outcome.errors):
        return
    lacks = made.folder.json("manifest.json") or {}
    for path in ("multipath/maps.json", "multipath/topology.txt", "md/mdadm-detail-scan.txt"):
        results.check("declared: %s is there" % path, made.folder.has(path),
                      [made.folder.names(), lacks.get("absent"), lacks.get("missing")])


def _plain(run, machine, results):
    """Collects twice, asks the tools, compares."""
    made = guestrun.collect(machine, "plain")
    run.say("collected in %s s" % made.seconds)
    results.check("collect ends as complete or partial",
                  made.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                  made.outcome.output + made.outcome.errors)
    if not results.check("a host folder is handed back", made.folder is not None,
                         made.outcome.output + made.outcome.errors):
        return
    guestrun.verified(results, machine, "plain")
    guestrun.nothing_hung(results, "plain", made)
    _faults(machine, made, results)
    _failed_unit(made, results)
    machine.need(script(), 400)
    truth = Truth(os.path.join(machine.share, "truth.tar"),
                  os.path.join(machine.folder, "truth"))
    run.say("the tools were asked")
    compare.check(results, truth, made.folder, rules_storage,
                  os.path.join(machine.folder, "agreements.txt"))
    _declared(machine, results)
    openings.check(results, machine)
    run.say("collected under strace")
    openings.plan(results, machine)
    hangs.hardened(results, machine, made)
