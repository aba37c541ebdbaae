/* GET /oauth/login/{provider}: the browser is sent to the provider. */
#include "federation/exchange.h"
#include "federation/federation.h"
#include "oauth/page.h"

#include "base/base64url.h"
#include "base/buf.h"
#include "http/idempotency.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define LOCATION_MAX 8192

static enum err federation_start_exec(struct request *rq);

struct federation_start_in {
    struct shape_seen seen;
    struct str provider, transaction, ticket;
};

static const struct shape_field fields[] = {
    { .name = "provider",
      .type = SHAPE_STRING,
      .in = IN_PATH,
      .flags = SHAPE_REQUIRED,
      .offset = offsetof(struct federation_start_in, provider),
      .min = 1,
      .max = 40,
      .doc = "Name of the provider.",
      .example = "\"google\"" },
    { .name = "transaction",
      .type = SHAPE_STRING,
      .in = IN_QUERY,
      .flags = SHAPE_EXACT,
      .offset = offsetof(struct federation_start_in, transaction),
      .min = 1,
      .max = TRANSACTION_MAX,
      .doc = "The authorization request to go on with afterwards, sealed; from the log-in page.",
      .example = "\"MTIz.NDU2\"" },
    { .name = "ticket",
      .type = SHAPE_STRING,
      .in = IN_QUERY,
      .flags = SHAPE_EXACT | SHAPE_SECRET,
      .offset = offsetof(struct federation_start_in, ticket),
      .min = 1,
      .max = 64,
      .doc = "Of somebody logged in who links an account (POST /v1/me/identities).",
      .example = "\"bm90IGEgdGlja2V0\"" },
};
static const struct shape shape = { .name = "FederationStart",
                                    .fields = fields,
                                    .count = SHAPE_COUNT(fields),
                                    .size = sizeof(struct federation_start_in),
                                    .doc = "Where to sign in, and what for." };
static const enum err errors[] = { ERR_INVALID_REQUEST, ERR_NOT_FOUND, ERR_PROVIDER, ERR_BUSY, ERR_NONE };

const struct op op_federation_start = {
    .name = "federation_start",
    .method = METHOD_GET,
    .path = "/oauth/login/{provider}",
    .tag = "OAuth",
    .summary = "Sign in with a provider",
    .doc = "Sends the browser on to an OpenID provider (authorization code flow with PKCE, state and nonce). "
           "It comes "
           "back to /oauth/callback/{provider} and is logged in here.",
    .perm = PERM_PUBLIC,
    .rate = RATE_LOGIN,
    .flags = OP_PAGE | OP_RAW | OP_SECRET | OP_OWN_AUTH,
    .in = &shape,
    .errors = errors,
    .refusal = &page_refusal,
    .security = "[]",
    .exec = federation_start_exec,
};

static enum err open_provider(struct request *rq, const struct provider *p, struct upstream **out)
{
    struct fetch_session calls = federation_calls(rq, p);
    const char *why = NULL;
    enum err e = upstream_open(&calls, p, out, &why);
    fetch_end(&calls);
    return e ? federation_fail(rq, p, e, why) : ERR_NONE;
}

static enum err use_ticket(struct request *rq, const struct provider *p, struct str ticket,
                           struct attempt *attempt)
{
    bool found;
    enum err e = attempt_take(rq, p, ticket, false, &found, attempt);
    if (e || found) {
        return e;
    }
    return fail(rq, ERR_INVALID_REQUEST, NULL,
                "This link was used already, or is too old. Go back to the application and start again.");
}

static struct str challenge_of(struct arena *a, struct str verifier)
{
    unsigned char digest[32];
    char *out = arena_alloc(a, BASE64URL_SIZE(sizeof(digest)) + 1);
    if (EVP_Digest(verifier.p, verifier.n, digest, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
    return (struct str){ out, base64url_encode(out, digest, sizeof(digest)) };
}

static const char *location_of(struct request *rq, const struct upstream *u, const struct attempt *attempt)
{
    struct buf query;
    buf_init(&query, LOCATION_MAX);
    fetch_form_add(&query, "response_type", STR("code"));
    fetch_form_add(&query, "client_id", str_from(u->provider->client_id));
    fetch_form_add(&query, "redirect_uri", str_from(federation_redirect_uri(rq, u->provider)));
    fetch_form_add(&query, "scope", str_from(u->provider->scopes));
    fetch_form_add(&query, "state", attempt->state);
    fetch_form_add(&query, "nonce", attempt_nonce(rq, attempt));
    fetch_form_add(&query, "code_challenge", challenge_of(rq->arena, attempt_verifier(rq, attempt)));
    fetch_form_add(&query, "code_challenge_method", STR("S256"));
    const char *endpoint = u->authorization_endpoint;
    const char *location = arena_printf(rq->arena, "%s%c" STR_FMT, endpoint,
                                        strchr(endpoint, '?') ? '&' : '?', STR_ARG(buf_str(&query)));
    buf_free(&query);
    return location;
}

static enum err federation_start_exec(struct request *rq)
{
    const struct federation_start_in *in = rq->in;
    const struct provider *p;
    struct upstream *u;
    struct attempt ticket = { .links = false };
    bool replayed;
    enum err e = federation_provider(rq, in->provider, &p);
    if (e || (e = open_provider(rq, p, &u)) ||
        (in->ticket.p && (e = use_ticket(rq, p, in->ticket, &ticket)))) {
        return e;
    }
    struct attempt attempt = attempt_start(rq, true);
    attempt.links = ticket.links;
    attempt.user = ticket.user;
    attempt.transaction = in->transaction;
    struct db_batch *b = write_batch(rq);
    attempt_add(rq, b, p, &attempt);
    if ((e = write_run(rq, b, &replayed))) {
        return e;
    }
    page_redirect(rq, location_of(rq, u, &attempt));
    return ERR_NONE;
}
