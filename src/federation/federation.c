/* Small things that the ops share. */
#include "federation/federation.h"

#include "base/log.h"
#include "http/service.h"

enum err federation_provider(struct request *rq, struct str name, const struct provider **out)
{
    *out = providers_find(rq->providers, name);
    return *out ? ERR_NONE : fail(rq, ERR_NOT_FOUND, NULL, "There is no sign-in provider of this name.");
}

const char *federation_start_url(struct request *rq, const struct provider *p)
{
    struct str base = oauth_base(rq);
    return arena_printf(rq->arena, STR_FMT "/oauth/login/%s", STR_ARG(base), p->name);
}

const char *federation_redirect_uri(struct request *rq, const struct provider *p)
{
    struct str base = oauth_base(rq);
    return arena_printf(rq->arena, STR_FMT "/oauth/callback/%s", STR_ARG(base), p->name);
}

struct fetch_session federation_calls(struct request *rq, const struct provider *p)
{
    return (struct fetch_session){
        .arena = rq->arena,
        .options = rq->options,
        .issuer = p->issuer,
        .ca = rq->options->login_providers_ca,
        .timeout_us = rq->options->login_providers_timeout,
        .turns = fetch_turns(rq->options, rq->options->login_providers_calls),
        .stats = rq->service->stats,
    };
}

enum err federation_fail(struct request *rq, const struct provider *p, enum err e, const char *why)
{
    if (e == ERR_BUSY) {
        rq->retry_after_us = 1000000;
        return fail(rq, e, NULL, "Too many sign-ins with others are under way; try again shortly.");
    }
    LOG(LOG_WARN, "a sign-in provider failed", LOG_TEXT("provider", p->name), LOG_TEXT("why", why ? why : ""),
        LOG_TEXT("request_id", rq->id));
    return fail(rq, e, NULL, NULL);
}
