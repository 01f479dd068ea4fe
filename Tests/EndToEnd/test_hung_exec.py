"""A process that hangs in exec: files of its /proc folder do not answer either."""

import json
import os
import time

import harness
from harness import COMPLETE, PARTIAL
from hung_exec import HungExec

COLLECTOR = """schema: diagbundle.collector/1
name: mine
subject: a command
description: A command that hangs in exec.
risk: R1
privacy: technical
items:
  - command: %s
    limits: {seconds: 2}
    to: hung.txt
"""


class HungInExec(harness.Case):
    """Nothing that looks at it may hang with it."""

    @harness.needs_fuse
    @harness.in_namespace()
    def test_a_command_that_hangs_in_exec(self):
        folder = self.path("collectors")
        os.makedirs(folder)
        with HungExec(self.path("mount")) as hung:
            hung.write_holder(self.path("program"))
            with open(os.path.join(folder, "mine.yaml"), "w") as file:
                file.write(COLLECTOR % json.dumps([self.path("program")]))
            began = time.monotonic()
            outcome = self.collect("--collectors", folder, "--only", "mine", expected=PARTIAL)
            self.assertTrue(hung.reached.is_set(), outcome)
            self.assertLess(time.monotonic() - began, 60, outcome)
            self.assert_verifies(harness.bundle(self.output))
            self.assertEqual(len(harness.manifest(self.output)["missing"]), 1, outcome)
        self.assertEqual(harness.reap_orphans(30), [], "processes left after the mount is gone")

    @harness.needs_fuse
    @harness.in_namespace()
    def test_stacks_while_a_process_hangs_in_exec(self):
        with HungExec(self.path("mount")) as hung:
            process = hung.start(self.path("program"))
            began = time.monotonic()
            outcome = harness.run("dump", "stacks", "--output", self.output, "--no-throttle",
                                  "--progress", "none")
            self.assertLess(time.monotonic() - began, 60, outcome)
            self.assertIn(outcome.status, (COMPLETE, PARTIAL, harness.UNAVAILABLE), outcome)
            found = [os.path.join(folder, name) for folder, _, names in os.walk(self.output)
                     for name in names if name == "LiveDump-stacks.json"]
            self.assertEqual(len(found), 1, outcome)
            with open(found[0]) as file:
                stacks = json.load(file)
            self.assertIn(os.getpid(), {one["process"] for one in stacks["threads"]})
            self.assertTrue([lack for lack in stacks["lacks"] if str(process.pid) in lack],
                            stacks["lacks"])
        process.wait(60)
