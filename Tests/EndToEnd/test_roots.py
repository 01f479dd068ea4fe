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
        "containers": ["etc/containers/registries.conf"],
        "firewall": ["etc/firewalld/firewalld.conf"],
        "kernel": ["etc/sysctl.conf", "etc/modprobe.d/demo.conf", "etc/tuned/active_profile",
                   "var/log/tuned/tuned.log", "boot/config-5.14.0-427.el9.x86_64"],
        "locale": ["etc/locale.conf", "etc/vconsole.conf"],
        "logging": ["etc/systemd/journald.conf", "etc/sysconfig/rsyslog"],
        "login": ["user-files-listing.txt", "etc/ssh/sshd_config", "etc/sysconfig/sshd",
                  "etc/authselect/authselect.conf", "etc/security/pwquality.conf.d/50-demo.conf"],
        "lvm": ["lvm-listing.txt"],
        "mail": ["configuration-listing.txt"],
        "mariadb": ["var/log/mariadb/mariadb.log"],
        "mysql": ["data-listing.txt"],
        "nginx": ["configuration-listing.txt", "var/log/nginx/error.log",
                  "var/log/nginx/error.log-20260101"],
        "network": ["etc/hosts", "etc/resolv.conf", "etc/nsswitch.conf",
                    "configuration-listing.txt"],
        "packages": ["var/lib/rpm/rpmdb.sqlite", "rpm-listing.txt", "subscription-listing.txt",
                     "var/lib/rhsm/cache/releasever.json"],
        "postgresql": ["var/lib/pgsql/data/PG_VERSION",
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
        "security": ["etc/apparmor/parser.conf", "etc/apparmor.d/usr.sbin.demo"],
        "services": ["unit-files-listing.txt"],
        "time": ["etc/sysconfig/clock", "etc/chrony.conf", "etc/chrony.d/pool.conf"],
        "virtualization": ["etc/xen/xl.conf"],
    },
    "debian": {
        "apache": ["configuration-listing.txt"],
        "firewall": ["etc/ufw/user.rules"],
        "kernel": ["etc/sysctl.conf", "etc/modprobe.d/demo.conf", "dkms-listing.txt",
                   "var/lib/dkms/demo/1.0/build/make.log"],
        "locale": ["etc/default/locale", "etc/default/keyboard"],
        "logging": ["etc/systemd/journald.conf"],
        "login": ["user-files-listing.txt", "etc/login.defs", "etc/ssh/sshd_config"],
        "md": ["md-listing.txt"],
        "network": ["etc/hosts", "etc/resolv.conf", "etc/nsswitch.conf"],
        "packages": ["var/lib/dpkg/status", "var/lib/apt/extended_states", "var/log/dpkg.log",
                     "apt-listing.txt"],
        "postgresql": ["var/log/postgresql/postgresql-15-main.log",
                       "var/log/postgresql/postgresql-15-main.log.1"],
        "security": ["etc/apparmor.d/usr.sbin.demo"],
        "services": ["etc/systemd/logind.conf", "unit-files-listing.txt"],
        "time": ["etc/systemd/timesyncd.conf", "etc/adjtime", "etc/linuxptp/ptp4l.conf"],
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
        "login": ["user-files-listing.txt", "etc/ssh/sshd_config"],
        "network": ["etc/hosts", "etc/resolv.conf", "configuration-listing.txt"],
        "packages": ["lib/apk/db/installed", "etc/apk/world"],
        "containers": ["var/log/docker.log", "var/log/containerd.log"],
        "locale": ["etc/conf.d/loadkmap"],
        "postgresql": ["var/lib/postgresql/16/data/PG_VERSION",
                       "var/log/postgresql/postmaster.log"],
        "scheduled": ["etc/conf.d/crond", "listing.txt"],
        "virtualization": ["etc/conf.d/qemu-guest-agent"],
        "services": ["etc/rc.conf"],
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


# Those that are commands alone: nothing of them is on a root.
COMMANDS_ALONE = {"multipath"}


class RootTest(harness.Case):
    """What a rescue system gets of a host that does not start."""

    def collected(self, name):
        """The manifest of a run over the whole of a root, and its host folder."""
        root = self.path("root")
        os.makedirs(root)
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
        library = {os.path.basename(one)[:-5] for one in glob.glob(LIBRARY + "/*.yaml")}
        run = {collector for files in EXPECTED.values() for collector in files}
        self.assertEqual(library - run, COMMANDS_ALONE)
        self.assertEqual(run - library, set())

    def test_a_root_of_a_server_with_its_procfs(self):
        self.check("server", has_kernel=True)

    def test_a_root_of_rhel(self):
        self.check("rhel")

    def test_a_root_of_suse(self):
        self.check("suse")

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
