"""How Tests/Comparison compares a report of sos with a bundle: of small ones, made here."""

import contextlib
import importlib.util
import io
import json
import os
from pathlib import Path

import harness

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Comparison")


def load():
    """The script as a module."""
    path = os.path.join(FOLDER, "compare_with_sos.py")
    description = importlib.util.spec_from_file_location("compare_with_sos", path)
    module = importlib.util.module_from_spec(description)
    description.loader.exec_module(module)
    return module


def artifact(path, source=None):
    """An artifact as a manifest lists it."""
    return {"path": path, "collector": path.split("/")[0], "source": source}


def command(*arguments, **more):
    """A command as commands.json lists it, that ended well and printed nothing."""
    return {"arguments": list(arguments), "exitCode": 0, "outputByteCount": 0, **more}


class ComparisonTest(harness.Case):
    """Facts of sos, and what a bundle has of them."""

    def setUp(self):
        super().setUp()
        self.script = load()

    def ours(self, artifacts=(), withheld=None, commands=(), missing=()):
        """A host folder as the script reads it."""
        folder = Path(self.path("host"))
        report = {"collector": "mine"}
        if withheld:
            report["withheld"] = {"files": [], "commands": [], **withheld}
        harness.write(str(folder / "manifest.json"), json.dumps({
            "tool": {"name": "diagbundle", "version": "1.2.3"}, "artifacts": list(artifacts),
            "missing": list(missing), "reports": [report, {"collector": "other"}]}))
        harness.write(str(folder / "mine" / "commands.json"),
                      json.dumps({"commands": list(commands)}))
        return self.script.read_ours(folder)

    def reasons(self, ours, *entries):
        """Reasons that stand in a file of their own."""
        path = Path(self.path("reasons.json"))
        path.write_text(json.dumps({"reasons": list(entries)}), encoding="utf-8")
        return self.script.Reasons(path, ours)

    def test_what_the_manifest_withholds_has_that_reason_and_nothing_beside_it(self):
        ours = self.ours(withheld={"files": ["/etc/a.conf"], "commands": ["show config local"]})
        reasons = self.reasons(ours)
        self.assertEqual(reasons.reason("files", "/etc/a.conf"), -1)
        self.assertEqual(reasons.reason("commands", "show config local"), -1)
        self.assertIsNone(reasons.reason("files", "/etc/b.conf"))
        self.assertIsNone(reasons.reason("commands", "/etc/a.conf"))
        self.assertEqual(reasons.used[-1], 2)
        self.assertEqual(ours.version, "1.2.3")

    def test_withheld_facts_are_counted_and_the_others_are_gaps(self):
        ours = self.ours([artifact("mine/etc/c", "/etc/c")], {"files": ["/etc/a.conf"]})
        theirs = self.script.Side()
        theirs.version = "4"
        theirs.files["plugin"] = {"/etc/a.conf", "/etc/b.conf", "/etc/c"}
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            gaps = self.script.compare(theirs, ours, self.reasons(ours), False)
        self.assertEqual(gaps, 1)
        self.assertIn("     1  withheld until it can be redacted", said.getvalue())
        self.assertIn("1 are here under their own names, 1 have a reason, 1 have none",
                      said.getvalue())

    def test_a_reason_holds_while_the_form_that_it_names_is_in_the_bundle(self):
        entry = {"reason": "r", "commands": ["dump *"], "instead": ["mine/{last}.xml"]}
        reasons = self.reasons(self.ours([artifact("mine/a[0].xml"), artifact("mine/b.xml")]),
                               entry)
        self.assertEqual(reasons.reason("commands", "dump b"), 0)
        self.assertEqual(reasons.reason("commands", "dump a[0]"), 0)
        self.assertIsNone(reasons.reason("commands", "dump c"))
        self.assertIsNone(reasons.reason("commands", "dump *"))

    def test_a_reason_is_passed_over_where_the_bundle_has_what_it_is_not_for(self):
        reasons = self.reasons(
            self.ours([artifact("network/eth0/device/uevent"), artifact("network/lo/mtu")]),
            {"reason": "no device", "commands": ["ethtool *"],
             "unless": ["network/{last}/device/*"]},
            {"reason": "slow", "commands": ["ethtool -m *"]})
        self.assertEqual(reasons.reason("commands", "ethtool lo"), 0)
        self.assertEqual(reasons.reason("commands", "ethtool -m eth0"), 1)
        self.assertIsNone(reasons.reason("commands", "ethtool -i eth0"))

    def test_a_command_that_ended_well_and_printed_nothing_is_there(self):
        ours = self.ours(commands=[
            command("list", "nothing"), command("list", "failed", exitCode=1),
            command("list", "some", outputByteCount=3, artifact="mine/some.txt"),
            command("list", "refused", outputByteCount=3),
            command("list", "late", exitCode=None)])
        self.assertEqual(ours.all_commands(), {"list nothing", "list some"})

    def test_words_that_change_only_how_a_command_prints_make_no_other_command(self):
        for one, other in [
                ("chronyc -n tracking", "/usr/bin/chronyc tracking"),
                ("chronyc -N authdata", "chronyc -n authdata"),
                ("virsh -r -c qemu:///system nodeinfo", "virsh -r nodeinfo"),
                ("nft -n -a list ruleset", "nft -a list ruleset"),
                ("resolvectl --no-pager status", "resolvectl status")]:
            self.assertEqual(self.script.normal_command(one), self.script.normal_command(other))
        for one, other in [
                ("virsh -r -c lxc:/// nodeinfo", "virsh -r nodeinfo"),
                ("ip -n space address", "ip space address")]:
            self.assertNotEqual(self.script.normal_command(one), self.script.normal_command(other))

    def test_every_reason_of_the_list_is_one(self):
        with open(os.path.join(FOLDER, "reasons.json"), encoding="utf-8") as file:
            entries = json.load(file)["reasons"]
        known = {"reason", "files", "commands", "instead", "unless"}
        for entry in entries:
            self.assertLessEqual(set(entry), known, entry)
            self.assertTrue(entry["reason"], entry)
            self.assertTrue(entry.get("files") or entry.get("commands"), entry)
            # One that fits everything would hide every gap.
            for pattern in entry.get("files", []) + entry.get("commands", []):
                self.assertRegex(pattern.strip("*"), r"\w{2}", entry)
