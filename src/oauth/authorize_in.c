/* What an authorization request may say: the same in a query and in a form. */
#include "oauth/authorize.h"

#include "base/base64url.h"
#include "http/uri.h"

/* FIELD(name, longest, what it is, example) in the order in which a request is written down. */
#define FIELDS(FIELD)                                                                                        \
    FIELD(response_type, 64, "What is asked for: code.", "\"code\"")                                         \
    FIELD(client_id, 64, "The client.", "\"0192f3a4-5b6c-7d8e-9f01-23456789abcd\"")                          \
    FIELD(redirect_uri, REDIRECT_URI_MAX,                                                                    \
          "Where the answer is sent: one of those registered, character by "                                 \
          "character.",                                                                                      \
          "\"https://app.example.com/done\"")                                                                \
    FIELD(scope, 500, "What the client wants to do, names with blanks between.", "\"openid profile\"")       \
    FIELD(state, 1024, "Comes back with the answer.", "\"af0ifjsldkj\"")                                     \
    FIELD(code_challenge, 128, "RFC 7636: base64url of the SHA-256 of the verifier; required.",              \
          "\"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\"")                                                 \
    FIELD(code_challenge_method, 16, "Always S256.", "\"S256\"")                                             \
    FIELD(nonce, 256, "Comes back in the ID token.", "\"n-0S6_WzA2Mj\"")                                     \
    FIELD(prompt, 64, "none, or some of login, consent and select_account.", "\"consent\"")                  \
    FIELD(max_age, 12, "Seconds since the user last logged in, at most.", "\"3600\"")                        \
    FIELD(login_hint, 254, "E-mail address the user probably logs in with.", "\"ada@example.com\"")          \
    FIELD(id_token_hint, 2048, "An ID token of the user who is expected to be logged in.", "\"eyJhbGciOi\"") \
    FIELD(claims, 1024, "Single claims (OpenID Connect Core, 5.5), JSON.", "\"{}\"")                         \
    FIELD(resource, 500, "What the access token is for (RFC 8707).", "\"https://api.example.com/\"")         \
    FIELD(response_mode, 32, "query, or left out.", "\"query\"")                                             \
    FIELD(request, 4096, "Not supported.", "\"eyJhbGciOi\"")                                                 \
    FIELD(request_uri, 1024, "Not supported.", "\"https://app.example.com/request\"")                        \
    FIELD(registration, 1024, "Not supported.", "\"{}\"")                                                    \
    FIELD(display, 32, "Passed over.", "\"page\"")                                                           \
    FIELD(ui_locales, 128, "Passed over.", "\"en\"")                                                         \
    FIELD(claims_locales, 128, "Passed over.", "\"en\"")                                                     \
    FIELD(acr_values, 256, "Passed over.", "\"0\"")

#define AS_FIELD(member, most, text, sample)                                                                 \
    { .name = #member,                                                                                       \
      .type = SHAPE_STRING,                                                                                  \
      .in = PLACE,                                                                                           \
      .flags = SHAPE_EXACT,                                                                                  \
      .min = 1,                                                                                              \
      .max = most,                                                                                           \
      .offset = offsetof(struct authorize_in, member),                                                       \
      .doc = text,                                                                                           \
      .example = sample },

#define PLACE IN_QUERY
static const struct shape_field query_fields[] = { FIELDS(AS_FIELD) };
#undef PLACE
#define PLACE IN_BODY
static const struct shape_field form_fields[] = { FIELDS(AS_FIELD) };
#undef PLACE

const struct shape authorize_query_shape = { .name = "AuthorizationQuery",
                                             .fields = query_fields,
                                             .count = SHAPE_COUNT(query_fields),
                                             .size = sizeof(struct authorize_in),
                                             .doc = "An authorization request.",
                                             .open = true };
const struct shape authorize_form_shape = { .name = "AuthorizationForm",
                                            .fields = form_fields,
                                            .count = SHAPE_COUNT(form_fields),
                                            .size = sizeof(struct authorize_in),
                                            .doc = "An authorization request.",
                                            .open = true };

struct str authorize_text(struct request *rq, const struct authorize_in *in)
{
    struct buf out;
    buf_init(&out, 65536);
    for (size_t i = 0; i < authorize_query_shape.count; i++) {
        const struct shape_field *f = &query_fields[i];
        struct str value = *(const struct str *)((const char *)in + f->offset);
        if (value.p) {
            buf_printf(&out, "%s%s=", out.n > 0 ? "&" : "", f->name);
            uri_encode(&out, value);
        }
    }
    struct str text = arena_str(rq->arena, out.n > 0 ? buf_str(&out) : STR(""));
    buf_free(&out);
    return text;
}

/* A page of consent belongs to the log-in it was made for. */
static struct str bound_to(struct request *rq, const char *page, const struct authorize *a)
{
    struct str hash = a->browser.cookie_hash;
    if (strcmp(page, "login") == 0 || !hash.p) {
        return STR("");
    }
    char *text = arena_alloc(rq->arena, BASE64URL_SIZE(hash.n) + 1);
    return (struct str){ text, base64url_encode(text, hash.p, hash.n) };
}

struct str authorize_seal(struct request *rq, const char *page, const struct authorize *a)
{
    return browser_seal(rq, page, bound_to(rq, page, a), a->started_us, authorize_text(rq, a->in));
}

bool authorize_unseal(struct request *rq, const char *page, struct str transaction, struct authorize *out)
{
    struct str text;
    struct json_params list, none = { NULL, 0 };
    struct violations v = { .arena = rq->arena };
    void *in;
    *out = (struct authorize){ 0 };
    browser_start(rq, &out->browser);
    if (!browser_open(rq, page, bound_to(rq, page, out), transaction, &out->started_us, &text) ||
        !uri_parse_own(rq->arena, text, &list) ||
        shape_decode_form(&authorize_query_shape, rq->arena, none, none, list, &in, &v) != ERR_NONE) {
        return false;
    }
    out->in = in;
    return true;
}
