"""Debian that UEFI firmware starts from an EFI system partition, with Secure Boot on."""

import os
import shutil

import compare
import guestrun
import rules_uefi
from errors import Unavailable
from host import GUEST, overlay
from machine import Machine
from truth import Truth, script

FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M%s.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M%s.fd"
READY_SECONDS = 500

# Two boot entries beside the firmware's own: one starts this system, the other's program is gone.
ENTRIES = """
disk=/dev/$(lsblk -dnro NAME,SERIAL | awk '$2 == "LABUEFI" { print $1 }')
[ -b "$disk" ] || exit 1
mountpoint -q /boot/efi || mount LABEL=LABESP /boot/efi || exit 1
mountpoint -q /sys/firmware/efi/efivars ||
    mount -t efivarfs efivarfs /sys/firmware/efi/efivars || exit 1
efibootmgr -q -c -d "$disk" -p 1 -L Gone -l '\\EFI\\gone\\gonex64.efi' || exit 1
efibootmgr -q -c -d "$disk" -p 1 -L Laboratory -l '\\EFI\\debian\\shimx64.efi' || exit 1
efibootmgr -q -t 3
"""


def check(run, results):
    """One boot with Secure Boot; with --all another one without."""
    _boot(run, results, ".ms", True)
    if run.everything:
        _boot(run, results, "", False)


def _boot(run, results, keys, is_secure):
    name = "secure" if is_secure else "plain"
    for path in (FIRMWARE % keys, VARIABLES % keys):
        if not os.path.exists(path):
            raise Unavailable("ovmf has no " + path)
    folder = os.path.join(run.folder, name)
    os.makedirs(folder)
    variables = os.path.join(folder, "variables")
    shutil.copy(VARIABLES % keys, variables)
    disk = overlay(run.images.uefi(), "raw", os.path.join(folder, "disk"))
    machine = Machine(folder, [
        *run.accelerator,
        "-global", "driver=cfi.pflash01,property=secure,value=" + ("on" if is_secure else "off"),
        "-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + FIRMWARE % keys,
        "-drive", "if=pflash,unit=1,format=raw,file=" + variables,
        "-drive", "file=%s,if=none,id=disk,format=qcow2,cache=unsafe" % disk,
        "-device", "virtio-blk-pci,drive=disk,serial=LABUEFI,bootindex=0"], "1536M")
    run.machines.append(machine)
    shutil.copytree(GUEST, os.path.join(machine.share, "scripts"))
    shutil.copy(run.binary, os.path.join(machine.share, "diagbundle"))
    run.say("%s: guest ready after %.1f s" % (name, machine.start(READY_SECONDS)))
    try:
        machine.need("install -m 755 /lab/diagbundle /usr/bin/diagbundle && sync", 60)
        machine.need(ENTRIES, 60)
        made = guestrun.collect(machine, name)
        run.say("collected in %s s" % made.seconds)
        results.check(name + ": collect ends as complete or partial",
                      made.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                      made.outcome.output + made.outcome.errors)
        if not results.check(name + ": a host folder is handed back", made.folder is not None,
                             made.outcome.output + made.outcome.errors):
            return
        guestrun.verified(results, machine, name)
        guestrun.nothing_hung(results, name, made)
        machine.need(script(), 400)
        truth = Truth(os.path.join(machine.share, "truth.tar"), os.path.join(folder, "truth"))
        run.say("the tools were asked")
        compare.check(results, truth, made.folder, rules_uefi,
                      os.path.join(folder, "agreements.txt"))
        _dangling(results, name, made.folder.findings())
    finally:
        machine.run("dmesg > /lab/dmesg.txt", 30)
        machine.stop(60)


def _dangling(results, name, findings):
    """Claims that the entry whose program is gone is a finding, and no other one is."""
    told = [finding for finding in findings if "dangling" in finding.get("fault", "")]
    results.check(name + ": the boot entry whose program is gone is a finding",
                  any("gonex64.efi" in str(finding) for finding in told),
                  [finding.get("fault") for finding in findings])
    results.equal(name + ": no other boot entry is said to dangle",
                  [finding.get("object") for finding in told
                   if "gonex64.efi" not in str(finding)], [])
