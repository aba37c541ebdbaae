/*
 * PostgreSQL. One connection a process, opened on first use and after a loss; prepared statements; binary
 * parameters and results; batches that cost one round trip.
 *
 * Statements are never text at the call site: they are `struct db_statement` constants made at build time
 * from the queries folder (db/queries.h: `extern const struct db_statement q_<name>`) or made by the query
 * planner. Text parameters must be valid UTF-8 without NUL.
 */
#ifndef NEXUS_DB_DB_H
#define NEXUS_DB_DB_H

#include "base/arena.h"
#include "base/date.h"
#include "base/err.h"
#include "base/options.h"
#include "base/uuid.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct db;

struct db_statement {
    const char *name; /* unique in the process; the server-side name; shows in logs and metrics */
    const char *sql;
    int nparams;
    bool reads; /* changes nothing, so that it may be sent again after a lost connection */
};

/* PostgreSQL type OIDs used as parameters (pg_type.dat). */
enum db_type {
    DB_BOOL = 16,
    DB_BYTEA = 17,
    DB_INT8 = 20,
    DB_INT2 = 21,
    DB_INT4 = 23,
    DB_TEXT = 25,
    DB_FLOAT8 = 701,
    DB_DATE = 1082,
    DB_TIMESTAMPTZ = 1184,
    DB_UUID = 2950,
    DB_JSONB = 3802,
    DB_BYTEA_ARRAY = 1001,
    DB_INT4_ARRAY = 1007,
    DB_TEXT_ARRAY = 1009,
    DB_INT8_ARRAY = 1016,
    DB_UUID_ARRAY = 2951,
    DB_DATE_ARRAY = 1182
};

/* One parameter in binary format. Made by the functions below; memory in the arena. */
struct db_param {
    enum db_type type;
    int length;
    const char *data; /* NULL = SQL null */
};

struct db_param db_null(enum db_type type);
struct db_param db_bool(struct arena *a, bool v);
struct db_param db_int4(struct arena *a, int32_t v);
struct db_param db_int8(struct arena *a, int64_t v);
struct db_param db_float8(struct arena *a, double v);
struct db_param db_text(struct str v);         /* points at v's bytes; absent text is null */
struct db_param db_bytea(struct str v);        /* likewise */
struct db_param db_uuid(const struct uuid *v); /* points at v; NULL is null */
struct db_param db_date(struct arena *a, date_t v);
struct db_param db_timestamptz(struct arena *a, int64_t unix_us);
/* An array of elements that are in binary format already. */
struct db_param db_array(struct arena *a, enum db_type array, enum db_type element, const struct str *v,
                         size_t n);
struct db_param db_text_array(struct arena *a, const struct str *v, size_t n);
struct db_param db_uuid_array(struct arena *a, const struct uuid *v, size_t n);
struct db_param db_int8_array(struct arena *a, const int64_t *v, size_t n);
struct db_param db_int4_array(struct arena *a, const int32_t *v, size_t n);
struct db_param db_date_array(struct arena *a, const date_t *v, size_t n);

/* Does not connect. `role` chooses the connection string of the API or of the owner. */
enum db_role { DB_ROLE_API, DB_ROLE_OWNER };
struct db *db_create(const struct options *o, enum db_role role);
void db_close(struct db *db);

/* True when connected or a connection attempt may be made now (circuit closed). Never blocks. */
bool db_usable(const struct db *db);
/*
 * Between requests: notices a closed connection, goes on with or starts a connection attempt when the circuit
 * allows. Takes at most some tens of milliseconds.
 */
void db_maintain(struct db *db);
/* One round trip within the deadline; for /readyz and nexusctl check. */
enum err db_ping(struct db *db) MUST_CHECK;
/* Another number for each connection, 0 while there is none: what belongs to a session, such as LISTEN or an
 * advisory lock, is gone when it has changed. */
unsigned db_session(const struct db *db);
/* Text of the last connection or server error, for logs only. */
const char *db_error(const struct db *db);

/*
 * A batch: statements sent together, answered in one round trip, all or nothing (implicit transaction, or
 * part of the explicit one). Results belong to the arena.
 *
 *     struct db_batch *b = db_batch(db, arena);
 *     int booked = DB_ADD(b, &q_booking_create, db_uuid(&id), ...);
 *     int row = db_add(b, &plan->statement, params, nparams);
 *     enum err e = db_run(b, &failure);
 *     const PGresult *r = db_result(b, booked);
 */
struct db_batch;

struct db_failure {      /* filled when db_run fails */
    enum err err;        /* what constraints.def or SQLSTATE says */
    const char *pointer; /* JSON pointer belonging to the constraint, or "" */
    char sqlstate[6];
    char constraint[64]; /* name of the violated constraint, or "" */
    int statement;       /* index in the batch, -1 when the connection failed */
};

struct db_batch *db_batch(struct db *db, struct arena *a);
/* Copies the params array, not what its elements point at. A statement's parameter types must be the same at
 * each use. Returns the index for db_result. */
int db_add(struct db_batch *b, const struct db_statement *s, const struct db_param *params, int nparams);
#define DB_ADD(b, s, ...)                                                                                    \
    db_add((b), (s), (const struct db_param[]){ __VA_ARGS__ },                                               \
           (int)(sizeof((const struct db_param[]){ __VA_ARGS__ }) / sizeof(struct db_param)))
/*
 * Sends, waits with the deadline, collects. Serialization failures and deadlocks (40001, 40P01) are retried
 * with jitter at most 5 times when the batch is its own transaction or begins one. A connection lost before
 * anything was sent, or while the batch only read, is opened anew once. Lost later: ERR_OUTCOME_UNKNOWN when
 * the batch may have committed, else ERR_UNAVAILABLE. An explicit transaction is rolled back when a batch of
 * it fails.
 */
enum err db_run(struct db_batch *b, struct db_failure *failure) MUST_CHECK;
const PGresult *db_result(const struct db_batch *b, int index);
/* Before db_run: wait for answers at most so long (microseconds) instead of database_timeout. */
void db_patience(struct db_batch *b, int64_t us);

/*
 * COPY ... FROM STDIN outside of a transaction; `data` is all that the server reads (db/copy.h). Some round
 * trips, but a fraction of what the server does for rows that come as arrays. Nothing is tried again; a
 * connection lost is ERR_OUTCOME_UNKNOWN once everything was sent, else ERR_UNAVAILABLE.
 */
enum err db_load(struct db *db, const struct db_statement *s, struct str data,
                 struct db_failure *failure) MUST_CHECK;

/*
 * Explicit transaction, for a decision that needs a result: db_begin marks the next batch to start with
 * BEGIN; db_commit marks a batch to end with COMMIT (so two round trips in all). db_rollback is always safe
 * to call, costs nothing outside a transaction, and must be called when a request that began one does not
 * commit it.
 */
void db_begin(struct db_batch *b);
void db_commit(struct db_batch *b);
void db_rollback(struct db *db);

/*
 * The statement's memory is about to be freed or reused: forget it, and deallocate it on the server together
 * with the next batch. Not needed for constants.
 */
void db_forget(struct db *db, const struct db_statement *s);

/*
 * Between batches: wait at most so long for a notification on a channel that a batch has asked for by LISTEN,
 * which is forgotten with the connection. True with its payload, cut to size. Ends early at a signal
 * (`signals` is the mask meanwhile) and when the connection is lost.
 */
bool db_await(struct db *db, int64_t wait_us, const sigset_t *signals, char *payload, size_t size);

/* Statements sent since the last call; for the log line. */
int db_statements(struct db *db);
/* Microseconds spent in db_run since the last call; likewise. */
int64_t db_busy_us(struct db *db);

/* Columns of a binary row. The column must have the type, else the process aborts. Null is asked by
 * db_is_null. */
bool db_is_null(const PGresult *r, int row, int col);
bool db_get_bool(const PGresult *r, int row, int col);
int32_t db_get_int4(const PGresult *r, int row, int col);
int64_t db_get_int8(const PGresult *r, int row, int col);
double db_get_float8(const PGresult *r, int row, int col);
struct str db_get_text(const PGresult *r, int row, int col); /* also bytea; points into r */
struct uuid db_get_uuid(const PGresult *r, int row, int col);
date_t db_get_date(const PGresult *r, int row, int col);
int64_t db_get_timestamptz(const PGresult *r, int row, int col); /* unix microseconds */

#endif
