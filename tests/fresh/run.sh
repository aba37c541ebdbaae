#!/usr/bin/env bash
# Both commands of the README on a Debian 12 that has nothing: debootstrap a tree, put a clean checkout of this
# repository into it, run ./quickstart and ./quickstart test there, and say how long each took.
#
#   sudo tests/fresh/run.sh [FOLDER]
#
# FOLDER (default: a new one below /var/tmp) is removed at the end, unless KEEP=1; a tree that was kept is used again.
# COMMANDS="up" runs only some of the commands; AS=user runs them as a user who may use sudo instead of as root.
# The mirror and the npm registry are those this machine uses; they are asked for now and written into the tree alone.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
PATH=$PATH:/usr/sbin:/sbin
[[ $(id -u) -eq 0 ]] || { echo "debootstrap needs root: sudo $0" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "missing: apt-get install debootstrap" >&2; exit 1; }
TREE=${1:-$(mktemp -d /var/tmp/nexus-fresh.XXXXXX)}
chmod 0755 "$TREE" 2>/dev/null || : # a root folder that only root may enter is no Debian
SUITE=bookworm
RESULTS=()

main() {
    local command rc=0
    trap cleanup EXIT
    [[ -x $TREE/bin/bash ]] || timed debootstrap tree_make
    tree_sources
    checkout_put
    for command in ${COMMANDS:-up test}; do
        timed "quickstart $command" inside "/src/nexus/quickstart $command" || { rc=1; break; }
    done
    [[ $rc -ne 0 || " ${COMMANDS:-up test} " != *" up "* ]] || timed "second up, then stop" inside \
        "/src/nexus/quickstart up && /src/nexus/quickstart status && /src/nexus/quickstart stop" || rc=1
    printf '\n'
    printf '%s\n' "${RESULTS[@]}"
    return $rc
}

timed() { # TEXT COMMAND...
    local text=$1 start=$SECONDS rc=0
    shift
    echo "=== $text"
    "$@" || rc=$?
    RESULTS+=("$(printf '%-24s %5d s  %s' "$text" $((SECONDS - start)) "$(if [[ $rc -eq 0 ]]; then echo ok; else echo "exit $rc"; fi)")")
    return $rc
}

# "URI RELEASE" of every Debian archive this machine takes packages from.
archives() {
    # shellcheck disable=SC2016 # the dollar signs are apt's
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' |
        awk -v suite="$SUITE" '($3 == "Debian" || $3 == "") && index($2, suite) == 1 { print $1, $2 }' | sort -u
}

tree_make() {
    local mirror
    mirror=$(archives | awk -v suite="$SUITE" '$2 == suite { print $1; exit }')
    [[ -n $mirror ]] || { echo "no archive of Debian $SUITE in this machine's apt configuration" >&2; return 1; }
    debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$TREE" "$mirror" >"$TREE.log" 2>&1 ||
        { tail -n 20 "$TREE.log" >&2; return 1; }
}

tree_sources() {
    archives | sed "s/.*/deb & main/" >"$TREE/etc/apt/sources.list"
    apt-config dump Acquire >"$TREE/etc/apt/apt.conf.d/00machine"
    cp -L /etc/resolv.conf /etc/hosts "$TREE/etc/"
    cp -r /usr/local/share/ca-certificates/. "$TREE/usr/local/share/ca-certificates/" 2>/dev/null || :
    chroot "$TREE" update-ca-certificates >/dev/null 2>&1 || :
}

# What is committed, as a clone has it.
checkout_put() {
    rm -rf "$TREE/src"
    mkdir -p "$TREE/src"
    git -c safe.directory='*' clone -q --no-local "$TOP" "$TREE/src/nexus"
    [[ ${AS:-root} == user ]] || return 0
    chroot "$TREE" bash -euc 'apt-get -q update && apt-get -qy --no-install-recommends install sudo
        useradd --create-home dev && echo "dev ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/dev && chown -R dev /src' \
        >>"$TREE.log" 2>&1
}

inside() { # SHELL TEXT, in the tree; all of its processes end with it
    local registry as=()
    [[ ${AS:-root} != user ]] || as=(setpriv --reuid=dev --regid=dev --init-groups env HOME=/home/dev)
    registry=$(npm config get registry 2>/dev/null || :)
    local env=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb NEXUS_PORT="${NEXUS_PORT:-0}"
        ${NEXUS_DEMO:+NEXUS_DEMO="$NEXUS_DEMO"} ${registry:+npm_config_registry="$registry"})
    # Its own process, mount and IPC namespaces; systemd-nspawn would do the same but for /sys and /dev.
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --ipc --uts --fork --kill-child bash -euc '
        tree=$1; shift
        mount --make-rprivate /
        mount --bind "$tree" "$tree" # what is made private inside has to be a mount
        mount -t proc proc "$tree/proc"
        mount -t sysfs -o ro sysfs "$tree/sys"
        mount -t tmpfs -o mode=0755 dev "$tree/dev"
        for node in null zero full random urandom tty; do touch "$tree/dev/$node"; mount --bind "/dev/$node" "$tree/dev/$node"; done
        mkdir "$tree/dev/shm" "$tree/dev/pts"
        mount -t tmpfs -o mode=1777 shm "$tree/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$tree/dev/pts"
        ln -s pts/ptmx "$tree/dev/ptmx"
        ln -s /proc/self/fd "$tree/dev/fd"
        ln -s /proc/self/fd/0 "$tree/dev/stdin"
        ln -s /proc/self/fd/1 "$tree/dev/stdout"
        ln -s /proc/self/fd/2 "$tree/dev/stderr"
        chroot "$tree" "$@"' - "$TREE" "${env[@]}" "${as[@]}" bash -c "$1"
}

cleanup() {
    [[ ${KEEP:-} == 1 ]] && { echo "kept: $TREE"; return; }
    rm -rf --one-file-system "$TREE" "$TREE.log"
}

main
