/* /.well-known: what clients find out by themselves (OpenID Connect Discovery, RFC 8414), and the keys. */
#include "oauth/claims_request.h"

#include "auth/jwt.h"

static enum err configuration_exec(struct request *rq);
static enum err jwks_exec(struct request *rq);

static const struct shape_field text_item = { .type = SHAPE_STRING, .example = "\"text\"" };

#define TEXT(member, text)                                                                                   \
    {                                                                                                        \
        .name = member, .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = text,                          \
        .example = "\"https://nexus.example.com\""                                                           \
    }
#define TEXTS(member, text)                                                                                  \
    {                                                                                                        \
        .name = member, .type = SHAPE_LIST, .flags = SHAPE_REQUIRED, .item = &text_item, .doc = text         \
    }
#define TRUTH(member, text)                                                                                  \
    {                                                                                                        \
        .name = member, .type = SHAPE_BOOL, .flags = SHAPE_REQUIRED, .doc = text, .example = "false"         \
    }

static const struct shape_field fields[] = {
    TEXT("issuer", "Name of this issuer."),
    TEXT("authorization_endpoint", "Where users are sent."),
    TEXT("token_endpoint", "Where tokens are got."),
    TEXT("userinfo_endpoint", "Where claims are read."),
    TEXT("revocation_endpoint", "Where tokens are ended."),
    TEXT("introspection_endpoint", "Where tokens are asked about."),
    TEXT("end_session_endpoint", "Where users are logged out."),
    TEXT("jwks_uri", "Keys."),
    TEXTS("scopes_supported", "Scopes there are."),
    TEXTS("response_types_supported", "code."),
    TEXTS("response_modes_supported", "query."),
    TEXTS("grant_types_supported", "Grants there are."),
    TEXTS("subject_types_supported", "public."),
    TEXTS("id_token_signing_alg_values_supported", "Algorithms of ID tokens."),
    TEXTS("token_endpoint_auth_methods_supported", "How clients authenticate."),
    TEXTS("revocation_endpoint_auth_methods_supported", "The same at the revocation endpoint."),
    TEXTS("introspection_endpoint_auth_methods_supported", "The same at the introspection endpoint."),
    TEXTS("code_challenge_methods_supported", "S256; required."),
    TEXTS("prompt_values_supported", "Values of prompt."),
    TEXTS("claim_types_supported", "normal."),
    TEXTS("claims_supported", "Claims there are."),
    TRUTH("claims_parameter_supported", "Whether the parameter claims is understood."),
    TRUTH("request_parameter_supported", "Whether the parameter request is understood."),
    TRUTH("request_uri_parameter_supported", "Whether the parameter request_uri is understood."),
    TRUTH("require_request_uri_registration", "Of no meaning here."),
    TRUTH("authorization_response_iss_parameter_supported", "Whether answers say who made them (RFC 9207)."),
    TEXT("service_documentation", "The description of this API."),
};
static const struct shape out_shape = { .name = "ProviderMetadata",
                                        .fields = fields,
                                        .count = SHAPE_COUNT(fields),
                                        .doc = "What this authorization server can." };
static const enum err errors[] = { ERR_NONE };
static const struct shape open_shape = {
    .name = "MetadataQuery", .size = sizeof(struct shape_seen), .doc = "Nothing.", .open = true
};

const struct op op_openid_configuration = {
    .name = "openid_configuration",
    .method = METHOD_GET,
    .path = "/.well-known/openid-configuration",
    .tag = "OAuth",
    .summary = "What the OpenID Provider can",
    .doc = "OpenID Connect Discovery, 4.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .in = &open_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = configuration_exec,
};

const struct op op_oauth_configuration = {
    .name = "oauth_configuration",
    .method = METHOD_GET,
    .path = "/.well-known/oauth-authorization-server",
    .tag = "OAuth",
    .summary = "What the authorization server can",
    .doc = "RFC 8414; the same as for OpenID.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .in = &open_shape,
    .out = &out_shape,
    .errors = errors,
    .exec = configuration_exec,
};

static void add_endpoint(struct request *rq, struct json_writer *w, const char *name, const char *path)
{
    json_write_key(w, str_from(name));
    json_write_strz(w, arena_printf(rq->arena, STR_FMT "%s", STR_ARG(oauth_base(rq)), path));
}

static void add_list(struct json_writer *w, const char *name, const char *const *values, size_t count)
{
    json_write_key(w, str_from(name));
    json_write_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_strz(w, values[i]);
    }
    json_write_array_end(w);
}
#define LIST(w, name, ...)                                                                                   \
    add_list(w, name, (const char *const[]){ __VA_ARGS__ },                                                  \
             sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* The algorithm of the key that signs comes first. */
static void add_algorithms(struct request *rq, struct json_writer *w)
{
    const struct key_ring *ring = auth_keys(rq->auth);
    const char *names[2];
    size_t n = 0;
    for (size_t i = 0; i < ring->count; i++) {
        const char *name = key_algorithm_name(ring->key[i].algorithm);
        if (n == 0 || (n == 1 && strcmp(names[0], name) != 0)) {
            names[n++] = name;
        }
    }
    add_list(w, "id_token_signing_alg_values_supported", names, n);
}

static void add_endpoints(struct request *rq, struct json_writer *w)
{
    JSON_MEMBER(w, "issuer", strz, auth_issuer(rq->auth));
    add_endpoint(rq, w, "authorization_endpoint", "/oauth/authorize");
    add_endpoint(rq, w, "token_endpoint", "/oauth/token");
    add_endpoint(rq, w, "userinfo_endpoint", "/oauth/userinfo");
    add_endpoint(rq, w, "revocation_endpoint", "/oauth/revoke");
    add_endpoint(rq, w, "introspection_endpoint", "/oauth/introspect");
    add_endpoint(rq, w, "end_session_endpoint", "/oauth/logout");
    add_endpoint(rq, w, "jwks_uri", "/.well-known/jwks.json");
    add_endpoint(rq, w, "service_documentation", "/v1/openapi.json");
}

static void add_abilities(struct request *rq, struct json_writer *w)
{
    const char *scopes[SCOPE_COUNT];
    for (enum scope s = 0; s < SCOPE_COUNT; s++) {
        scopes[s] = scope_name(s);
    }
    add_list(w, "scopes_supported", scopes, SCOPE_COUNT);
    LIST(w, "response_types_supported", "code");
    LIST(w, "response_modes_supported", "query");
    LIST(w, "grant_types_supported", "authorization_code", "refresh_token", "client_credentials");
    LIST(w, "subject_types_supported", "public");
    add_algorithms(rq, w);
    LIST(w, "token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post", "none");
    LIST(w, "revocation_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post",
         "none");
    LIST(w, "introspection_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post");
    LIST(w, "code_challenge_methods_supported", "S256");
    LIST(w, "prompt_values_supported", "none", "login", "consent", "select_account");
    LIST(w, "claim_types_supported", "normal");
    LIST(w, "claims_supported", "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "azp", "at_hash",
         "sid", "amr", "name", "picture", "locale", "updated_at", "email", "email_verified", "phone_number",
         "phone_number_verified");
    JSON_MEMBER(w, "claims_parameter_supported", bool, true);
    JSON_MEMBER(w, "request_parameter_supported", bool, false);
    JSON_MEMBER(w, "request_uri_parameter_supported", bool, false);
    JSON_MEMBER(w, "require_request_uri_registration", bool, false);
    JSON_MEMBER(w, "authorization_response_iss_parameter_supported", bool, true);
}

static enum err configuration_exec(struct request *rq)
{
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    add_endpoints(rq, &w);
    add_abilities(rq, &w);
    json_write_object_end(&w);
    return ERR_NONE;
}

/* ---- keys ---- */

static const struct shape_field key_fields[] = {
    { .name = "kty",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "OKP or EC.",
      .example = "\"OKP\"" },
    { .name = "crv",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Ed25519 or P-256.",
      .example = "\"Ed25519\"" },
    { .name = "alg",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "EdDSA or ES256.",
      .example = "\"EdDSA\"" },
    { .name = "use", .type = SHAPE_STRING, .flags = SHAPE_REQUIRED, .doc = "sig.", .example = "\"sig\"" },
    { .name = "kid",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Name of the key.",
      .example = "\"kPrK_qmxVWaYVA9w\"" },
    { .name = "x",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .doc = "Public half.",
      .example = "\"11qYAYKxCrfVS_7TyWQH\"" },
    { .name = "y",
      .type = SHAPE_STRING,
      .doc = "Second coordinate, of EC keys.",
      .example = "\"x_FEzRu9m36HLN_tue65\"" },
};
static const struct shape key_shape = { .name = "PublicKey",
                                        .fields = key_fields,
                                        .count = SHAPE_COUNT(key_fields),
                                        .doc = "A public key (RFC 7517)." };
static const struct shape_field key_item = { .type = SHAPE_OBJECT, .sub = &key_shape };
static const struct shape_field jwks_fields[] = {
    { .name = "keys",
      .type = SHAPE_LIST,
      .flags = SHAPE_REQUIRED,
      .item = &key_item,
      .doc = "The one that signs comes first." },
};
static const struct shape jwks_shape = { .name = "PublicKeys",
                                         .fields = jwks_fields,
                                         .count = SHAPE_COUNT(jwks_fields),
                                         .doc = "Keys of tokens that are accepted, and of those to come." };

const struct op op_jwks = {
    .name = "jwks",
    .method = METHOD_GET,
    .path = "/.well-known/jwks.json",
    .tag = "OAuth",
    .summary = "Keys that sign tokens",
    .doc = "A key is here before it signs, and as long as tokens of it are accepted.",
    .perm = PERM_PUBLIC,
    .rate = RATE_READ,
    .flags = OP_RAW,
    .in = &open_shape,
    .out = &jwks_shape,
    .errors = errors,
    .exec = jwks_exec,
};

static enum err jwks_exec(struct request *rq)
{
    auth_write_jwks(rq->auth, rq->res.body);
    return ERR_NONE;
}
