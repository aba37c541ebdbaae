# shellcheck shell=bash
# A private Nginx with the same snippets a server uses; only the main file and the upstream are its own.

nginx_up() {
    {
        nginx_files
        cat "$RUN/tls/server.pem" "$RUN/nginx/nginx.conf" | cksum | file_put "$RUN/nginx/sum" 0644 root
    } | tee "$RUN/nginx.changes"
    if unit_alive nginx && [[ -s $RUN/nginx.changes ]]; then
        nginx_run -t
        unit_kill nginx HUP
    fi
    nginx_start
}

nginx_files() {
    local file
    mkdir -p "$RUN/nginx"/{conf.d,snippets,temp} "$RUN/www"
    ! am_root || chown "$SERVICE_USER" "$RUN/nginx/temp"
    for file in "$TOP/conf/nginx/conf.d/nexus.conf" "$TOP"/conf/nginx/snippets/*.conf; do
        file_put "$RUN/nginx/${file#"$TOP/conf/nginx/"}" 0644 root <"$file"
    done
    nginx_fill <"$TOP/conf/nginx/quickstart.conf.in" | file_put "$RUN/nginx/nginx.conf" 0644 root
    # One kibibyte that Nginx serves by itself: the ceiling for what goes through it.
    printf '{"data":"%01000d"}\n' 0 | file_put "$RUN/www/bench.json" 0644 root
}

nginx_fill() {
    local user='' without=/no-such-line/d
    ! am_root || user="user $SERVICE_USER;"
    # Where IPv6 is switched off there is no ::1 to listen on.
    grep -qs '^0\{31\}1 ' /proc/net/if_inet6 || without='/listen \[::1\]/d'
    sed -e "$without" -e "s|@ORIGINS@|$(nginx_origins)|" -e "s|@RUN@|$RUN|g" -e "s|@PORT@|$PORT|g" -e "s|@USER@|$user|g"
}

# Lines of a map for the option cors_origins.
nginx_origins() {
    local origins origin other='""'
    IFS=', ' read -r -a origins <<<"$(sed -n 's/^cors_origins *= *//p' "$CONF")"
    for origin in "${origins[@]}"; do
        if [[ $origin = '*' ]]; then other='*'; else printf '"%s" "%s"; ' "$origin" "$origin"; fi
    done
    printf 'default %s;' "$other"
}

nginx_run() { nginx -e "$RUN/log/nginx.log" -c "$RUN/nginx/nginx.conf" "$@"; }

nginx_start() {
    if ! unit_alive nginx; then
        nginx_run -t
        rm -f "$RUN/sock/edge.sock"
        unit_spawn nginx "$(id -un)" nginx -e "$RUN/log/nginx.log" -c "$RUN/nginx/nginx.conf"
    fi
    unit_wait nginx 20 port_taken "$PORT"
}

nginx_stop() { unit_stop nginx QUIT 20; }
