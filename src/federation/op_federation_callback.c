/* GET /oauth/callback/{provider}: the browser comes back. */
#include "federation/exchange.h"
#include "federation/federation.h"
#include "oauth/page.h"

#include "base/log.h"

static enum err federation_callback_exec(struct request *rq);

struct federation_callback_in {
    struct shape_seen seen;
    struct str provider, state, code, iss, error, error_description;
};

#define QUERY(member, most, text, sample)                                                                    \
    {                                                                                                        \
        .name = #member, .type = SHAPE_STRING, .in = IN_QUERY, .flags = SHAPE_EXACT, .min = 1, .max = most,  \
        .offset = offsetof(struct federation_callback_in, member), .doc = text, .example = sample            \
    }
static const struct shape_field fields[] = {
    { .name = "provider",
      .type = SHAPE_STRING,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct federation_callback_in, provider),
      .min = 1,
      .max = 40,
      .doc = "Name of the provider.",
      .example = "\"google\"" },
    QUERY(state, 64, "What the browser set out with.", "\"af0ifjsldkj\""),
    QUERY(code, 4096, "What the provider gave.", "\"SplxlOBeZQQYbYS6WxSbIA\""),
    QUERY(iss, 500, "The provider's name (RFC 9207).", "\"https://accounts.example.org\""),
    QUERY(error, 200, "Why it gave none.", "\"access_denied\""),
    QUERY(error_description, 2000, "Passed over.", "\"The user has cancelled.\""),
};
static const struct shape shape = { .name = "FederationCallback",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct federation_callback_in),
                                    .doc = "A provider's answer.",
                                    .open = true };
static const enum err errors[] = { ERR_INVALID_REQUEST,  ERR_NOT_FOUND,      ERR_IDENTITY_REFUSED,
                                   ERR_ACCOUNT_INACTIVE, ERR_IDENTITY_TAKEN, ERR_EMAIL_TAKEN,
                                   ERR_PROVIDER,         ERR_BUSY,           ERR_NONE };

const struct op op_federation_callback = {
    .name = "federation_callback",
    .method = METHOD_GET,
    .path = "/oauth/callback/{provider}",
    .tag = "OAuth",
    .summary = "Come back from a provider",
    .doc = "The redirect URI to register with the provider. Not for clients. Logs the browser in, or shows a "
           "page that "
           "asks for what is missing.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = federation_callback_exec,
};

/* RFC 9207: an answer is its sender's only; without the name of one, any provider could be meant. */
static bool is_from(const struct upstream *u, struct str iss)
{
    return iss.p ? str_eqz(iss, u->provider->issuer) : !u->says_issuer;
}

static enum err ask(struct request *rq, struct fetch_session *calls, const struct provider *p,
                    struct arrival *a, const char **why)
{
    const struct federation_callback_in *in = rq->in;
    struct upstream *u;
    enum err e = upstream_open(calls, p, &u, why);
    if (e) {
        return e;
    }
    if (!is_from(u, in->iss)) {
        *why = "the answer is from another issuer";
        return ERR_PROVIDER;
    }
    if (!in->code.p) {
        *why = "the answer has no code";
        return ERR_PROVIDER;
    }
    struct exchange x = { .code = in->code,
                          .verifier = attempt_verifier(rq, &a->attempt),
                          .nonce = attempt_nonce(rq, &a->attempt),
                          .redirect_uri = federation_redirect_uri(rq, p),
                          .now_s = rq->now_us / 1000000 };
    return exchange_run(calls, u, &x, &a->identity, why);
}

/* Back to the log-in page, where there is one, to try another way. */
static enum err refused(struct request *rq, const struct attempt *attempt)
{
    if (!attempt->transaction.p) {
        return fail(rq, ERR_IDENTITY_REFUSED, NULL, "The provider says that you did not sign in there.");
    }
    page_redirect(
        rq, arena_printf(rq->arena, "/oauth/continue?transaction=" STR_FMT, STR_ARG(attempt->transaction)));
    return ERR_NONE;
}

static enum err federation_callback_exec(struct request *rq)
{
    const struct federation_callback_in *in = rq->in;
    struct arrival a = { .provider = NULL };
    const char *why = NULL;
    bool found;
    enum err e = federation_provider(rq, in->provider, &a.provider);
    if (e || (e = attempt_take(rq, a.provider, in->state, true, &found, &a.attempt))) {
        return e;
    }
    if (!found) {
        return fail(rq, ERR_INVALID_REQUEST, NULL,
                    "This answer was used already, is too old, or belongs to another browser. Go back to the "
                    "application and start again.");
    }
    if (in->error.p && !in->code.p) {
        return refused(rq, &a.attempt);
    }
    struct fetch_session calls = federation_calls(rq, a.provider);
    e = ask(rq, &calls, a.provider, &a, &why);
    fetch_end(&calls);
    return e ? federation_fail(rq, a.provider, e, why) : arrival_go_on(rq, &a);
}
