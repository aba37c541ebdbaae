/*
 * Passwords, signing keys and access tokens. Claims of a verified token are cached per process, so that a
 * warm check costs a hash look-up.
 */
#ifndef NEXUS_AUTH_AUTH_H
#define NEXUS_AUTH_AUTH_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"
#include "base/uuid.h"
#include "cache/cache.h"

#include <stdbool.h>
#include <stdint.h>

/* Who is asking. Zeroed: nobody; nil identifiers: none. */
struct principal {
    bool known;
    bool lacks_factor;        /* a role needs a second factor that is not set up: see OP_ENROL */
    struct uuid user;         /* nil: a client on its own behalf (client credentials) */
    struct uuid session;      /* nil: a client on its own behalf */
    struct uuid client;       /* nil: the product's own front-ends */
    struct uuid actor;        /* a member of the staff who acts as `user` */
    uint64_t perms;           /* set of enum perm bits: what the roles allow and the token's scopes leave */
    uint64_t ceiling;         /* what the scopes leave of whatever a role, or a host to a co-host, may give */
    uint32_t scopes;          /* set of enum scope bits; SCOPES_ALL: the token is not restricted */
    int64_t authenticated_us; /* when the user proved who he is; 0: not said */
    int64_t expires_us;
};

/* Permissions are names in permissions.def: PERM(id, name, doc). PERM_PUBLIC needs no token. */
enum perm {
#define PERM(id, name, doc) id,
#include "auth/permissions.def"
#undef PERM
    PERM_COUNT
};
#define PERM_ALL    ((UINT64_C(1) << PERM_COUNT) - 1)
#define PERM_BIT(p) (UINT64_C(1) << (p))
/* What makes no sense without a person: clients on their own behalf have none of it. */
#define PERM_OF_PERSONS                                                                                      \
    (PERM_BIT(PERM_ACCOUNT) | PERM_BIT(PERM_PROPERTY_MANAGE) | PERM_BIT(PERM_BOOKING_CREATE) |               \
     PERM_BIT(PERM_BOOKING_MANAGE) | PERM_BIT(PERM_USER_ACT_AS))
/* What somebody who acts as another never has, whatever the other may. */
#define PERM_OF_STAFF                                                                                        \
    (PERM_BIT(PERM_PROPERTY_ANY) | PERM_BIT(PERM_USER_READ) | PERM_BIT(PERM_USER_MANAGE) |                   \
     PERM_BIT(PERM_USER_ACT_AS) | PERM_BIT(PERM_ROLE_MANAGE) | PERM_BIT(PERM_CLIENT_MANAGE) |                \
     PERM_BIT(PERM_AUDIT_READ) | PERM_BIT(PERM_TRACKING_READ) | PERM_BIT(PERM_BLOCK_MANAGE) |                \
     PERM_BIT(PERM_JOB_READ) | PERM_BIT(PERM_JOB_MANAGE))
/* Nor may they do what would outlast the acting. */
#define PERM_NOT_ACTING (PERM_OF_STAFF | PERM_BIT(PERM_PROPERTY_MANAGE))
const char *perm_name(enum perm p);
/* By name; PERM_COUNT when there is none. */
enum perm perm_find(struct str name);
/* Permission bits of a comma- or blank-separated list of names, in which * stands for all; unknown names are
 * nothing. */
uint64_t perm_set(struct str list);
/* Take the next name off such a list; false at its end. */
bool perm_next(struct str *rest, struct str *name);
static inline bool perm_has(uint64_t perms, enum perm p)
{
    return (perms >> p) & 1u;
}
/* The user, as far as public operations go: NULL for nobody, and for a token whose scopes leave nothing of
 * `p`, which shows its bearer no more than everybody sees. */
static inline const struct uuid *principal_for(const struct principal *who, enum perm p)
{
    return who->known && perm_has(who->ceiling, p) ? &who->user : NULL;
}

/* What a token may be restricted to, in scopes.def: SCOPE(id, name, permissions, doc). */
enum scope {
#define SCOPE(id, name, perms, doc) id,
#include "auth/scopes.def"
#undef SCOPE
    SCOPE_COUNT
};
#define SCOPES_ALL UINT32_MAX
const char *scope_name(enum scope s);
const char *scope_doc(enum scope s); /* for the page that asks for consent */
bool scope_find(struct str name, enum scope *out);
/* Set of a blank-separated list (RFC 6749, 3.3); unknown ones leave nothing. */
uint32_t scopes_parse(struct str text);
/* The permissions a set leaves. */
uint64_t scopes_perms(uint32_t set);

/* Both run in the hash pool (auth/hash_pool.h): ERR_BUSY when there is no turn to be had.
 * Argon2id with the options' cost; the encoded form ($argon2id$v=19$...) is put in the arena. */
enum err password_hash(const struct options *o, struct arena *a, struct str password,
                       struct str *encoded) MUST_CHECK;
/* Whether it is the password of `encoded`, at the cost `encoded` names. Absent `encoded` takes the time of a
 * hash of today's cost and is false. Not ERR_NONE: it could not be found out. */
enum err password_verify(const struct options *o, struct str password, struct str encoded,
                         bool *same) MUST_CHECK;

/* Whether `encoded` was made at less than today's cost. */
bool password_outdated(const struct options *o, struct str encoded);

struct auth;
/* Loads keys, and follows their folder (option token_keys) from then on; NULL with error[] when a key is
 * missing or unfit. */
struct auth *auth_create(const struct options *o, char *error, size_t error_size);
void auth_free(struct auth *auth);
/* Public halves of the keys, the signing one first: a JWK set (RFC 7517). */
void auth_write_jwks(struct auth *auth, struct buf *out);

/*
 * A signed access token (RFC 9068): typ at+jwt; iss aud sub client_id jti iat exp, and sid scope auth_time
 * act as they apply. It names who and what for; what its bearer may is loaded when it is used. Without
 * `client` it is of the product's own front-ends, and client_id is the nil UUID. ERR_INTERNAL when it cannot
 * be signed.
 */
struct token_spec {
    struct uuid user; /* nil: a client on its own behalf; then `client` is the subject, and no session */
    struct uuid session;
    struct uuid client;
    struct uuid actor;
    struct str scope;         /* absent: everything the user may */
    struct str audience;      /* absent: token_audience */
    int64_t authenticated_us; /* 0: not said */
};
enum err token_issue(struct auth *auth, struct arena *a, const struct token_spec *spec, struct str *token,
                     int64_t *lifetime_us) MUST_CHECK;
/*
 * RFC 8725: closed algorithm list, algorithm bound to the key, nothing of the claims is read before the
 * signature is found good. ERR_UNAUTHENTICATED for every kind of bad token. Good ones are remembered until
 * they expire. Says nothing of what may have changed since the token was issued: out->perms is what its
 * scopes leave of anybody's permissions.
 */
enum err token_verify(struct auth *auth, struct str token, struct principal *out) MUST_CHECK;

/* What the database said of a token's bearer, kept beside the token; owned by http/access.c. */
enum access_state { ACCESS_UNKNOWN, ACCESS_GOOD, ACCESS_FACTOR, ACCESS_ENDED, ACCESS_SUSPENDED };
struct access {
    enum access_state state;
    uint64_t perms;                   /* of the roles, or of the client; before scopes */
    int64_t loaded_us;                /* monotonic */
    uint64_t epoch;                   /* cache_epoch() when it was loaded */
    char version[CACHE_VERSION_SIZE]; /* access versions when it was loaded; "" without them */
    uint8_t limits[RATE_CLASSES];     /* by rate class: 1 + index into rate_roles; 0: the class's own limit */
};
struct token_seen {
    struct principal who; /* from the claims */
    struct access access;
};
/* The same as token_verify, and room for what is known of the bearer. Valid until the next new token. */
enum err token_see(struct auth *auth, struct str token, struct token_seen **out) MUST_CHECK;

#endif
