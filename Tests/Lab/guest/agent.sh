#!/bin/sh
# Runs what the host asks for: each jobs/N.sh of the shared folder, within its own time limit,
# beside the others, so that one that hangs in the kernel does not keep the rest from running.
share=$1
mkdir -p "$share/jobs"
: >"$share/ready"
run() {
    timeout -s KILL "$(cat "$1.limit")" sh "$1.running" >"$1.out" 2>"$1.err" </dev/null
    echo $? >"$1.status.new"
    mv "$1.status.new" "$1.status"
}
while :; do
    for job in "$share"/jobs/*.sh; do
        [ -e "$job" ] || continue
        mv "$job" "${job%.sh}.running"
        run "${job%.sh}" &
    done
    sleep 0.2
done
