"""Nothing is opened for writing outside the output: read from what strace saw of a whole run."""

import re

import guestrun

TRACE = "/run/traced/strace"
WATCHED = "strace -f -y -q -s 512 -e trace=%file,ioctl -e signal=none -o "
STRACE = WATCHED + TRACE
# What is opened and started alone, and no stop at another call: for runs of many programs.
QUICK = "strace -f --seccomp-bpf -y -q -s 512 -e trace=open,openat,openat2,execve -e signal=none" \
    " -o " + TRACE

# A call, its arguments and its end. With -y a descriptor stands with its path: 5</run/out>.
CALL = re.compile(r"^\d+ +(\w+)\((.*?)(?:\) += (-?\d+|\?)| <unfinished \.\.\.>)")
NAMED = re.compile(r'(?:(?:\d+|AT_FDCWD)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')

WRITING = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")
CHANGING = {"creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
            "rmdir", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat", "truncate",
            "chmod", "fchmodat", "chown", "lchown", "fchownat", "utimensat", "utime", "mount",
            "umount2", "swapon", "swapoff", "setxattr", "removexattr", "pivot_root", "acct"}

# Where writing is meant: the output, and what is no file.
ALLOWED = re.compile(r"^(?:/run/traced(?:/|$)|/dev/null$)")

# LVM's own tool opens the device mapper's control node so, to ask it; nothing can be written to it.
LVM_CONTROL = re.compile(r'"/dev/mapper/control", O_RDWR\)')
STARTED = re.compile(r'^(\d+) +execve\("/usr/sbin/lvm"')


def violations(lines):
    """The lines that open for writing, or change, something outside the output."""
    found = []
    lvm = {match[1] for match in map(STARTED.match, lines) if match}
    for line in lines:
        call = CALL.match(line)
        if line.split(" ", 1)[0] in lvm and LVM_CONTROL.search(line):
            continue
        if not call or (call[3] or "").startswith("-"):
            continue
        name, arguments = call[1], call[2]
        if name in ("open", "openat", "openat2"):
            if not WRITING.search(arguments):
                continue
        elif name not in CHANGING:
            continue
        places = [path if path.startswith("/") else folder + "/" + path
                  for folder, path in NAMED.findall(arguments)] or [arguments]
        if not all(ALLOWED.match(place) for place in places):
            found.append(line)
    return found


def requests(lines):
    """The ioctl requests seen, each with how often."""
    counts = {}
    for line in lines:
        match = re.match(r"^\d+ +ioctl\([^,]*, ([^,)]*)", line)
        if match:
            counts[match[1]] = counts.get(match[1], 0) + 1
    return dict(sorted(counts.items()))


# Nodes of /dev that are no device of the host's, and the folders in which others are looked up.
NO_DEVICE = re.compile(r"/dev/(?:null|zero|full|u?random|tty|ptmx|console|stdin|stdout|stderr|"
                       r"pts/.*|shm/.*|fd/.*|log)$")
OPENED = re.compile(r"^(\d+) +(?:open(?:at2?)?\(|<\.\.\. open(?:at2?)? resumed>).*"
                    r" = \d+<(/dev/[^>]+)>")
BEGUN = re.compile(r"^(\d+) +open(?:at2?)?\(.*<unfinished \.\.\.>")
NO_ACCESS = re.compile(r"\bO_(?:PATH|DIRECTORY)\b")
EXECUTED = re.compile(r'^\d+ +execve(?:at)?\((?:[^,"]*, )?"([^"]*)"')


def devices(lines):
    """The nodes of /dev that were opened, whoever opened them."""
    found, begun = set(), {}
    for line in lines:
        if match := BEGUN.match(line):
            begun[match[1]] = line
        elif match := OPENED.match(line):
            whole = begun.pop(match[1], "") + line if "resumed>" in line else line
            if not NO_ACCESS.search(whole) and not NO_DEVICE.match(match[2]):
                found.add(match[2])
    return found


def executed(lines):
    """The programs that were started, or would have been if they were there."""
    return {match[1] for match in map(EXECUTED.match, lines) if match}


def traced(machine, path=TRACE):
    """The lines of a trace in the guest."""
    machine.need("cp %s /lab/strace" % path, 120)
    with open(machine.share + "/strace", encoding="utf-8", errors="replace") as text:
        return text.readlines()


def plan(results, machine):
    """Plans everything under strace, here where the disks are: no device is opened, no program is
    started, nothing is written."""
    path = "/run/traced/plan"
    planned = machine.run(
        "mkdir -p /run/traced && %s%s diagbundle plan --profile full --json >/run/traced/plan.json"
        % (WATCHED, path), 600)
    results.check("plan under strace ends in order", planned.status == 0,
                  "status %d\n%s" % (planned.status, planned.errors[-800:]))
    lines = traced(machine, path)
    results.check("plan: strace saw the run: %d calls" % len(lines), len(lines) > 500)
    results.equal("plan: no device is opened", sorted(devices(lines)), [])
    results.equal("plan: no program is started",
                  sorted(executed(lines) - {"/usr/bin/diagbundle", "/proc/self/exe"}), [])
    wrong = violations(lines)
    results.check("plan: nothing is opened for writing or changed", not wrong,
                  "%d calls, first:\n%s" % (len(wrong), "".join(wrong[:10])))


def check(results, machine):
    """Collects under strace and reads what it saw."""
    made = guestrun.collect(machine, "traced", seconds=600, before=STRACE)
    results.check("collect under strace ends in order",
                  made.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                  made.outcome.output[-800:] + made.outcome.errors[-800:])
    lines = traced(machine)
    results.check("strace saw disks opened: what looks for them sees them",
                  any(re.match("/dev/(?:sd|nvme|vd)", one) for one in devices(lines)),
                  sorted(devices(lines)))
    opened = sum("openat" in line for line in lines)
    results.check("strace saw the run: %d opens, %s" % (opened, requests(lines)), opened > 500)
    wrong = violations(lines)
    results.check("nothing is opened for writing or changed outside the output", not wrong,
                  "%d calls, first:\n%s" % (len(wrong), "".join(wrong[:10])))
