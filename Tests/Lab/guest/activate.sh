#!/bin/sh
# Brings up all the stacks that provision.sh made. Every step must succeed.
set -eu
. /lab/scripts/find.sh
udevadm settle
step md
mdadm --assemble --run /dev/md/mirror "$(disk LABM1)" 2>&1
mdadm --assemble --run /dev/md/parity "$(disk LABR1)" "$(disk LABR2)" "$(disk LABR3)" 2>&1
udevadm settle
step luks and lvm
printf 'laboratory' | cryptsetup open --key-file - /dev/md/mirror labcrypt
vgchange -q -ay vglab
step multipath
modprobe dm-multipath
multipathd
tries=0
until [ -e /dev/mapper/labmulti ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ]
    sleep 1
done
udevadm settle
step mounts
swapon -L labswap
at() { mkdir -p "$2"; mount "$1" "$2" ${3:+-o "$3"}; }
at LABEL=labfull /srv/full
at LABEL=labxfs /srv/xfs
at LABEL=labnvs /srv/nvs
at LABEL=labinodes /srv/inodes
at LABEL=LABLOGICAL /srv/logical ro
at LABEL=LABMEGA /srv/mega
at /dev/mapper/labmulti /srv/multi
at LABEL=labbtrfs /srv/btrfs
at LABEL=laberrors /srv/errors
at /dev/mapper/labcrypt /srv/crypt
at /dev/vglab/plain /srv/plain
at /dev/vglab/thin /srv/thin
mkdir -p "/srv/bind here" && mount --bind /srv/xfs "/srv/bind here"
udevadm settle
# Some reads of this disk fail; the kernel's log then says so.
x1=$(disk LABX1)
! dd if="$x1" of=/dev/null bs=4096 count=1 skip=8192 iflag=direct 2>/dev/null
! dd if="$x1" of=/dev/null bs=4096 count=1 skip=10240 iflag=direct 2>/dev/null
step done
