/* What the parts of the authorization server share. */
#include "oauth/oauth.h"

#include "base/base64url.h"
#include "http/problem.h"
#include "json/write.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct str oauth_hash(struct arena *a, struct str text)
{
    unsigned char *digest = arena_alloc(a, OAUTH_HASH_SIZE);
    if (EVP_Digest(text.p ? text.p : "", text.n, digest, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
    return (struct str){ (const char *)digest, OAUTH_HASH_SIZE };
}

struct str oauth_random(struct arena *a)
{
    unsigned char bytes[32];
    char *text = arena_alloc(a, BASE64URL_SIZE(sizeof bytes) + 1);
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        abort();
    }
    return (struct str){ text, base64url_encode(text, bytes, sizeof bytes) };
}

bool oauth_same(struct str a, struct str b)
{
    return a.p && b.p && a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

struct str oauth_base(struct request *rq)
{
    struct str url = str_from(rq->options->public_url);
    while (url.n > 0 && url.p[url.n - 1] == '/') {
        url.n--;
    }
    return url;
}

struct str oauth_scope_text(struct arena *a, uint32_t scopes)
{
    const char *text = "";
    for (enum scope s = 0; s < SCOPE_COUNT; s++) {
        if (scopes >> s & 1u) {
            text = arena_printf(a, "%s%s%s", text, text[0] ? " " : "", scope_name(s));
        }
    }
    return str_from(text);
}

struct db_param oauth_scope_param(struct arena *a, uint32_t scopes)
{
    struct str *names = ARENA_ARRAY(a, struct str, SCOPE_COUNT);
    size_t n = 0;
    for (enum scope s = 0; s < SCOPE_COUNT; s++) {
        if (scopes >> s & 1u) {
            names[n++] = str_from(scope_name(s));
        }
    }
    return db_text_array(a, names, n);
}

/* Words of visible ASCII but " and \, one blank between. */
bool oauth_scope_is_wellformed(struct str text)
{
    bool blank = true;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' ? blank : (c < 0x21 || c > 0x7e || c == '"' || c == '\\')) {
            return false;
        }
        blank = c == ' ';
    }
    return text.n > 0 && !blank;
}

/* ---- refusals ---- */

const char oauth_client_security[] = "[{\"client\":[]},{}]";

/* Codes of our own that say more than the standard knows are told in its words. */
static const char *error_name(enum err e)
{
    switch (e) {
    case ERR_INVALID_CLIENT:
    case ERR_INVALID_GRANT:
    case ERR_UNAUTHORIZED_CLIENT:
    case ERR_UNSUPPORTED_GRANT_TYPE:
    case ERR_INVALID_SCOPE:
    case ERR_INVALID_TARGET:
    case ERR_UNSUPPORTED_TOKEN_TYPE:
    case ERR_INSUFFICIENT_SCOPE:
        return err_info(e)->code;
    case ERR_UNAUTHENTICATED:
    case ERR_SESSION_ENDED:
    case ERR_ACCOUNT_INACTIVE:
        return "invalid_token";
    case ERR_INTERNAL:
        return "server_error";
    default:
        return err_info(e)->status == 429 || err_info(e)->status >= 500 ? "temporarily_unavailable"
                                                                        : "invalid_request";
    }
}

/* One line of what is wrong. Descriptions hold no " and no \ (RFC 6749, 5.2), so no value of the request. */
static const char *description(struct request *rq)
{
    if (rq->violations.count > 0) {
        const struct violation *v = &rq->violations.list[0];
        const char *name = v->pointer[0] == '/' ? v->pointer + 1 : "parameters";
        return arena_printf(rq->arena, "%s: %s", name, v->detail);
    }
    return rq->detail ? rq->detail : err_info(rq->err)->doc;
}

static struct str plain(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, str_from(text));
    for (char *c = copy; *c; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e || *c == '"' || *c == '\\') {
            *c = '\'';
        }
    }
    return str_from(copy);
}

static void oauth_refuse(struct request *rq)
{
    problem_start(rq);
    rq->res.content_type = "application/json";
    struct json_writer w = json_write_start(rq->res.body);
    json_write_object(&w);
    JSON_MEMBER(&w, "error", strz, error_name(rq->err));
    JSON_MEMBER(&w, "error_description", str, plain(rq->arena, description(rq)));
    json_write_object_end(&w);
}

const struct op_refusal oauth_refusal = {
    .media = "application/json",
    .schema =
        "{\"type\":\"object\",\"description\":\"A failure (RFC 6749, 5.2).\",\"additionalProperties\":false,"
        "\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"string\",\"pattern\":\"^[a-z_]+$\"},"
        "\"error_description\":{\"type\":\"string\",\"pattern\":\"^[ !#-\\\\[\\\\]-~]*$\"}}}",
    .example = "{\"error\":\"invalid_request\",\"error_description\":\"grant_type: is required\"}",
    .write = oauth_refuse,
};
