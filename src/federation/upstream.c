/* Discovery documents and keys of providers. */
#include "federation/upstream.h"

#include "base/clock.h"
#include "json/document.h"

#include <string.h>

#define WELL_KNOWN "/.well-known/openid-configuration"
#define KEPT_MAX   (1024 * 1024)

static struct upstream known[PROVIDERS_MAX]; /* of this process, by the provider's index */

/* ---- documents ---- */

static const char *text_of(struct arena *a, struct json_object *o, const char *name)
{
    struct str text = document_text(o, name);
    return text.p && text.n > 0 ? arena_strdup(a, text) : NULL;
}

static const char *endpoint(struct upstream *u, struct arena *a, struct json_object *o, const char *name,
                            const char **why)
{
    const char *url = text_of(a, o, name);
    if (url && !fetch_may_call(u->provider->issuer, str_from(url))) {
        *why = arena_printf(
            a, "%s may not be called: it is neither https on port 443 nor of the issuer's own origin", name);
        return NULL;
    }
    return url;
}

/* Without a list, client_secret_basic (Discovery, 3). */
static bool choose_auth(struct upstream *u, struct json_object *o)
{
    struct json_object *list = document_list(o, "token_endpoint_auth_methods_supported");
    if (!u->provider->secret.p) {
        u->auth = CLIENT_NONE;
    } else if (!document_has(o, "token_endpoint_auth_methods_supported") ||
               document_lists(list, "client_secret_basic")) {
        u->auth = CLIENT_BASIC;
    } else {
        u->auth = CLIENT_POST;
        return document_lists(list, "client_secret_post");
    }
    return true;
}

static const char *read_endpoints(struct upstream *u, struct arena *a, struct json_object *o)
{
    const char *why = NULL;
    u->authorization_endpoint = endpoint(u, a, o, "authorization_endpoint", &why);
    u->token_endpoint = endpoint(u, a, o, "token_endpoint", &why);
    u->jwks_uri = endpoint(u, a, o, "jwks_uri", &why);
    u->userinfo_endpoint = endpoint(u, a, o, "userinfo_endpoint", &why);
    return why ? why
           : u->authorization_endpoint && u->token_endpoint && u->jwks_uri
               ? NULL
               : "authorization_endpoint, token_endpoint or jwks_uri is missing";
}

const char *upstream_read(struct upstream *out, struct arena *a, struct str document)
{
    struct json_object *o = document_read(a, document);
    if (!o) {
        return "the discovery document is not one JSON object";
    }
    struct str issuer = document_text(o, "issuer");
    if (!issuer.p || !str_eqz(issuer, out->provider->issuer)) {
        return "the discovery document is of another issuer";
    }
    struct json_object *types = document_list(o, "response_types_supported");
    if (types && !document_lists(types, "code")) {
        return "the provider has no authorization code flow";
    }
    struct json_object *algs = document_list(o, "id_token_signing_alg_values_supported");
    out->algs = algs ? jws_algs(algs) : JWS_RS256;
    if (out->algs == 0) {
        return "the provider signs with none of RS256, PS256, ES256 and EdDSA";
    }
    out->says_issuer = document_true(o, "authorization_response_iss_parameter_supported");
    return choose_auth(out, o) ? read_endpoints(out, a, o)
                               : "the provider takes neither client_secret_basic nor client_secret_post";
}

/* ---- fetching ---- */

static bool is_fresh(int64_t when, int64_t kept, int64_t now)
{
    return when > 0 && now - when < kept;
}

static enum err fetch_document(struct fetch_session *s, const char *url, struct str *body, const char **why)
{
    struct fetched answer;
    enum err e = fetch_run(s, &(struct fetch){ .url = url }, &answer);
    if (e) {
        return e;
    }
    if (answer.status != 200 || !answer.json) {
        *why = answer.why ? answer.why
                          : arena_printf(s->arena, "status %d, %s", answer.status,
                                         answer.json ? "JSON" : "not JSON");
        return ERR_PROVIDER;
    }
    *body = answer.body;
    return ERR_NONE;
}

/* Replaces what was known only when all of it is good. */
static enum err load_document(struct fetch_session *s, struct upstream *u, const char **why)
{
    struct str issuer = str_from(u->provider->issuer), body;
    if (issuer.p[issuer.n - 1] == '/') {
        issuer.n--;
    }
    enum err e = fetch_document(s, arena_printf(s->arena, STR_FMT WELL_KNOWN, STR_ARG(issuer)), &body, why);
    if (e) {
        return e;
    }
    struct upstream read = *u;
    read.memory = arena_create(4096, KEPT_MAX);
    *why = upstream_read(&read, read.memory, body);
    if (*why) {
        *why = arena_strdup(s->arena, str_from(*why));
        arena_destroy(read.memory);
        return ERR_PROVIDER;
    }
    if (u->memory) {
        arena_destroy(u->memory);
    }
    if (u->jwks_uri && strcmp(u->jwks_uri, read.jwks_uri) != 0) {
        read.keys_us = read.keys_tried_us = 0;
    }
    *u = read;
    return ERR_NONE;
}

enum err upstream_open(struct fetch_session *s, const struct provider *p, struct upstream **out,
                       const char **why)
{
    struct upstream *u = &known[p->index];
    int64_t now = clock_mono_us();
    u->provider = p;
    *out = u;
    if (is_fresh(u->document_us, UPSTREAM_KEPT_US, now)) {
        return ERR_NONE;
    }
    if (is_fresh(u->document_tried_us, UPSTREAM_RETRY_US, now)) {
        *why = "it failed a moment ago";
        return ERR_PROVIDER;
    }
    enum err e = load_document(s, u, why);
    if (e != ERR_BUSY) {
        u->document_tried_us = clock_mono_us();
        u->document_us = e ? u->document_us : u->document_tried_us;
    }
    return e;
}

enum err upstream_load_keys(struct fetch_session *s, struct upstream *u, bool unknown, const char **why)
{
    int64_t now = clock_mono_us();
    struct str body;
    if (is_fresh(u->keys_us, UPSTREAM_KEYS_KEPT_US, now) &&
        (!unknown || is_fresh(u->keys_tried_us, UPSTREAM_KEYS_AGAIN_US, now))) {
        return ERR_NONE;
    }
    if (!unknown && is_fresh(u->keys_tried_us, UPSTREAM_RETRY_US, now)) {
        *why = "the keys could not be had a moment ago";
        return ERR_PROVIDER;
    }
    enum err e = fetch_document(s, u->jwks_uri, &body, why);
    if (e == ERR_NONE && !jws_keys_parse(&u->keys, s->arena, body)) {
        *why = "what is at jwks_uri is no set of keys";
        e = ERR_PROVIDER;
    }
    if (e != ERR_BUSY) {
        u->keys_tried_us = clock_mono_us();
        u->keys_us = e ? u->keys_us : u->keys_tried_us;
    }
    return e;
}
