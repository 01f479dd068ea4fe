"""Plans with runs of a command for several things, changed by hand: no other run is made."""

import json
import os

import harness
from harness import COMPLETE, PARTIAL, USAGE


class ChangedRuns(harness.Case):
    """Runs of a command for several things, after a change by hand."""

    def setUp(self):
        super().setUp()
        for name in ("disk1", "disk2"):
            os.makedirs(self.path("things", name))
        folder = self.path("collectors.d")
        os.makedirs(folder)
        with open(os.path.join(folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write("schema: diagbundle.collector/1\nname: mine\nsubject: facts of a test\n"
                       "description: For the tests.\nitems:\n"
                       "  - command: [echo, \"{name}\"]\n    for-each: %s\n"
                       "    to: \"said/{name}.txt\"\n    limits: {runs: 2}\n"
                       "  - command: [echo, once]\n    to: once.txt\n"
                       % self.path("things", "disk*"))
        outcome = harness.run("plan", "--json", "--collectors", folder, "--only", "mine")
        self.plan = json.loads(outcome.out)
        self.each, self.once = self.plan["collectors"][0]["items"]

    def run_plan(self, expected):
        path = self.path("plan.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.plan, file)
        return self.collect("--plan", path, expected=expected)

    def test_runs_that_the_collector_does_not_have_are_refused(self):
        own = json.dumps(self.each["runs"])
        for change in ({"arguments": ["echo", "other"]}, {"arguments": ["touch", "disk1"]},
                       {"arguments": ["echo", "disk1", "more"]}, {"artifact": "said/x.txt"},
                       {"artifact": "../disk1.txt"}, {"name": "disk2"},
                       {"name": "x", "arguments": ["echo", "x"], "artifact": "said/x.txt"},
                       {"name": "disk*", "arguments": ["echo", "disk*"],
                        "artifact": "said/disk*.txt"},
                       {"name": "disk/../x", "arguments": ["echo", "disk/../x"],
                        "artifact": "said/disk/../x.txt"}):
            with self.subTest(change=change):
                self.each["runs"][0].update(change)
                outcome = self.run_plan((USAGE,))
                self.assertRegex(outcome.told, "the collector mine does not have|it is no plan")
                self.each["runs"] = json.loads(own)
        self.assertEqual(os.listdir(self.output) if os.path.isdir(self.output) else [], [])

    def test_more_runs_than_the_limit_or_one_twice_are_refused(self):
        first = self.each["runs"][0]
        self.each["runs"].append(dict(first))
        self.assertIn("does not have 3 runs", self.run_plan((USAGE,)).told)
        self.each["runs"] = [first, dict(first)]
        self.assertIn("does not have echo disk1", self.run_plan((USAGE,)).told)

    def test_a_command_that_runs_once_is_given_no_runs(self):
        self.once["runs"] = self.each["runs"]
        self.assertIn("does not have runs of echo disk1", self.run_plan((USAGE,)).told)

    def test_a_thing_that_is_not_there_has_no_run(self):
        self.each["runs"][0] = {"name": "disk7", "arguments": ["echo", "disk7"],
                                "artifact": "said/disk7.txt"}
        self.run_plan((PARTIAL,))
        manifest = harness.manifest(self.output)
        self.assertEqual([one["path"] for one in manifest["artifacts"]
                          if "/said/" in one["path"]], ["mine/said/disk2.txt"])
        self.assertEqual([one["what"] for one in manifest["missing"]], ["echo disk7"])

    def test_what_is_more_than_the_limit_is_missing_from_a_run_by_the_plan(self):
        for name in ("disk3", "disk4"):
            os.makedirs(self.path("things", name))
        options = ("--collectors", self.path("collectors.d"), "--only", "mine")
        self.plan = json.loads(harness.run("plan", "--json", *options).out)
        self.assert_schema(self.plan, "plan")
        self.assertEqual(self.plan["collectors"][0]["items"][0]["leftOutCount"], 2)
        first = self.path("first")
        self.collect(*options, output=first, expected=(PARTIAL,))
        without = harness.manifest(first)["missing"]
        self.assertIn("2 more match than the 2 that it runs for", without[0]["why"])
        self.run_plan((PARTIAL,))
        self.assertEqual(harness.manifest(self.output)["missing"], without)

    def test_names_that_no_command_is_given_are_counted_beyond_the_hundredth(self):
        for number in range(103):
            os.makedirs(self.path("things", "disk=%d" % number))
        options = ("--collectors", self.path("collectors.d"), "--only", "mine")
        self.plan = json.loads(harness.run("plan", "--json", *options).out)
        self.assert_schema(self.plan, "plan")
        self.assertEqual(self.plan["collectors"][0]["items"][0]["moreMisfitCount"], 3)
        self.assertIn("and 3 more paths of which nothing is taken",
                      harness.run("plan", *options).out)
        self.run_plan((PARTIAL,))
        missing = harness.manifest(self.output)["missing"]
        self.assertEqual(len(missing), 101)
        self.assertEqual(missing[-1]["what"], "echo {name}: 3 more paths")

    def test_a_run_that_is_taken_out_is_not_made(self):
        del self.each["runs"][0]
        self.run_plan((COMPLETE,))
        self.assertEqual([one["path"] for one in harness.manifest(self.output)["artifacts"]
                          if "/said/" in one["path"]], ["mine/said/disk2.txt"])
