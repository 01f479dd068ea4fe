"""The processes of a run: who forks whom, what they show, and what happens when one fails."""

import os
import re
import shutil
import signal
import subprocess

import harness
from harness import COMPLETE
from test_declared_commands import OWN, sleepers

# A number that no other process sleeps for, and what no process of a run has any need of.
SLEEP = "98763"
SECRET = "a-token-of-the-shell-4711"


class ProcessesTest(harness.Case):
    """A run whose declared collector waits in its one command until it is let go on."""

    def start(self, *arguments, deadline="100s", **variables):
        """Starts a run, and waits for the command."""
        folder = self.path("collectors.d")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "mine.yaml"), "w", encoding="utf-8") as file:
            file.write(OWN % ("100s", "  - command: [sleep, \"%s\"]\n    to: a\n"
                              "    limits: {seconds: 100}\n" % SLEEP))
        # Its turn comes when the other has ended.
        with open(os.path.join(folder, "next.yaml"), "w", encoding="utf-8") as file:
            file.write(OWN.replace("name: mine", "name: next")
                       % (deadline, "  - command: [echo, done]\n    to: a\n"))
        process = harness.start(
            "collect", "--output", self.output, "--collectors", folder, "--jobs", "1",
            "--only", "mine,next", "--progress", "none", *arguments,
            env=harness.environment(**variables))
        harness.wait_until(lambda: sleepers(SLEEP), what="the command")
        return process

    def go_on(self, process):
        """Ends the command, and gives the outcomes of the collectors."""
        self.assertEqual([identifier for identifier in harness.descendants(process.pid)
                          if harness.command_line(identifier).endswith("worker next")], [])
        for identifier, _ in sleepers(SLEEP):
            os.kill(identifier, signal.SIGTERM)
        outcome = harness.finish(process)
        self.assertIn(outcome.status, (COMPLETE, harness.PARTIAL), str(outcome))
        self.assertEqual(harness.run("verify", harness.bundle(self.output)).status, COMPLETE)
        return {name: report["outcome"] for name, report in
                harness.reports(harness.manifest(self.output)).items()}

    def named(self, process, title):
        """The one process of the run with that title."""
        def found():
            return [identifier for identifier in harness.descendants(process.pid)
                    if harness.command_line(identifier) == "diagbundle " + title]
        # One that is just being forked still shows what its parent does.
        harness.wait_until(lambda: len(found()) == 1, what="the one " + title)
        return found()[0]

    def test_all_are_forks_that_show_what_they_do(self):
        process = self.start()
        orchestrator = self.named(process, "orchestrate")
        server = self.named(process, "fork-server")
        worker = self.named(process, "worker mine")
        table = {identifier: (parent, name)
                 for identifier, parent, _, name in harness.process_table()}
        self.assertEqual(table[orchestrator], (process.pid, "diagbundle"))
        # The orchestrator reaps the worker itself: it is its child, not the server's.
        self.assertEqual(table[server], (orchestrator, "diagbundle"))
        self.assertEqual(table[worker], (orchestrator, "diagbundle"))
        # One is forked ahead.
        spare = self.named(process, "spare-worker")
        self.assertEqual(table[spare], (orchestrator, "diagbundle"))
        for identifier in (orchestrator, server, worker, spare):
            self.assertEqual(os.getsid(identifier), identifier)
            self.assertEqual(os.readlink("/proc/%d/cwd" % identifier), "/")
        # Standard streams, and the socket of the spare.
        self.assertEqual(set(os.listdir("/proc/%d/fd" % spare)), {"0", "1", "2"})
        self.assertEqual(len(os.listdir("/proc/%d/fd" % server)), 4)
        outcomes = self.go_on(process)
        self.assertEqual(outcomes["mine"], "complete")

    @harness.needs_root
    def test_none_keeps_what_the_shell_had_in_its_environment(self):
        """Neither where lists of processes read it, nor anywhere else in memory."""
        process = self.start(CLOUD_TOKEN=SECRET)
        found = {}
        for title in ("orchestrate", "fork-server", "worker mine", "spare-worker"):
            identifier = self.named(process, title)
            found[title] = SECRET.encode() in memory(identifier)
            with open("/proc/%d/environ" % identifier, "rb") as file:
                self.assertEqual(file.read().strip(b"\0"), b"", title)
        # That the search finds what is there, the process shows that was started with it.
        self.assertIn(SECRET.encode(), memory(process.pid))
        self.assertEqual(found, dict.fromkeys(found, False))
        self.go_on(process)

    @harness.needs_root
    def test_none_knows_the_boundary_of_another(self):
        process = self.start()
        boundary = re.search(rb"DIAGBUNDLE_BOUNDARY=([0-9a-f]{32})",
                             memory(self.named(process, "worker mine")))
        self.assertTrue(boundary)
        for title in ("fork-server", "spare-worker"):
            self.assertNotIn(boundary[1], memory(self.named(process, title)), title)
        self.go_on(process)

    def test_a_front_with_threads_starts_the_orchestrator_anew(self):
        """A copy of a process with threads has locks that nobody releases."""
        compiler = shutil.which("clang") or shutil.which("cc")
        if not compiler:
            self.skipTest("there is no C compiler")
        source, library = self.path("thread.c"), self.path("thread.so")
        harness.write(source, b"""
            #include <pthread.h>
            #include <unistd.h>
            static void *wait(void *none) { for (;;) pause(); return none; }
            __attribute__((constructor)) static void start(void) {
                pthread_t thread;
                pthread_create(&thread, 0, wait, 0);
            }""")
        subprocess.run([compiler, "-shared", "-fPIC", "-pthread", "-o", library, source],
                       check=True, timeout=60)
        process = self.start(LD_PRELOAD=library)
        orchestrator = self.named(process, "orchestrate")
        # Its words are parted as a program is started with them.
        with open("/proc/%d/cmdline" % orchestrator, "rb") as file:
            self.assertEqual(file.read(), b"diagbundle\0orchestrate\0")
        self.assertEqual(set(self.go_on(process).values()), {"complete"})

    def test_a_killed_fork_server_costs_nothing(self):
        process = self.start()
        os.kill(self.named(process, "fork-server"), signal.SIGKILL)
        self.assertEqual(set(self.go_on(process).values()), {"complete"})

    def test_a_killed_spare_worker_costs_nothing(self):
        process = self.start()
        os.kill(self.named(process, "spare-worker"), signal.SIGKILL)
        self.assertEqual(set(self.go_on(process).values()), {"complete"})

    def test_a_stopped_fork_server_is_given_up(self):
        """Neither the run's deadline nor a collector's own passes while it does not answer."""
        process = self.start("--deadline", "8s", deadline="2s")
        os.kill(self.named(process, "fork-server"), signal.SIGSTOP)
        self.assertEqual(set(self.go_on(process).values()), {"complete"})

    def test_the_fork_server_ends_with_the_orchestrator(self):
        process = self.start()
        server = self.named(process, "fork-server")
        worker = self.named(process, "worker mine")
        spare = self.named(process, "spare-worker")
        os.kill(self.named(process, "orchestrate"), signal.SIGKILL)
        harness.finish(process)
        harness.wait_until(
            lambda: not {server, worker, spare} & {
                identifier for identifier, _, state, _ in harness.process_table()
                if state != "Z"}, 10, "the end of server and workers")


def memory(identifier):
    """The writable memory of a process."""
    found = []
    with open("/proc/%d/maps" % identifier, encoding="utf-8") as maps, \
            open("/proc/%d/mem" % identifier, "rb") as mem:
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not span:
                continue
            start, end = (int(text, 16) for text in span.groups())
            mem.seek(start)
            try:
                found.append(mem.read(end - start))
            except OSError:
                pass  # A mapping that has no memory behind it.
    return b"".join(found)
