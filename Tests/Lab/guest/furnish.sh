#!/bin/sh
# Gives the library's commands something to tell of: rules, links, daemons. Every step must succeed.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
. /lab/scripts/find.sh
step filters
nft add table inet lab
nft add chain inet lab input '{ type filter hook input priority 0; }'
nft add rule inet lab input ip saddr 192.0.2.1 counter drop
iptables-nft -A INPUT -s 192.0.2.2 -m statistic --mode nth --every 2 --packet 0 -j ACCEPT
ip6tables-nft -A INPUT -s 2001:db8::2 -m statistic --mode nth --every 2 --packet 0 -j ACCEPT
iptables-legacy -A FORWARD -s 192.0.2.3 -j DROP
ip6tables-legacy -A FORWARD -s 2001:db8::3 -j DROP
ebtables-legacy -A FORWARD -s 02:00:00:00:00:04 -j DROP
ebtables-legacy -t nat -A PREROUTING -s 02:00:00:00:00:05 -j ACCEPT
arptables-legacy -A INPUT -s 192.0.2.6 -j DROP
ipset create labset hash:ip
ipset add labset 192.0.2.7
modprobe -a nf_conntrack nf_conntrack_netlink
step links
modprobe -a inet_diag tcp_diag udp_diag raw_diag unix_diag af_packet_diag netlink_diag xfrm_user
ip link add labdummy type dummy
ip link add labbridge type bridge
ip link set labdummy master labbridge
# The module's own bond0 would be one that nobody made.
modprobe bonding max_bonds=0
ip link add labbond type bond
ip link add labguard type wireguard
printf '%s' 'bGFib3JhdG9yeS1sYWJvcmF0b3J5LWxhYm9yYXRvcnk=' >/run/lab-key
wg set labguard private-key /run/lab-key
rm /run/lab-key
ip link add link eth0 labmacsec type macsec
ip macsec add labmacsec tx sa 0 pn 1 on key 01 1ab0c0de1ab0c0de1ab0c0de1ab0c0de
ip xfrm state add src 192.0.2.8 dst 192.0.2.9 proto esp spi 0x1ab mode transport \
    aead 'rfc4106(gcm(aes))' 0x1ab0c0de1ab0c0de1ab0c0de1ab0c0de1ab0c0de 128
ip xfrm policy add src 192.0.2.8 dst 192.0.2.9 dir out tmpl proto esp mode transport
ip netns add labspace
step daemons
systemctl unmask systemd-resolved auditd chrony
systemctl start systemd-networkd systemd-resolved
systemctl start auditd
sed -i '/^pool/d' /etc/chrony/chrony.conf
systemctl start chrony
auditctl -w /etc/labwatch -p wa -k labwatch
echo 'profile labprofile { }' | apparmor_parser --replace
step databases
secret=1ab0c0de1ab0c0de
mkdir -p /etc/systemd/system/mariadb.service.d
# What follows a start by itself, a check of all tables, would go on beside what is looked at.
printf '%s\n' '[Service]' ExecStartPost= >/etc/systemd/system/mariadb.service.d/lab.conf
cat >/etc/mysql/mariadb.conf.d/60-lab.cnf <<END
[mariadbd]
log_error = /var/log/mysql/mariadb.log
innodb_buffer_pool_size = 16M
[mariadb-dump]
password = $secret
END
install -d -o mysql -g adm -m 2750 /var/log/mysql
systemctl unmask mariadb postgresql
systemctl start mariadb
# Where other distributions have it.
mkdir -p /usr/libexec
ln -s /usr/sbin/mariadbd /usr/libexec/mariadbd
version=$(ls /etc/postgresql)
cat >"/etc/postgresql/$version/main/conf.d/lab.conf" <<END
listen_addresses = ''
primary_conninfo = 'host=192.0.2.1 user=lab password=$secret'
END
systemctl start "postgresql@$version-main"
pg_lsclusters --no-header | grep -q ' online '
step libvirt
# Else it ends when nobody has asked it for two minutes.
echo LIBVIRTD_ARGS= >/etc/default/libvirtd
echo "vnc_password = \"$secret\"" >>/etc/libvirt/qemu.conf
rm -f /etc/libvirt/qemu/networks/autostart/default.xml
systemctl unmask libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
systemctl start libvirtd
# It answers when it has looked at all devices.
timeout 300 virsh -r -c qemu:///system nodedev-list >/dev/null
step NetworkManager
# It is given no link, no name and no resolver to manage.
cat >/etc/NetworkManager/conf.d/lab.conf <<END
[main]
dns=none
rc-manager=unmanaged
systemd-resolved=false
hostname-mode=none
no-auto-default=*
[keyfile]
unmanaged-devices=*
END
(
    umask 077
    cat >/etc/NetworkManager/system-connections/labconnection.nmconnection <<END
[connection]
id=labconnection
uuid=1ab00000-0000-4000-8000-00000000001a
type=wifi
autoconnect=false
[wifi]
ssid=lab
[wifi-security]
key-mgmt=wpa-psk
psk=$secret
END
)
systemctl unmask NetworkManager
# The bus would start it when asked for the host's name, and it ends by itself later.
systemctl mask --runtime systemd-hostnamed
# polkit is started here, lest a first question to NetworkManager start it.
systemctl start polkit NetworkManager
timeout 120 nmcli connection show | grep -q labconnection
step packages
mkdir -p /etc/rpm /run/lab-rpm
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
cat >/run/lab-rpm/lab.spec <<END
Name: labpackage
Version: 1.0
Release: 1
Summary: A package of the laboratory
License: none
BuildArch: noarch
%description
It has no files.
%files
END
rpmbuild -bb --quiet --define '_topdir /run/lab-rpm' /run/lab-rpm/lab.spec
rpm --force-debian -i /run/lab-rpm/RPMS/noarch/*.rpm
rm -r /run/lab-rpm
step job
# It never ends its start, so its job stays.
systemd-run --quiet --no-block --unit=lab-waiting -p Type=oneshot -p TimeoutStartSec=infinity \
    sleep infinity
step container
tar -C /usr -c bin/busybox | podman import --quiet - lab
podman run --detach --network none --name labcontainer lab /bin/busybox sleep 1000000
step controller
modprobe -a ipmi_si ipmi_devintf
step cloud-init
# By its commands, as its units run them, and last: from here on a reload of systemd would start the
# search for a data source on every disk.
mkdir -p /var/lib/cloud/seed/nocloud /run/cloud-init
cat >/etc/cloud/cloud.cfg.d/99-lab.cfg <<END
datasource_list: [NoCloud, None]
datasource: {NoCloud: {fs_label: null}}
network: {config: disabled}
preserve_hostname: true
users: []
cloud_init_modules: []
cloud_config_modules: []
cloud_final_modules: [final-message]
END
echo 'instance-id: lab-instance' >/var/lib/cloud/seed/nocloud/meta-data
printf '%s\n' '#cloud-config' "password: $secret" >/var/lib/cloud/seed/nocloud/user-data
rm -f /etc/cloud/cloud-init.disabled /run/cloud-init/disabled
: >/run/cloud-init/enabled
cloud-init init --local
cloud-init init
cloud-init modules --mode=config
cloud-init modules --mode=final
said=$(cloud-init status --long)
echo "$said"
echo "$said" | grep -q 'status: done'
step done
