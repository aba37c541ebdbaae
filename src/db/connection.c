/*
 * The connection and its circuit breaker.
 *
 * Connecting never blocks longer than it must: an attempt is started, given some patience, and when it has
 * not come to an end the request is answered "unavailable" while the attempt stays pending; later requests
 * only look at it. After a failed attempt, or a server that did not answer in time, patience is short, so
 * that a frozen server costs one request its time-out and the others next to nothing.
 */
#include "db/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_AFTER_FAILURE_US 50000
#define PARAMETERS_MAX            16

struct parameters {
    const char *names[PARAMETERS_MAX], *values[PARAMETERS_MAX];
    size_t count;
    char settings[512]; /* the server's, as command-line options of the backend */
    char *password;
};

static const struct db_statement statement_ping = { "t_ping", "select 1", 0, true };

static void put(struct parameters *p, const char *name, const char *value)
{
    p->names[p->count] = name;
    p->values[p->count] = value;
    p->count++;
}

/* Whoever reads the log must not find a second line in it. */
static void one_line(char *text)
{
    for (char *c = text; *c; c++) {
        if (*c == '\n' || *c == '\r' || *c == '\t') {
            *c = ' ';
        }
    }
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--) {
        text[n - 1] = '\0';
    }
}

void db_note_error(struct db *db, const char *what)
{
    snprintf(db->error, sizeof(db->error), "%s: %s", what,
             db->conn ? PQerrorMessage(db->conn) : "not connected");
    one_line(db->error);
}

/*
 * Statements of the API are made so that one plan fits all their values; left to itself PostgreSQL plans a
 * search anew each time, which costs as much as the search. Its cores serve other requests, not parts of one.
 */
static const char one_plan[] = " -c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0";

static void server_settings(struct parameters *p, const struct options *o, enum db_role role)
{
    bool api = role == DB_ROLE_API;
    long long statement = api ? o->database_timeout / 1000 : 0;
    snprintf(
        p->settings, sizeof(p->settings),
        "-c statement_timeout=%lld -c lock_timeout=%lld -c idle_in_transaction_session_timeout=%lld"
        " -c client_connection_check_interval=%d -c jit=off -c search_path=public,pg_temp -c timezone=UTC"
        " -c datestyle=ISO -c intervalstyle=postgres -c client_min_messages=warning%s",
        statement, (long long)(o->database_lock_timeout / 1000), statement, api ? 2000 : 0,
        api ? one_plan : "");
}

/*
 * What stands before the connection string can be changed by it; what stands after cannot. Kerberos costs a
 * look for tickets at each connection and is off unless asked for.
 */
static bool gather(struct parameters *p, const struct options *o, enum db_role role, char *error, size_t size)
{
    bool api = role == DB_ROLE_API;
    const char *file = api ? o->database_password_file : o->database_owner_password_file;
    *p = (struct parameters){ 0 };
    if (file[0]) {
        size_t n;
        p->password = options_secret(file, &n, error, size);
        if (!p->password) {
            return false;
        }
    }
    server_settings(p, o, role);
    put(p, "application_name", api ? "nexus-api" : "nexusctl");
    put(p, "gssencmode", "disable");
    put(p, "tcp_user_timeout", "10000");
    put(p, "keepalives_idle", "30");
    put(p, "keepalives_interval", "5");
    put(p, "keepalives_count", "3");
    put(p, "dbname", api ? o->database : o->database_owner);
    put(p, "client_encoding", "UTF8");
    put(p, "options", p->settings);
    if (p->password) {
        put(p, "password", p->password);
    }
    return true;
}

static void discard(struct parameters *p)
{
    if (p->password) {
        explicit_bzero(p->password, strlen(p->password));
        free(p->password);
    }
}

struct db *db_create(const struct options *o, enum db_role role)
{
    struct db *db = calloc(1, sizeof(*db));
    if (!db) {
        log_msg(LOG_ERROR, "out of memory");
        abort();
    }
    db->options = o;
    db->role = role;
    return db;
}

void db_drop(struct db *db, bool hold)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->state = DB_DOWN;
    db->in_transaction = false;
    db->forgotten_count = 0;
    prepared_clear(&db->prepared);
    if (hold) {
        db->retry_at = clock_mono_us() + db->options->database_retry;
        db->failing = true;
    }
}

void db_close(struct db *db)
{
    if (db) {
        db_drop(db, false);
        prepared_free(&db->prepared);
        free(db);
    }
}

bool db_wait(struct db *db, short events, int64_t deadline, short *got)
{
    struct pollfd fd = { .fd = PQsocket(db->conn), .events = events };
    for (;;) {
        int64_t left = deadline ? deadline - clock_mono_us() : 0;
        int ms = !deadline ? -1 : left > 0 ? (int)((left + 999) / 1000) : 0;
        int n = poll(&fd, 1, ms);
        if (n >= 0) {
            *got = fd.revents;
            return n > 0;
        }
        if (errno != EINTR) {
            return false;
        }
    }
}

bool db_gone(struct db *db)
{
    struct pollfd fd = { .fd = PQsocket(db->conn), .events = POLLIN };
    if (poll(&fd, 1, 0) <= 0) {
        return false;
    }
    /* Readable while idle: a parameter change, a notice, or the end. */
    return !PQconsumeInput(db->conn) || PQstatus(db->conn) != CONNECTION_OK;
}

static enum err attempt_failed(struct db *db)
{
    bool first = !db->failing;
    db_note_error(db, clock_mono_us() >= db->connect_deadline ? "no answer in time" : "connect");
    if (first) {
        LOG(LOG_WARN, "database cannot be reached", LOG_TEXT("error", db->error));
    }
    db_drop(db, true);
    return ERR_UNAVAILABLE;
}

static enum err attempt_start(struct db *db)
{
    struct parameters p;
    db->connect_deadline = clock_mono_us() + db->options->database_connect_timeout;
    if (!gather(&p, db->options, db->role, db->error, sizeof(db->error))) {
        LOG(LOG_ERROR, "database password cannot be read", LOG_TEXT("error", db->error));
        db_drop(db, true);
        return ERR_UNAVAILABLE;
    }
    db->conn = PQconnectStartParams(p.names, p.values, 1);
    discard(&p);
    if (!db->conn || PQstatus(db->conn) == CONNECTION_BAD) {
        return attempt_failed(db);
    }
    db->state = DB_CONNECTING;
    db->polling = PGRES_POLLING_WRITING; /* as the manual of PQconnectPoll says */
    return ERR_NONE;
}

static enum err attempt_succeeded(struct db *db)
{
    PQsetNoticeReceiver(db->conn, db_notice, db);
    if (PQsetnonblocking(db->conn, 1) != 0 || !PQenterPipelineMode(db->conn)) {
        return attempt_failed(db);
    }
    if (db->failing) {
        log_msg(LOG_INFO, "database is reached again");
    }
    db->failing = false;
    db->state = DB_UP;
    db->sessions++;
    return ERR_NONE;
}

/* Go on with a pending attempt until `patience` (monotonic time). */
static enum err attempt_advance(struct db *db, int64_t patience)
{
    int64_t until = patience < db->connect_deadline ? patience : db->connect_deadline;
    while (db->polling == PGRES_POLLING_READING || db->polling == PGRES_POLLING_WRITING) {
        short got;
        if (!db_wait(db, db->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT, until, &got)) {
            return clock_mono_us() >= db->connect_deadline ? attempt_failed(db) : ERR_UNAVAILABLE;
        }
        db->polling = PQconnectPoll(db->conn);
    }
    return db->polling == PGRES_POLLING_OK ? attempt_succeeded(db) : attempt_failed(db);
}

static enum err ensure(struct db *db, int64_t patience_us)
{
    int64_t now = clock_mono_us();
    if (db->state == DB_DOWN) {
        if (now < db->retry_at || attempt_start(db) != ERR_NONE) {
            return ERR_UNAVAILABLE;
        }
        return attempt_advance(db, now + patience_us);
    }
    return attempt_advance(db, db->failing ? now : now + patience_us);
}

enum err db_ensure(struct db *db)
{
    if (db->state == DB_UP) {
        return ERR_NONE;
    }
    return ensure(db, db->failing ? PATIENCE_AFTER_FAILURE_US : db->options->database_connect_timeout);
}

unsigned db_session(const struct db *db)
{
    return db->state == DB_UP ? db->sessions : 0;
}

bool db_usable(const struct db *db)
{
    return db->state != DB_DOWN || clock_mono_us() >= db->retry_at;
}

void db_maintain(struct db *db)
{
    if (db->state == DB_UP && db_gone(db)) {
        db_drop(db, false);
    }
    if (db->state != DB_UP && ensure(db, PATIENCE_AFTER_FAILURE_US) != ERR_NONE) {
        return; /* the next request or idle second goes on */
    }
}

const char *db_error(const struct db *db)
{
    return db->error;
}

enum err db_ping(struct db *db)
{
    struct arena *a = arena_create(4096, 1 << 20);
    struct db_batch *b = db_batch(db, a);
    struct db_failure f;
    db_add(b, &statement_ping, NULL, 0);
    db_patience(b, db->options->database_connect_timeout);
    enum err e = db_run(b, &f);
    arena_destroy(a);
    return e;
}
