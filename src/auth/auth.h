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

#include <stdbool.h>
#include <stdint.h>

/* Who is asking. Zeroed: nobody; nil identifiers: none. */
struct principal {
    bool known;
    struct uuid user;    /* nil: a client on its own behalf (client credentials) */
    struct uuid session; /* nil: a client on its own behalf */
    struct uuid client;  /* nil: the product's own front-ends */
    struct uuid actor;   /* a member of the staff who acts as `user` */
    uint64_t perms;      /* set of enum perm bits: what the roles allow and the token's scopes leave */
    uint64_t ceiling;    /* what the scopes leave of whatever a role, or a host to a co-host, may give */
    int64_t expires_us;
};

/* Permissions are names in permissions.def: PERM(id, name, doc). PERM_PUBLIC needs no token. */
enum perm {
#define PERM(id, name, doc) id,
#include "auth/permissions.def"
#undef PERM
    PERM_COUNT
};
#define PERM_ALL ((UINT64_C(1) << PERM_COUNT) - 1)
const char *perm_name(enum perm p);
/* By name; PERM_COUNT when there is none. */
enum perm perm_find(struct str name);
/* Permission bits of a comma- or blank-separated list of names, in which * stands for all; unknown names are
 * nothing. */
uint64_t perm_set(struct str list);
/* Permission bits of a comma- or blank-separated list of role names (guest, host, support, admin). */
uint64_t perm_of_roles(struct str roles);
/* Take the next name off such a list; false at its end. */
bool roles_next(struct str *rest, struct str *role);
static inline bool perm_has(uint64_t perms, enum perm p)
{
    return (perms >> p) & 1u;
}

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
/* Loads keys, and follows their folder (option token_keys) from then on; NULL with error[] when a key is missing or unfit. */
struct auth *auth_create(const struct options *o, char *error, size_t error_size);
void auth_free(struct auth *auth);
/* Public halves of the keys, the signing one first: a JWK set (RFC 7517). */
void auth_write_jwks(struct auth *auth, struct buf *out);

/*
 * A signed access token (RFC 9068 profile: typ at+jwt, iss sub aud exp iat nbf jti, roles). `roles` as
 * perm_of_roles takes them. ERR_INTERNAL when it cannot be signed.
 */
enum err token_issue(struct auth *auth, struct arena *a, const struct uuid *user, struct str roles,
                     struct str *token, int64_t *lifetime_us) MUST_CHECK;
/*
 * RFC 8725: closed algorithm list, algorithm bound to the key, nothing of the claims is read before the
 * signature is found good. ERR_UNAUTHENTICATED for every kind of bad token. Good ones are remembered until
 * they expire.
 */
enum err token_verify(struct auth *auth, struct str token, struct principal *out) MUST_CHECK;

#endif
