#!/usr/bin/env bash
# Runs what uses liblzma, libzstd and libarchive under a memory checker; any error fails it.
#
#   memory-check.sh valgrind   the exercise of the blocks, with the tests as they are built
#   memory-check.sh address    the tests of DiagCodec and DiagArchive, built with the address
#                              sanitizer into a folder of their own, which takes some minutes
set -euo pipefail
cd "$(dirname "$0")/.."
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT

case ${1:-} in
valgrind)
    swift build --build-tests
    tests=$(swift build --show-bin-path)/diagbundlePackageTests.xctest
    # Valgrind 3.19 ends at this debugging information, and writes to the constant that
    # dispatch_main gives to sigsuspend: the copy has no information, and waits in another way.
    strip -o "$files/tests" "$tests"
    cat >"$files/wait.c" <<'C'
#include <signal.h>
#include <unistd.h>
int sigsuspend(const sigset_t *mask) { (void)mask; for (;;) pause(); }
C
    clang -shared -fPIC -o "$files/wait.so" "$files/wait.c"
    # Not ours: the runtime looks at metadata that it fills only then.
    cat >"$files/runtime.supp" <<'S'
{
   swift_initStructMetadata
   Memcheck:Cond
   fun:swift_initStructMetadata
}
S
    DIAG_BLOCK_EXERCISE=1 LD_PRELOAD="$files/wait.so" valgrind --error-exitcode=9 \
        --leak-check=full --errors-for-leak-kinds=definite,indirect \
        --suppressions="$files/runtime.supp" \
        "$files/tests" --testing-library swift-testing --filter BlockExerciseTests \
        2>&1 | tee "$files/log"
    # One that runs no test has found nothing.
    grep -q 'Test "Blocks are made, read, damaged and cut" .* passed' "$files/log"
    ;;
address)
    # Leaks at the end are not looked for: the runtime keeps what it has once made.
    DIAG_BLOCK_EXERCISE=1 ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 \
        swift test --sanitize=address --scratch-path .build/address \
        --filter 'DiagCodecTests|DiagArchiveTests' 2>&1 | tee "$files/log"
    grep -q 'Test "Blocks are made, read, damaged and cut" .* passed' "$files/log"
    if grep -q AddressSanitizer "$files/log"; then exit 1; fi
    ;;
*)
    sed -n '2,7s/^# \{0,3\}//p' "$0" >&2
    exit 64
    ;;
esac
