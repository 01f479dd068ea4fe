#!/bin/sh
# Makes all the stacks of the storage profile on empty disks, once. Every step must succeed.
set -eu
. /lab/scripts/find.sh
udevadm settle
m1=$(disk LABM1) m2=$(disk LABM2) r1=$(disk LABR1) r2=$(disk LABR2) r3=$(disk LABR3)
b1=$(disk LABB1) b2=$(disk LABB2) e1=$(disk LABE1) x1=$(disk LABX1) mp=$(disk LABMP)
nv1=$(disk LABNV1 1) nv2=$(disk LABNV1 2) nvs=$(disk LABNVS) s1=$(disk LABS1) g1=$(disk LABG1)
ext4() { mkfs.ext4 -q -F -E nodiscard "$@"; }

step partitions
sgdisk -n 1:0:+64M -t 1:8200 -c 1:labswap -n 2:0:0 -t 2:8300 -c 2:labfull "$nv1" >/dev/null
sgdisk -n 1:0:0 -t 1:8300 -c 1:labfaulty "$x1" >/dev/null
printf '%s\n' 'label: dos' 'label-id: 0x1ab0001a' 'size=48MiB,type=83,bootable' 'type=5' \
    'size=32MiB,type=c' | sfdisk -q "$s1"
udevadm settle

step plain file systems
mkswap -q -L labswap "${nv1}p1"
ext4 -m 0 -L labfull "${nv1}p2"
mkfs.xfs -q -L labxfs "$nv2"
ext4 -L labnvs "$nvs"
ext4 -N 64 -L labinodes "${s1}1"
mkfs.vfat -n LABLOGICAL "${s1}5" >/dev/null
mkfs.vfat -I --mbr=n -n LABMEGA "$g1" >/dev/null
ext4 -L labmulti "$mp"
mkfs.btrfs -q -K -L labbtrfs -d raid1 -m raid1 "$b1" "$b2"
ext4 -L laberrors "$e1"
for line in "error_count 3" "first_error_time 20260102030405" "last_error_time 20260203040506" \
    "first_error_func lab_first" "last_error_func lab_last" "first_error_line 11" \
    "last_error_line 22" "last_error_ino 12" "state 3"; do
    debugfs -w -R "ssv $line" "$e1" 2>/dev/null
done
dumpe2fs -h "$e1" 2>/dev/null | grep -q 'FS Error count: *3'

step md
mdadm --create /dev/md/mirror --run --level=1 --raid-devices=2 --metadata=1.2 --homehost=lab \
    --name=mirror --bitmap=internal --assume-clean "$m1" "$m2" 2>&1
mdadm --create /dev/md/parity --run --level=5 --raid-devices=3 --metadata=1.2 --homehost=lab \
    --name=parity --chunk=64 --assume-clean "$r1" "$r2" "$r3" 2>&1
udevadm settle

step luks
printf 'laboratory' | cryptsetup luksFormat -q --type luks2 --label labluks --pbkdf pbkdf2 \
    --pbkdf-force-iterations 1000 --key-file - /dev/md/mirror
printf 'laboratory' | cryptsetup open --key-file - /dev/md/mirror labcrypt
ext4 -L labcrypt /dev/mapper/labcrypt

step lvm
pvcreate -q /dev/md/parity
vgcreate -q vglab /dev/md/parity
lvcreate -q -y -L 96M -n plain vglab
ext4 -L labplain /dev/vglab/plain
lvcreate -q -y -s -L 32M -n plainsnap vglab/plain
lvcreate -q -y --type thin-pool -L 128M --poolmetadatasize 4M -n pool vglab
lvcreate -q -y -V 160M -T vglab/pool -n thin
ext4 -L labthin /dev/vglab/thin

step filling
mkdir -p /mnt/fill
mount /dev/vglab/thin /mnt/fill
dd if=/dev/urandom of=/mnt/fill/much bs=1M count=112 conv=fsync status=none
umount /mnt/fill
mount "${nv1}p2" /mnt/fill
dd if=/dev/zero of=/mnt/fill/much bs=64k status=none 2>/dev/null || true
truncate -s -512K /mnt/fill/much
umount /mnt/fill
mount "${s1}1" /mnt/fill
n=0
while touch "/mnt/fill/$n" 2>/dev/null; do n=$((n + 1)); done
rm /mnt/fill/0
umount /mnt/fill
[ "$n" -gt 10 ]

step taking down
sync
cryptsetup close labcrypt
vgchange -q -an vglab
mdadm /dev/md/mirror --fail "$m2" 2>&1
sleep 1
mdadm --stop /dev/md/mirror 2>&1
mdadm --stop /dev/md/parity 2>&1
sync
