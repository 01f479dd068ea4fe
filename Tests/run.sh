#!/usr/bin/env bash
# Installs what the tests need, builds, runs every test, and prints the counts as its last line.
#
#   run.sh          all tests: of the modules, end to end, and in virtual machines
#   run.sh --all    the same, more than a million damaged inputs for the parsers, and the longer
#                   tests in virtual machines
set -uo pipefail
cd "$(dirname "$0")/.."
lab_options=()
case ${1:-} in
--all) lab_options+=(--all) ;;
'') ;;
*) sed -n '2,7s/^# \{0,3\}//p' "$0" >&2; exit 64 ;;
esac

bash Examples/quickstart.sh --install-only \
    python3 python3-jsonschema xz-utils zstd tar util-linux iproute2 procps strace \
    bash fish zsh mandoc groff-base || exit 1

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0 skipped=0
# What failed is said once more at the end: who reads a long log reads that.
: >"$logs/failures"

echo "== module tests: build"
swift build --build-tests 2>&1 | tee "$logs/build" | grep -E '^\[?[0-9]*/?[0-9]*\]? ?(error|warning)|error:|Build complete|Compiling C' | tail -40
if [ "${PIPESTATUS[0]}" != 0 ]; then
    tail -40 "$logs/build"
    echo "0 passed, 1 failed"
    exit 1
fi
echo "== module tests: run"
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

if [ "${#lab_options[@]}" -gt 0 ]; then
    echo "== module tests: 200,000 damaged inputs for each family of formats"
    if DIAGBUNDLE_FUZZ=200000 swift test --skip-build --filter DamageTests >"$logs/damage" 2>&1; then
        passed=$((passed + $(grep -cE '^✔ Test [^r]' "$logs/damage")))
    else
        grep -E '^✘|Fatal error' "$logs/damage" | head -20 | tee -a "$logs/failures"
        failed=$((failed + 1))
    fi
fi

echo "== release build"
if ! binary=$(bash Examples/quickstart.sh --build-only 2>"$logs/release"); then
    tail -40 "$logs/release"
    echo "$passed passed, $((failed + 1)) failed, $skipped skipped"
    exit 1
fi
echo "== end to end"
DIAGBUNDLE=$binary python3 Tests/EndToEnd/run.py >"$logs/e2e" 2>&1
cat "$logs/e2e"
# A failed test and the indented text below it.
awk '/^FAIL/ { show = 60 } /^(skip|ok|failed:|end to end:)/ { show = 0 } show-- > 0' "$logs/e2e" |
    head -300 >>"$logs/failures"
read -r p f s < <(sed -nE 's/^end to end: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$logs/e2e") ||
    { p=0 f=1 s=0; }
passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))

for profile in small storage uefi dump; do
    echo "== laboratory: $profile"
    bash Tests/Lab/run.sh "$profile" --binary "$binary" ${lab_options[@]+"${lab_options[@]}"} 2>&1 |
        tee "$logs/lab"
    read -r p f s < <(sed -nE 's/^lab [a-z]+: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' \
        "$logs/lab") || { p=0 f=1 s=0; }
    grep -E '^FAIL' "$logs/lab" | sed "s/^/$profile: /" >>"$logs/failures"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

if [ -s "$logs/failures" ]; then
    echo "== what failed"
    cat "$logs/failures"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
