"""What each collector of the library must have in the laboratory's guest, and what it may lack."""

import re

# Commands that have nothing to say in this guest, each for a reason that is plain.
SILENT = {
    "containers/podman-containers.tsv", "containers/podman-pods.tsv",
    "containers/podman-volumes.txt",  # none was made
    "firewall/iptables-legacy.txt",  # systemd loads ip_tables; no table is there
    "lvm/dmstats-list.txt", "lvm/dmstats.txt",  # nobody set up a region
    "network/ip-multicast-routes-4.txt", "network/ip-multicast-routes-6.txt",
    "network/ip-netns.txt", "network/devlink-health.json",
    "packages/dpkg-audit.txt",  # all is well
    "security/aa-status.json",  # no profile is loaded
    "security/audit-denials.log",  # nothing was denied
    "time/chrony-ntpdata.txt",  # no server is set up
    "virtualization/libvirt-guest-statistics.txt",  # no guest runs
}

# Commands that may end badly in this guest, each for a reason that is plain.
FAILING = set()

# An artifact of each collector, or a pattern of names, and what must stand in it.
CONTENT = {
    "apache/apache2-version.txt": r"^Server version: Apache/2\.4",
    "cloud/cloud-init-status.txt": r"^status: disabled$",
    "cloud/cloud-init-version.txt": r"cloud-init \d",
    "hardware/dmidecode.txt": r"^\tManufacturer: QEMU",
    "hardware/lspci.txt": r"^0000:00:00\.0 Host bridge \[0600\]",
    "hardware/lscpu.json": r'"field": "CPU\(s\):"',
    "hardware/udev-database.txt": r"^E: ID_SERIAL_SHORT=LABNV1$",
    "kernel/proc/slabinfo": r"^slabinfo - version: 2\.",
    "locale/libraries.txt": r"libc\.so\.6 \(libc6,x86-64",
    "login/groups.txt": r"^root:0:",
    "login/users.txt": r"^root:0:0:",
    "login/who.txt": r"system boot",
    "lvm/dmsetup-info.txt": r"^vglab-plain ",
    "lvm/dmsetup-table.txt": r"^labcrypt: 0 \d+ crypt aes-xts-plain64 :64:logon:",
    "lvm/lvmconfig-changed.txt": r"monitoring=0",
    "mail/postfix-parameters.txt": r"^mail_version = 3\.",
    "md/mdadm-detail-scan.txt": r"^ARRAY /dev/md/mirror level=raid1 num-devices=2 ",
    "md/mdadm-detail/md*.txt": r"^ +Raid Level : raid1$",
    "multipath/maps.json": r'"name" : "labmulti"',
    "mysql/mariadbd-version.txt": r"^\S*mariadbd +Ver \d.*MariaDB",
    "network/ip-address.json": r'"ifname":"eth0"',
    "network/ip-route.txt": r"^local 127\.0\.0\.1 dev lo",
    "network/tc-qdisc.json": r'"kind":"noqueue",.*"dev":"lo"',
    "nginx/nginx-build.txt": r"^nginx version: nginx/1\.",
    "nvme/id-ctrl/nvme0.json": r'"sn" ?: ?"LABNV',
    "nvme/nvme-list.json": r'"SerialNumber":"LABNV1',
    "packages/dpkg-packages.tsv": r"^lvm2\t2\.\d",
    "postgresql/clusters.txt": r"^\d+ +main +\d+ +down",
    "processes/open-files.txt": r" /proc/1/fd/0 -> /dev/null$",
    "processes/processes.txt": r"^ +1 +0 .* systemd$",
    "scheduled/timers.txt": r"systemd-tmpfiles-clean\.timer",
    "security/audit-status.txt": r"^backlog_limit \d+$",
    "services/jobs.txt": r"^No jobs running\.$|^ *JOB +UNIT",
    "services/unit-properties.txt": r"^Id=lab-agent\.service$",
    "services/unit-files.txt": r"^lab-agent\.service +enabled",
    "services/start-blame.txt": r" lab-agent\.service$",
    "services/units-failed.txt": r"^Id=lab-failing\.service$",
    "smart/smartctl-version.txt": r"^smartctl 7\.",
    "time/proc/driver/rtc": r"^rtc_time\t: \d\d:\d\d:\d\d$",
    "virtualization/detect-virt.txt": r"^(?:qemu|kvm)$",
    "virtualization/libvirt-version.txt": r"^\d+\.\d+\.\d+$",
}

# The time collector has files here, and no command.
COLLECTORS = sorted({artifact.split("/")[0] for artifact in CONTENT} - {"kernel", "time"})

# The same where furnish.sh was.
FURNISHED = {
    "cloud/cloud-init-status.txt": r"^status: done$",
    "cloud/instance.json": r'"instance_id": ?"lab-instance"',
    "cloud/var/lib/cloud/data/result.json": r"DataSourceNoCloud",
    "containers/podman-containers.tsv": r"\tlabcontainer\tlocalhost/lab:latest\t[^\t]*\tUp ",
    "containers/podman-version.json": r'"Version": ?"\d',
    "firewall/nft-ruleset.txt": r"ip saddr 192\.0\.2\.1 counter packets 0",
    "firewall/nft-ruleset.json": r'"table": "lab"',
    "firewall/iptables-nft.txt": r"-s 192\.0\.2\.2/32 -m statistic",
    "firewall/ip6tables-nft.txt": r"-s 2001:db8::2/128 -m statistic",
    "firewall/iptables-legacy.txt": r"-s 192\.0\.2\.3/32 -j DROP",
    "firewall/ip6tables-legacy.txt": r"-s 2001:db8::3/128 -j DROP",
    "firewall/ebtables-filter.txt": r"-s 2:0:0:0:0:4 -j DROP|-s 02:00:00:00:00:04 -j DROP",
    "firewall/ebtables-nat.txt": r":05 -j ACCEPT|:5 -j ACCEPT",
    "firewall/arptables.txt": r"-s 192\.0\.2\.6",
    "firewall/ipset.txt": r"^add labset 192\.0\.2\.7$",
    "firewall/conntrack-statistics.txt": r"^cpu=0 ",
    "hardware/ipmi-controller.txt": r"^IPMI Version +: 2\.0",
    "hardware/ipmi-chassis.txt": r"^System Power +: on",
    "hardware/ipmi-event-log.txt": r"^Version +: 1\.5",
    "mysql/configuration-listing.txt": r"60-lab\.cnf",
    "mysql/data-listing.txt": r"ibdata1",
    "mariadb/var/log/mysql/mariadb.log": r"ready for connections",
    "mysql/libexec-mariadbd-version.txt": r"^\S*mariadbd +Ver \d.*MariaDB",
    "network/bridge-link.json": r'"ifname":"labdummy"',
    "network/bridge-mdb.json": r'"mdb":',
    "network/proc/net/bonding/labbond": r"^Bonding Mode: ",
    "network/ip-macsec.txt": r"labmacsec",
    "network/ip-netns.txt": r"^labspace",
    "network/ip-xfrm-state.txt": r"^src 192\.0\.2\.8 dst 192\.0\.2\.9",
    "network/ip-xfrm-policy.txt": r"dir out",
    "network/networkctl-status.txt": r"labbridge",
    "network/nmcli-connections.txt": r"^labconnection ",
    "network/nmcli-devices.txt": r"unmanaged",
    "network/nmcli-general.txt": r"^STATE ",
    "network/resolvectl-status.txt": r"^Global",
    "network/ss-tcp.txt": r"^State ",
    "network/ss-unix.txt": r"/run/systemd/private",
    "network/ss-netlink.txt": r"^State +Recv-Q",
    "network/wireguard.txt": r"^  private key: \(hidden\)$",
    "packages/rpm-packages.tsv": r"^labpackage\t0\t1\.0\t1\tnoarch\t",
    "postgresql/clusters.txt": r"^\d+ +main +\d+ +online",
    "postgresql/etc/postgresql/*/main/start.conf": r"^auto$",
    "postgresql/var/lib/postgresql/*/main/PG_VERSION": r"^\d+$",
    "postgresql/var/log/postgresql/postgresql-*-main.log": r"ready to accept connections",
    "services/jobs.txt": r"^ *\d+ lab-waiting\.service +start +running$",
    "security/aa-status.json": r'"labprofile": ?"enforce"',
    "security/audit-rules.txt": r"^-w /etc/labwatch -p wa -k labwatch$",
    "time/chrony-tracking.txt": r"^Leap status +: Not synchronised$",
    "time/chrony-activity.txt": r"^0 sources online$",
    "virtualization/libvirt-filters.txt": r"clean-traffic",
    "virtualization/libvirt-guests.txt": r"^ *Id +Name",
    "virtualization/libvirt-networks.txt": r"^ *default +inactive",
    "virtualization/libvirt-node.txt": r"^CPU model: +x86_64$",
}

# The same in the second Debian, where others.sh was.
OTHERS = {
    "apache/httpd-version.txt": r"^Server version: Apache/2\.4",
    "apache/httpd-modules-compiled-in.txt": r"core\.c",
    "containers/containerd-namespaces.txt": r"^moby$",
    "containers/containerd-plugins.txt": r"^io\.containerd\.snapshotter\.v1 +overlayfs ",
    "containers/containerd-tasks-docker.txt": r"^[0-9a-f]{64} +\d+ +RUNNING",
    "containers/containerd-version.txt": r"^Server:",
    "containers/docker-containers.jsonl": r'"Names":"labcontainer".*"Status":"Up ',
    "containers/docker-images.jsonl": r'"Repository":"lab"',
    "containers/docker-info.json": r'"ContainersRunning":1,',
    "containers/docker-networks.jsonl": r'"Name":"bridge"',
    "containers/docker-version.json": r'"Server":\{',
    "containers/docker-volumes.jsonl": r'"Name":"labvolume"',
    "firewall/firewalld-zones.txt": r"^public",
    "firewall/iptables.txt": r"-s 192\.0\.2\.3/32 -j DROP",
    "firewall/ip6tables.txt": r"-s 2001:db8::3/128 -j DROP",
    "hardware/lsusb.txt": r"QEMU|Adomax",
    "hardware/lsusb-tree.txt": r"Driver=xhci_hcd",
    "lvm/dmsetup-targets.txt": r"^linear ",
    "mysql/mysqld-version.txt": r"^\S*mysqld +Ver \d.*MariaDB",
    "mysql/libexec-mysqld-version.txt": r"^\S*mysqld +Ver \d.*MariaDB",
    "postgresql/version.txt": r"^postgres \(PostgreSQL\) \d",
    "processes/processes-busybox.txt": r"systemd",
    "hardware/rasdaemon-summary.txt": r"^No Memory errors\.",
    "kernel/dkms-listing.txt": r" /var/lib/dkms/labmodule/1\.0",
    "security/sestatus.txt": r"^SELinux status: +enabled$",
    "services/openrc-runlevel.txt": r"^default$",
    "packages/pacman-packages.txt": r"^labpackage 1\.0-1$",
    "packages/dpkg-packages.tsv": r"^pacman-package-manager\t",
    "time/ntp-variables.txt": r"version=\"ntpd ntpsec",
    "time/openntpd.txt": r"clock",
    "smart/smartctl-scan.json": r'"exit_status":0',
    "time/timedatectl.txt": r"^Timezone=",
    "virtualization/libvirt-version.txt": r"^Running hypervisor: QEMU",
    "virtualization/detect-virt.txt": r"^(?:qemu|kvm)$",
}

# Commands of OTHERS that have nothing to say there, and that end badly, each for a plain reason.
OTHERS_SILENT = {
    "packages/flatpak-list.txt", "packages/snap-list.txt",  # nothing was installed by them
    "time/ntp-peers.txt", "time/ntp-associations.txt",  # no server is set up
    "lvm/lvmlockd.txt",  # no lock space is there
    "firewall/firewalld-active-zones.txt", "firewall/firewalld-direct-rules.txt",  # there is none
    "services/openrc-crashed.txt",  # none has
}
OTHERS_FAILING = {
    # There is no VMware below it.
    "virtualization/vmware-tools-version.txt", "virtualization/vmware-timesync.txt",
    "virtualization/vmware-devices.txt", "virtualization/vmware-host.txt",
    "virtualization/vmware-resources.txt",
    # There is no Xen below it.
    "virtualization/xen-host.txt", "virtualization/xen-guests.txt",
    "virtualization/xen-processors.txt", "virtualization/xen-messages.txt",
}

# What furnish.sh set as keys of WireGuard, MACsec and IPsec, and as passwords in configuration.
KEYS = re.compile(rb"1ab0c0de1ab0c0de|bGFib3JhdG9yeS1sYWJv", re.I)
