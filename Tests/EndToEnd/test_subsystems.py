"""`diagbundle subsystems`, and `collect --subsystem`."""

import json
import os

import harness
from harness import COMPLETE, PARTIAL
from hung_file_system import HungFileSystem


def nodes(output):
    """The nodes of the topology of a run by their ids."""
    topology = harness.read_json(harness.host_folder(output), "storage/topology.json")
    return {node["id"]: node for node in topology["nodes"]}


class Subsystems(harness.Case):
    """The storage providers of the host and how they are."""

    def subsystems(self, *arguments, expected=(COMPLETE, PARTIAL)):
        outcome = harness.run("subsystems", *arguments, cwd=self.folder)
        self.assertIn(outcome.status, expected, str(outcome))
        return outcome

    def test_json_is_the_document_that_collect_stores(self):
        told = json.loads(self.subsystems("--json").out)
        self.collect("--only", "storage", expected=(COMPLETE, PARTIAL))
        stored = harness.read_json(harness.host_folder(self.output), "storage/subsystems.json")
        pick = lambda document: [(one["name"], one["friendlyName"], one["provider"])
                                 for one in document["subsystems"]]
        self.assertTrue(pick(told))
        self.assertEqual(pick(told), pick(stored))
        self.assert_schema(told, "subsystems")
        known = nodes(self.output)
        for one in stored["subsystems"]:
            self.assertTrue(one["nodes"], one)
            worst = [known[identifier].get("health") for identifier in one["nodes"]]
            order = [None, "Healthy", "Unknown", "Warning", "Unhealthy"]
            self.assertEqual(max(worst, key=order.index) or "Unknown", one["healthStatus"], one)

    def test_table_has_a_row_for_each_and_nothing_is_written(self):
        outcome = self.subsystems()
        names = [one["name"] for one in json.loads(self.subsystems("--json").out)["subsystems"]]
        lines = outcome.out.splitlines()
        for title in ("Name", "FriendlyName", "Provider", "HealthStatus", "OperationalStatus",
                      "Devices", "Capacity"):
            self.assertIn(title, lines[0].split())
        self.assertEqual([line.split()[0] for line in lines[1:]], names)
        self.assertEqual(os.listdir(self.folder), [])

    def test_root_without_storage(self):
        root = harness.fixture_root(self.folder)
        for more in ((), ("--json",)):
            outcome = self.subsystems("--root", root, *more)
            self.assertNotIn("vda", outcome.out + outcome.err)
        listed = json.loads(outcome.out)["subsystems"]
        self.assertEqual([(one["name"], one["byteCount"], one["nodes"]) for one in listed],
                         [("file-systems", 0, ["fileSystem:ext4./", "mount:/"])])

    def test_wrong_values_are_refused(self):
        for arguments in (["--deadline", "soon"], ["--root", "relative"]):
            outcome = harness.run("subsystems", *arguments)
            self.assertEqual(outcome.status, harness.USAGE, str(outcome))
            self.assertIn(arguments[0], outcome.err)

    @harness.needs_fuse
    @harness.in_namespace()
    def test_hung_mount_is_unhealthy_and_costs_two_seconds(self):
        place = self.path("hung")
        with HungFileSystem(place):
            outcome = self.subsystems("--json", expected=(PARTIAL,))
        listed = json.loads(outcome.out)["subsystems"]
        wrong = [one for one in listed if one["healthStatus"] == "Unhealthy"]
        self.assertTrue(wrong, outcome.out)
        self.assertIn("Hung", wrong[0]["operationalStatus"])
        self.assertIn(place, outcome.err)
        self.assertLess(outcome.seconds, 30)


class Narrowing(harness.Case):
    """`collect --subsystem` leaves out what does not belong to it."""

    def test_one_subsystem_and_what_stands_on_it(self):
        self.collect("--only", "storage", output=self.path("all"), expected=(COMPLETE, PARTIAL))
        every = nodes(self.path("all"))
        listed = harness.read_json(
            harness.host_folder(self.path("all")), "storage/subsystems.json")["subsystems"]
        self.assertTrue(listed)
        for number, one in enumerate(listed[:3]):
            with self.subTest(subsystem=one["name"]):
                output = self.path("out%d" % number)
                name = one["friendlyName"] if number else one["name"]
                self.collect("--only", "storage", "--subsystem", name, output=output,
                             expected=(COMPLETE, PARTIAL))
                kept = nodes(output)
                self.assertLessEqual(set(one["nodes"]), set(kept))
                self.assertLessEqual(set(kept), set(every))
                probes = os.path.join(
                    harness.host_folder(output), "storage/mount-health.json")
                mounts = {node["name"] for node in kept.values() if node["kind"] == "mount"}
                if os.path.exists(probes):
                    asked = {record["target"]
                             for record in harness.read_json(probes)["probes"]}
                    self.assertLessEqual(asked, mounts)

    def test_unknown_subsystem_is_missing_and_those_there_are_named(self):
        outcome = self.collect(
            "--only", "storage", "--subsystem", "no-such\tthing", expected=PARTIAL)
        missing = [one for one in harness.manifest(self.output)["missing"]
                   if "no-such" in one["what"]]
        self.assertEqual(len(missing), 1)
        self.assertIn("this host has no such subsystem; it has: ", missing[0]["why"])
        self.assertNotIn("\t", missing[0]["what"])
        self.assertNotIn("\t", outcome.told)
