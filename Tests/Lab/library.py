"""The library of declared collectors in a real guest: what can run runs, and changes nothing."""

import fnmatch
import json
import os
import re
import subprocess

import declared
import guestrun
from contents import COLLECTORS, CONTENT, FAILING, FURNISHED, KEYS, SILENT
from host import HERE

# The network, of which no packet ever comes, and a board controller.
DEVICES = ["-device", "virtio-net-pci", "-device", "ipmi-bmc-sim,id=controller",
           "-device", "isa-ipmi-kcs,bmc=controller"]

# What a listing would load, if it were asked for what is not there.
ASLEEP = ["nf_tables", "nft_compat", "iptable_filter", "ip6table_filter", "ebtables",
          "arp_tables", "ip_set", "nf_conntrack", "inet_diag", "tcp_diag", "udp_diag", "unix_diag",
          "netlink_diag", "af_packet_diag", "xfrm_user", "macsec", "wireguard", "bridge", "vsock"]

# Lines of state.sh that another moment changes.
MOVING = re.compile(
    r"sysctl (?:fs\.(?:dentry-state|file-nr|inode-nr|inode-state)|kernel\.(?:ns_last_pid|pty\.nr|"
    r"random\.\w+)|net\.netfilter\.nf_conntrack_count) =")

# What may change meanwhile, and why.
EXPECTED_CHANGES = [
    (r"unit systemd-tmpfiles-clean\.(?:timer|service) ", "it is due 15 minutes after the start"),
    (r"unit (?:proc-sys-fs-binfmt_misc\.\S+) ", "nobody of ours: its mount is by itself"),
]

# Files that are written meanwhile, and by whom.
EXPECTED_WRITES = [
    (r"/(?:var/log|run/log)/journal/", "journald keeps what systemd says of that"),
    (r"/run/log/journal$", "journald"),
    (r"/var/log/audit/audit\.log$", "auditd, of units that start"),
    (r"/run/chrony$", "chronyc, for its own end of the socket, which it removes"),
    (r"/var/lib/rpm/rpmdb\.sqlite-(?:shm|wal) \(not its content\)$",
     "SQLite, as root, gives what it opens the owner that the database has"),
    (r"/var/(?:lib|log)/(?:mysql|postgresql)(?:/|$)", "the databases, which run"),
    (r"/(?:run|var/lib)/NetworkManager(?:/|$)", "NetworkManager, which runs"),
]

# Local sockets that commands of the library talk to.
SOCKETS = [
    r"@/org/kernel/linux/storage/multipathd", r"/run/systemd/private",
    r"/run/dbus/system_bus_socket", r"/run/chrony/chronyd\.sock", r"/var/run/nscd/socket",
    r"/run/systemd/resolve/io\.systemd\.Resolve(?:\.Monitor)?",
]
STRACE = "strace -f -q -e signal=none -e trace=connect -o /run/%s/strace"
UNIX = re.compile(r' connect\(\d+, \{sa_family=AF_UNIX, sun_path=(@?)"([^"]*)"')

# The kernel's own trace of every socket that is neither local nor of netlink, whoever makes it:
# without one nothing is sent to another host, nor to this one over the network.
TRACING = "/sys/kernel/tracing/instances/lab"
WATCH = """mkdir {0} && cd {0}/events/syscalls/sys_enter_socket &&
echo 'family != 1 && family != 16' >filter && echo 1 >enable""".format(TRACING)
SEEN = "grep -v '^#' %s/trace; rmdir %s" % (TRACING, TRACING)

# Who asks the kernel for rules and links by such a socket, or tries what it knows of sockets; the
# counts of packets say that nothing is sent. cloud-init's HTTP library tries at its import whether
# ::1 can be bound; mariadbd asks for the hardware address of a link, for the identifiers that
# it makes up, even to tell its version. chronyd is the host's own. BARE is where furnish.sh was not.
BARE_ASKING = re.compile(r" *(?:cloud-init|ethtool|mariadbd)-\d")
ASKING = re.compile(r" *(?:ip6?tables-legac\S*|ebtables-legacy|arptables-legac|networkctl|"
                    r"chronyc|chronyd|cloud-init|ethtool|mariadbd)-\d")


# --- what must not change ---------------------------------------------------------------------

def _state(machine):
    return set(machine.need("sh /lab/scripts/state.sh", 120).splitlines())


def _reason(reasons, line):
    return next((why for pattern, why in reasons if re.match(pattern, line)), None)


class Allowances:
    """What is no fault in one guest: changes and files, each a pattern with its reason; `asking`, a
    pattern of who makes sockets; artifacts of commands that say nothing, and that end badly."""

    def __init__(self, asking=None, changes=(), writes=(), silent=SILENT, failing=FAILING):
        self.asking, self.silent, self.failing = asking, silent, failing
        self.changes, self.writes = [*EXPECTED_CHANGES, *changes], [*EXPECTED_WRITES, *writes]


def unexpected_changes(before, after, expected):
    """Lines of one state that the other has not, without those that time moves."""
    changed = ["- " + line for line in before - after] + ["+ " + line for line in after - before]
    return sorted(line for line in changed
                  if not MOVING.match(line[2:]) and not _reason(expected, line[2:]))


def _written(machine, name, expected):
    """Files that were changed, made or removed since the mark, by their folder or their own time,
    and which have the content that they had; the names of devices and of kernel files are in the
    state."""
    mark = "/run/%s/mark" % name
    found = machine.need(
        "find / /run /tmp /srv/* -xdev -cnewer %s ! -path '/run/%s*' ! -path /lab ! -path /run"
        " \\( -newer %s -printf '%%p\\n' -o -printf '%%p (not its content)\\n' \\) | sort -u"
        % (mark, name, mark), 120)
    return [line for line in found.splitlines() if not _reason(expected, line)]


def strange_sockets(lines):
    """Local sockets that nobody is known to talk to, and other addresses."""
    named = {match[1] + match[2] if (match := UNIX.search(line)) else line
             for line in lines if " connect(" in line}
    return sorted(one for one in named if not any(re.fullmatch(known, one) for known in SOCKETS))


class Watched:
    """One run with all that was seen of it from outside."""

    def __init__(self, machine, name, options, allowed):
        machine.need(WATCH)
        state = _state(machine)
        machine.need("mkdir -p /run/{0} && touch /run/{0}/mark && sleep 1".format(name))
        self.made = guestrun.collect(machine, name, seconds=1500,
                                     options="--deadline 20m --profile full " + options)
        self.written = _written(machine, name, allowed.writes)
        self.changes = unexpected_changes(state, _state(machine), allowed.changes)
        self.sockets = [line for line in machine.need(SEEN).splitlines()
                        if not (allowed.asking and allowed.asking.match(line))]

    def is_in_order(self, results, name):
        """Claims that the run is there to be looked at, and that nothing was changed."""
        claim = "library, %s: " % name
        results.check(claim + "collect ends in order",
                      self.made.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                      self.made.outcome.output[-800:] + self.made.outcome.errors[-800:])
        results.equal(claim + "no module, mount, unit, address, route, setting, device or count"
                      " of packets is changed", self.changes, [])
        results.equal(claim + "no file is written outside the output", self.written, [])
        results.equal(claim + "no socket is made that reaches beyond this kernel",
                      self.sockets, [])
        return results.check(claim + "a host folder is there", self.made.folder is not None,
                             self.made.outcome.output)


# --- what must be there -----------------------------------------------------------------------

class Fates:
    """What became of each command of the library in one run."""

    def __init__(self, library, applies, folder, allowed):
        self.allowed = allowed
        manifest = folder.json("manifest.json")
        self.library, self.folder = library, folder
        self.applies = dict(zip(library, applies))
        self.absent, self.missing = (
            {(entry["collector"], entry["what"]): entry.get("why") for entry in manifest[kind]}
            for kind in ("absent", "missing"))
        self.notes = [note for report in manifest["reports"] for note in report["notes"]]
        records = {}
        for collector in {command.collector for command in library}:
            for record in (folder.json(collector + "/commands.json") or {}).get("commands", []):
                records[collector, tuple(record["arguments"])] = record
        self.records = {command: record for command in library if (
            record := records.get((command.collector, tuple(command.arguments))))}

    def counted(self):
        """How many ran, are not installed, and are for other hosts."""
        words = list(self.applies.values())
        return "%d commands of the library: %d ran, %d are not installed, %d are for other hosts" \
            % (len(words), len(self.records), words.count("absent"), words.count("elsewhere"))

    def has_all(self, results, name, content, collectors):
        """Claims that each command did what is expected of it here."""
        claim = "library, %s: " % name
        wrong = [str(command) for command, word in self.applies.items()
                 if (word == "runs") != (command in self.records)]
        results.equal(claim + "what is installed and applies has run, and nothing else", wrong, [])
        results.equal(claim + "what has not run is told as absent, and why",
                      [str(command) for command in self.library if command not in self.records
                       and not self._reason(command)], [])
        results.equal(claim + "no command ended badly or is missing", self._failed(), [])
        results.equal(claim + "each command has its artifact, or is known to be silent here",
                      self._silent(), [])
        results.equal(claim + "what is called JSON is JSON", self._unreadable(), [])
        results.equal(claim + "the artifacts tell of this guest", self._strange(content), [])
        results.equal(claim + "collectors that a command told something", sorted(
            {command.collector for command, record in self.records.items()
             if record.get("artifact")}), collectors)

    def _reason(self, command):
        return self.absent.get((command.collector, command.title)) or \
            self.absent.get((command.collector, command.item_title)) or \
            self.absent.get((command.collector, command.collector))

    def _failed(self):
        return ["%s: %s" % (command, record.get("errors") or record)
                for command, record in self.records.items()
                if (record.get("exitCode") not in command.exit_codes or record["isLate"])
                and command.artifact not in self.allowed.failing] + \
            ["%s: %s" % (command, self.missing[command.collector, command.title])
             for command in self.library if (command.collector, command.title) in self.missing
             and command.artifact not in self.allowed.failing]

    def _silent(self):
        return [str(command) for command, record in self.records.items()
                if not self.folder.bytes(command.artifact)
                and command.artifact not in self.allowed.failing
                and not (command.artifact in self.allowed.silent
                         and self._reason(command) == "it says nothing")]

    def _unreadable(self):
        broken = []
        for command in self.records:
            text = self.folder.bytes(command.artifact)
            if not text or not command.artifact.endswith((".json", ".jsonl")):
                continue
            try:
                for part in text.splitlines() if command.artifact.endswith("l") else [text]:
                    json.loads(part)
            except ValueError as error:
                broken.append("%s: %s" % (command.artifact, error))
        return broken

    def _strange(self, content):
        names = self.folder.names()
        return ["%s: %r" % (artifact, text[:300]) for artifact, pattern in content.items()
                if not re.search(pattern, text := self._text(fnmatch.filter(names, artifact)),
                                 re.M)]

    def _text(self, names):
        return "\n".join((self.folder.bytes(name) or b"").decode("utf-8", "replace")
                         for name in names)

    def misjudged(self, factor):
        """Commands that gave so many times more or less than a plan counts for them, and 256 KiB; of
        those of which nothing is said, 64 KiB, for what a small guest has much of others have more."""
        wrong = []
        for command in self.records:
            least = 256 << 10 if command.says_bytes else 64 << 10
            given = len(self.folder.bytes(command.artifact) or b"")
            small, large = sorted((given, command.typical_bytes))
            if large - small > least and large > factor * max(1, small):
                wrong.append("%s: %s %d bytes, here %d" % (
                    command, "typically" if command.says_bytes else "without `typically`",
                    command.typical_bytes, given))
        return wrong


# --- the runs ---------------------------------------------------------------------------------

README = os.path.join(HERE, "..", "..", "README.md")

# The collectors that are code have been run and looked at before.
DECLARED = "--skip storage,system,boot,logs"


def check(run, machine, results):
    """Runs the library where nothing is set up; with `run.everything` where much is, too."""
    library = declared.commands()
    _embedded(run, results)
    declared.patient(machine)
    awake = machine.need("for m in %s; do modinfo -n $m >/dev/null && [ ! -d /sys/module/$m ]"
                         " || echo $m; done" % " ".join(ASLEEP)).split()
    results.equal("library: %d modules that it could load are there and asleep" % len(ASLEEP),
                  awake, [])
    ran(run, machine, results, library, "bare", CONTENT, COLLECTORS,
        "" if run.everything else DECLARED, Allowances(BARE_ASKING))
    if run.everything:
        _traps(machine, results)
        _contacts(machine, results)
        furnish(run, machine)
        watched = ran(run, machine, results, library, "furnished", {**CONTENT, **FURNISHED},
                      sorted({*COLLECTORS, "containers", "firewall", "time"}), DECLARED,
                      Allowances(ASKING))
        _keys(watched.made.folder, results)


NEVER = re.compile(r"No run of the laboratory has started: (.*?)\n\n", re.S)


def never_started(run, results):
    """Prints the commands that no run has started; the README must have the same."""
    never = sorted({command.key for command in declared.commands()} - run.started)
    for one in never:
        run.say("never started: " + one)
    with open(README, encoding="utf-8") as text:
        told = NEVER.search(text.read())
    results.equal("library: the %d commands that no run has started stand in the README"
                  % len(never), re.findall("`([^`]+)`", " ".join(told[1].split())) if told else [],
                  [" ".join(one.split()) for one in never])


def furnish(run, machine):
    """Sets up what the commands of the library can tell of."""
    machine.need("sh /lab/scripts/furnish.sh", 1200)
    run.say("furnished")


def _embedded(run, results):
    """Claims that the program has this library."""
    different = []
    for path in declared.files():
        name = os.path.basename(path)[:-len(".yaml")]
        shown = subprocess.run([run.binary, "collectors", "show", name], stdout=subprocess.PIPE,
                               check=False).stdout
        with open(path, "rb") as text:
            if text.read().strip() != shown.strip():
                different.append(name)
    results.equal("library: the program has these collectors in it", different, [])


def ran(run, machine, results, library, name, content, collectors, options, allowed):
    """Runs the library and looks at all that it did and gave; `content` and `collectors` are what
    must be there. Gives the run, and notes in `run.started` which commands it started."""
    library = declared.expanded(machine, library)
    applies = declared.applies(machine, library)
    watched = Watched(machine, name, "--collectors /run/library " + options, allowed)
    run.say("library, %s: collected in %s s" % (name, watched.made.seconds))
    if watched.is_in_order(results, name):
        fates = Fates(library, applies, watched.made.folder, allowed)
        run.started |= {command.key for command in fates.records}
        run.say(fates.counted())
        fates.has_all(results, name, content, collectors)
        for line in fates.misjudged(8):
            run.say("library, %s: %s" % (name, line))
        results.equal("library, %s: no command gives 50 times what a plan counts, or a 50th"
                      % name, fates.misjudged(50), [])
    return watched


# A collector that does all that none may do.
WRONG = """schema: diagbundle.collector/1
name: wrong
subject: what must be seen
description: Does all that no collector may do.
risk: R1
privacy: technical
profiles: [full]
items:
  - {command: [ip, macsec, show], to: one.txt}
  - {command: [touch, /etc/lab-wrong, /dev/shm/lab-wrong], to: two.txt}
  - {command: [chronyc, -h, 127.0.0.1, tracking], to: three.txt}
  - {command: [mount, -t, tmpfs, lab-wrong, /mnt], to: four.txt}
"""


def _traps(machine, results):
    """Claims that what watches sees a collector that does everything wrong."""
    with open(os.path.join(machine.share, "wrong.yaml"), "w", encoding="utf-8") as text:
        text.write(WRONG)
    machine.need("mkdir /run/wrong-library && cp /lab/wrong.yaml /run/wrong-library")
    seen = Watched(machine, "trap", "--only wrong --collectors /run/wrong-library",
                   Allowances())
    for claim, place, word in [
            ("a module that is loaded", seen.changes, "+ module macsec"),
            ("a mount", seen.changes, "+ mount lab-wrong /mnt "),
            ("a unit", seen.changes, "+ unit mnt.mount loaded active "),
            ("a packet", seen.changes, "+ traffic Udp: "),
            ("a node of /dev", seen.changes, "+ node /dev/shm/lab-wrong"),
            ("a file", seen.written, "/etc/lab-wrong"),
            ("a socket", seen.sockets, "family: 2")]:
        results.check("library, trap: %s is seen" % claim, any(word in one for one in place),
                      place[:20])
    machine.run("umount /mnt; rmmod macsec; rm /etc/lab-wrong /dev/shm/lab-wrong")


def _contacts(machine, results):
    """Claims whom the library talks to, by what strace saw of a run."""
    made = guestrun.collect(
        machine, "contacts", before="mkdir -p /run/contacts; " + STRACE % "contacts",
        seconds=1500, options="--deadline 20m --collectors /run/library --profile full --only "
        "login,mail,md,multipath,scheduled,security,time")
    results.check("library, strace: a host folder is there", made.folder is not None,
                  made.outcome.output)
    lines = machine.need("cat /run/contacts/strace", 60).splitlines()
    results.check("library, strace: it saw %d calls" % len(lines), len(lines) > 5)
    results.equal("library, strace: nobody is talked to but %d known sockets" % len(SOCKETS),
                  strange_sockets(lines), [])


def _keys(folder, results):
    """Claims that no key that furnish.sh set is in the folder."""
    if folder is not None:
        results.equal("library, furnished: no key is in the host folder", [
            name for name in folder.names() if KEYS.search(folder.bytes(name) or b"")], [])
