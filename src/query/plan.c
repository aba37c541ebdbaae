/* The plan cache. A clock hand evicts what was not used since it last came by. */
#include "query/internal.h"

#include "base/log.h"
#include "http/op.h"

#include <stdlib.h>
#include <xxhash.h>

#define PLANS_MAX      256
#define TABLE_SIZE     1024 /* a power of two, sparsely filled */
#define PLAN_MEMORY    2048
#define PLAN_CEILING   (1u << 20)
#define STATEMENT_SIZE (256u * 1024)

/* The cache is of the process, like the connection its statements are prepared on. */
static struct {
    struct plan *plans[PLANS_MAX];
    uint16_t table[TABLE_SIZE]; /* index into plans + 1; linear probing; built anew after an eviction */
    size_t count, hand;
    uint64_t made; /* number of the next plan; names are never used twice */
    struct buf key, sql;
} cache;

const struct db_statement *plan_statement(const struct plan *p)
{
    return &p->statement;
}

/* --- the table --- */

static struct plan *find(struct str key, uint64_t hash)
{
    for (size_t i = hash & (TABLE_SIZE - 1); cache.table[i]; i = (i + 1) & (TABLE_SIZE - 1)) {
        struct plan *p = cache.plans[cache.table[i] - 1];
        if (p->hash == hash && str_eq(p->key, key)) {
            return p;
        }
    }
    return NULL;
}

static void table_put(size_t index)
{
    size_t i = cache.plans[index]->hash & (TABLE_SIZE - 1);
    while (cache.table[i]) {
        i = (i + 1) & (TABLE_SIZE - 1);
    }
    cache.table[i] = (uint16_t)(index + 1);
}

static void table_build(void)
{
    memset(cache.table, 0, sizeof(cache.table));
    for (size_t i = 0; i < PLANS_MAX; i++) {
        if (cache.plans[i]) {
            table_put(i);
        }
    }
}

/* An index that is free; the plan that was there is gone from the table and the server. */
static size_t make_room(struct db *db)
{
    if (cache.count < PLANS_MAX) {
        return cache.count++;
    }
    while (cache.plans[cache.hand]->used) {
        cache.plans[cache.hand]->used = false;
        cache.hand = (cache.hand + 1) % PLANS_MAX;
    }
    size_t index = cache.hand;
    cache.hand = (cache.hand + 1) % PLANS_MAX;
    struct plan *old = cache.plans[index];
    db_forget(db, &old->statement);
    cache.plans[index] = NULL;
    arena_destroy(old->memory);
    table_build();
    return index;
}

static struct plan *plan_new(struct str key, uint64_t hash)
{
    struct arena *memory = arena_create(PLAN_MEMORY, PLAN_CEILING);
    struct plan *p = ARENA_NEW(memory, struct plan);
    p->memory = memory;
    p->key = arena_str(memory, key);
    p->hash = hash;
    return p;
}

static void buffers_start(void)
{
    if (cache.key.ceiling == 0) {
        buf_init(&cache.key, STATEMENT_SIZE);
        buf_init(&cache.sql, STATEMENT_SIZE);
    }
    buf_reset(&cache.key);
    buf_reset(&cache.sql);
}

/* --- making plans --- */

static struct plan *plan_build(struct request *rq, struct plan_builder *b, const struct selection *sel,
                               const struct cursor *c, uint64_t hash)
{
    struct plan *p = plan_new(buf_str(&cache.key), hash);
    b->sql = &cache.sql;
    statement_walk(b, sel, c, p);
    if (cache.sql.overflow || cache.key.overflow) {
        LOG(LOG_ERROR, "statement is too large", LOG_TEXT("entity", sel->entity->name));
        abort();
    }
    p->statement.name =
        arena_printf(p->memory, "p_%s_%llu", sel->entity->name, (unsigned long long)cache.made++);
    p->statement.sql = arena_strdup(p->memory, buf_str(&cache.sql));
    p->statement.nparams = b->count;
    p->statement.reads = true;
    size_t index = make_room(rq->db);
    cache.plans[index] = p;
    table_put(index);
    return p;
}

static bool supplied(const struct selection *sel, const struct field *f)
{
    for (size_t i = 0; i < sel->extra_count; i++) {
        if (sel->extra[i].field == f) {
            return true;
        }
    }
    return false;
}

static enum err unavailable(struct request *rq, const char *pointer, const struct field *f)
{
    return fail(rq, ERR_BAD_PARAMETER, pointer, "%s is not available in this list.", f->name);
}

/* Computed fields nobody supplies are left out unless they were asked for by name. */
static enum err settle_computed(struct request *rq, struct selection *sel)
{
    for (size_t i = 0; i < sel->entity->field_count; i++) {
        const struct field *f = &sel->entity->fields[i];
        uint64_t bit = UINT64_C(1) << i;
        if (!(f->flags & FIELD_COMPUTED) || !(sel->fields & bit) || supplied(sel, f)) {
            continue;
        }
        if (sel->named & bit) {
            return unavailable(rq, "/fields", f);
        }
        sel->fields &= ~bit;
    }
    for (size_t i = 0; i < sel->edge_count; i++) {
        if (settle_computed(rq, sel->edges[i].child) != ERR_NONE) {
            return rq->err;
        }
    }
    return ERR_NONE;
}

static enum err check_computed(struct request *rq, const struct selection *sel)
{
    for (size_t i = 0; i < sel->sort_count; i++) {
        const struct field *f = sel->sorts[i].field;
        if ((f->flags & FIELD_COMPUTED) && !supplied(sel, f)) {
            return unavailable(rq, "/sort", f);
        }
    }
    for (size_t i = 0; i < sel->filter_count; i++) {
        const struct field *f = sel->filters[i].field;
        if ((f->flags & FIELD_COMPUTED) && !supplied(sel, f)) {
            return unavailable(rq, arena_printf(rq->arena, "/%s", f->name), f);
        }
    }
    return ERR_NONE;
}

static enum err prepare(struct request *rq, struct selection *sel, struct cursor *c)
{
    if (settle_computed(rq, sel) != ERR_NONE || check_computed(rq, sel) != ERR_NONE) {
        return rq->err;
    }
    if (sel->cursor.p && !cursor_read(rq, sel, c)) {
        return fail(rq, ERR_BAD_CURSOR, "/cursor", NULL);
    }
    return ERR_NONE;
}

enum err plan_make(struct request *rq, struct selection *sel, const struct plan **plan,
                   struct db_param **params, int *nparams)
{
    struct cursor c = { .count = 0 };
    if (prepare(rq, sel, &c) != ERR_NONE) {
        return rq->err;
    }
    buffers_start();
    shape_key(&cache.key, rq, sel, &c);
    struct plan_builder b = { .arena = rq->arena, .who = &rq->principal };
    uint64_t hash = XXH3_64bits(cache.key.p, cache.key.n);
    struct plan *p = find(buf_str(&cache.key), hash);
    if (p) {
        statement_walk(&b, sel, &c, NULL);
    } else {
        p = plan_build(rq, &b, sel, &c, hash);
    }
    if (b.count != p->statement.nparams) {
        LOG(LOG_ERROR, "parameters differ from the plan's", LOG_TEXT("statement", p->statement.name));
        abort();
    }
    p->used = true;
    *plan = p;
    *params = b.params;
    *nparams = b.count;
    return ERR_NONE;
}

enum err plan_add_item(struct request *rq, struct db_batch *b, const struct entity *e, const struct uuid *key,
                       int *index, const struct plan **plan, struct selection **sel)
{
    struct db_param *params;
    int nparams;
    *sel = selection_default(rq, e, key);
    enum err err = plan_make(rq, *sel, plan, &params, &nparams);
    if (err == ERR_NONE) {
        *index = db_add(b, plan_statement(*plan), params, nparams);
    }
    return err;
}

enum err plan_answer(struct request *rq, const struct entity *e, const struct uuid *key)
{
    const struct plan *plan;
    struct selection *sel;
    struct db_failure failure;
    int index;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    enum err err = plan_add_item(rq, b, e, key, &index, &plan, &sel);
    if (err) {
        return err;
    }
    if (db_run(b, &failure) != ERR_NONE) {
        LOG(LOG_WARN, "a change was made and could not be read", LOG_TEXT("op", rq->op->name),
            LOG_TEXT("request_id", rq->id), LOG_TEXT("error", db_error(rq->db)));
        return rq->write.open ? fail_db(rq, &failure) : fail(rq, ERR_OUTCOME_UNKNOWN, NULL, NULL);
    }
    return plan_write(rq, plan, sel, db_result(b, index));
}
