# shellcheck shell=bash
# Secrets and the development certificate. Made once, renewed a month before they end.

secrets_make() {
    local owner
    owner=$(service_user)
    signing_keys_make "$owner"
    secret_once "$RUN/secret/cursor.key" "$owner" openssl rand -hex 32
    certificate_good || certificate_make
}

signing_keys_make() { # OWNER
    [[ ! -s $RUN/secret/keys/keys ]] || return 0
    (umask 077; mkdir -p "$RUN/secret/keys")
    ! am_root || chown "$1" "$RUN/secret/keys"
    (cd / && NEXUS_TOKEN_KEYS=$RUN/secret/keys "$RUN/bin/nexusctl" keys generate >/dev/null)
}

secret_once() { # PATH OWNER COMMAND...
    local path=$1 owner=$2
    shift 2
    [[ ! -s $path ]] || return 0
    (umask 077; "$@" >"$path.new")
    ! am_root || chown "$owner" "$path.new"
    mv "$path.new" "$path"
}

certificate_good() {
    openssl x509 -checkend 2592000 -noout -in "$RUN/tls/ca.pem" 2>/dev/null &&
        openssl x509 -checkend 2592000 -noout -in "$RUN/tls/server.pem" 2>/dev/null
}

# A certificate authority whose key is thrown away after its one signature: nobody can misuse it.
certificate_make() {
    local work
    work=$(mktemp -d "$RUN/tls/new.XXXXXX")
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
    openssl req -x509 -new -key "$work/ca.key" -sha256 -days 825 -subj "/CN=Nexus development CA" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out "$work/ca.pem"
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/server.key"
    openssl req -new -key "$work/server.key" -subj "/CN=localhost" -out "$work/server.csr"
    printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
        "extendedKeyUsage=serverAuth" "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" \
        "authorityKeyIdentifier=keyid" >"$work/ext"
    openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -sha256 \
        -days 824 -extfile "$work/ext" -out "$work/server.pem"
    chmod 0600 "$work/server.key"
    mv -f "$work/ca.pem" "$work/server.pem" "$work/server.key" "$RUN/tls/"
    rm -rf "$work"
    echo "changed certificate"
}
