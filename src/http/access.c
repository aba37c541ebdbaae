/* Loading what a token's bearer may, and announcing what changes it. */
#include "http/access.h"

#include "base/clock.h"
#include "db/queries.h"

#define AGE_MAX_US         30000000 /* how long what was loaded is good at most, whatever the versions say */
#define ROLE_SIZE          64
#define REQUIRED_ROLES_MAX 64
#define BLIND_AGE_US       1000000 /* the same while nobody can say whether it has changed */

/* ---- loading ---- */

static const struct uuid *id_or_null(const struct uuid *id)
{
    return uuid_is_nil(id) ? NULL : id;
}

static enum access_state state_of(struct str word)
{
    return str_eqz(word, "good")        ? ACCESS_GOOD
           : str_eqz(word, "suspended") ? ACCESS_SUSPENDED
           : str_eqz(word, "factor")    ? ACCESS_FACTOR
                                        : ACCESS_ENDED;
}

/* totp_required_roles as an array. */
static struct db_param required_roles(struct request *rq)
{
    const char *cursor = rq->options->totp_required_roles;
    char role[ROLE_SIZE];
    struct str *list = arena_alloc(rq->arena, REQUIRED_ROLES_MAX * sizeof *list);
    size_t count = 0;
    while (cursor && count < REQUIRED_ROLES_MAX && option_list_next(&cursor, role, sizeof role)) {
        list[count++] = arena_str(rq->arena, str_from(role));
    }
    return db_text_array(rq->arena, list, count);
}

static void take(const struct request *rq, struct token_seen *t, const PGresult *r, uint64_t epoch)
{
    struct access *access = &t->access;
    struct str roles = db_get_text(r, 0, 2);
    *access = (struct access){ .loaded_us = clock_mono_us(), .epoch = epoch };
    access->state = state_of(db_get_text(r, 0, 0));
    access->perms = uuid_is_nil(&t->who.user) ? scopes_perms(scopes_parse(db_get_text(r, 0, 3)))
                                              : perm_set(db_get_text(r, 0, 1));
    for (unsigned class = 0; class < RATE_CLASSES; class ++) {
        access->limits[class] = (uint8_t)rate_role_find(rq->options, roles, (enum rate_class) class);
    }
    if (rq->versions.state == VERSIONS_KNOWN) {
        memcpy(access->version, rq->versions.text, sizeof access->version);
    }
}

static enum err ask_database(struct request *rq, struct token_seen *t)
{
    const struct principal *who = &t->who;
    uint64_t epoch = cache_epoch(rq->cache); /* of before: what is announced meanwhile makes it old */
    struct db_failure failure;
    (void)db_statements(rq->db); /* what was asked between requests is not counted */
    (void)db_busy_us(rq->db);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index =
        DB_ADD(b, &q_access_load, db_uuid(id_or_null(&who->user)), db_uuid(id_or_null(&who->session)),
               db_uuid(id_or_null(&who->client)), db_uuid(id_or_null(&who->actor)), required_roles(rq));
    enum err e = db_run(b, &failure);
    rq->statements += db_statements(rq->db);
    rq->stage_us[STAGE_DB] += db_busy_us(rq->db);
    if (e != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    take(rq, t, db_result(b, index), epoch);
    return ERR_NONE;
}

/* Nothing was announced since it was loaded. */
static bool is_unchanged(const struct request *rq, const struct access *a)
{
    return a->state != ACCESS_UNKNOWN && a->epoch == cache_epoch(rq->cache) && a->version[0] &&
           rq->versions.state == VERSIONS_KNOWN && strcmp(a->version, rq->versions.text) == 0;
}

static bool is_current(const struct request *rq, const struct access *a)
{
    int64_t age = clock_mono_us() - a->loaded_us;
    if (rq->versions.state != VERSIONS_UNKNOWN) {
        return is_unchanged(rq, a) && age < AGE_MAX_US;
    }
    return a->state != ACCESS_UNKNOWN && a->epoch == cache_epoch(rq->cache) && age < BLIND_AGE_US;
}

/* Without PostgreSQL what is known to be unchanged stays good, however old it is. */
static enum err refresh(struct request *rq, struct token_seen *t)
{
    bool unchanged = is_unchanged(rq, &t->access);
    if (unchanged && !db_usable(rq->db)) {
        return ERR_NONE;
    }
    enum err e = ask_database(rq, t);
    if (unchanged && (e == ERR_UNAVAILABLE || e == ERR_TIMEOUT)) {
        rq->err = ERR_NONE;
        rq->detail = NULL;
        return ERR_NONE;
    }
    return e;
}

/* ---- the principal ---- */

static enum err refuse(struct request *rq, enum err e)
{
    rq->principal = (struct principal){ .known = false };
    if (e == ERR_SESSION_ENDED) {
        response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\", error=\"invalid_token\"");
    }
    return fail(rq, e, NULL, NULL);
}

enum err access_load(struct request *rq)
{
    struct token_seen *t = rq->token;
    if (!is_current(rq, &t->access) && refresh(rq, t) != ERR_NONE) {
        return rq->err;
    }
    switch (t->access.state) {
    case ACCESS_GOOD:
        rq->principal.perms = (t->access.perms & rq->principal.ceiling) | PERM_BIT(PERM_PUBLIC);
        return ERR_NONE;
    case ACCESS_FACTOR: /* one's own account, as far as ops let it: OP_ENROL */
        rq->principal.lacks_factor = true;
        rq->principal.ceiling &= PERM_BIT(PERM_ACCOUNT);
        rq->principal.perms = (t->access.perms & rq->principal.ceiling) | PERM_BIT(PERM_PUBLIC);
        return ERR_NONE;
    case ACCESS_SUSPENDED:
        return refuse(rq, ERR_ACCOUNT_INACTIVE);
    case ACCESS_ENDED:
    case ACCESS_UNKNOWN:
        break;
    }
    return refuse(rq, ERR_SESSION_ENDED);
}

/* ---- changes ---- */

void access_changes(struct request *rq, const struct uuid *user)
{
    struct changes *c = &rq->changes;
    for (size_t i = 0; i < c->count; i++) {
        if (uuid_eq(&c->user[i], user)) {
            return;
        }
    }
    if (uuid_is_nil(user)) {
        return;
    }
    if (c->count == CHANGES_MAX) {
        c->all = true; /* one announcement for everybody instead of many */
        return;
    }
    c->user[c->count++] = *user;
}

void access_changes_all(struct request *rq)
{
    rq->changes.all = true;
}

void access_pending(struct request *rq)
{
    struct changes *c = &rq->changes;
    if (c->all && !c->all_announced) {
        (void)cache_announce(rq->cache, CHANGE_PENDING, NULL, 0);
        c->all_announced = true;
    }
    if (c->count > c->announced) {
        (void)cache_announce(rq->cache, CHANGE_PENDING, &c->user[c->announced], c->count - c->announced);
        c->announced = c->count;
    }
}

/*
 * An op that commits by other means has not announced before; then after is what is left. When nobody knows
 * whether it was committed, what is pending stays so until it runs out.
 */
void access_settle(struct request *rq)
{
    struct changes *c = &rq->changes;
    bool done = rq->err == ERR_NONE;
    if (rq->err != ERR_OUTCOME_UNKNOWN) {
        if (c->all_announced || (c->all && done)) {
            (void)cache_announce(rq->cache, CHANGE_DONE, NULL, 0);
        }
        if (c->announced > 0 || (c->count > 0 && done)) {
            (void)cache_announce(rq->cache, CHANGE_DONE, c->user, done ? c->count : c->announced);
        }
    }
    *c = (struct changes){ .all = false };
}
