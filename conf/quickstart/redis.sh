# shellcheck shell=bash
# A private Redis on a unix socket, open to the service's user and root only.

redis_up() {
    {
        file_put "$RUN/redis-nexus.conf" 0644 root <"$TOP/conf/redis/nexus.conf"
        file_put "$RUN/redis.conf" 0644 root <<CONF
include $RUN/redis-nexus.conf
port 0
unixsocket $RUN/sock/redis.sock
unixsocketperm 600
dir $RUN/redis
daemonize no
logfile ""
CONF
    } | tee "$RUN/redis.changes"
    mkdir -p "$RUN/redis"
    ! am_root || chown "$SERVICE_USER" "$RUN/redis"
    [[ ! -s $RUN/redis.changes ]] || redis_stop
    redis_start
}

redis_start() {
    unit_alive redis || unit_spawn redis "$(service_user)" redis-server "$RUN/redis.conf"
    unit_wait redis 20 redis_answers
}

redis_answers() { [[ $(redis-cli -s "$RUN/sock/redis.sock" ping 2>/dev/null) == PONG ]]; }

redis_stop() { unit_stop redis TERM 10; }
