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
    local place city lat lon from to stay id="" curl="curl -s --cacert $RUN/tls/ca.pem"
    cat <<TEXT

Nexus answers on $NEXUS_URL   (certificate authority: $RUN/tls/ca.pem)
Demo accounts: $DEMO_GUEST and $DEMO_HOST, password $DEMO_PASSWORD
TEXT
    place=$(welcome_place) || :
    IFS='|' read -r city lat lon from to <<<"$place"
    stay="check_in=$from&check_out=$to&guests=2"
    [[ -z $city ]] ||
        id=$($curl "$NEXUS_URL/v1/properties?near=$lat,$lon&radius=25&$stay&limit=1" | first_value id) || :
    [[ -n $id ]] || return 0
    cat <<TEXT

# Three nights in $city for two
$curl "$NEXUS_URL/v1/properties?near=$lat,$lon&radius=25&$stay&limit=3"

# Log in
TOKEN=\$($curl $NEXUS_URL/v1/auth/login -H 'Content-Type: application/json' -d '{"email":"$DEMO_GUEST","password":"$DEMO_PASSWORD"}' | grep -o '"access_token":"[^"]*"' | cut -d'"' -f4)

# A quote, and a booking from it; the second time the quote is refused, for the nights are taken
QUOTE=\$($curl $NEXUS_URL/v1/quotes -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -d '{"property_id":"$id","check_in":"$from","check_out":"$to","guests":2}'); echo "\$QUOTE"; ID=\$(echo "\$QUOTE" | sed -n 's/^{"id":"\([^"]*\)".*/\1/p'); [ -z "\$ID" ] || $curl $NEXUS_URL/v1/bookings -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -d "{\"quote_id\":\"\$ID\"}"
TEXT
}

first_value() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d'"' -f4; }

# "city|latitude|longitude|first night|departure": where most properties are, a month from now.
welcome_place() {
    psql -X -q -At -h "$PG_SOCKETS" -p 5432 -U nexus_owner -d nexus -c "
        select city, round(avg(location[1])::numeric, 3), round(avg(location[0])::numeric, 3),
               current_date + 30, current_date + 33
        from properties where status = 'published' group by city order by count(*) desc, city limit 1" 2>/dev/null
}
