# shellcheck shell=bash disable=SC2034
# Debian packages: only missing ones are installed.

PACKAGES_BUILD=(gcc libc6-dev make autoconf automake autoconf-archive pkg-config libpq-dev libjson-c-dev libhiredis-dev
    libssl-dev libargon2-dev libxxhash-dev libcurl4-openssl-dev librabbitmq-dev libfcgi-dev libzxcvbn-dev libical-dev libmaxminddb-dev libvips-dev zlib1g-dev check)
PACKAGES_RUN=(postgresql-15 postgresql-client-15 redis-server nginx openssl curl ca-certificates)
[[ $WANTED_BROKER != rabbitmq ]] || PACKAGES_RUN+=(rabbitmq-server)
PACKAGES_TEST=(python3 python3-pytest python3-pytest-timeout python3-pytest-xdist python3-requests python3-psycopg2 python3-redis
    python3-jsonschema python3-yaml python3-jwt python3-cryptography python3-aiosmtpd python3-pil haproxy shellcheck systemd systemd-container tzdata procps
    jq git patch clang-format binutils john-data oathtool chromium rabbitmq-server iproute2)

package_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

as_admin() {
    if am_root; then "$@"; return; fi
    command -v sudo >/dev/null || { echo "installing packages needs root or sudo; missing: ${missing[*]}"; return 1; }
    sudo -n true 2>/dev/null || echo "sudo may ask for a password"
    sudo "$@"
}

packages_install() {
    local package missing=()
    for package; do package_installed "$package" || missing+=("$package"); done
    [[ ${#missing[@]} -gt 0 ]] || { note "nothing missing"; return; }
    command -v apt-get >/dev/null || { echo "this is not Debian; missing: ${missing[*]}"; return 1; }
    as_admin apt-get update -q
    services_hold
    as_admin env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" ||
        { services_release; return 1; }
    services_release
    note "installed ${#missing[@]}"
}

# Debian starts a server as soon as it is installed; this stack wants the programs, not the system's services.
services_hold() {
    HELD=
    [[ ! -e /usr/sbin/policy-rc.d ]] || return 0
    HELD=yes
    printf '#!/bin/sh\nexit 101\n' | as_admin sh -c 'cat >/usr/sbin/policy-rc.d && chmod 0755 /usr/sbin/policy-rc.d'
    trap services_release EXIT
}

services_release() {
    [[ ${HELD:-} != yes ]] || as_admin rm -f /usr/sbin/policy-rc.d
    HELD=
}
