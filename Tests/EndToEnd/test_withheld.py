"""What a bundle says of what is withheld for secrets, and of where its collectors come from."""

import json
import os

import harness
from harness import COMPLETE

OWN = """schema: diagbundle.collector/1
name: %s
subject: %s of a test
description: For the tests.
items:
%s"""

PLUGIN = """#!/bin/sh
echo "$DIAGBUNDLE_BOUNDARY artifact {\\"path\\":\\"a.txt\\"}"
echo a fact
echo "$DIAGBUNDLE_BOUNDARY end"
"""
PLUGIN_DESCRIPTION = """schema: diagbundle.plugin/1
name: plug
subject: a plugin of a test
description: For the tests.
"""


class Told(harness.Case):
    """Collectors in files of their own."""

    def declare(self, name, items, folder="collectors.d"):
        """A folder with this collector, and the path of its file."""
        folder = self.path(folder)
        path = os.path.join(folder, name + ".yaml")
        harness.write(path, OWN % (name, name, items))
        return folder, path

    def summary(self):
        """summary.txt in the host folder."""
        return harness.content(
            os.path.join(harness.host_folder(self.output), "summary.txt")).decode()


class WithheldTest(Told):
    """Files and commands that may hold secrets."""

    def setUp(self):
        super().setUp()
        self.names = [self.path("etc", "%02d" % number) for number in range(12)]
        for name in self.names:
            harness.write(name, "password=hunter2\n")
        self.collectors, _ = self.declare(
            "mine", "  - files: [\"%s/*\"]\n    secrets: true\n"
                    "  - command: [echo, hunter2]\n    to: said.txt\n    secrets: true\n"
                    "  - command: [diagbundle-has-no-such-program]\n    to: none.txt\n"
                    "    secrets: true\n" % self.path("etc"))

    def test_it_is_told_at_the_end_in_the_summary_and_by_name_in_the_manifest(self):
        outcome = self.collect("--collectors", self.collectors, "--only", "mine",
                               expected=(COMPLETE,))
        phrase = "12 files and 1 command withheld until they can be redacted"
        self.assertNotIn("Complete: all that exists", outcome.out)
        self.assertIn("Complete, but for what is withheld: all else that exists was collected.\n",
                      outcome.out)
        self.assertIn(phrase + ": mine 13; see manifest.json\n", outcome.out)
        manifest = harness.manifest(self.output)
        self.assertEqual((manifest["completeness"], manifest["missing"]), ("complete", []))
        report, = manifest["reports"]
        self.assertEqual(report["withheld"], {
            "files": self.names, "commands": ["echo hunter2"],
            "count": {"files": 12, "commands": 1}})
        page = " ".join(self.summary().split())
        self.assertIn("Complete, but for " + phrase + ": all else that exists here", page)
        self.assertNotIn("Complete: all that exists", page)
        self.assertIn("Withheld -------- " + phrase + "; see manifest.json", page)
        self.assertIn("- mine: 12 files and 1 command: " + self.names[0], page)
        self.assertIn("and 8 more", page)
        self.assert_verifies(harness.bundle(self.output))

    def verified(self):
        """What verify says of the bundle, in words and as JSON."""
        path = harness.bundle(self.output)
        outcome = harness.run("verify", path)
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        return outcome.out, json.loads(harness.run("verify", "--json", path).out)

    def test_verify_tells_it_in_the_words_of_the_summary(self):
        self.collect("--collectors", self.collectors, "--only", "mine", expected=(COMPLETE,))
        words, document = self.verified()
        self.assertIn(
            " Complete, but for 12 files and 1 command withheld until they can be redacted:"
            " nothing else was missing when it was made; see manifest.json.\n", words)
        self.assertNotIn("Nothing was missing", words)
        self.assertEqual(document["withheld"], {"mine": {"files": 12, "commands": 1}})
        self.assertEqual(document["completeness"], "complete")

    def test_verify_tells_it_beside_what_is_missing(self):
        os.symlink("loop", self.path("loop"))
        folder, _ = self.declare(
            "partly", "  - files: [\"%s/00\"]\n    secrets: true\n  - files: [\"%s/*\"]\n"
                      % (self.path("etc"), self.path("loop")), "partly.d")
        self.collect("--collectors", folder, "--only", "partly", expected=(harness.PARTIAL,))
        words, document = self.verified()
        self.assertIn(" Something was missing when it was made; beside that, 1 file withheld until"
                      " it can be redacted: see manifest.json.\n", words)
        self.assertEqual((document["completeness"], document["withheld"]),
                         ("partial", {"partly": {"files": 1, "commands": 0}}))

    def test_programs_are_told_at_the_end(self):
        outcome = self.collect("--collectors", self.collectors, "--only", "mine",
                               "--progress", "json", expected=(COMPLETE,))
        result = json.loads(outcome.err.splitlines()[-1])["result"]
        self.assertEqual(result["withheld"], {"mine": {"files": 12, "commands": 1}})

    def test_a_run_that_withholds_nothing_says_so(self):
        fact = self.path("fact")
        harness.write(fact, "a fact\n")
        folder, _ = self.declare("plain", "  - files: [%s]\n" % fact, "plain.d")
        outcome = self.collect("--collectors", folder, "--only", "plain", expected=(COMPLETE,))
        self.assertIn("Complete: all that exists was collected.\n", outcome.out)
        self.assertNotIn("ithheld", outcome.out + self.summary())
        self.assertNotIn("withheld", harness.manifest(self.output)["reports"][0])
        words, document = self.verified()
        self.assertIn(" Nothing was missing when it was made.\n", words)
        self.assertEqual(document["withheld"], {})

    def test_names_are_bounded_and_all_are_counted(self):
        for number in range(1100):
            harness.write(self.path("many", "%04d" % number), "password=hunter2\n")
        folder, _ = self.declare(
            "many", "  - files: [\"%s/*\"]\n    secrets: true\n"
                    "  - files: [\"%s/0*\"]\n    secrets: true\n"
                    % (self.path("many"), self.path("many")), "many.d")
        self.collect("--collectors", folder, "--only", "many", expected=(COMPLETE,))
        report, = harness.manifest(self.output)["reports"]
        self.assertEqual(report["withheld"]["count"], {"files": 1100, "commands": 0})
        self.assertEqual(len(report["withheld"]["files"]), 1000)


class OriginTest(Told):
    """Where a collector comes from."""

    def test_one_in_place_of_the_programs_own_is_told(self):
        fact = self.path("fact")
        harness.write(fact, "a fact\n")
        folder, path = self.declare("locale", "  - files: [%s]\n" % fact)
        _, mine = self.declare("mine", "  - files: [%s]\n" % fact)
        self.collect("--collectors", folder, "--only", "locale,mine,mail",
                     expected=(COMPLETE, harness.PARTIAL))
        reports = harness.reports(harness.manifest(self.output))
        told = {name: [report.get(key) for key in ("origin", "definition", "replacesBuiltIn")]
                for name, report in reports.items()}
        self.assertEqual(told["locale"], [path, harness.sha256(harness.content(path)), True])
        self.assertEqual(told["mine"], [mine, harness.sha256(harness.content(mine)), None])
        shown = harness.run("collectors", "show", "mail").out.encode()
        self.assertEqual(told["mail"], ["built in", harness.sha256(shown), None])
        page = " ".join(self.summary().split())
        self.assertIn("locale: of %s, in place of the program's mine: of %s " % (path, mine), page)
        self.assertNotIn("mail: of ", page)
        self.assert_verifies(harness.bundle(self.output))

    def test_it_is_that_of_the_programs_own_also_by_way_of_a_third(self):
        fact = self.path("fact")
        harness.write(fact, "a fact\n")
        first, _ = self.declare("locale", "  - files: [%s]\n" % fact, "first.d")
        second, path = self.declare("locale", "  - files: [%s]\n" % fact, "second.d")
        self.collect("--collectors", first, second, "--only", "locale", expected=(COMPLETE,))
        report, = harness.manifest(self.output)["reports"]
        self.assertEqual((report["origin"], report["replacesBuiltIn"]), (path, True))

    def test_collectors_of_code_are_built_in_and_have_no_definition(self):
        root = harness.fixture_root(self.folder)
        self.collect("--root", root, "--only", "system", expected=(COMPLETE, harness.PARTIAL))
        report, = harness.manifest(self.output)["reports"]
        self.assertEqual(report["origin"], "built in")
        self.assertNotIn("definition", report)
        self.assertNotIn("of built in", self.summary())

    def test_a_plugin_is_told_with_its_program(self):
        folder = self.path("plugins.d")
        program = os.path.join(folder, "plug")
        harness.write(program, PLUGIN)
        os.chmod(program, 0o755)
        harness.write(program + ".yaml", PLUGIN_DESCRIPTION)
        options = ("--plugins", folder, "--only", "plug")
        self.collect(*options, expected=(COMPLETE,))
        report, = harness.manifest(self.output)["reports"]
        self.assertEqual(report["origin"], program)
        plan = json.loads(harness.run("plan", "--json", *options).out)
        self.assertEqual(report["definition"], plan["collectors"][0]["definition"])
        self.assertRegex(report["definition"], "^[0-9a-f]{64}$")
        self.assertNotIn("replacesBuiltIn", report)
        self.assertIn("plug: of " + program, " ".join(self.summary().split()))
