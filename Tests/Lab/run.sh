#!/usr/bin/env bash
# Runs the release binary in a virtual machine and compares what it found with what the guest's own
# tools say. The last line is `lab PROFILE: P passed, F failed, S skipped`.
#
#   run.sh PROFILE [--binary PATH] [--keep] [--rebuild] [--all] [--sos] [--need]
#
#   PROFILE    small    busybox and one disk, some seconds
#              storage  NVMe, SCSI, SATA, md, LVM, LUKS, multipath, file systems, disks that fail
#              uefi     UEFI with Secure Boot, GPT, an EFI system partition, a dangling boot entry
#              dump     the live kernel dump, read by crash, drgn, makedumpfile, beside QEMU's own
#   --binary   the program to test; otherwise it is built
#   --keep     leaves the run's folder, and says where
#   --rebuild  makes the images anew
#   --all      the profile's longer tests too; storage: a second Debian, and what --sos does
#   --sos      storage: instead of its tests, what `sos report` gathers is in the bundle
#   --need     what is missing and cannot be installed is a failure
#
# Exit codes: 0 passed, 1 failed, 64 usage, 77 QEMU or a package is missing and cannot be installed.
# Images are kept in ${DIAGBUNDLE_LAB_CACHE:-$HOME/.cache/diagbundle-lab} and may be deleted.
set -euo pipefail
cd "$(dirname "$0")/../.."

usage() { sed -n '5,17s/^# \{0,3\}//p' Tests/Lab/run.sh >&2; exit 64; }
profile=${1:-}
case $profile in
small | storage | uefi | dump) shift ;;
*) usage ;;
esac
binary='' options=() need=''
while [ $# -gt 0 ]; do
    case $1 in
    --binary) [ $# -ge 2 ] || usage; binary=$2; shift ;;
    --keep | --rebuild | --all) options+=("$1") ;;
    --sos) [ "$profile" = storage ] || usage; options+=("$1") ;;
    --need) need=1 options+=("$1") ;;
    *) usage ;;
    esac
    shift
done

skip() {
    if [ -n "$need" ]; then
        echo "FAIL $profile can be run here: $1"
        echo "lab $profile: 0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    echo "lab: skipped: $1"
    echo "lab $profile: 0 passed, 0 failed, 1 skipped"
    exit 77
}
[ "$(uname -m)" = x86_64 ] || skip "the guests are for x86_64; this machine is $(uname -m)"
[ "$(id -u)" = 0 ] || skip "making the images needs root"
packages=(python3 qemu-system-x86 qemu-utils busybox-static kmod e2fsprogs)
case $profile in
storage)
    packages+=(mmdebstrap gpg)  # gpg picks the key of Ubuntu's archive, with --all
    python3 -c 'import yaml' 2>/dev/null || packages+=(python3-yaml)
    ;;
uefi) packages+=(mmdebstrap ovmf mtools dosfstools fdisk) ;;
dump)
    packages+=(mmdebstrap makedumpfile)
    python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
    ;;
esac
bash Examples/quickstart.sh --install-only "${packages[@]}" ||
    skip "QEMU or another package is missing and cannot be installed: ${packages[*]}"
# A Python that is not the host's own does not see the host's packages.
[ "$profile" != storage ] || python3 -c 'import yaml' 2>/dev/null ||
    python3 -m pip install -q --disable-pip-version-check pyyaml ||
    skip "Python has no module yaml, and it cannot be installed"
[ -z "$binary" ] || [ -x "$binary" ] || { echo "lab: there is no program $binary" >&2; exit 64; }
[ -n "$binary" ] || binary=$(bash Examples/quickstart.sh --build-only)
exec python3 Tests/Lab/lab.py "$profile" --binary "$binary" ${options[@]+"${options[@]}"}
