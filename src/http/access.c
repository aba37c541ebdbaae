/* Loading what a token's bearer may, and announcing what changes it. */
#include "http/access.h"

#include "base/clock.h"
#include "db/queries.h"

#define BLIND_AGE_US                                                                                         \
    1000000 /* how long what was loaded is good while nobody can say whether it has changed */

/* ---- loading ---- */

static const struct uuid *id_or_null(const struct uuid *id)
{
    return uuid_is_nil(id) ? NULL : id;
}

static enum access_state state_of(struct str word)
{
    return str_eqz(word, "good") ? ACCESS_GOOD : str_eqz(word, "suspended") ? ACCESS_SUSPENDED : ACCESS_ENDED;
}

static void take(const struct token_seen *t, const PGresult *r, struct access *access)
{
    *access = (struct access){ .loaded_us = clock_mono_us() };
    access->state = state_of(db_get_text(r, 0, 0));
    access->perms = uuid_is_nil(&t->who.user) ? scopes_perms(scopes_parse(db_get_text(r, 0, 3)))
                                              : perm_set(db_get_text(r, 0, 1));
}

static enum err ask_database(struct request *rq, struct token_seen *t)
{
    const struct principal *who = &t->who;
    struct db_failure failure;
    (void)db_statements(rq->db); /* what was asked between requests is not counted */
    (void)db_busy_us(rq->db);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_access_load, db_uuid(id_or_null(&who->user)), db_uuid(id_or_null(&who->session)),
                       db_uuid(id_or_null(&who->client)), db_uuid(id_or_null(&who->actor)));
    enum err e = db_run(b, &failure);
    rq->statements += db_statements(rq->db);
    rq->stage_us[STAGE_DB] += db_busy_us(rq->db);
    if (e != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    take(t, db_result(b, index), &t->access);
    return ERR_NONE;
}

static bool is_current(const struct token_seen *t)
{
    return t->access.state != ACCESS_UNKNOWN && clock_mono_us() - t->access.loaded_us < BLIND_AGE_US;
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
    if (!is_current(t) && ask_database(rq, t) != ERR_NONE) {
        return rq->err;
    }
    switch (t->access.state) {
    case ACCESS_GOOD:
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
    (void)rq;
}

void access_settle(struct request *rq)
{
    (void)rq;
}
