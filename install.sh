#!/bin/sh
# Installs mcpbridge for one user, on Linux and macOS; `./install.sh --help` says how.
# What is written is listed in share/mcpbridge/installed under the prefix, and --uninstall removes
# exactly that.
set -eu

main() {
    action=install demo=no prefix=
    while [ $# -gt 0 ]; do
        case $1 in
            --prefix)
                [ $# -gt 1 ] || misuse "--prefix needs a folder"
                prefix=$2
                shift
                ;;
            --prefix=*) prefix=${1#--prefix=} ;;
            --uninstall) action=uninstall ;;
            --demo) demo=yes ;;
            -h | --help)
                usage
                exit 0
                ;;
            *) misuse "unknown argument: $1" ;;
        esac
        shift
    done
    [ "$action$demo" != uninstallyes ] || misuse "--uninstall and --demo exclude each other"
    if [ -z "$prefix" ]; then
        [ -n "${HOME:-}" ] || stop "HOME is not set: name a folder with --prefix"
        prefix=$HOME/.local
    fi
    case $prefix in
        /*) ;;
        *) prefix=$PWD/$prefix ;;
    esac
    bin=$prefix/bin
    manifest=$prefix/share/mcpbridge/installed

    stage=$(mktemp -d "${TMPDIR:-/tmp}/mcpbridge.XXXXXX")
    trap 'rm -rf "$stage"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    if [ "$action" = uninstall ]; then
        uninstall
    else
        find_binary
        install_all
        [ "$demo" = no ] || try_demo
    fi
}

usage() {
    cat <<'END'
Installs mcpbridge, its shell completions and its manual page.

Usage: ./install.sh [--prefix DIR] [--demo]
       ./install.sh --uninstall [--prefix DIR]

  --prefix DIR   where to install; the program goes to DIR/bin (default: ~/.local)
  --demo         run `mcpbridge demo` after the installation
  --uninstall    remove exactly what was installed
  --help         print this

In a checkout of the source the program is built with cargo. In an unpacked release archive the
program beside this script is taken. Anywhere else the archive for this machine is downloaded from
the folder that MCPBRIDGE_RELEASE names (https:// or file://), and refused unless its SHA-256 is
the one in the file SHA256SUMS of that folder.
END
}

# Sets $program to a program that runs on this machine.
find_binary() {
    here=$(cd "$(dirname "$0")" && pwd)
    if [ -f "$here/Cargo.toml" ] && [ -d "$here/src" ]; then
        build
    elif [ -f "$here/mcpbridge" ]; then
        program=$here/mcpbridge
    else
        download
    fi
    version=$("$program" --version) ||
        stop "$program does not run on this machine ($(uname -sm)): take the archive for it, or build from a checkout"
}

build() {
    if ! command -v cargo >/dev/null && [ -x "${HOME:-}/.cargo/bin/cargo" ]; then
        PATH=$HOME/.cargo/bin:$PATH
    fi
    command -v cargo >/dev/null ||
        stop "cargo is missing, and this is a checkout of the source: install Rust from https://rustup.rs, then run this again"
    command -v cc >/dev/null ||
        stop "a C compiler is missing: install gcc (on Debian: apt-get install gcc libc6-dev; on macOS: xcode-select --install)"
    say "building mcpbridge; the first time this takes a few minutes"
    target=${CARGO_TARGET_DIR:-target}
    case $target in
        /*) ;;
        *) target=$here/$target ;;
    esac
    (unset CARGO_BUILD_TARGET && cd "$here" && cargo build --release --locked --target-dir "$target") ||
        stop "the build failed, see above; it needs Rust 1.95 or newer, this is $(cargo --version): rustup update stable"
    program=$target/release/mcpbridge
}

download() {
    from=${MCPBRIDGE_RELEASE:-}
    [ -n "$from" ] ||
        stop "there is nothing to install beside this script: run it in a checkout or in an unpacked release archive, or name the folder of a release in MCPBRIDGE_RELEASE"
    case $(uname -s) in
        Linux) system=linux ;;
        Darwin) system=macos ;;
        *) stop "there is no archive for $(uname -s): build from a checkout with cargo install --locked --path ." ;;
    esac
    case $(uname -m) in
        x86_64 | amd64) machine=x86_64 ;;
        aarch64 | arm64) machine=aarch64 ;;
        *) stop "there is no archive for $(uname -m): build from a checkout with cargo install --locked --path ." ;;
    esac
    archive=mcpbridge-$system-$machine.tar.gz
    fetch "$from/SHA256SUMS" "$stage/SHA256SUMS"
    fetch "$from/$archive" "$stage/$archive"
    published=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1; exit }' "$stage/SHA256SUMS")
    [ -n "$published" ] || stop "$from/SHA256SUMS does not name $archive: nothing was installed"
    actual=$(sha256 "$stage/$archive")
    [ "$published" = "$actual" ] ||
        stop "the checksum of $archive is wrong: nothing was installed
  published: $published
  received:  $actual
  try again; if it stays wrong, do not trust the file"
    mkdir "$stage/unpacked"
    tar -xzf "$stage/$archive" -C "$stage/unpacked" || stop "$archive cannot be unpacked"
    for program in "$stage/unpacked/mcpbridge" "$stage/unpacked"/*/mcpbridge; do
        [ ! -f "$program" ] || return 0
    done
    stop "$archive holds no mcpbridge"
}

fetch() {
    case $1 in
        file://*) cp "${1#file://}" "$2" || stop "$1 cannot be read" ;;
        https://*)
            if command -v curl >/dev/null; then
                curl --fail --silent --show-error --location --proto '=https' --output "$2" "$1" ||
                    stop "$1 cannot be downloaded"
            elif command -v wget >/dev/null; then
                wget --quiet --https-only --output-document="$2" "$1" || stop "$1 cannot be downloaded"
            else
                stop "neither curl nor wget is installed: install one of them, or unpack a release archive yourself"
            fi
            ;;
        *) stop "$1: only https:// and file:// are accepted" ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$1" | cut -d ' ' -f 1
    elif command -v shasum >/dev/null; then
        shasum -a 256 "$1" | cut -d ' ' -f 1
    else
        stop "neither sha256sum nor shasum is installed: a download cannot be verified without one"
    fi
}

install_all() {
    files='bin/mcpbridge
        share/bash-completion/completions/mcpbridge
        share/zsh/site-functions/_mcpbridge
        share/fish/vendor_completions.d/mcpbridge.fish
        share/man/man1/mcpbridge.1'
    # Made by the program itself, so they fit it, and before anything is written.
    for shell in bash zsh fish; do
        "$program" completions "$shell" >"$stage/$shell"
    done
    "$program" man >"$stage/man"

    # The list comes first: an installation that breaks off can be removed like a whole one.
    : >"$stage/folders"
    for place in $files share/mcpbridge/installed; do
        folder "$(dirname "$prefix/$place")"
    done
    # Folders that an earlier run made are still ours.
    if [ -f "$manifest" ]; then
        grep '^folder ' "$manifest" >>"$stage/folders" || true
    fi
    sort -u "$stage/folders" >"$stage/manifest"
    for place in $files; do
        echo "file $place"
    done >>"$stage/manifest"
    mv -f "$stage/manifest" "$manifest" || stop "$manifest cannot be written"

    put "$program" bin/mcpbridge 755
    put "$stage/bash" share/bash-completion/completions/mcpbridge 644
    put "$stage/zsh" share/zsh/site-functions/_mcpbridge 644
    put "$stage/fish" share/fish/vendor_completions.d/mcpbridge.fish 644
    put "$stage/man" share/man/man1/mcpbridge.1 644

    say "installed $version:"
    say "  $bin/mcpbridge, its manual page, and completions for bash, zsh and fish"
    case :$PATH: in
        *":$bin:"*) ;;
        *)
            say "$bin is not in your PATH. To call mcpbridge by its name, add this line to ~/.profile (or ~/.zprofile):"
            say "  export PATH=\"$bin:\$PATH\""
            say "Editors do not need it: name the program by its full path, $bin/mcpbridge."
            ;;
    esac
    say "zsh finds its completions when ~/.zshrc has this line before compinit:"
    say "  fpath+=(\"$prefix/share/zsh/site-functions\")"
}

# put SOURCE PLACE MODE: copies to PLACE under the prefix. By renaming, so that a running mcpbridge
# goes on with the old file and nobody sees half of the new one.
put() {
    new=$prefix/$2.new.$$
    if ! { cp "$1" "$new" && chmod "$3" "$new" && mv -f "$new" "$prefix/$2"; }; then
        rm -f "$new"
        stop "$prefix/$2 cannot be written: choose another folder with --prefix"
    fi
}

# Makes a folder, and notes every one that was not there before.
folder() {
    missing=$1
    : >"$stage/missing"
    while [ ! -d "$missing" ]; do
        case $missing in
            "$prefix") echo "folder ." >>"$stage/missing" ;;
            "$prefix"/*) echo "folder ${missing#"$prefix"/}" >>"$stage/missing" ;;
        esac
        missing=$(dirname "$missing")
    done
    mkdir -p "$1" || stop "$1 cannot be made: choose another folder with --prefix"
    cat "$stage/missing" >>"$stage/folders"
}

uninstall() {
    if [ ! -f "$manifest" ]; then
        say "mcpbridge is not installed under $prefix (there is no $manifest)"
        return 0
    fi
    cp "$manifest" "$stage/manifest"
    while read -r kind place; do
        [ "$kind" != file ] || rm -f "$prefix/$place" || stop "$prefix/$place cannot be removed"
    done <"$stage/manifest"
    rm -f "$manifest"
    # The deepest first; a folder in which something else lies stays.
    grep '^folder ' "$stage/manifest" | LC_ALL=C sort -r | while read -r kind place; do
        case $place in
            .) rmdir "$prefix" ;;
            *) rmdir "$prefix/$place" ;;
        esac 2>/dev/null || true
    done
    say "removed mcpbridge from $prefix"
}

try_demo() {
    say ""
    rm -rf "$stage"
    exec "$bin/mcpbridge" demo
}

say() { echo "$1"; }
stop() {
    echo "install.sh: $1" >&2
    exit 1
}
misuse() {
    echo "install.sh: $1; see ./install.sh --help" >&2
    exit 2
}

main "$@"
