/*
 * Access tokens: JWS in compact form (RFC 7515), claims after RFC 9068. We are their only issuer, so the
 * verifier takes what the issuer writes and little else: three header members, two algorithms, one audience.
 */
#include "auth/auth.h"

#include "auth/claims.h"
#include "auth/key_folder.h"
#include "auth/token_cache.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKEN_MAX      4096 /* characters */
#define HEADER_MAX     512  /* bytes, decoded */
#define PAYLOAD_MAX    3072
#define SIGNATURE_TEXT BASE64URL_SIZE(KEY_SIGNATURE_SIZE)
#define TOKEN_ID_MAX   64
#define SKEW_S         30 /* how far another host's clock may be ahead of ours; our own expiry has no grace */

#define SECOND         INT64_C(1000000)
#define KEYS_LOOK_US   SECOND

struct auth {
    struct key_ring ring;
    const char *folder; /* of the keys; owned by the options */
    struct key_stamp stamp;
    int64_t looked_us; /* when the folder was last looked at, */
    int64_t failed_us; /* and could not be read */
    struct token_cache *cache;
    const char *issuer, *audience; /* owned by the options */
    int64_t lifetime_us;
};

struct parts { /* of a compact JWS */
    struct str header, payload, signature;
    struct str signed_text; /* header and payload with the dot */
};

static bool verify_signature(struct auth *auth, const struct parts *parts);
static bool read_claims(const struct auth *auth, struct str payload, int64_t now_us, struct principal *who);

/* Text that JSON shows as it is. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\') {
            return false;
        }
    }
    return s.n > 0;
}

struct auth *auth_create(const struct options *o, char *error, size_t error_size)
{
    struct auth *auth = calloc(1, sizeof(*auth));
    if (!auth) {
        abort();
    }
    auth->issuer = o->token_issuer[0] ? o->token_issuer : o->public_url;
    auth->audience = o->token_audience;
    auth->lifetime_us = o->token_lifetime;
    auth->folder = o->token_keys;
    auth->stamp = key_folder_stamp(auth->folder); /* taken first: a change meanwhile is seen later */
    auth->looked_us = clock_unix_us();
    if (!is_plain(str_from(auth->issuer)) || !is_plain(str_from(auth->audience))) {
        snprintf(error, error_size,
                 "token_issuer, public_url and token_audience must be visible ASCII without \" and \\");
    } else if (keys_load(&auth->ring, o->token_keys, error, error_size)) {
        auth->cache = token_cache_create();
        if (auth->cache) {
            return auth;
        }
        snprintf(error, error_size, "OpenSSL has no SHA-256");
    }
    auth_free(auth);
    return NULL;
}

void auth_free(struct auth *auth)
{
    if (auth) {
        keys_free(&auth->ring);
        token_cache_free(auth->cache);
        free(auth);
    }
}

/*
 * Only a change of the folder is read. When it cannot be read the old keys stay, so that a slip of the hand
 * stops nobody, and the log says so each second.
 */
static void look_for_keys(struct auth *auth, int64_t now_us)
{
    char error[512];
    struct key_ring fresh;
    auth->looked_us = now_us;
    struct key_stamp stamp = key_folder_stamp(auth->folder);
    if (memcmp(&stamp, &auth->stamp, sizeof(stamp)) == 0 || now_us - auth->failed_us < KEYS_LOOK_US) {
        return;
    }
    auth->failed_us = now_us;
    if (!keys_load(&fresh, auth->folder, error, sizeof(error))) {
        LOG(LOG_ERROR, "signing keys cannot be read; those known before stay", LOG_TEXT("reason", error));
        return;
    }
    auth->failed_us = 0;
    keys_free(&auth->ring);
    auth->ring = fresh;
    auth->stamp = stamp;
    token_cache_clear(auth->cache); /* it may hold tokens of a key that is gone */
    LOG(LOG_INFO, "signing keys loaded anew", LOG_TEXT("active", auth->ring.key[0].id),
        LOG_NUM("keys", auth->ring.count));
}

static void follow_keys(struct auth *auth, int64_t now_us)
{
    if (now_us - auth->looked_us >= KEYS_LOOK_US || now_us < auth->looked_us) {
        look_for_keys(auth, now_us);
    }
}

void auth_write_jwks(struct auth *auth, struct buf *out)
{
    follow_keys(auth, clock_unix_us());
    keys_write_jwks(&auth->ring, out);
}

/* ["guest","host"]; NULL when a name is unfit. */
static const char *roles_json(struct arena *a, struct str roles)
{
    const char *json = "";
    struct str role;
    while (roles_next(&roles, &role)) {
        if (!is_plain(role)) {
            return NULL;
        }
        json = arena_printf(a, "%s%s\"" STR_FMT "\"", json, json[0] ? "," : "", STR_ARG(role));
    }
    return arena_printf(a, "[%s]", json);
}

static const char *claims_json(const struct auth *auth, struct arena *a, const struct uuid *user,
                               const char *roles)
{
    char sub[UUID_TEXT_SIZE], jti[UUID_TEXT_SIZE];
    struct uuid id = uuid_v4();
    int64_t now = clock_unix_us() / SECOND;
    uuid_format(sub, user);
    uuid_format(jti, &id);
    return arena_printf(a,
                        "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"%s\",\"jti\":\"%s\",\"iat\":%" PRId64
                        ",\"nbf\":%" PRId64 ",\"exp\":%" PRId64 ",\"roles\":%s}",
                        auth->issuer, auth->audience, sub, jti, now, now, now + auth->lifetime_us / SECOND,
                        roles);
}

static struct str encode(struct arena *a, const void *bytes, size_t n)
{
    char *text = arena_alloc(a, BASE64URL_SIZE(n) + 1);
    return (struct str){ text, base64url_encode(text, bytes, n) };
}

enum err token_issue(struct auth *auth, struct arena *a, const struct uuid *user, struct str roles,
                     struct str *token, int64_t *lifetime_us)
{
    follow_keys(auth, clock_unix_us());
    const struct key *key = &auth->ring.key[0];
    const char *names = roles_json(a, roles);
    unsigned char signature[KEY_SIGNATURE_SIZE];
    if (!names) {
        return ERR_INTERNAL;
    }
    const char *header = arena_printf(a, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                                      key_algorithm_name(key->algorithm), key->id);
    const char *claims = claims_json(auth, a, user, names);
    struct str h = encode(a, header, strlen(header)), p = encode(a, claims, strlen(claims));
    struct str text = str_from(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(h), STR_ARG(p)));
    if (!key_sign(key, text, signature)) {
        return ERR_INTERNAL;
    }
    struct str s = encode(a, signature, sizeof(signature));
    *token = str_from(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(text), STR_ARG(s)));
    *lifetime_us = auth->lifetime_us;
    return token->n <= TOKEN_MAX ? ERR_NONE : ERR_INTERNAL;
}

/* Exactly three parts. */
static bool split(struct str token, struct parts *parts)
{
    struct str rest = token;
    if (!str_split(&rest, '.', &parts->header) || !rest.p || !str_split(&rest, '.', &parts->payload) ||
        !rest.p) {
        return false;
    }
    parts->signature = rest;
    parts->signed_text = (struct str){ token.p, (size_t)(rest.p - token.p) - 1 };
    return !memchr(rest.p, '.', rest.n);
}

enum err token_verify(struct auth *auth, struct str token, struct principal *out)
{
    unsigned char digest[TOKEN_DIGEST_SIZE];
    int64_t now_us = clock_unix_us();
    struct parts parts;
    *out = (struct principal){ .known = false };
    if (token.n == 0 || token.n > TOKEN_MAX) {
        return ERR_UNAUTHENTICATED;
    }
    if (!token_cache_digest(auth->cache, token, digest)) {
        return ERR_INTERNAL;
    }
    follow_keys(auth, now_us);
    const struct principal *cached = token_cache_get(auth->cache, digest, now_us);
    if (cached) {
        *out = *cached;
        return ERR_NONE;
    }
    struct principal who;
    if (!split(token, &parts) || !verify_signature(auth, &parts) ||
        !read_claims(auth, parts.payload, now_us, &who)) {
        return ERR_UNAUTHENTICATED;
    }
    token_cache_put(auth->cache, digest, &who);
    *out = who;
    return ERR_NONE;
}

/*
 * The header chooses among our keys by name and nothing else: alg must be what the key is for, and members
 * that could bring a key along or change the meaning (jwk, jku, x5u, crit, b64, zip ...) are unknown, so
 * refused.
 */
static const struct key *key_of(struct auth *auth, struct str json)
{
    struct claims header;
    struct str alg, typ, kid;
    if (!claims_parse(json, &header) || header.count != 3 || !claims_text(&header, "alg", &alg) ||
        !claims_text(&header, "typ", &typ) || !claims_text(&header, "kid", &kid) || !str_eqz(typ, "at+jwt")) {
        return NULL;
    }
    const struct key *key = keys_find(&auth->ring, kid);
    if (!key) { /* another worker may have seen a new key first */
        look_for_keys(auth, clock_unix_us());
        key = keys_find(&auth->ring, kid);
    }
    return key && str_eqz(alg, key_algorithm_name(key->algorithm)) ? key : NULL;
}

static bool verify_signature(struct auth *auth, const struct parts *parts)
{
    char header[HEADER_MAX];
    unsigned char signature[KEY_SIGNATURE_SIZE];
    size_t n;
    if (parts->signature.n != SIGNATURE_TEXT ||
        !base64url_decode(parts->signature, signature, sizeof(signature), &n) ||
        !base64url_decode(parts->header, header, sizeof(header), &n)) {
        return false;
    }
    const struct key *key = key_of(auth, (struct str){ header, n });
    return key && key_verify(key, parts->signed_text, signature);
}

static void add_role(void *data, struct str role)
{
    uint64_t *perms = data;
    *perms |= perm_of_roles(role);
}

/* Times are whole seconds; those in the past of another host may be slightly in our future. */
static bool is_current(const struct claims *c, int64_t now_us, int64_t *expires_us)
{
    int64_t exp, iat, nbf = 0, now = now_us / SECOND;
    if (!claims_seconds(c, "exp", &exp) || !claims_seconds(c, "iat", &iat) ||
        (claims_has(c, "nbf") && !claims_seconds(c, "nbf", &nbf))) {
        return false;
    }
    *expires_us = exp * SECOND;
    return now < exp && iat <= now + SKEW_S && nbf <= now + SKEW_S && iat < exp;
}

static bool read_claims(const struct auth *auth, struct str payload, int64_t now_us, struct principal *who)
{
    char json[PAYLOAD_MAX];
    struct claims c;
    struct str iss, aud, sub, jti;
    size_t n;
    *who = (struct principal){ .known = true, .ceiling = PERM_ALL };
    return base64url_decode(payload, json, sizeof(json), &n) && claims_parse((struct str){ json, n }, &c) &&
           claims_text(&c, "iss", &iss) && str_eqz(iss, auth->issuer) &&         //
           claims_text(&c, "aud", &aud) && str_eqz(aud, auth->audience) &&       //
           claims_text(&c, "jti", &jti) && jti.n > 0 && jti.n <= TOKEN_ID_MAX && //
           claims_text(&c, "sub", &sub) && uuid_parse(sub, &who->user) &&        //
           is_current(&c, now_us, &who->expires_us) && claims_texts(&c, "roles", add_role, &who->perms);
}
