"""A guest whose kernel has no 9p: its agent is spoken to through a serial port."""

import os
import select
import socket
import time

from errors import Infrastructure
from machine import Machine, Outcome

GRACE_SECONDS = 30

# Runs a script; the shell that waits for it then says so by itself, without another process.
MARKED = """for entry in /sys/class/virtio-ports/*; do
    [ "$(cat "$entry/name")" != mark ] || exec 4<>"/dev/${entry##*/}"
done
(
%s
) >/run/marked.out 2>/run/marked.err 4>&-
echo $? >&4
"""


class PortMachine(Machine):
    """A guest driven through the virtio serial port `lab`; it marks moments through `mark`."""

    def __init__(self, folder, words, memory="1G", processors=2):
        self._port_path = os.path.join(folder, "port")
        self._mark_path = os.path.join(folder, "mark")
        self._port = self._mark = None
        self._buffer = bytearray()
        self._wanted = 0  # Bytes until the answer that is coming in is whole.
        self._answers = {}
        self._jobs = 0
        # Of the last script of `run_and_pause`: its job, its end, and when it began and paused.
        self._marked = self._mark_text = None
        self._began = self._paused = self._limit = 0
        super().__init__(folder, words, memory, processors)

    def channel(self):
        """QEMU's words for the two ports."""
        words = ["-device", "virtio-serial-pci"]
        for name, path in (("lab", self._port_path), ("mark", self._mark_path)):
            words += ["-chardev", "socket,id=%s,server=on,wait=off,path=%s" % (name, path),
                      "-device", "virtserialport,chardev=%s,name=%s" % (name, name)]
        return words

    def forget(self):
        """Forgets the ports of a QEMU that is gone."""
        super().forget()
        for port in (self._port, self._mark):
            if port is not None:
                port.close()
        self._port = self._mark = None
        self._buffer.clear()
        self._answers.clear()
        self._wanted = 0

    def is_ready(self):
        """Whether the guest's agent has said that it is there."""
        if self._port is None:
            try:
                self._port, self._mark = _connected(self._port_path), _connected(self._mark_path)
            except OSError:
                return False
        self._read(0)
        return "lab-ready" in self._answers

    def run(self, script, seconds=60):
        """Runs a shell script in the guest, as root."""
        body = (script + "\n").encode()
        return self._outcome(self._ask("RUN", seconds, len(body), body=body), seconds)

    def put(self, content, path, seconds=120):
        """Writes a file of the guest."""
        self._outcome(self._ask("PUT", len(content), path, body=content), seconds)

    def get(self, path, to=None, seconds=300):
        """Gives the bytes of a file of the guest, and writes them to `to`; None when it is
        absent."""
        name = self._ask("GET", path)
        status, output, _ = self._answer(name, seconds)
        if status != 0:
            return None
        if to is not None:
            with open(to, "wb") as file:
                file.write(output)
        return output

    def run_and_pause(self, script, seconds, moment=None):
        """Runs a script and pauses the guest at `moment`, or when the script has ended where that
        comes first. The guest stays paused until `resume`."""
        self.monitor("query-status")  # The connection to the monitor stands before it is needed.
        body = (MARKED % script).encode()
        self._began = time.monotonic()
        self._limit = seconds
        self._mark_text = None
        self._marked = self._ask("RUN", seconds, len(body), body=body)
        if moment is None or not moment.wait(seconds, self._is_marked):
            self._wait_for_mark()
        self.monitor("stop")
        self._paused = time.monotonic()

    def resume(self):
        """Lets the paused guest go on to the end of the script; gives its status, and the seconds
        that it took without the pause."""
        self._began += time.monotonic() - self._paused
        self.monitor("cont")
        text = self._wait_for_mark()
        took = time.monotonic() - self._began
        self._answer(self._marked, GRACE_SECONDS)
        return int(text or b"-1"), took

    def _is_marked(self):
        return bool(select.select([self._mark], [], [], 0)[0])

    def _wait_for_mark(self):
        """What the script's end wrote, which stays to be read again until the next script."""
        self._mark.settimeout(self._limit + GRACE_SECONDS)
        try:
            if self._mark_text is None:
                self._mark_text = self._mark.recv(64)
        except TimeoutError as error:
            raise Infrastructure("in the guest: a script has not ended in %d s" %
                                 self._limit) from error
        return self._mark_text

    def marked_output(self):
        """What the last script of `run_and_pause` printed and said as errors."""
        return tuple((self.get("/run/marked." + kind) or b"").decode(errors="replace")
                     for kind in ("out", "err"))

    def dump_guest_memory(self, path, seconds=600):
        """Writes the guest's memory as an ELF core by QEMU itself, which pauses it for that."""
        self.monitor("query-status")
        self._monitor.settimeout(seconds)
        self.monitor("dump-guest-memory", paging=False, protocol="file:" + path, format="elf")
        self._monitor.settimeout(60)

    def kill(self):
        """Ends QEMU at once."""
        for one in (self._port, self._mark):
            if one is not None:
                one.close()
        self._port = self._mark = None
        self._answers.clear()
        self._buffer.clear()
        self._wanted = 0
        super().kill()

    # --- the port ----------------------------------------------------------------------------

    def _ask(self, verb, *words, body=b""):
        self._jobs += 1
        name = "%04d" % self._jobs
        line = " ".join([verb, name] + [str(word) for word in words])
        self._send(line.encode() + b"\n" + body)
        return name

    def _send(self, content):
        """Sends bytes, and takes what the guest sends meanwhile, so that neither waits forever."""
        view = memoryview(content)
        while view:
            readable, writable, _ = select.select([self._port], [self._port], [], 60)
            if readable:
                self._read(0)
            if writable:
                view = view[self._port.send(view[:65536]):]
            if not readable and not writable:
                raise Infrastructure("the guest takes nothing from its port")

    def _outcome(self, name, seconds):
        began = time.monotonic()
        try:
            status, output, errors = self._answer(name, seconds + GRACE_SECONDS)
        except TimeoutError:
            return Outcome(137, "", "", time.monotonic() - began)
        output, errors = output.decode(errors="replace"), errors.decode(errors="replace")
        jobs = os.path.join(self.share, "jobs")
        os.makedirs(jobs, exist_ok=True)
        for ending, text in ((".out", output), (".err", errors)):
            with open(os.path.join(jobs, name + ending), "w",
                      encoding="utf-8") as file:
                file.write(text)
        return Outcome(status, output, errors, time.monotonic() - began)

    def _answer(self, name, seconds):
        end = time.monotonic() + seconds
        while name not in self._answers:
            if time.monotonic() > end:
                raise TimeoutError(name)
            if not self._read(0.5):
                self.need_alive("an answer of the guest's agent")
        return self._answers.pop(name)

    def _read(self, seconds):
        """Takes what has come; whether there was something."""
        if not select.select([self._port], [], [], seconds)[0]:
            return False
        part = self._port.recv(1 << 20)
        if not part:
            self.need_alive("its port")
            raise Infrastructure("the guest's port is closed")
        self._buffer += part
        while len(self._buffer) >= self._wanted:
            end = self._buffer.find(b"\n")
            if end < 0:
                break
            words = self._buffer[:end].split()
            output, errors = int(words[2]), int(words[3])
            self._wanted = end + 1 + output + errors
            if len(self._buffer) < self._wanted:
                break
            middle = end + 1 + output
            self._answers[words[0].decode()] = (
                int(words[1]), bytes(self._buffer[end + 1:middle]),
                bytes(self._buffer[middle:self._wanted]))
            del self._buffer[:self._wanted]
            self._wanted = 0
        return True


def _connected(path):
    one = socket.socket(socket.AF_UNIX)
    one.connect(path)
    return one
