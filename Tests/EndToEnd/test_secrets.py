"""Secrets: each pattern of the library has a file with one, and what comes through is known.

A pattern is marked `secrets` in its declaration, or stands on the list below with the reason why
such a file holds none. Either way its file must be planted, and found without the marks.
"""

import fnmatch
import glob
import gzip
import json
import lzma
import os
import re
import subprocess

import harness
from harness import COMPLETE, PARTIAL

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Collectors")

ALLOWED = """
the kernel's own text, typed by nobody; parameters that speak of a password or key are excluded
  * /proc/* /sys/[!k]* /sys/kernel/[!d]* /sys/kernel/debug/[!k]* /sys/kernel/debug/k[pv]*
of the package or the distribution, as it was shipped
  * /usr/etc/* /usr/lib/[!n]* /usr/local/* /usr/share/*
  kernel /lib/sysctl.d/* /lib/{modules-load* /boot/config-* /boot/sysctl.conf-* /lib/modules/*
  packages /etc/{fedora,* /etc/products.d/*
  packages /etc/{debian_version,* /etc/dpkg/origins/* /etc/dpkg/shlibs.* /var/lib/ubuntu-release*
  cloud /etc/cloud/build.info /etc/cloud/version
  virtualization /etc/vmware-tools/{tools.conf,vgauth.conf,manifest.txt} /etc/vmware/locations
state that a program keeps: names, times, counters and versions
  cloud /run/cloud-init/{* /var/lib/cloud/* /run/metadata/* /run/ignition.env /etc/.ignition-*
  cloud /etc/google_instance_id
  containers /var/lib/kubelet/*_manager_state /run/flannel/subnet.env
  containers /var/lib/containers/storage/overlay-images/images.json
  logging /var/lib/*logrotate*
  login /run/* /etc/nologin
  lvm /etc/lvm/archive/*.vg /etc/lvm/devices/backup/*
  md /run/mdadm/{map,*.pid}
  mysql /var/lib/{mysql,percona-xtradb-cluster}/{grastate.dat,gvwstate.dat,mysql_upgrade_info,*
  network /run/systemd/resolve/* /run/NetworkManager/*resolv.conf /run/netconfig/*
  network /run/systemd/netif/* /run/network/ifstate* /var/lib/*
  packages /run/reboot-* /boot/do_purge_kernels /var/lib/update-notifier/* /var/lib/zypp/Last*
  packages /run/zypp.pid /var/lib/misc/* /var/lib/rhsm/cache/*
  postgresql /var/lib/p*{PG_VERSION,* /var/lib/p*{backup_label,*
  scheduled /var/spool/anacron/*
  services /run/openrc/*
  smart /var/lib/smartmontools/*
  time /var/lib/* /var/db/ntpd.drift /etc/adjtime /run/chrony-dhcp/*.sources
databases of packages: names, versions, hashes, and pins by name or origin
  packages /var/lib/dpkg/* /var/lib/apt/* /etc/apt/preferences* /lib/apk/db/* /etc/apk/[wap]*
  packages /etc/dnf/[mp]*.d/* */versionlock.* /etc/zypp/locks /etc/zypp/vendors.d/*
  packages /etc/zypp/multiversion.d/* /etc/zypp/systemCheck* /var/lib/rpm/*
tables of names, numbers, addresses or times, without a place for a password
  locale /etc/locale* /etc/vconsole.conf /etc/machine-info /etc/ld.so.* /etc/inputrc
  locale /etc/default/[!e]* /etc/conf.d/{keymaps,* /etc/sysconfig/{i18n,* /etc/timezone
  login /etc/sub[ug]id /etc/shells /etc/securetty /etc/login.defs* /etc/default/useradd
  login /etc/adduser.conf
  kernel /etc/modules /etc/rtgroups /{etc,run}/{modules-load,*
  mail /etc/mailname
  network /etc/hosts /etc/hostname /etc/host.conf /etc/HOSTNAME /etc/networks /etc/gai.conf
  network /etc/{services,* /etc/nsswitch.conf
  network /etc/nscd.conf /etc/resolv* /etc/systemd/resolved.conf* /etc/iproute2/** /etc/ethertypes
  network /etc/yp.conf /etc/udhcpc/udhcpc.conf
  network /etc/sysconfig/network /etc/sysconfig/network/{* /etc/sysconfig/network-scripts/{*
  nginx /etc/nginx/mime.types
  scheduled /etc/cron.{allow,deny} /etc/at.{allow,deny}
  time /etc/timezone /etc/sysconfig/clock /etc/*/hwclock /etc/ntp/{step-tickers,ntpservers}
packet filters: rules, names and addresses
  firewall /etc/sysconfig/SuSEfirewall2.d/*
  firewall /etc/nftables* /etc/sysconfig/nftables.conf /etc/sysconfig/{iptables,*,ipset}
  firewall /etc/iptables/* /etc/awall/* /etc/firewalld/*.xml /etc/ufw/[*].rules* /etc/ufw/app*
kernel settings; of the keys that sysctl can hold, which are no logins, README.md tells
  kernel /etc/sysctl.conf /{etc,run}/sysctl.d/*
  firewall /etc/ufw/{ufw,sysctl}.conf
limits, labels and rules of access: subjects, objects and permissions
  processes /etc/security/limits.* /etc/cg* /etc/sysconfig/{cgconfig,*
  login /etc/security/{access,* /etc/security/{limits,namespace}.d/* /etc/security/pwquality*
  login /etc/authselect/* /etc/sysconfig/authconfig
  login /etc/polkit-1/localauthority.conf.d/* /etc/polkit-default-privs.*
  security /etc/selinux/* /var/lib/selinux/* /etc/sestatus.conf /etc/apparmor* /etc/ima/ima-policy
  security /etc/fapolicyd/* /etc/libssh/*
  security /etc/default/ima* /etc/system-fips /etc/crypto-policies/* /etc/gnutls/config
  security /etc/audit/audit* /etc/audit/rules.d/*.rules /etc/audit/plugins.d/*.conf
  security /etc/audit/*-remote.conf /etc/audisp/**/*.conf
  services /etc/dbus-1/*
options whose keys and passwords stand in files of their own, which are named and never read
  containers /etc/containers/{* /etc/containers/networks/* /etc/crictl.yaml /etc/crio/seccomp.json
  login /etc/ssh/{sshd_config,* /etc/default/ssh /etc/sysconfig/{sshd,* /etc/krb5.conf*
  login /etc/sudo.conf
  logging /etc/systemd/{journald* /run/systemd/journald.conf.d/*.conf
  network /etc/NetworkManager/*.conf /etc/wicked/[*].xml /etc/wicked/extensions/*
  network /etc/systemd/network/**/*.{network,conf} /etc/systemd/networkd.conf*
  network /run/systemd/network/*.network
  time /etc/chrony* /etc/linuxptp/[*].conf /etc/ptp4l.conf /etc/ntpd.conf /etc/openntpd/ntpd.conf
  virtualization /etc/libvirt/{libvirt,* /etc/xen/xl.conf /etc/qemu*.conf
  virtualization /etc/libvirt/qemu/networks/*.xml /etc/libvirt/nwfilter/*.xml
  virtualization /var/lib/libvirt/dnsmasq/*.{conf,status,leases} /etc/vmware/config
options of a daemon, by documentation or by the comments they are shipped with
  cloud /etc/cloud/ds-identify.cfg /etc/waagent.conf /etc/default/instance_configs.cfg
  firewall /etc/sysconfig/{*-config /etc/sysconfig/SuSEfirewall2 /etc/sysconfig/firewalld
  firewall /etc/firewalld/firewalld.conf /etc/conf.d/* /etc/default/ufw
  hardware /etc/numad.conf /etc/udev/udev.conf /etc/sensors*
  kernel /etc/tuned/*
  logging /etc/syslog.conf /etc/conf.d/{syslog,* /etc/sysconfig/{rsyslog,*
  mail /etc/exim4/update-exim4.conf.conf /etc/sysconfig/{postfix,* /etc/default/exim4
  md /etc/sysconfig/*
  packages /etc/dpkg/dpkg.cfg*
  postgresql /etc/postgresql/*/*/{start,* /etc/postgresql-common/* /etc/*/postgresql
  scheduled /etc/default/cron /etc/sysconfig/{cron,* /etc/conf.d/crond
  services /etc/systemd/{logind,* /etc/systemd/system-preset/*
  services /etc/tmpfiles.d/*.conf /run/tmpfiles.d/*.conf /etc/sysusers.d/*.conf
  services /etc/rc.conf* /etc/default/rcS /etc/sysconfig/init
  smart /etc/smart* /etc/[cd]*/smart* /etc/sysconfig/smart*
  time /etc/systemd/timesyncd.conf /{etc,run}/systemd/* /etc/{default,* /etc/sysconfig/{ptp4l,*
  virtualization /etc/conf.d/qemu-guest-agent
  virtualization /etc/default/qemu-guest-agent /etc/sysconfig/qemu-ga /etc/{default,sysconfig}/*
modules to load and ports alone; the rest of the folder is withheld
  apache /etc/apache2/mods-enabled/*.load /etc/apache2/ports.conf /etc/httpd/conf.modules.d/*.conf
names and attributes of devices; what udev is to run stands by its name, and seldom has an argument
  hardware,network /etc/udev/rules.d/*
  nvme /{etc,lib}/udev/rules.d/*
options of modules, which a case of storage needs; of their lines only `install` and `remove` have a
command, with anything as argument: hence sensitive
  kernel /etc/modprobe.conf /{etc,run}/modprobe.d/*
logs, masked when redaction exists; those that write credentials in ordinary use are withheld
  apache,containers,firewall,hardware,kernel,mail,nginx,services,time /var/log/*
  kernel /var/lib/dkms/*
  cloud /var/log/waagent.log /var/log/amazon/* /var/log/cloudregister
  mariadb /var/log/mariadb/* /var/log/mysql/* /var/lib/mysql/[*].err
  packages /var/log/dpkg.log* /var/log/apt/eipp.log{,.xz} /var/log/{hawkey,yum}.log
  packages /var/log/unattended-upgrades/unattended-upgrades{,-shutdown}.log
  virtualization /var/log/qemu-ga/* /var/log/vmware* /var/log/libvirt/{* /var/log/xen/*
  postgresql /var/log/* /var/lib/postgresql/*/{log,pg_log}/*.log /var/lib/pgsql/*{log,pg_log}/*.log
  cloud /run/cloud-init/cloud-init-generator.log
"""

# Beside files of patterns, and never read by anything.
NEVER = """/etc/shadow /etc/gshadow /etc/security/opasswd /etc/ssh/ssh_host_rsa_key
/root/.ssh/id_rsa /root/.my.cnf /root/.docker/config.json /proc/1/environ /proc/7/environ
/proc/7/cmdline /etc/ntp/keys /etc/chrony.keys /etc/chrony/chrony.keys /etc/multipath/prkeys
/var/lib/cloud/instance/user-data.txt /etc/mysql/debian.cnf /etc/postfix/sasl_passwd
/etc/exim4/passwd.client /etc/apt/auth.conf /etc/apt/auth.conf.d/x.conf /etc/kubernetes/admin.conf
/run/containers/0/auth.json /etc/wpa_supplicant/wpa_supplicant.conf /etc/ppp/chap-secrets
/etc/libvirt/auth.conf /etc/libvirt/secrets/x.base64 /var/lib/snapd/state.json /etc/credstore/x
/etc/cryptsetup-keys.d/x.key /etc/ssl/private/x.key /etc/nginx/x.key /etc/audit/zos-remote.conf
/sys/firmware/qemu_fw_cfg/by_name/opt/x/raw /etc/iscsi/x.key /etc/lvm/archive/x""".split()
# What the collectors of code read and mask, with a secret as such a file has it.
MASKED = {
    "/etc/fstab": "//server/share /mnt cifs username=user,password=%s 0 0",
    "/etc/crypttab": "data /dev/sdb1 pkcs11:token=x;pin-value=%s luks",
    "/etc/iscsi/iscsid.conf": "node.session.auth.password = %s",
    "/etc/iscsi/nodes/target/portal/default": "node.session.auth.password_in = %s",
    "/etc/nvme/config.json": '[{"hostnqn": "nqn.x", "dhchap_key": "DHHC-1:00:%s:"}]',
    "/etc/nvme/discovery.conf": "-t tcp -a 10.0.0.1 --dhchap-secret=DHHC-1:00:%s:",
    "/etc/multipath.conf": "defaults {\n reservation_key 0x%s\n}",
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX="rd.iscsi.password=%s quiet"',
    "/etc/grub.d/01_users": "password_pbkdf2 root grub.pbkdf2.sha512.10000.%s",
    "/etc/sysconfig/kdump": 'KDUMP_SAVEDIR="ftp://user:%s@server.example/dump"',
    "/etc/lilo.conf": "password=%s",
    "/boot/grub2/user.cfg": "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.%s",
    "/boot/loader/entries/a.conf": "title a\noptions root=/dev/sda1 luks.passphrase=%s",
    "/boot/extlinux/extlinux.conf": "menu master passwd %s",
    "/boot/cmdline.txt": "console=tty1 cifspassword=%s",
}
# What makes the conditions of items true, in every root.
TRAITS = {"/proc/sys/kernel/osrelease": "6.1.0\n", "/sys/module/kvm/refcnt": "0\n",
          "/sys/class/nvme/nvme0/state": "live\n", "/etc/nginx/nginx.conf": "\n",
          "/usr/sbin/mariadbd": "\n"}
# What the condition of an item wants to be absent, and the second root has not.
LEFT_OUT = re.compile(r"/(boot/config-|usr/lib/(sysctl|modprobe)\.d|run/systemd/"
                      r"|usr/share/rpm/"
                      r"|sys/fs/cgroup/cgroup\.controllers)")
TOKEN = re.compile(rb"planted-([0-9]{4})-")


def reasons():
    """(collector, glob) of the list; the line without indentation above is the reason."""
    lines = [line.split() for line in ALLOWED.splitlines() if line.startswith(" ")]
    return [(name, one) for line in lines for name in line[0].split(",") for one in line[1:]]


def declared():
    """(collector, pattern, whether it is marked) of all `files` items of the library."""
    for path in sorted(glob.glob(os.path.join(LIBRARY, "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"(?m)(^|\s)#.*$", "", file.read())
        for item in re.split(r"(?m)^  - ", text)[1:]:
            if not item.startswith("files:"):
                continue
            marked = bool(re.search(r"(?m)^    secrets: true", item))
            named = re.split(r"(?m)^    \w", item)[0]
            for pattern in re.findall(r'[\s\["](/[^\s"]*[^\s",\]])', named):
                yield os.path.basename(path)[:-5], pattern, marked


def examples(pattern):
    """One path for each way through the braces of a pattern, which it matches."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found:
        return [path for word in found[1].split(",")
                for path in examples(pattern[:found.start()] + word + pattern[found.end():])]
    path = re.sub(r"\[([^]!])[^]]*\]", r"\1", re.sub(r"\[!.[^]]*\]", "x", pattern))
    path = re.sub(r"/\*\*(?=/|$)", "/any/x", path)
    return [re.sub(r"\*+|\?", "x", path)]


def planted(path, number):
    """The bytes of a file with secrets in the forms that configuration has them."""
    token = "planted-%04d-" % number
    if path in MASKED:
        return MASKED[path] % token + "\n"
    if path.endswith(".json"):
        return json.dumps({"password": token + "a", "auth": {"token": token + "b"}})
    text = ("password = %sa\nproxy=http://user:%sb@proxy.example:3128/\n"
            "Authorization: Bearer %sc\n-----BEGIN PRIVATE KEY-----\n%sd\n"
            "-----END PRIVATE KEY-----\nCONFIG_DEBUG_KMEMLEAK=y\n") % ((token,) * 4)
    pack = {".gz": gzip.compress, ".xz": lzma.compress}.get(os.path.splitext(path)[1], bytes)
    return pack(text.encode())


def unpacked(data):
    """The bytes of a member, decompressed where it is compressed."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\xfd7zXZ\0"):
        return lzma.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return subprocess.run(["zstd", "-dcq"], input=data, capture_output=True, check=True).stdout
    return data


class SecretsTest(harness.Case):
    """Every file that the library may read, with secrets in it."""

    def library(self, without_marks):
        """A copy of the library as it is, or without its marks."""
        folder = self.path("library")
        for path in glob.glob(os.path.join(LIBRARY, "*.yaml")):
            text = harness.content(path)
            if without_marks:
                text = re.sub(rb"(?m)^    secrets: true", b"", text)
            harness.write(os.path.join(folder, os.path.basename(path)), text)
        os.chmod(folder, 0o755)
        return folder

    def root(self, name, paths):
        """A root with secrets in these files; the paths of those that could be made, by number."""
        root, made = self.path(name), {}
        for path, text in TRAITS.items():
            harness.write(root + path, text)
        for number, path in enumerate(paths):
            try:
                harness.write(root + path, planted(path, number))
                made[number] = path
            except (IsADirectoryError, NotADirectoryError, FileExistsError):
                pass  # a folder of this name: the other root has the file
        return root, made

    def in_clear(self, root, made, library):
        """(artifact, planted path) wherever a secret is in clear."""
        output = self.path("logs-" + os.path.basename(root))
        self.collect("--root", root, "--profile", "full", "--collectors", library, output=output,
                     expected=(COMPLETE, PARTIAL))
        folder, found = harness.host_folder(output), set()
        for name in harness.files_below(folder):
            data = unpacked(harness.content(os.path.join(folder, name)))
            found |= {(name, made[int(number)]) for number in TOKEN.findall(data)}
        sealed = TOKEN.findall(lzma.decompress(harness.content(harness.bundle(output))))
        self.assertLessEqual({made[int(one)] for one in sealed}, {path for _, path in found})
        sources = {one.get("source") for one in harness.manifest(output)["artifacts"]}
        self.assertEqual([path for path in MASKED if path not in sources], [])
        return found

    def collected(self, without_marks):
        """(artifact, planted path) of roots that together have a file for each example."""
        paths = sorted({path for _, pattern, _ in declared() for path in examples(pattern)})
        paths += NEVER + sorted(MASKED)
        library = self.library(without_marks)
        first, made = self.root("first", paths)
        # In the other order: of a file and a folder of one name each root has another.
        second, others = self.root("second", [one for one in reversed(paths)
                                              if not LEFT_OUT.match(one)])
        self.assertEqual(set(paths) - set(made.values()) - set(others.values()), set())
        # Of the folders of rpm's database one is copied: each root has another as the one to take.
        third, last = self.root("third", [one for one in paths if one in MASKED
                                          or one.startswith("/var/lib/rpm/")])
        return (self.in_clear(first, made, library) | self.in_clear(second, others, library)
                | self.in_clear(third, last, library))

    @harness.needs_root
    def test_only_files_that_hold_no_secret_are_collected(self):
        unmarked = [(collector, path) for collector, pattern, marked in declared() if not marked
                    for path in examples(pattern)]
        found = self.collected(without_marks=False)
        allowed = {path for _, path in unmarked}
        self.assertEqual(sorted(one for one in found if one[1] not in allowed), [])
        # And none of these is withheld by a mark of its own collector that is too wide.
        names = {name for name, _ in found}
        self.assertEqual(sorted({collector + path for collector, path in unmarked} - names), [])

    @harness.needs_root
    def test_without_the_marks_every_planted_secret_is_found(self):
        names = {name for name, _ in self.collected(without_marks=True)}
        planted_files = {collector + path for collector, pattern, _ in declared()
                         for path in examples(pattern)}
        self.assertGreater(len(planted_files), 1300)
        self.assertEqual(sorted(planted_files - names), [])

    def test_what_is_not_marked_has_a_reason(self):
        patterns, used, wrong = list(declared()), set(), []
        for collector, pattern, marked in patterns:
            found = [(name, one) for name, one in reasons()
                     if name in ("*", collector) and fnmatch.fnmatchcase(pattern, one)]
            used.update(found)
            if len(found) != (0 if marked else 1):
                wrong.append("%s %s: %s" % (collector, pattern, found or "marked by nothing"))
        self.assertGreater(len(patterns), 700)
        self.assertEqual(wrong, [])
        self.assertEqual([one for one in reasons() if one not in used], [])
