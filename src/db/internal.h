/* What the files of src/db share. Nobody else includes this. */
#ifndef NEXUS_DB_INTERNAL_H
#define NEXUS_DB_INTERNAL_H

#include "db/db.h"
#include "db/prepared.h"

#define DB_FORGET_MAX 32
#define DB_NAME_MAX   63     /* NAMEDATALEN - 1 */
#define DB_GRACE_US   500000 /* the server's own statement_timeout comes first, when it is alive */

enum db_state { DB_DOWN, DB_CONNECTING, DB_UP };

struct db {
    const struct options *options;
    enum db_role role;
    PGconn *conn; /* NULL when down */
    enum db_state state;
    PostgresPollingStatusType polling; /* while connecting: what PQconnectPoll waits for */
    int64_t connect_deadline;          /* monotonic microseconds, as all times here */
    int64_t retry_at;                  /* circuit: no attempt before */
    bool in_transaction;               /* explicit, begun and neither committed nor rolled back */
    bool failing;                      /* the last attempt failed, or the server did not answer in time */
    bool commit_unsure;                /* the server warned that a commit is only local */
    unsigned sessions;                 /* connections made so far */
    int statements;
    int64_t busy_us; /* spent in db_run */
    struct prepared prepared;
    /* Names of prepared statements to be deallocated with the next batch. */
    char forgotten[DB_FORGET_MAX][DB_NAME_MAX + 1];
    size_t forgotten_count;
    char error[256];
};

/* Connected on return of ERR_NONE; else ERR_UNAVAILABLE, at once when the circuit is open. */
enum err db_ensure(struct db *db) MUST_CHECK;
/* Forget the connection. `hold` keeps the circuit open for database_retry. */
void db_drop(struct db *db, bool hold);
/* True when the idle connection has been closed by the server; takes a system call. */
bool db_gone(struct db *db);
/* Wait for the socket; false when the deadline (0: none) has passed. events as poll(2); *got what happened.
 */
bool db_wait(struct db *db, short events, int64_t deadline, short *got);
/* Send what did not fit into the socket; false when the connection is lost or the deadline has passed. */
bool db_flush(struct db *db, int64_t deadline);
/* Last libpq message into db->error, on one line. */
void db_note_error(struct db *db, const char *what);

/* Fill `f` from a failed result of statement `index`; sets db->error without values of the statement. */
void db_classify(struct db *db, const PGresult *r, const struct db_statement *s, int index,
                 struct db_failure *f);
/* Notice receiver; `db` is the struct db. */
void db_notice(void *db, const PGresult *r);

#endif
