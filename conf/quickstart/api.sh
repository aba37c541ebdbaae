# shellcheck shell=bash
# The generated nexus.conf, migrations, nexus-api, nexus-jobs, nexus-fetch, nexus-decode and nexusctl.

# What the stack decides; lines of NEXUS_OPTIONS come on top and replace these.
config_lines() {
    cat <<CONF
listen = $RUN/sock/api.sock
metrics_listen = 127.0.0.1:$METRICS_PORT
jobs_metrics_listen = 127.0.0.1:$JOBS_PORT
broker = $(! rabbitmq_wanted || echo "amqp://guest:guest@127.0.0.1:$AMQP_PORT/%2f")
public_url = $NEXUS_URL
database = "host=$PG_SOCKETS port=5432 dbname=nexus user=nexus_api"
database_owner = "host=$PG_SOCKETS port=5432 dbname=nexus user=nexus_owner"
redis = unix:$RUN/sock/redis.sock
token_keys = $RUN/secret/keys
secret_file = $RUN/secret/cursor.key
fetch_socket = $RUN/sock/fetch.sock
decode_socket = $RUN/sock/decode.sock
photos_dir = $RUN/photos
mail_templates = $TOP/conf/mail
CONF
    cat "$RUN/options.new"
}

# The last value given for a name wins; order of first appearance is kept.
config_merge() {
    awk -F' *= *' '/^[ \t]*(#|$)/ { next }
        { sub(/^[ \t]+/, ""); name = $1; if (!(name in line)) order[++n] = name; line[name] = $0 }
        END { for (i = 1; i <= n; i++) print line[order[i]] }'
}

# A file that would be refused never replaces one that is in use.
config_make() {
    if [[ -n $WANTED_OPTIONS ]]; then printf '%s\n' "$WANTED_OPTIONS"; else cat "$RUN/options" 2>/dev/null || :; fi \
        >"$RUN/options.new"
    { echo "# Made by ./quickstart; change it with NEXUS_OPTIONS."; config_lines | config_merge; } >"$CONF.new"
    as_service "$RUN/bin/nexus-api" -c "$CONF.new" --check
    file_put "$CONF" 0644 root <"$CONF.new"
    mv "$RUN/options.new" "$RUN/options"
    rm "$CONF.new"
}

as_service() { (cd / && as_user "$(service_user)" "$@"); }

ctl() { exec env NEXUS_MIGRATIONS="$TOP/sql/migrations" "$RUN/bin/nexusctl" -c "$CONF" "$@"; }

migrate_run() { (ctl migrate); }

api_up() {
    local running=$RUN/api.running
    cat "$CONF" "$RUN/bin/nexus-api" | cksum >"$running.new"
    if unit_alive api && ! cmp -s "$running.new" "$running"; then api_stop; fi
    mv "$running.new" "$running"
    api_start
}

api_start() {
    unit_alive api || unit_spawn api "$(service_user)" "$RUN/bin/nexus-api" -c "$CONF"
    unit_wait api 30 api_answers
}

api_answers() { curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$METRICS_PORT/metrics"; }

api_stop() { unit_stop api TERM 40; }

jobs_up() {
    local running=$RUN/jobs.running
    cat "$CONF" "$RUN/bin/nexus-jobs" | cksum >"$running.new"
    if unit_alive jobs && ! cmp -s "$running.new" "$running"; then jobs_stop; fi
    mv "$running.new" "$running"
    jobs_start
}

jobs_start() {
    unit_alive jobs || unit_spawn jobs "$(service_user)" "$RUN/bin/nexus-jobs" -c "$CONF"
    unit_wait jobs 10 jobs_running
}

jobs_running() { port_taken "$JOBS_PORT"; }

jobs_stop() { unit_stop jobs TERM 20; }

# Only where something would ask it.
fetch_wanted() { [[ ! -f $RUN/nexus.conf ]] || ! grep -qxE 'fetch_socket = *("")?' "$RUN/nexus.conf"; }

fetch_up() {
    fetch_wanted || { fetch_stop; return; }
    local running=$RUN/fetch.running
    cat "$CONF" "$RUN/bin/nexus-fetch" | cksum >"$running.new"
    if unit_alive fetch && ! cmp -s "$running.new" "$running"; then fetch_stop; fi
    mv "$running.new" "$running"
    fetch_start
}

fetch_start() {
    fetch_wanted || return 0
    unit_alive fetch || unit_spawn fetch "$(service_user)" "$RUN/bin/nexus-fetch" -c "$CONF"
    unit_wait fetch 10 test -S "$RUN/sock/fetch.sock"
}

fetch_stop() { unit_stop fetch TERM 20; }

# Only where something would ask it.
decode_wanted() { [[ ! -f $RUN/nexus.conf ]] || ! grep -qxE 'decode_socket = *("")?' "$RUN/nexus.conf"; }

decode_up() {
    decode_wanted || { decode_stop; return; }
    local running=$RUN/decode.running
    cat "$CONF" "$RUN/bin/nexus-decode" | cksum >"$running.new"
    if unit_alive decode && ! cmp -s "$running.new" "$running"; then decode_stop; fi
    mv "$running.new" "$running"
    decode_start
}

decode_start() {
    decode_wanted || return 0
    unit_alive decode || unit_spawn decode "$(service_user)" "$RUN/bin/nexus-decode" -c "$CONF"
    unit_wait decode 10 test -S "$RUN/sock/decode.sock"
}

decode_stop() { unit_stop decode TERM 20; }

ready_wait() {
    wait_for 30 ready_answers || { ready_answers -S -w 'HTTP %{http_code}\n' -o -; return 1; }
}

ready_answers() { curl -sf -o /dev/null --max-time 5 --cacert "$RUN/tls/ca.pem" "$@" "$NEXUS_URL/readyz"; }
