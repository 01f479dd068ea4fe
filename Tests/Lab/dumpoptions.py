"""What a dump's options do on a real kernel, who may make one, and what stays of those that were
stopped; for `--all`."""

import json
import os
import re

from dumpfaults import Disturbed
from dumprun import COMPLETE, FORBIDDEN, PARTIAL, PLACE, REFUSED, dump, fetched
from kdump import Kdump

INTERRUPTED = 130

# A process with 8 MiB of one text, that has a device open: one that has /dev/kvm stands for a
# hypervisor, and its pages for those of a guest.
PATTERN = b"diagbundle-laboratory-pattern-%d;"
HOLDER = """
[ -e /dev/kvm ] || mknod /dev/kvm c 1 3
rm -f /run/holder
setsid perl -e 'open(K, "<", "{device}") or die; my $text = "diagbundle-laboratory-pattern-" . $$
    . ";"; my $all = $text x (8 << 20 >> 5); open(R, ">", "/run/holder"); print R $$; close R;
    sleep 1000 while 1; print $all' </dev/null >/dev/null 2>&1 &
until [ -s /run/holder ]; do sleep 0.2; done; cat /run/holder"""
HOLDER_PAGES = 1900  # Of the 8 MiB nearly all: the rest is at the ends.

# A file system that is frozen, and a process that waits to write to it.
FROZEN = """: >/srv/dump/frozen
sh -c 'sleep 2; exec dd if=/dev/zero bs=1 count=1 status=none' >>/srv/dump/frozen 2>&2 &
process=$!; echo $process
until readlink /proc/$process/fd/1 | grep -q frozen; do sleep 0.1; done
fsfreeze -f /srv/dump; sleep 4
diagbundle dump stacks --output /var/tmp/blocked --no-throttle --progress none >&2
fsfreeze -u /srv/dump; sleep 1; rm -f /srv/dump/frozen"""

STORE = """dump-directory: /srv/dump/store
dump-interval: 0s
dump-originator-interval: 1h
dump-keep: 2
dump-keep-policy: always
"""


def check(lab, guest):
    """All of it, in one guest."""
    _estimated(lab, guest)
    _pages_of_processes(lab, guest)
    _stopped(lab, guest)
    _throttled(lab, guest)
    _blocked(lab, guest)
    _forbidden(lab, guest)


def _estimated(lab, guest):
    """`--dry-run` tells what the dump then is."""
    outcome = guest.machine.run("diagbundle dump full --dry-run --json --output /srv/dump", 200)
    if not lab.results.check("--dry-run answers", outcome.status == COMPLETE,
                             outcome.output[-800:] + outcome.errors[-800:]):
        return
    said = json.loads(outcome.output)
    made = dump(guest, "estimated")
    if not lab.complete("estimated", made):
        return
    kept = sum(count for name, count in made.report["pages"].items() if name.startswith("kept."))
    size = os.path.getsize(made.file)
    lab.run.say("--dry-run: %d pages, %.1f MB, %.1f s; the dump: %d, %.1f MB, %.1f s" % (
        said["total"]["keptPages"], said["fileByteCount"] / 1e6, said["seconds"], kept, size / 1e6,
        made.seconds))
    lab.results.check("--dry-run: the pages are those of the dump within 5 %",
                      abs(said["total"]["keptPages"] - kept) <= 0.05 * kept,
                      (said["total"], kept))
    lab.results.check("--dry-run: the size is that of the file within a factor of two",
                      size / 2 <= said["fileByteCount"] <= size * 2, (said["fileByteCount"], size))
    outcome = guest.machine.run("diagbundle dump full --dry-run --json --output /srv/dump", 200)
    again = json.loads(outcome.output or "{}")
    # The whole run takes longer than the copying that is told.
    lab.results.check("--dry-run: after a dump it knows the rate, and the time is of that order",
                      again.get("isRateMeasured") and
                      made.seconds / 8 <= again["seconds"] <= made.seconds,
                      (again.get("seconds"), again.get("isRateMeasured"), made.seconds))
    lab.results.equal("--dry-run leaves nothing",
                      guest.machine.run("ls -A /srv/dump | grep -v lost+found").output.strip(), "")


def _pages_of_processes(lab, guest):
    """`--user-pages` keeps what a process has written, `--guest-pages` what one that runs a guest
    has, and nothing else keeps either."""
    processes = {name: int(guest.machine.need(HOLDER.format(device=device), 60))
                 for name, device in (("user", "/dev/null"), ("guest", "/dev/kvm"))}
    found = {}
    for name, options in (("plain", ""), ("guest", "--guest-pages"), ("user", "--user-pages")):
        made = dump(guest, "pages-" + name, options=options)
        if not lab.complete("%s pages" % name, made):
            continue
        found[name] = pages_with(made.file, {
            each: PATTERN % process for each, process in processes.items()})
        if name == "guest":
            lab.results.check("--guest-pages: the report counts them",
                              made.report.get("includesGuestPages") is True and
                              made.report["pages"].get("kept.guest", 0) >= HOLDER_PAGES,
                              made.report["pages"])
        os.unlink(made.file)
    guest.machine.need("kill %d %d; rm /run/holder" % tuple(processes.values()))
    lab.run.say("pages with the texts of the processes: %s" % found)
    for name, kept in (("plain", ()), ("guest", ("guest",)), ("user", ("user",))):
        for whose, count in found.get(name, {"user": -1, "guest": -1}).items():
            lab.results.check(
                "%s pages: those of the process of kind %s are %s" % (
                    name, whose, "in the dump" if whose in kept else "left out"),
                count >= HOLDER_PAGES if whose in kept else 0 <= count < 20, found)


def pages_with(path, texts):
    """How many pages of a dump have each of some texts in them."""
    file = Kdump(path)
    counts = dict.fromkeys(texts, 0)
    for index in range(len(file.frames)):
        page = file.page(index) or b""
        for name, text in texts.items():
            counts[name] += text in page
    return counts


def _stopped(lab, guest):
    """However a dump is stopped, what it leaves opens and says that it is incomplete."""
    made = Disturbed(guest, "interrupted", "kill -TERM $pid")
    if lab.results.check("interrupted: a dump of all memory runs for a while", made.was_reached,
                         made.said[-800:]):
        lab.results.equal("interrupted: it ends so", made.status, INTERRUPTED)
        _opens(lab, guest, "interrupted")
    made = Disturbed(guest, "killed-elf", "pkill -KILL -x diagbundle", "--format elf")
    if lab.results.check("killed, ELF: a dump of all memory runs for a while", made.was_reached,
                         made.said[-800:]):
        _opens(lab, guest, "killed-elf")
    # By a slow disk a dump of all memory takes longer than the deadline on any machine.
    guest.machine.monitor("block_set_io_throttle", device="d1", bps=0, bps_rd=0,
                          bps_wr=40 << 20, iops=0, iops_rd=0, iops_wr=0)
    for name, options in (("deadline", "--deadline 8s"), ("max-size", "--max-size 24MiB")):
        outcome = guest.machine.run(
            "mkdir -p {0} && diagbundle dump full --level 0 --compress none --output {0}"
            " --no-throttle --progress none {1}".format(PLACE + name, options), 300)
        lab.results.check("%s: it ends as partial, and says why" % name,
                          outcome.status == PARTIAL, outcome.output[-800:] + outcome.errors[-800:])
        lab.run.say("%s: %s" % (name, outcome.output.strip().splitlines()[:1]))
        _opens(lab, guest, name)
    guest.machine.monitor("block_set_io_throttle", device="d1", bps=0, bps_rd=0, bps_wr=0,
                          iops=0, iops_rd=0, iops_wr=0)


def _opens(lab, guest, name):
    """Claims that `dump info` reads what a dump left, and tells that it is incomplete."""
    made = fetched(guest, name)
    files = [one for one in os.listdir(made.folder)
             if re.search(r"LiveDump\.(kdump|elf)", one)]
    if not lab.results.check("%s: it leaves a dump" % name, len(files) == 1,
                             sorted(os.listdir(made.folder))):
        return
    path = os.path.join(made.folder, files[0])
    told = lab.info(path)
    lab.results.equal("%s: the dump says that it is incomplete" % name,
                      told.get("completeness"), "partial")
    lab.results.equal("%s: it says of which kernel" % name, told.get("release"),
                      lab.run.dump_images.release)
    os.unlink(path)


def _throttled(lab, guest):
    """The least time between two dumps of one originator holds, another may dump, and the oldest
    goes."""
    machine = guest.machine
    machine.put(STORE.encode(), "/run/store.yaml")
    statuses, folders = [], []
    for options in ("--originator first", "--originator first", "--originator second",
                    "--originator third", "--originator first --no-throttle"):
        outcome = machine.run("diagbundle dump full --level 31 --config /run/store.yaml"
                              " --progress none " + options, 200)
        statuses.append(outcome.status)
        if outcome.status == REFUSED:
            lab.results.check("throttled: it says when the next one may be made",
                              "originator" in outcome.errors and
                              re.search(r"\d+ (min|s|h)\b", outcome.errors),
                              outcome.errors)
        folders.append(sorted(machine.run(
            "cd /srv/dump/store && ls -d */LiveDump.kdump").output.split()))
    lab.results.equal("throttled: the second dump of one originator is refused, others are made",
                      statuses, [COMPLETE, REFUSED, COMPLETE, COMPLETE, COMPLETE])
    made = sorted({one for each in folders for one in each})
    lab.results.equal("kept: two dumps at most", [len(each) for each in folders if each][-1], 2)
    lab.results.equal("kept: the newest two", folders[-1], made[-2:])
    machine.need("rm -rf /srv/dump/store")


def _blocked(lab, guest):
    """A thread that waits stands first, with the function and the file system that it waits for."""
    machine = guest.machine
    outcome = machine.run(FROZEN, 200)
    process = int(outcome.output.split()[0])
    document, text = ((machine.get(path) or b"").decode() for path in machine.need(
        "ls /var/tmp/blocked/*/LiveDump-stacks.json /var/tmp/blocked/*/LiveDump-stacks.txt"
        "; rm -rf /var/tmp/kept; mv /var/tmp/blocked /var/tmp/kept").replace(
            "/blocked/", "/kept/").split())
    stacks = json.loads(document)
    first = stacks["blocked"][0] if stacks["blocked"] else {}
    lab.run.say("blocked: %s" % json.dumps(first))
    lab.results.equal("blocked: the process that waits stands first", first.get("thread"), process)
    lab.results.check("blocked: it is told for which file system, and its device",
                      first.get("wait", {}).get("mountPoint") == "/srv/dump" and
                      first["wait"].get("device", "").startswith("/dev/vd"), first)
    lab.results.check("blocked: the text has it before the other stacks",
                      0 < text.find("frozen") < text.find("systemd"), text[:1200])
    machine.need("rm -rf /var/tmp/kept")


def _forbidden(lab, guest):
    """Who may not read the kernel's memory is told what it takes, and `collect` goes on."""
    machine = guest.machine
    for name, before in (
            ("an ordinary user", "setpriv --reuid 65534 --regid 65534 --clear-groups"),
            ("root of a user namespace", "unshare --user --map-root-user")):
        place = PLACE + "forbidden"
        outcome = machine.run(
            "mkdir -p -m 777 {0} && chmod 777 {0} && {1} diagbundle dump full --output {0}"
            " --no-throttle --progress none".format(place, before), 100)
        lab.results.check("%s: a dump is not permitted, and it says what it takes" % name,
                          outcome.status == FORBIDDEN and
                          re.search(r"CAP_\w+|root", outcome.errors + outcome.output),
                          "%s %s%s" % (outcome.status, outcome.output, outcome.errors))
        machine.need("rm -rf " + place)
    outcome = machine.run("setpriv --reuid 65534 --regid 65534 --clear-groups diagbundle dump full"
                          " --no-throttle --progress none", 100)
    lab.results.check("an ordinary user without --output: it says what it takes",
                      outcome.status == FORBIDDEN and re.search(r"CAP_\w+|root", outcome.errors),
                      "%s %s%s" % (outcome.status, outcome.output, outcome.errors))
    # As container runtimes mask it.
    outcome = machine.run(
        "mkdir -p {0} && unshare --mount sh -c 'mount --bind /dev/null /proc/kcore &&"
        " exec diagbundle dump full --output {0} --no-throttle --progress none'"
        "; status=$?; find {0} -name LiveDump-stacks.txt; rm -rf {0}; exit $status"
        .format(PLACE + "masked"), 200)
    lab.results.check("a masked /proc/kcore: it says so, and the stacks in text are there",
                      outcome.status == FORBIDDEN and "masked" in outcome.errors
                      and outcome.output.rstrip().endswith("LiveDump-stacks.txt"),
                      "%s %s%s" % (outcome.status, outcome.output, outcome.errors))
    _collected_by_an_ordinary_user(lab, machine)


def _collected_by_an_ordinary_user(lab, machine):
    """`collect` goes on without the dump, with what everybody may know of the threads."""
    place = PLACE + "ordinary"
    outcome = machine.run(
        "mkdir -p -m 777 {0} && chmod 777 {0} && setpriv --reuid 65534 --regid 65534"
        " --clear-groups diagbundle collect --only livedump,system --include-live-dump"
        " --dump-no-throttle --output {0} --progress none".format(place), 200)
    lab.results.check("an ordinary user: collect goes on and ends as partial",
                      outcome.status == PARTIAL, outcome.output + outcome.errors)
    names = machine.run("find %s -type f" % place).output.split()
    found = {os.path.basename(name): name for name in names}

    def document(name):
        content = machine.get(found[name]) if name in found else None
        return json.loads(content) if content else {}

    manifest = document("manifest.json")
    lacks = [one for one in manifest.get("missing", []) if one["collector"] == "livedump"]
    lab.results.check("an ordinary user: the manifest says which capability the dump takes", any(
        one["what"] == "LiveDump.kdump" and re.search(r"CAP_\w+", one["why"]) for one in lacks),
                      lacks)
    listed = {one["path"]: one["byteCount"] for one in manifest.get("artifacts", [])}
    lab.results.check("an ordinary user: the stacks in text and as JSON are there", all(
        listed.get(name) and name in found
        for name in ("LiveDump-stacks.txt", "LiveDump-stacks.json")), (sorted(listed), names))
    stacks = document("LiveDump-stacks.json")
    lab.results.check("an ordinary user: they have the guest's first process", any(
        one["thread"] == 1 and one["name"] == "systemd" for one in stacks.get("threads", [])),
                      stacks.get("threads", [])[:3])
    # The kernel shows no stack of another user's thread, so that is to be said.
    lab.results.check("an ordinary user: they say which capability the kernel's stacks take", any(
        re.search(r"CAP_\w+", json.dumps(one)) for one in stacks.get("lacks", [])),
                      stacks.get("lacks"))
    machine.need("rm -rf " + place)
