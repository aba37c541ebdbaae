/*
 * Batches: all statements, their preparation where it is missing and one sync leave in one write; answers
 * come back in order. The server makes a transaction of what stands before the sync unless BEGIN was sent.
 */
#include "db/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRIES_MAX    5
#define RETRY_FIRST_US 1000
#define PARAMS_MAX     256
#define ITEMS_START    8

struct item {
    const struct db_statement *statement;
    const char *const *values;
    const int *lengths;
    const Oid *types;
    uint32_t types_hash;
    bool preparing;
    PGresult *result;
};

/* items[0] is kept for BEGIN; COMMIT is added by db_run. */
struct db_batch {
    struct db *db;
    struct arena *arena;
    struct item *items;
    int count, capacity;
    int64_t patience; /* longest to wait for answers; 0: the option's */
    bool begin, commit;
    bool reads; /* every statement only reads */
};

/* How a run ended; what it means for the outcome and for trying again. */
enum verdict {
    DONE,
    REFUSED,     /* the server said no: nothing was committed */
    NOT_SENT,    /* connection found closed before, or the server ended it before the last statement: nothing
                    committed */
    CUT,         /* connection lost while waiting */
    SILENT,      /* no answer in time */
    STALE,       /* the server's prepared statements are not what we think: nothing committed */
    UNREACHABLE, /* no connection could be had */
};

static const struct db_statement statement_begin = { "t_begin", "begin", 0, true };
static const struct db_statement statement_commit = { "t_commit", "commit", 0, true };
static const struct db_statement statement_rollback = { "t_rollback", "rollback", 0, true };

/* Formats for libpq: everything is binary. */
static const int binary[PARAMS_MAX] = { [0 ... PARAMS_MAX - 1] = 1 };

static void clear_results(struct db_batch *b)
{
    for (int i = 0; i < b->count; i++) {
        PQclear(b->items[i].result);
        b->items[i].result = NULL;
    }
}

static void release(void *batch)
{
    clear_results(batch);
}

struct db_batch *db_batch(struct db *db, struct arena *a)
{
    struct db_batch *b = ARENA_NEW(a, struct db_batch);
    *b = (struct db_batch){ .db = db, .arena = a, .count = 1, .capacity = ITEMS_START, .reads = true };
    b->items = ARENA_ARRAY(a, struct item, ITEMS_START);
    b->items[0].statement = &statement_begin;
    arena_defer(a, release, b);
    return b;
}

static struct item *item_new(struct db_batch *b, const struct db_statement *s)
{
    if (b->count == b->capacity) {
        struct item *more = ARENA_ARRAY(b->arena, struct item, (size_t)b->capacity * 2);
        memcpy(more, b->items, (size_t)b->count * sizeof(*more));
        b->items = more;
        b->capacity *= 2;
    }
    struct item *it = &b->items[b->count++];
    it->statement = s;
    return it;
}

/* libpq wants arrays by column; the hash (FNV-1a over type OIDs) notices a statement used with other types.
 */
static void item_params(struct item *it, struct arena *a, const struct db_param *params, int n)
{
    size_t count = (size_t)n;
    char *block = arena_alloc(a, count * (sizeof(char *) + sizeof(int) + sizeof(Oid)));
    const char **values = (const char **)(void *)block;
    int *lengths = (int *)(void *)(block + count * sizeof(char *));
    Oid *types = (Oid *)(void *)(block + count * (sizeof(char *) + sizeof(int)));
    uint32_t hash = 2166136261u;
    for (int i = 0; i < n; i++) {
        values[i] = params[i].data;
        lengths[i] = params[i].length;
        types[i] = (Oid)params[i].type;
        hash = (hash ^ (uint32_t)params[i].type) * 16777619u;
    }
    it->values = values;
    it->lengths = lengths;
    it->types = types;
    it->types_hash = hash;
}

int db_add(struct db_batch *b, const struct db_statement *s, const struct db_param *params, int nparams)
{
    if (nparams != s->nparams || nparams > PARAMS_MAX) {
        LOG(LOG_ERROR, "statement called with a wrong number of parameters", LOG_TEXT("statement", s->name),
            LOG_NUM("given", nparams), LOG_NUM("wanted", s->nparams));
        abort();
    }
    struct item *it = item_new(b, s);
    if (nparams > 0) {
        item_params(it, b->arena, params, nparams);
    }
    b->reads = b->reads && s->reads;
    return b->count - 2;
}

const PGresult *db_result(const struct db_batch *b, int index)
{
    return b->items[index + 1].result;
}

void db_begin(struct db_batch *b)
{
    b->begin = true;
}

void db_commit(struct db_batch *b)
{
    b->commit = true;
}

void db_patience(struct db_batch *b, int64_t us)
{
    b->patience = us;
}

int db_statements(struct db *db)
{
    int n = db->statements;
    db->statements = 0;
    return n;
}

int64_t db_busy_us(struct db *db)
{
    int64_t us = db->busy_us;
    db->busy_us = 0;
    return us;
}

void db_forget(struct db *db, const struct db_statement *s)
{
    /* When the list is full the server keeps a statement too many until the connection ends. */
    if (prepared_remove(&db->prepared, s) && db->forgotten_count < DB_FORGET_MAX) {
        snprintf(db->forgotten[db->forgotten_count++], sizeof(db->forgotten[0]), "%s", s->name);
    }
}

/* --- sending --- */

static bool send_item(struct db *db, struct item *it)
{
    const struct db_statement *s = it->statement;
    const struct prepared_entry *known = prepared_find(&db->prepared, s);
    it->preparing = !known;
    if (known && known->types != it->types_hash) {
        LOG(LOG_ERROR, "statement called with other parameter types than before",
            LOG_TEXT("statement", s->name));
        abort();
    }
    if (it->preparing) {
        if (!PQsendPrepare(db->conn, s->name, s->sql, s->nparams, it->types)) {
            return false;
        }
        prepared_add(&db->prepared, s, it->types_hash);
    }
    db->statements++;
    return PQsendQueryPrepared(db->conn, s->name, s->nparams, it->values, it->lengths, binary, 1);
}

/*
 * In sandbox mode each batch is told first what business time is (nexus_now in SQL): moved by the option
 * clock, else by what nexusctl clock has written.
 */
static bool send_clock(struct db *db)
{
    char shift[48];
    snprintf(shift, sizeof(shift), "%" PRId64 " microseconds", db->options->clock);
    const char *const values[] = { db->options->clock != 0 ? shift : NULL };
    static const Oid types[] = { DB_TEXT };
    return PQsendQueryParams(
               db->conn,
               "select set_config('nexus.clock', coalesce($1, (select shift::text from sandbox_clock),"
               " ''), false)",
               1, types, values, NULL, NULL, 1) == 1;
}

/* A failed transaction takes nothing but its rollback. */
static bool tells_clock(const struct db_batch *b)
{
    return b->db->options->sandbox && b->db->role == DB_ROLE_API &&
           b->items[1].statement != &statement_rollback;
}

static bool send_forgotten(struct db *db)
{
    for (size_t i = 0; i < db->forgotten_count; i++) {
        char sql[DB_NAME_MAX + 16];
        snprintf(sql, sizeof(sql), "deallocate \"%s\"", db->forgotten[i]);
        if (!PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 1)) {
            return false;
        }
    }
    return true;
}

/* In libpq's buffer until the sync flushes it; larger batches go out as the buffer fills. */
static bool send_all(struct db_batch *b)
{
    if (!send_forgotten(b->db) || (tells_clock(b) && !send_clock(b->db))) {
        return false;
    }
    for (int i = b->begin ? 0 : 1; i < b->count; i++) {
        if (!send_item(b->db, &b->items[i])) {
            return false;
        }
    }
    return PQpipelineSync(b->db->conn) == 1;
}

/* Reads meanwhile, because the server may be blocked writing answers to us. */
bool db_flush(struct db *db, int64_t deadline)
{
    int left;
    while ((left = PQflush(db->conn)) == 1) {
        short got;
        if (!db_wait(db, POLLIN | POLLOUT, deadline, &got) || ((got & POLLIN) && !PQconsumeInput(db->conn))) {
            return false;
        }
    }
    return left == 0;
}

/* --- collecting --- */

/* Results come in the order sent: what goes ahead (deallocations, business time), then for each item its
 * preparation (if any) and its execution. */
struct cursor {
    size_t ahead; /* still to come */
    int item;
    bool prepared;
};

/* It was put down as prepared when it was sent, so that a second use in the batch does not prepare it again.
 */
static void take_prepared(struct db_batch *b, const struct item *it, const PGresult *r)
{
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        prepared_remove(&b->db->prepared, it->statement);
    }
}

static bool is_error(const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

static const char *diagnostic(const PGresult *r, int field)
{
    const char *text = PQresultErrorField(r, field);
    return text ? text : "";
}

static bool is_stale(const PGresult *r, const char *sqlstate)
{
    return strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0 ||
           (strcmp(sqlstate, "0A000") == 0 &&
            strcmp(diagnostic(r, PG_DIAG_SOURCE_FUNCTION), "RevalidateCachedQuery") == 0);
}

/*
 * Without a severity libpq made the error itself: the connection is gone. A FATAL that stands in place of a
 * statement's result says that the server had not come to the end of the transaction, unless that statement
 * is COMMIT.
 */
static enum verdict verdict_of(const PGresult *r, const struct item *it, const struct db_failure *f)
{
    const char *severity = diagnostic(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    bool fatal = strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0;
    if (!severity[0] || (fatal && (!it || it->statement == &statement_commit))) {
        return CUT;
    }
    return fatal ? NOT_SENT : is_stale(r, f->sqlstate) ? STALE : REFUSED;
}

/* Keeps r or clears it. */
static void keep(struct db_batch *b, struct cursor *c, struct item *it, PGresult *r)
{
    if (c->ahead > 0) {
        c->ahead--;
    } else if (it && it->preparing && !c->prepared) {
        take_prepared(b, it, r);
        c->prepared = true;
    } else if (it) {
        it->result = r;
        c->prepared = false;
        c->item++;
        return;
    }
    PQclear(r);
}

/* The first error is the batch's failure; the server only marks what follows as skipped. */
static void take(struct db_batch *b, struct cursor *c, PGresult *r, struct db_failure *f,
                 enum verdict *verdict)
{
    struct item *it = c->item < b->count ? &b->items[c->item] : NULL;
    if (is_error(r) && *verdict == DONE) {
        db_classify(b->db, r, it ? it->statement : NULL, it ? c->item - 1 : -1, f);
        *verdict = verdict_of(r, it, f);
    }
    keep(b, c, it, r);
}

/* Until the sync. Two NULLs in a row mean that libpq expects nothing more: the connection is gone. */
static enum verdict collect(struct db_batch *b, int64_t deadline, struct db_failure *f)
{
    struct db *db = b->db;
    struct cursor c = { .item = b->begin ? 0 : 1, .ahead = db->forgotten_count + (tells_clock(b) ? 1 : 0) };
    enum verdict verdict = DONE;
    for (int nulls = 0; nulls < 2;) {
        while (PQisBusy(db->conn)) {
            short got;
            if (!db_wait(db, POLLIN, deadline, &got)) {
                return SILENT;
            }
            if (!PQconsumeInput(db->conn)) {
                break; /* the server's last words may still be in the buffer */
            }
        }
        PGresult *r = PQgetResult(db->conn);
        if (r && PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
            PQclear(r);
            return verdict;
        }
        nulls = r ? 0 : nulls + 1;
        if (r) {
            take(b, &c, r, f, &verdict);
        }
    }
    return verdict == DONE || verdict == REFUSED || verdict == STALE ? CUT : verdict;
}

/* --- running --- */

static int64_t deadline_of(const struct db_batch *b)
{
    if (b->db->role == DB_ROLE_OWNER && !b->patience) {
        return 0;
    }
    int64_t now = clock_mono_us();
    return now + (b->patience ? b->patience : b->db->options->database_timeout + DB_GRACE_US);
}

/* A COMMIT of a failed transaction is answered ROLLBACK without an error. */
static bool committed(const struct db_batch *b)
{
    return !b->commit || strcmp(PQcmdStatus(b->items[b->count - 1].result), "COMMIT") == 0;
}

static enum verdict run_once(struct db_batch *b, struct db_failure *f)
{
    struct db *db = b->db;
    /* One cheap look before a change is sent: a connection found closed now makes the outcome certain. */
    if (db->state == DB_UP && (!b->reads || b->commit) && db_gone(db)) {
        return NOT_SENT;
    }
    if (db_ensure(db) != ERR_NONE) {
        return UNREACHABLE;
    }
    db->commit_unsure = false;
    int64_t deadline = deadline_of(b);
    if (!send_all(b) || !db_flush(db, deadline)) {
        db_note_error(db, "send");
        return PQstatus(db->conn) == CONNECTION_OK ? SILENT : CUT;
    }
    enum verdict v = collect(b, deadline, f);
    if (v == CUT || v == SILENT) {
        db_note_error(db, v == CUT ? "connection lost" : "no answer in time");
    } else {
        db->forgotten_count = 0;
    }
    return v == DONE && !committed(b) ? REFUSED : v;
}

/* True when the transaction may have been committed although no answer says so. */
static bool may_have_committed(const struct db_batch *b, bool inside)
{
    return b->commit || (!inside && !b->begin && !b->reads);
}

/* What a run without a clear answer means to the client. */
static void judge(const struct db_batch *b, enum verdict v, bool inside, struct db_failure *f)
{
    bool unsure = (v == CUT || v == SILENT) && may_have_committed(b, inside);
    if (v != REFUSED) {
        *f = (struct db_failure){ .pointer = "", .statement = -1 };
        f->err = unsure ? ERR_OUTCOME_UNKNOWN : ERR_UNAVAILABLE;
    }
}

/* Leave the connection usable or dropped. */
static void tidy(struct db *db, enum verdict v)
{
    if (v == UNREACHABLE) {
        return;
    }
    if (v != REFUSED) {
        LOG(LOG_WARN, "database connection given up", LOG_TEXT("error", db->error));
        db_drop(db, v == SILENT);
    } else {
        db_rollback(db);
    }
}

static bool worth_retrying(const struct db_batch *b, enum verdict v, bool inside, const struct db_failure *f,
                           int tries)
{
    if (inside || v == SILENT || v == UNREACHABLE) {
        return false;
    }
    if (v == REFUSED) {
        bool clash = strcmp(f->sqlstate, "40001") == 0 || strcmp(f->sqlstate, "40P01") == 0;
        return clash && tries < RETRIES_MAX;
    }
    return tries == 0 && f->err != ERR_OUTCOME_UNKNOWN;
}

/* 1 ms, doubled each time, of which a random half is left out so that two losers do not meet again. */
static void back_off(int tries)
{
    int64_t most = (int64_t)RETRY_FIRST_US << tries;
    uint64_t mixed = (uint64_t)clock_mono_us() * UINT64_C(0x9E3779B97F4A7C15);
    int64_t us = most / 2 + (int64_t)(mixed >> 33) % (most / 2);
    struct timespec t = { .tv_nsec = us * 1000 };
    nanosleep(&t, NULL);
}

static enum err run(struct db_batch *b, struct db_failure *f)
{
    struct db *db = b->db;
    if (b->begin && db->in_transaction) {
        log_msg(LOG_ERROR, "transaction was left open");
        db_rollback(db);
    }
    bool inside = db->in_transaction;
    if (b->commit && !b->begin && !inside) {
        *f = (struct db_failure){ .err = ERR_UNAVAILABLE, .pointer = "", .statement = -1 };
        return f->err; /* its transaction is gone; nothing of it may run outside */
    }
    if (b->commit) {
        item_new(b, &statement_commit);
    }
    for (int tries = 0;; tries++) {
        *f = (struct db_failure){ .pointer = "", .statement = -1 };
        enum verdict v = run_once(b, f);
        if (v == DONE) {
            db->in_transaction = (inside || b->begin) && !b->commit;
            f->err = db->commit_unsure ? ERR_OUTCOME_UNKNOWN : ERR_NONE;
            return f->err;
        }
        judge(b, v, inside, f);
        tidy(db, v);
        if (!worth_retrying(b, v, inside, f, tries)) {
            return f->err;
        }
        clear_results(b);
        if (v == REFUSED) {
            back_off(tries);
        }
    }
}

enum err db_run(struct db_batch *b, struct db_failure *f)
{
    int64_t start = clock_mono_us();
    enum err e = run(b, f);
    b->db->busy_us += clock_mono_us() - start;
    return e;
}

void db_rollback(struct db *db)
{
    db->in_transaction = false;
    if (db->state != DB_UP || PQtransactionStatus(db->conn) == PQTRANS_IDLE) {
        return;
    }
    struct arena *a = arena_create(1024, 1 << 20);
    struct db_batch *b = db_batch(db, a);
    struct db_failure f = { 0 };
    item_new(b, &statement_rollback);
    if (run_once(b, &f) != DONE) {
        db_drop(db, false);
    }
    arena_destroy(a);
}
