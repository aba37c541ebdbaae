/* The code, exchanged. */
#include "federation/exchange.h"

#include "http/uri.h"
#include "json/document.h"

#include <openssl/evp.h>
#include <string.h>

#define FORM_MAX 16384

struct tokens {
    struct str id_token, access_token;
};

/* RFC 6749, 2.3.1: both are form-urlencoded before they are put together. */
static const char *basic(struct arena *a, const struct provider *p)
{
    struct buf pair;
    buf_init(&pair, FORM_MAX);
    uri_encode(&pair, str_from(p->client_id));
    buf_addc(&pair, ':');
    uri_encode(&pair, p->secret);
    char *text = arena_alloc(a, 4 * (pair.n + 2) / 3 + 4 + strlen("Basic "));
    memcpy(text, "Basic ", strlen("Basic "));
    EVP_EncodeBlock((unsigned char *)text + strlen("Basic "), (const unsigned char *)pair.p, (int)pair.n);
    explicit_bzero(pair.p, pair.n);
    buf_free(&pair);
    return text;
}

static struct str form_of(struct arena *a, const struct upstream *u, const struct exchange *x)
{
    struct buf form;
    buf_init(&form, FORM_MAX);
    fetch_form_add(&form, "grant_type", STR("authorization_code"));
    fetch_form_add(&form, "code", x->code);
    fetch_form_add(&form, "redirect_uri", str_from(x->redirect_uri));
    fetch_form_add(&form, "code_verifier", x->verifier);
    if (u->auth != CLIENT_BASIC) {
        fetch_form_add(&form, "client_id", str_from(u->provider->client_id));
    }
    if (u->auth == CLIENT_POST) {
        fetch_form_add(&form, "client_secret", u->provider->secret);
    }
    struct str text = form.overflow ? STR_NONE : arena_str(a, buf_str(&form));
    explicit_bzero(form.p, form.n);
    buf_free(&form);
    return text;
}

/* What the provider calls the failure, if that is a word. */
static const char *refusal(struct arena *a, const struct fetched *answer)
{
    struct json_object *o = answer->json ? document_read(a, answer->body) : NULL;
    struct str error = o ? document_text(o, "error") : STR_NONE;
    size_t n = 0;
    while (n < error.n && n < 60 && strchr("abcdefghijklmnopqrstuvwxyz_", error.p[n])) {
        n++;
    }
    return arena_printf(a, "the token endpoint answered %d %.*s", answer->status, (int)n,
                        n > 0 ? error.p : "");
}

static enum err ask_tokens(struct fetch_session *s, const struct upstream *u, const struct exchange *x,
                           struct tokens *out, const char **why)
{
    struct fetched answer;
    struct fetch call = { .url = u->token_endpoint, .body = form_of(s->arena, u, x) };
    call.authorization = u->auth == CLIENT_BASIC ? basic(s->arena, u->provider) : NULL;
    if (!call.body.p) {
        *why = "the code is too long";
        return ERR_PROVIDER;
    }
    enum err e = fetch_run(s, &call, &answer);
    if (e) {
        return e;
    }
    if (answer.status != 200 || !answer.json) {
        *why = answer.why ? answer.why : refusal(s->arena, &answer);
        return ERR_PROVIDER;
    }
    struct json_object *o = document_read(s->arena, answer.body);
    struct str type = o ? document_text(o, "token_type") : STR_NONE;
    *out = (struct tokens){ o ? document_text(o, "id_token") : STR_NONE,
                            o ? document_text(o, "access_token") : STR_NONE };
    if (!type.p || !str_eq_nocase(type, STR("Bearer")) || !out->id_token.p || !out->access_token.p) {
        *why = "the token endpoint's answer has no ID token and bearer token";
        return ERR_PROVIDER;
    }
    return ERR_NONE;
}

/* A key of an unknown name may have been published since the last look. */
static enum err verify(struct fetch_session *s, struct upstream *u, struct str token, struct jws *out,
                       const char **why)
{
    enum err e = upstream_load_keys(s, u, false, why);
    if (e) {
        return e;
    }
    enum jws_result result = jws_verify(&u->keys, u->algs, s->arena, token, out);
    if (result == JWS_UNKNOWN_KEY) {
        if ((e = upstream_load_keys(s, u, true, why))) {
            return e;
        }
        result = jws_verify(&u->keys, u->algs, s->arena, token, out);
    }
    *why = result == JWS_UNKNOWN_KEY ? "the ID token is signed with an unknown key"
                                     : "the ID token or its signature is not good";
    return result == JWS_GOOD ? ERR_NONE : ERR_PROVIDER;
}

static bool is_token(struct str token) /* RFC 6750, 2.1 */
{
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] <= ' ' || token.p[i] > '~') {
            return false;
        }
    }
    return token.n > 0 && token.n <= FORM_MAX;
}

static enum err ask_userinfo(struct fetch_session *s, const struct upstream *u, struct str token,
                             struct identity *identity, const char **why)
{
    struct fetched answer;
    if (!is_token(token)) {
        *why = "the access token is none";
        return ERR_PROVIDER;
    }
    struct fetch call = { .url = u->userinfo_endpoint,
                          .authorization = arena_printf(s->arena, "Bearer " STR_FMT, STR_ARG(token)) };
    enum err e = fetch_run(s, &call, &answer);
    if (e) {
        return e;
    }
    struct json_object *o = answer.status == 200 && answer.json ? document_read(s->arena, answer.body) : NULL;
    *why = o            ? identity_add(identity, s->arena, o)
           : answer.why ? answer.why
                        : arena_printf(s->arena, "userinfo answered %d, %s", answer.status,
                                       answer.json ? "JSON" : "not JSON");
    return *why ? ERR_PROVIDER : ERR_NONE;
}

enum err exchange_run(struct fetch_session *s, struct upstream *u, const struct exchange *x,
                      struct identity *out, const char **why)
{
    struct tokens tokens;
    struct jws token;
    enum err e = ask_tokens(s, u, x, &tokens, why);
    if (e || (e = verify(s, u, tokens.id_token, &token, why))) {
        return e;
    }
    struct identity_expected expected = { .issuer = u->provider->issuer,
                                          .client_id = u->provider->client_id,
                                          .nonce = x->nonce,
                                          .access_token = tokens.access_token,
                                          .now_s = x->now_s };
    *why = identity_check(&expected, s->arena, &token, out);
    if (*why) {
        return ERR_PROVIDER;
    }
    bool complete = out->email.p && out->email_verified && out->name.p;
    return complete || !u->userinfo_endpoint ? ERR_NONE : ask_userinfo(s, u, tokens.access_token, out, why);
}
