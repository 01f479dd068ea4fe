"""A real root of Ubuntu, made of its packages on this machine, and what `collect --root` has of it.

Nothing of it runs but the scripts of its packages, once, while it is made. Its archive's key comes from
the archive itself and is believed for its fingerprint alone.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import subprocess

from errors import Infrastructure, Unavailable
from host import run as host_run
from hostfolder import HostFolder

MIRROR = "http://archive.ubuntu.com/ubuntu"
SUITE, RELEASE = "noble", "24.04"
# Ubuntu Archive Automatic Signing Key (2018), as https://wiki.ubuntu.com/SecurityTeam/FAQ tells it.
FINGERPRINT = "F6ECB3762474EDA9D21B7022871920D1991BC93C"
PACKAGES = ["apparmor", "cron", "netplan.io", "openssh-server", "rsyslog", "systemd-sysv",
            "udev", "ufw"]

# An artifact, and what stands in it.
CONTENT = {
    "packages/etc/lsb-release": r"^DISTRIB_ID=Ubuntu$",
    "packages/etc/debian_version": r".",
    "packages/var/lib/dpkg/status": r"^Package: rsyslog$",
    "packages/var/log/dpkg.log": r" status installed rsyslog:amd64 ",
    "packages/apt-listing.txt": r"/etc/apt/sources\.list$",
    "services/unit-files-listing.txt":
        r"/etc/systemd/system/multi-user\.target\.wants/rsyslog\.service -> .*/rsyslog\.service$",
    "services/etc/systemd/logind.conf": r"^\[Login\]$",
    "logging/etc/systemd/journald.conf": r"^\[Journal\]$",
    "logging/configuration-listing.txt": r"/etc/rsyslog\.d/50-default\.conf$",
    "logs/syslog/dpkg.log": r" status installed rsyslog:amd64 ",
    "logging/var-log-listing.txt": r"/var/log/dpkg\.log$",
    "login/etc/ssh/sshd_config": r"^Include /etc/ssh/sshd_config\.d/\*\.conf$",
    "network/etc/nsswitch.conf": r"^hosts: ",
    "security/etc/apparmor/parser.conf": r".",
    "security/apparmor-listing.txt": r"/etc/apparmor\.d/",
    "firewall/etc/ufw/ufw.conf": r"^ENABLED=no$",
    "scheduled/listing.txt": r"/etc/cron\.daily/dpkg$",
    "processes/etc/security/limits.conf": r".",
    "hardware/etc/udev/udev.conf": r".",
    "system/users.txt": r"^root:0:0:",
}


def check(run, results):
    """Collects of a disk with Ubuntu that is only mounted."""
    root = _root(run)
    output = os.path.join(run.folder, "ubuntu")
    done = subprocess.run(
        [run.binary, "collect", "--root", root, "--profile", "full", "--output", output,
         "--progress", "none"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=600, check=False)
    if not results.check("ubuntu: collect of its root ends in order", done.returncode in (0, 3),
                         done.stdout[-800:]):
        return
    folder, = glob.glob(os.path.join(output, "*", "manifest.json"))
    folder = HostFolder(os.path.dirname(folder))
    manifest = folder.json("manifest.json")
    results.equal("ubuntu: no collector fails",
                  [one for one in manifest["reports"] if one["outcome"] != "complete"], [])
    results.check("ubuntu: the release is known", manifest["host"]["operatingSystem"].startswith(
        "Ubuntu %s" % RELEASE), manifest["host"])
    results.equal("ubuntu: no command is run", [
        one["path"] for one in manifest["artifacts"] if one["path"].endswith("/commands.json")], [])
    results.equal("ubuntu: its packages, services, logs and the rest are told", [
        name for name, pattern in CONTENT.items()
        if not re.search(pattern, (folder.bytes(name) or b"").decode("utf-8", "replace"), re.M)], [])


def _root(run):
    """The tree, made once and kept."""
    made_from = " ".join([MIRROR, SUITE, FINGERPRINT, *PACKAGES])
    folder = os.path.join(run.cache, hashlib.sha256(made_from.encode()).hexdigest()[:16])
    if run.rebuild:
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)
    os.utime(folder)
    path = os.path.join(folder, "root")
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            print("making a root of Ubuntu " + RELEASE, flush=True)
            shutil.rmtree(path + ".part", ignore_errors=True)
            keyring = _keyring(os.path.join(folder, "key"))
            # Without this clean-up the logs of dpkg and apt stay.
            host_run("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
                     "--skip=cleanup/reproducible", "--include=" + ",".join(PACKAGES), SUITE,
                     path + ".part", "deb [signed-by=%s] %s %s main" % (keyring, MIRROR, SUITE),
                     timeout=1800)
            os.rename(path + ".part", path)
    return path


def _keyring(folder):
    """A file with the key of the archive and no other. What is unpacked is not run."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "gpg"):
        os.makedirs(os.path.join(folder, name))
    os.chmod(os.path.join(folder, "gpg"), 0o700)
    sources, status = os.path.join(folder, "sources.list"), os.path.join(folder, "status")
    with open(sources, "w", encoding="ascii") as text:
        text.write("deb [trusted=yes] %s %s main\n" % (MIRROR, SUITE))
    with open(status, "w", encoding="ascii"):
        pass
    options = ["-qq"]
    for one in ("APT::Sandbox::User=root", "Dir::Etc::SourceList=" + sources,
                "Dir::Etc::SourceParts=-", "Dir::State::Lists=" + os.path.join(folder, "lists"),
                "Dir::State::Status=" + status, "Dir::Cache=" + os.path.join(folder, "cache"),
                "Acquire::Languages=none"):
        options += ["-o", one]
    try:
        host_run("apt-get", *options, "update", timeout=600)
        host_run("apt-get", *options, "download", "ubuntu-keyring", cwd=folder, timeout=600)
    except Infrastructure as error:
        raise Unavailable("Ubuntu's packages cannot be had: %s" % error) from error
    archive, = glob.glob(os.path.join(folder, "*.deb"))
    host_run("dpkg-deb", "-x", archive, folder, timeout=120)
    keys, keyring = (os.path.join(folder, name) for name in (
        "usr/share/keyrings/ubuntu-archive-keyring.gpg", "archive.gpg"))
    if not shutil.which("gpg"):
        raise Unavailable("gpg is not installed, which picks the key of Ubuntu's archive")
    host_run("gpg", "--homedir", os.path.join(folder, "gpg"), "--batch", "--quiet",
             "--no-default-keyring", "--keyring", keys, "--output", keyring, "--export",
             FINGERPRINT, timeout=120)
    if not os.path.exists(keyring):
        raise Infrastructure("the keyring of Ubuntu has no key " + FINGERPRINT)
    return keyring
