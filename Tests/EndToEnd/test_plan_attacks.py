"""Plans that somebody changed, and plugins in a plan: nothing runs that a reviewer has not seen."""

import base64
import json
import os
import time

import harness
from harness import COMPLETE, PARTIAL, USAGE
from test_plugins import GOOD, Plugins


class ChangedPlan(Plugins):
    """Plans of plugins and of collectors of code, after a change by hand."""

    def plan(self, *arguments):
        outcome = harness.run("plan", "--json", "--plugins", self.plugins, *arguments)
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        return json.loads(outcome.out)

    def saved(self, text):
        path = self.path("plan.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        return path

    def refused(self, plan, words):
        outcome = self.collect("--plan", self.saved(plan), expected=USAGE)
        self.assertIn(words, outcome.err)
        self.assertEqual(os.listdir(self.output) if os.path.isdir(self.output) else [], [])

    def test_a_plugin_that_did_not_apply_does_not_run(self):
        flag = self.path("flag")
        self.python("mine", GOOD, "when: {files: [%s]}\n" % flag)
        plan = self.plan("--only", "mine")
        self.assertEqual(plan["collectors"][0]["items"], [])
        open(flag, "w", encoding="utf-8").close()
        self.collect("--plan", self.saved(plan), expected=(COMPLETE, PARTIAL))
        manifest = harness.manifest(self.output)
        self.assertEqual([one["path"] for one in manifest["artifacts"]
                          if one["collector"] == "mine"], [])
        self.assertEqual([one["what"] for one in manifest["absent"]], ["mine"])

    def test_a_plugin_does_what_its_item_says(self):
        self.python("mine", GOOD)
        plan = self.plan("--only", "mine")
        self.collect("--plan", self.saved(plan), expected=(COMPLETE, PARTIAL))
        self.assertIn("mine/a.txt",
                      [one["path"] for one in harness.manifest(self.output)["artifacts"]])
        for change in ({"kind": "reads"}, {"arguments": ["/bin/true"]}, {"number": 9},
                       {"executable": "/bin/true"}):
            changed = json.loads(json.dumps(plan))
            changed["collectors"][0]["items"][0].update(change)
            with self.subTest(change=change):
                outcome = self.collect("--plan", self.saved(changed), output=self.path("out"),
                                       expected=USAGE)
                self.assertIn("the collector mine does not have", outcome.err)

    def test_of_two_equal_names_the_checked_one_counts(self):
        self.python("mine", GOOD)
        text = json.dumps(self.plan("--only", "mine"))
        collector = json.loads(text)["collectors"][0]
        twice = json.dumps(collector)[:-1] + ', "items": []}'
        self.refused(text.replace(json.dumps(collector), twice), "nothing to collect")

    def test_collectors_of_code_have_only_their_own_kinds(self):
        plan = self.plan("--only", "system")
        self.assertEqual({one["kind"] for one in plan["collectors"][0]["items"]}, {"reads"})
        for change in ({"trees": [""]}, {"trees": ["/etc"]}, {"trees": ["/proc/../root"]},
                       {"kind": "dump"}, {"kind": "command", "arguments": ["rm", "-rf", "/x"]},
                       {"kind": "probe", "probe": "mount-health", "target": "/"}):
            changed = json.loads(json.dumps(plan))
            changed["collectors"][0]["items"][0].update(change)
            with self.subTest(change=change):
                self.refused(changed, "the collector system does not have")

    def test_the_bytes_of_a_path_are_those_that_are_shown(self):
        plan = self.plan("--only", "system")
        item = next(one for one in plan["collectors"][0]["items"] if one.get("files"))
        item["files"][0]["pathBytes"] = base64.b64encode(b"/etc/shadow").decode()
        self.refused(plan, "are those of another path")


class ChangedItems(harness.Case):
    """Items of a declared collector, after a change by hand."""

    def setUp(self):
        super().setUp()
        for name in ("one", "two"):
            os.makedirs(self.path("facts", name))
            with open(self.path("facts", name, "inside-" + name), "w", encoding="utf-8"):
                pass
        folder = self.path("collectors.d")
        os.makedirs(folder)
        with open(os.path.join(folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write("schema: diagbundle.collector/1\nname: mine\nsubject: facts of a test\n"
                       "description: For the tests.\nitems:\n"
                       "  - command: [echo, one]\n    to: one.txt\n"
                       "  - listing: [%s]\n    depth: 2\n    to: listing.txt\n"
                       % self.path("facts", "*"))
        outcome = harness.run("plan", "--json", "--collectors", folder, "--only", "mine")
        self.plan = json.loads(outcome.out)
        self.items = self.plan["collectors"][0]["items"]

    def run_plan(self, expected):
        path = self.path("plan.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.plan, file)
        return self.collect("--plan", path, expected=expected)

    def test_a_listing_has_the_folders_of_the_plan(self):
        self.items[1]["folders"].remove(self.path("facts", "two"))
        os.makedirs(self.path("facts", "three"))
        self.run_plan((COMPLETE,))
        text = harness.content(os.path.join(harness.host_folder(self.output), "mine/listing.txt"))
        self.assertIn(b"inside-one", text)
        self.assertNotIn(b"inside-two", text)
        self.assertNotIn(b"three", text)

    def test_a_folder_that_the_collector_has_not_is_refused(self):
        self.items[1]["folders"].append("/root")
        self.assertIn("does not have /root", self.run_plan((USAGE,)).err)

    def test_limits_and_risk_are_those_of_the_collector(self):
        for name, value in (("byteLimit", 1), ("risk", "R0"), ("secondsLimit", 1),
                            ("title", "harmless")):
            with self.subTest(name=name):
                before = self.items[0][name]
                self.items[0][name] = value
                self.assertIn("the collector mine does not have", self.run_plan((USAGE,)).err)
                self.items[0][name] = before

    def test_another_program_of_the_name_is_not_run(self):
        self.items[0]["executable"] = "/bin/false"
        self.run_plan((PARTIAL,))
        manifest = harness.manifest(self.output)
        self.assertIn("it is in the plan as /bin/false, but now is",
                      manifest["missing"][0]["why"])

    def test_options_say_what_the_plan_says(self):
        self.plan["options"]["since"] = ["2001-01-01T00:00:00Z"]
        self.assertIn("`since` is another", self.run_plan((USAGE,)).err)
        del self.plan["options"]["since"]
        self.plan["options"]["outptu"] = ["/x"]
        self.assertIn("`outptu` is no option", self.run_plan((USAGE,)).err)


class Hostile(Plugins):
    """Plugins that would harm the run."""

    def test_nobody_waits_for_one_that_says_it_answers_from_memory(self):
        self.python("slow", "time.sleep(60)\n", "risk: R0\n")
        began = time.monotonic()
        manifest = self.gather("slow", "time", expected=PARTIAL, more=("--deadline", "6s"))
        self.assertLess(time.monotonic() - began, 50)
        self.assertEqual(harness.reports(manifest)["time"]["outcome"], "complete")

    def test_what_it_leaves_behind_and_has_ended_is_reaped(self):
        self.python("forks", """
for _ in range(300):
    child = os.fork()
    if child == 0:
        if os.fork() == 0: time.sleep(0.2)
        os._exit(0)
    os.waitpid(child, 0)
time.sleep(4)
count = 0
for name in os.listdir('/proc'):
    try: fields = open('/proc/%s/stat' % name).read().rpartition(')')[2].split()
    except OSError: continue
    count += name.isdigit() and fields[0] == 'Z' and fields[1] == str(os.getppid())
say('artifact', {'path': 'zombies.txt'})
raw(b'%d\\n' % count)
say('end')
""")
        self.gather("forks", expected=COMPLETE)
        left = harness.content(os.path.join(harness.host_folder(self.output), "forks/zombies.txt"))
        self.assertLess(int(left), 50)

    def test_check_tells_what_is_left_behind_and_ends_it(self):
        path = self.python(
            "daemon", "if os.fork() == 0:\n    os.setsid()\n"
            "    os.execv('/bin/sleep', ['sleep', '4477'])\n" + GOOD)
        outcome = self.check(path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("behind", outcome.err)
        lines = [harness.command_line(int(name)) for name in os.listdir("/proc")
                 if name.isdigit()]
        self.assertNotIn("sleep 4477", lines)

    def test_the_name_of_the_run_is_taken(self):
        path = self.python("diagbundle", GOOD)
        outcome = self.check(path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("choose another name", outcome.err)
