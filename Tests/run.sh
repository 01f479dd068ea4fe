#!/usr/bin/env bash
# Installs what the tests need, builds, runs every test, and prints the seconds of each part, what
# failed, and the counts as its last line.
#
#   run.sh [--all] [--need-lab]     all tests: of the modules, end to end, and in virtual machines
#
#   --all         more than a million damaged inputs for the parsers, a bundle of 300,000 members,
#                 the address sanitizer, and the longer tests in virtual machines, too
#   --need-lab    a virtual machine that cannot be run, for QEMU or an image cannot be had, has
#                 failed; else its tests are skipped
set -uo pipefail
cd "$(dirname "$0")/.."
everything=0 lab_options=()
while [ $# -gt 0 ]; do
    case $1 in
    --all) everything=1 lab_options+=(--all) ;;
    --need-lab) lab_options+=(--need) ;;
    *) sed -n '2,10s/^# \{0,3\}//p' Tests/run.sh >&2; exit 64 ;;
    esac
    shift
done

bash Examples/quickstart.sh --install-only \
    python3 python3-jsonschema xz-utils zstd tar util-linux iproute2 procps strace valgrind \
    bash fish zsh mandoc groff-base age gnupg gpgv openssh-client \
    libarchive-tools p7zip-full unzip busybox || exit 1

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 skipped=0
# What failed is said once more at the end: who reads a long log reads that.
: >"$logs/failures"
: >"$logs/seconds"
part='' began=0
# Begins a part of the run, and notes how long the one before took.
part() {
    [ -z "$part" ] || printf '%6d s  %s\n' $((SECONDS - began)) "$part" >>"$logs/seconds"
    part=$1 began=$SECONDS
    [ -z "$part" ] || echo "== $part"
}
# The last words: the seconds of each part, what failed, the counts.
tell() {
    part ''
    echo "== seconds of each part"
    cat "$logs/seconds"
    if [ -s "$logs/failures" ]; then
        echo "== what failed"
        cat "$logs/failures"
    fi
    echo "$passed passed, $failed failed, $skipped skipped"
}

part "module tests: build"
swift build --build-tests 2>&1 | tee "$logs/build" | grep -E '^\[?[0-9]*/?[0-9]*\]? ?(error|warning)|error:|Build complete|Compiling C' | tail -40
if [ "${PIPESTATUS[0]}" != 0 ]; then
    tail -40 "$logs/build"
    failed=1
    tell
    exit 1
fi
part "module tests: run"
swift test --skip-build >"$logs/swift" 2>&1
status=$?
grep -E '^✘|Fatal error|^error: Process' "$logs/swift" | head -100 | tee -a "$logs/failures"
# One line for each finished test; a test with several cases counts once.
count() { grep -cE "$1" "$logs/swift" || true; }
passed=$((passed + $(count '^✔ Test [^r]')))
bad=$(count '^✘ Test [^r]')
skipped=$((skipped + $(count '^➜ Test .* skipped')))
[ "$status" != 0 ] && [ "$bad" = 0 ] && bad=1 && tail -30 "$logs/swift"
failed=$((failed + bad))

if [ "$everything" = 1 ]; then
    part "module tests: 200,000 damaged inputs for each family of formats"
    if DIAGBUNDLE_FUZZ=200000 swift test --skip-build --filter "DamageTests|BundleSalvageTests|SalvageExactTests|IndexedBundleTests" >"$logs/damage" 2>&1; then
        passed=$((passed + $(grep -cE '^✔ Test [^r]' "$logs/damage")))
    else
        grep -E '^✘|Fatal error' "$logs/damage" | head -20 | tee -a "$logs/failures"
        failed=$((failed + 1))
    fi
fi

checkers=(valgrind)
[ "$everything" = 0 ] || checkers+=(address)
for checker in "${checkers[@]}"; do
    part "memory checker: $checker"
    if bash Tests/memory-check.sh "$checker" >"$logs/memory" 2>&1; then
        passed=$((passed + 1))
    else
        tail -60 "$logs/memory" | tee -a "$logs/failures"
        failed=$((failed + 1))
    fi
done

part "release build"
if ! binary=$(bash Examples/quickstart.sh --build-only 2>"$logs/release"); then
    tail -40 "$logs/release"
    failed=$((failed + 1))
    tell
    exit 1
fi
part "end to end"
[ "$everything" = 0 ] || export DIAGBUNDLE_FUZZ=1
DIAGBUNDLE=$binary python3 Tests/EndToEnd/run.py >"$logs/e2e" 2>&1
unset DIAGBUNDLE_FUZZ
cat "$logs/e2e"
# A failed test and the indented text below it.
awk '/^FAIL/ { show = 60 } /^(skip|ok|failed:|end to end:)/ { show = 0 } show-- > 0' "$logs/e2e" |
    head -300 >>"$logs/failures"
read -r p f s < <(sed -nE 's/^end to end: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$logs/e2e") ||
    { p=0 f=1 s=0; }
passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))

for profile in small storage uefi dump; do
    part "laboratory: $profile"
    : >"$logs/lab"
    # One that hangs leaves time for the others, and for the last words.
    timeout -k 60 $((everything ? 7200 : 1800)) bash Tests/Lab/run.sh "$profile" --binary "$binary" \
        ${lab_options[@]+"${lab_options[@]}"} >>"$logs/lab" 2>&1 &
    lab=$!
    # timeout has a process group of its own, which an interruption of ours does not reach.
    trap 'kill "$lab" 2>/dev/null; tell; exit 130' INT TERM
    tail -n +1 -f --pid="$lab" "$logs/lab"
    wait "$lab"
    status=$?
    trap - INT TERM
    [ "$status" -lt 124 ] || echo "FAIL it was ended, status $status" >>"$logs/lab"
    read -r p f s < <(sed -nE 's/^lab [a-z]+: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' \
        "$logs/lab") || { p=0 f=1 s=0; echo "FAIL it ended without its counts" >>"$logs/lab"; }
    grep -E '^FAIL' "$logs/lab" | sed "s/^/$profile: /" >>"$logs/failures"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

tell
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
