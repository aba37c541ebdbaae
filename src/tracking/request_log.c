/* Notes become rows by COPY, at half of what an insert costs, or, where some may be there already or a
 * partition is missing, by one statement that takes arrays, one a column. */
#include "tracking/request_log.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "db/copy.h"
#include "db/queries.h"
#include "http/route.h"

#define DAY_US          INT64_C(86400000000)
#define NO_PARTITION    "23514" /* no partition takes the row: a check violation without a constraint */
#define PREPARED_BEFORE 1       /* days: notes that waited over midnight */
#define PREPARED_AFTER  3       /* nexus-jobs makes more; this is for when it is away */

struct columns {
    size_t count;
    int64_t *at;
    int32_t *status;
    struct uuid *id, *user;
    struct str *address, *method, *path, *op, *country, *city;
};

static struct columns columns_new(struct arena *a, size_t n)
{
    return (struct columns){ .count = n,
                             .at = ARENA_ARRAY(a, int64_t, n),
                             .status = ARENA_ARRAY(a, int32_t, n),
                             .id = ARENA_ARRAY(a, struct uuid, n),
                             .user = ARENA_ARRAY(a, struct uuid, n),
                             .address = ARENA_ARRAY(a, struct str, n),
                             .method = ARENA_ARRAY(a, struct str, n),
                             .path = ARENA_ARRAY(a, struct str, n),
                             .op = ARENA_ARRAY(a, struct str, n),
                             .country = ARENA_ARRAY(a, struct str, n),
                             .city = ARENA_ARRAY(a, struct str, n) };
}

/* A path that was cut, or never understood, is no UTF-8 everywhere; what is not becomes a question mark. */
static struct str cleaned(struct arena *a, const struct request_note *n)
{
    struct str rest = { n->path, n->path_size };
    char *out = arena_alloc(a, rest.n + 1);
    size_t size = 0;
    while (rest.n > 0) {
        uint32_t scalar;
        size_t len = utf8_decode(rest, &scalar);
        bool good = len > 0 && scalar >= ' ' && scalar != 0x7f;
        len = len > 0 ? len : 1;
        memcpy(out + size, good ? rest.p : "?", good ? len : 1);
        size += good ? len : 1;
        rest = str_skip(rest, len);
    }
    return (struct str){ out, size };
}

static struct str address_text(struct arena *a, const struct address *address)
{
    if (address_is_none(address)) {
        return STR("");
    }
    char *text = arena_alloc(a, ADDRESS_TEXT_SIZE);
    address_format(text, address);
    return str_from(text);
}

static struct str op_name(const struct scoreboard *board, unsigned op)
{
    const char *name = op == SCOREBOARD_OP_OTHER ? NULL : scoreboard_op_name(board, op);
    return str_from(name ? name : "");
}

static void put(struct arena *a, const struct scoreboard *board, struct locations *l,
                const struct request_note *n, struct columns *c, size_t i)
{
    const struct location *where = locations_find(l, &n->address, clock_unix_us());
    c->at[i] = n->at_us;
    c->status[i] = n->status;
    c->id[i] = n->id;
    c->user[i] = n->user;
    c->address[i] = address_text(a, &n->address);
    c->method[i] = n->method < METHOD_UNKNOWN ? str_from(method_names[n->method]) : STR("?");
    c->path[i] = cleaned(a, n);
    c->op[i] = op_name(board, n->op);
    c->country[i] = arena_str(a, str_from(where->country));
    c->city[i] = arena_str(a, str_from(where->city));
}

static void optional(struct copy *cp, struct str text)
{
    if (text.n > 0) {
        copy_text(cp, text);
    } else {
        copy_null(cp);
    }
}

/* In the order of q_request_log_copy. */
static void row(struct copy *cp, const struct columns *c, const struct request_note *n, size_t i)
{
    copy_row(cp, 10);
    copy_timestamptz(cp, c->at[i]);
    copy_uuid(cp, &c->id[i]);
    if (address_is_none(&n->address)) {
        copy_null(cp);
    } else {
        copy_inet(cp, &n->address);
    }
    if (uuid_is_nil(&c->user[i])) {
        copy_null(cp);
    } else {
        copy_uuid(cp, &c->user[i]);
    }
    copy_text(cp, c->method[i]);
    copy_text(cp, c->path[i]);
    copy_int2(cp, c->status[i]);
    optional(cp, c->op[i]);
    optional(cp, c->country[i]);
    optional(cp, c->city[i]);
}

static enum err load(struct db *db, const struct columns *c, const struct request_note *notes,
                     struct db_failure *failure)
{
    struct copy cp;
    copy_start(&cp, NULL);
    for (size_t i = 0; i < c->count; i++) {
        row(&cp, c, &notes[i], i);
    }
    copy_stop(&cp);
    enum err e = db_load(db, &q_request_log_copy, buf_str(&cp.b), failure);
    buf_free(&cp.b);
    return e;
}

static enum err insert(struct db *db, struct arena *a, const struct columns *c, struct db_failure *failure)
{
    struct db_batch *b = db_batch(db, a);
    size_t n = c->count;
    DB_ADD(b, &q_request_log_add, db_int8_array(a, c->at, n), db_uuid_array(a, c->id, n),
           db_text_array(a, c->address, n), db_uuid_array(a, c->user, n), db_text_array(a, c->method, n),
           db_text_array(a, c->path, n), db_int4_array(a, c->status, n), db_text_array(a, c->op, n),
           db_text_array(a, c->country, n), db_text_array(a, c->city, n));
    return db_run(b, failure);
}

static enum err prepare(struct db *db, struct arena *a, int64_t at_us)
{
    struct db_failure failure;
    struct db_batch *b = db_batch(db, a);
    date_t day = (date_t)(at_us / DAY_US);
    DB_ADD(b, &q_request_log_prepare, db_date(a, day - PREPARED_BEFORE),
           db_int4(a, PREPARED_BEFORE + PREPARED_AFTER));
    return db_run(b, &failure);
}

enum err request_log_write(struct db *db, struct arena *a, const struct scoreboard *board,
                           struct locations *l, const struct request_note *notes, size_t count)
{
    struct columns c = columns_new(a, count);
    struct db_failure failure = { .sqlstate = "" };
    for (size_t i = 0; i < count; i++) {
        put(a, board, l, &notes[i], &c, i);
    }
    enum err e = load(db, &c, notes, &failure);
    if (!e || !failure.sqlstate[0]) {
        return e;
    }
    e = insert(db, a, &c, &failure);
    if (e && strcmp(failure.sqlstate, NO_PARTITION) == 0 && prepare(db, a, notes[0].at_us) == ERR_NONE) {
        e = insert(db, a, &c, &failure);
    }
    return e;
}
