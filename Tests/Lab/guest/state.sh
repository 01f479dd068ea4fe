#!/bin/sh
# Prints what a look at this host must not change: lines "SECTION name value".
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
say() { sed "s|^|$1 |"; }
cut -d' ' -f1 /proc/modules | say module
say mount </proc/1/mounts
systemctl list-units --all --plain --full --no-legend | awk '{ print $1, $2, $3, $4 }' | say unit
ip -o address | say address
ip -o route show table all | say route
ip rule | say rule
sysctl -a 2>/dev/null | say sysctl
say taint </proc/sys/kernel/tainted
say driver </proc/devices
cut -d' ' -f1 /proc/net/protocols | say socket-family
say swap </proc/swaps
say uevents </sys/kernel/uevent_seqnum
say node <<END
$(find /dev -printf '%p %l\n')
END
# One packet that anybody sends is counted here, to this host itself, too.
cat /proc/net/dev /proc/net/snmp /proc/net/snmp6 /proc/net/netstat | say traffic
