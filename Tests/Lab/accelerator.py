"""Whether QEMU may use KVM here. The device may exist and hang, so only a trial boot tells."""

import os
import subprocess
import tempfile

TRIAL_SECONDS = 20
EMULATION = ["-accel", "tcg,thread=multi", "-cpu", "max"]
NATIVE = ["-accel", "kvm", "-cpu", "host"]


def accelerator(cache, kernel, initrd):
    """QEMU's words for the fastest accelerator that works; tried once per boot of this host."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return EMULATION
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as text:
        note = os.path.join(cache, "kvm-" + text.read().strip())
    try:
        with open(note, encoding="ascii") as text:
            return NATIVE if text.read() == "works" else EMULATION
    except OSError:
        pass
    works = _boots(kernel, initrd)
    with open(note, "w", encoding="ascii") as text:
        text.write("works" if works else "hangs")
    return NATIVE if works else EMULATION


def _boots(kernel, initrd):
    """Whether a guest with KVM says something within the time of the trial."""
    with tempfile.NamedTemporaryFile() as serial:
        trial = subprocess.Popen(
            ["qemu-system-x86_64", *NATIVE, "-m", "512", "-nodefaults", "-display", "none",
             "-no-reboot", "-kernel", kernel, "-initrd", initrd,
             "-append", "console=ttyS0 panic=-1", "-serial", "file:" + serial.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            trial.wait(TRIAL_SECONDS)
        except subprocess.TimeoutExpired:
            trial.kill()
            try:
                trial.wait(5)
            except subprocess.TimeoutExpired:
                return False
        with open(serial.name, "rb") as text:
            return b"Run /init as init process" in text.read()
