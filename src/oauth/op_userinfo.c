/* /oauth/userinfo (OpenID Connect Core, 5.3): what a token may know of its user. */
#include "oauth/claims_request.h"

#include "db/queries.h"
#include "http/access.h"

static enum err userinfo_exec(struct request *rq);
static enum err userinfo_form_exec(struct request *rq);

static const struct shape_field out_fields[] = {
    { .name = "sub", .type = SHAPE_UUID, .flags = SHAPE_REQUIRED, .doc = "Identifies the user." },
    { .name = "name",
      .type = SHAPE_STRING,
      .doc = "Name shown to others; with profile.",
      .example = "\"Ada\"" },
    { .name = "picture",
      .type = SHAPE_STRING,
      .doc = "Address of a photo; with profile.",
      .example = "\"https://example.com/a.jpg\"" },
    { .name = "locale",
      .type = SHAPE_STRING,
      .doc = "First of the languages; with profile.",
      .example = "\"en\"" },
    { .name = "updated_at",
      .type = SHAPE_INT,
      .doc = "When the account was changed, unix seconds; with profile.",
      .example = "1790000000" },
    { .name = "email", .type = SHAPE_STRING, .doc = "With email.", .example = "\"ada@example.com\"" },
    { .name = "email_verified",
      .type = SHAPE_BOOL,
      .doc = "Whether the user has shown to read it; with email.",
      .example = "true" },
    { .name = "phone_number", .type = SHAPE_STRING, .doc = "With phone.", .example = "\"+4930123456\"" },
    { .name = "phone_number_verified",
      .type = SHAPE_BOOL,
      .doc = "Always false: nobody has called it; with phone.",
      .example = "false" },
};
static const struct shape out_shape = {
    .name = "UserInfo",
    .fields = out_fields,
    .count = SHAPE_COUNT(out_fields),
    .doc = "What the token may know of its user; what is not known is left out."
};

struct userinfo_in {
    struct shape_seen seen;
    struct str access_token;
};
static const struct shape_field in_fields[] = {
    { .name = "access_token",
      .type = SHAPE_STRING,
      .flags = SHAPE_SECRET | SHAPE_EXACT,
      .offset = offsetof(struct userinfo_in, access_token),
      .min = 1,
      .max = 4096,
      .doc = "The access token, unless it is sent as Authorization: Bearer (RFC 6750, 2.2).",
      .example = "\"eyJhbGciOiJFZERTQSJ9.e30.AA\"" },
};
static const struct shape in_shape = { .name = "UserInfoForm",
                                       .fields = in_fields,
                                       .count = SHAPE_COUNT(in_fields),
                                       .size = sizeof(struct userinfo_in),
                                       .doc = "An access token.",
                                       .open = true };
static const struct shape open_shape = {
    .name = "UserInfoQuery", .size = sizeof(struct shape_seen), .doc = "Nothing.", .open = true
};
static const enum err errors[] = { ERR_INVALID_REQUEST,  ERR_UNAUTHENTICATED,    ERR_SESSION_ENDED,
                                   ERR_ACCOUNT_INACTIVE, ERR_INSUFFICIENT_SCOPE, ERR_NONE };

const struct op op_oauth_userinfo = {
    .name = "oauth_userinfo",
    .method = METHOD_GET,
    .path = "/oauth/userinfo",
    .tag = "OAuth",
    .summary = "Learn who the user is",
    .doc = "Claims about the user of a token with the scope openid, as its other scopes let them be known.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW | OP_SECRET,
    .in = &open_shape,
    .out = &out_shape,
    .errors = errors,
    .refusal = &oauth_refusal,
    .security = "[{\"bearer\":[]}]",
    .exec = userinfo_exec,
};

const struct op op_oauth_userinfo_form = {
    .name = "oauth_userinfo_form",
    .method = METHOD_POST,
    .path = "/oauth/userinfo",
    .tag = "OAuth",
    .summary = "Learn who the user is, by POST",
    .doc = "The same, with the access token in the header or in the body.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_FORM | OP_RAW | OP_SECRET,
    .in = &in_shape,
    .out = &out_shape,
    .errors = errors,
    .refusal = &oauth_refusal,
    .security = "[{\"bearer\":[]}]",
    .exec = userinfo_form_exec,
};

static enum err challenge(struct request *rq, enum err e, const char *header)
{
    response_header(rq, "WWW-Authenticate", header);
    return fail(rq, e, NULL, NULL);
}

static enum err write_info(struct request *rq, const PGresult *r)
{
    uint32_t scopes = scopes_parse(db_is_null(r, 0, 1) ? STR("") : db_get_text(r, 0, 1));
    uint32_t claims = claims_of_scopes(scopes);
    if (!(scopes >> SCOPE_OPENID & 1u)) {
        return challenge(rq, ERR_INSUFFICIENT_SCOPE,
                         "Bearer realm=\"nexus\", error=\"insufficient_scope\", scope=\"openid\"");
    }
    claims |= claims_of_text(db_is_null(r, 0, 2) ? STR("") : db_get_text(r, 0, 2));
    struct uuid user = db_get_uuid(r, 0, 0);
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "sub", uuid, &user);
    claims_write(&w, r, claims);
    json_write_object_end(&w);
    return ERR_NONE;
}

static enum err userinfo_exec(struct request *rq)
{
    struct db_failure failure;
    if (!rq->principal.known) {
        return challenge(rq, ERR_UNAUTHENTICATED, "Bearer realm=\"nexus\"");
    }
    struct db_batch *b = db_batch(rq->db, rq->arena);
    int index = DB_ADD(b, &q_oauth_userinfo, db_uuid(&rq->principal.session));
    if (db_run(b, &failure) != ERR_NONE) {
        return fail_db(rq, &failure);
    }
    if (PQntuples(db_result(b, index)) != 1) { /* a client on its own behalf */
        return challenge(rq, ERR_INSUFFICIENT_SCOPE,
                         "Bearer realm=\"nexus\", error=\"insufficient_scope\", scope=\"openid\"");
    }
    return write_info(rq, db_result(b, index));
}

/* The gates have only seen the header. */
static enum err userinfo_form_exec(struct request *rq)
{
    const struct userinfo_in *in = rq->in;
    if (in->access_token.p && rq->headers[HEADER_AUTHORIZATION].p) {
        return fail(rq, ERR_INVALID_REQUEST, NULL, "The access token is sent in more than one way.");
    }
    if (in->access_token.p) {
        if (token_see(rq->auth, in->access_token, &rq->token) != ERR_NONE) {
            return challenge(rq, ERR_UNAUTHENTICATED, "Bearer realm=\"nexus\", error=\"invalid_token\"");
        }
        rq->principal = rq->token->who;
        enum err e = access_load(rq);
        if (e) {
            return e;
        }
    }
    return userinfo_exec(rq);
}
