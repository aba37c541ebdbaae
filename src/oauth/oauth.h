/*
 * The OAuth 2 authorization server and OpenID Provider: RFC 6749 as narrowed down by RFC 9700, RFC 7009,
 * 7636, 7662, 8414, 8707, 9207; OpenID Connect Core, Discovery and RP-Initiated Logout.
 *
 *     /oauth/authorize  ->  pages: log-in, second factor, consent  ->  303 to the client with a code
 *     /oauth/token      ->  access token, refresh token, ID token
 *
 * Codes, secrets and cookies are stored as SHA-256 only. A log-in in the browser is a session of kind
 * "browser"; what a client is given for a code is a session of kind "oauth" with the client and its scopes.
 */
#ifndef NEXUS_OAUTH_OAUTH_H
#define NEXUS_OAUTH_OAUTH_H

#include "http/idempotency.h"
#include "http/op.h"
#include "oauth/client_rules.h"
#include "query/entity.h"
#include "session/session.h"

extern const struct op op_oauth_authorize, op_oauth_authorize_form, op_oauth_continue, op_oauth_login,
    op_oauth_factor, op_oauth_consent, op_oauth_token, op_oauth_revoke, op_oauth_introspect,
    op_oauth_userinfo, op_oauth_userinfo_form, op_oauth_logout, op_oauth_logout_form, op_oauth_logout_confirm,
    op_openid_configuration, op_oauth_configuration, op_jwks;
extern const struct op op_client_create, op_client_list, op_client_read, op_client_update, op_client_secret,
    op_client_delete, op_consent_list, op_consent_delete;
extern const struct entity entity_client;

/* ---- failures ---- */

/* {"error", "error_description"} (RFC 6749, 5.2), and a page for people. */
extern const struct op_refusal oauth_refusal, page_refusal;
extern const char oauth_client_security[]; /* OpenAPI */

/* ---- clients ---- */

#define CLIENT_SECRET_SIZE 43  /* characters: 32 random bytes */
#define CLIENT_SECRET_MAX  256 /* characters that are looked at */
#define CLIENT_URIS_MAX    20

enum grant { GRANT_CODE = 1, GRANT_REFRESH = 2, GRANT_CLIENT = 4 };
extern const char *const grant_names[]; /* in the order of the bits, NULL-terminated */

struct client {
    struct uuid id;
    char id_text[UUID_TEXT_SIZE];
    struct str name;
    struct str secret_hash;                /* absent: public */
    struct str redirect_uris, logout_uris; /* with newlines between */
    struct str audiences;                  /* with newlines between */
    unsigned grants;                       /* enum grant */
    uint32_t scopes;                       /* enum scope bits */
    bool trusted, disabled;
};

static inline bool client_is_public(const struct client *c)
{
    return c->secret_hash.p == NULL;
}

/* Add the statement to a batch; after it has run, take what it found. False: there is none. */
int client_add_read(struct db_batch *b, const struct uuid *id);
bool client_take(struct arena *a, const PGresult *r, const struct uuid *id, struct client *out);

/*
 * Who asks at the token endpoint and its neighbours: by Authorization: Basic, by client_id and client_secret
 * of the form, or, when it is public, by client_id alone. Refuses with ERR_INVALID_CLIENT,
 * ERR_INVALID_REQUEST for more than one way at once.
 */
enum err client_authenticate(struct request *rq, struct str form_id, struct str form_secret,
                             struct client *out) MUST_CHECK;

/* A new secret, and its hash for the database. */
struct str client_secret_make(struct arena *a, struct str *hash);

/* Is it in the list with newlines between? */
bool client_lists(struct str list, struct str item);
/* Whether users may be sent there. */
bool client_redirects_to(const struct client *c, struct str uri);
/* Whether the client may ask for tokens for this resource; the API itself always. */
bool client_may_reach(const struct client *c, const struct options *o, struct str resource);

/* ---- small things ---- */

#define OAUTH_HASH_SIZE 32

/* SHA-256 of the text, in the arena. */
struct str oauth_hash(struct arena *a, struct str text);
/* base64url of 32 random bytes. */
struct str oauth_random(struct arena *a);
/* Same bytes, in a time that depends on the length only. */
bool oauth_same(struct str a, struct str b);
/* public_url without a slash at its end. */
struct str oauth_base(struct request *rq);
/* A set of scopes as names with blanks between; in the arena. */
struct str oauth_scope_text(struct arena *a, uint32_t scopes);
/* The names as an array for the database. */
struct db_param oauth_scope_param(struct arena *a, uint32_t scopes);
/* Whether it is written as RFC 6749, 3.3 has it. */
bool oauth_scope_is_wellformed(struct str text);

#endif
