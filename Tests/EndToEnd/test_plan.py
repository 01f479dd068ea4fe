"""`plan`, and `collect --plan`: what is shown before a run is what the run does."""

import json
import os
import re
import shutil

import harness
from harness import CANNOT_CREATE, COMPLETE, PARTIAL, UNAVAILABLE, USAGE

OWN = """schema: diagbundle.collector/1
name: mine
subject: facts of a test
description: For the tests.
profiles: [full]
items:
  - files: [%(folder)s/a, "%(folder)s/*.conf"]
    exclude: ["*.key"]
  - command: [echo, one]
    to: one.txt
  - command: [echo, two]
    to: two.txt
  - listing: [%(folder)s]
    to: listing.txt
  - files: [/nowhere/at/all]
  - command: [no-such-program-here]
    to: none.txt
"""


# A call as `strace -y` prints it: the folder that the path is below, the path, and what it led to.
OPENED = re.compile(r'\bopen(?:at2?)?\((?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"([^"]*)", '
                    r'(.*?)(?:= \d+<([^<>]*).*)?$')


def opened_path(line):
    """The whole path of what a line of strace tries to read or write; `None` for what it does not,
    and for folders."""
    found = OPENED.search(line)
    if not found or "O_PATH" in found[3] or "O_DIRECTORY" in found[3]:
        return None
    return found[4] or os.path.normpath(os.path.join("/", found[1] or "", found[2]))


def is_opened_device(path):
    """Whether it is below /dev, and not what every program opens."""
    return path is not None and path.startswith("/dev/") and not re.fullmatch(
        r"/dev/(?:null|tty|pts/\d+)", path)


class PlanTest(harness.Case):
    """A plan as a person and as a program sees it."""

    def own(self, text=OWN):
        """A folder with one collector, and the files that it collects."""
        folder = self.path("facts")
        os.makedirs(folder, exist_ok=True)
        for name in ("a", "b.conf", "c.conf"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write("fact %s\n" % name)
        declarations = self.path("collectors.d")
        os.makedirs(declarations, exist_ok=True)
        with open(os.path.join(declarations, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(text % {"folder": folder})
        return folder, declarations

    def plan(self, *arguments, expected=COMPLETE):
        """The plan as a document."""
        outcome = harness.run("plan", "--json", *arguments)
        self.assertEqual(outcome.status, expected, str(outcome))
        return json.loads(outcome.out)

    def saved(self, plan):
        """A file with the plan in it."""
        path = self.path("plan.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        return path

    def own_plan(self):
        folder, declarations = self.own()
        plan = self.plan("--collectors", declarations, "--only", "mine")
        return folder, declarations, plan

    def artifacts(self):
        return sorted(one["path"] for one in harness.manifest(self.output)["artifacts"]
                      if one["collector"] == "mine")

    def test_a_plan_names_files_commands_and_what_does_not_apply(self):
        folder, declarations, plan = self.own_plan()
        self.assertEqual(plan["schema"], "diagbundle.plan/1")
        mine, = plan["collectors"]
        self.assertEqual(mine["origin"], os.path.join(declarations, "mine.yaml"))
        self.assertRegex(mine["definition"], "^[0-9a-f]{64}$")
        items = mine["items"]
        self.assertEqual([one["kind"] for one in items],
                         ["files", "command", "command", "listing", "files", "command"])
        self.assertEqual([(one["path"], one["byteCount"]) for one in items[0]["files"]],
                         [(folder + "/a", 7), (folder + "/b.conf", 12), (folder + "/c.conf", 12)])
        self.assertEqual(items[1]["arguments"], ["echo", "one"])
        self.assertTrue(items[1]["executable"].endswith("/echo"))
        self.assertEqual(items[3]["folders"], [folder])
        self.assertEqual(items[4]["doesNotApply"], "nothing of it is on this host")
        self.assertTrue(items[5]["doesNotApply"].startswith(
            "no-such-program-here is not installed"))
        self.assertEqual(mine["estimate"]["byteCount"],
                         sum(one["estimate"]["byteCount"] for one in items))

    def test_a_collector_has_the_highest_risk_of_its_items(self):
        for collector in self.plan("--profile", "full")["collectors"]:
            risks = [item["risk"] for item in collector["items"]]
            self.assertLessEqual(max(risks, default="R0"), collector["risk"], collector["name"])

    def test_the_table_shortens_file_lists_unless_all_are_wanted(self):
        _, declarations = self.own()
        brief = harness.run("plan", "--collectors", declarations, "--only", "mine", "kernel")
        self.assertEqual(brief.status, COMPLETE, str(brief))
        self.assertRegex(brief.out, r"(?m)^mine  facts of a test$")
        self.assertRegex(brief.out, r"and \d+ more files")
        self.assertIn("2 items do not apply here", brief.out)
        self.assertRegex(brief.out, r"(?m)^Total: 2 collectors, \d+ files, ")
        whole = harness.run("plan", "-v", "--collectors", declarations, "--only", "mine", "kernel")
        self.assertNotRegex(whole.out, r"and \d+ more files")
        self.assertIn("no-such-program-here is not installed", whole.out)

    def test_the_table_has_columns_and_each_argument_of_a_command(self):
        _, declarations = self.own(OWN + "  - command: [echo, two words, \"it's\"]\n"
                                         "    to: words.txt\n"
                                         "    since: [--since, \"{since}\", \"\"]\n")
        outcome = harness.run("plan", "--collectors", declarations, "--only", "mine",
                              "--since", "1h")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        self.assertRegex(outcome.out, r"(?m)^  risk  kind     +about bytes  about seconds  what$")
        self.assertRegex(
            outcome.out,
            r"(?m)^  R1    command +~1\.0 KiB +~0\.03 s  echo one  \(at most 10 s\)$")
        self.assertRegex(
            outcome.out, r"(?m)  echo 'two words' 'it'\\''s'"
            r" --since '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d' ''  \(at most 10 s\)$")
        columns = {line.index("KiB") for line in outcome.out.splitlines()
                   if line.startswith("  R1    command")}
        self.assertEqual(len(columns), 1, outcome.out)

    def test_what_is_assumed_is_marked_and_what_is_known_is_not(self):
        _, declarations = self.own(
            OWN + "  - command: [echo, three]\n    to: three.txt\n"
                  "    typically: {bytes: 2KiB, seconds: 0.25}\n"
                  "  - command: [echo, four]\n    to: four.txt\n    typically: {bytes: 3KiB}\n"
                  "  - files: [/proc/self/status]\n")
        options = ("--collectors", declarations, "--only", "mine")
        plan = self.plan(*options)
        self.assert_schema(plan, "plan")
        items = plan["collectors"][0]["items"]
        self.assertEqual([item["estimate"].get("isAssumed") for item in items],
                         [None, True, True, True, None, None, True, True, True])
        self.assertEqual(items[6]["estimate"],
                         {"byteCount": 2048, "seconds": 0.25, "isAssumed": True})
        self.assertEqual(items[7]["estimate"]["byteCount"], 3072)
        self.assertIs(plan["collectors"][0]["estimate"]["isAssumed"], True)
        self.assertIs(plan["estimate"]["isAssumed"], True)
        page = harness.run("plan", *options).out
        self.assertRegex(page, r"(?m)^  R1    command +~2\.0 KiB +~0\.25 s  echo three  ")
        self.assertRegex(page, r"(?m)^  R1    command +~3\.0 KiB +~0\.03 s  echo four  ")
        self.assertRegex(page, r"(?m)^  R1    files +31 bytes +0\.00 s  ")
        self.assertRegex(page, r"(?m)^  estimated: ~\S+ KiB and ~\S+ s, partly assumed$")
        self.assertRegex(page, r"(?m)^Total: .* one after the other, partly assumed\.$")
        self.assertEqual(len(re.findall("(?m)^~ is partly assumed: ", page)), 1, page)

    def test_a_plan_of_regular_files_is_exact_and_assumes_nothing(self):
        _, declarations = self.own(OWN.partition("    exclude")[0])
        options = ("--collectors", declarations, "--only", "mine")
        plan = self.plan(*options)
        self.assertNotIn("isAssumed", json.dumps(plan))
        self.assertNotIn("~", harness.run("plan", *options).out)
        self.collect(*options, expected=COMPLETE)
        given = sum(one["byteCount"] for one in harness.manifest(self.output)["artifacts"]
                    if one["collector"] == "mine")
        self.assertEqual(given, plan["estimate"]["byteCount"])
        self.assertEqual(given, 31)

    def test_what_could_not_be_looked_at_is_in_the_plan_and_missing_from_its_run(self):
        folder, declarations = self.own(
            OWN + "  - files: [\"%(folder)s/loop/*\"]\n"
                  "  - listing: [%(folder)s, \"%(folder)s/loop/*\"]\n    to: more.txt\n")
        loop = os.path.join(folder, "loop")
        os.symlink("loop", loop)
        options = ("--collectors", declarations, "--only", "mine")
        page = harness.run("plan", *options)
        self.assertEqual(page.status, COMPLETE, str(page))
        self.assertEqual(page.out.count("could not be looked at: %s: open: " % loop), 2, page.out)
        self.assertIn("Could not be looked at: 2 paths; ", page.out)
        plan = self.plan(*options)
        for item in plan["collectors"][0]["items"][6:]:
            self.assertEqual([one["path"] for one in item["unreadable"]], [loop])
        self.assert_schema(plan, "plan")
        self.collect("--plan", self.saved(plan), expected=(PARTIAL,))
        manifest = harness.manifest(self.output)
        self.assertEqual([one["what"] for one in manifest["missing"]], [loop, loop])
        for one in manifest["missing"]:
            self.assertIn("it could not be looked at when the plan was made: open: ", one["why"])
        self.assertNotIn(loop + "/*", [one["what"] for one in manifest["absent"]])

    def test_what_is_collected_is_in_the_plan(self):
        plan = self.plan("--profile", "full")
        self.collect("--profile", "full", expected=(COMPLETE, PARTIAL))
        manifest = harness.manifest(self.output)
        strangers = []
        # A document may be made of another.
        made = {os.path.basename(one["path"]) for one in manifest["artifacts"]}
        for artifact in manifest["artifacts"]:
            collector = next((one for one in plan["collectors"]
                              if one["name"] == artifact["collector"]), None)
            source = artifact.get("source")
            if collector is None or not source or source in made:
                continue
            if not self.has(collector, source):
                strangers.append("%s: %s" % (artifact["collector"], source))
        # Processes that began after the plan was made are none of it.
        self.assertEqual([one for one in strangers if not re.search(r": /proc/\d+/", one)], [])

    @staticmethod
    def has(collector, source):
        """Whether an item of the plan has what an artifact says it came from."""
        words = {"journal": "systemd journal", "mountinfo": "mountinfo"}
        for item in collector["items"]:
            paths = [one["path"] for one in item.get("files", [])]
            if source in paths or source == item.get("title"):
                return True
            runs = [item, *item.get("runs", [])] if item["kind"] == "command" else []
            if any(" ".join(one["arguments"]).startswith(source) for one in runs):
                return True
            below = [one.replace("/[0-9]*", "")
                     for one in item.get("trees", []) + item.get("folders", [])]
            if any(source == one or source.startswith(one + "/") for one in below):
                return True
            if any(path.startswith(source + "/") for path in paths + below):
                return True
            if item.get("target") and item["target"] in source:
                return True
            if words.get(source, "\0") in item["title"]:
                return True
        # Several sources in one document, or a device with what was asked of it.
        parts = [one.strip() for one in re.split(r",| and ", source)]
        return len(parts) > 1 and all(PlanTest.has(collector, one) for one in parts)

    def test_a_plan_of_everything_opens_no_device_and_runs_no_command(self):
        trace = self.path("trace")
        if not os.access("/usr/bin/strace", os.X_OK):
            self.skipTest("strace is not installed")
        outcome = harness.run(
            "-f", "-y", "-e", "trace=execve,openat,openat2,open,ioctl", "-o", trace, harness.BINARY,
            "plan", "--profile", "full", "--json", binary="/usr/bin/strace")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        with open(trace, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        self.assertEqual(len([one for one in lines if "execve(" in one]), 1)
        self.assertTrue([one for one in lines if opened_path(one)], lines[:9])
        self.assertEqual([one for one in lines if is_opened_device(opened_path(one))], [])

    def test_a_device_that_is_opened_below_its_folder_is_seen(self):
        device = ('7 openat(5</dev>, "vda", O_RDONLY|O_CLOEXEC) = 6</dev/vda>',
                  '7 openat(3</>, "dev/vda", O_RDONLY) = -1 EACCES (Permission denied)',
                  '7 openat2(4</dev>, "disk/by-id/x", {flags=O_RDONLY, resolve=0}, 24) = 5</dev/vdb>',
                  '7 openat(5</sys>, "link", O_RDONLY) = 6</dev/vda<block 254:0>>',
                  '7 open("/dev/vda", O_RDONLY) = 3</dev/vda>',
                  '7 openat(AT_FDCWD</dev>, "./sda", O_RDWR <unfinished ...>',
                  '7 openat(AT_FDCWD</root>, "/dev/null-1", O_RDONLY) = 3</dev/null-1>')
        for line in device:
            self.assertTrue(is_opened_device(opened_path(line)), line)
        other = ('7 openat(5</dev>, ".", O_RDONLY|O_DIRECTORY) = 6</dev>',
                 '7 openat(5</>, "dev/vda", O_RDONLY|O_PATH) = 6</dev/vda>',
                 '7 openat(AT_FDCWD</root>, "/dev/null", O_RDONLY) = 3</dev/null<char 1:3>>',
                 '7 openat(4</sys/dev>, "block", O_RDONLY) = 5</sys/dev/block>',
                 '7 ioctl(3</dev/null>, TCGETS, 0x7ffc) = -1 ENOTTY (x)')
        for line in other:
            self.assertFalse(is_opened_device(opened_path(line)), line)

    def test_a_reviewed_plan_is_run_and_nothing_else(self):
        folder, _, plan = self.own_plan()
        items = plan["collectors"][0]["items"]
        items[0]["files"] = [one for one in items[0]["files"] if not one["path"].endswith("b.conf")]
        del items[2]
        with open(folder + "/new.conf", "w", encoding="utf-8") as file:
            file.write("new\n")
        self.collect("--plan", self.saved(plan), expected=(COMPLETE,))
        self.assertEqual(
            self.artifacts(),
            sorted(["mine/commands.json", "mine/listing.txt", "mine/one.txt",
                    "mine" + folder + "/a", "mine" + folder + "/c.conf"]))
        manifest = harness.manifest(self.output)
        self.assertRegex(manifest["options"]["planSHA256"], "^[0-9a-f]{64}$")
        self.assertEqual(manifest["options"]["collectors"], ["mine"])
        notes = manifest["reports"][0]["notes"]
        self.assertIn("not collected, for the plan does not have it: echo two", notes)

    def test_what_is_gone_since_the_plan_is_missing(self):
        folder, _, plan = self.own_plan()
        os.unlink(folder + "/c.conf")
        self.collect("--plan", self.saved(plan), expected=(PARTIAL,))
        missing = [(one["what"], one["why"]) for one in harness.manifest(self.output)["missing"]]
        self.assertEqual(missing, [(folder + "/c.conf", "it is in the plan, and no longer there")])

    def test_a_command_a_listing_and_a_condition_that_are_gone_since_are_missing(self):
        folder, _ = self.own()
        program, names = self.path("program"), self.path("names")
        shutil.copyfile("/bin/true", program)
        os.chmod(program, 0o755)
        os.mkdir(names)
        mark = self.path("mark")
        harness.write(mark, "")
        text = OWN.split("items:")[0] + "items:\n" \
            "  - command: [%s]\n    to: a.txt\n  - listing: [%s]\n    to: b.txt\n" % (
                program, names)
        declarations = self.path("collectors.d")
        harness.write(os.path.join(declarations, "mine.yaml"), text)
        harness.write(os.path.join(declarations, "other.yaml"),
                      OWN.replace("name: mine", "name: other").replace(
                          "items:", "when: {files: [%s]}\nitems:" % mark)
                      % {"folder": folder})
        path = self.saved(self.plan("--collectors", declarations, "--only", "mine,other"))
        self.collect("--plan", path, expected=(COMPLETE,))
        os.unlink(program)
        os.rmdir(names)
        os.unlink(mark)
        self.collect("--plan", path, expected=(PARTIAL,), output=self.path("second"))
        missing = {(one["collector"], one["what"]): one["why"]
                   for one in harness.manifest(self.path("second"))["missing"]}
        self.assertEqual(set(missing), {("mine", program), ("mine", names), ("other", "other")})
        self.assertIn("it is in the plan, but now " + program, missing["mine", program])
        self.assertEqual(missing["mine", names], "it is in the plan, and no longer there")
        self.assertIn("it is in the plan, but now " + mark, missing["other", "other"])

    def test_a_file_of_a_collector_of_code_that_is_gone_since_is_missing(self):
        root = harness.fixture_root(self.folder)
        gone = os.path.join(root, "etc/fstab")
        harness.write(gone, "/dev/sda1 / ext4 defaults 0 1\n")
        path = self.saved(self.plan("--root", root, "--only", "storage"))
        os.unlink(gone)
        self.collect("--plan", path, expected=(PARTIAL,))
        self.assertIn(("/etc/fstab", "it is in the plan, and no longer there"),
                      [(one["what"], one["why"])
                       for one in harness.manifest(self.output)["missing"]])

    def test_an_item_that_stands_twice_is_refused(self):
        _, _, plan = self.own_plan()
        plan["collectors"][0]["items"].append(dict(plan["collectors"][0]["items"][0]))
        self.assertIn("item 1 of the collector mine stands in it twice", self.refused(plan))

    def test_a_collector_that_could_not_be_planned_is_missing_from_its_run(self):
        folder, _ = self.own()
        with open(self.path("collectors.d", "slow.yaml"), "w", encoding="utf-8") as file:
            file.write("schema: diagbundle.collector/1\nname: slow\nsubject: slow facts\n"
                       "description: For the tests.\nitems:\n  - files: [%s/a]\n" % folder)
        plan = self.plan("--collectors", self.path("collectors.d"), "--only", "mine,slow")
        slow = next(one for one in plan["collectors"] if one["name"] == "slow")
        slow["items"] = []
        slow["unplanned"] = "it did not say what it would do in 60 s: a file system hangs"
        self.collect("--plan", self.saved(plan), expected=(PARTIAL,))
        manifest = harness.manifest(self.output)
        self.assertEqual([one["collector"] for one in manifest["reports"]], ["mine"])
        missing = [(one["collector"], one["why"]) for one in manifest["missing"]]
        self.assertEqual(missing, [("slow", "the plan does not have it: " + slow["unplanned"])])

    def test_output_replaces_nothing_that_is_no_file(self):
        folder = self.path("no-files")
        kinds = harness.no_files(folder)
        before = {name: os.lstat(os.path.join(folder, name)).st_ino for name in kinds}
        for name, word in kinds.items():
            with self.subTest(name):
                path = os.path.join(folder, name)
                outcome = harness.run("plan", "--only", "system", "--output", path, timeout=60)
                self.assertEqual(outcome.status, CANNOT_CREATE, str(outcome))
                self.assertIn("write the plan %s: it is a %s; name a" % (path, word),
                              outcome.told)
        self.assertEqual({name: os.lstat(os.path.join(folder, name)).st_ino
                          for name in os.listdir(folder)}, before)

    def test_output_writes_the_plan_for_collect(self):
        _, declarations = self.own()
        path = self.path("written.json")
        outcome = harness.run("plan", "--collectors", declarations, "--only", "mine",
                              "--output", path)
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        self.assertIn("diagbundle collect --plan " + path, outcome.out)
        self.assertEqual(os.stat(path).st_mode & 0o077, 0)
        self.collect("--plan", path, expected=(COMPLETE,))
        self.assertIn("mine/two.txt", self.artifacts())

    def refused(self, plan, *arguments):
        """What is said of a plan that is not run."""
        outcome = harness.run("collect", "--output", self.output, "--plan", self.saved(plan),
                              *arguments)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertFalse(os.path.isdir(self.output) and harness.bundles(self.output))
        return outcome.told

    def test_what_is_not_of_this_host_or_not_of_the_collector_is_refused(self):
        _, declarations, plan = self.own_plan()

        def changed(change):
            other = json.loads(json.dumps(plan))
            change(other)
            return self.refused(other)
        self.assertIn("made for the host elsewhere", changed(
            lambda one: one["host"].update(name="elsewhere")))
        self.assertIn("by version 9.9", changed(
            lambda one: one["tool"].update(version="9.9")))
        self.assertIn("its root is /mnt", changed(lambda one: one.update(root="/mnt")))
        self.assertIn("there is no collector \"minx\"", changed(
            lambda one: one["collectors"][0].update(name="minx")))
        self.assertIn("does not have /etc/shadow", changed(
            lambda one: one["collectors"][0]["items"][0]["files"].append(
                {"path": "/etc/shadow", "byteCount": 1})))
        self.assertIn("does not have", changed(
            lambda one: one["collectors"][0]["items"][0]["files"].append(
                {"path": self.path("facts") + "/../x.conf", "byteCount": 1})))
        self.assertIn("does not have echo three", changed(
            lambda one: one["collectors"][0]["items"][1].update(arguments=["echo", "three"])))
        self.assertIn("it is no plan", changed(lambda one: one.update(extra=1)))
        cut = self.path("cut.json")
        with open(cut, "w", encoding="utf-8") as file:
            file.write('{"schema": "diagb')
        outcome = harness.run("collect", "--output", self.output, "--plan", cut)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertRegex(outcome.told, "it is no plan: not JSON, as shows at byte 1[0-9]")
        with open(os.path.join(declarations, "mine.yaml"), "a", encoding="utf-8") as file:
            file.write("# changed\n")
        self.assertIn("another SHA-256", self.refused(plan))

    def test_options_that_contradict_the_plan_are_refused(self):
        _, _, plan = self.own_plan()
        for options, words, remedy in (
                (("--profile", "storage"), "--profile: storage contradicts the plan, which has"
                 " default", "--profile storage"),
                (("--max-size", "5G"), "--max-size: 5G contradicts the plan, which has 2G",
                 "--max-size 5G"),
                (("--max-size", "1G"), "--max-size: 1G contradicts the plan, which has 2G",
                 "--max-size 1G"),
                (("--since", "1h"), "--since: 1h contradicts the plan, which does not have it",
                 "--since 1h"),
                (("--include-persistent-events",), "--include-persistent-events: it contradicts"
                 " the plan, which does not have it", "--include-persistent-events"),
                (("--include-live-dump",), "--live-dump: full contradicts the plan, which does"
                 " not have it", "--live-dump full"),
                (("--live-dump", "stacks"), "--live-dump: stacks contradicts the plan, which does"
                 " not have it", "--live-dump stacks"),
                (("--dump-no-throttle",), "--dump-no-throttle: it contradicts the plan, which does"
                 " not have it", "--include-live-dump --dump-no-throttle"),
                # These are as the plan has them, and there is no dump that they could be of.
                (("--dump-level", "27"), "--dump-level: the plan has no live dump",
                 "--include-live-dump --dump-level 27"),
                (("--dump-reason", "why"), "--dump-reason: the plan has no live dump",
                 "--live-dump full")):
            with self.subTest(options=options):
                told = self.refused(plan, *options)
                self.assertIn(words + "; leave it out, or make a new plan with \"diagbundle plan "
                              + remedy + " ...\"", told)

    def test_options_that_agree_with_the_plan_or_tell_how_it_is_run_are_taken(self):
        _, _, plan = self.own_plan()
        self.collect("--plan", self.saved(plan), "--only", "mine", "--max-size", "2048M",
                     "--live-dump", "no", "--case", "7", "--jobs", "1", "--deadline", "5m",
                     "--seal-deadline", "50s", "--progress", "none", expected=(COMPLETE,))
        manifest = harness.manifest(self.output)
        options = manifest["options"]
        self.assertEqual(
            (manifest["caseIdentifier"], options["jobs"], options["deadlineSeconds"],
             options["sealDeadlineSeconds"], options["maxByteCount"]), ("7", 1, 300, 50, 2 << 30))

    def test_options_for_what_was_taken_out_of_the_plan_are_refused(self):
        plan = self.plan("--only", "system,kernel", "--live-dump", "stacks",
                         "--dump-max-size", "5M")
        for collector in plan["collectors"]:
            if collector["name"] in ("livedump", "kernel"):
                collector["items"] = []
        for options, words in (
                (("--only", "system,kernel"),
                 "--only: kernel contradicts the plan, which does not have it"),
                (("--live-dump", "stacks"), "--live-dump: the plan has no live dump"),
                (("--dump-max-size", "5M"), "--dump-max-size: the plan has no live dump"),
                (("--dump-reason", "why"), "--dump-reason: the plan has no live dump")):
            with self.subTest(options=options):
                self.assertIn(words, self.refused(plan, *options))

    def test_a_dump_of_the_plan_is_not_left_out_by_an_option(self):
        plan = self.plan("--only", "livedump")
        self.assertIn("--live-dump: no contradicts the plan, which has a live dump",
                      self.refused(plan, "--live-dump", "no"))

    def test_the_configuration_changes_nothing_of_a_reviewed_plan(self):
        folder, declarations = self.own()
        configuration = self.path("config.yaml")
        harness.write(configuration, "max-size: 1M\n")
        plan = self.plan("--collectors", declarations, "--only", "mine", "--config", configuration)
        harness.write(configuration, "max-size: 1\nlive-dump: full\nsince: 1h\nskip: [mine]\n"
                                     "include-persistent-events: yes\ndump-format: elf\n"
                                     "profile: minimal\nroot: /nowhere\njobs: 1\n")
        self.collect("--plan", self.saved(plan), "--config", configuration, expected=(COMPLETE,))
        options = harness.manifest(self.output)["options"]
        self.assertEqual(
            (options["collectors"], options["maxByteCount"], options["root"],
             options.get("since")), (["mine"], 1 << 20, "/", None))
        # How it is run is no matter of the plan.
        self.assertEqual(options["jobs"], 1)
        self.assertIn("mine" + folder + "/c.conf", self.artifacts())

    def test_a_plan_that_is_not_there_is_said_so(self):
        outcome = harness.run("collect", "--output", self.output, "--plan", "/no/plan.json")
        self.assertEqual(outcome.status, UNAVAILABLE, str(outcome))

    def test_the_collectors_of_code_read_no_more_than_their_plan(self):
        plan = self.plan("--only", "storage", "system", "boot", "logs")
        self.collect("--plan", self.saved(plan), expected=(COMPLETE, PARTIAL))
        manifest = harness.manifest(self.output)
        for report in manifest["reports"]:
            self.assertEqual(report["outcome"], "complete", report)
            self.assertEqual(
                [one for one in report["notes"] if one.startswith("not read")], [], report)

    def test_what_is_taken_out_of_a_collector_of_code_is_not_read(self):
        plan = self.plan("--only", "system", "storage")
        for collector in plan["collectors"]:
            collector["items"] = [one for one in collector["items"]
                                  if one["title"] != "kernel parameters"
                                  and one["kind"] != "probe"]
        self.collect("--plan", self.saved(plan), expected=(COMPLETE, PARTIAL))
        paths = [one["path"] for one in harness.manifest(self.output)["artifacts"]]
        self.assertNotIn("system/sysctl.txt", paths)
        self.assertNotIn("storage/mount-health.json", paths)
        self.assertIn("system/meminfo", paths)
        system = next(one for one in harness.manifest(self.output)["reports"]
                      if one["collector"] == "system")
        self.assertTrue(any("for the plan does not have it" in one for one in system["notes"]))

    def dump_plan(self, *options):
        """The plan of a live dump alone: its page, its collector and its one item."""
        arguments = ("--only", "livedump") + options
        page = harness.run("plan", *arguments)
        self.assertEqual(page.status, COMPLETE, str(page))
        plan = self.plan(*arguments)
        self.assert_schema(plan, "plan")
        collector, = plan["collectors"]
        item, = collector["items"]
        return page.out, collector, item

    def test_a_dump_has_its_own_limit_in_a_plan(self):
        page, collector, item = self.dump_plan("--dump-max-size", "5MiB", "--deadline", "3m")
        self.assertEqual(item["byteLimit"], 5 << 20)
        self.assertEqual((item["secondsLimit"], collector["deadlineSeconds"]), (180, 180))
        self.assertIn("at most 3 min 0 s and 512.0 MiB of text, a dump of at most 5.0 MiB,", page)
        self.assertIn("(at most 3 min 0 s and 5.0 MiB)", page)
        # The stacks of all threads are text beside it.
        self.assertLess(item["estimate"]["byteCount"], (5 << 20) + (512 << 20))
        page, _, item = self.dump_plan()
        self.assertNotIn("byteLimit", item)
        self.assertIn("of text, a dump without a limit of its own,", page)
        self.assertIn(", no limit of its own for bytes)", page)

    def test_a_dump_costs_something_or_is_not_counted(self):
        for options in ((), ("--live-dump", "stacks"), ("--dump-level", "0")):
            with self.subTest(options=options):
                page, collector, item = self.dump_plan(*options)
                self.assertNotIn("0 bytes", page)
                self.assertEqual("estimate" in item, "notCounted" not in item, item)
                if "estimate" in item:
                    self.assertGreater(item["estimate"]["byteCount"], 0)
                    self.assertGreater(item["estimate"]["seconds"], 0)
                    self.assertGreaterEqual(
                        collector["estimate"]["byteCount"], item["estimate"]["byteCount"])
                    self.assertEqual("isBound" in item["estimate"],
                                     "estimated: at most " in page, page)
                else:
                    self.assertIs(collector["estimate"]["isPartial"], True)
                    self.assertIn("estimated: not counted", page)
                self.assertEqual(collector["byteLimit"], 512 << 20)

    def test_a_dump_does_not_count_against_the_bytes_of_the_run(self):
        plan = self.plan("--only", "livedump", "--max-size", "1")
        self.assertEqual(plan["estimate"], plan["collectors"][0]["estimate"])

    def test_a_plan_of_a_dump_is_called_what_it_is(self):
        page, _, item = self.dump_plan("--live-dump", "stacks")
        self.assertTrue(item["title"].startswith("stacks of all threads, and the small dump"))
        self.assertNotIn("memory of the running kernel", page)
        page, _, item = self.dump_plan("--include-live-dump", "--dump-level", "31")
        self.assertEqual(item["title"], "memory of the running kernel, level 31")
        self.assertIn("leave out cache, pages of processes, ", page)
        for path in ("/run/diagbundle/livedump.lock", "/var/lib/diagbundle/livedump.json"):
            self.assertIn(path, "\n".join(item["actions"]))
            self.assertIn(path, page)

    def test_a_plan_of_a_dump_writes_nothing(self):
        trace = self.path("trace")
        if not os.access("/usr/bin/strace", os.X_OK):
            self.skipTest("strace is not installed")
        outcome = harness.run(
            "-f", "-e", "trace=openat,openat2,open,flock,mkdir,mkdirat,unlink,unlinkat", "-o",
            trace, harness.BINARY, "plan", "--only", "livedump", "--json",
            binary="/usr/bin/strace")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        with open(trace, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        self.assertTrue([one for one in lines if "/etc/machine-id" in one], "nothing was traced")
        changes = re.compile(r"O_CREAT|O_WRONLY|O_RDWR|flock\(|mkdir|unlink")
        self.assertEqual([one for one in lines
                          if changes.search(one) and "null" not in one and "tty" not in one], [])

    def test_a_dump_can_be_taken_out_of_a_plan_with_another_deadline(self):
        plan = self.plan("--only", "system", "--live-dump", "stacks", "--deadline", "3m")
        dump, = (one for one in plan["collectors"] if one["name"] == "livedump")
        self.assertEqual(dump["deadlineSeconds"], 180)
        dump["items"] = []
        self.collect("--plan", self.saved(plan), expected=(COMPLETE, PARTIAL))
        self.assertEqual(harness.manifest(self.output)["options"]["collectors"], ["system"])

    def test_a_dump_of_a_plan_is_made_whatever_the_deadline(self):
        plan = self.plan("--only", "system", "--live-dump", "stacks", "--deadline", "3m")
        self.collect("--plan", self.saved(plan), "--deadline", "4m", expected=(COMPLETE, PARTIAL))
        self.assertEqual(
            harness.read_json(harness.host_folder(self.output), "LiveDump.json")["kind"], "stacks")

    def test_the_dump_is_shown_with_its_own_limits(self):
        shown = harness.run("collectors", "show", "livedump")
        self.assertEqual(shown.status, COMPLETE, str(shown))
        self.assertIn("512.0 MiB of text", shown.out)
        self.assertIn("--dump-max-size", shown.out)
        other = harness.run("collectors", "show", "system")
        self.assertNotIn("dump", other.out)
