/*
 * Tokens that must not pass (RFC 8725), one row each: a header, a payload, who signs them and what is done to
 * the text afterwards. Every row starts from a token that is good in all other respects; the first rows are
 * good ones that prove it.
 *
 * In headers and payloads $ED and $EC stand for the names of our keys, $NOW+n for seconds, $HUGE for 10,000
 * characters.
 */
#include "auth/auth_tests.h"
#include "auth/keys.h"
#include "base/base64url.h"
#include "base/clock.h"

#include <inttypes.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

enum signer {
    BY_ED,
    BY_EC,
    BY_OTHER_ED,
    BY_OTHER_EC,
    BY_RSA,
    BY_HMAC,
    BY_EC_DER,
    BY_NOBODY,
    BY_ZEROS,
    BY_EC_P384
};

struct row {
    const char *name;
    const char *header;  /* NULL: the good one */
    const char *payload; /* NULL: the good one */
    enum signer signer;
    struct str (*tweak)(struct str token);
    bool good;
};

#define HEADER_ED  "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}"
#define HEADER_EC  "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"$EC\"}"
#define HEAD(more) "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"," more "}"

#define ISS        "\"iss\":\"https://nexus.example\""
#define AUD        "\"aud\":\"nexus-api\""
#define SUB        "\"sub\":\"01890a5d-ac96-774b-bcce-b302099a8057\""
#define JTI        "\"jti\":\"4b1b7f5e-0c0e-4f0e-9d3e-2f1e0c7d9a11\""
#define IAT        "\"iat\":$NOW"
#define EXP        "\"exp\":$NOW+900"
#define CID        "\"client_id\":\"00000000-0000-0000-0000-000000000000\""
#define SID        "\"sid\":\"01890a5d-ac96-774b-bcce-b302099a8058\""
#define NIL        "00000000-0000-0000-0000-000000000000"
#define USER       "01890a5d-ac96-774b-bcce-b302099a8057"
#define OTHER      "01890a5d-ac96-774b-bcce-b302099a8059"
#define ACT(who)   "\"act\":{\"sub\":\"" who "\"}"
#define BEARER_OF(sub, client, more)                                                                         \
    "{" ISS "," AUD ",\"sub\":\"" sub "\",\"client_id\":\"" client "\"," more "," JTI "," IAT "," EXP "}"
#define BEARER          SUB "," CID "," SID
#define GOOD            "{" ISS "," AUD "," BEARER "," JTI "," IAT "," EXP "}"
#define TIMES(iat, exp) "{" ISS "," AUD "," BEARER "," JTI ",\"iat\":" iat ",\"exp\":" exp "}"
#define ALSO(more)      "{" ISS "," AUD "," BEARER "," JTI "," IAT "," EXP "," more "}"

static struct test_keys keys;
static struct options options;
static struct auth *auth;
static struct arena *arena;
static struct key_ring ring;
static EVP_PKEY *other_ed, *other_ec, *rsa, *p384;

static struct str replace(struct str token, size_t at, char c)
{
    char *copy = arena_strdup(arena, token);
    copy[at] = c;
    return (struct str){ copy, token.n };
}

static size_t first_dot(struct str token)
{
    return (size_t)((const char *)memchr(token.p, '.', token.n) - token.p);
}

static size_t last_dot(struct str token)
{
    return (size_t)((const char *)memrchr(token.p, '.', token.n) - token.p);
}

static struct str insert(struct str token, size_t at, const char *text)
{
    return str_from(
        arena_printf(arena, "%.*s%s%s", (int)at, token.p, text, arena_strdup(arena, str_skip(token, at))));
}

/* What is left of the token without the bytes from..to. */
static struct str without(struct str token, size_t from, size_t to)
{
    return str_from(
        arena_printf(arena, "%.*s%s", (int)from, token.p, arena_strdup(arena, str_skip(token, to))));
}

static char other_character(char c)
{
    return c == 'A' ? 'B' : 'A';
}

static struct str no_token(struct str t)
{
    return STR("");
}
static struct str one_dot(struct str t)
{
    return without(t, last_dot(t), t.n);
}
static struct str three_dots(struct str t)
{
    return insert(t, t.n, ".");
}
static struct str five_parts(struct str t)
{
    return insert(t, t.n, ".AAAA.AAAA");
}
static struct str leading_dot(struct str t)
{
    return insert(t, 0, ".");
}
static struct str only_dots(struct str t)
{
    return STR("..");
}
static struct str no_signature(struct str t)
{
    return without(t, last_dot(t) + 1, t.n);
}
static struct str no_header(struct str t)
{
    return without(t, 0, first_dot(t));
}
static struct str no_payload(struct str t)
{
    return without(t, first_dot(t) + 1, last_dot(t));
}
static struct str flip_header(struct str t)
{
    return replace(t, 5, other_character(t.p[5]));
}
static struct str flip_payload(struct str t)
{
    size_t at = first_dot(t) + 40;
    return replace(t, at, other_character(t.p[at]));
}
static struct str flip_signature(struct str t)
{
    size_t at = last_dot(t) + 10;
    return replace(t, at, other_character(t.p[at]));
}
static struct str short_signature(struct str t)
{
    return (struct str){ t.p, t.n - 1 };
}
static struct str long_signature(struct str t)
{
    return insert(t, t.n, "A");
}
static struct str padded(struct str t)
{
    return insert(t, t.n, "==");
}
static struct str padded_payload(struct str t)
{
    return insert(t, last_dot(t), "=");
}
static struct str blank_inside(struct str t)
{
    return insert(t, 3, " ");
}
static struct str newline_after(struct str t)
{
    return insert(t, t.n, "\n");
}
static struct str tab_before(struct str t)
{
    return insert(t, 0, "\t");
}
static struct str plus_sign(struct str t)
{
    return replace(t, last_dot(t) + 3, '+');
}
static struct str high_byte(struct str t)
{
    return replace(t, last_dot(t) + 3, (char)0xe9);
}
static struct str nul_inside(struct str t)
{
    return replace(t, last_dot(t) + 3, '\0');
}
static struct str nul_after(struct str t)
{
    return (struct str){ arena_strdup(arena, t), t.n + 1 };
}

/* 64 bytes are 86 characters, whose last carries 4 unused bits. */
static struct str trailing_bits(struct str t)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = strchr(alphabet, t.p[t.n - 1]);
    return replace(t, t.n - 1, alphabet[(at - alphabet) ^ 1]);
}

static struct str megabyte(struct str t)
{
    char *text = arena_alloc(arena, 1 << 20);
    memset(text, 'A', 1 << 20);
    memcpy(text, t.p, t.n);
    return (struct str){ text, 1 << 20 };
}

static struct str swapped_parts(struct str t)
{
    size_t a = first_dot(t), b = last_dot(t);
    return str_from(arena_printf(arena, "%.*s.%.*s%s", (int)(b - a - 1), t.p + a + 1, (int)a, t.p,
                                 arena_strdup(arena, str_skip(t, b))));
}

static struct str json_form(struct str t)
{
    size_t a = first_dot(t), b = last_dot(t);
    return str_from(arena_printf(arena, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"%s\"}",
                                 (int)a, t.p, (int)(b - a - 1), t.p + a + 1,
                                 arena_strdup(arena, str_skip(t, b + 1))));
}

static const struct row rows[] = {
    /* good, to prove that the bad ones fail for their own reason */
    { "good EdDSA", NULL, NULL, BY_ED, NULL, true },
    { "good ES256", HEADER_EC, NULL, BY_EC, NULL, true },
    { "members in another order", "{ \"kid\":\"$ED\", \"typ\":\"at+jwt\", \"alg\":\"EdDSA\" }", NULL, BY_ED,
      NULL, true },
    { "claims nobody asked for", NULL, ALSO("\"roles\":[\"admin\"],\"x\":{\"y\":[1,\"\\u00e9\",null]}"),
      BY_ED, NULL, true },
    { "all there is", NULL, ALSO("\"scope\":\"openid admin\",\"auth_time\":1700000000," ACT(OTHER)), BY_ED,
      NULL, true },
    { "a client on its own behalf", NULL, BEARER_OF(USER, USER, "\"scope\":\"users\""), BY_ED, NULL, true },
    { "slightly ahead of us", NULL, TIMES("$NOW+20", "$NOW+900"), BY_ED, NULL, true },
    { "nbf in the past", NULL, ALSO("\"nbf\":$NOW+-5"), BY_ED, NULL, true },

    /* algorithms */
    { "alg none, no signature", "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_NOBODY,
      NULL, false },
    { "alg None", "{\"alg\":\"None\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_NOBODY, NULL, false },
    { "alg NONE", "{\"alg\":\"NONE\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_NOBODY, NULL, false },
    { "alg nOnE, signed", "{\"alg\":\"nOnE\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg empty", "{\"alg\":\"\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg missing", "{\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg a number", "{\"alg\":1,\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg null", "{\"alg\":null,\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg a list", "{\"alg\":[\"EdDSA\"],\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg in lower case", "{\"alg\":\"eddsa\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL,
      false },
    { "alg Ed25519", "{\"alg\":\"Ed25519\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "alg with an escape", "{\"alg\":\"\\u0045dDSA\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL,
      false },
    { "HS256 keyed with the public key", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"$EC\"}", NULL,
      BY_HMAC, NULL, false },
    { "HS256 named EdDSA", HEADER_ED, NULL, BY_HMAC, NULL, false },
    { "HS256 named ES256", HEADER_EC, NULL, BY_HMAC, NULL, false },
    { "RS256 by a key of its own", "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_RSA,
      NULL, false },
    { "PS256", "{\"alg\":\"PS256\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL, BY_RSA, NULL, false },
    { "ES384", "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"$EC\"}", NULL, BY_EC_P384, NULL, false },
    { "ES256K", "{\"alg\":\"ES256K\",\"typ\":\"at+jwt\",\"kid\":\"$EC\"}", NULL, BY_EC, NULL, false },
    { "ES256 with the Ed25519 key's name", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}", NULL,
      BY_EC, NULL, false },
    { "EdDSA with the P-256 key's name", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$EC\"}", NULL,
      BY_ED, NULL, false },
    { "ES256 said, Ed25519 signed", HEADER_EC, NULL, BY_ED, NULL, false },
    { "EdDSA said, P-256 signed", HEADER_ED, NULL, BY_EC, NULL, false },

    /* keys */
    { "a stranger's Ed25519 key under our name", HEADER_ED, NULL, BY_OTHER_ED, NULL, false },
    { "a stranger's P-256 key under our name", HEADER_EC, NULL, BY_OTHER_EC, NULL, false },
    { "kid unknown", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"abc\"}", NULL, BY_ED, NULL, false },
    { "kid missing", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}", NULL, BY_ED, NULL, false },
    { "kid empty", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"\"}", NULL, BY_ED, NULL, false },
    { "kid null", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":null}", NULL, BY_ED, NULL, false },
    { "kid a number", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":0}", NULL, BY_ED, NULL, false },
    { "kid a path", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"../../../dev/null\"}", NULL, BY_ED, NULL,
      false },
    { "kid SQL", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"' or '1'='1\"}", NULL, BY_ED, NULL, false },
    { "kid with NUL", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$ED\\u0000\"}", NULL, BY_ED, NULL,
      false },
    { "kid of 10 kB", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$HUGE\"}", NULL, BY_ED, NULL, false },
    { "kid with more behind it", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$EDx\"}", NULL, BY_ED, NULL,
      false },
    { "embedded jwk",
      HEAD("\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
           "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
      NULL, BY_OTHER_ED, NULL, false },
    { "embedded jwk, signed by us", HEAD("\"jwk\":{}"), NULL, BY_ED, NULL, false },
    { "jku", HEAD("\"jku\":\"https://evil.example/jwks.json\""), NULL, BY_ED, NULL, false },
    { "x5u", HEAD("\"x5u\":\"https://evil.example/cert.pem\""), NULL, BY_ED, NULL, false },
    { "x5c", HEAD("\"x5c\":[\"MIIB\"]"), NULL, BY_ED, NULL, false },

    /* header */
    { "crit", HEAD("\"crit\":[\"exp\"]"), NULL, BY_ED, NULL, false },
    { "crit empty", HEAD("\"crit\":[]"), NULL, BY_ED, NULL, false },
    { "b64 false", HEAD("\"b64\":false"), NULL, BY_ED, NULL, false },
    { "zip", HEAD("\"zip\":\"DEF\""), NULL, BY_ED, NULL, false },
    { "cty, nested token", HEAD("\"cty\":\"JWT\""), NULL, BY_ED, NULL, false },
    { "enc: not encrypted, but says so", HEAD("\"enc\":\"A256GCM\""), NULL, BY_ED, NULL, false },
    { "alg twice", HEAD("\"alg\":\"EdDSA\""), NULL, BY_ED, NULL, false },
    { "alg twice, none first", "{\"alg\":\"none\",\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$ED\"}",
      NULL, BY_ED, NULL, false },
    { "header a list", "[" HEADER_ED "]", NULL, BY_ED, NULL, false },
    { "header a string", "\"EdDSA\"", NULL, BY_ED, NULL, false },
    { "header null", "null", NULL, BY_ED, NULL, false },
    { "header empty object", "{}", NULL, BY_ED, NULL, false },
    { "header no JSON", "EdDSA", NULL, BY_ED, NULL, false },
    { "header with BOM", "\xef\xbb\xbf" HEADER_ED, NULL, BY_ED, NULL, false },
    { "header with text behind it", HEADER_ED "{}", NULL, BY_ED, NULL, false },
    { "header bad UTF-8", "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"$ED\xff\"}", NULL, BY_ED, NULL,
      false },
    { "typ missing", "{\"alg\":\"EdDSA\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "typ JWT: an id token", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL,
      false },
    { "typ logout+jwt", "{\"alg\":\"EdDSA\",\"typ\":\"logout+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL,
      false },
    { "typ client-authentication+jwt",
      "{\"alg\":\"EdDSA\",\"typ\":\"client-authentication+jwt\",\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },
    { "typ null", "{\"alg\":\"EdDSA\",\"typ\":null,\"kid\":\"$ED\"}", NULL, BY_ED, NULL, false },

    /* form */
    { "empty", NULL, NULL, BY_ED, no_token, false },
    { "one dot", NULL, NULL, BY_ED, one_dot, false },
    { "three dots", NULL, NULL, BY_ED, three_dots, false },
    { "five parts: encrypted", NULL, NULL, BY_ED, five_parts, false },
    { "leading dot", NULL, NULL, BY_ED, leading_dot, false },
    { "only dots", NULL, NULL, BY_ED, only_dots, false },
    { "no signature", NULL, NULL, BY_ED, no_signature, false },
    { "no header", NULL, NULL, BY_ED, no_header, false },
    { "no payload", NULL, NULL, BY_ED, no_payload, false },
    { "header and payload exchanged", NULL, NULL, BY_ED, swapped_parts, false },
    { "JSON serialization", NULL, NULL, BY_ED, json_form, false },
    { "a bit of the header", NULL, NULL, BY_ED, flip_header, false },
    { "a bit of the payload", NULL, NULL, BY_ED, flip_payload, false },
    { "a bit of the signature", NULL, NULL, BY_ED, flip_signature, false },
    { "signature a character short", NULL, NULL, BY_ED, short_signature, false },
    { "signature a character long", NULL, NULL, BY_ED, long_signature, false },
    { "padding", NULL, NULL, BY_ED, padded, false },
    { "padding in the payload", NULL, NULL, BY_ED, padded_payload, false },
    { "unused bits set", NULL, NULL, BY_ED, trailing_bits, false },
    { "unused bits set, ES256", HEADER_EC, NULL, BY_EC, trailing_bits, false },
    { "blank inside", NULL, NULL, BY_ED, blank_inside, false },
    { "newline after", NULL, NULL, BY_ED, newline_after, false },
    { "tab before", NULL, NULL, BY_ED, tab_before, false },
    { "base64 instead of base64url", NULL, NULL, BY_ED, plus_sign, false },
    { "byte above 127", NULL, NULL, BY_ED, high_byte, false },
    { "NUL inside", NULL, NULL, BY_ED, nul_inside, false },
    { "NUL after", NULL, NULL, BY_ED, nul_after, false },
    { "a megabyte", NULL, NULL, BY_ED, megabyte, false },
    { "payload of 10 kB", NULL, ALSO("\"x\":\"$HUGE\""), BY_ED, NULL, false },

    /* signatures */
    { "EdDSA of zeros", NULL, NULL, BY_ZEROS, NULL, false },
    { "ES256 r = s = 0", HEADER_EC, NULL, BY_ZEROS, NULL, false },
    { "ES256 in DER", HEADER_EC, NULL, BY_EC_DER, NULL, false },
    { "ES256 by P-384", HEADER_EC, NULL, BY_EC_P384, NULL, false },
    { "ES256 by RSA", HEADER_EC, NULL, BY_RSA, NULL, false },

    /* claims */
    { "claims a list", NULL, "[" GOOD "]", BY_ED, NULL, false },
    { "claims null", NULL, "null", BY_ED, NULL, false },
    { "claims no JSON", NULL, "sub=1", BY_ED, NULL, false },
    { "claims cut off", NULL, "{" ISS "," AUD "," BEARER, BY_ED, NULL, false },
    { "claims too deep", NULL, ALSO("\"x\":[[[[[[[[[[]]]]]]]]]]"), BY_ED, NULL, false },
    { "sub twice", NULL, ALSO(SUB), BY_ED, NULL, false },
    { "exp twice", NULL, ALSO("\"exp\":$NOW+9000"), BY_ED, NULL, false },
    { "exp twice, once with an escape", NULL, ALSO("\"\\u0065xp\":$NOW+9000"), BY_ED, NULL, false },
    { "iss missing", NULL, "{" AUD "," BEARER "," JTI "," IAT "," EXP "}", BY_ED, NULL, false },
    { "iss another", NULL, "{\"iss\":\"https://evil.example\"," AUD "," BEARER "," JTI "," IAT "," EXP "}",
      BY_ED, NULL, false },
    { "iss with a slash more", NULL,
      "{\"iss\":\"https://nexus.example/\"," AUD "," BEARER "," JTI "," IAT "," EXP "}", BY_ED, NULL, false },
    { "iss a list", NULL, "{\"iss\":[\"https://nexus.example\"]," AUD "," BEARER "," JTI "," IAT "," EXP "}",
      BY_ED, NULL, false },
    { "aud missing", NULL, "{" ISS "," BEARER "," JTI "," IAT "," EXP "}", BY_ED, NULL, false },
    { "aud another", NULL, "{" ISS ",\"aud\":\"other-api\"," BEARER "," JTI "," IAT "," EXP "}", BY_ED, NULL,
      false },
    { "aud with one more", NULL,
      "{" ISS ",\"aud\":[\"nexus-api\",\"other\"]," BEARER "," JTI "," IAT "," EXP "}", BY_ED, NULL, false },
    { "aud empty", NULL, "{" ISS ",\"aud\":\"\"," BEARER "," JTI "," IAT "," EXP "}", BY_ED, NULL, false },
    { "sub missing", NULL, "{" ISS "," AUD "," CID "," SID "," JTI "," IAT "," EXP "}", BY_ED, NULL, false },
    { "sub no UUID", NULL, "{" ISS "," AUD ",\"sub\":\"admin\"," CID "," SID "," JTI "," IAT "," EXP "}",
      BY_ED, NULL, false },
    { "sub null", NULL, "{" ISS "," AUD ",\"sub\":null," CID "," SID "," JTI "," IAT "," EXP "}", BY_ED, NULL,
      false },
    { "sub an object", NULL, "{" ISS "," AUD ",\"sub\":{}," CID "," SID "," JTI "," IAT "," EXP "}", BY_ED,
      NULL, false },
    { "jti missing", NULL, "{" ISS "," AUD "," BEARER "," IAT "," EXP "}", BY_ED, NULL, false },
    { "jti empty", NULL, "{" ISS "," AUD "," BEARER ",\"jti\":\"\"," IAT "," EXP "}", BY_ED, NULL, false },
    { "exp missing", NULL, "{" ISS "," AUD "," BEARER "," JTI "," IAT "}", BY_ED, NULL, false },
    { "exp a string", NULL, TIMES("$NOW", "\"$NOW+900\""), BY_ED, NULL, false },
    { "exp a float", NULL, TIMES("$NOW", "$NOW+900.5"), BY_ED, NULL, false },
    { "exp 1e308", NULL, TIMES("$NOW", "1e308"), BY_ED, NULL, false },
    { "exp 2^63", NULL, TIMES("$NOW", "9223372036854775808"), BY_ED, NULL, false },
    { "exp negative", NULL, TIMES("$NOW", "-1"), BY_ED, NULL, false },
    { "exp zero", NULL, TIMES("0", "0"), BY_ED, NULL, false },
    { "exp null", NULL, TIMES("$NOW", "null"), BY_ED, NULL, false },
    { "exp true", NULL, TIMES("$NOW", "true"), BY_ED, NULL, false },
    { "exp now", NULL, TIMES("$NOW+-900", "$NOW"), BY_ED, NULL, false },
    { "exp a second ago", NULL, TIMES("$NOW+-900", "$NOW+-1"), BY_ED, NULL, false },
    { "iat missing", NULL, "{" ISS "," AUD "," BEARER "," JTI "," EXP "}", BY_ED, NULL, false },
    { "iat a string", NULL, TIMES("\"$NOW\"", "$NOW+900"), BY_ED, NULL, false },
    { "iat a float", NULL, TIMES("$NOW.0", "$NOW+900"), BY_ED, NULL, false },
    { "iat in an hour", NULL, TIMES("$NOW+3600", "$NOW+7200"), BY_ED, NULL, false },
    { "iat beyond the skew", NULL, TIMES("$NOW+60", "$NOW+900"), BY_ED, NULL, false },
    { "iat negative", NULL, TIMES("-1", "$NOW+900"), BY_ED, NULL, false },
    { "nbf in an hour", NULL, ALSO("\"nbf\":$NOW+3600"), BY_ED, NULL, false },
    { "nbf a string", NULL, ALSO("\"nbf\":\"0\""), BY_ED, NULL, false },
    { "nbf 1e308", NULL, ALSO("\"nbf\":1e308"), BY_ED, NULL, false },
    { "sub nil", NULL, BEARER_OF("00000000-0000-0000-0000-000000000000", NIL, SID), BY_ED, NULL, false },
    { "client_id missing", NULL, "{" ISS "," AUD "," SUB "," SID "," JTI "," IAT "," EXP "}", BY_ED, NULL,
      false },
    { "client_id no UUID", NULL, BEARER_OF(USER, "web", SID), BY_ED, NULL, false },
    { "client_id empty", NULL, BEARER_OF(USER, "", SID), BY_ED, NULL, false },
    { "a client with a session", NULL, BEARER_OF(USER, USER, SID), BY_ED, NULL, false },
    { "a client for whom somebody acts", NULL, BEARER_OF(USER, USER, ACT(OTHER)), BY_ED, NULL, false },
    { "sid no UUID", NULL, BEARER_OF(USER, NIL, "\"sid\":\"1\""), BY_ED, NULL, false },
    { "sid nil", NULL, BEARER_OF(USER, NIL, "\"sid\":\"" NIL "\""), BY_ED, NULL, false },
    { "sid null", NULL, BEARER_OF(USER, NIL, "\"sid\":null"), BY_ED, NULL, false },
    { "sid a list", NULL, BEARER_OF(USER, NIL, "\"sid\":[\"" OTHER "\"]"), BY_ED, NULL, false },
    { "sid twice", NULL, ALSO(SID), BY_ED, NULL, false },
    { "scope a list", NULL, ALSO("\"scope\":[\"admin\"]"), BY_ED, NULL, false },
    { "scope null", NULL, ALSO("\"scope\":null"), BY_ED, NULL, false },
    { "scope with an escape", NULL, ALSO("\"scope\":\"\\u0061dmin\""), BY_ED, NULL, false },
    { "scope twice", NULL, ALSO("\"scope\":\"account\",\"scope\":\"admin\""), BY_ED, NULL, false },
    { "auth_time a string", NULL, ALSO("\"auth_time\":\"0\""), BY_ED, NULL, false },
    { "auth_time negative", NULL, ALSO("\"auth_time\":-1"), BY_ED, NULL, false },
    { "act a string", NULL, ALSO("\"act\":\"" OTHER "\""), BY_ED, NULL, false },
    { "act null", NULL, ALSO("\"act\":null"), BY_ED, NULL, false },
    { "act empty", NULL, ALSO("\"act\":{}"), BY_ED, NULL, false },
    { "act without UUID", NULL, ALSO("\"act\":{\"sub\":\"admin\"}"), BY_ED, NULL, false },
    { "act with more", NULL, ALSO("\"act\":{\"sub\":\"" OTHER "\",\"act\":{}}"), BY_ED, NULL, false },
    { "act twice inside", NULL, ALSO("\"act\":{\"sub\":\"" OTHER "\",\"sub\":\"" OTHER "\"}"), BY_ED, NULL,
      false },
    { "a user without a session", NULL, "{" ISS "," AUD "," SUB "," CID "," JTI "," IAT "," EXP "}", BY_ED,
      NULL, false },
    { "act without a session", NULL, BEARER_OF(USER, NIL, ACT(OTHER)), BY_ED, NULL, false },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void setup(void)
{
    char error[256] = "";
    test_keys_make(&keys);
    options = test_auth_options(&keys);
    auth = auth_create(&options, error, sizeof(error));
    ck_assert_msg(auth && keys_load(&ring, keys.folder, error, sizeof(error)), "%s", error);
    arena = arena_create(65536, 64 << 20);
    other_ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    other_ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
}

static void teardown(void)
{
    EVP_PKEY_free(other_ed);
    EVP_PKEY_free(other_ec);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(rsa);
    arena_destroy(arena);
    keys_free(&ring);
    auth_free(auth);
    test_keys_remove(&keys);
}

/* Copies $NOW and, added to it, the number behind a plus sign. Returns what follows. */
static const char *expand_now(struct buf *out, const char *at, int64_t now)
{
    char *end = (char *)(uintptr_t)at;
    long more = *at == '+' ? strtol(at + 1, &end, 10) : 0;
    buf_addi(out, now + more);
    return end;
}

static void expand(struct buf *out, const char *text, int64_t now)
{
    static char huge[10001];
    memset(huge, 'x', sizeof(huge) - 1);
    while (*text) {
        struct str rest = str_from(text);
        if (str_starts(rest, STR("$NOW"))) {
            text = expand_now(out, text + 4, now);
        } else if (str_starts(rest, STR("$ED")) || str_starts(rest, STR("$EC"))) {
            buf_addz(out, ring.key[text[2] == 'D' ? 0 : 1].id);
            text += 3;
        } else if (str_starts(rest, STR("$HUGE"))) {
            buf_addz(out, huge);
            text += 5;
        } else {
            buf_addc(out, *text++);
        }
    }
}

static struct str encode(const void *bytes, size_t n)
{
    char *text = arena_alloc(arena, BASE64URL_SIZE(n) + 1);
    return (struct str){ text, base64url_encode(text, bytes, n) };
}

static struct str part(const char *text, int64_t now)
{
    struct buf out;
    buf_init(&out, 65536);
    expand(&out, text, now);
    struct str encoded = encode(out.p, out.n);
    buf_free(&out);
    return encoded;
}

static struct str sign_evp(EVP_PKEY *pkey, const char *digest, struct str text)
{
    unsigned char *made = arena_alloc(arena, 512);
    size_t n = 512;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, made, &n, (const unsigned char *)text.p, text.n), 1);
    EVP_MD_CTX_free(ctx);
    return (struct str){ (const char *)made, n };
}

static struct str sign_raw(enum key_algorithm algorithm, EVP_PKEY *pkey, struct str text)
{
    struct key key = { .algorithm = algorithm, .pkey = pkey };
    unsigned char *made = arena_alloc(arena, KEY_SIGNATURE_SIZE);
    ck_assert(key_sign(&key, text, made));
    return (struct str){ (const char *)made, KEY_SIGNATURE_SIZE };
}

/* What an attacker who has only the public key file can compute. */
static struct str sign_hmac(struct str text)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    unsigned char *made = arena_alloc(arena, 64);
    unsigned n = 0;
    ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, keys.ec), 1);
    int size = (int)BIO_get_mem_data(bio, &pem);
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), pem, size, (const unsigned char *)text.p, text.n, made, &n));
    BIO_free(bio);
    return (struct str){ (const char *)made, n };
}

static struct str sign(enum signer signer, struct str text)
{
    switch (signer) {
    case BY_ED:
        return sign_raw(KEY_EDDSA, keys.ed, text);
    case BY_EC:
        return sign_raw(KEY_ES256, keys.ec, text);
    case BY_OTHER_ED:
        return sign_raw(KEY_EDDSA, other_ed, text);
    case BY_OTHER_EC:
        return sign_raw(KEY_ES256, other_ec, text);
    case BY_RSA:
        return sign_evp(rsa, "SHA256", text);
    case BY_EC_DER:
        return sign_evp(keys.ec, "SHA256", text);
    case BY_EC_P384:
        return sign_evp(p384, "SHA384", text);
    case BY_HMAC:
        return sign_hmac(text);
    case BY_ZEROS:
        return (struct str){ arena_alloc(arena, KEY_SIGNATURE_SIZE), KEY_SIGNATURE_SIZE };
    case BY_NOBODY:
        break;
    }
    return STR("");
}

static struct str build(const struct row *row, int64_t now)
{
    struct str header = part(row->header ? row->header : HEADER_ED, now);
    struct str payload = part(row->payload ? row->payload : GOOD, now);
    struct str text = str_from(arena_printf(arena, STR_FMT "." STR_FMT, STR_ARG(header), STR_ARG(payload)));
    struct str bytes = sign(row->signer, text);
    struct str signature = encode(bytes.p, bytes.n);
    struct str token = str_from(arena_printf(arena, STR_FMT "." STR_FMT, STR_ARG(text), STR_ARG(signature)));
    return row->tweak ? row->tweak(token) : token;
}

START_TEST(table)
{
    int64_t now = clock_unix_us() / 1000000;
    int bad = 0;
    for (size_t i = 0; i < ROWS; i++) {
        struct principal who = { .known = true, .ceiling = UINT64_MAX };
        struct str token = build(&rows[i], now);
        /* An exact copy on the heap, so that the sanitizer sees a read past the end. */
        char *copy = malloc(token.n ? token.n : 1);
        memcpy(copy, token.p, token.n);
        for (int again = 0; again < 2; again++) {
            enum err e = token_verify(auth, (struct str){ copy, token.n }, &who);
            ck_assert_msg(e == (rows[i].good ? ERR_NONE : ERR_UNAUTHENTICATED), "%s", rows[i].name);
            ck_assert_msg(who.known == rows[i].good && (who.ceiling != 0) == rows[i].good, "%s",
                          rows[i].name);
        }
        free(copy);
        bad += !rows[i].good;
    }
    ck_assert_int_ge(bad, 60);
}
END_TEST

/* Every single-character change of a good token. */
START_TEST(every_character_counts)
{
    static const struct row good[] = { { "EdDSA", NULL, NULL, BY_ED, NULL, true },
                                       { "ES256", HEADER_EC, NULL, BY_EC, NULL, true } };
    for (size_t g = 0; g < 2; g++) {
        struct str token = build(&good[g], clock_unix_us() / 1000000);
        struct principal who;
        char *text = arena_strdup(arena, token);
        for (size_t i = 0; i < token.n; i++) {
            text[i] = other_character(token.p[i]);
            ck_assert_msg(token_verify(auth, (struct str){ text, token.n }, &who) == ERR_UNAUTHENTICATED,
                          "%s at %zu", good[g].name, i);
            text[i] = token.p[i];
        }
        for (size_t n = 0; n < token.n; n++) {
            ck_assert_int_eq(token_verify(auth, (struct str){ token.p, n }, &who), ERR_UNAUTHENTICATED);
        }
        ck_assert_int_eq(token_verify(auth, token, &who), ERR_NONE);
    }
}
END_TEST

Suite *token_hostile_suite(void)
{
    Suite *s = suite_create("token_hostile");
    TCase *t = tcase_create("token_hostile");
    tcase_set_timeout(t, 120);
    tcase_add_unchecked_fixture(t, setup, teardown);
    tcase_add_test(t, table);
    tcase_add_test(t, every_character_counts);
    suite_add_tcase(s, t);
    return s;
}
