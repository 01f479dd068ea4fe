"""Automount points that are not mounted: neither a plan nor a run has them mounted."""

import json
import os
import select
import subprocess
import sys

import harness
from harness import COMPLETE, PARTIAL

REASON = "an automount point that is not mounted; it was left alone"
OWN = """schema: diagbundle.collector/1
name: %s
subject: files near an automount point
description: For the tests.
deadline: 20s
items:
%s"""
# What the daemon of an indirect map does: folders, of which a file system is mounted in one.
DAEMON = """
import ctypes, os, sys
for name in ("mounted", "offered"):
    os.mkdir(os.path.join(sys.argv[1], name))
place = os.path.join(sys.argv[1], "mounted")
if ctypes.CDLL(None).mount(b"none", os.fsencode(place), b"tmpfs", ctypes.c_ulong(0), None):
    sys.exit("no file system in memory can be mounted")
with open(os.path.join(place, "file"), "w") as file:
    file.write("a fact\\n")
"""


class AutomountTest(harness.Case):
    """A real autofs, of which nobody answers what the kernel asks."""

    def automount(self, place, kind="direct", serve=None):
        """Mounts autofs, and gives the end of the pipe where the kernel would ask for a mount.

        `serve` is a Python program that does the work of autofs' daemon in `place`, once.
        """
        with open("/proc/filesystems", encoding="utf-8") as file:
            if "\tautofs\n" not in file.read():
                self.skipTest("the kernel has no autofs")

        def lead_group():
            harness.die_with_parent()
            os.setpgid(0, 0)
        # For processes of this group nothing is ever mounted, so it is none of the program's.
        group = subprocess.Popen(["sleep", "600"], preexec_fn=lead_group)
        self.addCleanup(group.wait)
        self.addCleanup(group.kill)
        asked, asking = os.pipe()
        self.addCleanup(os.close, asked)
        self.addCleanup(os.close, asking)
        options = "fd=%d,pgrp=%d,minproto=5,maxproto=5,%s" % (asking, group.pid, kind)
        harness.mount("automount", place, "autofs", 0, options)
        if serve:
            subprocess.run([sys.executable, "-c", serve, place], check=True, timeout=60,
                           preexec_fn=lambda: os.setpgid(0, group.pid))
        return asked

    def assert_left_alone(self, asked):
        """The kernel asked for no mount."""
        self.assertEqual(select.select([asked], [], [], 0)[0], [], "it was to be mounted")

    def declare(self, **items):
        """A folder with a collector for each argument: its name, and its items."""
        folder = self.path("collectors.d")
        os.makedirs(folder)
        for name, text in items.items():
            harness.write(os.path.join(folder, name + ".yaml"), OWN % (name, text))
        return folder

    def missing(self):
        """What is missing, by collector: (what, why, remedy)."""
        found = {}
        for one in harness.manifest(self.output)["missing"]:
            found.setdefault(one["collector"], []).append(
                (one["what"], one["why"], one.get("remedy")))
        return found

    def artifacts(self):
        """The paths of all that was collected, without what a run writes itself."""
        return sorted(path for path in (
            one["path"] for one in harness.manifest(self.output)["artifacts"]) if "/" in path)

    @harness.in_namespace()
    def test_neither_a_plan_nor_a_run_by_it_mounts_one(self):
        if not os.path.isdir("/boot") or os.path.islink("/boot"):
            self.skipTest("there is no /boot")
        asked = self.automount("/boot")
        outcome = harness.run("plan", "--json", "--only", "boot")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        self.assert_left_alone(asked)
        plan = json.loads(outcome.out)
        self.assertEqual(harness.schema_errors(plan, "plan")
                         if not harness.why_no_jsonschema() else [], [])
        kernels = next(one for one in plan["collectors"][0]["items"]
                       if one["title"].startswith("kernels, "))
        self.assertEqual([one for one in kernels["unreadable"] if one["path"] == "/boot"],
                         [{"path": "/boot", "why": REASON}])
        self.assertEqual([one for item in plan["collectors"][0]["items"]
                          for one in item.get("files", []) if one["path"].startswith("/boot/")], [])
        # As a plan that was made while something was mounted there.
        for item in plan["collectors"][0]["items"]:
            item.pop("unreadable", None)
            item.pop("doesNotApply", None)
        kernels.setdefault("files", []).append({"path": "/boot/EFI/a/b.efi", "byteCount": 1})
        path = self.path("plan.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        self.collect("--plan", path, expected=(PARTIAL,))
        missing = [(one["what"], one["why"]) for one in harness.manifest(self.output)["missing"]]
        self.assertEqual([one for one in missing if one[0] == "/boot"], [("/boot", REASON)])
        self.assertNotIn("/boot/EFI/a/b.efi", [one[0] for one in missing])
        self.assert_left_alone(asked)

    @harness.in_namespace()
    def test_no_declared_collector_mounts_one(self):
        point, inner = self.path("point"), self.path("walk", "inner")
        plain, walk = self.path("plain"), self.path("walk")
        for folder in (point, inner):
            os.makedirs(folder)
        harness.write(plain, "plain\n")
        harness.write(os.path.join(walk, "file"), "walked\n")
        links = {"link": point + "/a", "linked": point, "climbing": "walk/../point/a",
                 "other": plain}
        for name, target in links.items():
            os.symlink(target, self.path(name))
        asked = [self.automount(point), self.automount(inner)]
        folder = self.declare(**{
            "glob": "  - files: [\"%s/*.conf\"]\n" % point,
            "literal": "  - files: [%s/a/b.conf]\n  - files: [%s/c]\n" % (point, point),
            "link": "  - files: [%s]\n" % self.path("link"),
            "linked": "  - files: [\"%s/*\"]\n" % self.path("linked"),
            "climbing": "  - files: [%s]\n" % self.path("climbing"),
            "deep": "  - files: [\"%s/**\"]\n" % walk,
            "names": "  - listing: [%s]\n    depth: 3\n    to: names.txt\n" % walk,
            "when": "  - files: [%s]\n    when: {files: [%s/a]}\n" % (plain, point),
            "unless": "  - files: [%s]\n    when: {not: {files: [\"%s/*\"]}}\n" % (plain, point),
            "program": "  - command: [%s/program]\n    to: said.txt\n" % point,
            "plain": "  - files: [%s, %s]\n" % (plain, self.path("other")),
        })
        names = ("glob", "literal", "link", "linked", "climbing", "deep", "names", "when", "unless",
                 "program", "plain")
        choice = ("--collectors", folder, "--only", ",".join(names))

        def left_alone(place):
            return [(place, REASON, "mount %s and collect again" % place)]

        def unknown(what, claim):
            return [(what, "whether %s is not known: %s is %s" % (claim, point, REASON),
                     "mount it and collect again")]
        self.collect(*choice, expected=(PARTIAL,))
        self.assertEqual(self.missing(), {
            "glob": left_alone(point), "literal": left_alone(point), "link": left_alone(point),
            "linked": left_alone(point), "climbing": left_alone(point),
            "deep": left_alone(inner), "names": left_alone(inner),
            "when": unknown(plain, point + "/a exists"),
            "unless": unknown(plain, point + "/* exists"),
            "program": unknown(point + "/program", point + "/program is installed"),
        })
        self.assertEqual(self.artifacts(), sorted([
            "deep" + walk + "/file", "names/names.txt", "plain" + plain,
            "plain" + self.path("other")]))
        with open(os.path.join(harness.host_folder(self.output), "summary.txt"),
                  encoding="utf-8") as file:
            self.assertIn(point, file.read())
        outcome = harness.run("plan", "--json", *choice)
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        plan = {one["name"]: one["items"][0] for one in json.loads(outcome.out)["collectors"]}
        for name in ("glob", "literal", "link", "linked", "climbing"):
            self.assertEqual(plan[name]["unreadable"], [{"path": point, "why": REASON}], name)
            self.assertEqual(plan[name]["doesNotApply"], "%s: %s" % (point, REASON), name)
        self.assertEqual(plan["deep"]["unreadable"], [{"path": inner, "why": REASON}])
        for one in asked:
            self.assert_left_alone(one)
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            kinds = {line.split()[4]: line.split(" - ")[1].split()[0] for line in file}
        self.assertEqual([kinds[point], kinds[inner]], ["autofs", "autofs"])

    @harness.in_namespace()
    def test_of_an_indirect_map_what_is_mounted_is_collected_and_no_more(self):
        if tuple(int(one) for one in os.uname().release.split("-")[0].split(".")[:2]) < (5, 12):
            self.skipTest("before Linux 5.12 nothing in an indirect map is looked at")
        place = self.path("map")
        os.mkdir(place)
        os.symlink(place + "/nowhere/file", self.path("link"))
        asked = self.automount(place, "indirect", DAEMON)
        folder = self.declare(
            glob="  - files: [\"%s/*/file\"]\n" % place,
            literal="  - files: [%s/mounted/file, %s/nobody/file]\n" % (place, place),
            link="  - files: [%s]\n" % self.path("link"),
            names="  - listing: [%s]\n    depth: 2\n    to: names.txt\n" % place)
        self.collect("--collectors", folder, "--only", "glob,literal,link,names",
                     expected=(PARTIAL,))

        def left_alone(name):
            path = os.path.join(place, name)
            return [(path, REASON, "mount %s and collect again" % path)]
        self.assertEqual(self.missing(), {
            "glob": left_alone("offered"), "literal": left_alone("nobody"),
            "link": left_alone("nowhere"), "names": left_alone("offered")})
        self.assertEqual(self.artifacts(), sorted([
            "glob%s/mounted/file" % place, "literal%s/mounted/file" % place, "names/names.txt"]))
        self.assert_left_alone(asked)
