"""Debian packages, from the package mirror that this machine is configured with."""

import glob
import os
import re
import shutil
import subprocess

from errors import Infrastructure, Unavailable
from host import run

KERNEL_METAPACKAGE = "linux-image-amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _answer(*words):
    """What an apt command prints."""
    try:
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=True, timeout=120, env={**os.environ, "LC_ALL": "C"}).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("%s: %s" % (" ".join(words), error)) from error


def suite():
    """The name of the Debian release of this machine, such as `bookworm`."""
    with open("/etc/os-release", encoding="utf-8") as lines:
        release = dict(line.rstrip().split("=", 1) for line in lines if "=" in line)
    name = release.get("VERSION_CODENAME", "").strip('"')
    if release.get("ID") != "debian" or not name:
        raise Unavailable("the guests are made of this machine's own packages, so it must be"
                          " Debian; it is %s" % release.get("PRETTY_NAME", "something else"))
    return name


def kernel():
    """The kernel's package and its version, as apt gives them today."""
    match = re.search(r"Depends: (linux-image-\S+)",
                      _answer("apt-cache", "depends", KERNEL_METAPACKAGE))
    if not match:
        raise Unavailable("apt knows no %s; run apt-get update" % KERNEL_METAPACKAGE)
    name = match[1]
    return name, candidate(name)


def candidate(name):
    """The version of a package that apt would install."""
    version = re.search(r"Candidate: (\S+)", _answer("apt-cache", "policy", name))
    if not version or version[1] == "(none)":
        raise Unavailable("apt has no candidate for %s" % name)
    return version[1]


def unpack(package, version, folder):
    """Downloads a package and unpacks it into `folder`, without installing it."""
    os.makedirs(folder, exist_ok=True)
    try:
        subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download",
                        "%s=%s" % (package, version)],
                       cwd=folder, check=True, timeout=900, stderr=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as error:
        raise Unavailable("%s %s cannot be downloaded: %s"
                          % (package, version, error.stderr.strip())) from error
    archive, = glob.glob(os.path.join(folder, package + "_*.deb"))
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True, timeout=600)
    os.unlink(archive)


def unpack_of(other, names, folder):
    """Downloads packages of another suite by apt, with lists of its own, and unpacks them into
    `folder`, without installing them."""
    state = os.path.join(folder, "apt")
    for name in ("lists/partial", "cache/archives/partial", "dpkg"):
        os.makedirs(os.path.join(state, name))
    with open(os.path.join(state, "dpkg/status"), "w", encoding="ascii"):
        pass
    sources = os.path.join(state, "sources.list")
    with open(sources, "w", encoding="ascii") as text:
        text.write("deb [signed-by=%s] %s %s main\n" % (KEYRING, _mirror(), other))
    options = ["-qq"]
    for one in ("APT::Sandbox::User=root", "Dir::Etc::SourceList=" + sources,
                "Dir::Etc::SourceParts=-", "Dir::State::Lists=" + os.path.join(state, "lists"),
                "Dir::State::Status=" + os.path.join(state, "dpkg/status"),
                "Dir::Cache=" + os.path.join(state, "cache"), "Acquire::Languages=none",
                "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false"):
        options += ["-o", one]
    try:
        run("apt-get", *options, "update", timeout=600)
        run("apt-get", *options, "download", *names, cwd=folder, timeout=600)
    except Infrastructure as error:
        raise Unavailable("%s of %s cannot be downloaded: %s" % (
            " ".join(names), other, error)) from error
    for archive in glob.glob(os.path.join(folder, "*.deb")):
        run("dpkg-deb", "-x", archive, folder, timeout=120)
        os.unlink(archive)
    shutil.rmtree(state)


def _mirror():
    """The address of the Debian mirror that this machine uses for its own release."""
    found = re.findall(r"^(\S+/debian)/? ", run(
        "apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)",
        "Created-By: Packages"), re.M)
    return found[0] if found else "http://deb.debian.org/debian"
