# Writes into folder $1 what the guest itself says of what a dump of it will show. No program is
# started for a single task: only what bash has itself.
set -u
mkdir -p "$1/stacks"
ps -eLo pid=,tid=,stat=,comm= >"$1/ps"
for task in /proc/[0-9]*/task/[0-9]*; do
    stack=$(<"$task/stack") && printf '%s\n' "$stack" >"$1/stacks/${task##*/}"
done 2>/dev/null
grep -H ctxt_switches /proc/[0-9]*/task/[0-9]*/status >"$1/switches" 2>/dev/null
cp /proc/modules /proc/meminfo /proc/iomem "$1/"
cp /proc/self/mountinfo "$1/mountinfo"
dmesg --notime >"$1/dmesg"
uname -r >"$1/release"
cp /sys/devices/system/cpu/online "$1/cpu-online"
cp /sys/devices/system/cpu/present "$1/cpu-present"
cat /proc/kpageflags >"$1/kpageflags"
exit 0
