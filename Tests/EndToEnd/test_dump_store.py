"""Which dumps are kept, and what `dump stacks FILE` shows."""

import json
import os

import harness
from harness import COMPLETE, INPUT_OUTPUT, PARTIAL, UNAVAILABLE, USAGE

STACKS = {
    "schema": "diagbundle.kernel-stacks/1", "host": "h", "kernelRelease": "6.1", "machine": "m",
    "taken": "2026-11-21T22:00:00.000000Z", "seconds": 1, "isComplete": True, "lacks": [],
    "processCount": 1, "states": {}, "processors": [], "blocked": [], "stacks": [],
    "threads": [{"process": 1, "thread": 1, "name": "init", "state": "S", "isKernelThread": False,
                 "stack": 2 ** 63 - 1}]}


class DumpStore(harness.Case):
    """A folder of dumps in a place of its own."""

    def setUp(self):
        super().setUp()
        self.store = self.path("dumps")
        self.config = self.path("config.yaml")
        self.settings(3)

    def settings(self, keep):
        harness.write(self.config, "dump-directory: %s\ndump-keep: %d\ndump-keep-policy: always\n"
                      "dump-throttle: no\n" % (self.store, keep))

    def dump(self, *arguments):
        return harness.run("dump", *arguments, "--config", self.config, "--progress", "none")

    def old_dump(self, name, minute):
        """A complete dump, as an earlier run left it."""
        time = "2026-01-01T00:%02d:00.000000Z" % minute
        folder = os.path.join(self.store, name)
        os.makedirs(folder)
        harness.write(os.path.join(folder, "LiveDump.kdump"), "a dump")
        harness.write(os.path.join(folder, "manifest.json"), json.dumps({
            "schema": "diagbundle.manifest/1", "started": time,
            "options": {"collectors": ["livedump"]}}))
        harness.write(os.path.join(folder, "LiveDump.json"), json.dumps({
            "schema": "diagbundle.live-dump/1", "kind": "full", "started": time,
            "file": {"name": "LiveDump.kdump", "isComplete": True}}))

    @harness.needs_root
    def test_refused_dumps_remove_no_dump(self):
        if os.path.exists("/proc/kcore"):
            self.skipTest("a dump may not be refused here")
        self.settings(1)
        self.old_dump("old-1", 1)
        self.old_dump("old-2", 2)
        for _ in range(3):
            outcome = self.dump("full")
            self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))
        names = sorted(os.listdir(self.store))
        self.assertIn("old-1", names)
        self.assertIn("old-2", names)
        # Of the stacks that each of them left the newest stay.
        self.assertEqual(len([one for one in names if one[0] != "."]), 3, names)

    @harness.needs_root
    def test_host_folder_of_collect_stays(self):
        self.settings(1)
        self.collect("--only", "system", "--live-dump", "stacks", output=self.store,
                     expected=(PARTIAL, COMPLETE))
        before = sorted(os.listdir(self.store))
        outcome = self.dump("stacks")
        self.assertIn(outcome.status, (PARTIAL, COMPLETE), str(outcome))
        self.assertNotIn("Removed", outcome.told)
        self.assertLessEqual(set(before), set(os.listdir(self.store)))

    @harness.needs_root
    def test_stacks_without_a_dump_are_partial(self):
        if os.path.exists("/proc/kcore"):
            self.skipTest("a dump may be made here")
        outcome = self.dump("stacks")
        self.assertEqual(outcome.status, PARTIAL, str(outcome))
        self.assertIn("Partial: the stacks of all threads are there as text", outcome.told)
        self.assertNotIn("`diagbundle dump stacks`", outcome.told)


class StacksOfFile(harness.Case):
    """`dump stacks FILE`."""

    def setUp(self):
        super().setUp()
        self.place = self.path("d")
        os.makedirs(os.path.join(self.place, "empty"))
        self.good = os.path.join(self.place, "LiveDump-stacks.json")
        harness.write(self.good, json.dumps(STACKS))

    def show(self, name, expected):
        outcome = harness.run("dump", "stacks", os.path.join(self.place, name), timeout=30)
        self.assertEqual(outcome.status, expected, str(outcome))
        if expected != COMPLETE:
            self.assertEqual(outcome.out, "")
        return outcome

    def test_document_dump_and_folder_show_the_stacks_and_where_they_are(self):
        self.assertTrue(self.show(self.good, COMPLETE).out.startswith("Kernel stacks of h: "))
        harness.write(os.path.join(self.place, "LiveDump.kdump"), "x")
        for name in ("", "LiveDump.kdump"):
            out = self.show(name, COMPLETE).out
            self.assertTrue(out.startswith("From %s\nKernel stacks of h: " % self.good), out)
        self.assertIn("init", out)

    def test_no_other_file_is_shown_in_the_place_of_a_wrong_one(self):
        self.show("none.kdump", UNAVAILABLE)
        self.show("none.json", UNAVAILABLE)
        self.show("empty", UNAVAILABLE)
        harness.write(os.path.join(self.place, "other.kdump"), "x")
        self.show("other.kdump", UNAVAILABLE)
        newer = dict(STACKS, schema="diagbundle.kernel-stacks/2")
        harness.write(os.path.join(self.place, "newer.json"), json.dumps(newer))
        self.assertIn("kernel-stacks/2", self.show("newer.json", INPUT_OUTPUT).told)
        harness.write(self.good, json.dumps(STACKS)[:-5])
        self.assertIn("not a document of kernel stacks",
                      self.show("LiveDump-stacks.json", INPUT_OUTPUT).told)

    def test_fifos_hold_nobody_up(self):
        os.mkfifo(os.path.join(self.place, "fifo.json"))
        self.assertIn("FIFO", self.show("fifo.json", USAGE).told)
        os.remove(self.good)
        os.mkfifo(self.good)
        self.assertIn("FIFO", self.show("", INPUT_OUTPUT).told)
