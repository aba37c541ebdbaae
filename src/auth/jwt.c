/* Tokens other than access tokens. */
#include "auth/jwt.h"

#include "auth/claims.h"
#include "base/base64url.h"

#define JWT_MAX        16384 /* characters */
#define SIGNATURE_TEXT BASE64URL_SIZE(KEY_SIGNATURE_SIZE)

static struct str encode(struct arena *a, const void *bytes, size_t n)
{
    char *text = arena_alloc(a, BASE64URL_SIZE(n) + 1);
    return (struct str){ text, base64url_encode(text, bytes, n) };
}

enum err jwt_sign(const struct auth *auth, struct arena *a, const char *typ, struct str claims,
                  struct str *token)
{
    const struct key *key = &auth_keys(auth)->key[0];
    unsigned char signature[KEY_SIGNATURE_SIZE];
    const char *header = arena_printf(a, "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"%s\"}",
                                      key_algorithm_name(key->algorithm), typ, key->id);
    struct str h = encode(a, header, strlen(header)), p = encode(a, claims.p, claims.n);
    struct str text = str_from(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(h), STR_ARG(p)));
    if (!key_sign(key, text, signature)) {
        return ERR_INTERNAL;
    }
    struct str s = encode(a, signature, sizeof(signature));
    *token = str_from(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(text), STR_ARG(s)));
    return ERR_NONE;
}

static bool decode(struct arena *a, struct str text, struct str *out)
{
    char *bytes = arena_alloc(a, BASE64URL_BYTES(text.n) + 1);
    size_t n;
    bool good = base64url_decode(text, bytes, BASE64URL_BYTES(text.n) + 1, &n);
    *out = (struct str){ bytes, good ? n : 0 };
    return good;
}

static const struct key *key_of(const struct auth *auth, const char *typ, struct str json)
{
    struct claims header;
    struct str alg, kid, given;
    if (!claims_parse(json, &header) || header.count != 3 || !claims_text(&header, "alg", &alg) ||
        !claims_text(&header, "kid", &kid) || !claims_text(&header, "typ", &given) || !str_eqz(given, typ)) {
        return NULL;
    }
    const struct key *key = keys_find(auth_keys(auth), kid);
    return key && str_eqz(alg, key_algorithm_name(key->algorithm)) ? key : NULL;
}

bool jwt_open(const struct auth *auth, struct arena *a, const char *typ, struct str token, struct str *claims)
{
    unsigned char signature[KEY_SIGNATURE_SIZE];
    struct str rest = token, header, payload, json;
    size_t n;
    if (token.n > JWT_MAX || !str_split(&rest, '.', &header) || !rest.p || !str_split(&rest, '.', &payload) ||
        !rest.p || rest.n != SIGNATURE_TEXT || !base64url_decode(rest, signature, sizeof(signature), &n) ||
        !decode(a, header, &json)) {
        return false;
    }
    const struct key *key = key_of(auth, typ, json);
    struct str text = { token.p, header.n + 1 + payload.n };
    return key && key_verify(key, text, signature) && decode(a, payload, claims);
}

/* Ed25519 comes with SHA-512, ES256 with SHA-256. */
struct str jwt_half_hash(const struct auth *auth, struct arena *a, struct str text)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    const struct key *key = &auth_keys(auth)->key[0];
    if (EVP_Digest(text.p, text.n, digest, &n, key->algorithm == KEY_EDDSA ? EVP_sha512() : EVP_sha256(),
                   NULL) != 1) {
        return STR_NONE;
    }
    return encode(a, digest, n / 2);
}
