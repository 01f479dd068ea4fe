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

    def test_the_arguments_of_a_plugin_are_shown(self):
        path = self.python("mine", GOOD, "arguments: [--deep, two words]\n")
        outcome = harness.run("plan", "--plugins", self.plugins, "--only", "mine")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        self.assertIn("        %s --deep 'two words'\n" % path, outcome.out)

    def test_what_a_plugin_may_do_is_what_it_may_do_now(self):
        self.python("mine", GOOD)
        plan = self.plan("--only", "mine")
        for change in ({"risk": "R0"}, {"risk": "R2"}, {"confinement": "parser"},
                       {"capabilities": []}, {"deadlineSeconds": 21}, {"byteLimit": 1}):
            changed = json.loads(json.dumps(plan))
            changed["collectors"][0].update(change)
            with self.subTest(change=change):
                outcome = self.collect("--plan", self.saved(changed), expected=USAGE)
                self.assertIn("the collector mine has another", outcome.told)

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

    def test_a_program_with_other_bytes_is_not_the_planned_one(self):
        path = self.python("mine", GOOD)
        status = os.stat(path)
        plan = self.plan("--only", "mine")
        with open(path, "r+", encoding="utf-8") as file:
            text = file.read().replace("a fact", "a lie!")
            file.seek(0)
            file.write(text)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.assertEqual(os.stat(path).st_size, status.st_size)
        self.refused(plan, "the collector mine is not what it was")

    def test_an_option_of_the_plan_may_be_said_in_other_words(self):
        self.python("mine", GOOD)
        options = ("--only", "mine,time", "--max-size", "1G", "--root", "/")
        plan = self.saved(self.plan(*options))
        for given in (("--only", "mine", "time"), ("--max-size", "1024M"), ("--root", "//"),
                      ("--plugins", os.path.join(self.plugins, "..", "plugins.d"))):
            with self.subTest(given=given):
                self.collect("--plan", plan, *given, output=self.path("out"),
                             expected=(COMPLETE, PARTIAL))
        for given in (("--only", "mine"), ("--max-size", "2G"), ("--plugins", self.path("x"))):
            with self.subTest(given=given):
                outcome = self.collect("--plan", plan, *given, output=self.path("out"),
                                       expected=(USAGE,))
                self.assertIn("contradicts the plan", outcome.told)

    def test_a_dump_is_the_one_that_its_item_shows(self):
        plan = self.plan("--only", "livedump", "--dump-max-size", "5M")

        def refused(change, words):
            changed = json.loads(json.dumps(plan))
            change(changed)
            outcome = self.collect("--plan", self.saved(changed), expected=USAGE)
            self.assertIn(words, outcome.told)
            self.assertFalse(os.path.isdir(self.output) and os.listdir(self.output))
        for options, what in (({"dump-level": ["0"]}, "title"),
                              ({"dump-user-pages": ["yes"]}, "list of actions"),
                              ({"dump-max-size": ["1G"]}, "limit of bytes"),
                              ({"live-dump": ["stacks"]}, "title")):
            with self.subTest(options=options):
                refused(lambda one: one["options"].update(options),
                        "its live dump has another %s than its options mean" % what)
        for item, what in (({"byteLimit": 1}, "limit of bytes"), ({"title": "x"}, "title"),
                           ({"actions": []}, "list of actions"), ({"trees": []}, "list of files")):
            with self.subTest(item=item):
                refused(lambda one: one["collectors"][0]["items"][0].update(item),
                        "its live dump has another %s than its options mean" % what)
        refused(lambda one: one["options"].update({"dump-format": ["elf"]}),
                "plan.json: dump-format: a bundle cannot hold an ELF core file")

    def test_a_wrong_value_is_told_with_the_file_of_the_plan(self):
        plan = self.plan("--only", "system")
        plan["options"]["max-size"] = ["much"]
        outcome = self.collect("--plan", self.saved(plan), expected=USAGE)
        self.assertIn("the plan %s: max-size: " % self.path("plan.json"), outcome.told)

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

    def test_what_the_collector_may_do_is_what_it_may_do_now(self):
        collector = self.plan["collectors"][0]
        for name, value, what in (
                ("risk", "R0", "risk"), ("confinement", "reader", "confinement"),
                ("capabilities", collector["capabilities"] + ["CAP_NET_ADMIN"],
                 "set of capabilities"),
                ("deadlineSeconds", 3600, "deadline"), ("byteLimit", 1, "limit of bytes")):
            with self.subTest(name=name):
                before = collector[name]
                collector[name] = value
                self.assertIn("the collector mine has another %s than the plan says" % what,
                              self.run_plan((USAGE,)).told)
                collector[name] = before
        # What is only taken out leaves the rest as it is.
        del self.items[0]
        self.run_plan((COMPLETE,))

    def test_what_could_not_be_looked_at_is_told_without_harm(self):
        self.items[1]["unreadable"] = [{"path": "/\x1b[2J", "why": "x" * 5000}] * 100
        self.items[1]["moreUnreadableCount"] = 2 ** 62
        outcome = self.run_plan((PARTIAL,))
        self.assertNotIn(b"\x1b[2J", outcome.out_bytes + outcome.err_bytes)
        missing = harness.manifest(self.output)["missing"]
        self.assertEqual(len(missing), 21)
        for one in missing:
            self.assertNotIn("\x1b", one["what"])
            self.assertLess(len(one["why"]), 1100)

    def test_what_is_told_of_others_is_told_without_harm(self):
        self.items[1]["misfits"] = [{"path": "/\x1b[2J", "why": "x" * 5000}] * 200
        self.items[1]["moreMisfitCount"] = self.items[1]["leftOutCount"] = 2 ** 62
        outcome = self.run_plan((PARTIAL,))
        self.assertNotIn(b"\x1b[2J", outcome.out_bytes + outcome.err_bytes)
        missing = harness.manifest(self.output)["missing"]
        self.assertEqual(len(missing), 102)
        for one in missing:
            self.assertNotIn("\x1b", one["what"])
            self.assertLess(len(one["why"]), 1100)

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


class AddedFiles(harness.Case):
    """Files that only the patterns of an item match, put into its plan by hand."""

    def test_only_what_the_collector_finds_is_collected(self):
        facts, elsewhere = self.path("facts"), self.path("elsewhere")
        for folder in (facts, elsewhere):
            os.makedirs(folder)
            for name in ("a.conf", "b.conf"):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write("fact\n")
        os.symlink(elsewhere, os.path.join(facts, "link"))
        folder = self.path("collectors.d")
        os.makedirs(folder)
        with open(os.path.join(folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write("schema: diagbundle.collector/1\nname: mine\nsubject: facts of a test\n"
                       "description: For the tests.\nitems:\n"
                       "  - files: [%s]\n    limits: {files: 1}\n"
                       "  - files: [%s]\n"
                       % (os.path.join(facts, "**", "a*.conf"), os.path.join(facts, "b*.conf")))
        outcome = harness.run("plan", "--json", "--collectors", folder, "--only", "mine")
        plan = json.loads(outcome.out)
        items = plan["collectors"][0]["items"]
        self.assertEqual([[one["path"] for one in item["files"]] for item in items],
                         [[os.path.join(facts, name)] for name in ("a.conf", "b.conf")])
        for name in ("a2.conf", "b2.conf"):
            with open(os.path.join(facts, name), "w", encoding="utf-8") as file:
                file.write("fact\n")
        entry = items[0]["files"][0]
        for name in ("a2.conf", "link/a.conf"):
            items[0]["files"].append(dict(entry, path=os.path.join(facts, name)))
        path = self.path("plan.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        self.collect("--plan", path, expected=(PARTIAL,))
        manifest = harness.manifest(self.output)
        stored = {os.path.basename(one["path"]) for one in manifest["artifacts"]
                  if one["collector"] == "mine"}
        self.assertEqual(len(stored & {"a.conf", "a2.conf"}), 1, stored)
        self.assertIn("b.conf", stored)
        self.assertNotIn("b2.conf", stored)
        self.assertFalse([one for one in manifest["artifacts"] if "link" in one["path"]])
        whys = "; ".join(one["what"] + ": " + one["why"] for one in manifest["missing"])
        self.assertIn("link/a.conf: it is in the plan, but is none of the files", whys)
        self.assertIn("1 more files match than the 1 that are kept", whys)


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

    def test_a_flood_of_words_and_names_leaves_a_bundle_that_verifies(self):
        self.python("names", "for number in range(10_001):\n"
                    "    say('artifact', {'path': '%d' % number})\nsay('end')\n")
        self.python("words", "for number in range(100_000):\n"
                    "    say('missing', {'what': 'w%d' % number, 'why': 'no'})\nsay('end')\n")
        self.python("reasons", "say('artifact', {'path': 'a'})\nraw(b'x\\n')\n"
                    "say('truncated', {'why': 'y' * 500_000})\nsay('end')\n")
        finding = ("raw(b''.join((B + ' finding ' + json.dumps({'fault': request['collector'] + '.f',"
                   " 'severity': 'minor', 'object': 'o', 'reason': 'r', 'place': 'p',"
                   " 'recommendedActions': [''] * 50}, separators=(',', ':')) + '\\n').encode()"
                   " for number in range(4000)))\nsay('end')\n")
        self.python("actions", "say('finding', {'fault': 'actions.f', 'severity': 'minor',"
                    " 'object': 'o', 'reason': 'r', 'place': 'p',"
                    " 'recommendedActions': [''] * 51})\n" + GOOD)
        self.python("sources", "for number in range(100):\n    say('artifact', {'path': '%d' % number,"
                    " 'source': 's' * 500_000})\nsay('end')\n")
        self.python("refused", "for number in range(20_000):\n    say('artifact', {'path': 'a',"
                    " 'source': 'x' * 2000})\nsay('end')\n")
        self.python("cuts", "for number in range(9000):\n    say('artifact', {'path': '%d' % number,"
                    " 'source': 's' * 900})\n    raw(b'x\\n')\n    say('truncated', {'why': 'y' * 900})\n"
                    "say('end')\n")
        loud = ["loud%d" % number for number in range(4)]
        for name in loud:
            self.python(name, finding)
        report = harness.reports(self.gather("names", expected=PARTIAL))["names"]
        self.assertEqual((report["outcome"], report["reason"]),
                         ("overBudget", "it sent more than 10000 artifacts"))
        self.assert_verifies(harness.bundle(self.output))
        self.output = self.path("again")
        manifest = self.gather("words", "reasons", "actions", "sources", "refused",
                               "cuts", "time", *loud, expected=PARTIAL)
        reports = harness.reports(manifest)
        self.assertEqual(reports["words"]["outcome"], "garbled")
        for name in ["words"] + loud:
            self.assertIn("more than 307.1 KiB of messages", reports[name]["reason"])
        for name in ("reasons", "sources", "time"):
            self.assertEqual(reports[name]["outcome"], "complete", reports[name])
        self.assertIn("finding: it has 51 recommended actions", reports["actions"]["reason"])
        self.assertEqual(reports["refused"]["outcome"], "overBudget")
        lacks = [one for one in manifest["missing"] if one["collector"] == "refused"]
        self.assertEqual(len(lacks), 1002)
        self.assertRegex(reports["cuts"]["reason"], "^its [0-9]+ artifacts fill its share of the manifest$")
        cut, = [one for one in manifest["artifacts"] if one["path"] == "reasons/a"]
        self.assertEqual(cut["truncationReason"], "y" * 1000 + "\u2026")
        self.assert_verifies(harness.bundle(self.output))

    def test_two_spellings_of_one_folder_are_two_folders(self):
        self.python("spelled", "for name in ('caf\\u00e9', 'cafe\\u0301'):\n"
                    "    say('artifact', {'path': name + '/a'})\n    raw(name.encode() + b'\\n')\n"
                    "say('end')\n")
        self.gather("spelled", expected=COMPLETE)
        host = os.path.join(harness.host_folder(self.output), "spelled")
        for name in ("caf\u00e9", "cafe\u0301"):
            self.assertEqual(harness.content(os.path.join(host, name, "a")).decode(), name + "\n")
        self.assert_verifies(harness.bundle(self.output))

    def test_what_left_its_process_group_ends_with_it(self):
        self.python("daemon", "if os.fork() == 0:\n    os.setsid()\n"
                    "    os.execv('/bin/sleep', ['sleep', '4478'])\n" + GOOD)
        self.python("watch", """
time.sleep(4)
found = 0
for name in os.listdir('/proc'):
    try: found += open('/proc/%s/cmdline' % name).read() == 'sleep\\x004478\\x00'
    except OSError: pass
say('artifact', {'path': 'found.txt'})
raw(b'%d\\n' % found)
say('end')
""")
        self.gather("daemon", "watch", expected=COMPLETE, more=("--jobs", "2"))
        text = harness.content(os.path.join(harness.host_folder(self.output), "watch/found.txt"))
        self.assertEqual(text, b"0\n")

    def test_whoever_interprets_a_script_is_trusted_on_its_whole_way(self):
        place = self.path("place", "deep")
        os.makedirs(place)
        shell = os.path.join(place, "sh")
        os.symlink("/bin/sh", shell)
        script = ('echo "$DIAGBUNDLE_BOUNDARY note {\\"text\\":\\"ran\\"}"\n'
                  'echo "$DIAGBUNDLE_BOUNDARY end"\n')
        self.add("scripted", "#!%s\n%s" % (shell, script))
        self.add("named", "#!/usr/bin/env sh\n" + script)
        if os.geteuid() != 0:
            self.skipTest("only root minds the folders on the way")
        reports = harness.reports(self.gather("scripted", "named", expected=COMPLETE))
        self.assertEqual([reports[name]["notes"] for name in ("scripted", "named")],
                         [["ran"], ["ran"]])
        wrapper = self.path("wrapper")
        with open(wrapper, "w", encoding="utf-8") as file:
            file.write("#!%s\n" % shell)
        os.chmod(wrapper, 0o755)
        self.add("wrapped", "#!%s\n%s" % (wrapper, script))
        envs = {"assigned": "-S PATH=%s sh" % place, "joined": "-Ssh", "options": "-S -u A sh",
                "nowhere": "no-such-program", "alone": "", "twice": "-S env PATH=%s sh" % place}
        for name, words in envs.items():
            self.add(name, "#!/usr/bin/env %s\n%s" % (words, script))
        self.add("reached", "#!/usr/bin/env %s\n%s" % (shell, script))
        os.chmod(os.path.dirname(place), 0o777)
        self.output = self.path("again")
        reports = harness.reports(self.gather("scripted", "named", "wrapped", "reached", *envs,
                                              expected=PARTIAL))
        for name in ("wrapped", "reached"):
            self.assertIn("is interpreted by %s, but" % shell, reports[name]["reason"])
        for name in envs:
            self.assertIn("does not find here" if name == "nowhere" else "is to be given a program",
                          reports[name]["reason"])
        self.assertEqual(reports["named"]["outcome"], "complete")
        self.assertIn("is interpreted by %s, but" % shell, reports["scripted"]["reason"])
        self.assertIn("may be written by others", reports["scripted"]["reason"])

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
