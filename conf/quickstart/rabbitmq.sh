# shellcheck shell=bash
# A private RabbitMQ node on loopback, when NEXUS_BROKER=rabbitmq asks for it. Its port mapper is its own too.

RABBITMQ_BIN=/usr/lib/rabbitmq/bin

rabbitmq_wanted() { [[ ${BROKER:-} == rabbitmq ]]; }

# Environment of the node and of what talks to it; becomes the command.
rabbitmq_env() {
    exec env -i PATH="$PATH" LANG=C.UTF-8 HOME="$RUN/rabbitmq" ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1 \
        RABBITMQ_NODENAME="nexus$AMQP_PORT@localhost" RABBITMQ_BASE="$RUN/rabbitmq" \
        RABBITMQ_MNESIA_BASE="$RUN/rabbitmq/mnesia" RABBITMQ_LOG_BASE="$RUN/rabbitmq/log" RABBITMQ_LOGS=- \
        RABBITMQ_CONFIG_FILE="$RUN/rabbitmq/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null \
        RABBITMQ_ENABLED_PLUGINS_FILE="$RUN/rabbitmq/plugins" RABBITMQ_DIST_PORT="$AMQP_DIST_PORT" \
        RABBITMQ_PID_FILE="$RUN/rabbitmq/pid" RABBITMQ_ALLOW_INPUT=yes RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput "$@"
}

rabbitmq_up() {
    rabbitmq_wanted || { rabbitmq_stop; return; }
    [[ -x $RABBITMQ_BIN/rabbitmq-server ]] || { echo "install rabbitmq-server"; return 1; }
    mkdir -p "$RUN/rabbitmq"
    {
        file_put "$RUN/rabbitmq/rabbitmq.conf" 0644 root <<CONF
listeners.tcp.1 = 127.0.0.1:$AMQP_PORT
loopback_users.guest = true
log.console = true
log.console.level = warning
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 512MB
CONF
        file_put "$RUN/rabbitmq/plugins" 0644 root <<<"[]."
    } | tee "$RUN/rabbitmq.changes"
    ! am_root || chown "$SERVICE_USER" "$RUN/rabbitmq"
    [[ ! -s $RUN/rabbitmq.changes ]] || rabbitmq_stop
    rabbitmq_start
}

rabbitmq_start() {
    rabbitmq_wanted || return 0
    unit_alive rabbitmq || unit_spawn_in rabbitmq_env rabbitmq "$(service_user)" "$RABBITMQ_BIN/rabbitmq-server"
    unit_wait rabbitmq 90 port_taken "$AMQP_PORT"
}

rabbitmq_stop() {
    unit_stop rabbitmq TERM 30
    [[ -z ${EPMD_PORT:-} ]] || ! port_taken "$EPMD_PORT" || (rabbitmq_env epmd -kill) >/dev/null 2>&1 || :
}

rabbitmqctl_run() { (cd / && rabbitmq_env "$RABBITMQ_BIN/rabbitmqctl" "$@"); }
