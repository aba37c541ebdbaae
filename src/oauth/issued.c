/* Tokens that come back. */
#include "oauth/issued.h"

#include "auth/claims.h"
#include "auth/jwt.h"
#include "db/queries.h"

#define FIELD(member, most, more, text, sample)                                                              \
    {                                                                                                        \
        .name = #member, .type = SHAPE_STRING, .flags = SHAPE_EXACT | (more), .min = 1, .max = most,         \
        .offset = offsetof(struct issued_in, member), .doc = text, .example = sample                         \
    }

static const struct shape_field fields[] = {
    FIELD(token, 4096, SHAPE_REQUIRED | SHAPE_SECRET, "An access token or a refresh token.",
          "\"nxr_AZpWvL7mcTCqT4o1\""),
    FIELD(token_type_hint, 64, 0, "access_token or refresh_token; not needed.", "\"refresh_token\""),
    FIELD(client_id, 64, 0, "The client, unless it is named by Authorization: Basic.",
          "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\""),
    FIELD(client_secret, CLIENT_SECRET_MAX, SHAPE_SECRET,
          "Its secret, unless it is sent by Authorization: Basic.", "\"7Fjfp0ZBr1KtDRbnfVdmIw\""),
};
const struct shape issued_shape = { .name = "TokenQuestion",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct issued_in),
                                    .doc = "A token that is asked about, or is to end.",
                                    .open = true };

static bool read_access(struct request *rq, struct str token, struct issued *out)
{
    struct str json, iss, sid, client;
    struct claims c;
    if (!jwt_open(rq->auth, rq->arena, "at+jwt", token, &json) || !claims_parse(json, &c) ||
        !claims_text(&c, "iss", &iss) || !str_eqz(iss, auth_issuer(rq->auth)) ||
        !claims_text(&c, "aud", &out->audience) || !claims_text(&c, "client_id", &client) ||
        !uuid_parse(client, &out->client) || !claims_seconds(&c, "exp", &out->expires_s) ||
        !claims_seconds(&c, "iat", &out->issued_s) || out->expires_s <= rq->now_us / 1000000) {
        return false;
    }
    out->scope = claims_text(&c, "scope", &out->scope) ? out->scope : STR_NONE;
    out->id = claims_text(&c, "jti", &out->id) ? out->id : STR_NONE;
    out->authenticated_s = claims_seconds(&c, "auth_time", &out->authenticated_s) ? out->authenticated_s : 0;
    out->kind = claims_text(&c, "sid", &sid) ? ISSUED_ACCESS : ISSUED_CLIENT;
    return out->kind == ISSUED_CLIENT || uuid_parse(sid, &out->session);
}

/* A token is as good as its session, or as the client it was given to. */
static enum err ask_database(struct request *rq, struct issued *out)
{
    struct db_failure failure;
    bool own = out->kind == ISSUED_CLIENT;
    struct client client;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index =
        own ? client_add_read(b, &out->client) : DB_ADD(b, &q_oauth_session_state, db_uuid(&out->session));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    if (own) {
        bool good = client_take(rq->arena, r, &out->client, &client) && !client.disabled;
        out->kind = good ? ISSUED_CLIENT : ISSUED_NOTHING;
    } else if (PQntuples(r) == 1) {
        out->user = db_get_uuid(r, 0, 1);
    } else {
        out->kind = ISSUED_NOTHING;
    }
    return ERR_NONE;
}

static enum err find_refresh(struct request *rq, struct str token, struct issued *out)
{
    struct session_found s;
    struct db_failure failure;
    bool found;
    enum err e = session_find(rq, token, &found, &s);
    if (e || !found || !s.current) {
        return e;
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_oauth_session_state, db_uuid(&s.session));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    const PGresult *r = db_result(b, index);
    if (PQntuples(r) == 1) {
        *out = (struct issued){ .kind = ISSUED_REFRESH,
                                .session = s.session,
                                .user = s.user,
                                .client = s.client,
                                .scope = s.scope,
                                .audience = db_is_null(r, 0, 3) ? STR_NONE : db_get_text(r, 0, 3),
                                .issued_s = s.created_us / 1000000,
                                .expires_s = s.expires_us / 1000000 };
    }
    return ERR_NONE;
}

enum err issued_find(struct request *rq, struct str token, struct issued *out)
{
    *out = (struct issued){ .kind = ISSUED_NOTHING };
    if (!memchr(token.p, '.', token.n)) {
        return find_refresh(rq, token, out);
    }
    if (!read_access(rq, token, out)) {
        out->kind = ISSUED_NOTHING;
        return ERR_NONE;
    }
    return ask_database(rq, out);
}
