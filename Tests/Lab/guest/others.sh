#!/bin/sh
# The second Debian's furnish.sh: daemons and files that the library's commands ask. Every step must
# succeed.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
. /lab/scripts/find.sh
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 120 ] || { echo "in vain: $*" >&2; exit 1; }
        sleep 1
    done
}
# Starts units, some times over, for a host under load; what does not start at last is told of, and so
# is every unit that failed: what it needs may be among them.
begin() {
    tries=0
    until systemctl start "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 5 ] || { explain "$@" >&2; exit 1; }
        sleep 5
        systemctl reset-failed "$@" || true
    done
}
explain() {
    failed=$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1)
    # Those that were asked for last: of a long text its end is kept.
    for unit in $failed "$@"; do
        echo "--- $unit"
        systemctl --no-pager --full --lines=0 status "$unit" || true
        journalctl --no-pager --quiet --boot --lines=15 --unit "$unit" || true
    done
    # What systemd says while there is no journal.
    echo "--- kernel log"
    dmesg | grep -v 'Failed to read SELinux context' | tail -n 12
}
step boot
# With this file, and no policy, systemd has made no socket at all.
[ ! -e /etc/selinux/config ] || { echo "the guest booted with /etc/selinux/config" >&2; exit 1; }
begin systemd-journald.socket dbus.socket
step names
# What other distributions call them, or where they have them.
mkdir -p /usr/libexec /usr/lib/httpd/modules /etc/httpd/conf
ln -s ../../apache2/modules/mod_alias.so /usr/lib/httpd/modules/
ln -s apache2 /usr/sbin/httpd
mv /usr/sbin/mariadbd /usr/libexec/mysqld
ln -sf /usr/libexec/mysqld /usr/sbin/mysqld
ln -s /usr/lib/postgresql/*/bin/postgres /usr/local/bin/postgres
# Debian's own is a script that asks which Xen runs, and ends.
ln -sf /usr/lib/xen-*/bin/xl /usr/sbin/xl
# A host with the ps of busybox has no slabtop.
mv /usr/bin/slabtop /usr/bin/slabtop.lab
ln -sf /bin/busybox /usr/bin/ps
step modules
modprobe -a dm_mod iptable_filter ip6table_filter vsock vmw_vmci br_netfilter
step containers
systemctl unmask containerd docker.service docker.socket
begin containerd.service
await test -S /run/containerd/containerd.sock
# The first question makes the daemon write its UUID.
ctr version
# Docker's daemon is given its socket, and asks containerd.
begin docker.socket
await test -S /run/docker.sock
begin docker.service
await docker version
tar -C /usr -c bin/busybox | docker import - lab:latest
docker run --detach --network none --name labcontainer lab:latest /bin/busybox sleep 1000000
docker volume create labvolume
step firewalld
systemctl unmask firewalld
begin polkit.service
begin firewalld.service
await firewall-cmd --state
step iptables
# After those that call them: a host that has one iptables only, by one name.
iptables-legacy -A FORWARD -s 192.0.2.3 -j DROP
ip6tables-legacy -A FORWARD -s 2001:db8::3 -j DROP
for one in iptables ip6tables; do
    rm -f /usr/sbin/$one-nft-save /usr/sbin/$one-legacy-save /etc/alternatives/$one-save
    ln -sf xtables-legacy-multi /usr/sbin/$one-save
done
step clocks
printf '%s\n' 'driftfile /var/lib/ntpsec/ntp.drift' 'restrict 127.0.0.1' >/etc/ntpsec/ntp.conf
install -d -o ntpsec -g ntpsec /var/log/ntpsec
# Python looks for a library of ntpq by the compiler, if there is one, which writes in /tmp.
rm /usr/bin/gcc /usr/bin/cc
systemctl unmask ntpsec
begin ntpsec.service
await ntpq -n -c rv 127.0.0.1
# The library looks for it where the first ntpd has it.
[ -e /run/ntpd.pid ] || pidof ntpd >/run/ntpd.pid
for one in openntpd _ntp ntpd; do
    id $one >/dev/null 2>&1 ||
        useradd --system --home-dir /run/openntpd --shell /usr/sbin/nologin $one
done
install -d -m 755 /run/openntpd /var/lib/openntpd /var/lib/openntpd/db /var/lib/openntpd/run
ln -s /opt/openntpd/usr/sbin/ntpctl /usr/sbin/ntpctl
: >/etc/lab-openntpd.conf
/opt/openntpd/usr/sbin/ntpd -f /etc/lab-openntpd.conf
await test -S /var/lib/openntpd/run/ntpd.sock
step lvmlockd
systemd-run --quiet --unit=lab-lvmlockd lvmlockd --foreground --test
await test -S /run/lvm/lvmlockd.socket
step packages
# It makes its repository, and then misses that of the name.
flatpak remote-add --system --no-gpg-verify lab file:///var/lib/lab-flatpak 2>/dev/null ||
    [ -e /var/lib/flatpak/repo/config ]
mkdir -p /var/lib/pacman/local/labpackage-1.0-1 /usr/src/labmodule-1.0
echo 9 >/var/lib/pacman/local/ALPM_DB_VERSION
printf '%s\n' %NAME% labpackage '' %VERSION% 1.0-1 '' >/var/lib/pacman/local/labpackage-1.0-1/desc
printf '%s\n' PACKAGE_NAME=labmodule PACKAGE_VERSION=1.0 'BUILT_MODULE_NAME[0]=labmodule' \
    'DEST_MODULE_LOCATION[0]=/updates' >/usr/src/labmodule-1.0/dkms.conf
dkms add labmodule/1.0
mkdir -p /etc/systemd/system/snapd.service.d
# Else it ends when nothing is installed, and nobody has asked it for some seconds.
printf '%s\n' '[Service]' Environment=SNAPD_STANDBY_WAIT=100h \
    >/etc/systemd/system/snapd.service.d/lab.conf
systemctl unmask snapd.service snapd.socket
systemctl daemon-reload
begin snapd.socket snapd.service
await snap list --all
step libvirt
echo LIBVIRTD_ARGS= >/etc/default/libvirtd
rm -f /etc/libvirt/qemu/networks/autostart/default.xml
systemctl unmask libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
begin libvirtd.service
timeout 400 virsh -r -c qemu:///system nodedev-list >/dev/null
timeout 400 virsh -r -c qemu:///system version
step errors of the hardware
systemctl unmask rasdaemon
begin rasdaemon.service
await test -e /var/lib/rasdaemon/ras-mc_event.db
step others
# It ends when nobody has asked it for half a minute.
systemd-run --quiet --unit=lab-asking sh -c 'while timedatectl show >/dev/null; do sleep 5; done'
await pidof systemd-timedated
# A file in the place of Xen's device: xl is seen to start, and to give up.
[ -e /dev/xen/privcmd ] || { mkdir -p /dev/xen; : >/dev/xen/privcmd; }
# What OpenRC makes at its boot; the list of what depends on what is made at the first question.
mkdir -p /run/openrc
echo default >/run/openrc/softlevel
rc-status --all >/dev/null 2>&1
# Last, for who starts now takes SELinux to be on: no policy is loaded.
mkdir -p /etc/selinux
printf '%s\n' SELINUX=permissive SELINUXTYPE=lab >/etc/selinux/config
step done
