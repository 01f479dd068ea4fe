"""What the program tells of a real dump, while it is made and afterwards, and when it may not be
made; for `--all`."""

import datetime
import json
import os
import re
import struct
import subprocess

import dumpchecks
from dumpfaults import DISTURBED, DISTURBED_KIB, FILL, Disturbed, INPUT_OUTPUT, collect
from dumprun import COMPLETE, PARTIAL, PLACE, REFUSED, GuestTruth, dump, fetched
from host import run as host
from kdump import Kdump
from running import PRSTATUS, REGISTERS_OFFSET

CANNOT_CREATE = 73
CUT_MIB = 24  # More than the tables of a dump of 1 GiB, and less than its pages.


def check(lab, guest):
    """All of it, in one guest."""
    _told(lab, guest)
    _flattened(lab, guest)
    _progress(lab, guest)
    _stored(lab, guest)
    _cut(lab, guest)
    _without_samples(lab, guest)
    _refused(lab, guest)
    _priority(lab, guest)
    _left_by_collect(lab, guest)


def _told(lab, guest):
    """`dump info` tells of a file what LiveDump.json tells, and who asked for it and why."""
    made = dump(guest, "told", options="--level 31 --originator Taskmgr --reason 'it was slow'")
    if not lab.complete("told", made):
        return
    told, report = lab.info(made.file), made.report
    code = told.get("code") or {}
    lab.results.equal("told: the code and who asked", [
        code.get("number"), (code.get("parameters") or [{}])[0], told.get("originator"),
        told.get("reason")], [
        "0x161", {"value": "0x005461736b6d6772", "text": "Taskmgr"}, "Taskmgr", "it was slow"])
    _timed(lab, made)
    for name in ("torn", "windows", "level", "openWith", "steps", "stages"):
        lab.results.check("told: %s is that of LiveDump.json" % name,
                          name == "openWith" and told.get(name) or
                          told.get(name) == report.get(name), (told.get(name), report.get(name)))
    kernel = report["kernel"]
    lab.results.equal(
        "told: the host, the kernel and the processors are the guest's",
        [told.get(name) for name in ("host", "release", "buildIdentifier", "debugPackage",
                                     "processorCount", "registerCount", "consistency")],
        [report["host"], kernel["release"], kernel["buildIdentifier"], kernel["debugPackage"],
         2, 2, "smeared"])
    counted = sum(count for name, count in report["pages"].items() if name.startswith("kept."))
    lab.results.equal("told: the pages are those of LiveDump.json",
                      (told.get("pages") or {}).get("dumped"), counted)
    text = subprocess.run([lab.run.binary, "dump", "info", made.file], text=True,
                          stdout=subprocess.PIPE, check=False, timeout=120).stdout
    lab.results.check("told: a person reads it, too", all(
        one in text for one in ("Taskmgr", "it was slow", kernel["release"], "0x161")), text)
    os.unlink(made.file)


def _timed(lab, made):
    """The steps are the whole time of the dump, and the stacks are those of its begin."""
    report = made.report
    steps = [(one["name"], one["seconds"]) for one in report.get("steps", [])]
    found = dict(steps)
    lab.results.check("told: each step once, the work of a dump among them", len(found) ==
                      len(steps) and all(found.get(name, 0) > 0 for name in (
                          "preflight", "processors", "layout", "pageFlags", "registers", "setUp",
                          "copy", "reread", "sample", "tables", "sync", "finish")), steps)
    started, ended = (datetime.datetime.fromisoformat(report[name].replace("Z", "+00:00"))
                      for name in ("started", "ended"))
    whole = (ended - started).total_seconds()
    lab.results.check("told: the steps sum to the time of the dump", abs(
        sum(found.values()) - found.get("prepare", 0) - whole) < 0.5, (steps, whole))
    # Times are texts of one length. Reading that takes longer than the copy waits is told as a step.
    read = report.get("stacksRead") or {}
    lab.results.check("told: the stacks were read before the first page", bool(read) and
                      report["started"] <= read["start"] <= read["end"] and (
                          read["end"] <= report["windows"][0]["start"]
                          or found.get("stacks", 0) >= 2), (read, report["windows"][:1], steps))


def _flattened(lab, guest):
    """What makedumpfile flattens of a dump of ours is read, and converted back; it reads our ELF
    core and our plain pages. Crash reads plain pages, too."""
    before = GuestTruth(guest, "plain-before")
    made = dump(guest, "plain", options="--level 31 --compress none")
    after = GuestTruth(guest, "plain-after")
    core = dump(guest, "core", options="--level 31 --format elf")
    if not (lab.complete("plain", made) and lab.complete("core", core)):
        return
    dumpchecks.by_storing(lab.results, "plain", Kdump(made.file), 0)
    dumpchecks.by_crash(lab.results, "plain", lab.readers, made.file, lab.symbols,
                        dumpchecks.walked(lab.readers, made.file, lab.symbols, small=True),
                        before, after, small=True)
    flat, back = (os.path.join(made.folder, name) for name in ("flat", "back"))
    with open(flat, "wb") as file:
        done = subprocess.run(["makedumpfile", "-F", "-c", "-d", "31", made.file], stdout=file,
                              stderr=subprocess.PIPE, check=False, timeout=300)
    if lab.results.check("flattened: makedumpfile flattens plain pages", done.returncode == 0,
                         done.stderr[-800:]):
        told = lab.info(flat)
        lab.results.equal("flattened: it is told", [
            told.get(name) for name in ("isFlattened", "release", "completeness")],
            [True, lab.run.dump_images.release, "complete"])
        done = subprocess.run([lab.run.binary, "dump", "convert", flat, back], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=300)
        if lab.results.check("flattened: it is converted", done.returncode == 0,
                             done.stdout[-800:]):
            ours, theirs = Kdump(made.file), Kdump(back)
            wanted = dict(zip(ours.frames.tolist(), range(len(ours.frames))))
            other = [frame for index, frame in enumerate(theirs.frames.tolist())
                     if theirs.page(index) != ours.page(wanted[frame])]
            lab.results.check("flattened: every page is as it was",
                              len(theirs.frames) > 1000 and not other, other[:8])
    log = os.path.join(core.folder, "log")
    host("makedumpfile", "-f", "--dump-dmesg", core.file, log, timeout=120)
    with open(log, encoding="utf-8", errors="replace") as text:
        lab.results.check("ELF: makedumpfile --dump-dmesg", text.read().count("\n") > 100)
    status = os.stat(core.file)
    lab.results.check("ELF: the file is sparse", status.st_blocks * 512 < status.st_size / 2,
                      (status.st_blocks, status.st_size))


def _progress(lab, guest):
    """The copying is shown by bytes, with rate and time left."""
    place = PLACE + "progress"
    outcome = guest.machine.run("mkdir -p {0} && diagbundle dump full --output {0} --no-throttle"
                                " --progress json".format(place), 200)
    dumpchecks.by_progress(lab.results, "progress", outcome.errors)
    # Bars are drawn on a terminal; a plain line is written every ten seconds.
    words = "diagbundle dump full --output %s --no-throttle" % place
    outcome = guest.machine.run("TERM=xterm script -qec '%s' /dev/null" % words, 200)
    lab.results.check("progress: in words on a terminal, with the rate", re.search(
        r"Copying diagnostic file LiveDump\.kdump.*/s", outcome.output), outcome.output[-1200:])
    outcome = guest.machine.run(words + " --level 0 --threads 1 --progress plain", 400)
    lab.results.check("progress: in plain lines, with the rate", re.search(
        r"Copying diagnostic file LiveDump\.kdump, .*/s, [0-9:]+ left", outcome.errors),
                      outcome.errors[-1200:])
    guest.machine.need("rm -rf " + place)


def _stored(lab, guest):
    """A dump is in the bundle as it is, and outside of the run's limit of bytes."""
    made = collect(guest, "stored", "--live-dump stacks --dump-no-throttle --max-size 1MiB"
                   " --dump-reason 'it was slow'")
    if not lab.results.check("stored: collect --live-dump stacks ends well",
                             made.status in (COMPLETE, PARTIAL), made.why()):
        return
    listed = [one for one in json.loads(made.manifest)["artifacts"]
              if one["path"].endswith("LiveDump.kdump")]
    lab.results.check("stored: the dump is whole, though larger than --max-size", len(listed) == 1
                      and not listed[0]["isTruncated"] and listed[0]["byteCount"] > 1 << 20,
                      listed)
    report = [one for one in made.names if one.endswith("/LiveDump.json")]
    lab.results.check("stored: its report has the reason", report and b'"it was slow"' in (
        guest.machine.get(report[0]) or b""), made.names)
    bundle = [one for one in made.names if one.endswith(".tar.xz")]
    dumped = [one for one in made.names if one.endswith("/LiveDump.kdump")]
    answer = guest.machine.run(
        "stat -c %s {0} {1}; mkdir /run/out && diagbundle extract {0} --directory /run/out >&2;"
        " cmp {1} $(find /run/out -name LiveDump.kdump) && echo same; rm -rf /run/out".format(
            bundle[0], dumped[0]), 200)
    words = answer.output.split()
    lab.results.check("stored: the bundle has it as it is", len(words) == 3 and
                      int(words[0]) >= int(words[1]) and words[2] == "same",
                      answer.output + answer.errors)
    guest.machine.need("rm -rf %slogs-stored" % PLACE)


def _cut(lab, guest):
    """A dump that --dump-max-size cuts is in the bundle as what it is: cut, and why."""
    made = collect(guest, "cut", "--include-live-dump --dump-no-throttle --dump-level 0"
                   " --dump-max-size %dMiB" % CUT_MIB)
    lab.results.check("cut: collect ends as partial", made.status == PARTIAL, made.why())
    manifest = json.loads(made.manifest or "{}")
    listed = [one for one in manifest.get("artifacts", [])
              if one["path"].endswith("LiveDump.kdump")]
    lab.results.check("cut: the manifest has the dump as truncated, and why", len(listed) == 1
                      and listed[0]["isTruncated"]
                      and "--dump-max-size" in listed[0].get("truncationReason", ""), listed)
    lab.results.check("cut: the dump is no larger than --dump-max-size", len(listed) == 1
                      and 0 < listed[0]["byteCount"] <= CUT_MIB << 20, listed)
    lacks = [one for one in manifest.get("missing", []) if one["collector"] == "livedump"]
    lab.results.check("cut: the pages of the rest are among what is missing", any(
        "LiveDump.kdump" in one["what"] and "--dump-max-size" in one["why"] for one in lacks),
                      lacks)
    dumped = [one for one in made.names if one.endswith("/LiveDump.kdump")]
    bundle = [one for one in made.names if one.endswith(".tar.xz")]
    if lab.results.check("cut: there are the dump and a bundle",
                         len(dumped) == 1 and len(bundle) == 1, made.why()):
        told = guest.machine.run("diagbundle dump info --json " + dumped[0], 100)
        lab.results.equal("cut: dump info says that it is incomplete",
                          json.loads(told.output or "{}").get("completeness"), "partial")
        outcome = guest.machine.run("diagbundle verify " + bundle[0], 200)
        lab.results.check("cut: the bundle verifies", outcome.status == COMPLETE,
                          outcome.output[-800:] + outcome.errors[-800:])
    guest.machine.need("rm -rf %slogs-cut" % PLACE)


def _without_samples(lab, guest):
    """Where perf is forbidden the registers are zero, which is told, and the dump opens."""
    machine = guest.machine
    machine.need("cat /proc/sys/kernel/perf_event_paranoid > /run/paranoid;"
                 " echo 3 > /proc/sys/kernel/perf_event_paranoid")
    place = PLACE + "unsampled"
    outcome = machine.run(
        "mkdir -p {0} && capsh --drop=cap_perfmon,cap_sys_admin -- -c 'exec diagbundle dump full"
        " --level 31 --output {0} --no-throttle --progress none'".format(place), 200)
    machine.need("cat /run/paranoid > /proc/sys/kernel/perf_event_paranoid")
    made = fetched(guest, "unsampled", outcome.status, outcome.seconds, outcome.output,
                   outcome.errors)
    if not lab.results.check("without perf: there is a dump", made.file is not None, made.why()):
        return
    registers = made.report.get("registers") or {}
    lab.results.check("without perf: it says that no registers were sampled, and why",
                      registers.get("sampled") == 0 and registers.get("why"), registers)
    notes = [content for name, kind, content in Kdump(made.file).notes
             if (name, kind) == ("CORE", PRSTATUS)]
    lab.results.check("without perf: the registers are zero", len(notes) == 2 and not any(
        any(struct.unpack_from("<27Q", one, REGISTERS_OFFSET)) for one in notes))
    walk = json.loads(lab.readers.drgn("drgn_walk.py", made.file, lab.symbols, "stacks"))
    lab.results.check("without perf: drgn finds the tasks",
                      len(walk["tasks"].get("value", [])) > 30, walk["tasks"].get("error"))


def _refused(lab, guest):
    """Nothing is written to memory or to a full disk, and not too often."""
    machine = guest.machine
    words = "diagbundle dump full --level 31 --progress none --no-throttle --output "
    outcome = machine.run("mkdir -p /run/dumps && " + words + "/run/dumps", 100)
    lab.results.check("refused: an output in memory", outcome.status == CANNOT_CREATE and
                      "memory" in outcome.errors, (outcome.status, outcome.errors))
    outcome = machine.run("fallocate -l $(($(df -B1 --output=avail /srv/dump | tail -1) - 9000000))"
                          " /srv/dump/filler; %s/srv/dump/small; status=$?; rm /srv/dump/filler;"
                          " exit $status" % words, 100)
    lab.results.check("refused: a disk without room", outcome.status == INPUT_OUTPUT and
                      "/srv/dump" in outcome.errors, (outcome.status, outcome.errors))
    machine.put(b"dump-directory: /srv/dump/often\ndump-originator-interval: 0s\n"
                b"dump-keep-policy: always\n", "/run/often.yaml")
    outcomes = [machine.run("diagbundle dump full --level 31 --progress none"
                            " --config /run/often.yaml " + options, 200)
                for options in ("--no-throttle", "")]
    lab.results.check("refused: a second dump within the interval", [
        one.status for one in outcomes] == [COMPLETE, REFUSED] and
        re.search(r"\d+ (min|s)\b", outcomes[1].errors), outcomes[1].errors)
    outcome = machine.run("echo 'dump-keep: 0' > /run/none.yaml;"
                          " diagbundle dump full --dry-run --config /run/none.yaml", 100)
    lab.results.check("--dry-run: the table for a person, with what would refuse the dump",
                      outcome.status == COMPLETE and "in the dump" in outcome.output and
                      "keep none" in outcome.output, outcome.output + outcome.errors)
    outcome = machine.run("echo 'dump-free-space: 1TiB' > /run/free.yaml; diagbundle dump full"
                          " --level 31 --dry-run --no-throttle --config /run/free.yaml", 100)
    lab.results.check("--dry-run: the room that is to stay, and the rate of the last dump",
                      outcome.status == COMPLETE and "1.0 TiB would stay" in outcome.output and
                      "the rate of the last one" in outcome.output,
                      outcome.output + outcome.errors)
    machine.need("rm -rf /srv/dump/often /srv/dump/small /run/dumps")


def _priority(lab, guest):
    """The threads that copy stand behind what the host does."""
    made = Disturbed(guest, "priority", "for comm in $(grep -lx dump-copy /proc/[0-9]*/task/*/comm); do"
                     " task=$(dirname $comm); cut -d' ' -f19,41 $task/stat;"
                     " ionice -p ${task##*/}; done; kill -TERM $pid")
    if lab.results.check("priority: a dump of all memory runs for a while", made.was_reached,
                         made.said[-800:]):
        values = re.findall(r"^(\d+) (\d+)$", made.said, re.M)
        lab.results.check("priority: its threads are in the batch class, at nice 10, and last"
                          " among those that write", values and set(values) == {("10", "3")} and
                          made.said.count("best-effort: prio 7") == len(values), made.said[:800])
    guest.machine.need("rm -rf %spriority" % PLACE)


def _left_by_collect(lab, guest):
    """What a `collect` that fails or is killed has of a dump stays, and is told."""
    script = DISTURBED.replace("dump full --level 0", "collect --only livedump --include-live-dump"
                               " --dump-level 0").replace(
                                   "--no-throttle", "--dump-no-throttle")
    for name, happens in (
            ("collect-killed", "pkill -KILL -x diagbundle"),
            ("collect-full", FILL)):
        place = PLACE + name
        outcome = guest.machine.run(script.format(
            place=place, name=name, kib=DISTURBED_KIB, happens=happens, options=""), 400)
        guest.machine.need("rm -f /srv/dump/filler")
        said = outcome.output + outcome.errors
        if not lab.results.check("%s: it runs for a while" % name,
                                 "never so far" not in said, said[-800:]):
            continue
        if name == "collect-killed":
            said = guest.machine.run("diagbundle collect --only system --output %s"
                                     " --progress plain" % place, 200).errors
        found = guest.machine.run("ls -d %s/*.partial*/LiveDump.kdump" % place).output.split()
        lab.results.check("%s: the dump stays, and it is told where" % name,
                          len(found) == 1 and os.path.dirname(found[0]) in said,
                          (found, said[-1500:]))
        if found:
            told = guest.machine.run("diagbundle dump info --json " + found[0], 100).output
            lab.results.equal("%s: dump info reads it" % name,
                              json.loads(told or "{}").get("completeness"), "partial")
        guest.machine.need("rm -rf " + place)
