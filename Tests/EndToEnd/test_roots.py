"""`--root`: a mounted root of another distribution, from which nothing is run."""

import glob
import os
import re

import harness
import roots
from harness import COMPLETE, PARTIAL

# What each collector of the library must have of each root, below its folder.
EXPECTED = {
    "rhel": {
        "apache": ["configuration-listing.txt", "var/log/httpd/error_log",
                   "var/log/httpd/error_log-20260101"],
        "cloud": ["var/lib/cloud/data/status.json"],
        "hardware": ["etc/udev/udev.conf", "etc/sensors3.conf"],
        "md": ["etc/sysconfig/raid-check"],
        "processes": ["etc/security/limits.conf"],
        "smart": ["etc/smartmontools/smartd.conf", "etc/sysconfig/smartmontools"],
        "containers": ["etc/containers/registries.conf"],
        "firewall": ["etc/firewalld/firewalld.conf"],
        "kernel": ["etc/sysctl.conf", "etc/modprobe.d/demo.conf", "etc/tuned/active_profile",
                   "var/log/tuned/tuned.log", "boot/config-5.14.0-427.el9.x86_64"],
        "locale": ["etc/locale.conf", "etc/vconsole.conf"],
        "logging": ["etc/systemd/journald.conf", "etc/sysconfig/rsyslog"],
        "login": ["user-files-listing.txt", "etc/ssh/sshd_config", "etc/sysconfig/sshd",
                  "etc/authselect/authselect.conf", "etc/security/pwquality.conf.d/50-demo.conf"],
        "lvm": ["lvm-listing.txt", "etc/lvm/archive/rhel_00000-1804289383.vg"],
        "mail": ["configuration-listing.txt"],
        "mariadb": ["var/log/mariadb/mariadb.log"],
        "mysql": ["data-listing.txt"],
        "nginx": ["configuration-listing.txt", "var/log/nginx/error.log",
                  "var/log/nginx/error.log-20260101"],
        "network": ["etc/hosts", "etc/resolv.conf", "etc/nsswitch.conf",
                    "configuration-listing.txt"],
        "packages": ["var/lib/rpm/rpmdb.sqlite", "rpm-listing.txt", "subscription-listing.txt",
                     "var/lib/rhsm/cache/releasever.json"],
        "postgresql": ["var/lib/pgsql/data/PG_VERSION", "programs-listing.txt",
                       "var/lib/pgsql/16/data/PG_VERSION",
                       "var/lib/pgsql/data/log/postgresql-Mon.log"],
        "scheduled": ["etc/cron.deny", "var/spool/anacron/cron.daily"],
        "security": ["etc/selinux/config", "etc/crypto-policies/config",
                     "etc/crypto-policies/back-ends/openssh.config",
                     "etc/fapolicyd/compiled.rules"],
        "services": ["unit-files-listing.txt"],
        "time": ["etc/chrony.conf", "etc/adjtime"],
        "virtualization": ["etc/libvirt/libvirtd.conf", "etc/libvirt/virtnodedevd.conf"],
    },
    "suse": {
        "apache": ["configuration-listing.txt", "var/log/apache2/error_log"],
        "cloud": ["var/lib/cloud/data/status.json", "var/log/cloudregister"],
        "containers": ["etc/containers/registries.conf", "etc/containers/mounts.conf"],
        "firewall": ["etc/firewalld/firewalld.conf", "etc/firewalld/zones/public.xml"],
        "hardware": ["etc/udev/udev.conf", "etc/sensors3.conf"],
        "lvm": ["lvm-listing.txt", "etc/lvm/archive/system_00000-1804289383.vg"],
        "md": ["etc/sysconfig/mdadm"],
        "mysql": ["data-listing.txt", "configuration-listing.txt",
                  "var/lib/mysql/mysql_upgrade_info"],
        "nginx": ["etc/nginx/mime.types", "configuration-listing.txt", "var/log/nginx/error.log"],
        "postgresql": ["etc/sysconfig/postgresql", "programs-listing.txt",
                       "var/lib/pgsql/data/PG_VERSION",
                       "var/lib/pgsql/data/log/postgresql-2026-01-01_000000.log"],
        "processes": ["etc/security/limits.conf", "etc/sysconfig/ulimit"],
        "scheduled": ["etc/sysconfig/cron", "listing.txt"],
        "kernel": ["etc/sysctl.conf", "etc/modprobe.d/demo.conf",
                   "boot/sysctl.conf-5.14.21-150500.55.1-default"],
        "locale": ["etc/locale.conf"],
        "logging": ["etc/systemd/journald.conf", "etc/sysconfig/syslog"],
        "mail": ["etc/sysconfig/mail", "configuration-listing.txt"],
        "mariadb": ["var/log/mysql/mysqld.log", "var/lib/mysql/suse-rescue.err"],
        "smart": ["etc/smartd.conf"],
        "login": ["user-files-listing.txt", "etc/sysconfig/ssh", "etc/polkit-default-privs.local"],
        "network": ["etc/hosts", "etc/sysconfig/network/config",
                    "etc/sysconfig/network/ifsysctl-eth0", "etc/wicked/common.xml",
                    "var/lib/wicked/lease-eth0-dhcp-ipv4.xml", "configuration-listing.txt"],
        "packages": ["usr/lib/sysimage/rpm/Packages.db", "rpm-listing.txt",
                     "etc/products.d/SLES.prod", "etc/zypp/systemCheck"],
        "security": ["etc/apparmor/parser.conf", "etc/apparmor.d/usr.sbin.demo",
                     "etc/audit/auditd.conf"],
        "services": ["unit-files-listing.txt"],
        "time": ["etc/sysconfig/clock", "etc/chrony.conf", "etc/chrony.d/pool.conf"],
        "virtualization": ["etc/xen/xl.conf", "etc/libvirt/libvirtd.conf"],
    },
    "sles12": {
        "firewall": ["etc/sysconfig/SuSEfirewall2", "etc/sysconfig/SuSEfirewall2.d/services/sshd"],
        "locale": ["etc/sysconfig/language", "etc/sysconfig/console"],
        "packages": ["etc/SuSE-release", "var/lib/rpm/Packages"],
        "scheduled": ["etc/sysconfig/cron"],
        "time": ["etc/sysconfig/clock", "etc/sysconfig/ntp"],
    },
    "debian": {
        "apache": ["configuration-listing.txt"],
        "containers": ["etc/containers/registries.conf", "etc/containers/policy.json",
                       "configuration-listing.txt"],
        "firewall": ["etc/ufw/user.rules"],
        "hardware": ["etc/udev/udev.conf", "etc/udev/rules.d/99-demo.rules", "etc/sensors3.conf"],
        "lvm": ["lvm-listing.txt", "etc/lvm/archive/demo_00000-1804289383.vg"],
        "mail": ["etc/exim4/update-exim4.conf.conf", "etc/mailname", "var/log/exim4/paniclog",
                 "configuration-listing.txt", "exim-queues.txt"],
        "mariadb": ["var/log/mysql/mariadb.log"],
        "mysql": ["data-listing.txt", "var/lib/mysql/mysql_upgrade_info"],
        "nginx": ["etc/nginx/mime.types", "configuration-listing.txt", "var/log/nginx/error.log"],
        "postgresql": ["etc/postgresql/15/main/start.conf", "etc/postgresql/15/main/pg_ctl.conf",
                       "etc/postgresql-common/createcluster.conf", "programs-listing.txt",
                       "var/lib/postgresql/15/main/PG_VERSION", "data-listing.txt",
                       "var/log/postgresql/postgresql-15-main.log",
                       "var/log/postgresql/postgresql-15-main.log.1"],
        "processes": ["etc/security/limits.conf"],
        "scheduled": ["etc/default/cron", "listing.txt"],
        "smart": ["etc/smartd.conf", "etc/default/smartmontools", "smart-listing.txt",
                  "var/lib/smartmontools/smartd.DEMO_MODEL-DEMO00000001.ata.state"],
        "virtualization": ["etc/libvirt/libvirtd.conf", "etc/default/libvirt-guests"],
        "kernel": ["etc/sysctl.conf", "etc/modprobe.d/demo.conf", "dkms-listing.txt",
                   "var/lib/dkms/demo/1.0/build/make.log"],
        "locale": ["etc/default/locale", "etc/default/keyboard"],
        "logging": ["etc/systemd/journald.conf"],
        "login": ["user-files-listing.txt", "etc/login.defs", "etc/ssh/sshd_config"],
        "md": ["md-listing.txt"],
        "network": ["etc/hosts", "etc/resolv.conf", "etc/nsswitch.conf",
                    "configuration-listing.txt"],
        "packages": ["var/lib/dpkg/status", "var/lib/apt/extended_states", "var/log/dpkg.log",
                     "apt-listing.txt"],
        "security": ["etc/apparmor.d/usr.sbin.demo"],
        "services": ["etc/systemd/logind.conf", "unit-files-listing.txt"],
        "time": ["etc/systemd/timesyncd.conf", "etc/adjtime", "etc/linuxptp/ptp4l.conf"],
    },
    "devuan": {
        "packages": ["etc/debian_version", "var/lib/dpkg/status"],
        "services": ["sysvinit-listing.txt", "etc/default/rcS"],
    },
    "ubuntu": {
        "cloud": ["var/lib/cloud/data/status.json"],
        "logging": ["etc/systemd/journald.conf"],
        "login": ["etc/ssh/sshd_config"],
        "packages": ["etc/lsb-release", "var/lib/dpkg/status", "snap-listing.txt",
                     "var/lib/ubuntu-release-upgrader/release-upgrade-available"],
        "network": ["etc/hosts", "resolver-listing.txt"],
        "security": ["etc/apparmor.d/usr.sbin.demo"],
        "time": ["etc/systemd/timesyncd.conf"],
    },
    "fedora": {
        "kernel": ["lib/modules/6.14.0-63.fc42.x86_64/config"],
        "containers": ["etc/containers/registries.conf"],
        "firewall": ["etc/firewalld/firewalld.conf"],
        "locale": ["etc/locale.conf"],
        "login": ["user-files-listing.txt", "etc/ssh/sshd_config"],
        "network": ["etc/NetworkManager/NetworkManager.conf"],
        "packages": ["etc/redhat-release", "etc/fedora-release", "etc/dnf/versionlock.toml",
                     "usr/lib/sysimage/rpm/rpmdb.sqlite", "rpm-listing.txt"],
        "security": ["etc/selinux/config", "etc/crypto-policies/config"],
        "time": ["etc/chrony.conf"],
    },
    "alpine": {
        "apache": ["configuration-listing.txt"],
        "cloud": ["etc/cloud/ds-identify.cfg", "var/lib/cloud/data/status.json"],
        "hardware": ["etc/udev/udev.conf", "etc/sensors3.conf"],
        "lvm": ["lvm-listing.txt", "etc/lvm/archive/vg0_00000-1804289383.vg"],
        "mail": ["configuration-listing.txt"],
        "mariadb": ["var/lib/mysql/alpine-rescue.err"],
        "mysql": ["data-listing.txt", "configuration-listing.txt",
                  "var/lib/mysql/mysql_upgrade_info"],
        "nginx": ["etc/nginx/mime.types", "configuration-listing.txt", "var/log/nginx/error.log"],
        "processes": ["etc/security/limits.conf"],
        "security": ["etc/apparmor/parser.conf", "etc/audit/auditd.conf"],
        "smart": ["etc/smartd.conf", "etc/conf.d/smartd"],
        "login": ["user-files-listing.txt", "etc/ssh/sshd_config"],
        "network": ["etc/hosts", "etc/resolv.conf", "configuration-listing.txt"],
        "packages": ["lib/apk/db/installed", "etc/apk/world"],
        "containers": ["var/log/docker.log", "var/log/containerd.log"],
        "locale": ["etc/conf.d/loadkmap"],
        "postgresql": ["var/lib/postgresql/16/data/PG_VERSION", "programs-listing.txt",
                       "var/log/postgresql/postmaster.log"],
        "scheduled": ["etc/conf.d/crond", "listing.txt"],
        "virtualization": ["etc/conf.d/qemu-guest-agent"],
        "services": ["etc/rc.conf", "openrc-listing.txt"],
        "kernel": ["etc/sysctl.conf", "lib/sysctl.d/00-alpine.conf"],
        "firewall": ["etc/nftables.nft", "etc/nftables.d/demo.nft", "etc/iptables/rules-save"],
        "logging": ["etc/syslog.conf", "etc/conf.d/syslog", "etc/conf.d/klogd"],
        "time": ["etc/chrony/chrony.conf", "etc/conf.d/chronyd", "etc/conf.d/hwclock"],
    },
    "server": {
        "hardware": ["sys/class/dmi/id/sys_vendor", "sys/devices/system/edac/mc/mc0/ue_count",
                     "sys/devices/system/edac/mc/mc0/dimm0/dimm_label",
                     "sys/devices/system/edac/mc/mc0/csrow0/ch0_ce_count",
                     "sys/devices/system/edac/pci/pci0/pe_count",
                     "sys/class/hwmon/hwmon0/temp1_input"],
        "kernel": ["sys/kernel/livepatch/demo/enabled",
                   "sys/kernel/livepatch/demo/vmlinux/demo_function,1/patched",
                   *(["sys/kernel/debug/extfrag/extfrag_index"] if os.geteuid() == 0 else [])],
        "md": ["proc/mdstat", "etc/sysconfig/raid-check"],
        "network": ["proc/net/bonding/bond0", "sys/class/net/bonding_masters",
                    "sys/class/net/bond0/bonding/mode",
                    "sys/class/net/eth0/bonding_slave/mii_status"],
        "nvme": ["nvme-listing.txt", "sys/module/nvme_core/parameters/io_timeout"],
        "processes": ["proc/7/status", "etc/security/limits.conf"],
        "smart": ["etc/smartmontools/smartd.conf",
                  "var/lib/smartmontools/smartd.DEMO-1.ata.state"],
        "time": ["proc/driver/rtc"],
    },
}
# What a kernel's own files give of each family, when roots/kernel.txt is laid over its root.
OF_A_KERNEL = {
    "hardware": ["sys/class/dmi/id/sys_vendor"],
    "md": ["proc/mdstat", "sys/module/md_mod/parameters/new_array", "run/mdadm/map",
           "md-listing.txt"],
    "nvme": ["nvme-listing.txt", "sys/module/nvme_core/parameters/io_timeout"],
    "processes": ["proc/7/status", "proc/7/limits"],
}

# The families that the library is written for, by their roots.
FAMILIES = {"debian": ["debian", "ubuntu"], "rhel": ["rhel", "fedora"], "suse": ["suse", "sles12"],
            "alpine": ["alpine"]}

# Why a collector has nothing of the disks of a family alone. What is no command is in OF_A_KERNEL.
COMMANDS_ALONE = "it is commands alone, for which its daemon must run"
NOTHING_ON_DISK = {
    **{("multipath", family): COMMANDS_ALONE for family in FAMILIES},
    **{("nvme", family): "it applies where sysfs has a controller" for family in FAMILIES},
    ("md", "alpine"): "mdadm's configuration is in storage/, and the rest is the kernel's",
}

# What stands in some of the artifacts, at least one of each root.
CONTENT = {
    "debian": {
        "lvm/etc/lvm/archive/demo_00000-1804289383.vg": r'^creation_host = "debian-rescue"',
        "mail/etc/exim4/update-exim4.conf.conf": r"^dc_smarthost='relay\.example::587'$",
        "nginx/configuration-listing.txt": r"sites-enabled/default -> /etc/nginx/sites-avail",
        "packages/var/lib/dpkg/status": r"^Status: install ok half-configured$",
        "postgresql/programs-listing.txt": r"/usr/lib/postgresql/15/bin/postgres$",
        "postgresql/data-listing.txt": r"000000010000000000000001$",
        "smart/etc/smartd.conf": r"^DEVICESCAN .*smartd-runner$",
    },
    "ubuntu": {
        "packages/etc/lsb-release": r"^DISTRIB_ID=Ubuntu$",
        "network/resolver-listing.txt": r"/etc/resolv\.conf -> .*/stub-resolv\.conf$",
    },
    "devuan": {
        "services/sysvinit-listing.txt": r"/etc/rc2\.d/S02ssh -> \.\./init\.d/ssh$",
        "packages/var/lib/dpkg/status": r"^Package: sysvinit-core$",
    },
    "rhel": {
        "lvm/etc/lvm/archive/rhel_00000-1804289383.vg": r'^creation_host = "rhel-rescue"',
        "md/etc/sysconfig/raid-check": r"^CHECK=check$",
        "postgresql/programs-listing.txt": r"/usr/pgsql-16/bin/postgres$",
        "security/etc/selinux/config": r"^SELINUX=enforcing$",
    },
    "fedora": {
        "packages/etc/fedora-release": r"^Fedora release 42 ",
        "security/etc/crypto-policies/config": r"^DEFAULT$",
    },
    "suse": {
        "firewall/etc/firewalld/firewalld.conf": r"^FirewallBackend=nftables$",
        "md/etc/sysconfig/mdadm": r"^MDADM_SCAN=yes$",
        "mysql/data-listing.txt": r"/var/log/mysql/mysqld\.log$",
        "packages/etc/products.d/SLES.prod": r"<name>SLES</name><version>15\.5<",
        "postgresql/programs-listing.txt": r"/usr/lib/postgresql15/bin/postgres$",
        "scheduled/etc/sysconfig/cron": r'^MAX_DAYS_IN_TMP="0"$',
        "scheduled/listing.txt": r"/var/spool/cron/lastrun/cron\.daily$",
    },
    "sles12": {
        "firewall/etc/sysconfig/SuSEfirewall2": r'^FW_DEV_EXT="eth0"$',
        "packages/etc/SuSE-release": r"^PATCHLEVEL = 5$",
    },
    "alpine": {
        "packages/lib/apk/db/installed": r"^P:alpine-base$",
        "postgresql/programs-listing.txt": r"/usr/libexec/postgresql16/postgres$",
        "services/openrc-listing.txt": r"/etc/runlevels/boot/hostname -> /etc/init\.d/hostname$",
        "time/etc/conf.d/hwclock": r'^clock="UTC"$',
    },
    "server": {"md/proc/mdstat": r"^Personalities : \[raid1\]$"},
}
LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Collectors")


def secret_patterns(text):
    """The patterns of files that a declaration says may hold secrets."""
    patterns = []
    for item in re.split(r"(?m)^  - ", text)[1:]:
        if item.startswith("files:") and re.search(r"(?m)^    secrets: true", item):
            item = re.sub(r"(?m)^    exclude:.*$", "", item)
            patterns += re.findall(r'[\s\["](/[^\s"#]*[^\s"#,\]])', item)
    return patterns


def examples(pattern):
    """One path for each way through the braces of a pattern, which it matches."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found:
        return [path for word in found[1].split(",")
                for path in examples(pattern[:found.start()] + word + pattern[found.end():])]
    path = re.sub(r"\[!?([^\]])[^\]]*\]", r"\1", pattern)
    return [path.replace("**", "any/x").replace("*", "x").replace("?", "x")]



class RootTest(harness.Case):
    """What a rescue system gets of a host that does not start."""

    def collected(self, *names):
        """The manifest of a run over the whole of a root, and its host folder."""
        root = self.path("root")
        os.makedirs(root)
        for name in names:
            roots.make(name, root)
        self.collect("--root", root, "--profile", "full", expected=(COMPLETE, PARTIAL))
        return harness.manifest(self.output), harness.host_folder(self.output)

    def check(self, name, has_kernel=False):
        manifest, folder = self.collected(name)
        self.assertEqual(manifest["host"]["name"], name + "-rescue")
        self.assertEqual([one["outcome"] for one in manifest["reports"]],
                         ["complete"] * len(manifest["reports"]))
        paths = {one["path"] for one in manifest["artifacts"]}
        lacking = ["%s/%s" % (collector, path) for collector, files in EXPECTED[name].items()
                   for path in files if "%s/%s" % (collector, path) not in paths]
        self.assertEqual(lacking, [])
        self.assertTrue(CONTENT[name])
        for path, pattern in CONTENT[name].items():
            text = harness.content(os.path.join(folder, path)).decode()
            self.assertRegex(text, "(?m)" + pattern, path)
        # Where a password may stand as an argument of a module.
        self.assertEqual([one for one in paths if one.startswith("login/etc/pam.d/")], [])
        # Where a hash stands on a host without shadow, and the program that leaves it out cannot run.
        self.assertEqual(paths & {"login/etc/passwd", "login/etc/group", "login/users.txt"}, set())
        # Without the hash the program's own code reads them.
        if os.path.exists(os.path.join(self.path("root"), "etc", "passwd")):
            users = harness.content(os.path.join(folder, "system", "users.txt")).decode()
            self.assertRegex(users, r"(?m)^root:0:0:")
        self.assertEqual([one for one in paths if one.endswith("/commands.json")], [])
        absent = {one["what"]: one.get("why", "") for one in manifest["absent"]}
        self.assertTrue(any("no command runs for a root" in why for why in absent.values()))
        self.assertEqual(any("no kernel runs from this root" in why for why in absent.values()),
                         not has_kernel)
        # Nobody is told to be root for what no right can give.
        self.assertEqual([one for one in manifest["missing"] if "run as root" in one.get("remedy", "")
                          and os.geteuid() == 0], [])
        with open(os.path.join(folder, "summary.txt"), encoding="utf-8") as file:
            summary = " ".join(file.read().split())
        self.assertIn("nothing was run from it", summary)
        self.assertRegex(summary, r"[0-9]+ commands? not run")
        self.assertEqual("left out that only a running kernel has" in summary, not has_kernel)
        if has_kernel:
            self.assertTrue(any("multipathd" in what for what in absent), sorted(absent))
        for directory, _, names in os.walk(folder):
            for one in names:
                with open(os.path.join(directory, one), "rb") as file:
                    self.assertNotIn(b"planted-", file.read(), os.path.join(directory, one))

    def test_each_collector_of_the_library_is_run_over_a_root(self):
        """Of each family: something of it is on its disks, or a reason says why nothing is, and then
        its kernel's files give it, but for commands alone."""
        library = {os.path.basename(one)[:-5] for one in glob.glob(LIBRARY + "/*.yaml")}
        whole = {(collector, family) for collector in library for family in FAMILIES}
        run = {(collector, family) for family, names in FAMILIES.items()
               for name in names for collector, files in EXPECTED[name].items() if files}
        self.assertEqual(run | set(NOTHING_ON_DISK), whole)
        self.assertEqual(run & set(NOTHING_ON_DISK), set())
        self.assertEqual({collector for (collector, _), why in NOTHING_ON_DISK.items()
                          if why != COMMANDS_ALONE} - set(OF_A_KERNEL), set())
        for path in glob.glob(LIBRARY + "/*.yaml"):
            with open(path, encoding="utf-8") as file:
                has_files = re.search(r"(?m)^  - (?:files|listing):", file.read()) is not None
            name = os.path.basename(path)[:-5]
            self.assertEqual(NOTHING_ON_DISK.get((name, "debian")) == COMMANDS_ALONE,
                             not has_files, name)

    def check_kernel(self, name):
        """What the kernel's files give, with the conditions that they fulfil."""
        manifest, folder = self.collected(name, "kernel")
        paths = {one["path"] for one in manifest["artifacts"]}
        lacking = ["%s/%s" % (collector, path) for collector, files in OF_A_KERNEL.items()
                   for path in files if "%s/%s" % (collector, path) not in paths]
        self.assertEqual(lacking, [])
        self.assertRegex(harness.content(os.path.join(folder, "md", "proc", "mdstat")).decode(),
                         r"(?m)^md0 : active raid1 ")
        self.assertRegex(
            harness.content(os.path.join(folder, "nvme", "nvme-listing.txt")).decode(),
            r"(?m)/etc/nvme/hostnqn$")
        absent = {one["what"]: one.get("why", "") for one in manifest["absent"]}
        self.assertIn("no command runs for a root", absent.get("multipathd show topology", ""))

    def test_a_kernel_over_a_root_of_debian(self):
        self.check_kernel("debian")

    def test_a_kernel_over_a_root_of_rhel(self):
        self.check_kernel("rhel")

    def test_a_kernel_over_a_root_of_suse(self):
        self.check_kernel("suse")

    def test_a_kernel_over_a_root_of_alpine(self):
        self.check_kernel("alpine")

    def test_a_root_of_a_server_with_its_procfs(self):
        self.check("server", has_kernel=True)

    def test_a_root_of_rhel(self):
        self.check("rhel")

    def test_a_root_of_suse(self):
        self.check("suse")

    def test_a_root_of_suse_12(self):
        self.check("sles12")

    def test_a_root_of_devuan(self):
        self.check("devuan")
        # Nothing of another manager is looked for there.
        paths = {one["path"] for one in harness.manifest(self.output)["artifacts"]}
        self.assertNotIn("services/openrc-listing.txt", paths)

    def test_a_root_of_debian(self):
        self.check("debian")

    def test_a_root_of_ubuntu(self):
        self.check("ubuntu")

    def test_a_root_of_fedora(self):
        self.check("fedora")

    def test_a_password_in_each_file_that_may_hold_one_is_not_collected(self):
        root = self.path("root")
        planted = set()
        for path in glob.glob(os.path.join(LIBRARY, "*.yaml")):
            with open(path, encoding="utf-8") as file:
                patterns = secret_patterns(file.read())
            for pattern in patterns:
                for name in examples(pattern):
                    whole = root + name
                    try:
                        os.makedirs(os.path.dirname(whole), exist_ok=True)
                        roots.write(whole, "password = planted-%s\n" % os.path.basename(path))
                    except (IsADirectoryError, NotADirectoryError, FileExistsError):
                        continue
                    planted.add(name)
        self.assertGreater(len(planted), 150)
        self.collect("--root", root, "--profile", "full", expected=(COMPLETE, PARTIAL))
        paths = {one["path"].split("/", 1)[-1]
                 for one in harness.manifest(self.output)["artifacts"]}
        self.assertEqual(sorted(name for name in planted if name[1:] in paths), [])
        for directory, _, names in os.walk(harness.host_folder(self.output)):
            for name in names:
                with open(os.path.join(directory, name), "rb") as file:
                    self.assertNotIn(b"planted-", file.read(), os.path.join(directory, name))

    def test_a_root_of_alpine(self):
        self.check("alpine")

    def test_the_plan_of_a_root_says_that_no_command_runs(self):
        root = self.path("root")
        os.makedirs(root)
        roots.make("alpine", root)
        outcome = harness.run("plan", "--root", root, "--profile", "full", "-v")
        self.assertEqual(outcome.status, COMPLETE, str(outcome))
        self.assertIn("Plan of alpine-rescue, root " + root, outcome.out)
        self.assertIn(" 0 commands, 0 probes,", outcome.out)
        self.assertIn("no command runs for a root that is not the running host's", outcome.out)
