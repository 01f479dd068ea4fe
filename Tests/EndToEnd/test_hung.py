"""File systems that do not answer."""

import os
import signal
import time

import harness
from harness import INPUT_OUTPUT, PARTIAL
from hung_file_system import HungFileSystem


class HungMount(harness.Case):
    """A mount that hangs costs its own facts and two seconds."""

    @harness.needs_fuse
    @harness.in_namespace()
    def test_one_hung_mount(self):
        place = self.path("hung")
        with HungFileSystem(place) as hung:
            began = time.monotonic()
            outcome = self.collect("--deadline", "60s", expected=PARTIAL)
            self.assertLess(time.monotonic() - began, 45)
            host = harness.host_folder(self.output)
            probes = harness.read_json(host, "storage/mount-health.json")["probes"]
            own = [one for one in probes if one["target"] == place]
            self.assertEqual(len(own), 1)
            self.assertEqual(own[0]["outcome"], "hung")
            self.assertIn("no answer within 2 s", own[0]["reason"])
            self.assertTrue(own[0].get("kernelStack"), own[0])
            self.assertTrue([frame for frame in own[0]["kernelStack"] if "fuse" in frame],
                            own[0]["kernelStack"])
            self.assertGreaterEqual(own[0]["seconds"], 1.9)
            self.assertEqual(len(probes), len({one["target"] for one in probes}))
            root = [one for one in probes if one["target"] == "/"]
            self.assertIn(root[0]["outcome"], ("ok", "slow"))

            found = [one for one in harness.findings(self.output)
                     if one["fault"] == "storage.mount.hung"]
            self.assertEqual([(one["object"], one["severity"], one["collector"]) for one in found],
                             [(place, "critical", "storage")])
            self.assertEqual(harness.findings(self.output)[0]["fault"], "storage.mount.hung")
            self.assertIn("FUSE", found[0]["reason"])
            self.assertTrue(found[0]["recommendedActions"])
            self.assertEqual(found[0]["evidence"][0]["artifact"], "storage/mount-health.json")

            manifest = harness.manifest(self.output)
            self.assertEqual(
                {name: one["outcome"] for name, one in harness.reports(manifest).items()},
                {name: "complete" for name in harness.default_collectors()}, str(outcome))
            self.assertTrue([one for one in manifest["missing"]
                             if one["collector"] == "storage" and place in one["what"]])
            self.assertIn(place, outcome.out)
            with open(os.path.join(host, "summary.txt")) as file:
                self.assertIn("storage.mount.hung", file.read())
            if not harness.why_no_jsonschema():
                for name, kind in (("manifest.json", "manifest"), ("findings.json", "findings"),
                                   ("storage/mount-health.json", "probes"),
                                   ("storage/topology.json", "topology")):
                    self.assert_schema(harness.read_json(host, name), kind)
            self.assert_verifies(harness.bundle(self.output))
            # At most the probe itself is left, waiting in the kernel.
            self.assertLessEqual(len(harness.descendants(os.getpid())), 2)
            hung.abort(self.path("control"))
        self.assertEqual(harness.reap_orphans(30), [], "processes left after the mount is gone")

    @harness.needs_fuse
    @harness.in_namespace()
    def test_many_hung_mounts(self):
        places = [self.path("hung%02d" % number) for number in range(24)]
        with HungFileSystem(*places):
            began = time.monotonic()
            outcome = self.collect("--deadline", "170s", "--jobs", "4", expected=PARTIAL)
            self.assertLess(time.monotonic() - began, 90)
            probes = {one["target"]: one for one in harness.read_json(
                harness.host_folder(self.output), "storage/mount-health.json")["probes"]}
            outcomes = [probes[place]["outcome"] for place in places]
            self.assertEqual(set(outcomes), {"hung", "skipped"}, outcomes)
            # Sixteen are replaced; those at work by then are lost, too.
            self.assertGreaterEqual(outcomes.count("hung"), 16)
            self.assertLessEqual(outcomes.count("hung"), 16 + 4)
            for place in places:
                if probes[place]["outcome"] == "skipped":
                    self.assertIn("probe processes were lost", probes[place]["reason"])
            missing = " ".join(one["what"] for one in harness.manifest(self.output)["missing"])
            for place in places:
                self.assertIn(place, missing)
            self.assertEqual(
                {name: one["outcome"]
                 for name, one in harness.reports(harness.manifest(self.output)).items()},
                {name: "complete" for name in harness.default_collectors()}, str(outcome))
            self.assertLessEqual(len(outcome.out.splitlines()), 15)
            self.assert_verifies(harness.bundle(self.output))
        self.assertEqual(harness.reap_orphans(30), [], "processes left after the mounts are gone")

    @harness.needs_fuse
    @harness.in_namespace()
    def test_hung_folder_that_a_collector_reads(self):
        """The collector that reads it is abandoned, and says where it hung; the others go on."""
        with HungFileSystem(self.path("hung")):
            harness.mount(self.path("hung"), "/var/log", None, harness.MS_BIND)
            try:
                began = time.monotonic()
                outcome = self.collect("--deadline", "12s", expected=PARTIAL)
                self.assertLess(time.monotonic() - began, 40)
                manifest = harness.manifest(self.output)
                reports = harness.reports(manifest)
                self.assertEqual({name: reports[name]["outcome"]
                                  for name in ("storage", "system")},
                                 {"storage": "complete", "system": "complete"})
                # It reads the journal too, last of all, for how recent boots ended.
                self.assertIn(reports["boot"]["outcome"], ("complete", "abandoned"))
                stored = {one["path"] for one in manifest["artifacts"]}
                self.assertLessEqual(
                    {"boot/root-stack.json", "boot/loader.json", "boot/kernels.json",
                     "boot/kdump.json"}, stored)
                self.assertEqual(reports["logs"]["outcome"], "abandoned", str(outcome))
                found = [one for one in harness.findings(self.output)
                         if one["fault"] == "run.worker.abandoned"]
                self.assertIn("collector logs", [one["object"] for one in found])
                self.assertLessEqual({one["object"] for one in found},
                                     {"collector logs", "collector boot"})
                # Of two that look up one name, the second waits in the kernel for the first.
                text = b"".join(
                    harness.content(os.path.join(harness.host_folder(self.output), path))
                    for path in stored if path.endswith("/abandoned.txt"))
                self.assertIn(b"fuse", text)
                # What was sent before the hang stays.
                self.assertTrue([one for one in manifest["artifacts"]
                                 if one["path"].startswith("logs/kernel")])
                self.assert_verifies(harness.bundle(self.output))
            finally:
                harness.unmount("/var/log")
        self.assertEqual(harness.reap_orphans(30), [])


class HungOutput(harness.Case):
    """The place to write to, the configuration or the root does not answer."""

    @harness.needs_fuse
    @harness.in_namespace()
    def test_output_that_hangs_is_told_and_left(self):
        place = self.path("hung")
        with HungFileSystem(place):
            for output in (os.path.join(place, "logs"), place):
                began = time.monotonic()
                outcome = self.collect("--deadline", "10s", output=output, timeout=60)
                self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
                self.assertLess(time.monotonic() - began, 10 + 8)
                self.assertIn(place, outcome.told)
                self.assertIn("fuse.hung", outcome.told)
                self.assertIn("--output", outcome.told)
                self.assertEqual(outcome.out, "")
        self.assertEqual(harness.reap_orphans(30), [], "processes left after the mount is gone")

    @harness.needs_fuse
    @harness.in_namespace()
    def test_signals_leave_an_output_that_hangs(self):
        place = self.path("hung")
        with HungFileSystem(place):
            process = harness.start("collect", "--output", os.path.join(place, "logs"))
            harness.wait_until(
                lambda: [one for one in harness.descendants(process.pid)
                         if b"fuse" in harness.content("/proc/%d/stack" % one)], 30, "the hang")
            began = time.monotonic()
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.5)
            os.kill(process.pid, signal.SIGINT)
            outcome = harness.finish(process, timeout=30)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(outcome.status, harness.INTERRUPTED, str(outcome))
        self.assertEqual(harness.reap_orphans(30), [])

    @harness.needs_fuse
    @harness.in_namespace()
    def test_configuration_that_hangs(self):
        place = self.path("hung")
        with HungFileSystem(place):
            began = time.monotonic()
            outcome = self.collect("--config", os.path.join(place, "config.yaml"), timeout=60)
            self.assertLess(time.monotonic() - began, 25)
            self.assertEqual(outcome.status, INPUT_OUTPUT, str(outcome))
            self.assertIn("configuration", outcome.told)
            self.assertIn("--config", outcome.told)
        self.assertEqual(harness.reap_orphans(30), [])

    @harness.needs_fuse
    @harness.in_namespace()
    def test_root_that_hangs(self):
        """What hangs is named: the root, not the output."""
        place = self.path("hung")
        with HungFileSystem(place):
            began = time.monotonic()
            outcome = self.collect("--root", place, "--deadline", "10s", timeout=60)
            self.assertLess(time.monotonic() - began, 10 + 15)
            self.assertNotEqual(outcome.status, 0, str(outcome))
            if outcome.status == PARTIAL:
                self.assert_verifies(harness.bundle(self.output))
            else:
                self.assertIn(place, outcome.told)
        self.assertEqual(harness.reap_orphans(30), [])
