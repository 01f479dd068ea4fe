"""The library of declared collectors as its YAML files have it, and what of it applies to a guest.

Conditions are asked of the guest by a shell script, so that the program's own reader of them is not
its own judge.
"""

import copy
import glob
import os
import re

from host import HERE

LIBRARY = os.path.join(HERE, "..", "..", "Collectors")

# An emulated processor is slow: each command has so many times the time that the library gives it.
PATIENCE = 12
# What a command typically takes has a fraction, and is no limit.
SECONDS = re.compile(r"\b(seconds: |deadline: )(\d+)(?![\d.])")
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20}


# What stands for the name of a thing that a command runs for.
PLACE = "{name}"


# What a plan counts for a command of which nothing is said: `PlanCost.command` of DiagCollect.
USUAL_BYTES = 1 << 10


class Command:
    """One command of the library; with `for_each` one that runs for each thing it finds."""

    def __init__(self, collector, conditions, item):
        self.collector, self.arguments = collector, [str(word) for word in item["command"]]
        self.conditions = [one for one in (*conditions, item.get("when")) if one]
        self.artifact = "%s/%s" % (collector, item["to"])
        self.exit_codes = item.get("exit-codes", [0])
        size = item.get("typically", {}).get("bytes")
        self.says_bytes = size is not None
        self.typical_bytes = _byte_count(size) if self.says_bytes else USUAL_BYTES
        self.for_each = item.get("for-each")
        # What the manifest calls it where it does not run for any.
        self.item_title = self.title

    @property
    def key(self):
        """What it is known by, whatever it runs for."""
        return "%s: %s" % (self.collector, self.item_title)

    @property
    def title(self):
        """What the manifest calls it."""
        return " ".join(self.arguments).replace("\t", "\\t").replace("\n", "\\n")

    def run(self, name):
        """The same for one thing."""
        one = copy.copy(self)
        one.arguments = [word.replace(PLACE, name) for word in self.arguments]
        one.artifact = self.artifact.replace(PLACE, name)
        one.for_each = None
        return one

    def runs(self, paths):
        """One for each name among the paths that its pattern found: what the last component with
        anything to match stands for. Without any, itself, which runs nowhere."""
        place = max(index for index, part in enumerate(self.for_each.split("/"))
                    if re.search(r"[*?[]", part))
        names = sorted({path.split("/")[place] for path in paths})
        if names:
            return [self.run(name) for name in names]
        self.conditions = [*self.conditions, {"nothing": True}]
        return [self]

    def __str__(self):
        return "%s: %s" % (self.collector, self.title[:100])


def _byte_count(text):
    """`64KiB` and 700 as bytes; the library writes no other forms."""
    number, unit = re.fullmatch(r"(\d+)(?:([KM])iB)?", str(text)).groups(default="")
    return int(number) * UNITS[unit]


def files():
    """The library's files."""
    return sorted(glob.glob(os.path.join(LIBRARY, "*.yaml")))


def _read(path):
    import yaml  # The profile's own package; the other profiles do without.
    with open(path, encoding="utf-8") as text:
        return yaml.safe_load(text)


def commands(regardless=()):
    """All commands of the library but those that wait for redaction; those of the programs in
    `regardless` without a condition of their own."""
    found = []
    for path in files():
        collector = _read(path)
        _without_conditions(collector, regardless)
        found += [Command(collector["name"], [collector.get("when")], item)
                  for item in collector["items"] if "command" in item and not item.get("secrets")]
    return found


def _without_conditions(collector, programs):
    """Takes the conditions from the commands of these programs; gives whether there are any."""
    items = [item for item in collector["items"] if item.get("command", [""])[0] in programs]
    for item in items:
        item.pop("when", None)
    return bool(items)


def _any(tests):
    return "{ %s; }" % " || ".join(tests)


# A predicate of `when`, and the tests of the shell that must all hold for it.
PREDICATES = {
    "any": lambda value: [_any(map(_test, value))],
    "not": lambda value: ["! " + _test(value)],
    "root": lambda value: ["root %s" % value],
    "files": lambda value: ["there %s" % one for one in value],
    "commands": lambda value: ["installed %s" % one for one in value],
    "running": lambda value: ["running %s" % one for one in value],
    "modules": lambda value: ["loaded %s" % one for one in value],
    "kernel": lambda value: ["kernel '%s'" % value],
    "init": lambda value: [_any("init %s" % one for one in value)],
    "virtual": lambda value: ["virtual %s" % value],
    # None of YAML: what a command would run for is not there.
    "nothing": lambda value: ["false"],
}

TESTS = r"""
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
cd /lib/modules/$(uname -r) || exit 1
there() { local one; for one; do [ ! -e "$one" ] || return 0; done; return 1; }
installed() { type -P "$1" >/dev/null; }
running() {
    local process name key number inner
    for process in /proc/[0-9]*; do
        read -r name <"$process/comm" && [ "$name" = "${1:0:15}" ] || continue
        while read -r key number inner; do
            [ "$key" != NSpid: ] || [ -n "$inner" ] || return 0
        done <"$process/status"
    done 2>/dev/null
    return 1
}
loaded() { [ -d "/sys/module/$1" ] || grep -q "/${1//_/[-_]}\.ko" modules.builtin; }
root() { [ "$1" = True ]; }
virtual() { [ "$1" = True ]; }
init() { [ "$1" = systemd ]; }
kernel() { [ "${1:0:2}" = '>=' ] && printf '%s\n' "${1:2}" "$(uname -r)" | sort -CV; }
"""


def _test(condition):
    """A condition as a command of the shell."""
    return "{ %s; }" % " && ".join(
        test for key, value in condition.items() for test in PREDICATES[key](value))


def expanded(machine, library):
    """The library with each run of what runs for several things of the guest."""
    found = []
    for command in library:
        if command.for_each is None:
            found.append(command)
            continue
        paths = machine.need("bash -c 'for one in %s; do [ ! -e \"$one\" ] || echo \"$one\"; done'"
                             % command.for_each, 60).split()
        found += copy.copy(command).runs(paths)
    return found


def applies(machine, library):
    """Asks the guest what becomes of each command: `runs`, `absent` or `elsewhere`."""
    lines = [TESTS]
    for command in library:
        lines.append("if ! { %s; }; then echo elsewhere; elif installed %s; then echo runs; "
                     "else echo absent; fi" % (
                         " && ".join(map(_test, command.conditions)) or "true",
                         command.arguments[0]))
    with open(os.path.join(machine.share, "applies.sh"), "w", encoding="utf-8") as script:
        script.write("\n".join(lines) + "\n")
    return machine.need("bash /lab/applies.sh", 120).split()


def _text(path, regardless):
    """A file of the library, its comments lost where a condition is taken from it."""
    import yaml
    collector = _read(path)
    if _without_conditions(collector, regardless):
        return yaml.safe_dump(collector, sort_keys=False, width=1000)
    with open(path, encoding="utf-8") as text:
        return text.read()


def patient(machine, regardless=()):
    """The library with more time, in the guest's /run/library; `regardless` as for `commands`."""
    folder = os.path.join(machine.share, "library")
    os.makedirs(folder, exist_ok=True)
    for path in files():
        content = SECONDS.sub(lambda match: match[1] + str(int(match[2]) * PATIENCE),
                              _text(path, regardless))
        with open(os.path.join(folder, os.path.basename(path)), "w", encoding="utf-8") as text:
            text.write(content)
    machine.need("rm -rf /run/library && cp -r /lab/library /run/library && "
                 "chown -R 0:0 /run/library && chmod -R go-w /run/library", 60)
