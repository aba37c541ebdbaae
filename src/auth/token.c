/*
 * Access tokens: JWS in compact form (RFC 7515), claims after RFC 9068. We are their only issuer, so the
 * verifier takes what the issuer writes and little else: three header members, two algorithms, one audience.
 */
#include "auth/auth.h"

#include "auth/claims.h"
#include "auth/jwt.h"
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

const struct key_ring *auth_keys(const struct auth *auth)
{
    return &auth->ring;
}

const char *auth_issuer(const struct auth *auth)
{
    return auth->issuer;
}

const char *auth_audience(const struct auth *auth)
{
    return auth->audience;
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

/* Blank-separated words that JSON shows as they are (RFC 6749, 3.3). */
static bool is_scope(struct str scope)
{
    struct str word;
    while (scope.n > 0 && str_split(&scope, ' ', &word)) {
        if (!is_plain(word)) {
            return false;
        }
    }
    return true;
}

/* ,"name":"..." unless the identifier is nil. */
static void add_id(struct buf *b, const char *name, const struct uuid *id)
{
    if (!uuid_is_nil(id)) {
        char text[UUID_TEXT_SIZE];
        uuid_format(text, id);
        buf_printf(b, ",\"%s\":\"%s\"", name, text);
    }
}

static void add_optional(struct buf *b, const struct token_spec *spec)
{
    add_id(b, "sid", &spec->session);
    if (spec->scope.p) {
        buf_printf(b, ",\"scope\":\"" STR_FMT "\"", STR_ARG(spec->scope));
    }
    if (spec->authenticated_us > 0) {
        buf_printf(b, ",\"auth_time\":%" PRId64, spec->authenticated_us / SECOND);
    }
    if (!uuid_is_nil(&spec->actor)) {
        char actor[UUID_TEXT_SIZE];
        uuid_format(actor, &spec->actor);
        buf_printf(b, ",\"act\":{\"sub\":\"%s\"}", actor);
    }
}

static struct str claims_json(const struct auth *auth, struct arena *a, const struct token_spec *spec)
{
    char sub[UUID_TEXT_SIZE], client[UUID_TEXT_SIZE], jti[UUID_TEXT_SIZE];
    struct uuid id = uuid_v4();
    struct str audience = spec->audience.p ? spec->audience : str_from(auth->audience);
    int64_t now = clock_unix_us() / SECOND;
    struct buf b;
    uuid_format(sub, uuid_is_nil(&spec->user) ? &spec->client : &spec->user);
    uuid_format(client, &spec->client);
    uuid_format(jti, &id);
    buf_init(&b, PAYLOAD_MAX);
    buf_printf(&b,
               "{\"iss\":\"%s\",\"aud\":\"" STR_FMT
               "\",\"sub\":\"%s\",\"client_id\":\"%s\",\"jti\":\"%s\",\"iat\":%" PRId64 ",\"exp\":%" PRId64,
               auth->issuer, STR_ARG(audience), sub, client, jti, now, now + auth->lifetime_us / SECOND);
    add_optional(&b, spec);
    buf_addc(&b, '}');
    struct str json = b.overflow ? STR_NONE : arena_str(a, buf_str(&b));
    buf_free(&b);
    return json;
}

static struct str encode(struct arena *a, const void *bytes, size_t n)
{
    char *text = arena_alloc(a, BASE64URL_SIZE(n) + 1);
    return (struct str){ text, base64url_encode(text, bytes, n) };
}

/* A person has a session; a client on its own behalf has neither that nor anybody acting. */
static bool is_sound(const struct token_spec *spec)
{
    bool person = !uuid_is_nil(&spec->user), session = !uuid_is_nil(&spec->session);
    bool client = !uuid_is_nil(&spec->client), acting = !uuid_is_nil(&spec->actor);
    return (person ? session && !uuid_eq(&spec->user, &spec->client) : client && !session && !acting) &&
           (!spec->audience.p || is_plain(spec->audience)) && (!spec->scope.p || is_scope(spec->scope));
}

enum err token_issue(struct auth *auth, struct arena *a, const struct token_spec *spec, struct str *token,
                     int64_t *lifetime_us)
{
    follow_keys(auth, clock_unix_us());
    const struct key *key = &auth->ring.key[0];
    unsigned char signature[KEY_SIGNATURE_SIZE];
    struct str claims = is_sound(spec) ? claims_json(auth, a, spec) : STR_NONE;
    if (!claims.p) {
        return ERR_INTERNAL;
    }
    const char *header = arena_printf(a, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                                      key_algorithm_name(key->algorithm), key->id);
    struct str h = encode(a, header, strlen(header)), p = encode(a, claims.p, claims.n);
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

enum err token_see(struct auth *auth, struct str token, struct token_seen **out)
{
    unsigned char digest[TOKEN_DIGEST_SIZE];
    int64_t now_us = clock_unix_us();
    struct parts parts;
    struct principal who;
    if (token.n == 0 || token.n > TOKEN_MAX) {
        return ERR_UNAUTHENTICATED;
    }
    if (!token_cache_digest(auth->cache, token, digest)) {
        return ERR_INTERNAL;
    }
    follow_keys(auth, now_us);
    *out = token_cache_get(auth->cache, digest, now_us);
    if (*out) {
        return ERR_NONE;
    }
    if (!split(token, &parts) || !verify_signature(auth, &parts) ||
        !read_claims(auth, parts.payload, now_us, &who)) {
        return ERR_UNAUTHENTICATED;
    }
    *out = token_cache_put(auth->cache, digest, &who);
    return ERR_NONE;
}

enum err token_verify(struct auth *auth, struct str token, struct principal *out)
{
    struct token_seen *seen;
    enum err e = token_see(auth, token, &seen);
    *out = e == ERR_NONE ? seen->who : (struct principal){ .known = false };
    return e;
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

/* An identifier that may be left out, but not be anything else. */
static bool read_id(const struct claims *c, const char *name, struct uuid *id)
{
    struct str text;
    return !claims_has(c, name) || (claims_text(c, name, &text) && uuid_parse(text, id) && !uuid_is_nil(id));
}

static bool read_actor(const struct claims *c, struct principal *who)
{
    struct claims act;
    return !claims_has(c, "act") || (claims_object(c, "act", &act) && act.count == 1 &&
                                     claims_has(&act, "sub") && read_id(&act, "sub", &who->actor));
}

/* RFC 9068, 2.2: the subject is the client itself when no user takes part. */
static bool read_subject(const struct claims *c, struct principal *who)
{
    struct str sub, client;
    if (!claims_text(c, "sub", &sub) || !uuid_parse(sub, &who->user) || uuid_is_nil(&who->user) ||
        !claims_text(c, "client_id", &client) || !uuid_parse(client, &who->client) ||
        !read_id(c, "sid", &who->session) || !read_actor(c, who)) {
        return false;
    }
    if (uuid_eq(&who->user, &who->client)) {
        who->user = (struct uuid){ { 0 } };
        return uuid_is_nil(&who->session) && uuid_is_nil(&who->actor);
    }
    return !uuid_is_nil(&who->session);
}

static bool read_scope(const struct claims *c, struct principal *who)
{
    struct str scope;
    who->scopes = SCOPES_ALL;
    if (claims_has(c, "scope")) {
        if (!claims_text(c, "scope", &scope)) {
            return false;
        }
        who->scopes = scopes_parse(scope);
    }
    uint64_t never =
        (uuid_is_nil(&who->user) ? PERM_OF_PERSONS : 0) | (uuid_is_nil(&who->actor) ? 0 : PERM_NOT_ACTING);
    who->ceiling = scopes_perms(who->scopes) & ~never;
    return true;
}

static bool read_auth_time(const struct claims *c, struct principal *who)
{
    int64_t seconds = 0;
    bool good = !claims_has(c, "auth_time") || claims_seconds(c, "auth_time", &seconds);
    who->authenticated_us = seconds * SECOND;
    return good;
}

static bool read_claims(const struct auth *auth, struct str payload, int64_t now_us, struct principal *who)
{
    char json[PAYLOAD_MAX];
    struct claims c;
    struct str iss, aud, jti;
    size_t n;
    *who = (struct principal){ .known = true };
    return base64url_decode(payload, json, sizeof(json), &n) && claims_parse((struct str){ json, n }, &c) &&
           claims_text(&c, "iss", &iss) && str_eqz(iss, auth->issuer) &&         //
           claims_text(&c, "aud", &aud) && str_eqz(aud, auth->audience) &&       //
           claims_text(&c, "jti", &jti) && jti.n > 0 && jti.n <= TOKEN_ID_MAX && //
           read_subject(&c, who) && read_scope(&c, who) && read_auth_time(&c, who) &&
           is_current(&c, now_us, &who->expires_us);
}
