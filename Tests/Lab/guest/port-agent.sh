#!/bin/bash
# Runs what the host asks for through the serial port `lab`, each job beside the others and within
# its own time limit. From the host: `RUN id seconds bytes` and a script, or `PUT id bytes path`
# and a file's content; `GET id path` asks for a file. To the host: `id status bytes bytes`, then
# what was printed and what was said as errors; for GET the file stands where the output does.
port() {
    for entry in /sys/class/virtio-ports/*; do
        [ "$(cat "$entry/name")" != "$1" ] || echo "/dev/${entry##*/}"
    done
}
until [ -c "$(port lab)" ]; do sleep 0.1; done
exec 3<>"$(port lab)"
folder=/run/lab
mkdir -p $folder
answer() { # id status output errors
    {
        flock 9
        printf '%s %s %s %s\n' "$1" "$2" "$(stat -c %s "$3")" "$(stat -c %s "$4")" >&3
        cat "$3" "$4" >&3
    } 9>$folder/lock
}
run() {
    timeout -s KILL "$2" sh "$folder/$1.sh" >"$folder/$1.out" 2>"$folder/$1.err" </dev/null 3>&-
    answer "$1" $? "$folder/$1.out" "$folder/$1.err"
    rm -f "$folder/$1".*
}
: >$folder/empty
printf 'lab-ready 0 0 0\n' >&3
while read -r verb id first second <&3; do
    case $verb in
    RUN)
        head -c "$second" <&3 >"$folder/$id.sh"
        run "$id" "$first" &
        ;;
    PUT)
        mkdir -p "$(dirname "$second")"
        head -c "$first" <&3 >"$second"
        answer "$id" 0 $folder/empty $folder/empty
        ;;
    GET)
        if [ -r "$first" ]; then
            answer "$id" 0 "$first" $folder/empty
        else
            answer "$id" 1 $folder/empty $folder/empty
        fi &
        ;;
    esac
done
