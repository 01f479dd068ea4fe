# Read by the other scripts. disk SERIAL [NAMESPACE] prints the device of that serial number.
disk() {
    for name in $(lsblk -dnro NAME,SERIAL | awk -v serial="$1" '$2 == serial { print $1 }'); do
        [ -z "${2:-}" ] || [ "$(cat /sys/block/"$name"/nsid)" = "$2" ] || continue
        echo "/dev/$name"
        return 0
    done
    echo "no disk with serial number $1" >&2
    return 1
}
step() { echo "$(cut -d' ' -f1 /proc/uptime) $*"; }
