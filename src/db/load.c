/* COPY. Pipeline mode has none, so it is left meanwhile. */
#include "db/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <poll.h>

/* NULL when there is none within the deadline. */
static PGresult *next_result(struct db *db, int64_t deadline)
{
    while (PQisBusy(db->conn)) {
        short got;
        if (!db_wait(db, POLLIN, deadline, &got)) {
            return NULL;
        }
        if (!PQconsumeInput(db->conn)) {
            break; /* the server's last words may still be in the buffer */
        }
    }
    return PQgetResult(db->conn);
}

/* The answer to the statement: ready to read data, or why not. */
static PGresult *begin(struct db *db, const struct db_statement *s, int64_t deadline)
{
    bool sent =
        PQexitPipelineMode(db->conn) == 1 && PQsendQuery(db->conn, s->sql) == 1 && db_flush(db, deadline);
    return sent ? next_result(db, deadline) : NULL;
}

/* The answer to the data. */
static PGresult *send_data(struct db *db, struct str data, int64_t deadline)
{
    bool sent = PQputCopyData(db->conn, data.p, (int)data.n) == 1 && PQputCopyEnd(db->conn, NULL) == 1 &&
                db_flush(db, deadline);
    return sent ? next_result(db, deadline) : NULL;
}

/* Back to batches; false when the connection is of no more use. */
static bool go_back(struct db *db, int64_t deadline)
{
    PGresult *r;
    while ((r = next_result(db, deadline))) {
        PQclear(r);
    }
    return PQstatus(db->conn) == CONNECTION_OK && PQenterPipelineMode(db->conn) == 1;
}

static void give_up(struct db *db)
{
    bool silent = PQstatus(db->conn) == CONNECTION_OK;
    db_note_error(db, silent ? "no answer in time" : "connection lost");
    LOG(LOG_WARN, "database connection given up", LOG_TEXT("error", db->error));
    db_drop(db, silent);
}

static enum err load(struct db *db, const struct db_statement *s, struct str data, struct db_failure *f)
{
    int64_t deadline = clock_mono_us() + db->options->database_timeout + DB_GRACE_US;
    PGresult *r = begin(db, s, deadline);
    bool ready = r && PQresultStatus(r) == PGRES_COPY_IN;
    if (ready) {
        PQclear(r);
        r = send_data(db, data, deadline);
    }
    bool done = r && PQresultStatus(r) == PGRES_COMMAND_OK;
    if (r && !done) {
        db_classify(db, r, s, 0, f);
    }
    PQclear(r);
    bool answered = done || f->sqlstate[0];
    if (!answered || !go_back(db, deadline)) {
        give_up(db);
    }
    return done ? ERR_NONE : answered ? f->err : ready ? ERR_OUTCOME_UNKNOWN : ERR_UNAVAILABLE;
}

enum err db_load(struct db *db, const struct db_statement *s, struct str data, struct db_failure *f)
{
    int64_t start = clock_mono_us();
    *f = (struct db_failure){ .pointer = "", .statement = -1 };
    f->err = db_ensure(db) == ERR_NONE ? load(db, s, data, f) : ERR_UNAVAILABLE;
    db->statements++;
    db->busy_us += clock_mono_us() - start;
    return f->err;
}
