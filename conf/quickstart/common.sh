# shellcheck shell=bash disable=SC2034
# Steps, settings, files and processes: what every other part of ./quickstart uses.

UNITS="postgresql redis rabbitmq fetch decode api jobs nginx"
SERVICE_USER=www-data # what runs beside PostgreSQL when the caller is root

RUN=${NEXUS_RUN_DIR:-$TOP/.run}
[[ $RUN == /* ]] || RUN=$PWD/$RUN
BUILD=${NEXUS_BUILD_DIR:-$TOP/build}
[[ $BUILD == /* ]] || BUILD=$PWD/$BUILD
[[ ! -d $RUN ]] || RUN=$(readlink -f "$RUN")

WANTED_PORT=${NEXUS_PORT:-}
WANTED_OPTIONS=${NEXUS_OPTIONS:-}
WANTED_DEMO=${NEXUS_DEMO:-2000}
WANTED_CONFIGURE=${NEXUS_CONFIGURE:-}
WANTED_BROKER=${NEXUS_BROKER:-}
WANTED_TEMPLATE=${NEXUS_PG_TEMPLATE:-} # a cluster to copy, of `template`
# nexus-api and nexusctl read NEXUS_* as options: what is meant for this script must not reach them.
for name in "${!NEXUS_@}"; do unset "$name"; done

am_root() { [[ $(id -u) -eq 0 ]]; }

# --- talking ---------------------------------------------------------------------------------------------------

declare -A HINT=(
    [rabbitmq]="See ./quickstart logs rabbitmq; its state can be made anew: rm -rf .run/rabbitmq"
    [fetch]="See ./quickstart logs fetch"
    [decode]="See ./quickstart logs decode"
    [packages]="Is there a network and a Debian 12 mirror? Try: apt-get update"
    [build]="The compiler's message is in the log; a stale tree is cured by: rm -rf build"
    [programs]="Build first: ./quickstart up (without --no-build)"
    [ports]="Another program has the port. Choose one: NEXUS_PORT=9443 ./quickstart, or NEXUS_PORT=0 for any."
    [postgresql]="A damaged cluster is thrown away, data included, by: ./quickstart reset"
    [redis]="See ./quickstart logs redis; its state holds nothing of value: rm -rf .run/redis"
    [config]="Mend the line that is named in NEXUS_OPTIONS; ./quickstart ctl config lists all settings"
    [demo]="Load less or nothing: NEXUS_DEMO=0 ./quickstart; begin anew: ./quickstart reset"
    [api]="See ./quickstart logs api; try the settings: .run/bin/nexus-api -c .run/nexus.conf --check"
    [clients]="Is there a network and an npm registry? Try: cd tests && npm ci"
    [migrate]="See what is applied: ./quickstart ctl migrate --status"
    [nginx]="If the port is taken, choose another: NEXUS_PORT=9443 ./quickstart"
    [ready]="See which dependency is missing: ./quickstart ctl check; ./quickstart logs api"
)

die() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }

seconds_since() { # start in microseconds
    local us=$((${EPOCHREALTIME/[.,]/} - $1))
    printf '%d.%d' $((us / 1000000)) $((us % 1000000 / 100000))
}

# step LOG TEXT FUNCTION ARGS...: run it with its output in LOG, print one line with the time it took.
step() {
    local name=$1 text=$2 rc=0 start=${EPOCHREALTIME/[.,]/} log=$RUN/log/$1.step.log
    shift 2
    [[ ! -t 1 ]] || printf '  ...   %s\r' "$text"
    set +e
    (set -e; "$@") >"$log" 2>&1 </dev/null
    rc=$?
    set -e
    settings_reload
    if [[ $rc -eq 0 ]]; then
        printf '  ok    %-40s %6s s  %s\n' "$text" "$(seconds_since "$start")" "$(step_note "$log")"
        return
    fi
    printf '  FAIL  %-40s %6s s\n\n' "$text" "$(seconds_since "$start")"
    { printf 'The step "%s" failed. The last lines of its log:\n\n' "$text"
      tail -n 15 "$log" | sed 's/^/    /'
      printf '\nWhole log:   %s\nWhat to do:  %s\n' "$log" "${HINT[$name]:-Mend what the log says, then run ./quickstart again.}"
    } >&2
    exit 1
}

# A function says one thing worth showing beside its step by `note`.
note() { printf 'note: %s\n' "$*"; }
step_note() { sed -n 's/^note: //p' "$1" | tail -n 1; }

# unit_wait NAME SECONDS COMMAND...: as wait_for, but give up at once when the unit has ended.
unit_wait() {
    local name=$1 seconds=$2
    shift 2
    wait_for "$seconds" unit_settled "$name" "$@" && unit_alive "$name" && return
    echo "$name did not become ready; its log ends with:"
    tail -n 8 "$RUN/log/$name.log"
    return 1
}
unit_settled() { local name=$1; shift; unit_gone "$name" || "$@"; }

# wait_for SECONDS COMMAND...: poll until it succeeds.
wait_for() {
    local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        [[ ${EPOCHREALTIME/[.,]/} -lt $end ]] || return 1
        sleep 0.05
    done
}

# --- the run directory and what is remembered in it ------------------------------------------------------------

as_user() { # USER COMMAND...: exec-like, no shell and no session in between, so that $! is the command's own pid
    as_user_in exec "$@"
}

as_user_in() { # SETTING USER COMMAND...: through `exec`, or a function that ends in one
    local setting=$1 user=$2
    shift 2
    if am_root && [[ $user != root ]]; then
        "$setting" setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
    fi
    "$setting" "$@"
}

service_user() { if am_root; then echo "$SERVICE_USER"; else id -un; fi; }
postgres_user() { if am_root; then echo postgres; else id -un; fi; }

# Servers of other users must reach the directory, and a socket's path has at most 107 bytes.
run_dir_fits() {
    [[ ${#1} -le 80 ]] || return 1
    ! am_root || (cd / && as_user "$SERVICE_USER" test -x "$1")
}

run_dir_create() {
    if [[ ! -d $RUN ]]; then
        mkdir -p "$RUN"
        if ! run_dir_fits "$RUN"; then
            local away
            rmdir "$RUN"
            away=$(mktemp -d "/var/tmp/nexus-$(id -u).XXXXXX")
            ln -sfn "$away" "$RUN"
            RUN=$away
        fi
        chmod 0755 "$RUN"
        RUN=$(readlink -f "$RUN")
    fi
    mkdir -p "$RUN"/{log,pid,sock,pgsock,secret,tls,nginx,bin,www}
    mkdir -p "$RUN"/photos/{incoming,public}
    chmod 0711 "$RUN/secret"
    chmod 0700 "$RUN/photos/incoming"
    if am_root; then
        chown "$SERVICE_USER" "$RUN/sock" "$RUN"/photos/{incoming,public}
        ! id -u postgres >/dev/null 2>&1 || chown postgres "$RUN/pgsock"
    fi
}

# One command at a time may change a stack.
lock_take() {
    exec 9>"$RUN/lock"
    flock -w 300 9 || die "another ./quickstart works on $RUN"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_free() { # none that this stack has chosen and does not use yet
    local port
    for _ in {1..200}; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)) # below the range the kernel hands out
        [[ " $PORT $METRICS_PORT $JOBS_PORT $AMQP_PORT $AMQP_DIST_PORT $EPMD_PORT " != *" $port "* ]] || continue
        port_taken "$port" || { echo "$port"; return; }
    done
    return 1
}

settings_load() {
    [[ -d $RUN/log ]] || die "no stack in $RUN; start one with: ./quickstart"
    PORT=${WANTED_PORT:-8443} METRICS_PORT='' JOBS_PORT='' BROKER='' AMQP_PORT='' AMQP_DIST_PORT='' EPMD_PORT=''
    # shellcheck source=/dev/null
    [[ ! -f $RUN/settings ]] || . "$RUN/settings"
    [[ -z $WANTED_PORT || $WANTED_PORT == 0 ]] || PORT=$WANTED_PORT
    settings_derive
}

settings_reload() {
    # shellcheck source=/dev/null
    [[ ! -f $RUN/settings ]] || . "$RUN/settings"
    settings_derive
}

settings_derive() {
    NEXUS_URL=https://localhost:$PORT
    PG_DATA=$RUN/pg
    PG_SOCKETS=$RUN/pgsock
    CONF=$RUN/nexus.conf
}

# Ports are chosen once and kept.
settings_save() {
    local unit
    for unit in $UNITS; do unit_sweep "$unit"; done
    [[ $PORT != 0 ]] || PORT=$(port_free)
    [[ -n $METRICS_PORT ]] || METRICS_PORT=$(port_free)
    [[ -n $JOBS_PORT ]] || JOBS_PORT=$(port_free)
    BROKER=${WANTED_BROKER:-${BROKER:-none}}
    [[ $BROKER == none || $BROKER == rabbitmq ]] || { echo "NEXUS_BROKER is rabbitmq or none"; return 1; }
    [[ -n $AMQP_PORT ]] || AMQP_PORT=$(port_free) AMQP_DIST_PORT=$(port_free) EPMD_PORT=$(port_free)
    if ! unit_alive nginx && port_taken "$PORT"; then
        echo "port $PORT on 127.0.0.1 is taken by another program"
        return 1
    fi
    if ! unit_alive api && port_taken "$METRICS_PORT"; then METRICS_PORT=$(port_free); fi
    if ! unit_alive jobs && port_taken "$JOBS_PORT"; then JOBS_PORT=$(port_free); fi
    printf '%s=%s\n' PORT "$PORT" METRICS_PORT "$METRICS_PORT" JOBS_PORT "$JOBS_PORT" BROKER "$BROKER" \
        AMQP_PORT "$AMQP_PORT" AMQP_DIST_PORT "$AMQP_DIST_PORT" EPMD_PORT "$EPMD_PORT" >"$RUN/settings"
    note "https $PORT, metrics $METRICS_PORT"
}

settings_print() {
    printf '%s=%q\n' NEXUS_URL "$NEXUS_URL" NEXUS_CA "$RUN/tls/ca.pem" PGHOST "$PG_SOCKETS" PGPORT 5432 \
        PGDATABASE nexus PGUSER nexus_owner NEXUS_REDIS "unix://$RUN/sock/redis.sock" \
        NEXUS_METRICS_URL "http://127.0.0.1:$METRICS_PORT/metrics" \
        NEXUS_JOBS_METRICS_URL "http://127.0.0.1:$JOBS_PORT/metrics"
}

# file_put PATH MODE OWNER: standard input becomes the file unless it is that already; marks its folder's unit.
file_put() {
    local path=$1 new
    new=$(mktemp "$path.XXXXXX")
    cat >"$new"
    chmod "$2" "$new"
    ! am_root || chown "$3" "$new"
    if cmp -s "$new" "$path"; then rm -f "$new"; return; fi
    mv -f "$new" "$path"
    echo "changed $path"
}

# --- processes -------------------------------------------------------------------------------------------------
# A pid file holds "pid start-time": a pid that now belongs to somebody else is never taken for ours.

pid_start_time() { sed -E 's/^.*\) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

unit_pid() { # prints the pid when the unit runs
    local pid start
    [[ -f $RUN/pid/$1 ]] && read -r pid start <"$RUN/pid/$1" || return 1
    [[ -n $start && $(pid_start_time "$pid") == "$start" ]] || return 1
    [[ $(sed -E 's/^.*\) (.).*$/\1/' "/proc/$pid/stat" 2>/dev/null) != Z ]] || return 1
    echo "$pid"
}

unit_alive() { unit_pid "$1" >/dev/null; }
unit_gone() { ! unit_alive "$1"; }

# What a killed process left behind: the rest of its session. Nobody else can be in it, for as long as one member lives
# the number is not given away; if it was, /proc has it again and nothing is done.
unit_sweep() {
    local pid start stat fields left=()
    { [[ -f $RUN/pid/$1 ]] && read -r pid start <"$RUN/pid/$1" && unit_gone "$1"; } || return 0
    # There may be a dead process that nobody has waited for: still ours.
    [[ ! -e /proc/$pid || $(pid_start_time "$pid") == "$start" ]] || return 0
    for stat in /proc/[0-9]*/stat; do
        fields=$(sed -E 's/^.*\) //' "$stat" 2>/dev/null) || continue
        [[ $(cut -d' ' -f4 <<<"$fields") == "$pid" ]] || continue
        stat=${stat#/proc/}
        left+=("${stat%/stat}")
        kill -KILL "${stat%/stat}" 2>/dev/null || :
    done
    # Until the last of them is gone its sockets still take the ports.
    wait_for 5 session_over "$pid" "${left[@]}" || :
    rm -f "$RUN/pid/$1"
}

session_over() { # SESSION PID...: true when none of the processes is of that session any more, but for those that are dead
    local session=$1 pid
    shift
    for pid; do
        [[ ! $(sed -E 's/^.*\) //' "/proc/$pid/stat" 2>/dev/null) =~ ^[^ZX]\ [0-9]+\ [0-9]+\ $session\  ]] || return 1
    done
}

# unit_spawn NAME USER COMMAND...: start it in its own session with its output in the log.
unit_spawn() { unit_spawn_in exec "$@"; }

# The same by a function or builtin that sets an environment and becomes the command.
unit_spawn_in() {
    local setting=$1 name=$2 user=$3 pid
    shift 3
    (cd / && as_user_in "$setting" "$user" setsid "$@") </dev/null >>"$RUN/log/$name.log" 2>&1 9>&- &
    pid=$!
    echo "$pid $(pid_start_time "$pid")" >"$RUN/pid/$name"
    echo "started $name as pid $pid"
}

unit_kill() { # NAME SIGNAL
    local pid
    pid=$(unit_pid "$1") && kill "-$2" "$pid"
}

# unit_stop NAME SIGNAL SECONDS: ask, wait, then insist.
unit_stop() {
    if unit_kill "$1" "$2"; then
        wait_for "$3" unit_gone "$1" || { unit_kill "$1" KILL; wait_for 5 unit_gone "$1"; }
    fi
    rm -f "$RUN/pid/$1"
}

units_status() {
    local unit pid all=0
    for unit in $UNITS; do
        [[ $unit != fetch ]] || fetch_wanted || continue
        [[ $unit != decode ]] || decode_wanted || continue
        [[ $unit != rabbitmq ]] || rabbitmq_wanted || continue
        if pid=$(unit_pid "$unit"); then
            printf '%-12s %8s  %s\n' "$unit" "$pid" running
        else
            all=3
            printf '%-12s %8s  %s\n' "$unit" - "$(if [[ -f $RUN/pid/$unit ]]; then echo dead; else echo stopped; fi)"
        fi
    done
    return $all
}

units_start() { # in order: each needs those before it
    local unit
    [[ $# -gt 0 ]] || eval "set -- $UNITS"
    for unit; do unit_known "$unit"; unit_sweep "$unit"; "${unit}_start"; done
}

# shellcheck disable=SC2120 # arguments come from the command line
units_stop() {
    local unit i all=("$@")
    [[ $# -gt 0 ]] || read -ra all <<<"$UNITS"
    for ((i = ${#all[@]} - 1; i >= 0; i--)); do
        unit=${all[i]}
        unit_known "$unit"
        "${unit}_stop"
    done
}

stack_stop() {
    [[ -d $RUN/pid ]] || { echo "no stack in $RUN"; return; }
    settings_load
    lock_take
    units_stop "$@"
}

unit_known() { [[ " $UNITS " == *" $1 "* ]] || die "no process \"$1\"; there are: $UNITS"; }

stack_reset() {
    lock_take
    # shellcheck disable=SC2119 # no arguments: all of them
    units_stop
    # The stack of `./quickstart test` has a life of its own in test/, and the lock is held.
    find "$RUN" -mindepth 1 -maxdepth 1 ! -name lock ! -name 'test*' -exec rm -rf {} +
    echo "stopped, and removed the state in $RUN"
}

logs_follow() {
    local unit files=()
    [[ $# -gt 0 ]] || eval "set -- $UNITS"
    for unit; do unit_known "$unit"; files+=("$RUN/log/$unit.log"); done
    exec tail -n 20 -F "${files[@]}"
}
