# shellcheck shell=bash
# A private PostgreSQL 15 cluster on a unix socket. Who may be which role is decided by the peer's user id.

PG_BIN=/usr/lib/postgresql/15/bin

postgresql_up() {
    if [[ ! -s $PG_DATA/PG_VERSION ]]; then postgresql_init; fi
    postgresql_configure
    postgresql_start
    postgresql_roles
}

as_postgres() { (cd / && as_user "$(postgres_user)" "$@"); }

postgresql_init() {
    mkdir -p "$PG_DATA"
    ! am_root || chown postgres: "$PG_DATA"
    chmod 0700 "$PG_DATA"
    if [[ -n $WANTED_TEMPLATE && -s $WANTED_TEMPLATE/PG_VERSION && ! -e $WANTED_TEMPLATE/postmaster.pid ]]; then
        cp -a --reflink=auto "$WANTED_TEMPLATE/." "$PG_DATA"
        return
    fi
    as_postgres "$PG_BIN/initdb" -D "$PG_DATA" -U postgres --data-checksums --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=peer --auth-host=reject
    mkdir -p "$PG_DATA/conf.d"
    printf "include_dir = 'conf.d'\n" >>"$PG_DATA/postgresql.conf"
    ! am_root || chown -R postgres: "$PG_DATA/conf.d"
}

postgresql_configure() {
    local me service
    me=$(id -un) service=$(service_user)
    {
        file_put "$PG_DATA/conf.d/10-nexus.conf" 0600 postgres <"$TOP/conf/postgresql/nexus.conf"
        # Two generations of workers overlap during a reload; the rest is for tools and tests.
        file_put "$PG_DATA/conf.d/20-quickstart.conf" 0600 postgres <<CONF
listen_addresses = ''
unix_socket_directories = '$PG_SOCKETS'
unix_socket_permissions = 0777
port = 5432
max_connections = $(($(nproc) * 4 * 2 + 64))
CONF
        file_put "$PG_DATA/pg_hba.conf" 0600 postgres <<<"local all all peer map=nexus"
        file_put "$PG_DATA/pg_ident.conf" 0600 postgres < <(
            printf 'nexus %s postgres\nnexus %s nexus_owner\nnexus %s nexus_api\n' "$me" "$me" "$me"
            ! am_root || printf 'nexus postgres postgres\nnexus %s nexus_api\n' "$service")
    } | tee "$RUN/pg.changes"
    ! am_root || chown postgres "$PG_SOCKETS" # the user may have come with the package just now
    if [[ -s $RUN/pg.changes ]] && unit_alive postgresql; then postgresql_stop; fi
}

postgresql_start() {
    unit_alive postgresql || { postgresql_unlock; unit_spawn postgresql "$(postgres_user)" "$PG_BIN/postgres" -D "$PG_DATA"; }
    unit_wait postgresql 60 "$PG_BIN/pg_isready" -q -h "$PG_SOCKETS" -p 5432 -U postgres
}

# To its successor a killed postmaster looks alive until somebody has waited for it, which may take a while or never happen.
postgresql_unlock() {
    local pid
    { read -r pid <"$PG_DATA/postmaster.pid"; } 2>/dev/null || return 0
    wait_for 5 process_reaped "$pid" || [[ $(process_state "$pid") != Z ]] || rm -f "$PG_DATA/postmaster.pid"
}
process_reaped() { [[ ! -e /proc/$1 ]]; }
process_state() { sed -nE 's/^State:\s+(\S).*/\1/p' "/proc/$1/status" 2>/dev/null; }

postgresql_stop() { unit_stop postgresql INT 30; }

super_psql() { psql -X -q -v ON_ERROR_STOP=1 -h "$PG_SOCKETS" -p 5432 -U postgres "$@"; }

postgresql_roles() {
    super_psql -d postgres -f "$TOP/conf/postgresql/roles.sql"
    [[ $(super_psql -d postgres -Atc "select 1 from pg_database where datname = 'nexus'") == 1 ]] ||
        super_psql -d postgres -f "$TOP/conf/postgresql/database.sql"
}
