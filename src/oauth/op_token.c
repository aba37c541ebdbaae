/* POST /oauth/token: codes, refresh tokens and clients' own credentials for tokens. */
#include "oauth/oauth.h"

#include "base/base64url.h"
#include "base/log.h"
#include "db/queries.h"
#include "oauth/id_token.h"

static enum err token_exec(struct request *rq);

struct token_in {
    struct shape_seen seen;
    struct str grant_type, code, redirect_uri, code_verifier, refresh_token, scope, resource, client_id,
        client_secret;
};

#define FIELD(member, most, more, text, sample)                                                              \
    {                                                                                                        \
        .name = #member, .type = SHAPE_STRING, .flags = SHAPE_EXACT | (more), .min = 1, .max = most,         \
        .offset = offsetof(struct token_in, member), .doc = text, .example = sample                          \
    }

static const struct shape_field fields[] = {
    FIELD(grant_type, 64, SHAPE_REQUIRED, "authorization_code, refresh_token or client_credentials.",
          "\"client_credentials\""),
    FIELD(code, 128, SHAPE_SECRET, "The code that came back from /oauth/authorize.",
          "\"SplxlOBeZQQYbYS6WxSbIA\""),
    FIELD(redirect_uri, REDIRECT_URI_MAX, 0, "The same as in the authorization request.",
          "\"https://app.example.com/done\""),
    FIELD(code_verifier, 128, SHAPE_SECRET, "RFC 7636: what the challenge was made of.",
          "\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\""),
    FIELD(refresh_token, 256, SHAPE_SECRET, "A refresh token.", "\"nxr_AZpWvL7mcTCqT4o1\""),
    FIELD(scope, 500, 0, "Less than was granted; of client_credentials: what is wanted.", "\"properties\""),
    FIELD(resource, 500, 0, "What the access token is for (RFC 8707).", "\"https://api.example.com/\""),
    FIELD(client_id, 64, 0, "The client, unless it is named by Authorization: Basic.",
          "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\""),
    FIELD(client_secret, CLIENT_SECRET_MAX, SHAPE_SECRET,
          "Its secret, unless it is sent by Authorization: Basic.", "\"7Fjfp0ZBr1KtDRbnfVdmIw\""),
};
static const struct shape shape = { .name = "TokenRequest",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct token_in),
                                    .doc = "A grant.",
                                    .open = true };

static const struct shape_field out_fields[] = {
    { .name = "access_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED | SHAPE_SECRET,
      .doc = "Send it as Authorization: Bearer.",
      .example = "\"eyJhbGciOiJFZERTQSJ9.e30.AA\"" },
    { .name = "token_type",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Always Bearer.",
      .example = "\"Bearer\"" },
    { .name = "expires_in",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .min = 1,
      .max = 86400,
      .doc = "Seconds from now until it is no longer accepted.",
      .example = "900" },
    { .name = "refresh_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET,
      .doc = "Gives new tokens once. Only with the scope offline_access.",
      .example = "\"nxr_AZpWvL7mcTCqT4o1\"" },
    { .name = "id_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET,
      .doc = "Who has logged in. Only with the scope openid, and for a code.",
      .example = "\"eyJhbGciOiJFZERTQSJ9.e30.AA\"" },
    { .name = "scope",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "What was granted: maybe less than was asked for.",
      .example = "\"openid profile\"" },
};
static const struct shape out_shape = { .name = "TokenAnswer",
                                        .fields = out_fields,
                                        .count = SHAPE_COUNT(out_fields),
                                        .doc = "Tokens (RFC 6749, 5.1)." };

static const enum err errors[] = { ERR_INVALID_REQUEST,        ERR_INVALID_CLIENT,
                                   ERR_INVALID_GRANT,          ERR_UNAUTHORIZED_CLIENT,
                                   ERR_UNSUPPORTED_GRANT_TYPE, ERR_INVALID_SCOPE,
                                   ERR_INVALID_TARGET,         ERR_NONE };

const struct op op_oauth_token = {
    .name = "oauth_token",
    .method = METHOD_POST,
    .path = "/oauth/token",
    .tag = "OAuth",
    .summary = "Get tokens",
    .doc = "A code is good once, for 60 seconds, for its client, redirect_uri and verifier; who shows it "
           "again ends what "
           "it was exchanged for. Parameters that are not known are passed over.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_FORM | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &shape,
    .out = &out_shape,
    .errors = errors,
    .refusal = &oauth_refusal,
    .security = oauth_client_security,
    .exec = token_exec,
};

struct answer {
    struct str access_token, refresh_token, id_token, scope;
    int64_t expires_in;
};

static void write_answer(struct request *rq, const struct answer *a)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "access_token", str, a->access_token);
    JSON_MEMBER(&w, "token_type", strz, "Bearer");
    JSON_MEMBER(&w, "expires_in", int, a->expires_in);
    if (a->refresh_token.p) {
        JSON_MEMBER(&w, "refresh_token", str, a->refresh_token);
    }
    if (a->id_token.p) {
        JSON_MEMBER(&w, "id_token", str, a->id_token);
    }
    JSON_MEMBER(&w, "scope", str, a->scope);
    json_write_object_end(&w);
}

/* ---- codes ---- */

struct code { /* row of oauth_code_lock */
    struct uuid client, session, browser, user;
    struct str redirect_uri, challenge, scope, nonce, audience, methods;
    uint32_t claims, token_claims;
    int64_t authenticated_us;
    bool good, used;
};

static struct str text_or_none(const PGresult *r, int column)
{
    return db_is_null(r, 0, column) ? STR_NONE : db_get_text(r, 0, column);
}

static void read_code(const PGresult *r, struct code *c)
{
    *c = (struct code){ .client = db_get_uuid(r, 0, 0),
                        .redirect_uri = db_get_text(r, 0, 1),
                        .challenge = db_get_text(r, 0, 2),
                        .scope = db_get_text(r, 0, 3),
                        .nonce = text_or_none(r, 4),
                        .audience = text_or_none(r, 5),
                        .claims = claims_of_text(db_get_text(r, 0, 6)),
                        .token_claims = claims_of_text(db_get_text(r, 0, 7)),
                        .good = db_get_bool(r, 0, 8),
                        .browser = db_get_uuid(r, 0, 10),
                        .user = db_get_uuid(r, 0, 11),
                        .methods = db_get_text(r, 0, 12),
                        .authenticated_us = db_get_timestamptz(r, 0, 13),
                        .used = db_get_bool(r, 0, 14) };
    if (!db_is_null(r, 0, 9)) {
        c->session = db_get_uuid(r, 0, 9);
    }
}

static bool is_verifier(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '.' && c != '_' && c != '~') {
            return false;
        }
    }
    return s.n >= 43 && s.n <= 128;
}

static bool verifies(struct arena *a, struct str verifier, struct str challenge)
{
    struct str hash = oauth_hash(a, verifier);
    char *text = arena_alloc(a, BASE64URL_SIZE(hash.n) + 1);
    return is_verifier(verifier) &&
           oauth_same((struct str){ text, base64url_encode(text, hash.p, hash.n) }, challenge);
}

/* A code shown twice was stolen, now or then: what it gave is taken back, and the refusal does not undo that.
 */
static enum err refuse_replay(struct request *rq, const struct code *c)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    session_add_end(rq, b, &c->user, &c->session, "reuse");
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    LOG(LOG_WARN, "a used authorization code was shown: session ended", LOG_TEXT("request_id", rq->id));
    rq->err = ERR_INVALID_GRANT;
    oauth_refusal.write(rq);
    rq->err = ERR_NONE;
    return ERR_NONE;
}

static enum err bad_grant(struct request *rq, const char *why)
{
    return fail(rq, ERR_INVALID_GRANT, NULL, "%s", why);
}

static enum err check_code(struct request *rq, const struct client *client, const struct code *c,
                           struct str *audience)
{
    const struct token_in *in = rq->in;
    *audience = c->audience;
    if (!c->good) {
        return bad_grant(rq, "The code has expired.");
    }
    if (!in->redirect_uri.p || !oauth_same(in->redirect_uri, c->redirect_uri)) {
        return bad_grant(rq, "redirect_uri is not that of the authorization request.");
    }
    if (!in->code_verifier.p || !verifies(rq->arena, in->code_verifier, c->challenge)) {
        return bad_grant(rq, "code_verifier does not belong to the code_challenge.");
    }
    if (!in->resource.p) {
        return ERR_NONE;
    }
    if (c->audience.p ? !str_eq(c->audience, in->resource)
                      : !client_may_reach(client, rq->options, in->resource)) {
        return fail(rq, ERR_INVALID_TARGET, NULL, NULL);
    }
    *audience = in->resource;
    return ERR_NONE;
}

static void take_methods(struct session_spec *spec, struct str methods)
{
    struct str name;
    for (size_t i = 0; i < SESSION_METHODS_MAX && methods.n > 0 && str_split(&methods, ' ', &name); i++) {
        spec->methods[i] = name;
    }
}

/* The audience of the API itself is said by saying none. */
static struct str audience_of(const struct request *rq, struct str resource)
{
    return resource.p && !str_eqz(resource, rq->options->token_audience) ? resource : STR_NONE;
}

struct exchange {
    const struct client *client;
    struct code code;
    struct str hash; /* of the code */
    struct session_tokens tokens;
    int about; /* index of the user's claims, or -1 */
};

static enum err add_session(struct request *rq, struct db_batch *b, struct exchange *x, struct str audience)
{
    const struct code *c = &x->code;
    bool offline = scopes_parse(c->scope) >> SCOPE_OFFLINE_ACCESS & 1u;
    struct session_spec spec = { .user = c->user,
                                 .client = c->client,
                                 .parent = c->browser,
                                 .kind = "oauth",
                                 .scope = c->scope,
                                 .audience = audience_of(rq, audience),
                                 .authenticated_us = c->authenticated_us,
                                 .refreshable = offline };
    take_methods(&spec, c->methods);
    enum err e = session_add_start(rq, b, &spec, &x->tokens);
    if (e) {
        return e;
    }
    (void)DB_ADD(b, &q_oauth_code_use, db_bytea(x->hash), db_uuid(&x->tokens.session));
    if (c->claims) {
        (void)DB_ADD(b, &q_oauth_session_claims, db_uuid(&x->tokens.session),
                     db_text(claims_text_of(rq->arena, c->claims)));
    }
    x->about = c->token_claims ? DB_ADD(b, &q_oauth_user_claims, db_uuid(&c->user)) : -1;
    return ERR_NONE;
}

static enum err answer_code(struct request *rq, const struct db_batch *b, const struct exchange *x)
{
    const struct code *c = &x->code;
    struct answer a = { .access_token = x->tokens.access_token,
                        .refresh_token = x->tokens.refresh_token,
                        .scope = c->scope,
                        .expires_in = x->tokens.expires_in };
    if (scopes_parse(c->scope) >> SCOPE_OPENID & 1u) {
        struct id_token_spec spec = { .client = x->client,
                                      .user = c->user,
                                      .browser = c->browser,
                                      .nonce = c->nonce,
                                      .methods = c->methods,
                                      .access_token = a.access_token,
                                      .authenticated_us = c->authenticated_us,
                                      .claims = c->token_claims,
                                      .about = x->about >= 0 ? db_result(b, x->about) : NULL };
        enum err e = id_token_make(rq, &spec, &a.id_token);
        if (e) {
            return e;
        }
    }
    write_answer(rq, &a);
    return ERR_NONE;
}

/* The row stays locked until the transaction ends: of two who show the same code, one comes too late. */
static enum err lock_code(struct request *rq, struct exchange *x)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    int index = DB_ADD(b, &q_oauth_code_lock, db_bytea(x->hash));
    enum err e = write_run(rq, b, &replayed);
    if (e) {
        return e;
    }
    if (PQntuples(db_result(b, index)) != 1) {
        return bad_grant(rq, "The code is not known.");
    }
    read_code(db_result(b, index), &x->code);
    return uuid_eq(&x->code.client, &x->client->id) ? ERR_NONE : bad_grant(rq, "The code is not known.");
}

static enum err by_code(struct request *rq, const struct client *client)
{
    const struct token_in *in = rq->in;
    struct exchange *x = ARENA_NEW(rq->arena, struct exchange);
    struct str audience;
    bool replayed;
    x->client = client;
    if (!in->code.p) {
        return fail(rq, ERR_INVALID_REQUEST, "/code", "is required");
    }
    x->hash = oauth_hash(rq->arena, in->code);
    write_atomic(rq);
    enum err e = lock_code(rq, x);
    if (e) {
        return e;
    }
    if (x->code.used) {
        return refuse_replay(rq, &x->code);
    }
    if ((e = check_code(rq, client, &x->code, &audience))) {
        return e;
    }
    struct db_batch *b = write_batch(rq);
    if ((e = add_session(rq, b, x, audience)) || (e = write_run(rq, b, &replayed))) {
        return e;
    }
    return answer_code(rq, b, x);
}

/* ---- refresh tokens ---- */

/* Of the scopes held, those asked for; *less when that is not all. */
static enum err narrow(struct request *rq, struct str held, struct str *scope, bool *less)
{
    const struct token_in *in = rq->in;
    uint32_t all = scopes_parse(held);
    *scope = held;
    *less = false;
    if (!in->scope.p) {
        return ERR_NONE;
    }
    uint32_t wanted = scopes_parse(in->scope);
    if (!oauth_scope_is_wellformed(in->scope) || wanted == 0 || (wanted & ~all) != 0) {
        return fail(rq, ERR_INVALID_SCOPE, NULL, "scope is more than was granted.");
    }
    *less = wanted != all;
    *scope = oauth_scope_text(rq->arena, wanted);
    return ERR_NONE;
}

/* The refresh token keeps what it had; only this access token is for less (RFC 6749, 6). */
static enum err reissue(struct request *rq, const struct client *client, const struct session_found *s,
                        int64_t authenticated_us, struct answer *a)
{
    struct token_spec spec = { .user = s->user,
                               .session = s->session,
                               .client = client->id,
                               .scope = a->scope,
                               .authenticated_us = authenticated_us };
    struct db_failure failure;
    int64_t lifetime_us;
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int state = DB_ADD(b, &q_oauth_session_state, db_uuid(&spec.session));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, state)) != 1) {
        return bad_grant(rq, "The session has ended.");
    }
    spec.audience = text_or_none(db_result(b, state), 3);
    return token_issue(rq->auth, rq->arena, &spec, &a->access_token, &lifetime_us);
}

static void drop_header(struct response *res, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < res->header_count; i++) {
        if (strcmp(res->headers[i].name, name) != 0) {
            res->headers[kept++] = res->headers[i];
        }
    }
    res->header_count = kept;
}

/* What the refusal of the product's own refreshing looks like here. */
static enum err as_bad_grant(struct request *rq)
{
    if (rq->err == ERR_INVALID_REFRESH_TOKEN) {
        rq->err = ERR_INVALID_GRANT;
        rq->detail = "The refresh token is unknown, used, expired or not this client's.";
        drop_header(&rq->res, "WWW-Authenticate");
    }
    return rq->err;
}

static enum err by_refresh_token(struct request *rq, const struct client *client)
{
    const struct token_in *in = rq->in;
    struct session_found s;
    struct session_tokens tokens;
    struct str scope;
    bool found, less = false;
    if (!in->refresh_token.p) {
        return fail(rq, ERR_INVALID_REQUEST, "/refresh_token", "is required");
    }
    enum err e = session_find(rq, in->refresh_token, &found, &s);
    if (e) {
        return e;
    }
    if (found && uuid_eq(&s.client, &client->id) && (e = narrow(rq, s.scope, &scope, &less))) {
        return e; /* before anything is used up */
    }
    if (session_refresh(rq, in->refresh_token, &client->id, &tokens) != ERR_NONE) {
        return as_bad_grant(rq);
    }
    struct answer a = { .access_token = tokens.access_token,
                        .refresh_token = tokens.refresh_token,
                        .scope = less ? scope : tokens.scope,
                        .expires_in = tokens.expires_in };
    if (less && (e = reissue(rq, client, &s, tokens.authenticated_us, &a))) {
        return e;
    }
    write_answer(rq, &a);
    return ERR_NONE;
}

/* ---- clients on their own behalf ---- */

/* What is about a person makes no sense without one. */
#define PERSONAL                                                                                             \
    (1u << SCOPE_OPENID | 1u << SCOPE_PROFILE | 1u << SCOPE_EMAIL | 1u << SCOPE_PHONE |                      \
     1u << SCOPE_OFFLINE_ACCESS)

static enum err by_client(struct request *rq, const struct client *client)
{
    const struct token_in *in = rq->in;
    uint32_t scopes = client->scopes & ~PERSONAL;
    int64_t lifetime_us;
    if (in->scope.p) {
        if (!oauth_scope_is_wellformed(in->scope)) {
            return fail(rq, ERR_INVALID_SCOPE, NULL, NULL);
        }
        scopes &= scopes_parse(in->scope);
    }
    if (scopes == 0) {
        return fail(rq, ERR_INVALID_SCOPE, NULL, "scope names nothing this client may do on its own.");
    }
    if (in->resource.p && !client_may_reach(client, rq->options, in->resource)) {
        return fail(rq, ERR_INVALID_TARGET, NULL, NULL);
    }
    struct answer a = { .scope = oauth_scope_text(rq->arena, scopes) };
    struct token_spec spec = { .client = client->id,
                               .scope = a.scope,
                               .audience = audience_of(rq, in->resource) };
    enum err e = token_issue(rq->auth, rq->arena, &spec, &a.access_token, &lifetime_us);
    if (e) {
        return e;
    }
    a.expires_in = lifetime_us / 1000000;
    write_answer(rq, &a);
    return ERR_NONE;
}

/* ---- all of them ---- */

static const struct {
    enum grant grant;
    enum err (*exec)(struct request *rq, const struct client *client);
} grants[] = { { GRANT_CODE, by_code }, { GRANT_REFRESH, by_refresh_token }, { GRANT_CLIENT, by_client } };

static enum err token_exec(struct request *rq)
{
    const struct token_in *in = rq->in;
    struct client *client = ARENA_NEW(rq->arena, struct client);
    enum err e = client_authenticate(rq, in->client_id, in->client_secret, client);
    if (e) {
        return e;
    }
    for (size_t i = 0; grant_names[i]; i++) {
        if (str_eqz(in->grant_type, grant_names[i])) {
            return client->grants & grants[i].grant ? grants[i].exec(rq, client)
                                                    : fail(rq, ERR_UNAUTHORIZED_CLIENT, NULL, NULL);
        }
    }
    return fail(rq, ERR_UNSUPPORTED_GRANT_TYPE, NULL, NULL);
}
