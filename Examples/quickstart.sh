#!/usr/bin/env bash
# Installs what is missing, builds diagbundle, makes a bundle of this machine and verifies it. The
# last line is the path of the bundle.
#
#   quickstart.sh                    build and run `diagbundle collect`
#   quickstart.sh --build-only       build, and print where the program is
#   quickstart.sh --install-only [PACKAGE...]
#                                    install what the build needs, and those Debian packages
#   quickstart.sh [OPTION...]        options of `diagbundle collect`, passed on
#
# Run again, it installs and builds nothing anew.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(libarchive-dev nettle-dev libbz2-dev liblzma-dev libzstd-dev zlib1g-dev liblz4-dev
    libyaml-dev binutils)
[ "${1:-}" = --install-only ] && packages+=("${@:2}")

say() { printf '%s\n' "$*" >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
    say "Installing ${missing[*]} (Debian packages)."
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >&2
fi

[ "${1:-}" = --install-only ] && exit 0

if ! command -v swift >/dev/null; then
    say "There is no swift command. Install Swift 6.3 or newer (https://www.swift.org/install/linux/)."
    exit 69
fi

# The folder is a scratch path of its own, so that tests and the release do not rebuild each other.
scratch=.build/release-static
binary=$scratch/release/diagbundle
newest() { find Package.swift Sources -newer "$binary" -print -quit 2>/dev/null; }
if [ ! -x "$binary" ] || [ -n "$(newest)" ]; then
    say "Building the release; the first time takes some minutes."
    # The libraries go into the program, which then runs on hosts that do not have them, and starts
    # in less time: a folder with their archives alone, searched before the system's.
    archives=$scratch/archives
    rm -rf "$archives"
    mkdir -p "$archives"
    for package in "${packages[@]}"; do
        dpkg -L "$package:$(dpkg --print-architecture)" | { grep '\.a$' || true; } |
            xargs -r ln -s -f -t "$archives"
    done
    find "/usr/lib/gcc/$(uname -m)-linux-gnu" -maxdepth 2 -name libstdc++.a | sort -V | tail -n 1 |
        xargs -r ln -s -f -t "$archives"
    # The static library makes the program export all its symbols, which nobody looks up: without
    # them the linker also leaves out what nobody calls. libarchive needs nettle and bzip2.
    flags=(-Xswiftc -L -Xswiftc "$PWD/$archives" -Xswiftc -use-ld=lld
        -Xswiftc -Xclang-linker -Xswiftc -static-libgcc -Xlinker -lnettle -Xlinker -lbz2 -Xlinker --no-export-dynamic -Xlinker --icf=safe)
    # Addresses to be set at the start take a tenth of the room where the C library knows that form.
    version=$(getconf GNU_LIBC_VERSION)
    if [ "$(printf '%s\n' "glibc 2.36" "$version" | sort -V | head -n 1)" = "glibc 2.36" ]; then
        flags+=(-Xlinker -z -Xlinker pack-relative-relocs)
    fi
    swift build -c release --static-swift-stdlib --product diagbundle --scratch-path "$scratch" \
        --disable-local-rpath "${flags[@]}" >&2
    # What is left are the parts of the C library, which are more where it is older than 2.34.
    if readelf -d "$binary" | grep NEEDED |
        grep -v -E '\[(lib(c|m|pthread|dl|rt|util)\.so|ld-linux)' >&2; then
        say "The program needs these libraries, which should be linked in."
        rm -f "$binary"
        exit 70
    fi
    strip "$binary"
    touch "$binary"
fi

if [ "${1:-}" = --build-only ]; then
    printf '%s\n' "$PWD/$binary"
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    say "Not root: the bundle will be partial. Run 'sudo $PWD/$binary collect' for everything."
fi
status=0
summary=$("$binary" collect "$@") || status=$?
[ -z "$summary" ] || printf '%s\n' "$summary"
bundle=$(printf '%s\n' "$summary" | grep -m1 '\.tar\.xz$' || true)
if [ -n "$bundle" ]; then
    say
    "$binary" verify "$bundle" >&2
    printf '%s\n' "$bundle"
fi
# 3 is a valid bundle with something missing: the usual end for an ordinary user.
[ "$status" = 3 ] && exit 0
exit "$status"
