"""One virtual machine: started from a folder of its own, driven through a shared folder."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from errors import Infrastructure

STALLS = re.compile(r".*(?:self-detected stall|soft lockup|rcu_preempt kthread starved).*")
PANIC = re.compile(r"Kernel panic - not syncing.*")


class Outcome:
    """How a command in the guest ended. Status 137 is a command that was over its time limit."""

    def __init__(self, status, output, errors, seconds):
        self.status, self.output, self.errors, self.seconds = status, output, errors, seconds


class Machine:
    """A guest. `share` of its folder is /lab in it."""

    def __init__(self, folder, words, memory="1G", processors=2):
        self.folder = folder
        self.share = os.path.join(folder, "share")
        self.serial = os.path.join(folder, "serial.log")
        self._monitor_path = os.path.join(folder, "monitor")
        self._count = 0
        self._process = self._monitor = None
        os.makedirs(os.path.join(self.share, "jobs"), exist_ok=True)
        self.words = [
            "qemu-system-x86_64", "-machine", "q35,smm=on", "-m", memory, "-smp", str(processors),
            "-nodefaults", "-display", "none", "-no-reboot", "-no-user-config",
            "-serial", "file:" + self.serial,
            "-qmp", "unix:%s,server=on,wait=off" % self._monitor_path,
            *self.channel(),
            "-object", "rng-random,id=random,filename=/dev/urandom",
            "-device", "virtio-rng-pci,rng=random", *words]

    def channel(self):
        """QEMU's words for what the agent in the guest is spoken to by: a shared folder."""
        return ["-fsdev", "local,id=lab,security_model=none,path=" + self.share,
                "-device", "virtio-9p-pci,fsdev=lab,mount_tag=lab"]

    def start(self, seconds):
        """Starts the guest and waits until its agent answers; gives the seconds that took.

        When QEMU itself aborts meanwhile, which is no fault of the guest, that is done once more:
        with many processors an assertion of its MSI-X table fails now and then."""
        try:
            return self._start(seconds)
        except Infrastructure as error:
            if self._process is None or self._process.poll() != -signal.SIGABRT:
                raise
            print("once more, for %s" % str(error)[:80], flush=True)
        self.forget()
        return self._start(seconds)

    def forget(self):
        """Forgets what belonged to a QEMU that is gone."""
        self.kill()

    def _start(self, seconds):
        began = time.monotonic()
        for name in ("ready", "jobs"):
            path = os.path.join(self.share, name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
        with open(os.path.join(self.folder, "qemu.log"), "wb") as log:
            log.write((" ".join(self.words) + "\n").encode())
            log.flush()
            self._process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=subprocess.STDOUT)
        self._wait(self.is_ready, seconds, "the guest's agent")
        return time.monotonic() - began

    def is_ready(self):
        """Whether the guest's agent answers."""
        return os.path.exists(os.path.join(self.share, "ready"))

    def run(self, script, seconds=60):
        """Runs a shell script in the guest, as root."""
        self._count += 1
        base = os.path.join(self.share, "jobs", "%04d" % self._count)
        for ending, text in ((".limit", "%d\n" % seconds), (".new", script + "\n")):
            with open(base + ending, "w", encoding="utf-8") as file:
                file.write(text)
        began = time.monotonic()
        os.rename(base + ".new", base + ".sh")
        # The guest ends it by itself; a command that cannot be killed is given up here.
        try:
            self._wait(lambda: os.path.exists(base + ".status"), seconds + 30, script[:60])
        except TimeoutError:
            return Outcome(137, _text(base + ".out"), _text(base + ".err"),
                           time.monotonic() - began)
        took = time.monotonic() - began
        return Outcome(int(_text(base + ".status")), _text(base + ".out"), _text(base + ".err"),
                       took)

    def need(self, script, seconds=60):
        """Runs a script that must succeed for the run to mean anything; gives what it printed."""
        outcome = self.run(script, seconds)
        if outcome.status != 0:
            raise Infrastructure("in the guest, status %d after %.0f s: %s\n%s%s" % (
                outcome.status, outcome.seconds, script[:200], outcome.output[-3000:],
                outcome.errors[-3000:]))
        return outcome.output

    def monitor(self, command, **arguments):
        """Sends a command to QEMU's own monitor (QMP) and gives its answer."""
        if self._monitor is None:
            self._monitor = socket.socket(socket.AF_UNIX)
            self._monitor.settimeout(60)
            self._monitor.connect(self._monitor_path)
            self._lines = self._monitor.makefile("r", encoding="utf-8")
            self._lines.readline()
            self.monitor("qmp_capabilities")
        self._monitor.sendall(json.dumps(
            {"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._lines.readline())
            if "error" in answer:
                raise Infrastructure("QEMU refuses %s: %s" % (command, answer["error"]["desc"]))
            if "return" in answer:
                return answer["return"]

    def stop(self, seconds=120):
        """Shuts the guest down in order; what does not end then is killed."""
        if self._process is None:
            return
        orderly = self._process.poll() is not None
        if not orderly:
            try:
                self.run("sync; (sleep 0.5; poweroff -f) >/dev/null 2>&1 &", 20)
                self._process.wait(seconds)
                orderly = True
            except (Infrastructure, subprocess.TimeoutExpired):
                pass
        self.kill()
        return orderly

    def kill(self):
        """Ends QEMU at once."""
        if self._monitor is not None:
            self._lines.close()
            self._monitor.close()
            self._monitor = None
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                pass

    def stalls(self):
        """Lines of the guest's kernel that show that the guest itself did not get on."""
        text = _text(self.serial) + _text(os.path.join(self.share, "dmesg.txt"))
        return [match[0].strip() for match in STALLS.finditer(text)]

    def need_alive(self, what):
        """An error when QEMU has ended, or the guest's kernel, while `what` is waited for."""
        if self._process.poll() is not None:
            raise Infrastructure("QEMU ended with status %d while waiting for %s: %s" % (
                self._process.returncode, what,
                _text(os.path.join(self.folder, "qemu.log"))[-1500:]))
        panic = PANIC.search(_text(self.serial))
        if panic:
            raise Infrastructure("the guest's kernel: " + panic[0])

    def _wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            self.need_alive(what)
            if time.monotonic() > end:
                if what == "the guest's agent":
                    raise Infrastructure("the guest was not ready in %d s; its last words: %s"
                                         % (seconds, _text(self.serial)[-800:]))
                raise TimeoutError(what)
            time.sleep(0.1)


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
