/* From SQLSTATE and constraint name to what a client is told. */
#include "db/internal.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

struct constraint {
    const char *name;
    enum err err;
    const char *pointer;
};

static const struct constraint constraints[] = {
#define CONSTRAINT(name, err, pointer) { name, err, pointer },
#include "db/constraints.def"
#undef CONSTRAINT
};

/* First match by prefix wins, so that a whole code stands before its class. PostgreSQL manual, appendix A. */
static const struct {
    const char *prefix;
    enum err err;
} sqlstates[] = {
    { "NX001", ERR_IDEMPOTENCY_RUNNING },
    { "NX002", ERR_CONFLICT }, /* the caller looks at the SQLSTATE and reads the stored answer */
    { "NX003", ERR_IDEMPOTENCY_MISMATCH },
    { "57014", ERR_TIMEOUT },     /* query_canceled: statement_timeout */
    { "55P03", ERR_UNAVAILABLE }, /* lock_not_available: lock_timeout */
    { "40001", ERR_UNAVAILABLE }, /* serialization_failure, after the last retry */
    { "40P01", ERR_UNAVAILABLE }, /* deadlock_detected, after the last retry */
    { "25006", ERR_UNAVAILABLE }, /* read_only_sql_transaction: connected to a standby */
    { "08", ERR_UNAVAILABLE },    /* connection exceptions */
    { "53", ERR_UNAVAILABLE },    /* insufficient resources: too many connections, disk full, memory */
    { "57P", ERR_UNAVAILABLE },   /* shutdown, crash, cannot connect now, idle session */
    { "25P03", ERR_UNAVAILABLE }, /* idle_in_transaction_session_timeout */
    { "58", ERR_UNAVAILABLE },    /* system errors of the server */
    { "23505", ERR_CONFLICT },    /* a constraint that constraints.def does not name */
    { "23P01", ERR_CONFLICT },
    { "23503", ERR_CONFLICT },
    { "23514", ERR_VALIDATION },
    { "22", ERR_VALIDATION }, /* data exceptions: a value the type cannot hold */
};

static const struct constraint *constraint_find(const char *name)
{
    for (size_t i = 0; i < sizeof(constraints) / sizeof(constraints[0]); i++) {
        if (strcmp(constraints[i].name, name) == 0) {
            return &constraints[i];
        }
    }
    return NULL;
}

static enum err sqlstate_err(const char *state)
{
    for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++) {
        if (strncmp(state, sqlstates[i].prefix, strlen(sqlstates[i].prefix)) == 0) {
            return sqlstates[i].err;
        }
    }
    return ERR_INTERNAL;
}

static const char *diagnostic(const PGresult *r, int field)
{
    const char *text = PQresultErrorField(r, field);
    return text ? text : "";
}

/* Messages of classes 22 and 23 quote values, which may be personal; they are left out of what is logged. */
static void note(struct db *db, const PGresult *r, const struct db_statement *s, const struct db_failure *f)
{
    bool quotes = strncmp(f->sqlstate, "22", 2) == 0 || strncmp(f->sqlstate, "23", 2) == 0;
    snprintf(db->error, sizeof(db->error), "%s: SQLSTATE %s %s", s ? s->name : "commit", f->sqlstate,
             quotes ? f->constraint : diagnostic(r, PG_DIAG_MESSAGE_PRIMARY));
}

void db_classify(struct db *db, const PGresult *r, const struct db_statement *s, int index,
                 struct db_failure *f)
{
    *f = (struct db_failure){ .pointer = "", .statement = index };
    snprintf(f->sqlstate, sizeof(f->sqlstate), "%s", diagnostic(r, PG_DIAG_SQLSTATE));
    snprintf(f->constraint, sizeof(f->constraint), "%s", diagnostic(r, PG_DIAG_CONSTRAINT_NAME));
    const struct constraint *c = constraint_find(f->constraint);
    f->err = c ? c->err : sqlstate_err(f->sqlstate);
    f->pointer = c ? c->pointer : "";
    note(db, r, s, f);
    if (!c && f->constraint[0]) {
        LOG(LOG_WARN, "violated constraint has no entry in constraints.def",
            LOG_TEXT("constraint", f->constraint), LOG_TEXT("statement", s ? s->name : ""));
    }
}

void db_notice(void *arg, const PGresult *r)
{
    struct db *db = arg;
    /* A commit that waits for a synchronous standby and is cancelled ends as a success with a warning: the
     * row is on this server only and a fail-over would lose it. The source function is the one mark that is
     * not translated. */
    if (strcmp(diagnostic(r, PG_DIAG_SOURCE_FUNCTION), "SyncRepWaitForLSN") == 0) {
        db->commit_unsure = true;
    }
    LOG(LOG_WARN, "notice of the database", LOG_TEXT("sqlstate", diagnostic(r, PG_DIAG_SQLSTATE)),
        LOG_TEXT("function", diagnostic(r, PG_DIAG_SOURCE_FUNCTION)));
}
