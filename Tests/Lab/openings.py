"""Nothing is opened for writing outside the output: read from what strace saw of a whole run."""

import re

import guestrun

TRACE = "/run/traced/strace"

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


def check(results, machine):
    """Collects under strace and reads what it saw."""
    made = guestrun.collect(
        machine, "traced", seconds=600,
        before="strace -f -y -q -s 512 -e trace=%file,ioctl -e signal=none -o " + TRACE)
    results.check("collect under strace ends in order",
                  made.outcome.status in (guestrun.COMPLETE, guestrun.PARTIAL),
                  made.outcome.output[-800:] + made.outcome.errors[-800:])
    machine.need("cp %s /lab/strace" % TRACE, 60)
    with open(machine.share + "/strace", encoding="utf-8", errors="replace") as text:
        lines = text.readlines()
    opened = sum("openat" in line for line in lines)
    results.check("strace saw the run: %d opens, %s" % (opened, requests(lines)), opened > 500)
    wrong = violations(lines)
    results.check("nothing is opened for writing or changed outside the output", not wrong,
                  "%d calls, first:\n%s" % (len(wrong), "".join(wrong[:10])))
