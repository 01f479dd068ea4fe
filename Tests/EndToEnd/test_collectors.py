"""Declared collectors: the library, a host's own files, profiles, and what is wrong with a file."""

import json
import os
import re
import subprocess
import sys

import harness
from harness import NOT_PERMITTED, PARTIAL, UNAVAILABLE, USAGE

OWN = """schema: diagbundle.collector/1
name: %s
subject: %s of a test
description: For the tests.
profiles: [full]
items:
  - files: [%s]
  - command: [%s]
    to: said.txt
"""


class DeclaredCollectorTest(harness.Case):
    """Collectors from YAML files in a run."""

    def declarations(self, **files):
        """A folder with these declarations."""
        folder = self.path("collectors.d")
        os.makedirs(folder, exist_ok=True)
        for name, text in files.items():
            with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as file:
                file.write(text)
        return folder

    def listed(self, *arguments):
        """What `collectors list --json` says, by name."""
        outcome = harness.run("collectors", "list", "--json", *arguments)
        self.assertEqual(outcome.status, 0, str(outcome))
        return {one["name"]: one for one in json.loads(outcome.out)["collectors"]}

    def test_the_library_is_built_in(self):
        listed = self.listed()
        for name in ("hardware", "kernel", "processes", "network", "services", "packages",
                     "security", "time", "containers", "virtualization", "cloud", "postgresql",
                     "mysql", "mariadb", "nginx", "apache", "lvm", "md", "multipath", "nvme",
                     "smart"):
            self.assertEqual(listed[name]["origin"], "built in")
            self.assertIn("full", listed[name]["profiles"])
        shown = harness.run("collectors", "show", "network")
        self.assertEqual(shown.status, 0)
        self.assertIn("schema: diagbundle.collector/1", shown.out)
        table = harness.run("collectors", "list").out.splitlines()
        self.assertEqual(len(table), len(listed) + 1)

    def test_one_of_the_library_runs_by_name(self):
        self.collect("--only", "kernel,locale", expected=(0, PARTIAL))
        manifest = harness.manifest(self.output)
        self.assertEqual(manifest["options"]["collectors"], ["kernel", "locale"])
        paths = [one["path"] for one in manifest["artifacts"]]
        self.assertTrue(any(path.startswith("kernel/proc/") for path in paths), paths[:20])

    def test_the_open_files_of_a_process_are_counted(self):
        release = tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])
        if release < (6, 2):
            self.skipTest("the size of /proc/PID/fd is 0 before Linux 6.2")
        holder = subprocess.Popen(
            [sys.executable, "-c",
             "files = [open('/dev/null') for _ in range(57)]; print(flush=True); input()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=harness.die_with_parent)
        try:
            holder.stdout.readline()
            count = len(os.listdir("/proc/%d/fd" % holder.pid))
            self.assertGreaterEqual(count, 60)
            self.collect("--only", "processes", expected=(0, PARTIAL))
        finally:
            holder.communicate(b"\n")
        lines = harness.content(os.path.join(
            harness.host_folder(self.output), "processes", "open-file-counts.txt")).decode()
        found = [line.split() for line in lines.splitlines()
                 if line.endswith(" /proc/%d/fd" % holder.pid)]
        self.assertEqual([fields[3] for fields in found], [str(count)])

    def test_a_folder_adds_collectors_and_replaces_one(self):
        fact = self.path("fact")
        with open(fact, "w", encoding="utf-8") as file:
            file.write("a fact\n")
        folder = self.declarations(mine=OWN % ("mine", "facts", fact, "echo, said"),
                             locale=OWN % ("locale", "another locale", fact, "echo, two"))
        listed = self.listed("--collectors", folder)
        self.assertEqual(listed["mine"]["origin"], os.path.join(folder, "mine.yaml"))
        self.assertEqual(listed["locale"]["replaced"], "built in")
        self.collect("--collectors", folder, "--only", "mine", "locale", expected=(0,))
        host = harness.host_folder(self.output)
        with open(os.path.join(host, "mine", "said.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "said\n")
        with open(host + "/mine" + fact, encoding="utf-8") as file:
            self.assertEqual(file.read(), "a fact\n")
        with open(os.path.join(host, "mine", "commands.json"), encoding="utf-8") as file:
            command, = json.load(file)["commands"]
        self.assertEqual(command["arguments"], ["echo", "said"])
        self.assertEqual(command["exitCode"], 0)

    @harness.in_namespace()
    def test_the_folder_of_the_host_needs_no_option(self):
        place = harness.own_configuration(self)
        folder = place + "/collectors.d"
        os.makedirs(folder, mode=0o755)
        harness.write(os.path.join(folder, "mine.yaml"),
                      (OWN % ("mine", "facts", "/etc/hostname", "echo, said")).encode())
        self.assertEqual(self.listed()["mine"]["origin"], os.path.join(folder, "mine.yaml"))
        self.collect("--only", "mine", expected=(0,))
        path = os.path.join(harness.host_folder(self.output), "mine", "said.txt")
        self.assertEqual(harness.content(path), b"said\n")

    def test_what_others_may_write_is_refused(self):
        folder = self.declarations(mine=OWN % ("mine", "facts", "/a", "echo"))
        os.chmod(os.path.join(folder, "mine.yaml"), 0o666)
        outcome = self.collect("--collectors", folder, expected=(NOT_PERMITTED,))
        self.assertIn("mine.yaml may be written by others", outcome.err)
        os.chmod(os.path.join(folder, "mine.yaml"), 0o644)
        os.chmod(folder, 0o777)
        outcome = self.collect("--collectors", folder, expected=(NOT_PERMITTED,))
        self.assertIn("collectors.d may be written by others", outcome.err)

    def test_a_wrong_file_ends_the_run_before_it_begins(self):
        mark = self.path("mark")
        cases = [
            ("a: [", "mine.yaml:2:1: "),
            (OWN % ("mine", "x", "/a", "touch, " + mark) + "  - file: [/b]\n",
             "mine.yaml:10:5: unknown key `file`; did you mean `files`?"),
            (OWN % ("storage", "x", "/a", "touch, " + mark),
             "mine.yaml:2:7: `storage` is a collector of the program's own code, which cannot be"
             " replaced"),
            (OWN % ("mine", "x", "/a", "touch, " + mark) + "deadline: [1]\n",
             "mine.yaml:10:11: expected "),
            (OWN % ("mine", "x", "/a", "touch, " + mark) + "\tlimit: 1MiB\n", "mine.yaml:10:1: "),
            (OWN % ("mine", "x", "/a", "touch, " + mark) + "# " + "x" * (10 << 20),
             "mine.yaml:1:1: it has more than 1048576 bytes"),
            (OWN % ("mine", "x", "/a", "touch, " + mark)
             + "when: &a {files: [/b]}\nlimits: [*a, *a, *a]\n", "mine.yaml:10:7: "),
            ((OWN % ("mine", "x", "/a", "touch, " + mark)).split(mark)[0], "mine.yaml:"),
        ]
        for text, said in cases:
            with self.subTest(said):
                folder = self.declarations(mine=text)
                outcome = self.collect("--collectors", folder, expected=(USAGE,))
                self.assertIn(said, outcome.err)
                self.assertFalse(os.path.exists(mark))
        self.declarations(mine=OWN % ("one", "x", "/a", "echo"), other=OWN % ("one", "x", "/a", "echo"))
        outcome = self.collect("--collectors", folder, expected=(USAGE,))
        self.assertIn("other.yaml:2:7: the name `one` is used by", outcome.err)
        outcome = self.collect("--collectors", self.path("nowhere"), expected=(UNAVAILABLE,))
        self.assertIn("nowhere", outcome.err)

    def test_check_tells_every_file_its_fault(self):
        folder = self.declarations(good=OWN % ("good", "x", "/a", "echo"), bad="schema: x\n",
                             tab="\titems: x\n", large="# " + "x" * (10 << 20))
        files = [os.path.join(folder, name + ".yaml") for name in ("good", "bad", "tab", "large")]
        outcome = harness.run("collectors", "check", *files)
        self.assertEqual(outcome.status, USAGE)
        self.assertIn("good.yaml: ok, good, 2 items", outcome.out)
        self.assertIn("bad.yaml:1:9: expected `diagbundle.collector/1`", outcome.err)
        self.assertIn("tab.yaml:1:1: ", outcome.err)
        self.assertIn("large.yaml:1:1: it has more than 1048576 bytes", outcome.err)
        self.assertEqual(harness.run("collectors", "check", files[0]).status, 0)
        self.assertEqual(
            harness.run("collectors", "check", self.path("none")).status, UNAVAILABLE)

    def test_check_refuses_what_a_run_refuses(self):
        folder = self.declarations(mine=OWN % ("mine", "facts", "/a", "echo"))
        path = os.path.join(folder, "mine.yaml")
        link = os.path.join(folder, "link.yaml")
        os.symlink("mine.yaml", link)
        outcome = harness.run("collectors", "check", link)
        self.assertEqual(outcome.status, NOT_PERMITTED, str(outcome))
        self.assertIn("link.yaml: a run refuses it: %s is a symbolic link" % link, outcome.err)
        self.assertEqual(outcome.out, "")
        os.chmod(path, 0o666)
        outcome = harness.run("collectors", "check", path)
        self.assertEqual(outcome.status, NOT_PERMITTED, str(outcome))
        self.assertIn("mine.yaml may be written by others", outcome.err)
        self.assertEqual(outcome.out, "")
        os.chmod(path, 0o644)
        os.chmod(folder, 0o777)
        outcome = harness.run("collectors", "check", path)
        self.assertEqual(outcome.status, NOT_PERMITTED, str(outcome))
        self.assertIn("collectors.d may be written by others", outcome.err)
        with open(path, "a", encoding="utf-8") as file:
            file.write("onyl: [a]\n")
        outcome = harness.run("collectors", "check", path)
        self.assertEqual(outcome.status, USAGE, str(outcome))
        self.assertIn("unknown key `onyl`", outcome.err)
        self.assertIn("collectors.d may be written by others", outcome.err)

    @harness.needs_root
    def test_everybody_checks_his_own(self):
        binary = harness.binary_for_everybody(self.folder)
        folder = self.declarations(mine=OWN % ("mine", "facts", "/a", "echo"))
        path = os.path.join(folder, "mine.yaml")
        for one in (folder, path):
            os.chown(one, 65534, 65534)
        user = lambda: (os.setgid(65534), os.setuid(65534))
        outcome = harness.run("collectors", "check", path, binary=binary, before=user)
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("mine.yaml: ok, mine", outcome.out)
        outcome = harness.run("collectors", "check", path)
        self.assertEqual(outcome.status, NOT_PERMITTED, str(outcome))
        self.assertIn("belongs to user 65534", outcome.err)

    def test_check_says_what_may_not_be_meant(self):
        folder = self.declarations(mine=OWN % ("mine", "facts", "/a", "echo"),
                                   locale=OWN % ("locale", "a locale", "/a", "echo"))
        for name in ("mine.conf", ".mine.yaml"):
            os.rename(os.path.join(folder, "mine.yaml"), os.path.join(folder, name))
            outcome = harness.run("collectors", "check", os.path.join(folder, name))
            self.assertEqual(outcome.status, 0, str(outcome))
            self.assertIn(": ok, mine, 2 items\n  warning: no run reads it by this name",
                          outcome.out)
            self.assertNotIn("replaces", outcome.out)
            os.rename(os.path.join(folder, name), os.path.join(folder, "mine.yaml"))
        outcome = harness.run("collectors", "check", os.path.join(folder, "locale.yaml"))
        self.assertEqual(outcome.status, 0, str(outcome))
        self.assertIn("  it replaces the collector locale of the program\n", outcome.out)
        self.assertNotIn("warning", outcome.out)

    def test_a_pattern_without_quotes_is_told_to_have_them(self):
        cases = [("[*.key]", "put a text that begins with * or & in quotes"),
                 ("[/etc/{a,b}.conf]", "put a text that holds a brace, a bracket or a comma in"
                                       ' quotes, as "/etc/{a,b}.conf"')]
        for patterns, said in cases:
            with self.subTest(patterns):
                text = (OWN % ("mine", "facts", "/a", "echo")).replace("[/a]", patterns)
                folder = self.declarations(mine=text)
                outcome = harness.run("collectors", "check", os.path.join(folder, "mine.yaml"))
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn("mine.yaml:7:", outcome.err)
                self.assertIn(said, outcome.err)

    def test_check_refuses_what_runs_other_programs(self):
        cases = ["rbash, -c, id", "python3.11, -c, x", "flock, /tmp/x, id", 'taskset, "1", id',
                 "/lib64/ld-linux-x86-64.so.2, /bin/sh", "find, /, -exec, rm, x, ;"]
        for command in cases:
            with self.subTest(command):
                folder = self.declarations(mine=OWN % ("mine", "facts", "/a", command))
                outcome = harness.run("collectors", "check", os.path.join(folder, "mine.yaml"))
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn("mine.yaml:8:", outcome.err)
                self.assertIn("runs other programs", outcome.err)

    def test_check_refuses_what_stands_for_nothing(self):
        whole = OWN % ("mine", "facts", "/a", "echo")
        cases = [
            (whole + '    since: ["--since={sincee}"]\n',
             "mine.yaml:10:13: unknown placeholder `{sincee}`; did you mean `{since}`?"),
            (whole.replace("[/a]", '["/a/[z-a]"]'),
             "mine.yaml:7:13: \"/a/[z-a]\": the range `z-a` runs backwards"),
            (whole.replace("to: said.txt", "to: 0"),
             "mine.yaml:9:9: expected a text, but found the number 0; put it in quotes"),
        ]
        for text, said in cases:
            with self.subTest(said):
                folder = self.declarations(mine=text)
                outcome = harness.run("collectors", "check", os.path.join(folder, "mine.yaml"))
                self.assertEqual(outcome.status, USAGE, str(outcome))
                self.assertIn(said, outcome.err)

    def test_a_wrong_file_is_not_called_a_wrong_command_line_alone(self):
        folder = self.declarations(mine="a: [")
        outcome = self.collect("--collectors", folder, expected=(USAGE,))
        self.assertIn("Failed: the command line, or a file that the run goes by, is wrong.",
                      outcome.err)

    def test_new_writes_a_file_that_check_accepts(self):
        outcome = harness.run("collectors", "new", "my-app", cwd=self.path("."))
        self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
        path = self.path("my-app.yaml")
        self.assertEqual(harness.run("collectors", "check", path).status, 0)
        again = harness.run("collectors", "new", "my-app", cwd=self.path("."))
        self.assertEqual(again.status, harness.CANNOT_CREATE)
        self.assertIn("not overwritten", again.err)
        self.assertEqual(harness.run("collectors", "new", "No!").status, USAGE)
        taken = harness.run("collectors", "new", "locale", cwd=self.path("."))
        self.assertEqual(taken.status, 0, str(taken))
        self.assertIn("locale.yaml replaces the collector locale of the program", taken.err)

    def test_new_makes_a_plugin_that_check_accepts(self):
        def new(name):
            return harness.run("collectors", "new", name, "--plugin", cwd=self.path("."))
        outcome = new("my-plugin")
        self.assertEqual(outcome.status, 0, str(outcome))
        path = self.path("my-plugin")
        self.assertEqual(outcome.out, "%s.yaml\n%s\n" % (path, path))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o755)
        for file in (path, path + ".yaml"):
            checked = harness.run("collectors", "check", file)
            self.assertEqual(checked.status, 0, str(checked))
            self.assertIn("%s: ok, my-plugin" % path, checked.out)
            self.assertIn("artifact my-plugin/kernel.txt: ", checked.out)
        again = new("my-plugin")
        self.assertEqual(again.status, harness.CANNOT_CREATE, str(again))
        self.assertIn("my-plugin.yaml is there already, and is not overwritten", again.err)
        # All or nothing.
        harness.write(self.path("half"), "mine")
        half = new("half")
        self.assertEqual(half.status, harness.CANNOT_CREATE, str(half))
        self.assertFalse(os.path.exists(self.path("half.yaml")))
        self.assertEqual(harness.content(self.path("half")), b"mine")
        for name, said in (("No!", "is no name of a plugin"), ("storage", "is no name of a plugin"),
                           ("locale", "`locale` is the name of a collector (built in), which a"
                                      " plugin cannot replace")):
            refused = new(name)
            self.assertEqual(refused.status, USAGE, str(refused))
            self.assertIn(said, refused.err)
        self.assertFalse(os.path.exists(self.path("locale")))

    def test_a_profile_chooses(self):
        folder = self.declarations(mine=OWN % ("mine", "facts", "/etc/hostname", "echo, said"))
        path = self.path("profile.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write("schema: diagbundle.profile/1\nbase: minimal\nadd: [mine]\n"
                       "skip: [storage]\n")
        self.collect("--profile", path, "--collectors", folder, expected=(0, PARTIAL))
        self.assertEqual(harness.manifest(self.output)["options"]["collectors"],
                         ["system", "boot", "mine"])
        outcome = self.collect("--profile", "ful", expected=(USAGE,))
        self.assertIn("did you mean full?", outcome.err)
        with open(path, "a", encoding="utf-8") as file:
            file.write("onyl: [a]\n")
        outcome = self.collect("--profile", path, expected=(USAGE,))
        self.assertIn("profile.yaml:5:1: unknown key `onyl`; did you mean `only`?", outcome.err)
        with open(path, "w", encoding="utf-8") as file:
            file.write("schema: diagbundle.profile/1\nadd: [boot,\n  kernl]\n")
        outcome = self.collect("--profile", path, expected=(USAGE,))
        self.assertIn("profile.yaml:3:3: there is no collector \"kernl\"; did you mean kernel?",
                      outcome.err)

    def test_a_profile_that_leaves_no_collector_is_told_with_its_place(self):
        path = self.path("profile.yaml")
        head = "schema: diagbundle.profile/1\n"
        none = "no collector to run"
        cases = [
            ("only: [hardware]\nskip: [hardware]\n", (),
             "profile.yaml:3:7: `only` and `skip` together leave " + none),
            ("base: minimal\nskip: [storage, system, boot]\n", (),
             "profile.yaml:3:7: `skip` leaves " + none),
            ("only: []\n", (), "profile.yaml:2:7: `only` leaves " + none),
            ("only: [hardware]\n", ("--skip", "hardware"),
             "profile.yaml:2:7: `only` and the option `skip` together leave " + none),
            ("add: [hardware]\n", ("--only", "boot", "--skip", "boot"),
             "--skip: it leaves no collector of those of `only` to run"),
        ]
        for text, options, said in cases:
            with self.subTest(said):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(head + text)
                outcome = self.collect("--profile", path, *options, expected=(USAGE,))
                self.assertIn(said, outcome.err)
        outcome = self.collect("--profile", "minimal", "--skip", "storage,system,boot",
                               expected=(USAGE,))
        self.assertIn("--skip: it leaves no collector of the profile minimal to run", outcome.err)

    def test_200000_files_end_within_their_limit(self):
        folder = self.path("many")
        os.makedirs(folder)
        for number in range(200000):
            os.close(os.open(os.path.join(folder, str(number)), os.O_CREAT | os.O_WRONLY))
        own = self.declarations(mine=OWN % ("mine", "facts", '"%s/*"' % folder, "echo, said")
                                + "deadline: 500s\n")  # Of files, not of time.
        self.collect("--collectors", own, "--only", "mine", expected=(PARTIAL,))
        manifest = harness.manifest(self.output)
        self.assertEqual(len(manifest["artifacts"]), 1000 + 4)
        self.assertIn("199000 more files match", str(manifest["missing"]))
