/* POST /oauth/revoke (RFC 7009). */
#include "oauth/issued.h"

#include "json/write.h"

static enum err revoke_exec(struct request *rq);

static const struct shape nothing_shape = { .name = "TokenEnded",
                                            .size = sizeof(struct shape_seen),
                                            .doc = "Done." };
static const enum err errors[] = { ERR_INVALID_REQUEST, ERR_INVALID_CLIENT, ERR_UNSUPPORTED_TOKEN_TYPE,
                                   ERR_NONE };

const struct op op_oauth_revoke = {
    .name = "oauth_revoke",
    .method = METHOD_POST,
    .path = "/oauth/revoke",
    .tag = "OAuth",
    .summary = "End a token",
    .doc = "Ends the session the token belongs to, with all its tokens (RFC 7009). What is no token, or not "
           "this client's, "
           "is answered alike. An access token a client got on its own behalf cannot be ended; it lives for "
           "minutes.",
    .perm = PERM_PUBLIC,
    .rate = RATE_WRITE,
    .flags = OP_FORM | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &issued_shape,
    .out = &nothing_shape,
    .errors = errors,
    .refusal = &oauth_refusal,
    .security = oauth_client_security,
    .exec = revoke_exec,
};

static enum err end(struct request *rq, const struct issued *token)
{
    bool replayed;
    struct db_batch *b = write_batch(rq);
    session_add_end(rq, b, &token->user, &token->session, "revoked");
    return write_run(rq, b, &replayed);
}

static enum err revoke_exec(struct request *rq)
{
    const struct issued_in *in = rq->in;
    struct client client;
    struct issued *token = ARENA_NEW(rq->arena, struct issued);
    enum err e = client_authenticate(rq, in->client_id, in->client_secret, &client);
    if (e || (e = issued_find(rq, in->token, token))) {
        return e;
    }
    bool own = token->kind != ISSUED_NOTHING && uuid_eq(&token->client, &client.id);
    if (own && token->kind == ISSUED_CLIENT) {
        return fail(rq, ERR_UNSUPPORTED_TOKEN_TYPE, NULL, NULL);
    }
    if (own && (e = end(rq, token))) {
        return e;
    }
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    json_write_object_end(&w);
    return ERR_NONE;
}
