"""A Debian with systemd, the storage tools and the laboratory's agent, as one file system."""

import glob
import os
import re
import shutil

import packages
from errors import Infrastructure
from host import GUEST, run

# What each Debian here needs to start and to be asked.
BASE = """systemd systemd-sysv udev dbus kmod busybox-static initramfs-tools procps iproute2
    util-linux strace""".split()

PACKAGES = BASE + """lvm2 mdadm multipath-tools nvme-cli smartmontools cryptsetup-bin xfsprogs
    btrfs-progs e2fsprogs dosfstools sg3-utils dmsetup thin-provisioning-tools gdisk fdisk
    efibootmgr zstd""".split()

# What only the library of collectors asks: none of them is started at boot.
ASKED = """apache2 apparmor arptables auditd chrony cloud-init conntrack dmidecode ebtables ethtool
    ipmitool ipset iptables libvirt-daemon-system lm-sensors mariadb-server network-manager nftables
    nginx-light pciutils podman postfix postgresql rasdaemon rpm systemd-resolved
    wireguard-tools""".split()

# What it asks too, in a second Debian: some of them cannot stand beside those above.
OTHERS = """apache2-bin containerd dkms docker.io firewalld flatpak libvirt-daemon-system lvm2
    lvm2-lockd mariadb-server-core ntpsec open-vm-tools openrc pacman-package-manager policycoreutils
    postgresql python3-nftables qemu-system-x86 rasdaemon smartmontools snapd usbutils
    xen-utils-4.17 xen-utils-common""".split()

# Of two that cannot stand in one Debian the second: unpacked alone, below /opt.
UNPACKED = ["openntpd"]

# What no test looks at and would only take time.
EXCLUDED = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"] + [
    "/lib/modules/*/kernel/" + one for one in (
        "sound/*", "drivers/gpu/*", "drivers/media/*", "drivers/net/wireless/*",
        "drivers/net/ethernet/*", "drivers/infiniband/*", "drivers/iio/*", "drivers/staging/*",
        "drivers/isdn/*", "drivers/usb/*", "drivers/hid/*", "drivers/input/*",
        "drivers/bluetooth/*", "drivers/comedi/*", "drivers/hwmon/*", "net/wireless/*",
        "net/mac80211/*", "net/bluetooth/*")]

# What would act on the disks or use the processor at a time of its own, load modules that must be
# asleep at first, or hold up the boot: the databases take long where the processor is emulated,
# cloud-init is waited for by sysinit.target. guest/furnish.sh starts what is asked while it runs.
MASKED = ["multipathd.service", "multipathd.socket", "multipath-tools.service",
          "mdmonitor.service", "lvm2-monitor.service", "lvm2-lvmpolld.socket",
          "dm-event.socket", "smartmontools.service", "nvmf-autoconnect.service",
          "nvmefc-boot-connections.service", "apt-daily.timer", "apt-daily-upgrade.timer",
          "e2scrub_all.timer", "fstrim.timer", "dpkg-db-backup.timer", "man-db.timer",
          "mdcheck_start.timer", "mdcheck_continue.timer", "mdmonitor-oneshot.timer",
          "e2scrub_reap.service", "getty@tty1.service", "serial-getty@ttyS0.service",
          "systemd-timesyncd.service", "systemd-networkd-wait-online.service",
          "apache2.service", "apache-htcacheclean.service", "apparmor.service", "auditd.service",
          "chrony.service", "ipmievd.service", "lm-sensors.service", "logrotate.timer",
          "nftables.service", "nginx.service", "podman.service", "podman.socket",
          "podman-auto-update.service", "podman-auto-update.timer", "podman-restart.service",
          "postfix.service", "postfix-resolvconf.path", "ras-mc-ctl.service", "rasdaemon.service",
          "systemd-resolved.service", "mariadb.service", "postgresql.service",
          "cloud-init-local.service", "cloud-init.service", "cloud-config.service",
          "cloud-final.service", "cloud-init-hotplugd.socket", "libvirtd.service",
          "libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket",
          "libvirt-guests.service", "systemd-machined.service", "NetworkManager.service",
          "NetworkManager-wait-online.service", "NetworkManager-dispatcher.service",
          "containerd.service", "docker.service", "docker.socket", "firewalld.service",
          "lvmlockd.service", "lvmlocks.service", "ntpsec.service", "ntpsec-rotate-stats.timer",
          "ntpsec-systemd-netif.path", "open-vm-tools.service", "vgauth.service", "snapd.service",
          "snapd.socket", "snapd.seeded.service", "snapd.apparmor.service",
          "snapd.snap-repair.timer", "snapd.autoimport.service", "snapd.core-fixup.service",
          "snapd.recovery-chooser-trigger.service", "snapd.system-shutdown.service",
          "xen.service", "xendomains.service", "openrc.service", "selinux-autorelabel.service"]

# Units of the laboratory, started at boot.
UNITS = ["lab-agent.service", "lab-failing.service"]

BYTES = 2600 << 20


def make(path, suite, kernel_package, kernel_version):
    """Makes the image at `path`: ext4, labelled labroot."""
    _make(path, suite, kernel_package, kernel_version, PACKAGES + ASKED, EXCLUDED)


def make_others(path, suite, kernel_package, kernel_version):
    """Makes the image of the second Debian at `path`, in which USB is seen."""
    excluded = [one for one in EXCLUDED if "drivers/usb" not in one]
    _make(path, suite, kernel_package, kernel_version, BASE + OTHERS, excluded, UNPACKED)


def _make(path, suite, kernel_package, kernel_version, names, excluded, unpacked=()):
    tree = path + ".tree"
    shutil.rmtree(tree, ignore_errors=True)
    try:
        _bootstrap(tree, suite, names + [kernel_package], excluded)
        for name in unpacked:
            packages.unpack(name, packages.candidate(name), os.path.join(tree, "opt", name))
        version = run("dpkg-query", "--admindir=" + os.path.join(tree, "var/lib/dpkg"), "-W",
                      "-f=${Version}", kernel_package)
        if version != kernel_version:
            raise Infrastructure("the guest got kernel %s, not %s" % (version, kernel_version))
        _configure(tree)
        with open(path, "wb") as image:
            image.truncate(BYTES)
        run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "labroot", "-E",
            "lazy_itable_init=1,nodiscard", "-d", tree, path)
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _bootstrap(tree, suite, names, excluded):
    sources = [name for name in
               ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*"))
               if os.path.isfile(name) and _has_suite(name, suite)]
    if not sources:
        raise Infrastructure("no file below /etc/apt names the suite " + suite)
    run("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
        "--include=" + ",".join(names),
        *["--dpkgopt=path-exclude=" + one for one in excluded],
        suite, tree, *sources, timeout=1800)


def _has_suite(name, suite):
    with open(name, encoding="utf-8", errors="replace") as text:
        content = text.read()
    return re.search(r"\b%s\b" % suite, content) and "/debian" in content


def _configure(tree):
    def put(name, text):
        path = os.path.join(tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def copy(source, name):
        with open(os.path.join(GUEST, source), encoding="utf-8") as text:
            put(name, text.read())

    units = "etc/systemd/system/"
    copy("agent.sh", "usr/local/sbin/lab-agent")
    for name in UNITS:
        copy(name, units + name)
    copy("multipath.conf", "etc/multipath.conf")
    copy("fstab", "etc/fstab")
    put("etc/hostname", "lab\n")
    put("etc/machine-id", "1ab0000000000000000000000000001a\n")
    put("etc/mdadm/mdadm.conf", "AUTO -all\n")
    put("etc/modules-load.d/lab.conf", "9pnet_virtio\n9p\n")
    put("etc/lvm/lvm.conf", "activation { monitoring = 0 }\n")
    # Else its generator looks for a data source on every disk, at boot and at each reload.
    put("etc/cloud/cloud-init.disabled", "")
    for name in MASKED:
        path = os.path.join(tree, units, name)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink("/dev/null", path)
    wants = os.path.join(tree, units, "multi-user.target.wants")
    os.makedirs(wants, exist_ok=True)
    for name in UNITS:
        os.symlink("/etc/systemd/system/" + name, os.path.join(wants, name))
    for name in ("lab", "srv", "boot/efi"):
        os.makedirs(os.path.join(tree, name), exist_ok=True)
    for pattern in ("var/cache/apt/*.bin", "var/lib/apt/lists/*_*"):
        for name in glob.glob(os.path.join(tree, pattern)):
            os.unlink(name)
