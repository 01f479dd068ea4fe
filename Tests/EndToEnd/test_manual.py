"""The manual pages: one for each command, whole, and without a warning of what shows them."""

import os
import re
import shutil
import subprocess

import harness
from harness import CANNOT_CREATE, USAGE


def words(text):
    """The text of a page without the marks of its language."""
    text = re.sub(r"\\f[BIR]", "", text)
    for escape, plain in (("\\-", "-"), ("\\e", "\\"), ("\\(aq", "'"), ("\\(ga", "`"),
                          ("\\(ha", "^"), ("\\(ti", "~"), ("\\&", ""), ("\\[u2026]", "\u2026")):
        text = text.replace(escape, plain)
    return " ".join(line for line in text.splitlines()
                    if not line.startswith(".") or line.startswith(".SH"))


def flat(text):
    """A text with its blanks made one each."""
    return " ".join(text.split())


class ManualTest(harness.Case):
    """`diagbundle manual`."""

    def test_all_pages_are_written_and_say_all_that_the_help_says(self):
        outcome = harness.run("manual", "--all", "--output", self.path("man1"))
        self.assertEqual(outcome.status, 0, str(outcome))
        version = harness.run("--version").out.strip()
        expected = set()
        for path, command in harness.commands(harness.command_tree()):
            name = "-".join(["diagbundle"] + path)
            expected.add(name + ".1")
            with self.subTest(name):
                page = harness.content(self.path("man1", name + ".1")).decode("ascii")
                self.assertRegex(page.splitlines()[0],
                                 r'^\.TH \S+ 1 \d{4}-\d\d-\d\d "diagbundle %s" "User Commands"$'
                                 % re.escape(version))
                text = flat(words(page))
                for option in command.get("arguments", []):
                    if not option["shouldDisplay"]:
                        continue
                    for one in option.get("names", []):
                        dashes = "--" if one["kind"] == "long" else "-"
                        self.assertIn(dashes + one["name"], text)
                    self.assertIn(flat(option.get("abstract", "")), text)
                self.assertIn(flat(command.get("abstract", "")).rstrip("."), text)
                for part in (command.get("discussion") or "").split("\n\n"):
                    before, _, codes = flat(part).partition("Exit codes: ")
                    self.assertIn(before.strip(), text)
                    self.assertEqual(bool(codes), bool(codes) and ".SH EXIT STATUS" in page)
                    for code in re.findall(r"(?:^|, )(\d+) ", re.sub(r"\([^)]*\)", "", codes)):
                        self.assertIn("\\fB%s\\fR\n" % code, page)
        self.assertEqual(set(os.listdir(self.path("man1"))), expected)
        for name in expected:
            self.assertEqual(os.stat(self.path("man1", name)).st_mode & 0o777, 0o644)

    def test_every_page_that_is_named_is_there(self):
        harness.run("manual", "--all", "--output", self.path("man1"))
        names = os.listdir(self.path("man1"))
        for name in names:
            page = words(harness.content(self.path("man1", name)).decode("ascii"))
            for other in re.findall(r"(diagbundle[a-z-]*)\(1\)", page):
                self.assertIn(other + ".1", names, name)

    def test_no_reader_of_pages_warns(self):
        harness.run("manual", "--all", "--output", self.path("man1"))
        readers = [("mandoc", ["-Tlint", "-Wwarning"]), ("groff", ["-man", "-ww", "-z"])]
        present = [one for one in readers if shutil.which(one[0])]
        if not present:
            self.skipTest("neither mandoc nor groff is installed")
        for program, arguments in present:
            for name in sorted(os.listdir(self.path("man1"))):
                with self.subTest("%s %s" % (program, name)):
                    process = subprocess.run(
                        [program, *arguments, self.path("man1", name)], stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT, text=True, check=False)
                    self.assertEqual((process.returncode, process.stdout), (0, ""))

    def test_examples_name_commands_and_options_that_there_are(self):
        harness.run("manual", "--all", "--output", self.path("man1"))
        tree = harness.command_tree()
        by_path = {tuple(path): command for path, command in harness.commands(tree)}
        for name in sorted(os.listdir(self.path("man1"))):
            page = harness.content(self.path("man1", name)).decode("ascii")
            for line in re.findall(r"\.nf\n(.*)\n\.fi", page):
                typed = words(line).partition(" | ")[0].partition(" > ")[0].split()
                if typed[0] == "cat":
                    continue  # Joins volumes.
                self.assertEqual(typed[0], "diagbundle", line)
                path = ()
                while path + (typed[len(path) + 1],) in by_path:
                    path += (typed[len(path) + 1],)
                    if len(typed) == len(path) + 1:
                        break
                self.assertTrue(path, line)
                known = {"--" + one["name"] for option in by_path[path]["arguments"]
                         for one in option.get("names", [])}
                for option in typed:
                    if option.startswith("--"):
                        self.assertIn(option, known, line)

    def test_one_page_is_printed(self):
        outcome = harness.run("manual", "dump", "full")
        self.assertEqual(outcome.status, 0)
        self.assertTrue(outcome.out.startswith(".TH DIAGBUNDLE\\-DUMP\\-FULL 1 "))
        self.assertTrue(harness.run("manual").out.startswith(".TH DIAGBUNDLE 1 "))

    def test_what_cannot_be_done_is_told(self):
        for arguments in (["nonsense"], ["worker"], ["--all"],
                          ["collect", "--all", "--output", "x"]):
            with self.subTest(" ".join(arguments)):
                self.assertEqual(harness.run("manual", *arguments).status, USAGE)
        outcome = harness.run("manual", "--all", "--output", self.path("none", "below"))
        self.assertEqual(outcome.status, CANNOT_CREATE)
        self.assertIn(self.path("none"), outcome.err)
        harness.write(self.path("file"), "")
        outcome = harness.run("manual", "--all", "--output", self.path("file"))
        self.assertEqual(outcome.status, CANNOT_CREATE)

    def test_older_pages_are_replaced(self):
        os.makedirs(self.path("man1"))
        harness.write(self.path("man1", "diagbundle-cat.1"), "old")
        self.assertEqual(
            harness.run("manual", "cat", "--output", self.path("man1")).status, 0)
        self.assertEqual(os.listdir(self.path("man1")), ["diagbundle-cat.1"])
        self.assertTrue(harness.content(self.path("man1", "diagbundle-cat.1"))
                        .startswith(b".TH DIAGBUNDLE\\-CAT 1 "))
