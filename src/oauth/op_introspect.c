/* POST /oauth/introspect (RFC 7662). */
#include "oauth/issued.h"

#include "auth/jwt.h"
#include "json/write.h"

static enum err introspect_exec(struct request *rq);

static const struct shape_field fields[] = {
    { .name = "active",
      .type = SHAPE_BOOL,
      .flags = SHAPE_REQUIRED,
      .doc = "Whether the token is good now.",
      .example = "true" },
    { .name = "token_type",
      .type = SHAPE_STRING,
      .doc = "Bearer, of access tokens.",
      .example = "\"Bearer\"" },
    { .name = "iss",
      .type = SHAPE_STRING,
      .doc = "Who issued it.",
      .example = "\"https://nexus.example.com\"" },
    { .name = "sub", .type = SHAPE_UUID, .doc = "Its user; the client itself when there is none." },
    { .name = "client_id", .type = SHAPE_UUID, .doc = "The client it was issued to." },
    { .name = "aud", .type = SHAPE_STRING, .doc = "What it is for.", .example = "\"nexus-api\"" },
    { .name = "scope", .type = SHAPE_STRING, .doc = "What it allows.", .example = "\"bookings\"" },
    { .name = "jti",
      .type = SHAPE_STRING,
      .doc = "Its own name.",
      .example = "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\"" },
    { .name = "iat", .type = SHAPE_INT, .doc = "When it was issued, unix seconds.", .example = "1790000000" },
    { .name = "exp", .type = SHAPE_INT, .doc = "When it ends, unix seconds.", .example = "1790000900" },
    { .name = "auth_time",
      .type = SHAPE_INT,
      .doc = "When the user logged in, unix seconds.",
      .example = "1790000000" },
};
static const struct shape out_shape = { .name = "TokenState",
                                        .fields = fields,
                                        .count = SHAPE_COUNT(fields),
                                        .doc = "What a token is; nothing but active when it is not." };
static const enum err errors[] = { ERR_INVALID_REQUEST, ERR_INVALID_CLIENT, ERR_NONE };

const struct op op_oauth_introspect = {
    .name = "oauth_introspect",
    .method = METHOD_POST,
    .path = "/oauth/introspect",
    .tag = "OAuth",
    .summary = "Ask about a token",
    .doc = "For confidential clients: about tokens of their own, and about tokens for the resources they are "
           "registered for "
           "(RFC 7662). Why a token is not active is not said.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_FORM | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &issued_shape,
    .out = &out_shape,
    .errors = errors,
    .refusal = &oauth_refusal,
    .security = oauth_client_security,
    .exec = introspect_exec,
};

static bool may_ask(const struct client *client, const struct issued *token)
{
    return uuid_eq(&token->client, &client->id) ||
           (token->audience.p && client_lists(client->audiences, token->audience));
}

static void write_state(struct request *rq, const struct issued *t)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "active", bool, t->kind != ISSUED_NOTHING);
    if (t->kind != ISSUED_NOTHING) {
        if (t->kind != ISSUED_REFRESH) {
            JSON_MEMBER(&w, "token_type", strz, "Bearer");
        }
        JSON_MEMBER(&w, "iss", strz, auth_issuer(rq->auth));
        JSON_MEMBER(&w, "sub", uuid, t->kind == ISSUED_CLIENT ? &t->client : &t->user);
        JSON_MEMBER(&w, "client_id", uuid, &t->client);
        JSON_MEMBER(&w, "aud", str, t->audience.p ? t->audience : str_from(auth_audience(rq->auth)));
        JSON_MEMBER(&w, "iat", int, t->issued_s);
        JSON_MEMBER(&w, "exp", int, t->expires_s);
    }
    if (t->kind != ISSUED_NOTHING && t->scope.p) {
        JSON_MEMBER(&w, "scope", str, t->scope);
    }
    if (t->kind != ISSUED_NOTHING && t->id.p) {
        JSON_MEMBER(&w, "jti", str, t->id);
    }
    if (t->kind != ISSUED_NOTHING && t->authenticated_s) {
        JSON_MEMBER(&w, "auth_time", int, t->authenticated_s);
    }
    json_write_object_end(&w);
}

static enum err introspect_exec(struct request *rq)
{
    const struct issued_in *in = rq->in;
    struct client client;
    struct issued *token = ARENA_NEW(rq->arena, struct issued);
    enum err e = client_authenticate(rq, in->client_id, in->client_secret, &client);
    if (e) {
        return e;
    }
    if (client_is_public(&client)) {
        response_header(rq, "WWW-Authenticate", "Basic realm=\"nexus\", charset=\"UTF-8\"");
        return fail(rq, ERR_INVALID_CLIENT, NULL, "Only clients with a secret may ask.");
    }
    if ((e = issued_find(rq, in->token, token))) {
        return e;
    }
    token->kind = may_ask(&client, token) ? token->kind : ISSUED_NOTHING;
    write_state(rq, token);
    return ERR_NONE;
}
