#!/bin/busybox sh
# The first process of a guest whose memory is dumped: loads modules, mounts the file system
# labroot, puts the agent into it, and starts its systemd.
export PATH=/bin:/sbin
/bin/busybox mkdir -p /proc /sys /dev /mnt
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
while read -r module; do
    modprobe "$module" || echo "lab: no module $module"
done </lab-modules
tries=0
until disk=$(findfs LABEL=labroot 2>/dev/null) || [ $tries -gt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
if ! mount -t ext4 "$disk" /mnt; then
    echo "lab: the guest's first process gives up"
    poweroff -f
fi
cp -af /overlay/. /mnt/
mount --move /proc /mnt/proc
mount --move /sys /mnt/sys
mount --move /dev /mnt/dev
exec switch_root /mnt /sbin/init
