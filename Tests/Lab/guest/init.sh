#!/bin/busybox sh
# The first process of a guest. With lab.root=LABEL it mounts that file system and starts its init;
# otherwise it is the whole system: the agent, and a small disk.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
/bin/busybox mkdir -p /proc /sys /dev /run /tmp /lab /mnt /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox --install -s /bin
while read -r module; do
    modprobe "$module" || echo "lab: no module $module"
done </lab-modules
give_up() {
    echo "lab: the guest's first process gives up"
    poweroff -f
}
root=$(sed -n 's/.*lab\.root=\([^ ]*\).*/\1/p' /proc/cmdline)
if [ -n "$root" ]; then
    tries=0
    until disk=$(findfs LABEL="$root" 2>/dev/null) || [ $tries -gt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    mount -t ext4 "$disk" /mnt || give_up
    mount --move /proc /mnt/proc
    mount --move /sys /mnt/sys
    mount --move /dev /mnt/dev
    exec switch_root /mnt /sbin/init
fi
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
hostname lab-small
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 lab /lab || give_up
exec sh /agent.sh /lab
