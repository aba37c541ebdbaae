/* Beginning, refreshing and ending sessions. */
#include "session/session.h"

#include "base/log.h"
#include "db/queries.h"
#include "http/access.h"
#include "http/audit.h"
#include "session/refresh_token.h"

#define SECOND_US INT64_C(1000000)
/* Sessions forgotten each time one begins: more than one, so that none are left behind. */
#define PRUNED_EACH 10

static const struct uuid *or_null(const struct uuid *id)
{
    return uuid_is_nil(id) ? NULL : id;
}

static struct db_param hash_param(const unsigned char *hash)
{
    return db_bytea((struct str){ (const char *)hash, REFRESH_TOKEN_HASH });
}

static struct db_param network_param(struct request *rq)
{
    return db_text(session_network(rq->arena, rq->headers[HEADER_REMOTE_ADDR]));
}

static struct db_param user_agent_param(struct request *rq)
{
    return db_text(session_user_agent(rq->arena, request_header(rq, "HTTP_USER_AGENT")));
}

static struct db_param time_param(struct request *rq, int64_t us)
{
    return us ? db_timestamptz(rq->arena, us) : db_null(DB_TIMESTAMPTZ);
}

/* ---- begin ---- */

/* `spec` says what `out` does not: client, actor, audience. */
static enum err issue(struct request *rq, struct token_spec *spec, struct session_tokens *out)
{
    int64_t lifetime_us;
    spec->user = out->user;
    spec->session = out->session;
    spec->scope = out->scope;
    spec->authenticated_us = out->authenticated_us;
    enum err e = token_issue(rq->auth, rq->arena, spec, &out->access_token, &lifetime_us);
    out->expires_in = lifetime_us / SECOND_US;
    return e;
}

static void add_row(struct request *rq, struct db_batch *b, const struct session_spec *spec,
                    const struct uuid *id, const unsigned char *hash)
{
    size_t methods = 0;
    while (methods < SESSION_METHODS_MAX && spec->methods[methods].p) {
        methods++;
    }
    int64_t lifetime = spec->lifetime_us ? spec->lifetime_us : rq->options->session_lifetime;
    (void)DB_ADD(b, &q_session_admit, db_uuid(&spec->user), time_param(rq, spec->password_us),
                 db_uuid(or_null(&spec->parent)));
    (void)DB_ADD(b, &q_session_start, db_uuid(id), db_uuid(&spec->user), db_uuid(or_null(&spec->client)),
                 db_text(str_from(spec->kind)), db_uuid(or_null(&spec->actor)),
                 db_text_array(rq->arena, spec->methods, methods), db_text(spec->scope),
                 db_text(spec->audience), time_param(rq, spec->authenticated_us),
                 db_int8(rq->arena, lifetime),
                 db_int4(rq->arena, (int32_t)(rq->options->session_idle_lifetime / SECOND_US)),
                 network_param(rq), user_agent_param(rq), hash ? hash_param(hash) : db_null(DB_BYTEA),
                 db_int4(rq->arena, (int32_t)rq->options->session_limit));
    (void)DB_ADD(b, &q_session_prune, db_int4(rq->arena, PRUNED_EACH));
}

enum err session_add_start(struct request *rq, struct db_batch *b, const struct session_spec *spec,
                           struct session_tokens *out)
{
    struct session_spec *kept = ARENA_NEW(rq->arena, struct session_spec); /* parameters point into it */
    struct uuid *id = ARENA_NEW(rq->arena, struct uuid);
    struct refresh_token *token = NULL;
    *kept = *spec;
    kept->authenticated_us = spec->authenticated_us ? spec->authenticated_us : rq->now_us;
    *id = uuid_v7();
    *out = (struct session_tokens){ .session = *id,
                                    .user = spec->user,
                                    .scope = spec->scope,
                                    .authenticated_us =
                                        spec->authenticated_us ? spec->authenticated_us : rq->now_us };
    if (spec->refreshable) {
        token = ARENA_NEW(rq->arena, struct refresh_token);
        refresh_token_first(rq->secret, id, token);
        out->refresh_token = (struct str){ token->text, REFRESH_TOKEN_SIZE };
    }
    add_row(rq, b, kept, id, token ? token->hash : NULL);
    return issue(
        rq, &(struct token_spec){ .client = spec->client, .actor = spec->actor, .audience = spec->audience },
        out);
}

/* ---- refresh ---- */

struct rotation { /* one attempt: the token shown, and what its successor is to be */
    struct str shown;
    struct uuid session;
    unsigned char hash[REFRESH_TOKEN_HASH];
    bool ours;
    unsigned char salt[REFRESH_TOKEN_SALT];
    struct refresh_token next;
};

static enum err refuse(struct request *rq)
{
    response_header(rq, "WWW-Authenticate", "Bearer realm=\"nexus\"");
    return fail(rq, ERR_INVALID_REFRESH_TOKEN, NULL, NULL);
}

/* A token used before is a copy, here or where it was used: whoever holds the present one may be the thief.
 */
static enum err end_family(struct request *rq, const struct rotation *r, const struct uuid *user)
{
    bool replayed;
    char session[UUID_TEXT_SIZE];
    uuid_format(session, &r->session);
    struct db_batch *b = write_batch(rq);
    (void)session_add_end(rq, b, user, &r->session, "reuse");
    audit_add(rq, b, AUDIT_SESSION_REUSE, user, NULL,
              arena_printf(rq->arena, "{\"session\": \"%s\"}", session));
    enum err e = write_run(rq, b, &replayed);
    if (e != ERR_NONE) {
        return e;
    }
    LOG(LOG_WARN, "a used refresh token was shown: session ended", LOG_TEXT("session", session),
        LOG_TEXT("request_id", rq->id));
    return refuse(rq);
}

/* Not rotated. Nothing is known of why but that the token was once ours. */
static enum err refused(struct request *rq, const struct rotation *r, const struct uuid *client)
{
    struct db_failure failure;
    if (!r->ours) {
        return refuse(rq);
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int stale = DB_ADD(b, &q_session_of_stale, db_uuid(&r->session), db_uuid(client), hash_param(r->hash));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, stale)) == 0) {
        return refuse(rq);
    }
    struct uuid *user = ARENA_NEW(rq->arena, struct uuid);
    *user = db_get_uuid(db_result(b, stale), 0, 0);
    return end_family(rq, r, user);
}

/* Somebody else was first, with this very token: the same successor as his. */
static bool same_again(struct request *rq, struct rotation *r, const PGresult *row)
{
    struct str salt = db_get_text(row, 0, 6), head = db_get_text(row, 0, 7);
    if (salt.n != REFRESH_TOKEN_SALT) {
        return false;
    }
    refresh_token_next(rq->secret, (const unsigned char *)salt.p, r->shown, &r->next);
    return str_eq(
        head, (struct str){ (const char *)r->next.hash, REFRESH_TOKEN_HASH }); /* else: another secret_file */
}

static enum err answer(struct request *rq, const struct rotation *r, const struct uuid *client,
                       const PGresult *row, struct session_tokens *out)
{
    struct token_spec spec = { .audience = db_is_null(row, 0, 4) ? STR_NONE : db_get_text(row, 0, 4) };
    if (client) {
        spec.client = *client;
    }
    if (!db_is_null(row, 0, 1)) {
        spec.actor = db_get_uuid(row, 0, 1);
    }
    *out = (struct session_tokens){ .session = r->session,
                                    .user = db_get_uuid(row, 0, 0),
                                    .authenticated_us = db_get_timestamptz(row, 0, 2),
                                    .scope = db_is_null(row, 0, 3) ? STR_NONE : db_get_text(row, 0, 3),
                                    .refresh_token = { r->next.text, REFRESH_TOKEN_SIZE } };
    return issue(rq, &spec, out);
}

enum err session_refresh(struct request *rq, struct str refresh_token, const struct uuid *client,
                         struct session_tokens *out)
{
    struct rotation *r = ARENA_NEW(rq->arena, struct rotation);
    struct db_failure failure;
    r->shown = refresh_token;
    if (!refresh_token_read(rq->secret, refresh_token, &r->session, &r->ours, r->hash)) {
        return refuse(rq);
    }
    refresh_token_salt(r->salt);
    refresh_token_next(rq->secret, r->salt, refresh_token, &r->next);
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index =
        DB_ADD(b, &q_session_rotate, db_uuid(&r->session), hash_param(r->hash), hash_param(r->next.hash),
               db_bytea((struct str){ (const char *)r->salt, REFRESH_TOKEN_SALT }), db_uuid(client),
               db_int8(rq->arena, rq->options->refresh_grace), network_param(rq), user_agent_param(rq));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *row = db_result(b, index);
    if (PQntuples(row) == 0) {
        return refused(rq, r, client);
    }
    if (!db_get_bool(row, 0, 5) && !same_again(rq, r, row)) {
        return refuse(rq);
    }
    return answer(rq, r, client, row, out);
}

enum err session_find(struct request *rq, struct str refresh_token, bool *found, struct session_found *out)
{
    unsigned char *hash = arena_alloc(rq->arena, REFRESH_TOKEN_HASH);
    struct uuid *session = ARENA_NEW(rq->arena, struct uuid);
    struct db_failure failure;
    bool ours = false;
    *found = false;
    if (!refresh_token_read(rq->secret, refresh_token, session, &ours, hash)) {
        return ERR_NONE;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_session_find, db_uuid(session), hash_param(hash));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *row = db_result(b, index);
    bool current = PQntuples(row) == 1 && db_get_bool(row, 0, 5);
    if (PQntuples(row) == 0 || !(current || ours)) {
        return ERR_NONE;
    }
    *found = true;
    *out = (struct session_found){ .session = *session,
                                   .user = db_get_uuid(row, 0, 0),
                                   .scope = db_is_null(row, 0, 2) ? STR_NONE : db_get_text(row, 0, 2),
                                   .created_us = db_get_timestamptz(row, 0, 3),
                                   .expires_us = db_get_timestamptz(row, 0, 4),
                                   .current = current };
    if (!db_is_null(row, 0, 1)) {
        out->client = db_get_uuid(row, 0, 1);
    }
    return ERR_NONE;
}

/* ---- end ---- */

int session_add_end(struct request *rq, struct db_batch *b, const struct uuid *user,
                    const struct uuid *session, const char *reason)
{
    access_changes(rq, user);
    return DB_ADD(b, &q_session_end, db_uuid(session), db_uuid(user), db_text(str_from(reason)));
}

int session_add_end_all(struct request *rq, struct db_batch *b, const struct uuid *user,
                        const struct uuid *but, const char *reason)
{
    access_changes(rq, user);
    (void)DB_ADD(b, &q_session_lock_user, db_uuid(user));
    return DB_ADD(b, &q_session_end_all, db_uuid(user), db_uuid(but), db_text(str_from(reason)));
}
