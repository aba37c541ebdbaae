# shellcheck shell=bash
# Demo data and accounts, and what a newcomer is told at the end.

DEMO_PASSWORD=correct-horse-battery
DEMO_GUEST=guest@example.com
DEMO_HOST=host@example.com

demo_load() {
    [[ ! -f $RUN/demo.loaded ]] || { note "loaded before"; return; }
    [[ $WANTED_DEMO -gt 0 ]] || { note "none wanted"; return; }
    (ctl demo --properties "$WANTED_DEMO" --seed 1)
    echo "$WANTED_DEMO" >"$RUN/demo.loaded"
    note "$WANTED_DEMO properties"
}

demo_accounts() {
    [[ ! -f $RUN/demo.accounts ]] || { note "made before"; return; }
    (umask 077; printf '%s\n' "$DEMO_PASSWORD" >"$RUN/secret/demo.password")
    (ctl user create --email "$DEMO_GUEST" --name "Demo Guest" --password-file "$RUN/secret/demo.password")
    (ctl user create --email "$DEMO_HOST" --name "Demo Host" --password-file "$RUN/secret/demo.password")
    : >"$RUN/demo.accounts"
}

welcome() {
    cat <<TEXT

Nexus answers on $NEXUS_URL   (certificate authority: $RUN/tls/ca.pem)
Demo accounts: $DEMO_GUEST and $DEMO_HOST, password $DEMO_PASSWORD
TEXT
}
